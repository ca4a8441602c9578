//! The additions of the loop to an effect before it is performed or asked: the payloads at stake,
//! the jobs that are missing. Nothing is awaited here.

use std::path::PathBuf;

use super::Turn;
use crate::core::drain::{Act, Ask, EffectId, Missing, PushBack, Trace, UnitCall, WaitingSignal};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::session::SessionInput;
use crate::journal::run_name;
use crate::rescue::{SavedJob, in_flight, shown_by};
use crate::shell::front::Front;
use crate::shell::missing::{gone, saved_job, suspects};
use crate::shell::work::{Reply, ShellWork};

impl<F: Front> Turn<F> {
    /// Saves what these processes were last seen running.
    pub(super) fn save(&mut self, process: &ProcessKey, only: Option<&str>, now: Moment) {
        let jobs = shown_by(process, only, &self.session, now);
        if jobs.is_empty() {
            return self.front.tell("no job is known there: nothing was saved");
        }
        self.send_saved(jobs, now);
    }

    /// Saves what a target of the run was last seen running, if it is anything.
    pub(super) fn save_known(&mut self, process: &ProcessKey, now: Moment) {
        let jobs = shown_by(process, None, &self.session, now);
        if !jobs.is_empty() {
            self.send_saved(jobs, now);
        }
    }

    fn send_saved(&mut self, jobs: Vec<SavedJob>, now: Moment) {
        let run = match &self.session.run {
            Some(run) if self.session.is_draining() => run.plan().run.clone(),
            Some(_) | None => run_name(now),
        };
        self.send(ShellWork::Save { run, jobs });
    }

    /// Says where payloads were saved, or why they were not.
    pub(super) fn saved_on_demand(
        &mut self,
        run: &str,
        jobs: &[SavedJob],
        saved: Result<PathBuf, String>,
        now: Moment,
    ) {
        match saved {
            Ok(path) => {
                let saved = match jobs.len() {
                    1 => "1 payload".to_owned(),
                    jobs => format!("{jobs} payloads"),
                };
                let path = path.display();
                let dead = jobs.iter().any(|job| job.exited_at.is_some());
                let next = if dead {
                    format!("; push back: drainboard rescue {run} --requeue")
                } else {
                    String::new()
                };
                self.front.tell(&format!("{saved} saved to {path}{next}"));
                let input = SessionInput::SavedOnDemand(run.to_owned(), labels(jobs));
                self.hear(input, now);
            }
            Err(why) => self.front.tell(&format!("nothing is saved: {why}")),
        }
    }

    /// The cost of a KILL, and the payloads that it could lose. TERM costs nothing: its payloads
    /// are saved too, for the push-back that it brings may fail.
    pub(super) fn at_stake(&self, act: &Act) -> (u64, Vec<SavedJob>) {
        let (now, fleet) = (self.now(), &self.session.fleet);
        match &self.session.run {
            Some(run) if act.kind.is_deadly() => (
                run.ledger().stake(Some(&act.target), fleet, now).count(),
                in_flight(run, Some(&act.target), fleet, now),
            ),
            Some(run) if act.kind.signal().stops() => {
                (0, in_flight(run, Some(&act.target), fleet, now))
            }
            Some(_) | None => (0, Vec::new()),
        }
    }

    /// Brings units back to work that a run left behind, once it is over.
    pub(super) fn call_units(&mut self, calls: Vec<UnitCall>, now: Moment) {
        let possible = self.session.unit_calls();
        for call in calls.into_iter().filter(|call| possible.contains(call)) {
            tracing::info!(?call, "unit call");
            self.hear(SessionInput::UnitCalled(call.clone(), None), now);
            let run = self.session.run.as_ref();
            let fleet = &self.session.fleet;
            let payloads = run.map(|run| in_flight(run, Some(&call.target), fleet, now));
            let payloads = payloads.unwrap_or_default();
            self.send(ShellWork::Call { call, payloads });
        }
    }

    /// Searches for missing jobs, outside the loop.
    pub(super) fn search(&mut self, id: EffectId, missing: Vec<Missing>) {
        let now = self.now();
        let run = self.session.run.as_ref();
        let found = run.map(|run| suspects(run, &self.session.fleet, missing, now));
        let (missing, all): (Vec<_>, Vec<_>) = found.into_iter().flatten().unzip();
        let gone = run.map(gone).unwrap_or_default();
        let searching = self.world.plugs.search(all, gone);
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

    /// Waits outside the loop until a process of another host has taken its signal.
    pub(super) fn await_arrival(&mut self, waiting: WaitingSignal) {
        let Some(taking) = self.world.plugs.taken(waiting.clone()) else {
            return;
        };
        let answers = self.world.answers.clone();
        self.world.questions.spawn(async move {
            let taken = taking.await;
            drop(answers.send(Reply::Taken(waiting, taken)));
        });
    }

    /// Has Redis asked where the jobs went that left the table. Not during a drain: its own
    /// account asks, and must not wait behind this.
    pub(super) fn look_for_departed(&mut self) {
        if self.session.is_draining() || !self.front.shows_departed() {
            return;
        }
        let now = self.now();
        let departed = &mut self.session.following.departed;
        let sought = departed.to_ask(now);
        if sought.is_empty() {
            return;
        }
        let Some(looking) = self.world.plugs.glance(sought) else {
            return;
        };
        let answers = self.world.answers.clone();
        self.world.questions.spawn(async move {
            drop(answers.send(Reply::Departed(looking.await)));
        });
    }

    /// Tells the watch over the successors where processes work.
    pub(super) fn tell_directories(&mut self, now: Moment) {
        let Some(watch) = &self.session.afterwards.watch else {
            return;
        };
        for id in watch.wanted(&self.session.fleet) {
            let directory = self.world.plugs.directory(id);
            self.hear(SessionInput::DirectoryRead(id, directory), now);
        }
    }

    /// Sends what the session wants to ask processes for.
    pub(super) fn ask_processes(&mut self) {
        for (process, automatic) in self.session.questions() {
            let held = self.world.plugs.hold(process, &self.session);
            self.send(ShellWork::Backtrace {
                process,
                held,
                automatic,
            });
        }
    }

    /// Sends the cancellations that the operator wants.
    pub(super) fn cancel_jobs(&mut self) {
        let now = self.now();
        for (target, intent) in self.session.cancels_to_send(now) {
            let intent = Box::new(intent);
            self.send(ShellWork::Cancel { target, intent });
        }
    }

    pub(super) fn push_back(&self, id: EffectId, push: &PushBack) {
        let (now, fleet) = (self.now(), &self.session.fleet);
        let run = self.session.run.as_ref();
        let of = (&push.target, push.jid.as_str());
        if let Some(job) = run.and_then(|run| saved_job(run, fleet, of, now)) {
            let job = Box::new(job);
            let confirmed = !self.session.is_draining();
            self.send(ShellWork::PushBack { id, job, confirmed });
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

/// Ids, classes and queues of saved jobs, for the record.
pub(super) fn labels(payloads: &[SavedJob]) -> Vec<[String; 3]> {
    let label = |saved: &SavedJob| {
        let jid = saved.jid.clone().unwrap_or_default();
        [jid, saved.class.clone(), saved.queue.clone()]
    };
    payloads.iter().map(label).collect()
}
