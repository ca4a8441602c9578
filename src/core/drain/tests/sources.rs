//! How the sources and the performer of a test behave.

use std::time::Duration;

use super::world::at;
use crate::core::fleet::{Link, Located, Place, Sought};
use crate::core::moment::Moment;

/// How the sources and the performer behave.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub(super) look_every: Duration,
    pub(super) look_takes: Duration,
    /// How long an answer is on its way; `None`: as long as a look.
    pub(super) answers_take: Option<Duration>,
    pub(super) scan_every: Duration,
    pub(super) act_takes: Duration,
    /// Ticks without any need.
    pub(super) tick_every: Option<Duration>,
    /// Whether those are the only ticks: no deadline wakes the run.
    pub(super) lazy: bool,
    /// While nothing comes from Redis.
    pub(super) lost: Option<(Moment, Moment)>,
    /// The acts, counted from 0, that fail, and whether the signal left all the same.
    pub(super) failing: Vec<(usize, Failure)>,
    /// How logs are read; `None`: there are none.
    pub(super) logs: Option<Reading>,
}

/// How logs are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// How long after it was written a line is read.
    pub(super) late: Duration,
    /// When the first line that is read was written at the earliest.
    pub(super) from: Moment,
    /// Whether begins are written at all (a class may silence them: `log_level` of 7.3.9
    /// `lib/sidekiq/job_logger.rb`).
    pub(super) begins: bool,
}

impl Reading {
    /// Everything, at once.
    pub(super) fn all() -> Self {
        Self {
            late: Duration::ZERO,
            from: at(-60.0),
            begins: true,
        }
    }
}

/// How an act fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The kernel says no.
    Refused,
    /// Nobody knows; it was sent.
    UnknownSent,
    /// Nobody knows; it was not sent.
    UnknownNotSent,
}

impl Sources {
    /// All logs are read, from before the drain to their last line.
    pub(super) fn with_logs() -> Self {
        Self {
            logs: Some(Reading::all()),
            ..Self::default()
        }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(1),
            look_takes: Duration::from_millis(2),
            answers_take: None,
            scan_every: Duration::from_secs(1),
            act_takes: Duration::from_millis(1),
            tick_every: None,
            lazy: false,
            lost: None,
            failing: Vec::new(),
            logs: None,
        }
    }
}

/// A link that has answered.
pub(super) fn connected(now: Moment) -> Link {
    Link::Connected {
        round_trip: Duration::from_millis(1),
        at: now,
    }
}

/// The answers of a Redis that cannot be asked.
pub(super) fn unasked(sought: &[Sought], asked: Moment) -> Vec<Located> {
    let unasked = |sought: &Sought| Located {
        jid: sought.jid.clone(),
        place: Place::NotAsked { why: "gone".into() },
        asked,
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    };
    sought.iter().map(unasked).collect()
}
