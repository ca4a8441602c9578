//! The rescue at the end of a run: the question whether missing jobs are provably nowhere, and
//! the pushes, one after the other. It proves nothing by itself, and what the search does not
//! prove is not pushed.

use std::time::Duration;

use super::{Run, RunCall};
use crate::core::drain::phase::{Phase, Rescue};
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::{Ask, Effect, EffectId, PushBack};
use crate::core::fate::{Missing, PushOutcome, Ruling, Scene, Trace};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::moment::Moment;
use crate::core::wording::count;

/// How long a search may wait for the beats of others: exit + 2 s, one period, and a margin.
pub const SEARCH_WITHIN: Duration = Duration::from_secs(20);
/// How long the answer of a search is waited for: the wait for beats, then one last search.
const SEARCH_LIMIT: Duration = Duration::from_secs(60);
/// How long the outcome of one push is waited for.
const PUSH_LIMIT: Duration = Duration::from_secs(15);

impl Run {
    /// Whether some job of an ended target was not found.
    pub fn misses_any(&self) -> bool {
        let ended = self.targets.iter().filter(|target| target.exited());
        let mut executions = ended.flat_map(|target| self.account.of(&target.key()));
        executions.any(crate::core::fate::Execution::is_missing)
    }

    /// The jobs of ended targets that were not found.
    pub fn missing(&self, fleet: &Fleet, now: Moment) -> Vec<Missing> {
        let scene = Scene {
            fleet,
            now,
            patient: false,
            rehearsal: self.plan.rehearsal,
        };
        let targets = self.targets.iter();
        let missing = targets.flat_map(|target| self.account.missing(&target.subject(), scene));
        missing.collect()
    }

    /// Begins the search for missing jobs, if that is wanted; says whether it did.
    pub(super) fn search(&mut self, outcome: Outcome, turn: &mut RunCall<'_>) -> bool {
        let missing = self.missing(turn.fleet, turn.now);
        if !self.plan.guard.rescue || missing.is_empty() {
            return false;
        }
        if !turn.fleet.link.is_connected() {
            let text = "nothing is pushed back: Redis cannot be asked".into();
            self.note(Event::Remarked { text }, turn);
            return false;
        }
        let text = format!(
            "searching all queues, sets and processes for {}: every process that serves their queues \
             must have sent a heartbeat since, which takes up to {} s",
            count(missing.len() as u64, "missing job"),
            SEARCH_WITHIN.as_secs()
        );
        self.note(Event::Remarked { text }, turn);
        let id = self.new_id();
        turn.effects.push(Effect::Ask(id, Ask::Nowhere(missing)));
        self.cursor.phase = Phase::Settling {
            since: turn.now,
            until: turn.now.after(SEARCH_LIMIT),
            outcome,
            rescue: Rescue::Searching { id },
        };
        true
    }

    /// Takes in what a search found.
    pub(super) fn searched(
        &mut self,
        id: EffectId,
        traces: Vec<(Missing, Trace)>,
        turn: &mut RunCall<'_>,
    ) {
        if !matches!(&self.cursor.phase, Phase::Settling { rescue: Rescue::Searching { id: awaited }, .. } if *awaited == id)
        {
            let text = "the answer of a search came that is not awaited any more".into();
            return self.note(Event::Remarked { text }, turn);
        }
        let pushes = self.take_traces(traces, turn);
        self.push_next(pushes, turn);
    }

    /// Writes down what a search found; gives the jobs that are provably nowhere.
    pub(super) fn take_traces(
        &mut self,
        traces: Vec<(Missing, Trace)>,
        turn: &mut RunCall<'_>,
    ) -> Vec<PushBack> {
        let mut pushes = Vec::new();
        for (missing, trace) in traces {
            let key = ProcessKey::Local(missing.target);
            if self.account.find(&key, &missing.jid).is_none() {
                continue;
            }
            let trace = match (missing.doubt, trace) {
                (Some(doubt), Trace::Nowhere(_)) => Trace::Open(doubt),
                (_, trace) => trace,
            };
            match trace {
                Trace::Nowhere(why) => pushes.push(PushBack {
                    target: missing.target,
                    jid: missing.jid,
                    why,
                }),
                Trace::Found(fate, why) => {
                    let ruling = Ruling::new(fate, why);
                    self.write_fate(missing.target, &missing.jid, ruling, turn);
                }
                Trace::Open(why) => self.not_pushed(&key, &missing.jid, &why),
            }
        }
        pushes
    }

    fn not_pushed(&mut self, process: &ProcessKey, jid: &str, why: &str) {
        let remark = format!("not pushed back: {why}");
        self.account.remark(process, jid, &remark);
    }

