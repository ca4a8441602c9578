//! The account of every job that was busy on a target at any time in a run: seen, still there,
//! gone, found again. A fate is written only with its evidence, and once written it stays.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::fate::Fate;
use super::missing::Watch;
use super::named::{denies, has_left};
use super::record::Counts;
use super::target::{MARGIN, Target};
use super::testimony::FETCHING;
use super::tracked::{Track, Tracked};
use crate::core::fleet::{Fleet, Job, Listed, LocalId, Located, Place, Process, Sought};
use crate::core::moment::Moment;

/// All jobs of a run.
#[derive(Clone, Debug, Default)]
pub struct Account {
    jobs: Vec<Tracked>,
    by_jid: HashMap<(LocalId, String), usize>,
    /// Per target: worker threads whose job nobody had seen.
    threads: HashMap<LocalId, Threads>,
    /// How far the log of each target was taken in.
    pub(super) heard: HashMap<LocalId, u64>,
    pub(super) looked: Option<Moment>,
    /// The jobs whose iteration state was seen at any time.
    pub(super) iterable: HashSet<String>,
    /// Who served which queue meanwhile.
    pub(super) watch: Watch,
}

/// The worker threads of one target, as last counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Threads {
    /// Those whose job no beat had shown.
    unseen: u64,
    /// Those of them whose job the log has named.
    named: u64,
    /// When the system had counted them; `None`: as many as Sidekiq has were taken to be busy.
    pub(super) counted: Option<Moment>,
    /// How many known jobs had freed theirs by then.
    freed: u64,
    /// Since when it is known that they take no more jobs.
    pub(super) quiet: Option<Moment>,
    /// Whether no beat was late enough to name all that is left to name.
    open: bool,
    /// How many were added for jobs that had ended by themselves.
    hidden: u64,
    /// How many of all these can have been interrupted, where its log tells.
    most: Option<u64>,
}

impl Account {
    /// Every job, in the order in which they were seen.
    pub fn jobs(&self) -> &[Tracked] {
        &self.jobs
    }

    pub(super) fn jobs_mut(&mut self) -> &mut [Tracked] {
        &mut self.jobs
    }

    pub(super) fn position(&self, target: LocalId, jid: &str) -> Option<usize> {
        self.by_jid.get(&(target, jid.to_owned())).copied()
    }

    /// The jobs of one target.
    pub fn of(&self, target: LocalId) -> impl Iterator<Item = &Tracked> {
        self.jobs
            .iter()
            .filter(move |tracked| tracked.target == target)
    }

    /// Whether a job is known to be an `IterableJob`.
    pub fn is_iterable(&self, jid: &str) -> bool {
        self.iterable.contains(jid)
    }

    /// Takes in what the fleet shows of `target` now.
    pub(super) fn observe(
        &mut self,
        target: &Target,
        process: &Process,
        fleet: &Fleet,
        now: Moment,
    ) {
        let new = self.follow(target.id, process);
        // A killed process keeps its rows: its last beat may be read after its end.
        let gone = if process.listed == Listed::Yes {
            self.mark_gone(target, process, now)
        } else {
            0
        };
        let mark = target.mark.unwrap_or_else(|| process.mark(now));
        let counted = Fleet::counted_at(process, &mark, now);
        let known = self.threads.get(&target.id).and_then(|known| known.quiet);
        let proof = || fleet.proof_of_quiet(process, &mark, now).map(|_| now);
        let quiet = known.or_else(|| target.mark.and_then(|_| proof()));
        let mut latest = Threads {
            counted,
            quiet,
            open: true,
            ..Threads::default()
        };
        let freed = self.freed(target, &latest, fleet);
        let unseen = Fleet::unseen_beside(process, &mark, freed, now);
        let safe = target.safe_until();
        let last = Fleet::last_word(process, &mark)
            .is_some_and(|beat| safe.is_none_or(|safe| beat.host_time < safe.epoch()));
        (latest.unseen, latest.freed) = (unseen, freed);
        let known = self.threads.entry(target.id).or_insert(latest);
        known.open &= !last;
        known.quiet = quiet;
        // What a last look still shows was on one of the threads counted before, or on that of a
        // job that it shows no more.
        let before = known.unseen.saturating_sub(new.saturating_sub(gone));
        // What a beat shows no more has left its thread to others, unless it took no more by then.
        let settled = quiet.is_some_and(|quiet| {
            let beat = process.beat.as_ref();
            beat.is_some_and(|beat| beat.host_time > quiet.after(FETCHING).epoch())
        });
        let freed_by_beat = if settled { 0 } else { gone.saturating_sub(new) };
        // What ends after it may have been interrupted tells nothing of what was on its threads.
        if process.exited() {
            // The last beat of one that was killed may be read late.
            let before = before + freed_by_beat;
            known.unseen = before.min(if last { unseen } else { before });
        } else if last || safe.is_none_or(|safe| now < safe) {
            let open = known.open;
            *known = Threads { open, ..latest };
        } else {
            known.unseen = before + freed_by_beat;
        }
        let known = *known;
        let named = self.named(target, &known, false, fleet);
        self.threads.insert(target.id, Threads { named, ..known });
    }

