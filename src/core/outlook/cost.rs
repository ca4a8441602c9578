//! The cost of a drain before it is over: what the account counts already, and what the jobs that
//! still run would cost at their interrupt or at KILL.

use std::collections::HashSet;
use std::time::Duration;

use super::verdict::Latest;
use super::{Becomes, Obstacle, Outlooks, ProcessOutlook, Verdict};
use crate::core::drain::{Run, Target};
use crate::core::fate::{Cost, before_any_signal};
use crate::core::fleet::Process;
use crate::core::moment::{Moment, rounded_up};
use crate::core::timing::{BEGUN_ELSEWHERE, CLEANUP, SHOWN_WITHIN};

/// The cost of a drain that goes as foretold. Each figure is `None` where it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toll {
    /// Time until the last known job has ended or was interrupted, at the latest.
    pub ends: Option<Duration>,
    /// Work of the jobs that are expected to be pushed back or lost.
    pub redone: Option<Duration>,
    /// Work of all known jobs, should none of them end by itself any more.
    pub at_most: Option<Duration>,
    /// Work that jobs may add that no heartbeat has shown yet.
    pub unseen: Option<Duration>,
    /// Work so far of the jobs that ended, are expected to end, or break off at a checkpoint.
    pub kept: Option<Duration>,
}

impl Default for Toll {
    fn default() -> Self {
        Self {
            ends: Some(Duration::ZERO),
            redone: Some(Duration::ZERO),
            at_most: Some(Duration::ZERO),
            unseen: Some(Duration::ZERO),
            kept: Some(Duration::ZERO),
        }
    }
}

impl Toll {
    /// The most that must be done again, jobs that no heartbeat has shown included.
    pub fn whole(self) -> Option<Duration> {
        Some(self.at_most? + self.unseen?)
    }

    /// The most that the known jobs must do again, in words: `at most 41 min of work again`. `None`:
    /// no work is thrown away.
    pub fn words(self) -> Option<String> {
        match self.at_most {
            Some(Duration::ZERO) => None,
            Some(most) => Some(format!("at most {} of work again", rounded_up(most))),
            None => Some("an unknown amount of work again".into()),
        }
    }

    /// The cost that jobs may add that no heartbeat has shown, in words. `None`: there are none.
    pub fn unseen_words(self) -> Option<String> {
        match self.unseen {
            Some(Duration::ZERO) => None,
            Some(most) => Some(format!(
                "jobs that no heartbeat has shown yet: at most {} more",
                rounded_up(most)
            )),
            None => Some("jobs that no heartbeat has shown yet: not known".into()),
        }
    }

    fn add(&mut self, other: Self) {
        self.ends = self.ends.zip(other.ends).map(|(one, other)| one.max(other));
        self.redone = sum(self.redone, other.redone);
        self.at_most = sum(self.at_most, other.at_most);
        self.unseen = sum(self.unseen, other.unseen);
        self.kept = sum(self.kept, other.kept);
    }

    /// Adds the cost of a job that runs no more.
    fn add_known(&mut self, cost: Option<Cost>) {
        let redone = cost.map(|cost| cost.redone);
        self.redone = sum(self.redone, redone);
        self.at_most = sum(self.at_most, redone);
        self.kept = sum(self.kept, cost.map(|cost| cost.kept));
    }

    /// Adds the cost of a job that has run for `elapsed` and is expected to end like this.
    fn add_running(&mut self, elapsed: Option<Duration>, becomes: Becomes, left: Latest) {
        let none = Some(Duration::ZERO);
        let whole = left.added_to(elapsed);
        let (redone, kept) = match becomes {
            Becomes::Expected(Verdict::Fits | Verdict::BreaksOff) => (none, elapsed),
            Becomes::Expected(Verdict::AtRisk) => (none, none),
            Becomes::Expected(Verdict::PushedBack | Verdict::Lost) => (whole, none),
            // A job that is back goes on for nothing.
            Becomes::Back => (elapsed, none),
            Becomes::Expected(Verdict::Unknown)
            | Becomes::Overdue
            | Becomes::Sought
            | Becomes::NotDrained
            | Becomes::Ended(_) => (None, None),
        };
        // It may swallow the interrupt and go on.
        let at_most = if becomes == Becomes::Back {
            whole.map(|whole| whole + BEGUN_ELSEWHERE)
        } else {
            whole
        };
        self.add(Self {
            ends: left.ends(),
            redone,
            at_most,
            unseen: none,
            kept,
        });
    }
}

