//! The outlook for all targets at once, and their jobs counted by what becomes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Becomes, Given, JobOutlook, Obstacle, ProcessOutlook, Reason, Situation, Verdict, known,
};
use crate::core::drain::{Run, Standing, Target};
use crate::core::fate::Fate;
use crate::core::fleet::{Job, Process, ProcessKey};

/// The jobs of the targets by what becomes of them if nothing is touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Known to be lost already: their process has ended and they are nowhere.
    pub gone: u64,
    /// Lost if they run so long.
    pub lost: u64,
    /// They may be lost: nothing can push them back now.
    pub in_danger: u64,
    /// They break off at a checkpoint once quiet, and their work goes on later.
    pub breaks_off: u64,
    /// Pushed back, or pushed back if they run so long.
    pub pushed_back: u64,
    /// May end in time.
    pub at_risk: u64,
    /// Expected to end in time.
    pub fits: u64,
    /// Nothing ends them before Redis answers: TERM waits for it.
    pub run_on: u64,
    /// There is no forecast.
    pub unknown: u64,
    /// The obstacle that most of the jobs in danger have.
    pub danger: Option<Obstacle>,
}

impl Tally {
    /// The jobs that still run, or whose end is not known.
    pub fn open(self) -> u64 {
        let back = self.breaks_off + self.pushed_back;
        let ending = self.lost + self.in_danger + back + self.at_risk + self.fits;
        ending + self.run_on + self.unknown
    }

    /// Every job that is counted.
    pub fn total(self) -> u64 {
        self.open() + self.gone
    }

    /// Adds the jobs of a target that has ended.
    fn add_ended(&mut self, run: &Run, target: &Target) {
        let in_order = matches!(
            target.standing,
            Standing::Exited {
                clean: Some(true),
                ..
            }
        );
        for fate in known::fates(run, target) {
            let open = matches!(fate, None | Some(Fate::Unknown));
            let becomes = fate.map_or(Becomes::Sought, Becomes::Ended);
            if open && !in_order {
                self.add(Becomes::Overdue, Reason::CannotPushBack(Obstacle::Gone));
            } else {
                self.add(becomes, Reason::Nothing);
            }
        }
    }

    fn add(&mut self, becomes: Becomes, reason: Reason<'_>) {
        let count = match (becomes, reason) {
            (
                Becomes::Expected(Verdict::Unknown) | Becomes::Overdue,
                Reason::CannotPushBack(obstacle),
            ) => {
                self.danger = self.danger.or(Some(obstacle));
                &mut self.in_danger
            }
            (Becomes::Expected(_), Reason::TermWaitsForRedis) => &mut self.run_on,
            (Becomes::Expected(Verdict::Fits), _) => &mut self.fits,
            (Becomes::Expected(Verdict::AtRisk), _) => &mut self.at_risk,
            (Becomes::Expected(Verdict::BreaksOff), _) => &mut self.breaks_off,
            (
                Becomes::Expected(Verdict::PushedBack)
                | Becomes::Back
                | Becomes::Ended(Fate::PushedBack | Fate::Rescued),
                _,
            ) => &mut self.pushed_back,
            (Becomes::Expected(Verdict::Lost), _) => &mut self.lost,
            (Becomes::Ended(Fate::Lost), _) => &mut self.gone,
            (
                Becomes::Expected(Verdict::Unknown)
                | Becomes::Overdue
                | Becomes::Sought
                | Becomes::Ended(Fate::Unknown),
                _,
            ) => &mut self.unknown,
            (
                Becomes::Ended(Fate::Finished | Fate::Checkpointed | Fate::Retried)
                | Becomes::NotDrained,
                _,
            ) => return,
        };
        *count += 1;
    }
}

/// The outlook for the jobs of every target, made once for a whole frame, dialog or line.
#[derive(Debug)]
pub struct Outlooks<'a> {
    situation: Situation<'a>,
    targets: Vec<ProcessKey>,
    processes: BTreeMap<ProcessKey, ProcessOutlook<'a>>,
}

