//! Jobs of ended processes that nobody has found: what speaks for and against them. Evidence
//! only; nothing here searches or pushes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::fate::Fate;
use super::run::Run;
use super::target::{Standing, Target};
use super::testimony::{LastWord, last_word};
use super::tracked::{Track, Tracked};
use crate::core::fleet::{FRESH, Fleet, LocalId, Place, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// A job of an ended process that nobody has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The process that ran it.
    pub target: LocalId,
    /// Its id.
    pub jid: String,
    /// Whether everybody who serves its queue was watched since it may have been pushed back,
    /// and nobody else did: then a push-back would still stand in the queue.
    pub nobody_else: bool,
    /// Why it must not be pushed back whatever a search says.
    pub doubt: Option<String>,
}

/// What a search says of a missing job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// It is provably nowhere, and why.
    Nowhere(String),
    /// It was found, or ended by itself.
    Found(Fate, String),
    /// Nothing is proven, and why.
    Open(String),
}

/// How a push ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// It stands at the front of its queue.
    Pushed,
    /// Somebody had pushed it back before.
    Already,
    /// It stood in its queue.
    InQueue,
    /// It was not pushed, and why.
    Refused(String),
    /// There was no answer: it may stand in its queue, and will not be pushed a second time.
    Doubtful(String),
    /// Nothing was pushed, for nothing is real: it would have been.
    Rehearsed,
}

impl PushOutcome {
    /// What became of the job by it; `None`: what it was before.
    pub(super) fn fate(&self) -> Option<Fate> {
        match self {
            Self::Pushed | Self::Already | Self::Rehearsed => Some(Fate::Rescued),
            Self::InQueue => Some(Fate::PushedBack),
            Self::Doubtful(_) => Some(Fate::Unknown),
            Self::Refused(_) => None,
        }
    }

    /// In words; `queue` is where it was pushed to.
    pub(super) fn words(&self, queue: &str) -> String {
        match self {
            Self::Pushed => format!("pushed back to the front of queue {queue}"),
            Self::Already => "somebody had pushed it back before".into(),
            Self::InQueue => format!("it stood in queue {queue}"),
            Self::Refused(why) => format!("not pushed back: {why}"),
            Self::Doubtful(why) => format!("nobody knows whether it was pushed back: {why}"),
            Self::Rehearsed => format!("would be pushed back to the front of queue {queue}"),
        }
    }
}

/// Who was seen to serve which queue, and how many threads worked last.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Since when every look was fresh.
    since: Option<Moment>,
    /// When another process was last seen to fetch from a queue.
    served: BTreeMap<String, Moment>,
    /// Worker threads of a quiet target as last counted while nobody had killed it, and when.
    working: BTreeMap<LocalId, (u64, Moment)>,
    /// The targets of which a last word was read.
    last_words: BTreeSet<LocalId>,
}

/// After TSTP an idle thread sits in its fetch for up to 2 s, and before Ruby 3.3 an ended one
/// lingers for 3 s: later each thread that is counted stands for a job.
const SETTLED: Duration = Duration::from_secs(5);

impl Watch {
    /// Takes in what the fleet shows now.
    pub(super) fn observe(&mut self, targets: &[Target], fleet: &Fleet, now: Moment) {
        let fresh = fleet.link.is_connected()
            && fleet.looked.is_some_and(|looked| now.since(looked) < FRESH);
        self.since = fresh.then(|| self.since.unwrap_or(now));
        let own: Vec<ProcessKey> = targets
            .iter()
            .filter(|target| target.exited())
            .map(Target::key)
            .collect();
        for (key, process) in &fleet.processes {
            let fetches = !process.exited() && !process.says_quiet() && !own.contains(key);
            if fetches {
                let queues = process.queues().iter();
                self.served.extend(queues.map(|queue| (queue.clone(), now)));
            }
        }
        for target in targets {
            let quiet = matches!(
                target.standing,
                Standing::Quiet { .. } | Standing::Idle { .. }
            );
            let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
            let before = target.mark.and_then(|mark| mark.threads);
            let process = fleet.get(&target.key());
            let said = |mark| process.and_then(|process| Fleet::last_word(process, &mark));
            if target.mark.and_then(said).is_some() {
                self.last_words.insert(target.id);
            }
            let threads = process.and_then(|process| process.local.as_ref()?.threads);
            if let (true, false, Some(before), Some(threads)) = (quiet, killed, before, threads)
                && before.processors > 0
                && threads.heartbeat
            {
                let count = (threads.processors as u64, threads.at);
                self.working.insert(target.id, count);
            }
        }
    }

    /// Whether nobody else can have fetched from `queue` since `from`.
    fn nobody_else(&self, queue: &str, from: Moment) -> bool {
        self.since.is_some_and(|since| since <= from)
            && self.served.get(queue).is_none_or(|seen| *seen < from)
    }
}

impl Run {
    /// Whether nobody has found some job of an ended target.
    pub fn misses_any(&self) -> bool {
        let mut jobs = self.account.jobs().iter();
        jobs.any(|tracked| is_missing(tracked) && self.ended(tracked.target).is_some())
    }