fn sum(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    Some(one? + other?)
}

/// The choices of an operator now, in place of what the plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum If {
    /// The plan goes on as it stands.
    AsPlanned,
    /// TERM or INT is sent so much later.
    TermIn(Duration),
    /// KILL is sent now.
    KillNow,
}

impl ProcessOutlook<'_> {
    /// When the work of its jobs is over at the latest.
    fn latest(&self, what: If) -> Latest {
        let reacts = self.obstacle().is_none_or(Obstacle::is_redis);
        match (what, self.ends()) {
            (If::KillNow, _) => Latest::In(Duration::ZERO),
            (If::TermIn(left), _) if reacts => Latest::In(left + self.timeout() + CLEANUP),
            (_, Some(ends)) => ends.latest(),
            (_, None) => Latest::Unknown,
        }
    }

    /// The cost of the work of its jobs: of those that run, and of those that the account knows.
    fn toll(&self, process: &Process, now: Moment, what: If) -> Toll {
        let mut toll = Toll::default();
        let latest = self.latest(what);
        let mut running = HashSet::new();
        for job in &process.jobs {
            let Some(jid) = job.work.jid.as_deref() else {
                continue;
            };
            let becomes = match (self.job(job).becomes, what) {
                (Becomes::Expected(_), If::KillNow) => Becomes::Expected(Verdict::Lost),
                (becomes, _) => becomes,
            };
            if !matches!(becomes, Becomes::Ended(_)) {
                running.insert(jid);
                toll.add_running(job.elapsed(now), becomes, latest);
            }
        }
        if let Some((run, target)) = self.target() {
            for execution in run.ledger().account().of(&target.key) {
                if !running.contains(execution.jid()) {
                    toll.add_known(run.ledger().cost_of(execution, now));
                }
            }
        }
        let unseen = self.unseen(process, now);
        let age = process
            .beat
            .as_ref()
            .map(|beat| beat.age(now) + SHOWN_WITHIN);
        toll.unseen = if unseen == 0 {
            Some(Duration::ZERO)
        } else {
            latest
                .added_to(age)
                .map(|each| each.saturating_mul(u32::try_from(unseen).unwrap_or(u32::MAX)))
        };
        toll
    }

    /// How many of its threads may run a job that no heartbeat has shown, or take one.
    fn unseen(&self, process: &Process, now: Moment) -> u64 {
        match self.target() {
            None => before_any_signal(process, now),
            Some((run, target)) => unseen_in(run, target, process, now),
        }
    }
}

fn unseen_in(run: &Run, target: &Target, process: &Process, now: Moment) -> u64 {
    let key = target.key.clone();
    if target.exited() {
        return run.ledger().account().unnamed(&key);
    }
    let file = run.ledger().account().file(&key);
    file.map_or_else(
        || before_any_signal(process, now),
        |file| file.may_run_unnamed(process, &target.subject(), now),
    )
}

impl Outlooks<'_> {
    /// The cost of the drain if nothing is touched; before it, if it began now.
    pub fn toll(&self) -> Toll {
        self.toll_if(If::AsPlanned)
    }

    /// The cost if the operator does this now.
    pub fn toll_if(&self, what: If) -> Toll {
        let mut toll = Toll::default();
        let situation = self.situation();
        // A target that has ended may be shown by nothing any more; the account keeps it.
        let shown = |target: &Target| situation.fleet.get(&target.key).is_some();
        for (run, target) in self.ended().filter(|(_, target)| !shown(target)) {
            for execution in run.ledger().account().of(&target.key) {
                toll.add_known(run.ledger().cost_of(execution, situation.now));
            }
        }
        for (key, outlook) in self.processes() {
            if let Some(process) = situation.fleet.get(key) {
                toll.add(outlook.toll(process, situation.now, what));
            }
        }
        toll
    }
}
