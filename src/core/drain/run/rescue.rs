//! The rescue at the end of a run: the question whether missing jobs are provably nowhere, and
//! the pushes, one after the other. It proves nothing by itself, and what the search does not
//! prove is not pushed.

use std::time::Duration;

use super::{Run, RunCall};
use crate::core::drain::phase::{Phase, Rescue};
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::{Ask, Effect, EffectId, PushBack};
use crate::core::fate::{Missing, PushOutcome, Trace};
use crate::core::wording::count;

/// How long a search may wait for the beats of others: exit + 2 s, one period, and a margin.
pub const SEARCH_WITHIN: Duration = Duration::from_secs(20);
/// How long the answer of a search is waited for: the wait for beats, then one last search.
const SEARCH_LIMIT: Duration = Duration::from_secs(60);
/// How long the outcome of one push is waited for.
const PUSH_LIMIT: Duration = Duration::from_secs(15);

impl Run {
    /// Begins the search for missing jobs, if that is wanted; says whether it did.
    pub(super) fn search(&mut self, outcome: Outcome, turn: &mut RunCall<'_>) -> bool {
        let missing = self.ledger.missing(turn.fleet, turn.now);
        if !self.plan.guard.rescue || missing.is_empty() {
            return false;
        }
        if !turn.fleet.link.is_connected() {
            let text = "nothing is pushed back: Redis cannot be asked".into();
            self.ledger.note(Event::Remarked { text }, turn);
            return false;
        }
        let text = format!(
            "searching all queues, sets and processes for {}: every process that serves their queues \
             must have sent a heartbeat since, which takes up to {} s",
            count(missing.len() as u64, "missing job"),
            SEARCH_WITHIN.as_secs()
        );
        self.ledger.note(Event::Remarked { text }, turn);
        let id = self.ledger.new_id();
        turn.effects.push(Effect::Ask(id, Ask::Nowhere(missing)));
        let searching = Phase::Settling {
            since: turn.now,
            until: turn.now.after(SEARCH_LIMIT),
            outcome,
            rescue: Rescue::Searching { id },
        };
        self.cursor.enter(searching, turn.now);
        true
    }

    /// Takes in what a search found.
    pub(super) fn searched(
        &mut self,
        id: EffectId,
        traces: Vec<(Missing, Trace)>,
        turn: &mut RunCall<'_>,
    ) {
        if !matches!(self.cursor.phase(), Phase::Settling { rescue: Rescue::Searching { id: awaited }, .. } if *awaited == id)
        {
            let text = "the answer of a search came that is not awaited any more".into();
            return self.ledger.note(Event::Remarked { text }, turn);
        }
        let pushes = self.ledger.take_traces(traces, turn);
        self.push_next(pushes, turn);
    }

    /// Pushes the next job back, or is over.
    fn push_next(&mut self, mut left: Vec<PushBack>, turn: &mut RunCall<'_>) {
        let Phase::Settling { since, outcome, .. } = *self.cursor.phase() else {
            return;
        };
        if left.is_empty() {
            return self.finish(outcome, turn);
        }
        let push = left.remove(0);
        let id = self.ledger.intend_push(&push, turn);
        let pushing = Phase::Settling {
            since,
            until: turn.now.after(PUSH_LIMIT),
            outcome,
            rescue: Rescue::Pushing { id, push, left },
        };
        self.cursor.enter(pushing, turn.now);
    }

    /// Takes in how a push ended.
    pub(super) fn pushed(&mut self, id: EffectId, outcome: &PushOutcome, turn: &mut RunCall<'_>) {
        let Some((push, left)) = self.cursor.phase().awaited_push(id) else {
            let text = "the outcome of a push came that is not awaited any more".into();
            return self.ledger.note(Event::Remarked { text }, turn);
        };
        self.ledger.take_push(&push, outcome, turn);
        self.push_next(left, turn);
    }

    /// Ends a rescue whose time is up; says whether there was one that goes on.
    pub(super) fn rescue_goes_on(&mut self, turn: &mut RunCall<'_>) -> bool {
        let Phase::Settling { until, rescue, .. } = self.cursor.phase() else {
            return false;
        };
        let late = turn.now >= *until;
        match rescue {
            Rescue::Awaited => return false,
            _ if !late => {}
            Rescue::Searching { .. } => {
                let text = "nothing is pushed back: the search did not end in time".into();
                self.ledger.note(Event::Remarked { text }, turn);
                self.push_next(Vec::new(), turn);
            }
            Rescue::Pushing { push, left, .. } => {
                let (push, left) = (push.clone(), left.clone());
                let doubtful = PushOutcome::Doubtful("no outcome came in time".into());
                self.ledger.take_push(&push, &doubtful, turn);
                self.push_next(left, turn);
            }
        }
        true
    }
}
