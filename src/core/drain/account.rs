//! The account of every job that was busy on a target at any time in a run: seen, still there,
//! gone, found again. A fate is written only with its evidence, and once written it stays.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::record::Counts;
use super::target::Target;
use crate::core::fleet::{Fleet, Listed, LocalId, Located, Place, ProcessKey, Sought, Work};
use crate::core::moment::Moment;

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It ended by itself before anything interrupted it.
    Finished,
    /// It is back in a queue, or runs again elsewhere.
    PushedBack,
    /// It failed and stands in the retry, dead or scheduled set.
    Retried,
    /// We pushed it back.
    Rescued,
    /// Its process died before it could push it back, and it is nowhere.
    Lost,
    /// Nobody can say.
    Unknown,
}

impl Fate {
    /// The words for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::PushedBack => "pushed back",
            Self::Retried => "to be retried",
            Self::Rescued => "rescued",
            Self::Lost => "LOST",
            Self::Unknown => "unknown",
        }
    }
}

/// What the beats say of a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Track {
    /// The last beat showed it, or nobody has said otherwise since.
    Running,
    /// A later beat of its living process does not show it any more.
    Gone {
        /// When a look said so.
        at: Moment,
        /// Whether that beat came before anything could have interrupted it.
        uninterrupted: bool,
    },
}

/// One job on its way.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// Its id.
    pub jid: String,
    /// What its work entry said.
    pub work: Arc<Work>,
    /// On which target.
    pub target: LocalId,
    /// What the beats say.
    pub track: Track,
    /// Where Redis has it, as last asked.
    pub located: Option<Located>,
    /// Another process that was seen running it later.
    pub elsewhere: Option<String>,
    /// What became of it, with the evidence.
    pub fate: Option<(Fate, String)>,
    /// When it was first seen.
    pub seen: Moment,
}

impl Tracked {
    /// Whether it was seen back in a queue, in a private list or in another process's work.
    pub fn is_back(&self, _fleet: &Fleet, target: &Target, _now: Moment) -> bool {
        let after_signal = |asked: Moment| {
            target
                .last
                .is_some_and(|_| target.mark.is_some_and(|mark| asked >= mark.at))
        };
        self.elsewhere.is_some()
            || self.located.as_ref().is_some_and(|located| {
                matches!(located.place, Place::Queue { .. } | Place::Private { .. })
                    && after_signal(located.asked)
            })
    }

    fn sought(&self) -> Sought {
        Sought {
            jid: self.jid.clone(),
            queue: self.work.queue.clone(),
            payload: Arc::clone(&self.work.payload),
        }
    }
}

/// All jobs of a run.
#[derive(Clone, Debug, Default)]
pub struct Account {
    jobs: Vec<Tracked>,
    by_jid: HashMap<(LocalId, String), usize>,
    /// Worker threads per target whose job nobody had seen when it ended.
    unseen: HashMap<LocalId, u64>,
    /// The beats of other processes when the settling began.
    baseline: HashMap<ProcessKey, f64>,
    looked: Option<Moment>,
}

impl Account {
    /// Every job, in the order in which they were seen.
    pub fn jobs(&self) -> &[Tracked] {
        &self.jobs
    }

    pub(super) fn jobs_mut(&mut self) -> &mut [Tracked] {
        &mut self.jobs
    }

    /// The jobs of one target.
    pub fn of(&self, target: LocalId) -> impl Iterator<Item = &Tracked> {
        self.jobs
            .iter()
            .filter(move |tracked| tracked.target == target)
    }

    /// Takes in what the fleet shows of `target` now.
    pub(super) fn observe(&mut self, target: &Target, fleet: &Fleet, now: Moment) {
        let Some(process) = fleet.get(&target.key()) else {
            return;
        };
        for job in &process.jobs {
            let Some(jid) = &job.work.jid else { continue };
            let key = (target.id, jid.clone());
            if let Some(index) = self.by_jid.get(&key) {
                let tracked = &mut self.jobs[*index];
                // Fetched again by the same process before it was quiet: a new execution.
                if tracked.track != Track::Running && tracked.fate.is_none() {
                    tracked.track = Track::Running;
                }
                continue;
            }
            self.by_jid.insert(key, self.jobs.len());
            self.jobs.push(Tracked {
                jid: jid.clone(),
                work: Arc::clone(&job.work),
                target: target.id,
                track: Track::Running,
                located: None,
                elsewhere: None,
                fate: None,
                seen: now,
            });
        }
        if process.listed == Listed::Yes && !process.exited() {
            self.mark_gone(target, fleet, now);
        }
        if !process.exited() {
            let mark = target.mark.unwrap_or_else(|| process.mark(now));
            self.unseen
                .insert(target.id, fleet.unseen(process, &mark, now));
        }
    }

