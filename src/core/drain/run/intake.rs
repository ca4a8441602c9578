//! The intake of a run: how its targets stand, their exits, and where their jobs are. It asks
//! and notes; it never acts.

use super::kept::Proof;
use super::{ANSWER_LIMIT, ASK_EVERY, Asks, Run, RunCall, TELL_LIMIT};
use crate::core::drain::phase::{Hold, Phase};
use crate::core::drain::record::Event;
use crate::core::drain::target::{Standing, Target};
use crate::core::drain::{Ask, Effect, EffectId};
use crate::core::fate::left_in_order;
use crate::core::fleet::{ExitStatus, Fleet, Life, Listed, Located, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// So long before KILL it matters where the jobs are that it would cost.
const BEFORE_KILL: std::time::Duration = std::time::Duration::from_secs(2);

impl Run {
    /// Brings the targets up to what the fleet shows.
    pub(super) fn take_in(&mut self, turn: &mut RunCall<'_>) {
        for index in 0..self.targets.len() {
            let process = turn.fleet.get(&self.targets[index].key());
            if let Some(process) = process {
                let subject = self.targets[index].subject();
                self.account
                    .observe(process, &subject, turn.fleet, turn.now);
                let identity = &mut self.targets[index].about.identity;
                *identity = identity.take().or_else(|| process.identity.clone());
            }
            if self.targets[index].takes_part() {
                match process {
                    Some(process) => self.stand(index, process, turn),
                    // Only what has ended is ever forgotten.
                    None => self.exit(index, turn.now, turn),
                }
            }
            self.tell_exit(index, process, turn);
        }
        let ended = self.targets.iter().filter(|target| target.exited());
        let ended: Vec<ProcessKey> = ended.map(Target::key).collect();
        self.account.observe_others(&ended, turn.fleet, turn.now);
    }

    fn stand(&mut self, index: usize, process: &Process, turn: &mut RunCall<'_>) {
        if process.exited() {
            let at = match process.life {
                Life::Exited { at, .. } => at,
                Life::Here | Life::Elsewhere => turn.now,
            };
            self.exit(index, at, turn);
            return;
        }
        let target = &self.targets[index];
        if matches!(target.standing, Standing::Alive)
            && let Some(evidence) = self.proof(target, Proof::Quiet, turn.fleet, turn.now)
        {
            self.targets[index].standing = Standing::Quiet { since: turn.now };
            let event = Event::QuietConfirmed { evidence };
            self.note_about(self.targets[index].id, event, turn);
        }
        if matches!(self.targets[index].standing, Standing::Quiet { .. })
            && self
                .proof(&self.targets[index], Proof::Idle, turn.fleet, turn.now)
                .is_some()
        {
            self.targets[index].standing = Standing::Idle { since: turn.now };
            self.targets[index].stop.idle_before |= self.targets[index].stopped.is_none();
        }
    }

    /// Notes that a target has ended, and asks for a look that shows how it left.
    pub(super) fn exit(&mut self, index: usize, at: Moment, turn: &mut RunCall<'_>) {
        self.targets[index].standing = Standing::Exited {
            at,
            clean: None,
            told: false,
        };
        self.asks.want_now();
        self.look_now(turn);
    }

    /// Writes the exit down once it is known how the target left, or when that takes too long.
    fn tell_exit(&mut self, index: usize, process: Option<&Process>, turn: &mut RunCall<'_>) {
        let Some(at) = self.targets[index].untold_exit() else {
            return;
        };
        let clean =
            process.and_then(|process| how_it_left(&self.targets[index], process, turn.fleet, at));
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

    pub(super) fn answer(&mut self, id: EffectId, answers: &[Located], turn: &mut RunCall<'_>) {
        if self.asks.pending.is_none_or(|(pending, _)| pending != id) {
            let text = "an answer came to a question that is not awaited any more".into();
            return self.note(Event::Remarked { text }, turn);
        }
        self.asks.pending = None;
        for target in &self.targets {
            self.account.answer(answers, &target.subject(), turn.fleet);
        }
    }

    /// Asks where open jobs are: once a second while it matters, one question at a time.
    pub(super) fn ask(&mut self, turn: &mut RunCall<'_>) {
        self.asks.next = None;
        if let Some((_, asked)) = self.asks.pending {
            let given_up = asked.after(ANSWER_LIMIT);
            if turn.now < given_up {
                self.asks.next = Some(given_up);
                return;
            }
            self.asks.pending = None;
        }
        // A link that comes back is an observation: nothing is due without one.
        if !turn.fleet.link.is_connected() {
            return;
        }
        let sought = self.account.wanted(turn.fleet, |execution| {
            let from = self.matters_from(execution.process());
            execution.is_ended_by_its_log() || from.is_some_and(|from| from <= turn.now)
        });
        if sought.is_empty() {
            let targets = self.targets.iter();
            let later = targets.filter_map(|target| self.matters_from(&target.key()));
            self.asks.next = later.filter(|from| *from > turn.now).min();
            return;
        }
        let due = self.asks.last.map(|last| last.after(ASK_EVERY));
        if let Some(due) = due.filter(|due| turn.now < *due && !self.asks.at_once) {
            self.asks.next = Some(due);
            return;
        }
        let id = self.new_id();
        self.asks = Asks {
            pending: Some((id, turn.now)),
            last: Some(turn.now),
            at_once: false,
            next: Some(turn.now.after(ANSWER_LIMIT)),
        };
        turn.effects.push(Effect::Ask(id, Ask::Where(sought)));
    }

    /// From when on it matters where the jobs are that still run on a target: just before it
    /// interrupts them, and while KILL waits for them.
    fn matters_from(&self, process: &ProcessKey) -> Option<Moment> {
        let waits = matches!(
            &self.cursor.phase,
            Phase::Gated { .. }
                | Phase::Settling { .. }
                | Phase::Held {
                    why: Hold::Question(_) | Hold::Blind(_),
                    ..
                }
        );
        let target = self.target(process)?;
        if waits || target.exited() {
            return Some(self.cursor.pace.started);
        }
        let is_kill = |step| self.plan.sequence.signal(step) == Some(Signal::Kill);
        let kill = if let Phase::Waiting { next, until, .. } = self.cursor.phase
            && is_kill(next)
        {
            Some(until.before(BEFORE_KILL))
        } else {
            None
        };
        let Some(interrupt) = target.interrupt() else {
            return kill;
        };
        let interrupt = Some(if target.timeout.is_assumed() {
            // It may come at any time.
            self.cursor.pace.started
        } else {
            interrupt.before(ASK_EVERY)
        });
        [interrupt, kill].into_iter().flatten().min()
    }
}

/// Whether an ended process left its registry in order.
fn how_it_left(target: &Target, process: &Process, fleet: &Fleet, exited: Moment) -> Option<bool> {
    if let Life::Exited {
        status: Some(status),
        ..
    } = process.life
    {
        return Some(status == ExitStatus::Code(0));
    }
    if left_in_order(process, &target.subject(), fleet).is_some() {
        return Some(true);
    }
    let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
    let looked = fleet.looked.is_some_and(|looked| looked > exited);
    match process.listed {
        Listed::Yes => looked.then_some(false),
        // Redis never knew it, or it was pruned.
        Listed::Never | Listed::Named | Listed::Removed { .. } => killed.then_some(false),
    }
}