    /// How many jobs of `target` ended by their log, and left their threads to others or were
    /// not on any when these were `counted`.
    fn freed(&self, target: &Target, threads: &Threads, fleet: &Fleet) -> u64 {
        let freed = |tracked: &&Tracked| {
            tracked.track == Track::Running
                && !tracked.is_named_by_log_alone()
                && matches!(tracked.fate, Some((Fate::Finished, _)))
                && threads.freed_by(tracked, fleet)
        };
        self.of(target.id).filter(freed).count() as u64
    }

    /// Takes in the jobs that `process` shows; how many of them nobody had seen.
    fn follow(&mut self, target: LocalId, process: &Process) -> u64 {
        let mut new = 0;
        for job in &process.jobs {
            let Some(jid) = &job.work.jid else { continue };
            if job.iterable && !self.is_iterable(jid) {
                self.iterable.insert(jid.clone());
            }
            let tracked = Tracked::new(job, jid, target);
            match self.by_jid.entry((target, jid.clone())) {
                Entry::Vacant(vacant) => {
                    vacant.insert(self.jobs.len());
                    self.jobs.push(tracked);
                    new += 1;
                }
                Entry::Occupied(known) => {
                    let known = &mut self.jobs[*known.get()];
                    if known.complete(job) {
                        new += 1;
                    } else if !known.is(job) {
                        // Fetched again before it was quiet: what was known is of the execution
                        // before.
                        *known = tracked;
                    } else if known.track != Track::Running {
                        // The look that missed it fell into a rewrite of the work hash.
                        (known.track, known.fate) = (Track::Running, None);
                    }
                }
            }
        }
        new
    }

    /// Marks the jobs that the fleet dropped, as a newer, whole beat did not show them; how many.
    fn mark_gone(&mut self, target: &Target, process: &Process, now: Moment) -> u64 {
        let mut gone = 0;
        let beat = process.beat.as_ref().map_or(0.0, |beat| beat.host_time);
        let safe = target.safe_until();
        let uninterrupted = safe.is_none_or(|safe| beat < safe.epoch());
        let running =
            |tracked: &&mut Tracked| tracked.target == target.id && tracked.track == Track::Running;
        for tracked in self.jobs.iter_mut().filter(running) {
            let jid = Some(tracked.jid.as_str());
            let shows = |job: &Job| job.work.jid.as_deref() == jid;
            // The beat may have come before the log had named it.
            let early = tracked.is_named_by_log_alone()
                && tracked
                    .started
                    .is_some_and(|begun| !denies(process, begun.epoch(), &tracked.jid));
            if !early && !process.jobs.iter().any(shows) {
                tracked.track = Track::Gone {
                    at: now,
                    uninterrupted,
                };
                gone += u64::from(!tracked.is_named_by_log_alone());
            }
        }
        gone
    }

    /// The open jobs worth asking for: `due` says whether those that still run are.
    pub(super) fn wanted(&self, fleet: &Fleet, due: impl Fn(&Tracked) -> bool) -> Vec<Sought> {
        self.jobs
            .iter()
            .filter(|tracked| tracked.fate.is_none())
            .filter(|tracked| match tracked.track {
                Track::Running => due(tracked),
                Track::Gone { .. } => true,
            })
            .flat_map(|tracked| tracked.sought(fleet))
            .collect()
    }

