//! The forecast of one job from two figures: how long it has run, and when its process will be
//! interrupted or killed. Arithmetic only.

use std::time::Duration;

use super::reason::{Obstacle, Reason};
use crate::core::fleet::Checkpoints;
use crate::core::timing::{CLEANUP, WHOLE_SECOND};

/// The forecast for a job. It is always shown with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The job is expected to end in time.
    Fits,
    /// The job may end in time.
    AtRisk,
    /// The job stops at its next checkpoint once its process is quiet, and its work goes on later.
    BreaksOff,
    /// Sidekiq pushes the job back to its queue if it still runs at the interrupt time.
    PushedBack,
    /// The job is gone if it still runs at the kill time.
    Lost,
    /// There is no forecast.
    Unknown,
}

impl Verdict {
    /// The word on screens and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::AtRisk => "at risk",
            Self::BreaksOff => "breaks off",
            Self::PushedBack => "pushed back",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

/// When the jobs of one process end if nothing is touched, counted from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Time until Sidekiq interrupts its jobs (TERM + `-t`). `None`: no TERM comes.
    pub interrupt: Option<Duration>,
    /// Time until a KILL that waits for no answer. `None`: no such KILL comes.
    pub kill: Option<Duration>,
    /// Time until TERM, while it was not sent. Up to there nothing depends on `-t`.
    pub quiet: Option<Duration>,
    /// Whether `-t` is only assumed.
    pub assumed: bool,
    /// Whether `super_fetch` of Sidekiq Pro keeps the jobs. Then KILL loses none.
    pub kept: bool,
    /// The obstacle that keeps the process from pushing its jobs back.
    pub obstacle: Option<Obstacle>,
    /// Whether TERM and all that follows it wait for Redis, without an end.
    pub held: bool,
}

/// When the work of the jobs of one process is over, at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latest {
    /// So much later.
    In(Duration),
    /// Nothing ends it: no work is thrown away.
    Never,
    /// It is not known.
    Unknown,
}

impl Latest {
    /// The work of a job that has run for `elapsed` and is cut off then. `None`: it is not known.
    pub(super) fn added_to(self, elapsed: Option<Duration>) -> Option<Duration> {
        match self {
            Self::In(left) => Some(elapsed? + left),
            Self::Never => Some(Duration::ZERO),
            Self::Unknown => None,
        }
    }

    /// The span, if there is an end that is known.
    pub(super) fn ends(self) -> Option<Duration> {
        match self {
            Self::In(left) => Some(left),
            Self::Never | Self::Unknown => None,
        }
    }

    /// The sooner of both, if that one is known.
    pub(super) fn or_sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::In(one), Self::In(other)) => Self::In(one.min(other)),
            (one, Self::Never | Self::Unknown) => one,
            (Self::Never | Self::Unknown, other) => other,
        }
    }
}

impl Ends {
    /// When the work of its jobs is over at the latest: Sidekiq may need some seconds after its
    /// interrupt time, and a KILL one.
    pub(super) fn latest(&self) -> Latest {
        let killed = self.kill.map(|kill| Latest::In(kill + WHOLE_SECOND));
        match self.obstacle {
            Some(Obstacle::Gone) => return Latest::In(Duration::ZERO),
            Some(Obstacle::Suspended(_) | Obstacle::Hangs(_) | Obstacle::Silent(_)) => {
                return killed.unwrap_or(Latest::Unknown);
            }
            _ if self.held => return Latest::Unknown,
            Some(Obstacle::RedisSilent) | None => {}
        }
        let interrupted = self.interrupt.map(|left| Latest::In(left + CLEANUP));
        match (interrupted, killed) {
            (Some(interrupted), Some(killed)) => interrupted.or_sooner(killed),
            (one, other) => one.or(other).unwrap_or(Latest::Never),
        }
    }

    /// Time until the first of the two ends. A process that can react to nothing ends at KILL alone;
    /// what waits without an end has no time.
    pub fn left(&self) -> Option<Duration> {
        if self.held {
            return None;
        }
        let interrupts = !self.obstacle.is_some_and(Obstacle::is_stuck);
        let interrupt = self.interrupt.filter(|_| interrupts);
        interrupt.into_iter().chain(self.kill).min()
    }

    /// Whether the time left hangs on a `-t` that is only assumed.
    pub fn is_assumed(&self) -> bool {
        self.assumed && self.left().is_some() && self.left() == self.interrupt
    }

