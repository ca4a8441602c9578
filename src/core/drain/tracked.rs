//! One job of the account: what is known of one execution of it, by beats, by its log, and by
//! where Redis has it. What became of it is judged elsewhere.

use std::sync::Arc;
use std::time::Duration;

use super::fate::Fate;
use super::target::{MARGIN, Standing, Target};
use crate::core::fleet::{Fleet, Job, LocalId, Located, Place, Process, ProcessKey, Sought, Work};
use crate::core::moment::Moment;

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
    /// How it is known that it was back after the signal, in its queue or on another process, and
    /// since when at the latest.
    pub returned: Option<(String, Moment)>,
    /// What became of it, with the evidence.
    pub fate: Option<(Fate, String)>,
    /// When this execution began, as far as known.
    pub started: Option<Moment>,
}

impl Tracked {
    pub(super) fn new(job: &Job, jid: &str, target: LocalId) -> Self {
        Self {
            jid: jid.into(),
            work: Arc::clone(&job.work),
            target,
            track: Track::Running,
            located: None,
            returned: None,
            fate: None,
            started: job.started,
        }
    }

    /// A job that its log names at its begin.
    pub(super) fn begun(work: Work, jid: &str, target: LocalId, at: Moment) -> Self {
        Self {
            jid: jid.into(),
            work: Arc::new(work),
            target,
            track: Track::Running,
            located: None,
            returned: None,
            fate: None,
            started: Some(at),
        }
    }

    /// How long it ran, as far as known: until it was seen to be gone, at most until `end`.
    pub(super) fn ran_until(&self, end: Moment) -> Option<Duration> {
        let gone = match self.track {
            Track::Gone { at, .. } => at.min(end),
            Track::Running => end,
        };
        self.started.map(|started| gone.since(started))
    }

    /// Whether it was seen back in a queue, in a private list or in another process's work.
    pub fn is_back(&self) -> bool {
        let private = |located: &Located| matches!(located.place, Place::Private { .. });
        self.returned.is_some() || self.located.as_ref().is_some_and(private)
    }

    /// Whether `job` is the execution that this tells of.
    pub(super) fn is(&self, job: &Job) -> bool {
        self.work.tid == job.work.tid && self.work.run_at == job.work.run_at
    }

    /// Whether `located` only says again that it is nowhere since it can be nowhere for good: the
    /// first time is what later beats are held against.
    pub(super) fn is_missed_again(&self, located: &Located, target: Option<&Target>) -> bool {
        let since = match (self.track, target.map(|target| &target.standing)) {
            (
                Track::Gone {
                    at,
                    uninterrupted: true,
                },
                _,
            ) => at,
            (_, Some(Standing::Exited { at, .. })) => *at,
            _ => return false,
        };
        self.located.as_ref().is_some_and(|known| {
            known.asked >= since
                && known.place == located.place
                && matches!(known.place, Place::Nowhere { .. })
        })
    }

    /// What to ask for: in each queue that it may have come from.
    pub(super) fn sought(&self, fleet: &Fleet) -> Vec<Sought> {
        let in_queue = |queue: &str| Sought {
            jid: self.jid.clone(),
            queue: queue.to_owned(),
            payload: Arc::clone(&self.work.payload),
        };
        match self.queues(fleet) {
            [] => vec![in_queue("")],
            queues => queues.iter().map(|queue| in_queue(queue)).collect(),
        }
    }

    /// The queues that it may have come from: its own, or all of its process where only the log
    /// has named it. Empty: not known.
    pub(super) fn queues<'a>(&'a self, fleet: &'a Fleet) -> &'a [String] {
        if !self.work.queue.is_empty() {
            return std::slice::from_ref(&self.work.queue);
        }
        let process = fleet.get(&ProcessKey::Local(self.target));
        process.map_or(&[], Process::queues)
    }

    /// Whether no beat has shown it: then its queue and its payload are not known.
    pub fn is_named_by_log_alone(&self) -> bool {
        self.work.payload.is_empty()
    }

    /// Takes over what a beat shows of the execution that the log has named; whether it is that.
    pub(super) fn complete(&mut self, job: &Job) -> bool {
        // A beat names the second in which it was taken, which may be late by the turns of others.
        let near = |shown: Moment, begun: Moment| {
            shown >= begun.before(MARGIN * 2) && shown <= begun.after(MARGIN * 5)
        };
        let same = self.is_named_by_log_alone()
            && self.work.tid == job.work.tid
            && job
                .started
                .zip(self.started)
                .is_none_or(|(shown, begun)| near(shown, begun));
        if same {
            self.work = Arc::clone(&job.work);
        }
        same
    }
}
