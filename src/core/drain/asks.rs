//! The questions of a run where its jobs are: when one is put, and which answer is awaited. One
//! question at a time. An answer is taken in by the ledger.

use std::time::Duration;

use super::cursor::Cursor;
use super::ledger::{Ledger, RunCall};
use super::phase::{Hold, Phase};
use super::plan::Plan;
use super::target::Target;
use super::{Ask, Effect, EffectId};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// Between two questions for the same jobs.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long an answer is waited for before the question is put again.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// So long before KILL it matters where the jobs are that it would cost.
const BEFORE_KILL: Duration = Duration::from_secs(2);

/// The questions under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asks {
    pending: Option<(EffectId, Moment)>,
    last: Option<Moment>,
    at_once: bool,
    /// When there will be something to ask, if nothing else happens.
    next: Option<Moment>,
}

impl Asks {
    /// No question is under way, and the next one is put at once.
    pub(super) fn at_once() -> Self {
        Self {
            at_once: true,
            ..Self::default()
        }
    }

    /// When there will be something to ask, if nothing else happens.
    pub(super) fn next(&self) -> Option<Moment> {
        self.next
    }

    /// Ends question `id`, whose answer came; says whether that was awaited.
    pub(super) fn end(&mut self, id: EffectId) -> bool {
        let awaited = self.pending.is_some_and(|(pending, _)| pending == id);
        if awaited {
            self.pending = None;
        }
        awaited
    }

    /// Asks where open jobs are: once a second while it matters, one question at a time.
    pub(super) fn ask(
        &mut self,
        plan: &Plan,
        cursor: &Cursor,
        ledger: &mut Ledger,
        turn: &mut RunCall<'_>,
    ) {
        self.at_once |= turn.asks_now;
        self.next = None;
        if let Some((_, asked)) = self.pending {
            let given_up = asked.after(ANSWER_LIMIT);
            if turn.now < given_up {
                self.next = Some(given_up);
                return;
            }
            self.pending = None;
        }
        // A link that comes back is an observation: nothing is due without one.
        if !turn.fleet.link.is_connected() {
            return;
        }
        let sought = ledger.account().wanted(turn.fleet, |execution| {
            let target = ledger.target(execution.process());
            let from = target.and_then(|target| matters_from(target, plan, cursor));
            execution.is_ended_by_its_log() || from.is_some_and(|from| from <= turn.now)
        });
        if sought.is_empty() {
            let targets = ledger.targets().iter();
            let later = targets.filter_map(|target| matters_from(target, plan, cursor));
            self.next = later.filter(|from| *from > turn.now).min();
            return;
        }
        let due = self.last.map(|last| last.after(ASK_EVERY));
        if let Some(due) = due.filter(|due| turn.now < *due && !self.at_once) {
            self.next = Some(due);
            return;
        }
        let id = ledger.new_id();
        *self = Self {
            pending: Some((id, turn.now)),
            last: Some(turn.now),
            at_once: false,
            next: Some(turn.now.after(ANSWER_LIMIT)),
        };
        turn.effects.push(Effect::Ask(id, Ask::Where(sought)));
    }
}

/// From when on it matters where the jobs are that still run on a target: just before it
/// interrupts them, and while KILL waits for them.
fn matters_from(target: &Target, plan: &Plan, cursor: &Cursor) -> Option<Moment> {
    let waits = matches!(
        cursor.phase(),
        Phase::Gated { .. }
            | Phase::Settling { .. }
            | Phase::Held {
                why: Hold::Question(_) | Hold::Blind(_),
                ..
            }
    );
    if waits || target.exited() {
        return Some(cursor.pace().started);
    }
    let is_kill = |step| plan.sequence.signal(step) == Some(Signal::Kill);
    let kill = if let Phase::Waiting { next, until, .. } = cursor.phase()
        && is_kill(*next)
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
        cursor.pace().started
    } else {
        interrupt.before(ASK_EVERY)
    });
    [interrupt, kill].into_iter().flatten().min()
}
