//! Moves that time and evidence make by themselves: deadlines, early ends, gates. Each call starts
//! at most one step.

use std::time::Duration;

use super::{Run, RunCall};
use crate::core::drain::ActOutcome;
use crate::core::drain::gate::StepReason;
use crate::core::drain::phase::{Hold, Phase, Resume};
use crate::core::drain::plan::Mode;
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::target::{Standing, Target};
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;

/// A deadline met later than this was slept through: the machine or the program stood still.
const TOO_LATE: Duration = Duration::from_secs(5);
/// How long a fresh look is waited for after that.
pub(super) const FRESH_LOOK: Duration = Duration::from_secs(2);

fn is_late(until: Moment, now: Moment) -> bool {
    now.since(until) > TOO_LATE
}

impl Run {
    /// Moves on what has come due.
    pub(super) fn advance(&mut self, turn: &mut RunCall<'_>) {
        if self.no_target_left(turn) {
            return;
        }
        match *self.cursor.phase() {
            Phase::Waiting { next, since, until } => {
                self.wait(next, since, until, turn);
            }
            Phase::Gated { next, since, until } => self.wait_at_gate(next, since, until, turn),
            Phase::Held {
                why: Hold::Redis(..),
                resume: Resume::Wait { next, .. },
                ..
            } if self.cursor.mode() == Mode::Automatic && self.gates(turn).has_opened(next) => {
                self.ledger.note(Event::Resumed, turn);
                self.start_step(next, StepReason::Due, turn);
            }
            Phase::Leaving { until } => self.watch_leaving(until, turn),
            Phase::Ending {
                ref under_way,
                until,
            } if under_way.acts.is_empty() || turn.now >= until => self.end(turn),
            Phase::Settling { until, .. } if is_late(until, turn.now) => self.look_once_more(turn),
            Phase::Settling { .. } => self.conclude(turn),
            Phase::Ready { .. }
            | Phase::Performing(_)
            | Phase::Held { .. }
            | Phase::Ending { .. }
            | Phase::Over { .. } => {}
        }
    }

    /// Once no target takes part any more, the account is all that is left to do.
    fn no_target_left(&mut self, turn: &mut RunCall<'_>) -> bool {
        let mut targets = self.ledger.targets().iter();
        if self.cursor.phase().takes_no_step() || targets.any(Target::takes_part) {
            return false;
        }
        let left_out = self
            .ledger
            .targets()
            .iter()
            .any(|t| matches!(t.standing, Standing::LeftOut { .. }));
        let outcome = if left_out {
            Outcome::Alive
        } else {
            Outcome::Drained
        };
        self.settle(outcome, turn);
        self.conclude(turn);
        true
    }

    fn wait(&mut self, next: usize, since: Moment, until: Moment, turn: &mut RunCall<'_>) {
        if turn.now < until {
            if let Some(evidence) = self.gates(turn).early_end(next) {
                let saved_s = Seconds(until.since(turn.now));
                self.ledger
                    .note(Event::AdvancedEarly { evidence, saved_s }, turn);
                self.start_step(next, StepReason::Due, turn);
            }
        } else if is_late(until, turn.now) {
            self.met_late(next, since, turn);
        } else {
            self.start_step(next, StepReason::Due, turn);
        }
    }

    /// The wait at the gate before `next`: over once the gate opens, or in time.
    fn wait_at_gate(&mut self, next: usize, since: Moment, until: Moment, turn: &mut RunCall<'_>) {
        if is_late(until, turn.now) {
            return self.met_late(next, since, turn);
        }
        let reason = if self.gates(turn).has_opened(next) {
            StepReason::Due
        } else if turn.now >= until {
            StepReason::GateOver
        } else {
            return;
        };
        if self.plan.sequence.signal(next) != Some(Signal::Kill) {
            self.ledger.note(Event::Resumed, turn);
        }
        self.start_step(next, reason, turn);
    }

    /// The deadline of `next` was met late: a KILL is held, anything else waits for a fresh
    /// look.
    fn met_late(&mut self, next: usize, since: Moment, turn: &mut RunCall<'_>) {
        if self.plan.sequence.signal(next) == Some(Signal::Kill) {
            self.hold_late(next, since, turn);
        } else {
            self.look_once_more(turn);
        }
    }