    /// Takes in where jobs were found. One that was back in a queue after the signal stays
    /// known for it, wherever it goes from there.
    pub(super) fn answer(&mut self, answers: &[Located], targets: &[Target]) {
        for tracked in &mut self.jobs {
            let Some(located) = found(answers, &tracked.jid) else {
                continue;
            };
            // What was asked before this execution had begun tells of another one.
            let began = tracked.started.map(|started| started.after(MARGIN));
            if began.is_some_and(|began| located.asked < began) {
                continue;
            }
            if located.iterating {
                self.iterable.insert(located.jid.clone());
            }
            let target = targets.iter().find(|target| target.id == tracked.target);
            if !tracked.is_missed_again(located, target) {
                tracked.located = Some(located.clone());
            } else if let Some(known) = &mut tracked.located {
                known.iterating = located.iterating;
            }
            let told = target.and_then(|target| target.mark).map(|mark| mark.at);
            if let Place::Queue { name } = &located.place
                && told.is_some_and(|told| located.asked >= told)
            {
                let back = || (format!("back in queue {name}"), located.asked);
                tracked.returned = tracked.returned.take().or_else(|| Some(back()));
            }
        }
    }

    /// Adds a job that its log names, unless it is known.
    pub(super) fn name(&mut self, job: Tracked) {
        if let Entry::Vacant(vacant) = self.by_jid.entry((job.target, job.jid.clone())) {
            vacant.insert(self.jobs.len());
            self.jobs.push(job);
        }
    }

    /// Worker threads of `target` whose job nobody had seen when it was last counted.
    pub fn unseen(&self, target: LocalId) -> u64 {
        let threads = self.threads.get(&target);
        threads.map_or(0, |threads| {
            let unseen = threads.unseen.saturating_sub(threads.named);
            unseen.min(threads.most.unwrap_or(u64::MAX))
        })
    }

    /// Takes in how many threads without a name `target` can have interrupted.
    pub(super) fn limit_unseen(&mut self, target: LocalId, most: u64) {
        if let Some(threads) = self.threads.get_mut(&target) {
            threads.most = Some(most);
        }
    }

    pub(super) fn forget_unseen(&mut self, target: LocalId) {
        self.threads.remove(&target);
    }

    /// Counts the threads of an ended process whose known job had ended by itself: until a last
    /// beat each of them may have taken another one. What is known by now counts once.
    pub(super) fn count_hidden(&mut self, target: &Target, fleet: &Fleet) {
        let Some(threads) = self.threads.get(&target.id).filter(|threads| threads.open) else {
            return;
        };
        let left = |tracked: &&Tracked| {
            tracked.track == Track::Running
                && !tracked.is_named_by_log_alone()
                && has_left(tracked, target, self.is_iterable(&tracked.jid), fleet)
        };
        // Each needs a thread of those that were left once it took no more jobs.
        let most = self.watch.most(target.id).unwrap_or(u64::MAX);
        let hidden = self.of(target.id).filter(left).count() as u64;
        // Those of the last count are among the unseen by now.
        let freed = self.freed(target, threads, fleet);
        let freed = freed.saturating_sub(threads.freed);
        let named = self.named(target, threads, true, fleet);
        if let Some(threads) = self.threads.get_mut(&target.id) {
            let hidden = hidden + freed;
            let more = hidden.saturating_sub(threads.hidden);
            threads.unseen += more.min(most.saturating_sub(threads.unseen));
            threads.hidden = threads.hidden.max(hidden);
            threads.named = named;
        }
    }

    /// Jobs by fate; open ones are unknown, and so are the unseen threads of the `exited`.
    pub(super) fn counts(&self, exited: impl Iterator<Item = LocalId>) -> Counts {
        let mut counts = Counts {
            unknown: exited.map(|target| self.unseen(target)).sum(),
            ..Counts::default()
        };
        for tracked in &self.jobs {
            counts.add(tracked.fate.as_ref().map(|(fate, _)| *fate));
        }
        counts
    }
}

/// What the answers say of a job: where it was found, else where it may not have been looked for,
/// else that it is nowhere. One that may have come from several queues was asked for in each.
pub(super) fn found<'a>(answers: &'a [Located], jid: &str) -> Option<&'a Located> {
    let certain = |located: &&Located| match located.place {
        Place::Queue { .. }
        | Place::Private { .. }
        | Place::Retry
        | Place::Dead
        | Place::Schedule => 0,
        Place::NotAsked { .. } => 1,
        Place::Nowhere { searched_whole } => 2 + u8::from(searched_whole),
    };
    let answers = answers.iter().filter(|located| located.jid == jid);
    answers.min_by_key(certain)
}