    /// The first thing that ends a job that runs on, and when. `None`: nothing does.
    fn first(&self) -> Option<(Verdict, Duration, Reason<'static>)> {
        Some(match (self.interrupt, self.kill) {
            (Some(interrupt), Some(kill)) if interrupt <= kill && kill < interrupt + CLEANUP => {
                (Verdict::Lost, interrupt, Reason::KillTooSoon(interrupt))
            }
            (Some(interrupt), kill) if kill.is_none_or(|kill| interrupt <= kill) => {
                let why = Reason::IfItRunsAt(interrupt);
                (Verdict::PushedBack, interrupt, why)
            }
            (_, Some(kill)) => (Verdict::Lost, kill, Reason::IfItRunsAt(kill)),
            (_, None) => return None,
        })
    }
}

/// The forecast for a job that has run for `elapsed`.
pub(super) fn forecast(elapsed: Option<Duration>, ends: Ends) -> (Verdict, Reason<'static>) {
    if let Some(obstacle) = ends.obstacle.filter(|obstacle| !obstacle.is_redis()) {
        return stuck(obstacle, ends);
    }
    if ends.held {
        return (Verdict::Unknown, Reason::TermWaitsForRedis);
    }
    let Some((end, left, why)) = ends.first() else {
        return (Verdict::Fits, Reason::NothingEndsIt);
    };
    let Some(elapsed) = elapsed else {
        return (Verdict::Unknown, Reason::StartUnknown);
    };
    if elapsed >= left {
        return match (end, ends.obstacle) {
            (Verdict::Lost, _) if ends.kept => (Verdict::PushedBack, Reason::KilledButKept(left)),
            (Verdict::PushedBack, Some(obstacle)) => {
                (Verdict::Unknown, Reason::CannotPushBack(obstacle))
            }
            (end, _) => (end, why),
        };
    }
    // With `-t` only assumed, nothing that needs time after TERM is promised.
    let promised = if ends.assumed {
        ends.quiet.unwrap_or_default()
    } else {
        left
    };
    if elapsed < promised / 2 {
        (Verdict::Fits, Reason::LessThanHalf)
    } else if ends.assumed && elapsed < left / 2 {
        (Verdict::AtRisk, Reason::NeedsAssumedTime)
    } else {
        (Verdict::AtRisk, Reason::MoreThanHalf)
    }
}

/// The forecast for a job of a process that reacts to nothing: only KILL ends it.
fn stuck(obstacle: Obstacle, ends: Ends) -> (Verdict, Reason<'static>) {
    match ends.kill {
        // KILL takes nothing more from a process that has ended.
        _ if obstacle == Obstacle::Gone => (Verdict::Unknown, Reason::CannotPushBack(obstacle)),
        Some(kill) if ends.kept => (Verdict::PushedBack, Reason::KilledButKept(kill)),
        Some(kill) => (Verdict::Lost, Reason::KilledWhileStuck(obstacle, kill)),
        None => (Verdict::Unknown, Reason::CannotPushBack(obstacle)),
    }
}