    pub(super) fn hold_late(&mut self, next: usize, since: Moment, turn: &mut RunCall<'_>) {
        let resume = Resume::Wait {
            next,
            since,
            left: Duration::ZERO,
        };
        self.hold(Hold::Late, resume, turn);
    }

    /// A deadline was slept through: asks for a fresh look before anything follows from it.
    fn look_once_more(&mut self, turn: &mut RunCall<'_>) {
        let Some(until) = self.cursor.put_off(turn.now.after(FRESH_LOOK)) else {
            return;
        };
        let late = turn.now.since(until).as_secs();
        let text = format!(
            "the deadline was met {late} s late (suspended?): looking once more before going on"
        );
        self.ledger.note(Event::Remarked { text }, turn);
        turn.asks_now = true;
        self.ledger.look_now(turn);
    }

    /// The end of an abort: what is still in a system call may have been sent.
    fn end(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Ending { under_way, .. } = self.cursor.phase() else {
            return;
        };
        let open: Vec<_> = under_way.acts.keys().copied().collect();
        for id in open {
            let outcome = ActOutcome::Failed {
                why: "no outcome came in time".into(),
                may_have_happened: true,
            };
            self.outcome_of(id, outcome, turn);
        }
        self.finish(Outcome::Stopped, turn);
    }

    fn watch_leaving(&mut self, until: Moment, turn: &mut RunCall<'_>) {
        let stops =
            self.plan.sequence.first_stop().is_some() || self.plan.sequence.kill().is_some();
        let quiet = |target: &Target| !matches!(target.standing, Standing::Alive);
        let confirmed = !stops
            && self
                .ledger
                .targets()
                .iter()
                .filter(|t| t.takes_part())
                .all(quiet);
        if turn.now < until && !confirmed {
            return;
        }
        if is_late(until, turn.now) {
            return self.look_once_more(turn);
        }
        let alive: Vec<&str> = self
            .ledger
            .targets()
            .iter()
            .filter(|t| t.takes_part())
            .map(|t| t.about.name.as_str())
            .collect();
        let text = format!(
            "the sequence has ended and still alive: {}",
            alive.join(", ")
        );
        self.ledger.note(Event::Remarked { text }, turn);
        self.settle(Outcome::Alive, turn);
        self.conclude(turn);
    }

    /// Stops the clock.
    pub(super) fn hold(&mut self, why: Hold, resume: Resume, turn: &mut RunCall<'_>) {
        let words = why.words(self.ledger.targets());
        self.ledger.note(Event::Held { why: words }, turn);
        let since = turn.now;
        self.cursor.enter(Phase::Held { why, since, resume }, since);
    }

    /// Stops the clock wherever it runs; once their outcomes are there, if signals are under way.
    pub(super) fn hold_for(&mut self, why: Hold, turn: &mut RunCall<'_>) {
        if let Some(performing) = self.cursor.performing_mut() {
            performing.then_hold = Some(why);
        } else if let Some(resume) = self.cursor.resume(turn.now) {
            self.hold(why, resume, turn);
        }
    }

    /// Goes on from a hold.
    pub(super) fn go_on(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Held {
            resume,
            since: held,
            ..
        } = *self.cursor.phase()
        else {
            return;
        };
        match resume {
            // A signal failed: only trying again or leaving out leads on.
            Resume::Failed { .. } => {}
            Resume::Leaving => {
                self.ledger.note(Event::Resumed, turn);
                self.leave(turn.now);
            }
            Resume::Ready { next } => {
                self.ledger.note(Event::Resumed, turn);
                let since = turn.now;
                self.cursor.enter(Phase::Ready { next, since }, since);
                self.count_down(turn);
            }
            Resume::Wait { next, since, left } => {
                self.ledger.note(Event::Resumed, turn);
                let wait = Phase::Waiting {
                    next,
                    // The clock of the step stood meanwhile.
                    since: turn.now.before(held.since(since)),
                    until: turn.now.after(left),
                };
                self.cursor.enter(wait, turn.now);
            }
        }
    }
}
