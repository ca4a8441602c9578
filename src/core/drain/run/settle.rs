//! The account at the end: what became of each job, and on what evidence. The fates are judged in
//! `fate`; here they are asked for in time, written down and weighed.

use super::{Run, RunCall};
use crate::core::drain::phase::{Phase, Rescue};
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::target::{Standing, Target};
use crate::core::fate::STILL_RUNNING;
use crate::core::fate::{Cost, Counts, Execution, Fate, Ruling, Scene, Spent};
use crate::core::fleet::{LocalId, Place, ProcessKey};
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;
use crate::core::timing::{LAST_LINES, ONE_BEAT};

impl Run {
    /// Begins to find out what became of the jobs.
    pub(super) fn settle(&mut self, outcome: Outcome, turn: &mut RunCall<'_>) {
        self.asks.want_now();
        self.look_now(turn);
        self.cursor.phase = Phase::Settling {
            since: turn.now,
            until: turn.now.after(ONE_BEAT),
            outcome,
            rescue: Rescue::Awaited,
        };
    }

    /// Fates that beats, logs and answers show by now, while the run goes on and at its end.
    pub(super) fn judge(&mut self, patient: bool, turn: &mut RunCall<'_>) {
        let scene = Scene {
            fleet: turn.fleet,
            now: turn.now,
            patient,
            rehearsal: self.plan.rehearsal,
        };
        for index in 0..self.targets.len() {
            let target = &self.targets[index];
            let id = target.id;
            // It may have been heard already: its outcome tells from when on.
            if patient && self.is_under_way(id) {
                continue;
            }
            for execution in self.account.judge(&target.subject(), scene) {
                self.tell_finished(id, &execution, turn);
            }
        }
    }

    /// Whether a signal is on its way to this target.
    fn is_under_way(&self, id: LocalId) -> bool {
        let Phase::Performing(performing) = &self.cursor.phase else {
            return false;
        };
        performing.acts.values().any(|target| *target == id)
    }

    /// Writes down that a job has finished; other fates are told at the end.
    fn tell_finished(&self, target: LocalId, execution: &Execution, turn: &mut RunCall<'_>) {
        let Some(ruling) = execution
            .ruling()
            .filter(|ruling| ruling.fate == Fate::Finished)
        else {
            return;
        };
        let ran = execution.ran(turn.now);
        let event = Event::JobFinished {
            jid: execution.jid().to_owned(),
            class: execution.work().class.clone(),
            queue: known(&execution.work().queue),
            elapsed_s: ran.map(|ran| Seconds(ran.told(execution.fate()))),
            elapsed_at_most_s: ran.map(|ran| Seconds(ran.most)),
            evidence: Some(ruling.why.clone()),
        };
        self.note_about(target, event, turn);
    }

    /// Takes in that an operator marked a job of a target as cancelled.
    pub fn mark_cancelled(&mut self, process: &ProcessKey, jid: &str, by: &str, at: Moment) {
        self.account.mark_cancelled(process, jid, by, at);
    }

    /// Takes over the fate of a job that a search found or a push changed.
    pub(super) fn write_fate(
        &mut self,
        target: LocalId,
        jid: &str,
        ruling: Ruling,
        turn: &mut RunCall<'_>,
    ) {
        let key = ProcessKey::Local(target);
        if let Some(execution) = self.account.settle(&key, jid, ruling, turn.now).cloned() {
            self.tell_finished(target, &execution, turn);
        }
    }

