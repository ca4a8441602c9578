//! The jobs that an operator cancelled, followed from the mark in Redis to its effect. The mark is
//! read at the start of the iteration and, from 7.3.9 on, about every 5 s between two steps (8.1.7
//! `lib/sidekiq/job/iterable.rb`), so a step that takes long delays it.

use std::time::Duration;

use crate::core::fleet::{Fleet, Job, Listed, Process, ProcessKey};
use crate::core::log::{Notice, Told};
use crate::core::moment::Moment;

/// Cancellations that are remembered; the oldest give way.
const MOST: usize = 200;
/// How long the log of a job that left its thread is waited for.
const LOG_COMES: Duration = Duration::from_secs(3);
/// How far the clock of a log line may lie before the mark.
const APART: Duration = Duration::from_secs(1);

/// An execution of a job that is to be cancelled.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CancelTarget {
    /// The process that runs it.
    pub process: ProcessKey,
    /// Its thread.
    pub tid: String,
    /// Its id.
    pub jid: String,
    /// Its class.
    pub class: String,
    /// Its queue.
    pub queue: String,
}

/// The answer of Redis to a mark.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum CancelAnswer {
    /// The mark stands there now.
    Marked,
    /// It stood there before, since this time in seconds since 1970.
    Already(u64),
    /// The job keeps no iteration state any more: it has ended. Nothing was written.
    Ended,
    /// It was not written, or it is not known whether it was.
    Failed {
        /// Why.
        why: String,
        /// Whether it may stand there all the same.
        may_have_happened: bool,
    },
}

/// How far a cancellation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelState {
    /// The operator wants it; it was not sent yet.
    Wanted,
    /// It is on its way to Redis.
    UnderWay,
    /// It was not sent, and why.
    NotSent(String),
    /// The mark stands in Redis. `doubt`: why it may not stand there.
    Sent {
        /// When that was known.
        at: Moment,
        /// Why it is not certain.
        doubt: Option<String>,
    },
    /// The job's own log says that it read the mark.
    Noticed {
        /// When.
        at: Moment,
    },
    /// It runs no more.
    Ended {
        /// When that was known.
        at: Moment,
        /// How, in words.
        how: &'static str,
    },
}

/// It read the mark and ended.
const NOTICED: &str = "it noticed the cancellation and ended";
/// It came to its end before it read the mark.
const ENDED_BEFORE: &str = "it ended before it noticed: all of its work is done";
/// It failed before it read the mark.
const FAILED: &str = "it failed before it noticed; the mark stays, and a retry ends at once";
/// Its process pushed it back before it read the mark.
const PUSHED_BACK: &str =
    "it was pushed back before it noticed; the mark stays, and its next run ends at once";
/// Its process is gone.
const WITH_PROCESS: &str = "its process is gone, and whether it noticed is not known; the mark stays, and a further run \
     ends at once";
/// It left its thread, and no log says how.
const NOT_KNOWN: &str =
    "it left its thread; whether it noticed is not known, for no log of it is read here";

/// A cancellation.
#[derive(Clone, Debug)]
pub struct Cancel {
    /// The job.
    pub target: CancelTarget,
    /// When the operator wanted it.
    pub asked: Moment,
    /// How far it is.
    pub state: CancelState,
    /// Since when the job is not seen on its thread.
    missed: Option<Moment>,
}

/// All of a session, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Cancels {
    all: Vec<Cancel>,
}

impl Cancels {
    /// The last cancellation of this execution.
    pub fn of(&self, process: &ProcessKey, tid: &str, jid: &str) -> Option<&Cancel> {
        let is = |cancel: &&Cancel| {
            let target = &cancel.target;
            target.process == *process && target.tid == tid && target.jid == jid
        };
        self.all.iter().rfind(is)
    }

    /// The operator wants this job cancelled.
    pub fn want(&mut self, target: CancelTarget, now: Moment) {
        self.all.push(Cancel {
            target,
            asked: now,
            state: CancelState::Wanted,
            missed: None,
        });
        if self.all.len() > MOST {
            self.all.remove(0);
        }
    }

    /// The jobs to be marked now; each is given once.
    pub fn to_send(&mut self) -> Vec<CancelTarget> {
        let wanted = |cancel: &&mut Cancel| cancel.state == CancelState::Wanted;
        let wanted = self.all.iter_mut().filter(wanted);
        wanted
            .map(|cancel| {
                cancel.state = CancelState::UnderWay;
                cancel.target.clone()
            })
            .collect()
    }

