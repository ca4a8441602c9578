//! What the loop adds to an effect before it is performed or asked: the payloads at stake, the
//! jobs that are missing. Nothing is awaited here.

use super::Turn;
use crate::core::drain::{Act, Ask, EffectId, Missing, PushBack, Trace};
use crate::rescue::{SavedJob, in_flight};
use crate::shell::front::Front;
use crate::shell::missing::{saved_job, suspects};
use crate::shell::performer::{Reply, Work};

impl<F: Front> Turn<F> {
    /// What a KILL would cost, and the payloads that it could lose.
    pub(super) fn at_stake(&self, act: &Act) -> (u64, Vec<SavedJob>) {
        let (now, fleet) = (self.now(), &self.session.fleet);
        match &self.session.run {
            Some(run) if act.kind.is_deadly() => (
                run.stake(Some(act.target), fleet, now).count(),
                in_flight(run, Some(act.target), fleet, now),
            ),
            Some(_) | None => (0, Vec::new()),
        }
    }

    /// Searches for missing jobs, outside the loop.
    pub(super) fn search(&mut self, id: EffectId, missing: Vec<Missing>) {
        let now = self.now();
        let run = self.session.run.as_ref();
        let found = run.map(|run| suspects(run, &self.session.fleet, missing, now));
        let (missing, all): (Vec<_>, Vec<_>) = found.into_iter().flatten().unzip();
        let searching = self.world.plugs.search(all);
        let answers = self.world.answers.clone();
        self.world.questions.spawn(async move {
            let traces = match searching {
                Some(searching) => searching.await,
                None => vec![Trace::Open("there is no Redis to ask".into()); missing.len()],
            };
            let traces = missing.into_iter().zip(traces).collect();
            drop(answers.send(Reply::Searched(id, traces)));
        });
    }

    /// Sends what the session wants to ask processes for.
    pub(super) fn ask_processes(&mut self) {
        for (process, automatic) in self.session.questions() {
            let held = self.world.plugs.hold(process, &self.session);
            self.send(Work::Backtrace {
                process,
                held,
                automatic,
            });
        }
    }

    pub(super) fn push_back(&self, id: EffectId, push: &PushBack) {
        let (now, fleet) = (self.now(), &self.session.fleet);
        let run = self.session.run.as_ref();
        let of = (push.target, push.jid.as_str());
        if let Some(job) = run.and_then(|run| saved_job(run, fleet, of, now)) {
            let job = Box::new(job);
            self.send(Work::PushBack { id, job });
        }
    }

    pub(super) fn question(&mut self, id: EffectId, ask: Ask) {
        let wants_answer = matches!(ask, Ask::Where(_));
        let Some(answering) = self.world.plugs.ask(ask) else {
            return;
        };
        let answers = self.world.answers.clone();
        self.world.questions.spawn(async move {
            let located = answering.await;
            if wants_answer {
                drop(answers.send(Reply::Answer(id, located)));
            }
        });
    }
}