    /// Ends the settling once every job has its fate, or when its time is up.
    pub(super) fn conclude(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Settling {
            since,
            until,
            outcome,
            ..
        } = self.cursor.phase
        else {
            return;
        };
        if self.rescue_goes_on(turn) {
            return;
        }
        let is_open =
            |known: &Execution| known.ruling().is_none() && self.has_exited(known.process());
        let open = self.account.executions().any(is_open)
            || turn.fleet.link.is_connected() && self.awaits_more(turn);
        let untold = self
            .targets
            .iter()
            .any(|t| matches!(t.standing, Standing::Exited { told: false, .. }));
        // A job fetched just before the end shows in no beat; the look after the exits tells
        // whether the processes left in order.
        let looked = turn.fleet.looked.is_some_and(|looked| looked >= since)
            || Self::is_blind(turn.fleet, turn.now);
        if turn.now < until && (open || untold || !looked) {
            return;
        }
        if open {
            self.judge(false, turn);
        }
        self.recount(turn);
        if turn.now < until && self.awaits_last_lines(turn) {
            return;
        }
        // A target that was given up as alive may have ended while the account was made.
        let all = self.targets.iter().all(Target::exited);
        let outcome = if all { Outcome::Drained } else { outcome };
        if !self.search(outcome, turn) {
            self.finish(outcome, turn);
        }
    }

    /// Whether Redis or a beat may still speak against a job that seems to have finished.
    fn awaits_more(&self, turn: &RunCall<'_>) -> bool {
        let mut targets = self.targets.iter();
        self.account.awaits_confirmation(turn.fleet)
            || targets.any(|target| self.account.awaits_heirs(&target.subject(), turn.fleet))
    }

    fn has_exited(&self, process: &ProcessKey) -> bool {
        self.target(process).is_some_and(Target::exited)
    }

    fn recount(&mut self, turn: &RunCall<'_>) {
        for target in &self.targets {
            self.account.recount(&target.subject(), turn.fleet);
        }
    }

    /// Whether the last lines of a target that ended by itself may still be read, and would tell
    /// how many jobs without a name it interrupted.
    fn awaits_last_lines(&self, turn: &RunCall<'_>) -> bool {
        self.targets.iter().any(|target| {
            let Standing::Exited { at, .. } = target.standing else {
                return false;
            };
            let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
            let log = turn.fleet.logs.of(target.id);
            target.stopped.is_some()
                && !killed
                && turn.now < at.after(LAST_LINES)
                && log.is_some_and(|log| log.place.is_ok())
                && self.account.unnamed(&target.key()) > 0
        })
    }

    /// Writes the last records and is over.
    pub(super) fn finish(&mut self, base: Outcome, turn: &mut RunCall<'_>) {
        let scene = Scene {
            fleet: turn.fleet,
            now: turn.now,
            patient: false,
            rehearsal: self.plan.rehearsal,
        };
        for target in self.targets.iter().filter(|target| target.exited()) {
            self.account.contradict(&target.subject(), scene);
        }
        self.recount(turn);
        self.tell_fates(turn);
        self.tell_keepers(turn);
        if self.account.may_have_pushed_unnamed() {
            let text = "a process stopped by itself, and may have pushed back a job that no heartbeat \
                        showed: no job was lost with it";
            self.note(Event::Remarked { text: text.into() }, turn);
        }
        let jobs = self.counts();
        let outcome = weigh(base, jobs, self.account.may_have_pushed_unnamed());
        let work = self.spent(turn.now).whole();
        let seconds = Seconds(turn.now.since(self.cursor.pace.started));
        self.cursor.phase = Phase::Over {
            outcome,
            at: turn.now,
            jobs,
        };
        self.note(
            Event::Finished {
                outcome,
                seconds,
                jobs,
                work_kept_s: work.map(|work| Seconds(work.kept)),
                work_redone_s: work.map(|work| Seconds(work.redone)),
                why: None,
            },
            turn,
        );
    }

    /// All jobs by fate.
    pub(super) fn counts(&self) -> Counts {
        let exited = self.targets.iter().filter(|target| target.exited());
        self.account.counts(exited.map(Target::key))
    }

    /// When the process ended, else now.
    fn end_of(&self, process: &ProcessKey, now: Moment) -> Moment {
        match self.target(process).map(|target| &target.standing) {
            Some(Standing::Exited { at, .. }) => *at,
            Some(_) | None => now,
        }
    }

