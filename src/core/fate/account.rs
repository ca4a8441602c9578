//! All case files of one drain: every job that was busy on a target at any time. The one place
//! that hands out fates, stakes and missing jobs.

use std::collections::{HashMap, HashSet};

use super::case_file::CaseFile;
use super::evidence::Fact;
use super::execution::Execution;
use super::fate::{Counts, Fate, Ruling};
use super::heirs::makers;
use super::judge::judge;
use super::log;
use super::missing::{Missing, missing};
use super::others::{Served, goes_on};
use super::scene::Scene;
use super::subject::Subject;
use super::threads::is_finished_by_absence;
use crate::core::fleet::{
    Fleet, Life, Located, Place, Process, ProcessKey, Sought, at_work_on, may_be_same_job,
};
use crate::core::moment::Moment;
use crate::core::wording::count_that;

/// All jobs of a drain.
#[derive(Clone, Debug, Default)]
pub struct Account {
    files: Vec<CaseFile>,
    served: Served,
    /// The look that was taken in last.
    looked: Option<Moment>,
}

impl Account {
    /// Every execution, process by process.
    pub fn executions(&self) -> impl Iterator<Item = &Execution> {
        self.files.iter().flat_map(CaseFile::executions)
    }

    /// The executions of one process.
    pub fn of<'a>(&'a self, process: &ProcessKey) -> impl Iterator<Item = &'a Execution> + use<'a> {
        let file = self.file(process);
        file.into_iter().flat_map(CaseFile::executions)
    }

    /// The case file of one process.
    pub fn file(&self, process: &ProcessKey) -> Option<&CaseFile> {
        self.files.iter().find(|file| file.process() == process)
    }

    /// The newest execution of this JID on this process.
    pub fn find(&self, process: &ProcessKey, jid: &str) -> Option<&Execution> {
        self.file(process)?.of(jid)
    }

    fn find_mut(&mut self, process: &ProcessKey, jid: &str) -> Option<&mut Execution> {
        let mut files = self.files.iter_mut();
        files.find(|file| file.process() == process)?.of_mut(jid)
    }

    /// How many jobs `process` may have run that no source named.
    pub fn unnamed(&self, process: &ProcessKey) -> u64 {
        self.file(process).map_or(0, CaseFile::unnamed)
    }

    /// Takes in what the fleet shows of one target.
    pub fn observe(
        &mut self,
        process: &Process,
        subject: &Subject<'_>,
        fleet: &Fleet,
        now: Moment,
    ) {
        let key = subject.key.clone();
        let known = self.files.iter().position(|file| *file.process() == key);
        let index = known.unwrap_or_else(|| {
            self.files.push(CaseFile::new(key));
            self.files.len() - 1
        });
        let file = &mut self.files[index];
        file.observe(process, subject, fleet, now);
        file.recount(subject, fleet);
    }

    /// Takes in what the fleet shows of all other processes. `ended`: the targets that have exited.
    pub fn observe_others(&mut self, ended: &[ProcessKey], fleet: &Fleet, now: Moment) {
        self.served.observe(ended, fleet, now);
        if fleet.looked != self.looked {
            self.looked = fleet.looked;
            self.look_elsewhere(fleet);
            self.look_for_heirs(fleet);
        }
    }

    /// Notes whose work goes on in another job that a beat shows. A fate that stands already is
    /// judged again.
    fn look_for_heirs(&mut self, fleet: &Fleet) {
        let taken = self.heirs();
        let mut open: HashMap<String, Vec<&mut Execution>> = HashMap::new();
        for execution in self.files.iter_mut().flat_map(CaseFile::executions_mut) {
            let work_id = execution
                .lineage()
                .map(|lineage| lineage.work_id().to_owned());
            if let Some(work_id) = work_id.filter(|_| execution.goes_on().is_none()) {
                open.entry(work_id).or_default().push(execution);
            }
        }
        if open.is_empty() {
            return;
        }
        for process in fleet.processes.values() {
            for job in &process.jobs {
                let lineage = job.work.lineage.as_ref();
                let Some(lineage) = lineage.filter(|lineage| lineage.passed().is_some()) else {
                    continue;
                };
                let Some(jid) = job.work.jid.as_ref().filter(|jid| !taken.contains(*jid)) else {
                    continue;
                };
                let known = open.get_mut(lineage.work_id()).into_iter().flatten();
                for execution in known.filter(|known| known.jid() != jid) {
                    let passed = execution
                        .lineage()
                        .and_then(|known| known.passed_to(lineage));
                    if let Some(passed) = passed.filter(|_| execution.may_precede(job.started)) {
                        let place = at_work_on(&process.name());
                        let exit = exit_of(fleet, execution.process());
                        execution.go_on_at_work(job, (jid.clone(), passed, place), exit);
                    }
                }
            }
        }
        self.mark_shared();
    }

    /// Notes which open executions go on in another process.
    fn look_elsewhere(&mut self, fleet: &Fleet) {
        let files = self.files.iter_mut();
        let mut open: HashMap<String, Vec<&mut Execution>> = HashMap::new();
        for execution in files.flat_map(CaseFile::executions_mut) {
            if execution.ruling().is_none() && execution.back().is_none() {
                let known = open.entry(execution.jid().to_owned()).or_default();
                known.push(execution);
            }
        }
        if open.is_empty() {
            return;
        }
        for (key, process) in &fleet.processes {
            for job in &process.jobs {
                let jid = job.work.jid.as_deref().unwrap_or_default();
                let (Some(known), Some(began), Some(shown)) =
                    (open.get_mut(jid), job.started, process.shown(job))
                else {
                    continue;
                };
                for execution in known {
                    if job.iterable {
                        execution.add(job.seen, Fact::Iterable);
                    }
                    let exit = exit_of(fleet, execution.process());
                    if key == execution.process() {
                        continue;
                    }
                    let name = process.name();
                    if !may_be_same_job(&execution.work().payload, &job.work.payload) {
                        let place = at_work_on(&name);
                        execution.add(job.seen, Fact::Namesake { place });
                    } else if goes_on(execution, began, shown, exit) {
                        let how = format!("runs again on {name}");
                        execution.add(began, Fact::Back { how });
                    }
                }
            }
        }
    }

    /// Whether Redis is still to be asked, since the exits, for a job that seemed to have finished.
    pub fn awaits_confirmation(&self, fleet: &Fleet) -> bool {
        let mut executions = self.executions();
        executions.any(|known| known.is_to_be_confirmed(exit_of(fleet, known.process())))
    }

    /// The open executions worth asking Redis for. `due` says whether one that still runs is.
    pub fn wanted(&self, fleet: &Fleet, due: impl Fn(&Execution) -> bool) -> Vec<Sought> {
        self.executions()
            .filter(|execution| {
                let exited = exit_of(fleet, execution.process());
                execution.ruling().is_none() || execution.is_to_be_confirmed(exited)
            })
            .filter(|execution| !execution.is_on_its_thread() || due(execution))
            .flat_map(|execution| execution.sought(fleet))
            .collect()
    }

    /// Takes in where jobs of this process were found, as answered `at`. One that was back in its queue after the
    /// first signal stays known for it, wherever it goes from there.
    pub fn answer(
        &mut self,
        answers: &[Located],
        subject: &Subject<'_>,
        fleet: &Fleet,
        at: Moment,
    ) {
        let key = subject.key.clone();
        let mut taken = self.heirs();
        let answers = best(answers);
        let makers = makers(self.executions(), &answers, &fleet.logs.witness);
        let exit = subject.exit.map(|exit| exit.at);
        let file = self.files.iter_mut().find(|file| *file.process() == key);
        for execution in file.into_iter().flat_map(CaseFile::executions_mut) {
            if let Some(located) = answers.get(execution.jid()) {
                execution.locate(located, subject, at);
                execution.hand_on(located, exit, &taken, &makers);
                taken.extend(execution.goes_on().map(|known| known.jid.to_owned()));
            }
        }
        self.mark_shared();
    }

    /// The later jobs that do the work of executions of this account.
    fn heirs(&self) -> HashSet<String> {
        let known = self.executions().filter_map(Execution::goes_on);
        known.map(|known| known.jid.to_owned()).collect()
    }

    /// Marks the executions that seem to go on in the same later job.
    fn mark_shared(&mut self) {
        let mut claims: HashMap<String, u32> = HashMap::new();
        for known in self.executions().filter_map(Execution::goes_on) {
            *claims.entry(known.jid.to_owned()).or_default() += 1;
        }
        for execution in self.files.iter_mut().flat_map(CaseFile::executions_mut) {
            let known = execution.goes_on();
            if known.is_some_and(|known| claims.get(known.jid).is_some_and(|claims| *claims > 1)) {
                execution.share();
            }
        }
    }

    /// Judges every open execution of one process, and each that only seems to have finished while its
    /// threads say otherwise; gives those that have a new fate now.
    pub fn judge(&mut self, subject: &Subject<'_>, scene: Scene<'_>) -> Vec<Execution> {
        let key = subject.key.clone();
        let Some(file) = self.files.iter_mut().find(|file| *file.process() == key) else {
            return Vec::new();
        };
        let contradicted = file.contradicting_threads(subject) > 0;
        let is_due = |known: &&Execution| {
            known.ruling().is_none() || contradicted && is_finished_by_absence(known)
        };
        let ruled: Vec<(String, Option<Ruling>)> = file
            .executions()
            .filter(is_due)
            .map(|known| {
                let ruling = judge(known, file, subject, &self.served, scene);
                (known.jid().to_owned(), ruling)
            })
            .collect();
        let mut judged = Vec::new();
        for (jid, ruling) in ruled {
            let Some(execution) = file.of_mut(&jid) else {
                continue;
            };
            match ruling {
                Some(ruling) if execution.ruling() != Some(&ruling) => {
                    execution.rule(ruling);
                    judged.push(execution.clone());
                }
                Some(_) => {}
                None => execution.reopen(),
            }
        }
        file.recount(subject, scene.fleet);
        judged
    }

    /// Holds the fates of one ended process against the count in its own log: where it pushed back
    /// more jobs than are known to be back, a job that only seems to have finished may be one of
    /// them.
    pub fn contradict(&mut self, subject: &Subject<'_>, scene: Scene<'_>) {
        let key = subject.key.clone();
        let Some(file) = self.files.iter_mut().find(|file| *file.process() == key) else {
            return;
        };
        let Some(pushed) = log::pushed_back(subject, scene.fleet, scene.now) else {
            return;
        };
        let may_be_back =
            |known: &&Execution| !matches!(known.fate(), Some(Fate::Finished | Fate::Retried));
        let back = file.executions().filter(may_be_back).count() as u64 + file.unnamed();
        if pushed <= back {
            return;
        }
        let doubt = format!(
            "but its log says that {} pushed back, and only {back} are known that may be",
            count_that(pushed, "job", ("was", "were"))
        );
        for execution in file.executions_mut() {
            if execution.fate() == Some(Fate::Finished) && execution.log_end().is_none() {
                execution.remark(&doubt);
                let why = execution.ruling().map(|ruling| ruling.why.clone());
                execution.rule(Ruling::new(Fate::Unknown, why.unwrap_or_default()));
            }
        }
    }

    /// Counts again how many jobs of one process no source named.
    pub fn recount(&mut self, subject: &Subject<'_>, fleet: &Fleet) {
        let key = subject.key.clone();
        if let Some(file) = self.files.iter_mut().find(|file| *file.process() == key) {
            file.recount(subject, fleet);
        }
    }

    /// Takes in what a search or a push of this program made of a job; gives its execution.
    pub fn settle(
        &mut self,
        process: &ProcessKey,
        jid: &str,
        ruling: Ruling,
        at: Moment,
    ) -> Option<&Execution> {
        let execution = self.find_mut(process, jid)?;
        let Ruling { fate, why } = ruling.clone();
        execution.add(at, Fact::Settled { fate, why });
        execution.rule(ruling);
        Some(execution)
    }

    /// Takes in that an operator marked a job as cancelled.
    pub fn mark_cancelled(&mut self, process: &ProcessKey, jid: &str, by: &str, at: Moment) {
        if let Some(execution) = self.find_mut(process, jid) {
            execution.add(at, Fact::Marked { by: by.to_owned() });
        }
    }

    /// Adds to the reason of a job's fate.
    pub fn remark(&mut self, process: &ProcessKey, jid: &str, remark: &str) {
        if let Some(execution) = self.find_mut(process, jid) {
            execution.remark(remark);
        }
    }

    /// The jobs of one ended process that were not found.
    pub fn missing(&self, subject: &Subject<'_>, scene: Scene<'_>) -> Vec<Missing> {
        let file = self.file(subject.key);
        file.map_or_else(Vec::new, |file| missing(file, subject, &self.served, scene))
    }

    /// Whether a process that left in order may have pushed back jobs that no source named.
    pub fn may_have_pushed_unnamed(&self) -> bool {
        self.files.iter().any(CaseFile::may_have_pushed_unnamed)
    }

    /// Jobs by fate. Open ones are unknown, and so are the unnamed ones of the processes that have
    /// `exited`.
    pub fn counts(&self, exited: impl Iterator<Item = ProcessKey>) -> Counts {
        let mut counts = Counts {
            unknown: exited.map(|process| self.unnamed(&process)).sum(),
            ..Counts::default()
        };
        for execution in self.executions() {
            counts.add(execution.fate());
        }
        counts
    }
}

fn exit_of(fleet: &Fleet, key: &ProcessKey) -> Option<Moment> {
    match fleet.get(key)?.life {
        Life::Exited { at, .. } => Some(at),
        Life::Here | Life::Elsewhere => None,
    }
}

/// The best answer for each job: where it was found, else where it may not have been looked for,
/// else that it is nowhere. A job that may have come from several queues was asked for in each.
pub(super) fn best(answers: &[Located]) -> HashMap<&str, &Located> {
    let rank = |located: &Located| match located.place {
        Place::Work { .. }
        | Place::Queue { .. }
        | Place::Private { .. }
        | Place::Retry
        | Place::Dead
        | Place::Schedule => 0,
        Place::NotAsked { .. } => 1,
        Place::Nowhere { searched_whole } => 2 + u8::from(searched_whole),
    };
    let mut best: HashMap<&str, &Located> = HashMap::new();
    for located in answers {
        let known = best.entry(&located.jid).or_insert(located);
        if rank(located) < rank(known) {
            *known = located;
        }
    }
    best
}