    /// The jobs of ended targets that nobody has found.
    pub fn missing(&self, fleet: &Fleet, now: Moment) -> Vec<Missing> {
        let lost = |tracked: &&Tracked| is_missing(tracked) && self.ended(tracked.target).is_some();
        let jobs = self.account.jobs().iter().filter(lost);
        jobs.filter_map(|tracked| {
            let target = self.ended(tracked.target)?;
            Some(Missing {
                target: target.id,
                jid: tracked.jid.clone(),
                nobody_else: self.nobody_else(tracked, target, fleet),
                doubt: if tracked.is_named_by_log_alone() {
                    Some("no beat has shown its payload".into())
                } else {
                    match last_word(tracked, target, fleet, now) {
                        LastWord::Runs => None,
                        LastWord::Ended(said) => Some(said),
                        LastWord::Silent => self.unnamed(target).or_else(|| self.doubt(target)),
                    }
                },
            })
        })
        .collect()
    }

    fn ended(&self, id: LocalId) -> Option<&Target> {
        let mut targets = self.targets.iter();
        targets.find(|target| target.id == id && target.exited())
    }

    /// Whether a push-back of it, had there been one, would have been seen in its queue.
    fn nobody_else(&self, tracked: &Tracked, target: &Target, fleet: &Fleet) -> bool {
        let Standing::Exited { at, .. } = target.standing else {
            return false;
        };
        let searched = tracked.located.as_ref().is_some_and(|located| {
            let whole = Place::Nowhere {
                searched_whole: true,
            };
            located.place == whole && located.asked >= at
        });
        let from = target.safe_until().unwrap_or(at).min(at);
        let queues = tracked.queues(fleet);
        let nobody = |queue: &String| self.account.watch.nobody_else(queue, from);
        searched && !queues.is_empty() && queues.iter().all(nobody)
    }

    /// Why a thread that was left may have run another job than those that were seen: until a last
    /// word an idle one beside them may have taken it, and ended in their place.
    fn unnamed(&self, target: &Target) -> Option<String> {
        let named = self.account.watch.last_words.contains(&target.id);
        (!named).then(|| "no beat after it was quiet named what ran on its threads".into())
    }

    /// Why the last beat of `target` may show jobs that had ended by themselves: fewer worker
    /// threads were left than jobs are missing, back, or unnamed.
    fn doubt(&self, target: &Target) -> Option<String> {
        let (working, _) = *self.account.watch.working.get(&target.id)?;
        let running = |tracked: &&Tracked| tracked.track == Track::Running;
        let of_target = || self.account.of(target.id).filter(running);
        let missing = of_target().filter(|tracked| is_missing(tracked)).count();
        let back = of_target().filter(|tracked| tracked.is_back()).count();
        let claimed = (missing + back) as u64 + self.account.unseen(target.id);
        (working < claimed).then(|| {
            format!(
                "only {working} worker thread(s) of its process were left for {claimed} job(s): \
                 some had ended by themselves"
            )
        })
    }
}

impl Run {
    /// Why a job of the ended `target` may have ended by itself, for all that is known: its last
    /// beat showed it no more, nobody counted the worker threads late enough since the beat that
    /// did, fewer were left than there were jobs, or no beat has named all that ran on them. Its
    /// log knows better, where it can be read.
    pub(super) fn may_have_ended(
        &self,
        tracked: &Tracked,
        target: &Target,
        fleet: &Fleet,
        now: Moment,
    ) -> Option<String> {
        let Standing::Exited { at: end, .. } = target.standing else {
            return None;
        };
        if tracked.track != Track::Running {
            return Some("it had left its thread by then".into());
        }
        match last_word(tracked, target, fleet, now) {
            LastWord::Runs => return None,
            LastWord::Ended(said) => return Some(said),
            LastWord::Silent => {}
        }
        let shown = |tracked: &&Tracked| tracked.track == Track::Running;
        let shown = self.account.of(target.id).filter(shown).count() as u64;
        let jobs = shown + self.account.unseen(target.id);
        let settled = |(_, at): &&(u64, Moment)| {
            end.since(*at) < FRESH
                && target
                    .mark
                    .is_some_and(|mark| mark.at.after(SETTLED) <= *at)
        };
        let counted = self.account.watch.working.get(&target.id);
        match counted.filter(settled) {
            Some((working, _)) if *working >= jobs => self.unnamed(target),
            Some((working, _)) => Some(format!(
                "it may have ended by itself before: {working} worker thread(s) were left for {jobs} job(s)"
            )),
            None => Some("it may have ended by itself since the last beat that showed it".into()),
        }
    }
}

/// Whether nobody has found it, and nothing shows that it ended.
fn is_missing(tracked: &Tracked) -> bool {
    let fate = tracked.fate.as_ref().map(|(fate, _)| *fate);
    matches!(fate, Some(Fate::Lost | Fate::Unknown))
}
