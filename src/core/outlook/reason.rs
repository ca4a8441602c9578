//! Why a job is expected to end as it is: the reasons, and their words for people.

use std::time::Duration;

use crate::core::fleet::Checkpoints;
use crate::core::moment::{Moment, clock_face, time_of_day};

/// An obstacle that keeps a process from pushing its jobs back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A signal has stopped the process with this pid. It reacts to CONT and KILL alone.
    Suspended(u32),
    /// The process lives on this host and has sent no heartbeat for so long, though Redis answers.
    Hangs(Duration),
    /// The process of another host has sent no heartbeat for so long.
    Silent(Duration),
    /// The process has ended.
    Gone,
    /// Redis does not answer, and the push-back is a command to Redis.
    RedisSilent,
}

impl Obstacle {
    /// Whether the process itself is well and Redis is not.
    pub fn is_redis(self) -> bool {
        self == Self::RedisSilent
    }

    /// Whether the process is there and reacts to nothing.
    pub fn is_stuck(self) -> bool {
        matches!(self, Self::Suspended(_) | Self::Hangs(_) | Self::Silent(_))
    }

    /// The obstacle in words.
    pub fn words(self) -> String {
        match self {
            Self::Suspended(pid) => format!("suspended, reacts to nothing: kill -CONT {pid}"),
            Self::Hangs(silent) => {
                format!("its process hangs: no heartbeat for {} s", silent.as_secs())
            }
            Self::Silent(silent) => {
                format!("its process sent no heartbeat for {} s", silent.as_secs())
            }
            Self::Gone => "its process is gone".into(),
            Self::RedisSilent => "push-back needs Redis, which does not answer".into(),
        }
    }
}

/// Why a job is expected to end as it is. Spans are counted from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    /// There is nothing to add.
    Nothing,
    /// It has run less than half of the time left.
    LessThanHalf,
    /// It has run more than half of the time left.
    MoreThanHalf,
    /// It needs time after TERM, and `-t` is only assumed.
    NeedsAssumedTime,
    /// No step of the sequence ends it.
    NothingEndsIt,
    /// The start of the job is not known.
    StartUnknown,
    /// Only if it still runs then.
    IfItRunsAt(Duration),
    /// Sidekiq interrupts it then, and KILL follows before the push-back is sure.
    KillTooSoon(Duration),
    /// KILL comes then, and `super_fetch` recovers it later.
    KilledButKept(Duration),
    /// KILL comes then to a process that cannot push it back.
    KilledWhileStuck(Obstacle, Duration),
    /// Nothing can push it back.
    CannotPushBack(Obstacle),
    /// TERM waits until Redis answers or the operator decides; until then nothing ends it.
    TermWaitsForRedis,
    /// It stops at its next checkpoint: by this library, or as an `IterableJob`.
    NextCheckpoint(Option<Checkpoints>),
    /// The next step waits for the operator, and no TERM is left to come.
    WaitsForOperator,
    /// Its push-back was due at this moment.
    PushBackWasDue(Moment),
    /// Its process has ended and the search goes on.
    ProcessEnded,
    /// Its process is proven idle and the search goes on.
    ProcessIdle,
    /// It was seen back in its queue, or runs on another process.
    SeenBack,
    /// The words of the record of the drain.
    Recorded(&'a str),
}

/// How a span from now is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanWords {
    /// As a time of day: the clock of the drain runs.
    Runs(Moment),
    /// As a span after the start, or after the end of a hold: `+2:25`.
    Stands,
}

impl SpanWords {
    /// `left` from now, in words.
    pub fn words(self, left: Duration) -> String {
        match self {
            Self::Runs(now) => time_of_day(now.after(left)),
            Self::Stands => format!("+{}", clock_face(left)),
        }
    }
}

impl Reason<'_> {
    /// The reason in words. Empty where there is nothing to add.
    pub fn words(&self, clock: SpanWords) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::LessThanHalf => "it has run less than half of the time left".into(),
            Self::MoreThanHalf => "it has run more than half of the time left".into(),
            Self::NeedsAssumedTime => "it needs time after TERM, and -t is only assumed".into(),
            Self::NothingEndsIt => "nothing in the sequence ends it".into(),
            Self::StartUnknown => "its start is not known".into(),
            Self::IfItRunsAt(left) => format!("if it still runs at {}", clock.words(*left)),
            Self::KillTooSoon(left) => format!(
                "if it still runs at {}: KILL follows before the push-back is sure",
                clock.words(*left)
            ),
            Self::KilledButKept(left) => format!(
                "if it still runs at {}: killed, and recovered later by reliable fetch",
                clock.words(*left)
            ),
            Self::KilledWhileStuck(obstacle, left) => format!(
                "if it still runs at {}: {}",
                clock.words(*left),
                obstacle.words()
            ),
            Self::CannotPushBack(obstacle) => obstacle.words(),
            Self::TermWaitsForRedis => "TERM waits until Redis answers".into(),
            Self::NextCheckpoint(None) => {
                "iterable: it stops at its next iteration once quiet, and goes on from its queue"
                    .into()
            }
            Self::NextCheckpoint(Some(library)) => format!(
                "{}: it stops at its next checkpoint once quiet, and goes on under another JID",
                library.name()
            ),
            Self::WaitsForOperator => "the next step waits for you".into(),
            Self::PushBackWasDue(at) => format!("push-back was due {}", time_of_day(*at)),
            Self::ProcessEnded => "its process has exited".into(),
            Self::ProcessIdle => "its process runs nothing more".into(),
            Self::SeenBack => "found in its queue, or on another process".into(),
            Self::Recorded(evidence) => (*evidence).into(),
        }
    }
}