    /// Pushes the next job back, or is over.
    fn push_next(&mut self, mut left: Vec<PushBack>, turn: &mut RunCall<'_>) {
        let Phase::Settling { since, outcome, .. } = self.cursor.phase else {
            return;
        };
        if left.is_empty() {
            return self.finish(outcome, turn);
        }
        let push = left.remove(0);
        let id = self.intend_push(&push, turn);
        self.cursor.phase = Phase::Settling {
            since,
            until: turn.now.after(PUSH_LIMIT),
            outcome,
            rescue: Rescue::Pushing { id, push, left },
        };
    }

    /// Writes down that a job is about to be pushed back, and wants it done.
    pub(super) fn intend_push(&mut self, push: &PushBack, turn: &mut RunCall<'_>) -> EffectId {
        let id = self.new_id();
        if let Some([jid, class, queue]) = self.named(push) {
            let event = Event::RescueIntended { jid, class, queue };
            self.note_about(push.target, event, turn);
        }
        turn.effects.push(Effect::PushBack(id, push.clone()));
        id
    }

    /// Id, class and queue of a job that is pushed back.
    pub fn named(&self, push: &PushBack) -> Option<[String; 3]> {
        let key = ProcessKey::Local(push.target);
        let work = self.account.find(&key, &push.jid)?.work();
        Some([push.jid.clone(), work.class.clone(), work.queue.clone()])
    }

    /// Takes in how a push ended.
    pub(super) fn pushed(&mut self, id: EffectId, outcome: &PushOutcome, turn: &mut RunCall<'_>) {
        let Phase::Settling {
            rescue:
                Rescue::Pushing {
                    id: awaited,
                    push,
                    left,
                },
            ..
        } = &self.cursor.phase
        else {
            return self.strange(turn);
        };
        if *awaited != id {
            return self.strange(turn);
        }
        let (push, left) = (push.clone(), left.clone());
        self.take_push(&push, outcome, turn);
        self.push_next(left, turn);
    }

    fn strange(&mut self, turn: &mut RunCall<'_>) {
        let text = "the outcome of a push came that is not awaited any more".into();
        self.note(Event::Remarked { text }, turn);
    }

    /// Writes down how a push ended.
    pub(super) fn take_push(
        &mut self,
        push: &PushBack,
        outcome: &PushOutcome,
        turn: &mut RunCall<'_>,
    ) {
        let key = ProcessKey::Local(push.target);
        let Some(execution) = self.account.find(&key, &push.jid) else {
            return;
        };
        let queue = execution.work().queue.clone();
        let result = outcome.words(&queue);
        match outcome.fate() {
            Some(fate) => {
                let ruling = Ruling::new(fate, format!("{result}: {}", push.why));
                self.write_fate(push.target, &push.jid, ruling, turn);
            }
            None => self.not_pushed(
                &key,
                &push.jid,
                result.trim_start_matches("not pushed back: "),
            ),
        }
        if let Some([jid, class, queue]) = self.named(push) {
            let event = Event::RescueEnded {
                jid,
                class,
                queue,
                back: match outcome {
                    PushOutcome::Pushed | PushOutcome::Already | PushOutcome::InQueue => Some(true),
                    PushOutcome::Refused(_) | PushOutcome::Rehearsed => Some(false),
                    PushOutcome::Doubtful(_) => None,
                },
                result,
            };
            self.note_about(push.target, event, turn);
        }
    }

    /// Ends a rescue whose time is up; says whether there was one that goes on.
    pub(super) fn rescue_goes_on(&mut self, turn: &mut RunCall<'_>) -> bool {
        let Phase::Settling { until, rescue, .. } = &self.cursor.phase else {
            return false;
        };
        let late = turn.now >= *until;
        match rescue {
            Rescue::Awaited => return false,
            _ if !late => {}
            Rescue::Searching { .. } => {
                let text = "nothing is pushed back: the search did not end in time".into();
                self.note(Event::Remarked { text }, turn);
                self.push_next(Vec::new(), turn);
            }
            Rescue::Pushing { push, left, .. } => {
                let (push, left) = (push.clone(), left.clone());
                let doubtful = PushOutcome::Doubtful("no outcome came in time".into());
                self.take_push(&push, &doubtful, turn);
                self.push_next(left, turn);
            }
        }
        true
    }

    /// An abort while a push is under way: its outcome is awaited for `limit`, nothing more is
    /// pushed. Says whether there is one.
    pub(super) fn end_pushing(&mut self, limit: Duration, now: Moment) -> bool {
        if let Phase::Settling {
            rescue: Rescue::Pushing { left, .. },
            outcome,
            until,
            ..
        } = &mut self.cursor.phase
        {
            left.clear();
            if *outcome != Outcome::Stopped {
                *outcome = Outcome::Stopped;
                *until = now.after(limit);
            }
            return true;
        }
        false
    }
}
