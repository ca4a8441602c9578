//! What a run takes in: how its targets stand, their exits, and where their jobs are. It asks
//! and notes; it never acts.

use super::phase::{Hold, Phase};
use super::record::Event;
use super::run::{ANSWER_LIMIT, ASK_EVERY, Asks, Run, TELL_LIMIT, Turn};
use super::target::{Standing, Target};
use super::{Ask, Effect, EffectId};
use crate::core::fleet::{ExitStatus, Fleet, Life, Listed, LocalId, Located, Process};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

impl Run {
    /// Brings the targets up to what the fleet shows.
    pub(super) fn take_in(&mut self, turn: &mut Turn<'_>) {
        for index in 0..self.targets.len() {
            let Some(process) = turn.fleet.get(&self.targets[index].key()) else {
                continue;
            };
            self.account
                .observe(&self.targets[index], turn.fleet, turn.now);
            if self.targets[index].about.identity.is_none() {
                self.targets[index]
                    .about
                    .identity
                    .clone_from(&process.identity);
            }
            if self.targets[index].takes_part() {
                self.stand(index, process, turn);
            }
            self.tell_exit(index, process, turn);
        }
        self.account.look_elsewhere(turn.fleet);
    }

    fn stand(&mut self, index: usize, process: &Process, turn: &mut Turn<'_>) {
        if process.exited() {
            let at = match process.life {
                Life::Exited { at, .. } => at,
                Life::Here | Life::Elsewhere => turn.now,
            };
            self.exit(index, at, turn);
            return;
        }
        let Some(mark) = self.targets[index].mark else {
            return;
        };
        if matches!(self.targets[index].standing, Standing::Alive)
            && let Some(evidence) = turn.fleet.proof_of_quiet(process, &mark, turn.now)
        {
            self.targets[index].standing = Standing::Quiet { since: turn.now };
            let event = Event::QuietConfirmed {
                evidence: evidence.to_string(),
            };
            self.note_about(self.targets[index].id, event, turn);
        }
        if matches!(self.targets[index].standing, Standing::Quiet { .. })
            && turn.fleet.proof_of_idle(process, &mark, turn.now).is_some()
        {
            self.targets[index].standing = Standing::Idle { since: turn.now };
            self.targets[index].idle_before_stop |= self.targets[index].stopped.is_none();
        }
    }

    /// Notes that a target has ended, and asks for a look that shows how it left.
    pub(super) fn exit(&mut self, index: usize, at: Moment, turn: &mut Turn<'_>) {
        self.targets[index].standing = Standing::Exited {
            at,
            clean: None,
            told: false,
        };
        self.asks.want_now();
        self.look_now(turn);
    }

    /// Writes the exit down once it is known how the target left, or when that takes too long.
    fn tell_exit(&mut self, index: usize, process: &Process, turn: &mut Turn<'_>) {
        let Some(at) = self.targets[index].untold_exit() else {
            return;
        };
        let clean = how_it_left(&self.targets[index], process, turn.fleet, at);
        if clean.is_none() && turn.now < at.after(TELL_LIMIT) && turn.fleet.link.is_connected() {
            return;
        }
        self.targets[index].standing = Standing::Exited {
            at,
            clean,
            told: true,
        };
        self.note_about(self.targets[index].id, Event::Exited { clean }, turn);
    }

    pub(super) fn answer(&mut self, id: EffectId, answers: Vec<Located>) {
        // A late answer is as old as its question and still true of that moment.
        if self.asks.pending.is_some_and(|(pending, _)| pending == id) {
            self.asks.pending = None;
        }
        self.account.answer(answers);
    }

    /// Asks where open jobs are: once a second while it matters, one question at a time.
    pub(super) fn ask(&mut self, turn: &mut Turn<'_>) {
        if self
            .asks
            .pending
            .is_some_and(|(_, asked)| turn.now < asked.after(ANSWER_LIMIT))
            || !turn.fleet.link.is_connected()
        {
            return;
        }
        if self
            .asks
            .last
            .is_some_and(|last| turn.now < last.after(ASK_EVERY))
            && !self.asks.at_once
        {
            return;
        }
        let gated = matches!(self.phase, Phase::Gated { .. } | Phase::Settling { .. })
            || matches!(
                &self.phase,
                Phase::Held {
                    why: Hold::Question(_) | Hold::Blind(_),
                    ..
                }
            );
        let due = |id: LocalId| {
            gated
                || self
                    .targets
                    .iter()
                    .find(|target| target.id == id)
                    .is_some_and(|target| {
                        target.exited()
                            || target
                                .interrupt()
                                .is_some_and(|at| turn.now.after(ASK_EVERY) >= at)
                    })
        };
        let sought = self.account.wanted(due);
        if sought.is_empty() {
            return;
        }
        let id = self.new_id();
        self.asks = Asks {
            pending: Some((id, turn.now)),
            last: Some(turn.now),
            at_once: false,
        };
        turn.effects.push(Effect::Ask(id, Ask::Where(sought)));
    }
}

/// Whether an ended process left its registry in order.
fn how_it_left(target: &Target, process: &Process, fleet: &Fleet, exited: Moment) -> Option<bool> {
    let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
    if killed {
        return Some(false);
    }
    if let Life::Exited {
        status: Some(status),
        ..
    } = process.life
    {
        return Some(status == ExitStatus::Code(0));
    }
    match process.listed {
        Listed::Removed { .. } => Some(true),
        Listed::Yes => fleet
            .looked
            .filter(|looked| *looked > exited)
            .map(|_| false),
        Listed::Never => None,
    }
}
