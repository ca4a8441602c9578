//! The fates of the jobs: asked of `fate`, written down, and summed up.

use super::{Ledger, RunCall};
use crate::core::drain::record::Event;
use crate::core::drain::target::{Standing, Target};
use crate::core::fate::STILL_RUNNING;
use crate::core::fate::{Cost, Counts, Execution, Fate, Ruling, Scene, Spent};
use crate::core::fleet::{Fleet, Located, Place, ProcessKey};
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;
use crate::core::timing::LAST_LINES;

impl Ledger {
    /// Fates that beats, logs and answers show by now. Those of `waiting` targets come later: a signal
    /// is on its way to them.
    pub(in crate::core::drain) fn judge(
        &mut self,
        patient: bool,
        waiting: &[ProcessKey],
        turn: &mut RunCall<'_>,
    ) {
        let scene = self.scene(patient, turn);
        for index in 0..self.targets.len() {
            let target = &self.targets[index];
            if waiting.contains(&target.key) {
                continue;
            }
            for execution in self.account.judge(&target.subject(), scene) {
                self.tell_finished(&target.key, &execution, turn);
            }
        }
    }

    /// Takes in where Redis has jobs.
    pub(in crate::core::drain) fn answer(&mut self, answers: &[Located], turn: &RunCall<'_>) {
        for target in &self.targets {
            let subject = target.subject();
            self.account.answer(answers, &subject, turn.fleet, turn.now);
        }
    }

    fn scene<'a>(&self, patient: bool, turn: &RunCall<'a>) -> Scene<'a> {
        Scene {
            fleet: turn.fleet,
            now: turn.now,
            patient,
            rehearsal: self.rehearsal,
        }
    }

    /// Writes down what became of every job, and what keeps targets alive.
    pub(in crate::core::drain) fn close(&mut self, turn: &mut RunCall<'_>) {
        let scene = self.scene(false, turn);
        for target in self.targets.iter().filter(|target| target.exited()) {
            self.account.contradict(&target.subject(), scene);
        }
        self.recount(turn.fleet);
        self.tell_fates(turn);
        self.tell_keepers(turn);
        if self.account.may_have_pushed_unnamed() {
            let text = "a process stopped by itself, and may have pushed back a job that no heartbeat \
                        showed: no job was lost with it";
            self.note(Event::Remarked { text: text.into() }, turn);
        }
    }

    /// Writes down that a job has finished; other fates are told at the end.
    fn tell_finished(&self, target: &ProcessKey, execution: &Execution, turn: &mut RunCall<'_>) {
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

    /// Takes over the fate of a job that a search found or a push changed.
    pub(in crate::core::drain) fn write_fate(
        &mut self,
        target: &ProcessKey,
        jid: &str,
        ruling: Ruling,
        turn: &mut RunCall<'_>,
    ) {
        if let Some(execution) = self.account.settle(target, jid, ruling, turn.now).cloned() {
            self.tell_finished(target, &execution, turn);
        }
    }

    /// Whether Redis or a beat may still speak against a job that seems to have finished.
    pub(in crate::core::drain) fn awaits_more(&self, turn: &RunCall<'_>) -> bool {
        let mut targets = self.targets.iter();
        self.account.awaits_confirmation(turn.fleet)
            || targets.any(|target| self.account.awaits_heirs(&target.subject(), turn.fleet))
    }

    pub(in crate::core::drain) fn has_exited(&self, process: &ProcessKey) -> bool {
        self.target(process).is_some_and(Target::exited)
    }

    pub(in crate::core::drain) fn recount(&mut self, fleet: &Fleet) {
        for target in &self.targets {
            self.account.recount(&target.subject(), fleet);
        }
    }

    /// Whether the last lines of a target that ended by itself may still be read, and would tell
    /// how many jobs without a name it interrupted.
    pub(in crate::core::drain) fn awaits_last_lines(&self, turn: &RunCall<'_>) -> bool {
        self.targets.iter().any(|target| {
            let Standing::Exited { at, .. } = target.standing else {
                return false;
            };
            let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
            let log = target.key.local().and_then(|id| turn.fleet.logs.of(id));
            target.stopped.is_some()
                && !killed
                && turn.now < at.after(LAST_LINES)
                && log.is_some_and(|log| log.place.is_ok())
                && self.account.unnamed(&target.key) > 0
        })
    }

    /// All jobs by fate.
    pub(in crate::core::drain) fn counts(&self) -> Counts {
        let exited = self.targets.iter().filter(|target| target.exited());
        self.account.counts(exited.map(|target| target.key.clone()))
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
        let unnamed: u64 = exited.map(|target| self.account.unnamed(&target.key)).sum();
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
            let end = self.end_of(&target.key, turn.now);
            for execution in self.account.of(&target.key) {
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
                self.note_about(&target.key, event, turn);
            }
        }
        for target in self.targets.iter().filter(|target| target.exited()) {
            for _ in 0..self.account.unnamed(&target.key) {
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
                self.note_about(&target.key, event, turn);
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

/// The name of a queue; that of a job that only the log has named is not known.
fn known(queue: &str) -> Option<String> {
    (!queue.is_empty()).then(|| queue.to_owned())
}