    /// The jobs whose answer is awaited.
    pub fn unanswered(&self) -> Vec<CancelTarget> {
        let awaited = self.all.iter().filter(|cancel| cancel.is_awaited());
        awaited.map(|cancel| cancel.target.clone()).collect()
    }

    /// Takes an answer in. Gives the cancellation, if its answer was awaited.
    pub fn answered(
        &mut self,
        target: &CancelTarget,
        answer: CancelAnswer,
        now: Moment,
    ) -> Option<&Cancel> {
        let awaited = |cancel: &&mut Cancel| cancel.is_awaited() && cancel.target == *target;
        let cancel = self.all.iter_mut().find(awaited)?;
        cancel.state = match answer {
            CancelAnswer::Marked | CancelAnswer::Already(_) => CancelState::Sent {
                at: now,
                doubt: None,
            },
            CancelAnswer::Ended => {
                CancelState::NotSent("it keeps no iteration state any more: it has ended".into())
            }
            CancelAnswer::Failed {
                why,
                may_have_happened: true,
            } => CancelState::Sent {
                at: now,
                doubt: Some(why),
            },
            CancelAnswer::Failed { why, .. } => CancelState::NotSent(why),
        };
        Some(cancel)
    }

    /// The jobs whose mark stands in Redis, or stood there.
    pub fn marked(&self) -> impl Iterator<Item = &CancelTarget> {
        let marked = self.all.iter().filter(|cancel| match &cancel.state {
            CancelState::Sent { .. } | CancelState::Noticed { .. } | CancelState::Ended { .. } => {
                true
            }
            CancelState::Wanted | CancelState::UnderWay | CancelState::NotSent(_) => false,
        });
        marked.map(|cancel| &cancel.target)
    }

    /// Looks how far each of them is. Gives those that got further.
    pub fn observe(&mut self, fleet: &Fleet, now: Moment) -> Vec<Cancel> {
        let mut further = Vec::new();
        for cancel in &mut self.all {
            while let Some(state) = cancel.next(fleet, now) {
                cancel.state = state;
                further.push(cancel.clone());
            }
        }
        further
    }
}

impl Cancel {
    /// Whether Redis has not answered yet.
    fn is_awaited(&self) -> bool {
        matches!(self.state, CancelState::Wanted | CancelState::UnderWay)
    }

    /// Its next state, if it has got there.
    fn next(&mut self, fleet: &Fleet, now: Moment) -> Option<CancelState> {
        let noticed = match &self.state {
            CancelState::Sent { .. } => false,
            CancelState::Noticed { .. } => true,
            CancelState::Wanted
            | CancelState::UnderWay
            | CancelState::NotSent(_)
            | CancelState::Ended { .. } => return None,
        };
        let CancelTarget {
            process, tid, jid, ..
        } = &self.target;
        let since = self.asked.before(APART);
        let witness = &fleet.logs.witness;
        let here = match process {
            ProcessKey::Local(id) => Some(*id),
            ProcessKey::Remote(_) => None,
        };
        let read = here.and_then(|id| witness.noticed(Notice::Cancelled, (id.pid, jid, tid)));
        if let Some(at) = read.filter(|at| *at >= since && !noticed) {
            return Some(CancelState::Noticed { at });
        }
        let told = here.and_then(|id| witness.of_thread(id.pid, jid, tid));
        let told = told.filter(|told| told.what != Told::Started && told.at >= since);
        if let Some(told) = told {
            let how = match told.what {
                _ if noticed => NOTICED,
                Told::Failed => FAILED,
                Told::Interrupted => PUSHED_BACK,
                Told::Started | Told::Done => ENDED_BEFORE,
            };
            return Some(CancelState::Ended { at: told.at, how });
        }
        let lives = |known: &&Process| !known.exited() && known.listed == Listed::Yes;
        let living = fleet.get(process).filter(lives);
        let on_thread = |job: &Job| job.work.tid == *tid && job.work.jid.as_deref() == Some(jid);
        if living.is_some_and(|known| known.jobs.iter().any(on_thread)) {
            self.missed = None;
            return None;
        }
        let missed = *self.missed.get_or_insert(now);
        let log = here.and_then(|id| fleet.logs.of(id));
        let is_read = log.is_some_and(|log| log.place.is_ok());
        if is_read && now.since(missed) < LOG_COMES {
            return None;
        }
        let how = match living {
            _ if noticed => NOTICED,
            Some(_) => NOT_KNOWN,
            None => WITH_PROCESS,
        };
        Some(CancelState::Ended { at: now, how })
    }
}
