//! The two gates of a run. The one before KILL: what a KILL would cost now, of one target or of all
//! that take part. The one before the first TERM or INT: whether Redis is there for the push-back.

use std::time::Duration;

use super::{Run, RunCall};
use crate::core::drain::phase::{Hold, Phase, Resume, term_without_redis};
use crate::core::drain::policy::RedisGone;
use crate::core::drain::record::Event;
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::timing::{FRESH, REDIS_WAIT};

/// The reason for a step: a key, or its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepReason {
    /// Its time has come.
    Due,
    /// The wait at its gate is over.
    GateOver,
    /// The operator confirmed it, accepting that so many jobs are lost.
    Confirmed(u64),
}

impl Run {
    /// The gate before the first TERM or INT: opens, or says what the run does in its place.
    pub(super) fn term_may_go(
        &mut self,
        (step, signal): (usize, Signal),
        wish: StepReason,
        turn: &mut RunCall<'_>,
    ) -> bool {
        let jobs = self.ledger.stranded(turn.fleet, turn.now);
        if jobs == 0 {
            return true;
        }
        let why = term_without_redis(signal, jobs);
        match (self.plan.guard.redis_gone, wish) {
            (_, StepReason::Confirmed(_)) => return true,
            (RedisGone::Go, _) | (RedisGone::Hold, StepReason::GateOver) => {
                let text = format!("{why}; it goes anyway (--redis-gone)");
                self.ledger.note(Event::Remarked { text }, turn);
                return true;
            }
            (RedisGone::Hold, StepReason::Due) => {
                let why = format!("{why}; it waits at most {} s", REDIS_WAIT.as_secs());
                self.ledger.note(Event::Held { why }, turn);
                self.cursor.phase = Phase::Gated {
                    next: step,
                    since: turn.now,
                    until: turn.now.after(REDIS_WAIT),
                };
            }
            (RedisGone::Ask, StepReason::Due | StepReason::GateOver) => {
                let since = self.cursor.pace.last_step.unwrap_or(turn.now);
                let resume = Resume::Wait {
                    next: step,
                    since,
                    left: Duration::ZERO,
                };
                self.hold(Hold::Redis(signal, jobs), resume, turn);
            }
        }
        turn.asks_now = true;
        false
    }

    /// The wait for Redis before step `next`: over once it answers or no job is known to run any
    /// more; at `until`, where there is one, what was decided beforehand follows.
    pub(super) fn await_redis(
        &mut self,
        next: usize,
        until: Option<Moment>,
        turn: &mut RunCall<'_>,
    ) {
        if self.ledger.stranded(turn.fleet, turn.now) == 0 {
            self.ledger.note(Event::Resumed, turn);
            self.start_step(next, StepReason::Due, turn);
        } else if until.is_some_and(|until| turn.now >= until) {
            self.ledger.note(Event::Resumed, turn);
            self.start_step(next, StepReason::GateOver, turn);
        }
    }
}

/// Whether Redis cannot be asked just now.
pub(super) fn is_blind(fleet: &Fleet, now: Moment) -> bool {
    !fleet.link.is_connected() || fleet.looked.is_none_or(|looked| now.since(looked) >= FRESH)
}