    /// The work of all jobs, kept and to be done again.
    pub fn spent(&self, now: Moment) -> Spent {
        let exited = self.targets.iter().filter(|target| target.exited());
        let unnamed: u64 = exited
            .map(|target| self.account.unnamed(&target.key()))
            .sum();
        let costs = self.account.executions();
        let spent: Spent = costs
            .map(|execution| self.cost_of(execution, now))
            .collect();
        Spent {
            unknown: spent.unknown + unnamed,
            ..spent
        }
    }

    /// The work of one job. `None`: its fate or its begin is not known.
    pub fn cost_of(&self, execution: &Execution, now: Moment) -> Option<Cost> {
        execution.cost(self.end_of(execution.process(), now))
    }

    fn tell_fates(&mut self, turn: &mut RunCall<'_>) {
        for target in &self.targets {
            let key = target.key();
            let end = self.end_of(&key, turn.now);
            for execution in self.account.of(&key) {
                let open = || Ruling::new(Fate::Unknown, self.why_open(execution, turn));
                let Ruling { fate, why } = execution.ruling().cloned().unwrap_or_else(open);
                let ran = execution.ran(end);
                let event = Event::Reconciled {
                    jid: Some(execution.jid().to_owned()),
                    class: Some(execution.work().class.clone()),
                    queue: known(&execution.work().queue),
                    elapsed_s: ran.map(|ran| Seconds(ran.told(Some(fate)))),
                    elapsed_at_most_s: ran.map(|ran| Seconds(ran.most)),
                    fate,
                    evidence: why,
                    work_id: Some(execution.work_id().to_owned()),
                    goes_on_as: execution.goes_on_as().map(str::to_owned),
                    cost_s: execution.cost(end).map(|cost| Seconds(cost.redone)),
                };
                self.note_about(target.id, event, turn);
            }
        }
        for target in self.targets.iter().filter(|target| target.exited()) {
            for _ in 0..self.account.unnamed(&target.key()) {
                let event = Event::Reconciled {
                    jid: None,
                    class: None,
                    queue: None,
                    elapsed_s: None,
                    elapsed_at_most_s: None,
                    fate: Fate::Unknown,
                    evidence: "a worker thread whose job no heartbeat had shown".into(),
                    work_id: None,
                    goes_on_as: None,
                    cost_s: None,
                };
                self.note_about(target.id, event, turn);
            }
        }
    }

    fn why_open(&self, execution: &Execution, turn: &RunCall<'_>) -> String {
        if !self.has_exited(execution.process()) {
            return STILL_RUNNING.into();
        }
        match execution.place() {
            Some(Place::NotAsked { why }) => format!("Redis could not be asked: {why}"),
            None => "Redis could not be asked".into(),
            Some(_) if turn.fleet.memory.lost_at().is_some() => {
                "Redis lost what it had meanwhile: that it is nowhere proves nothing".into()
            }
            Some(_) => "not found before the time was up".into(),
        }
    }
}

/// The outcome once the fates are known: the worst that applies. `unnamed`: jobs without a name may
/// have been pushed back.
pub(super) fn weigh(base: Outcome, jobs: Counts, unnamed: bool) -> Outcome {
    match base {
        Outcome::Drained if jobs.lost + jobs.unknown > 0 => Outcome::Lost,
        Outcome::Drained if unnamed || jobs.pushed_back + jobs.rescued + jobs.checkpointed > 0 => {
            Outcome::Requeued
        }
        Outcome::Refused
        | Outcome::Error
        | Outcome::Stopped
        | Outcome::Alive
        | Outcome::Lost
        | Outcome::Requeued
        | Outcome::Drained => base,
    }
}

/// The name of a queue; that of a job that only the log has named is not known.
fn known(queue: &str) -> Option<String> {
    (!queue.is_empty()).then(|| queue.to_owned())
}
