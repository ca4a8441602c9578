//! Messages between the demo and its children: how one is born, what it is told, what it
//! tells. Lines of JSON over pipes; values only.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Paced;
use crate::core::moment::Moment;
use crate::core::sequence::Version;
use crate::core::sidekiq::{Task, WorkerConfig};

/// A point in time as both sides count it: milliseconds since the demo began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tick(i64);

impl Tick {
    /// The moment on the demo's clock.
    pub(super) fn moment(self, clock: &Paced) -> Moment {
        let span = Duration::from_millis(self.0.unsigned_abs());
        if self.0 < 0 {
            clock.begun().before(span)
        } else {
            clock.begun().after(span)
        }
    }

    /// A moment of the demo's clock.
    pub(super) fn of(moment: Moment, clock: &Paced) -> Self {
        let milliseconds = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let begun = clock.begun();
        if moment < begun {
            Self(-milliseconds(begun.since(moment)))
        } else {
            Self(milliseconds(moment.since(begun)))
        }
    }
}

/// The demo's clock as it is handed to a child.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ClockWords {
    pub(super) real: Duration,
    pub(super) boot: Duration,
    pub(super) wall: Timestamp,
    pub(super) pace: f64,
}

impl ClockWords {
    pub(super) fn clock(&self) -> Paced {
        let begun = Moment::new(self.boot, self.wall);
        Paced::new(self.real, begun, self.pace)
    }
}

/// The description of a child: its only argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Birth {
    pub(super) clock: ClockWords,
    pub(super) version: String,
    pub(super) timeout: Duration,
    pub(super) threads: usize,
    pub(super) tag: String,
    /// When its first beat is or was due.
    pub(super) first_beat: Tick,
    pub(super) exit_takes: Duration,
    /// The jobs that it runs already.
    pub(super) jobs: Vec<Order>,
}

impl Birth {
    /// The imitation's configuration, without its first beat.
    pub(super) fn config(&self) -> WorkerConfig {
        let version = Version::parse(&self.version).unwrap_or(Version::new(7, 3, 9));
        let mut config = WorkerConfig::new(version, self.timeout, self.threads);
        config.tag.clone_from(&self.tag);
        config.exit_takes = self.exit_takes;
        config
    }
}

/// A job for a child to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) task: Task,
    /// Since when it has been running; `None`: from now on.
    pub(super) since: Option<Tick>,
}

/// A message to a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Demand {
    /// Run this job.
    Run(Order),
    /// Hang for so long.
    Hang(Duration),
    /// Die without any word.
    Die,
}

/// A job on a thread, as a beat shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenJob {
    pub(super) tid: String,
    pub(super) jid: String,
    pub(super) since: Tick,
}

/// A message of a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum ChildReport {
    /// A job is done.
    Finished { jid: String },
    /// A job failed.
    Failed { jid: String },
    /// A job was put into its queue again.
    Back { jid: String, front: bool },
    /// A job was not taken: this child fetches no more.
    Refused { jid: String },
    /// It wrote its hashes.
    Beat {
        at: Tick,
        quiet: bool,
        busy: Vec<SeenJob>,
    },
    /// So many processor threads are left.
    Threads { processors: usize },
    /// It took itself out of `processes`.
    Left,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn times_before_and_after_the_beginning_come_back() {
        let now = clock::now();
        let clock = Paced::new(now.since_boot(), now, 1.0);
        for moment in [
            now,
            now.after(Duration::from_millis(1500)),
            now.before(Duration::from_secs(1)),
        ] {
            assert_eq!(Tick::of(moment, &clock).moment(&clock), moment);
        }
    }

    #[test]
    fn lines_come_back() {
        let report = ChildReport::Back {
            jid: "a".into(),
            front: true,
        };
        let line = serde_json::to_string(&report).unwrap();
        assert_eq!(line, r#"{"is":"back","jid":"a","front":true}"#);
        assert_eq!(serde_json::from_str::<ChildReport>(&line).unwrap(), report);
    }
}
