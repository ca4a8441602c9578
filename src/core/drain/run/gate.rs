//! The two gates of a run. The one before KILL: what a KILL would cost now, of one target or of all
//! that take part. The one before the first TERM or INT: whether Redis is there for the push-back.

use std::time::Duration;

use super::perform::StepReason;
use super::{Run, RunCall};
use crate::core::drain::phase::{Hold, Phase, Resume, term_without_redis};
use crate::core::drain::policy::RedisGone;
use crate::core::drain::record::Event;
use crate::core::fate::Stake;
use crate::core::fleet::{Fleet, Link, LocalId};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::timing::{FRESH, REDIS_WAIT};

impl Run {
    /// The cost of a KILL now: of `only` one target, or of all that take part.
    pub fn stake(&self, only: Option<LocalId>, fleet: &Fleet, now: Moment) -> Stake {
        let mut stake = Stake::default();
        let targets = self.targets.iter().filter(|target| target.takes_part());
        for target in targets.filter(|target| only.is_none_or(|id| id == target.id)) {
            let key = target.key();
            if let Some(file) = self.account.file(&key) {
                stake.add(file, fleet.get(&key), &target.subject(), fleet, now);
            }
        }
        stake
    }

    /// Whether Redis cannot be asked just now.
    pub(super) fn is_blind(fleet: &Fleet, now: Moment) -> bool {
        !fleet.link.is_connected() || fleet.looked.is_none_or(|looked| now.since(looked) >= FRESH)
    }

    /// How many jobs are known to run whose push-back would fail now, because Redis does not
    /// answer. An old look alone proves nothing: looks may be wanted rarely.
    pub fn stranded(&self, fleet: &Fleet, now: Moment) -> u64 {
        if !matches!(fleet.link, Link::Lost { .. }) {
            return 0;
        }
        self.stake(None, fleet, now).running.len() as u64
    }

    /// The gate before the first TERM or INT: opens, or says what the run does in its place.
    pub(super) fn term_may_go(
        &mut self,
        (step, signal): (usize, Signal),
        wish: StepReason,
        turn: &mut RunCall<'_>,
    ) -> bool {
        let jobs = self.stranded(turn.fleet, turn.now);
        if jobs == 0 {
            return true;
        }
        let why = term_without_redis(signal, jobs);
        match (self.plan.guard.redis_gone, wish) {
            (_, StepReason::Confirmed(_)) => return true,
            (RedisGone::Go, _) | (RedisGone::Hold, StepReason::GateOver) => {
                let text = format!("{why}; it goes anyway (--redis-gone)");
                self.note(Event::Remarked { text }, turn);
                return true;
            }
            (RedisGone::Hold, StepReason::Due) => {
                let why = format!("{why}; it waits at most {} s", REDIS_WAIT.as_secs());
                self.note(Event::Held { why }, turn);
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
        self.asks.want_now();
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
        if self.stranded(turn.fleet, turn.now) == 0 {
            self.note(Event::Resumed, turn);
            self.start_step(next, StepReason::Due, turn);
        } else if until.is_some_and(|until| turn.now >= until) {
            self.note(Event::Resumed, turn);
            self.start_step(next, StepReason::GateOver, turn);
        }
    }
}
