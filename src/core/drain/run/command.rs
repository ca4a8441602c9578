//! The effect of an operator's command on a run. A command that does not fit the phase it meets
//! changes nothing: a key typed ahead can never fire a step.

use std::time::Duration;

use super::{Run, RunCall};
use crate::core::drain::Command;
use crate::core::drain::cursor::LEAST;
use crate::core::drain::gate::StepReason;
use crate::core::drain::phase::{FailedStep, Hold, Phase};
use crate::core::drain::plan::Mode;
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::target::Standing;
use crate::core::fleet::ProcessKey;
use crate::core::sequence::Signal;

/// How long an act in a system call may take to tell its outcome.
const OUTCOME_LIMIT: Duration = Duration::from_millis(600);

impl Run {
    /// Carries out a command.
    pub(super) fn command(&mut self, command: Command, turn: &mut RunCall<'_>) {
        match command {
            Command::Go { step, accepted } => self.go(step, accepted, turn),
            Command::Automatic => self.automatic(turn),
            Command::Manual => self.manual(turn),
            Command::Hold => {
                let visitor = self.drivers.visitor.clone();
                self.hold_for(Hold::Operator(visitor), turn);
            }
            Command::GoOn => self.go_on(turn),
            Command::Longer(by) => {
                let by_s = self.cursor.lengthen(by);
                self.note_extended(by_s, turn);
            }
            Command::Shorter(by) => {
                let by_s = self.cursor.shorten(by, turn.now);
                self.note_extended(by_s, turn);
            }
            Command::StopHere => self.stop("stopped here by the operator", turn),
            Command::StopUnanswered => self.stop("there was no answer: stopped here", turn),
            Command::HangUp => self.stop("hang-up", turn),
            Command::Leave => self.stop("left by the operator", turn),
            Command::ForceKill { target, accepted } => {
                self.force_kill(&target, accepted, turn);
            }
            Command::Retry => self.retry(turn),
            Command::LeaveOut => self.leave_out(turn),
            Command::StopBy(when) => self.ledger.stop_by(when, turn),
            Command::JournalFailed(why) => self.hold_for(Hold::Journal(why), turn),
        }
    }

    fn go(&mut self, step: usize, accepted: u64, turn: &mut RunCall<'_>) {
        if self.cursor.phase().next_step() == Some(step) {
            self.start_step(step, StepReason::Confirmed(accepted), turn);
        }
    }

    fn automatic(&mut self, turn: &mut RunCall<'_>) {
        if !self.cursor.set_mode(Mode::Automatic, turn.now) {
            return;
        }
        if self.cursor.pace().first_signal.is_some() {
            let mode = Some(Mode::Automatic);
            self.ledger.note(Event::ModeChanged { mode }, turn);
        }
        self.count_down(turn);
    }

    /// Goes on by itself from a confirmation, in automatic mode.
    pub(super) fn count_down(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Ready { next, .. } = *self.cursor.phase() else {
            return;
        };
        if self.cursor.mode() == Mode::Manual {
            return;
        }
        if next == 0 {
            return self.start_step(0, StepReason::Due, turn);
        }
        // The wait counts from the signal before it; one that ran out meanwhile leaves time to
        // think.
        let since = self.cursor.pace().last_step.unwrap_or(turn.now);
        let wait = self.plan.sequence.wait_after(next - 1).unwrap_or_default();
        let until = since.after(wait).max(turn.now.after(LEAST));
        self.cursor
            .enter(Phase::Waiting { next, since, until }, turn.now);
    }

    fn manual(&mut self, turn: &mut RunCall<'_>) {
        if self.cursor.set_mode(Mode::Manual, turn.now) {
            let mode = Some(Mode::Manual);
            self.ledger.note(Event::ModeChanged { mode }, turn);
        }
    }

    fn note_extended(&self, by_s: Option<i64>, turn: &mut RunCall<'_>) {
        if let Some(by_s) = by_s {
            self.ledger.note(Event::Extended { by_s }, turn);
        }
    }

    /// Sends nothing more. What is in a system call already is awaited and reported.
    fn stop(&mut self, why: &str, turn: &mut RunCall<'_>) {
        if matches!(
            self.cursor.phase(),
            Phase::Ending { .. } | Phase::Over { .. }
        ) {
            return;
        }
        self.ledger.note(Event::Held { why: why.into() }, turn);
        if self.cursor.stop_pushing(OUTCOME_LIMIT, turn.now) {
            return;
        }
        if let Phase::Performing(performing) = self.cursor.phase() {
            let ending = Phase::Ending {
                under_way: performing.clone(),
                until: turn.now.after(OUTCOME_LIMIT),
            };
            self.cursor.enter(ending, turn.now);
        } else {
            self.finish(Outcome::Stopped, turn);
        }
    }

    fn force_kill(&mut self, key: &ProcessKey, accepted: u64, turn: &mut RunCall<'_>) {
        let target = self.ledger.target(key);
        let takes_part = target.is_some_and(|t| t.takes_part() && t.can_be_killed());
        if !takes_part || self.cursor.phase().takes_no_step() {
            return;
        }
        let stake = self.ledger.stake(Some(key), turn.fleet, turn.now);
        if stake.count() > accepted {
            let text = format!("KILL was not sent: more is at stake than was confirmed ({stake})");
            self.ledger.note_about(key, Event::Remarked { text }, turn);
            return;
        }
        let back = Box::new(self.cursor.phase().clone());
        self.perform(
            None,
            Signal::Kill,
            std::slice::from_ref(key),
            Some(back),
            turn,
        );
    }

    fn retry(&mut self, turn: &mut RunCall<'_>) {
        let Some(FailedStep {
            targets,
            step,
            accepted,
        }) = self.cursor.phase().failed_step()
        else {
            return;
        };
        let Some(signal) = self.plan.sequence.signal(step) else {
            return;
        };
        let ids: Vec<ProcessKey> = targets.into_iter().map(|(id, _)| id).collect();
        let ids = self.ledger.taking_part(|target| ids.contains(&target.key));
        if ids.is_empty() {
            // They have exited meanwhile: the step is done.
            return self.after_step(step, turn.now);
        }
        if signal == Signal::Kill {
            let stakes = ids
                .iter()
                .map(|key| self.ledger.stake(Some(key), turn.fleet, turn.now));
            if stakes.map(|stake| stake.count()).sum::<u64>() > accepted {
                let text = "KILL was not sent again: more is at stake than before".into();
                return self.ledger.note(Event::Remarked { text }, turn);
            }
        }
        self.perform(Some(step), signal, &ids, None, turn);
    }

    fn leave_out(&mut self, turn: &mut RunCall<'_>) {
        let Some(FailedStep { targets, step, .. }) = self.cursor.phase().failed_step() else {
            return;
        };
        for (id, why) in targets {
            let target = self.ledger.target_mut(&id);
            if let Some(target) = target.filter(|target| target.takes_part()) {
                target.standing = Standing::LeftOut { why };
            }
            let text = "skipped for the rest of this drain: it counts as alive".into();
            self.ledger.note_about(&id, Event::Remarked { text }, turn);
        }
        self.after_step(step, turn.now);
    }
}