/// The forecast for a job that stops at its next checkpoint once its process is quiet, and puts its
/// work back by itself: an `IterableJob` (`by` is `None`; 7.3.9
/// `lib/sidekiq/job/iterable.rb:199-210`), or one of a library. How long a step takes is not known,
/// so a KILL may still lose it.
pub(super) fn of_checkpointing(
    plain: (Verdict, Reason<'static>),
    by: Option<Checkpoints>,
    quiets: bool,
) -> (Verdict, Reason<'static>) {
    match plain.0 {
        Verdict::Fits | Verdict::AtRisk | Verdict::PushedBack if quiets => {
            (Verdict::BreaksOff, Reason::NextCheckpoint(by))
        }
        Verdict::Fits
        | Verdict::BreaksOff
        | Verdict::AtRisk
        | Verdict::PushedBack
        | Verdict::Lost
        | Verdict::Unknown => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn say(elapsed: u64, ends: Ends) -> (Verdict, Reason<'static>) {
        forecast(Some(seconds(elapsed)), ends)
    }

    const BEFORE: Ends = Ends {
        interrupt: Some(Duration::from_secs(145)),
        kill: Some(Duration::from_secs(150)),
        quiet: Some(Duration::from_secs(120)),
        assumed: false,
        kept: false,
        obstacle: None,
        held: false,
    };

    #[test]
    fn half_of_the_time_left_decides() {
        assert_eq!(say(31, BEFORE).0, Verdict::Fits);
        assert_eq!(say(80, BEFORE).0, Verdict::AtRisk);
        let end = Reason::IfItRunsAt(seconds(145));
        assert_eq!(say(580, BEFORE), (Verdict::PushedBack, end));
    }

    #[test]
    fn the_time_left_is_that_of_what_will_end_the_job() {
        assert_eq!(
            (BEFORE.left(), BEFORE.is_assumed()),
            (Some(seconds(145)), false)
        );
        let assumed = Ends {
            assumed: true,
            ..BEFORE
        };
        assert!(assumed.is_assumed());
        let killed_first = Ends {
            kill: Some(seconds(122)),
            ..assumed
        };
        assert_eq!(killed_first.left(), Some(seconds(122)));
        assert!(!killed_first.is_assumed(), "KILL does not wait for -t");
        let asked = Ends {
            obstacle: Some(Obstacle::Hangs(seconds(40))),
            kill: None,
            ..assumed
        };
        assert_eq!((asked.left(), asked.is_assumed()), (None, false));
        let held = Ends {
            held: true,
            ..BEFORE
        };
        assert_eq!(held.left(), None);
    }

    #[test]
    fn a_kill_too_soon_after_term_loses() {
        let hasty = Ends {
            kill: Some(seconds(149)),
            ..BEFORE
        };
        let why = Reason::KillTooSoon(seconds(145));
        assert_eq!(say(580, hasty), (Verdict::Lost, why));
        let earlier = Ends {
            kill: Some(seconds(120)),
            ..BEFORE
        };
        let why = Reason::IfItRunsAt(seconds(120));
        assert_eq!(say(580, earlier), (Verdict::Lost, why));
        let unasked = Ends {
            kill: None,
            ..BEFORE
        };
        assert_eq!(say(580, unasked).0, Verdict::PushedBack);
    }

    #[test]
    fn an_assumed_timeout_promises_nothing_after_term() {
        let assumed = Ends {
            assumed: true,
            ..BEFORE
        };
        assert_eq!(say(59, assumed).0, Verdict::Fits);
        assert_eq!(say(65, assumed).0, Verdict::AtRisk);
        let stopping = Ends {
            quiet: Some(Duration::ZERO),
            interrupt: Some(seconds(25)),
            assumed: true,
            ..BEFORE
        };
        assert_eq!(say(3, stopping).0, Verdict::AtRisk);
    }

    #[test]
    fn a_job_with_checkpoints_breaks_off_at_the_next_one() {
        let said = of_checkpointing(say(31, BEFORE), None, true);
        assert_eq!(said, (Verdict::BreaksOff, Reason::NextCheckpoint(None)));
        let unasked = of_checkpointing(say(31, BEFORE), None, false);
        assert_eq!(unasked, say(31, BEFORE));
        let hasty = Ends {
            kill: Some(seconds(146)),
            ..BEFORE
        };
        assert_eq!(
            of_checkpointing(say(580, hasty), None, true).0,
            Verdict::Lost
        );
    }

    #[test]
    fn without_an_end_a_job_fits_and_without_a_start_it_is_unknown() {
        let endless = Ends {
            interrupt: None,
            kill: None,
            ..BEFORE
        };
        assert_eq!(say(9_999, endless).0, Verdict::Fits);
        assert_eq!(forecast(None, BEFORE).0, Verdict::Unknown);
    }

    #[test]
    fn a_process_that_cannot_react_pushes_nothing_back() {
        let suspended = Ends {
            kill: None,
            obstacle: Some(Obstacle::Suspended(7)),
            ..BEFORE
        };
        assert_eq!(say(1, suspended).0, Verdict::Unknown);
        let killed = Ends {
            kill: Some(seconds(150)),
            ..suspended
        };
        assert_eq!(say(1, killed).0, Verdict::Lost);
    }

    #[test]
    fn what_super_fetch_keeps_comes_back_from_a_kill() {
        let kept = Ends {
            kill: Some(seconds(120)),
            kept: true,
            ..BEFORE
        };
        let back = (Verdict::PushedBack, Reason::KilledButKept(seconds(120)));
        assert_eq!(say(580, kept), back);
        let stuck = Ends {
            obstacle: Some(Obstacle::Suspended(7)),
            ..kept
        };
        assert_eq!(say(1, stuck), back);
    }

    #[test]
    fn a_process_that_has_ended_promises_nothing() {
        let gone = Ends {
            obstacle: Some(Obstacle::Gone),
            ..BEFORE
        };
        let why = Reason::CannotPushBack(Obstacle::Gone);
        assert_eq!(say(1, gone), (Verdict::Unknown, why));
        assert_eq!(say(580, gone), (Verdict::Unknown, why));
    }

    #[test]
    fn without_redis_no_push_back_is_promised() {
        let cut = Ends {
            obstacle: Some(Obstacle::RedisSilent),
            ..BEFORE
        };
        let why = Reason::CannotPushBack(Obstacle::RedisSilent);
        assert_eq!(say(580, cut), (Verdict::Unknown, why));
        assert_eq!(say(31, cut).0, Verdict::Fits);
    }
}
