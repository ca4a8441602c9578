//! The lost jobs of a run that is over, while a person decides about them: what a search proved,
//! and the pushes that were confirmed.

use std::collections::BTreeMap;

use super::{Kind, Session};
use crate::core::drain::{
    About, Effect, EffectId, Event, Missing, PushBack, PushOutcome, Record, Run, Target, Trace,
};
use crate::core::moment::Moment;
use crate::core::successor::Watch;

/// The name of the file in which payloads of `run` are saved.
pub fn payload_file(run: &str) -> String {
    format!("{run}.jsonl")
}

/// The state of the search once a run is over.
#[derive(Clone, Debug, Default)]
pub struct LateSearch {
    /// The watch over what comes up in the place of the targets, if it was asked for.
    pub watch: Option<Watch>,
    /// The knowledge of lost jobs.
    pub salvage: Salvage,
    /// The file in which payloads of the run were saved; `None`: none were.
    pub saved: Option<String>,
}

/// The knowledge of lost jobs.
#[derive(Clone, Debug, Default)]
pub struct Salvage {
    /// The search under way.
    asked: Option<EffectId>,
    /// Provably nowhere: each may be pushed back.
    pub nowhere: Vec<PushBack>,
    /// Pushes under way.
    pushing: BTreeMap<EffectId, PushBack>,
}

impl Salvage {
    /// Whether a search or a push is under way.
    pub fn is_under_way(&self) -> bool {
        self.asked.is_some() || !self.pushing.is_empty()
    }

    /// Whether a search is under way.
    pub fn searches(&self) -> bool {
        self.asked.is_some()
    }
}

impl Session {
    /// Whether a person may look for lost jobs now, and push them back: they are real, the run
    /// is over, and some are missing.
    pub fn may_salvage(&self) -> bool {
        let missing = |run: &Run| run.phase().is_over() && run.ledger().misses() > 0;
        matches!(self.setting.kind, Kind::Live | Kind::Demo)
            && !self.afterwards.salvage.is_under_way()
            && self.run.as_ref().is_some_and(missing)
    }

    /// The file in which payloads of `run` are saved.
    pub(super) fn saved_file(&self, run: &str) -> Option<String> {
        let folder = self.setting.saved_in.as_ref()?;
        Some(format!("{folder}/{}", payload_file(run)))
    }

    /// Asks whether the missing jobs of the run that is over are provably nowhere.
    #[must_use]
    pub fn look_for_lost(&mut self, now: Moment) -> Vec<Effect> {
        if !self.may_salvage() {
            return Vec::new();
        }
        self.afterwards.salvage.nowhere.clear();
        let run = self.run.as_mut();
        let asked = run.and_then(|run| run.ask_afterwards(&self.fleet, now));
        let Some((id, effect)) = asked else {
            return Vec::new();
        };
        self.afterwards.salvage.asked = Some(id);
        vec![effect]
    }

    /// Asks again for the missing jobs once Redis answers again: nothing else would take the page
    /// back that says where they are. `was_connected`: before what was just taken in.
    #[must_use]
    pub(super) fn look_again(&mut self, was_connected: bool, now: Moment) -> Vec<Effect> {
        if was_connected || !self.fleet.link.is_connected() {
            return Vec::new();
        }
        self.look_for_lost(now)
    }

    /// Takes an answer in that the run itself does not await any more.
    pub(super) fn found_lost(
        &mut self,
        id: EffectId,
        traces: Vec<(Missing, Trace)>,
        now: Moment,
    ) -> Vec<Effect> {
        if self.afterwards.salvage.asked != Some(id) {
            return Vec::new();
        }
        self.afterwards.salvage.asked = None;
        let Some(run) = &mut self.run else {
            return Vec::new();
        };
        let (nowhere, effects) = run.found_afterwards(traces, &self.fleet, now);
        self.afterwards.salvage.nowhere = nowhere;
        self.keep(&effects);
        effects
    }

    /// Pushes back the jobs that the operator confirmed and that are still known to be nowhere.
    #[must_use]
    pub fn push_lost(&mut self, jobs: &[PushBack], now: Moment) -> Vec<Effect> {
        let (pushes, left) = std::mem::take(&mut self.afterwards.salvage.nowhere)
            .into_iter()
            .partition(|push| jobs.contains(push));
        self.afterwards.salvage.nowhere = left;
        let pushes: Vec<PushBack> = pushes;
        let Some(run) = self
            .run
            .as_mut()
            .filter(|_| matches!(self.setting.kind, Kind::Live | Kind::Demo))
        else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for push in pushes {
            let (id, effects) = run.push_afterwards(&push, &self.fleet, now);
            self.afterwards.salvage.pushing.insert(id, push);
            all.extend(effects);
        }
        self.keep(&all);
        all
    }

    /// Takes in how a confirmed push ended.
    pub(super) fn pushed_lost(
        &mut self,
        id: EffectId,
        outcome: &PushOutcome,
        now: Moment,
    ) -> Vec<Effect> {
        let push = self.afterwards.salvage.pushing.remove(&id);
        let (Some(push), Some(run)) = (push, &mut self.run) else {
            return Vec::new();
        };
        let effects = run.pushed_afterwards(&push, outcome, &self.fleet, now);
        self.keep(&effects);
        effects
    }

    /// Payloads of these jobs (id, class, queue) were saved under the name `run` because the
    /// operator wanted it.
    #[must_use]
    pub fn saved_on_demand(&mut self, run: &str, jobs: &[[String; 3]], now: Moment) -> Vec<Effect> {
        let draining = self.is_draining();
        let known = self.run.as_ref().filter(|_| draining);
        let file = self.saved_file(run);
        let saved = jobs.iter().map(|job| {
            let event = payload_saved(job, file.clone());
            let record = match known {
                Some(run) => run.ledger().record(about(run, &job[0]), event, now),
                None => Record {
                    at: now,
                    since_start: std::time::Duration::ZERO,
                    run: run.to_owned(),
                    rehearsal: false,
                    about: None,
                    event,
                },
            };
            Effect::Note(Box::new(record))
        });
        let effects: Vec<Effect> = saved.collect();
        if draining {
            self.afterwards.saved = file;
        }
        self.keep(&effects);
        // Without a run there is no record but the saved file itself.
        if draining { effects } else { Vec::new() }
    }
}

/// That the payload of a job (id, class, queue) was saved in `file`.
pub(super) fn payload_saved([jid, class, queue]: &[String; 3], file: Option<String>) -> Event {
    Event::PayloadSaved {
        jid: jid.clone(),
        class: class.clone(),
        queue: queue.clone(),
        file,
    }
}

/// The target that runs this job, as far as the account knows.
fn about(run: &Run, jid: &str) -> Option<About> {
    let runs = |target: &&Target| {
        let mut executions = run.ledger().account().of(&target.key);
        executions.any(|execution| execution.jid() == jid)
    };
    run.ledger()
        .targets()
        .iter()
        .find(runs)
        .map(|target| target.about.clone())
}
