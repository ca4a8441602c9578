//! The delay of a TERM that goes by itself while Redis does not answer: it goes later, or not at
//! all before Redis answers.

use std::time::Duration;

use super::Situation;
use super::ends::stop_to_come;
use super::verdict::Ends;
use crate::core::drain::{Mode, Phase, RedisGone, Run, Target};
use crate::core::fleet::{Link, Process, ProcessKey};
use crate::core::timing::REDIS_WAIT;

/// How much later than planned the first TERM goes by itself, because Redis does not answer and
/// jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// On time.
    None,
    /// So much later, and all that follows it.
    By(Duration),
    /// Not before Redis answers or the operator decides.
    Held,
}

impl Ends {
    /// The same for the process `key`: one of another host is reached by no KILL.
    pub(super) fn reaching(mut self, key: &ProcessKey) -> Self {
        self.kill = self.kill.filter(|_| key.local().is_some());
        self
    }
}

impl Delay {
    fn of(gone: RedisGone) -> Self {
        match gone {
            RedisGone::Ask => Self::Held,
            RedisGone::Hold => Self::By(REDIS_WAIT),
            RedisGone::Go => Self::None,
        }
    }

    /// The ends of the jobs of a process that was sent no TERM yet, with this delay.
    pub(super) fn moves(self, ends: Ends) -> Ends {
        match self {
            Self::None => ends,
            Self::By(delay) => Ends {
                interrupt: ends.interrupt.map(|left| left + delay),
                kill: ends.kill.map(|left| left + delay),
                quiet: ends.quiet.map(|left| left + delay),
                ..ends
            },
            Self::Held => Ends {
                interrupt: None,
                kill: None,
                quiet: None,
                held: true,
                ..ends
            },
        }
    }
}

impl Situation<'_> {
    /// How much later than planned the first TERM goes by itself.
    pub(super) fn delay(self, process: &Process, target: Option<(&Run, &Target)>) -> Delay {
        if let Some((run, _)) = target {
            return self.delay_of(run);
        }
        let silent = matches!(self.fleet.link, Link::Lost { .. });
        if silent && !process.jobs.is_empty() && self.plan.sequence.first_stop().is_some() {
            Delay::of(self.plan.guard.redis_gone)
        } else {
            Delay::None
        }
    }

    /// How much later than planned the first TERM of `run` goes by itself.
    pub fn delay_of(self, run: &Run) -> Delay {
        let by_itself = run.mode() == Mode::Automatic && stop_to_come(run);
        // The wait at the gate itself stands in the times of the run already.
        let gated = matches!(run.phase(), Phase::Gated { .. });
        if !by_itself || gated || run.ledger().stranded(self.fleet, self.now) == 0 {
            return Delay::None;
        }
        Delay::of(run.plan().guard.redis_gone)
    }
}
