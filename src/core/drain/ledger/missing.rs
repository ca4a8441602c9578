//! The jobs that were not found: which they are, what a search found of them, and how a push of one
//! ended. What the search does not prove is not pushed.

use super::{Ledger, RunCall};
use crate::core::drain::record::Event;
use crate::core::drain::{Effect, EffectId, PushBack};
use crate::core::fate::{Missing, PushOutcome, Ruling, Scene, Trace};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::moment::Moment;

impl Ledger {
    /// How many jobs of ended targets were not found.
    pub fn misses(&self) -> usize {
        let ended = self.targets.iter().filter(|target| target.exited());
        let executions = ended.flat_map(|target| self.account.of(&target.key));
        executions
            .filter(|execution| execution.is_missing())
            .count()
    }

    /// The jobs of ended targets that were not found.
    pub fn missing(&self, fleet: &Fleet, now: Moment) -> Vec<Missing> {
        let scene = Scene {
            fleet,
            now,
            patient: false,
            rehearsal: self.rehearsal,
        };
        let targets = self.targets.iter();
        let missing = targets.flat_map(|target| self.account.missing(&target.subject(), scene));
        missing.collect()
    }

    /// Writes down what a search found; gives the jobs that are provably nowhere.
    pub(in crate::core::drain) fn take_traces(
        &mut self,
        traces: Vec<(Missing, Trace)>,
        turn: &mut RunCall<'_>,
    ) -> Vec<PushBack> {
        let mut pushes = Vec::new();
        for (missing, trace) in traces {
            if self.account.find(&missing.target, &missing.jid).is_none() {
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
                    self.write_fate(&missing.target, &missing.jid, ruling, turn);
                }
                Trace::Open(why) => self.not_pushed(&missing.target, &missing.jid, &why),
            }
        }
        pushes
    }

    fn not_pushed(&mut self, process: &ProcessKey, jid: &str, why: &str) {
        let remark = format!("not pushed back: {why}");
        self.account.remark(process, jid, &remark);
    }

    /// Writes down that a job is about to be pushed back, and wants it done.
    pub(in crate::core::drain) fn intend_push(
        &mut self,
        push: &PushBack,
        turn: &mut RunCall<'_>,
    ) -> EffectId {
        let id = self.new_id();
        if let Some([jid, class, queue]) = self.named(push) {
            let event = Event::RescueIntended { jid, class, queue };
            self.note_about(&push.target, event, turn);
        }
        turn.effects.push(Effect::PushBack(id, push.clone()));
        id
    }

    /// Id, class and queue of a job that is pushed back.
    pub fn named(&self, push: &PushBack) -> Option<[String; 3]> {
        let work = self.account.find(&push.target, &push.jid)?.work();
        Some([push.jid.clone(), work.class.clone(), work.queue.clone()])
    }

    /// Writes down how a push ended.
    pub(in crate::core::drain) fn take_push(
        &mut self,
        push: &PushBack,
        outcome: &PushOutcome,
        turn: &mut RunCall<'_>,
    ) {
        let Some(execution) = self.account.find(&push.target, &push.jid) else {
            return;
        };
        let queue = execution.work().queue.clone();
        let result = outcome.words(&queue);
        match outcome.fate() {
            Some(fate) => {
                let ruling = Ruling::new(fate, format!("{result}: {}", push.why));
                self.write_fate(&push.target, &push.jid, ruling, turn);
            }
            None => self.not_pushed(
                &push.target,
                &push.jid,
                result.trim_start_matches("not pushed back: "),
            ),
        }
        if let Some([jid, class, queue]) = self.named(push) {
            let event = Event::RescueEnded {
                jid,
                class,
                queue,
                back: outcome.is_back(),
                result,
            };
            self.note_about(&push.target, event, turn);
        }
    }
}