    /// Jobs that the fleet dropped: a newer, whole beat did not show them.
    fn mark_gone(&mut self, target: &Target, fleet: &Fleet, now: Moment) {
        let Some(process) = fleet.get(&target.key()) else {
            return;
        };
        let beat = process.beat.as_ref().map_or(0.0, |beat| beat.host_time);
        let uninterrupted = target
            .interrupt()
            .is_none_or(|interrupt| beat < interrupt.epoch() - 1.0);
        for tracked in self
            .jobs
            .iter_mut()
            .filter(|tracked| tracked.target == target.id)
        {
            let shown = process
                .jobs
                .iter()
                .any(|job| job.work.jid.as_deref() == Some(&tracked.jid));
            if !shown && tracked.track == Track::Running {
                tracked.track = Track::Gone {
                    at: now,
                    uninterrupted,
                };
            }
        }
    }

    /// Notes which open jobs another process runs; once per look.
    pub(super) fn look_elsewhere(&mut self, fleet: &Fleet) {
        if fleet.looked == self.looked || self.jobs.iter().all(|tracked| tracked.fate.is_some()) {
            return;
        }
        self.looked = fleet.looked;
        let mut running: HashMap<&str, Vec<(&ProcessKey, f64, String)>> = HashMap::new();
        for (key, process) in &fleet.processes {
            for job in &process.jobs {
                if let Some(jid) = job.work.jid.as_deref() {
                    let run_at = job.work.run_at.unwrap_or_default();
                    running
                        .entry(jid)
                        .or_default()
                        .push((key, run_at, process.name()));
                }
            }
        }
        for tracked in self
            .jobs
            .iter_mut()
            .filter(|tracked| tracked.fate.is_none())
        {
            let own = ProcessKey::Local(tracked.target);
            let since = tracked.work.run_at.unwrap_or_default();
            tracked.elsewhere = running.get(tracked.jid.as_str()).and_then(|places| {
                let other =
                    |place: &&(&ProcessKey, f64, String)| *place.0 != own && place.1 >= since;
                places.iter().find(other).map(|place| place.2.clone())
            });
        }
    }

    /// The open jobs worth asking for: `due` says whether those that still run are, by target.
    pub(super) fn wanted(&self, due: impl Fn(LocalId) -> bool) -> Vec<Sought> {
        self.jobs
            .iter()
            .filter(|tracked| tracked.fate.is_none())
            .filter(|tracked| match tracked.track {
                Track::Running => due(tracked.target),
                Track::Gone { .. } => true,
            })
            .map(Tracked::sought)
            .collect()
    }

    /// Takes in where jobs were found.
    pub(super) fn answer(&mut self, answers: Vec<Located>) {
        for located in answers {
            for tracked in self
                .jobs
                .iter_mut()
                .filter(|tracked| tracked.jid == located.jid)
            {
                tracked.located = Some(located.clone());
            }
        }
    }

    /// Worker threads of `target` whose job nobody had seen when it was last counted.
    pub fn unseen(&self, target: LocalId) -> u64 {
        self.unseen.get(&target).copied().unwrap_or_default()
    }

    pub(super) fn forget_unseen(&mut self, target: LocalId) {
        self.unseen.remove(&target);
    }

    /// Remembers the beats of all processes, to tell newer ones apart.
    pub(super) fn set_baseline(&mut self, fleet: &Fleet) {
        self.baseline = fleet
            .processes
            .iter()
            .filter_map(|(key, process)| Some((key.clone(), process.beat.as_ref()?.host_time)))
            .collect();
    }

    /// Whether every process but `own` that serves `queue` has beaten since the baseline;
    /// `Err` with their number if nobody else serves it.
    pub(super) fn others_have_beaten(
        &self,
        queue: &str,
        own: &[ProcessKey],
        fleet: &Fleet,
    ) -> Others {
        let mut others = fleet
            .serving(queue)
            .filter(|(key, _)| !own.contains(key))
            .peekable();
        if others.peek().is_none() {
            return Others::Nobody;
        }
        let beaten = others.all(|(key, process)| {
            let beat = process.beat.as_ref().map(|beat| beat.host_time);
            self.baseline.get(key).copied() != beat
        });
        if beaten {
            Others::Beaten
        } else {
            Others::Awaited
        }
    }

    /// Jobs by fate; open ones and unseen threads of exited targets are unknown.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            unknown: self.unseen.values().sum(),
            ..Counts::default()
        };
        for tracked in &self.jobs {
            let count = match tracked.fate.as_ref().map(|(fate, _)| *fate) {
                Some(Fate::Finished) => &mut counts.finished,
                Some(Fate::PushedBack) => &mut counts.pushed_back,
                Some(Fate::Retried) => &mut counts.retried,
                Some(Fate::Rescued) => &mut counts.rescued,
                Some(Fate::Lost) => &mut counts.lost,
                Some(Fate::Unknown) | None => &mut counts.unknown,
            };
            *count += 1;
        }
        counts
    }
}

/// Whether the other processes that serve a queue have beaten since the targets ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// No other process serves it.
    Nobody,
    /// Each has.
    Beaten,
    /// Not each has.
    Awaited,
}