impl<'a> Outlooks<'a> {
    /// The outlook for the jobs of `targets`.
    pub fn new(situation: Situation<'a>, targets: &[ProcessKey]) -> Self {
        let of = |key: &ProcessKey| {
            let process = situation.fleet.get(key)?;
            Some((key.clone(), situation.process(key, process)))
        };
        Self {
            situation,
            targets: targets.to_vec(),
            processes: targets.iter().filter_map(of).collect(),
        }
    }

    /// The facts that they are made from.
    pub fn situation(&self) -> Situation<'a> {
        self.situation
    }

    /// The targets.
    pub fn targets(&self) -> impl Iterator<Item = &ProcessKey> {
        self.processes.keys()
    }

    /// The targets with their outlooks.
    pub(super) fn processes(&self) -> impl Iterator<Item = (&ProcessKey, &ProcessOutlook<'a>)> {
        self.processes.iter()
    }

    /// The outlook for the jobs of one process. `None`: it is no target.
    pub fn of(&self, key: &ProcessKey) -> Option<&ProcessOutlook<'a>> {
        self.processes.get(key)
    }

    /// The assumption of the forecasts: the operator's next act, where one target waits for it.
    pub fn given(&self) -> Given {
        let taking_part = self.processes.values().filter(|process| process.may_run());
        let given = taking_part.map(ProcessOutlook::given);
        given.max().unwrap_or(Given::Untouched)
    }

    /// The targets that may run jobs and cannot push them back by themselves.
    pub fn stuck(&self) -> Vec<(&ProcessKey, Obstacle)> {
        let mut stuck = Vec::new();
        for (key, process) in &self.processes {
            let obstacle = process.obstacle().filter(|obstacle| !obstacle.is_redis());
            stuck.extend(
                obstacle
                    .filter(|_| process.may_run())
                    .map(|obstacle| (key, obstacle)),
            );
        }
        stuck
    }

    /// Time until the first and until the last of the targets push back what still runs. `None`:
    /// no target will.
    pub fn push_back(&self) -> Option<(Duration, Duration)> {
        let taking_part = self.processes.values().filter(|process| process.may_run());
        let times: Vec<Duration> = taking_part.filter_map(ProcessOutlook::interrupt).collect();
        Some((*times.iter().min()?, *times.iter().max()?))
    }

    /// The outlook of `job`, which runs in the process `key`.
    pub fn job(&self, key: &ProcessKey, job: &Job) -> JobOutlook<'a> {
        let now = self.situation.now;
        let dead = |process: &Process| process.is_dead(now);
        match self.of(key) {
            Some(process) => process.job(job),
            None => JobOutlook::not_drained(self.situation.fleet.get(key).is_some_and(dead)),
        }
    }

    /// The targets that have ended in the run, with it: also those that nothing shows any more.
    pub(super) fn ended(&self) -> impl Iterator<Item = (&'a Run, &'a Target)> {
        let run = self.situation.run;
        let target = move |id: &ProcessKey| {
            let run = run?;
            let target = run.ledger().target(id)?;
            target.exited().then_some((run, target))
        };
        self.targets.iter().filter_map(target)
    }

    /// The jobs of the targets by what becomes of them. Those of ended targets, and those that no
    /// heartbeat shows any more, are counted by the account of the run.
    pub fn tally(&self) -> Tally {
        self.tally_of(|_| true)
    }

    /// The same of those of the targets that count.
    pub fn tally_of(&self, counts: impl Fn(&ProcessKey) -> bool) -> Tally {
        let mut tally = Tally::default();
        for (run, target) in self.ended().filter(|(_, target)| counts(&target.key)) {
            tally.add_ended(run, target);
        }
        for (key, outlook) in self.processes.iter().filter(|(key, _)| counts(key)) {
            let target = self.situation.run.and_then(|run| run.ledger().target(key));
            if target.is_some_and(Target::exited) {
                continue;
            }
            let process = self.situation.fleet.get(key);
            let jobs = process.map_or(&[][..], |process| &process.jobs);
            for job in jobs {
                let said = outlook.job(job);
                tally.add(said.becomes, said.reason);
            }
            if let Some((run, target)) = outlook.target() {
                for fate in known::left(run, target, jobs) {
                    tally.add(Becomes::Ended(fate), Reason::Nothing);
                }
            }
        }
        tally
    }
}
