//! The intake of a run: how its targets stand, their exits, and where their jobs are. It asks
//! and notes; it never acts.

use super::{ANSWER_LIMIT, ASK_EVERY, Asks, Run, RunCall};
use crate::core::drain::phase::{Hold, Phase};
use crate::core::drain::record::Event;
use crate::core::drain::{Ask, Effect, EffectId};
use crate::core::fleet::{Located, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// So long before KILL it matters where the jobs are that it would cost.
const BEFORE_KILL: std::time::Duration = std::time::Duration::from_secs(2);

impl Run {
    pub(super) fn answer(&mut self, id: EffectId, answers: &[Located], turn: &mut RunCall<'_>) {
        if self.asks.pending.is_none_or(|(pending, _)| pending != id) {
            let text = "an answer came to a question that is not awaited any more".into();
            return self.ledger.note(Event::Remarked { text }, turn);
        }
        self.asks.pending = None;
        self.ledger.answer(answers, turn.fleet);
    }

    /// Asks where open jobs are: once a second while it matters, one question at a time.
    pub(super) fn ask(&mut self, turn: &mut RunCall<'_>) {
        self.asks.at_once |= turn.asks_now;
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
        let sought = self.ledger.account().wanted(turn.fleet, |execution| {
            let from = self.matters_from(execution.process());
            execution.is_ended_by_its_log() || from.is_some_and(|from| from <= turn.now)
        });
        if sought.is_empty() {
            let targets = self.ledger.targets().iter();
            let later = targets.filter_map(|target| self.matters_from(&target.key()));
            self.asks.next = later.filter(|from| *from > turn.now).min();
            return;
        }
        let due = self.asks.last.map(|last| last.after(ASK_EVERY));
        if let Some(due) = due.filter(|due| turn.now < *due && !self.asks.at_once) {
            self.asks.next = Some(due);
            return;
        }
        let id = self.ledger.new_id();
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
        let target = self.ledger.target(process)?;
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
