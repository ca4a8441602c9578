//! A beat and the jobs that it showed, with times moved onto this program's clock. The clock of
//! another host is trusted for nothing but telling its beats apart.

use std::sync::Arc;
use std::time::Duration;

use super::look::{Heartbeat, LookRow, Work};
use crate::core::moment::Moment;
use crate::core::timing::CLOCKS_APART;

/// The last beat read of one process.
#[derive(Clone, Debug)]
pub struct Beat {
    /// As the host wrote it: seconds since 1970 on its own clock. It tells beats apart.
    pub written: f64,
    /// The same moved onto the wall clock of this host. Of a process of this host it is the same.
    pub host_time: f64,
    /// When that was on our clock, judged by Redis: never later than the look that read it.
    pub at: Moment,
    /// Whether it was quiet or stopping.
    pub quiet: bool,
    /// Jobs that it ran.
    pub busy: u64,
    /// Resident memory in KB.
    pub rss_kb: Option<u64>,
    /// Number of threads.
    pub concurrency: Option<u64>,
}

impl Beat {
    /// Its age.
    pub fn age(&self, now: Moment) -> Duration {
        now.since(self.at)
    }
}

/// A busy job as last seen.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its entry in the work hash.
    pub work: Arc<Work>,
    /// Start of this execution on our clock; up to 1 s early, as Sidekiq cuts the fraction off.
    pub started: Option<Moment>,
    /// The last look that showed it.
    pub seen: Moment,
    /// The time of the beat that showed it last, as [`Beat::host_time`].
    pub beat: f64,
    /// The last look that showed it, once its process is dead: it runs no longer than that.
    pub until: Option<Moment>,
    /// Whether its iteration state was seen: it is an `IterableJob`. Until its first 5 s are over
    /// it is not known.
    pub iterable: bool,
}

impl Job {
    /// How long this execution has been running; of a dead process, how long it was seen to run.
    pub fn elapsed(&self, now: Moment) -> Option<Duration> {
        let end = self.until.map_or(now, |until| until.min(now));
        self.started.map(|started| end.since(started))
    }

    /// Whether both are the same execution.
    pub fn is(&self, work: &Work) -> bool {
        self.work.tid == work.tid && self.work.jid == work.jid && self.work.run_at == work.run_at
    }
}

/// How one host's clock stands against Redis `TIME`, from one row of a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostClock {
    /// When the server's time was taken, on our clock.
    asked: Moment,
    /// Redis `TIME`.
    server_time: f64,
    /// Seconds by which the host's clock runs ahead of the server's.
    ahead: f64,
}

impl HostClock {
    /// The clock of a process of this host is the clock of this program. `asked`: now.
    pub(super) fn ours(asked: Moment) -> Self {
        Self {
            asked,
            server_time: asked.epoch(),
            ahead: 0.0,
        }
    }

    /// Reads the skew off a row: exactly where the age of the beat is known from the key's
    /// `PTTL`, else only that a beat cannot come from the future.
    pub(super) fn read(asked: Moment, server_time: f64, row: &LookRow) -> Self {
        let ahead = row.heartbeat.as_ref().map_or(0.0, |heartbeat| {
            let unskewed = heartbeat.beat - server_time;
            match row.beat_age {
                // Below a second it is the time between the two commands, not a skew.
                Some(age) if (unskewed + age.as_secs_f64()).abs() > 1.0 => {
                    unskewed + age.as_secs_f64()
                }
                Some(_) => 0.0,
                None => unskewed.max(0.0),
            }
        });
        Self {
            asked,
            server_time,
            ahead,
        }
    }

    /// Our moment for a time on the host's clock; what lies in the future is now.
    pub(super) fn moment(self, host_time: f64) -> Moment {
        let ago = (self.server_time - (host_time - self.ahead)).max(0.0);
        let ago = Duration::try_from_secs_f64(ago).unwrap_or_default();
        self.asked.before(ago)
    }

    /// The seconds to add to a time of the host for the wall clock of this host. `before` is what was
    /// added so far: it stays while it is true to [`CLOCKS_APART`], for a new estimate adds only noise.
    fn shift(self, before: Option<f64>) -> f64 {
        let estimate = self.asked.epoch() - self.server_time - self.ahead;
        let steady = before.filter(|before| (before - estimate).abs() < CLOCKS_APART.as_secs_f64());
        steady.unwrap_or(estimate)
    }

    /// The beat of `heartbeat` on our clock; `before` is the last one that was read.
    pub(super) fn beat(self, heartbeat: &Heartbeat, before: Option<&Beat>) -> Beat {
        let shift = self.shift(before.map(|before| before.host_time - before.written));
        Beat {
            written: heartbeat.beat,
            host_time: heartbeat.beat + shift,
            at: self.moment(heartbeat.beat),
            quiet: heartbeat.quiet,
            busy: heartbeat.busy,
            rss_kb: heartbeat.rss_kb,
            concurrency: heartbeat.concurrency,
        }
    }
}

/// Whether two times that a host wrote are of different beats.
pub(super) fn differs(one: f64, other: f64) -> bool {
    (one - other).abs() > 1e-6
}
