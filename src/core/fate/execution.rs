//! A run of a job on a thread of one process, with its evidence. A job that is fetched
//! again is another execution. Evidence is kept here; what it means is judged in `judge`.

mod intake;

use std::sync::Arc;

use super::evidence::{Evidence, Fact, LogEnd};
use super::fate::{Fate, Ruling};
use crate::core::fleet::{
    Checkpoints, Heir, Job, Lineage, Passed, Place, Process, ProcessKey, Work,
};
use crate::core::log::{Begun, Notice, Told};
use crate::core::moment::Moment;
use crate::core::timing::SHOWN_WITHIN;

/// So many seconds before and after its line `done` a job that breaks off may make the later one.
pub(super) const MADE_BEFORE_DONE: (f64, f64) = (1.0, 0.1);

/// The later job that does the work of an execution.
#[derive(Clone, Copy, Debug)]
pub(super) struct GoesOn<'a> {
    /// Its id.
    pub(super) jid: &'a str,
    /// How it came to the work.
    pub(super) passed: Passed,
    /// Where it was seen.
    pub(super) place: &'a str,
    /// Whether another execution may have handed it on as well.
    pub(super) shared: bool,
    /// Whether as many executions of the same work as there are later jobs handed it on.
    pub(super) alike: bool,
}

/// A run of a job.
#[derive(Clone, Debug)]
pub struct Execution {
    process: ProcessKey,
    jid: String,
    work: Arc<Work>,
    /// The work that a later job would name if it went on there.
    lineage: Option<Lineage>,
    begun: Option<Moment>,
    /// At most one of each kind of fact.
    evidence: Vec<Evidence>,
    ruling: Option<Ruling>,
}

impl Execution {
    /// An execution that a beat shows.
    pub(super) fn shown(job: &Job, jid: &str, process: ProcessKey) -> Self {
        let mut execution = Self {
            process,
            jid: jid.into(),
            work: Arc::clone(&job.work),
            lineage: job.work.lineage.clone(),
            begun: job.started,
            evidence: Vec::new(),
            ruling: None,
        };
        execution.show(job);
        execution
    }

    /// An execution that the log of `process` names at its begin. Its queue is known only where
    /// the process serves a single one.
    pub(super) fn named(begun: &Begun, process: &Process, key: ProcessKey) -> Self {
        let queue = match process.queues() {
            [only] => only.clone(),
            _ => String::new(),
        };
        let work = Work {
            tid: begun.tid.clone(),
            jid: Some(begun.jid.clone()),
            class: begun.class.clone(),
            queue,
            run_at: None,
            enqueued_at: None,
            payload: [].into(),
            lineage: None,
            fault: None,
        };
        let mut execution = Self {
            process: key,
            jid: begun.jid.clone(),
            work: Arc::new(work),
            lineage: None,
            begun: Some(begun.at),
            evidence: Vec::new(),
            ruling: None,
        };
        execution.add(begun.at, Fact::LogStarted);
        execution
    }

    /// The process that ran it.
    pub fn process(&self) -> &ProcessKey {
        &self.process
    }

    /// The id of its job.
    pub fn jid(&self) -> &str {
        &self.jid
    }

    /// The id of its work: the same when the work goes on under another JID.
    pub fn work_id(&self) -> &str {
        let lineage = self.lineage.as_ref();
        let named = lineage.filter(|lineage| lineage.is_named() || self.goes_on().is_some());
        named.map_or(&self.jid, Lineage::work_id)
    }

    /// The work that a later job would name if it went on there.
    pub(super) fn lineage(&self) -> Option<&Lineage> {
        self.lineage.as_ref()
    }

    /// The library by whose checkpoints it breaks off once its process is quiet, by its payload or by
    /// its log: the first job of sidekiq-iteration has no mark in its payload.
    pub(super) fn checkpoints(&self) -> Option<Checkpoints> {
        let by_payload = self.lineage.as_ref().and_then(Lineage::checkpoints);
        let by_log = self.wrote(Notice::BreaksOff);
        by_payload.or(by_log.then_some(Checkpoints::SidekiqIteration))
    }

    /// The later job that does its work.
    pub(super) fn goes_on(&self) -> Option<GoesOn<'_>> {
        self.evidence.iter().find_map(|known| {
            let Fact::GoesOn {
                jid,
                passed,
                place,
                shared,
                alike,
            } = &known.fact
            else {
                return None;
            };
            let (passed, shared, alike) = (*passed, *shared, *alike);
            Some(GoesOn {
                jid,
                passed,
                place,
                shared,
                alike,
            })
        })
    }

    /// The id of the later job that does its work.
    pub fn goes_on_as(&self) -> Option<&str> {
        let told_apart = |known: &GoesOn<'_>| !known.shared && !known.alike;
        let known = self.goes_on().filter(told_apart);
        known.map(|known| known.jid)
    }

    /// Whether it may have put `heir` back. Of an execution that only the log names this must have
    /// been just before its line `done`. Where a beat has shown its payload since it was sought by its
    /// class, the payloads decide.
    pub(super) fn may_have_made(&self, heir: &Heir) -> bool {
        let created = heir.created;
        if self.is_named_by_log_alone() {
            let end = (self.log_end()).filter(|(_, end)| end.how == Told::Done);
            let end = end.map(|(at, _)| at);
            let (before, after) = MADE_BEFORE_DONE;
            return created.zip(end).is_some_and(|(created, end)| {
                created >= end.epoch() - before && created <= end.epoch() + after
            });
        }
        if !heir.may_follow(self.lineage.as_ref()) {
            return false;
        }
        // The counters of an Active Job tell which came first; else its begin does.
        let begun = self.work.run_at.filter(|_| !self.is_named_by_its_payload());
        (created.zip(begun)).is_none_or(|(created, begun)| created >= begun)
    }

    pub(super) fn is_named_by_its_payload(&self) -> bool {
        self.lineage.as_ref().is_some_and(Lineage::is_named)
    }

    /// Its work entry; where only the log names it, the words of the log.
    pub fn work(&self) -> &Arc<Work> {
        &self.work
    }

    /// When it began, as far as known.
    pub fn begun(&self) -> Option<Moment> {
        self.begun
    }

    /// All evidence about it.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Its fate; `None`: it runs, or the evidence does not say yet.
    pub fn ruling(&self) -> Option<&Ruling> {
        self.ruling.as_ref()
    }

    /// The fate of [`Self::ruling`].
    pub fn fate(&self) -> Option<Fate> {
        self.ruling.as_ref().map(|ruling| ruling.fate)
    }

    pub(super) fn rule(&mut self, ruling: Ruling) {
        self.ruling = Some(ruling);
    }

    /// Takes its ruling back: evidence has come that may speak against it.
    pub(super) fn reopen(&mut self) {
        self.ruling = None;
    }

    /// Marks the later job that does its work as that of another execution as well.
    pub(super) fn share(&mut self) {
        for known in &mut self.evidence {
            if let Fact::GoesOn { shared, .. } = &mut known.fact
                && !*shared
            {
                *shared = true;
                self.ruling = None;
            }
        }
    }

    /// Adds to the reason of its ruling.
    pub(super) fn remark(&mut self, remark: &str) {
        if let Some(ruling) = &mut self.ruling {
            ruling.why = format!("{}; {remark}", ruling.why);
        }
    }

    /// Adds a fact. Of each kind one is kept.
    pub(super) fn add(&mut self, at: Moment, fact: Fact) {
        let same = |known: &&mut Evidence| known.fact.is_like(&fact);
        match self.evidence.iter_mut().find(same) {
            Some(known) if known.fact.keeps_first() => {}
            Some(known) => *known = Evidence { at, fact },
            None => self.evidence.push(Evidence { at, fact }),
        }
    }

    fn find<T>(&self, wanted: impl Fn(&Evidence) -> Option<T>) -> Option<T> {
        self.evidence.iter().find_map(wanted)
    }

    /// The host's time of the last beat that showed it, in seconds since 1970.
    pub(super) fn last_shown(&self) -> Option<f64> {
        self.find(|known| {
            if let Fact::Shown { beat } = known.fact {
                return Some(beat);
            }
            None
        })
    }

    /// When a look found that a later beat did not show it, and the host's time of that beat.
    pub(super) fn missed(&self) -> Option<(Moment, f64)> {
        self.find(|known| {
            if let Fact::Missed { beat } = known.fact {
                return Some((known.at, beat));
            }
            None
        })
    }

    /// Whether no later beat of its process has left it out.
    pub fn is_on_its_thread(&self) -> bool {
        self.missed().is_none()
    }

    /// The line of its log that ended it for sure, and when that was written. A line never speaks
    /// against a later beat that still shows the execution.
    pub(super) fn log_end(&self) -> Option<(Moment, LogEnd)> {
        let shown = self.last_shown();
        let shown_after =
            |at: Moment| shown.is_some_and(|shown| shown > at.after(SHOWN_WITHIN).epoch());
        self.any_log_end()
            .filter(|(at, end)| end.ours && !shown_after(*at))
    }

    /// The same where the line may also be of the execution before.
    pub(super) fn any_log_end(&self) -> Option<(Moment, LogEnd)> {
        self.find(|known| {
            if let Fact::LogEnd(end) = known.fact {
                return Some((known.at, end));
            }
            None
        })
    }

    /// Whether its log says that it was interrupted, or had not ended when the log ended.
    pub(super) fn was_interrupted(&self) -> bool {
        match self.log_end() {
            Some((_, end)) => end.late,
            None => self.is_in_its_log() && self.any_log_end().is_none(),
        }
    }

    /// Whether its log said that it began, or that it ended.
    pub(super) fn is_in_its_log(&self) -> bool {
        let of_log = |known: &Evidence| matches!(known.fact, Fact::LogStarted | Fact::LogEnd(_));
        self.evidence.iter().any(of_log)
    }

    /// Where Redis had it when it was asked last, and when that was.
    pub(super) fn located(&self) -> Option<(Moment, &Place)> {
        self.evidence.iter().find_map(|known| {
            if let Fact::Located { place, .. } = &known.fact {
                return Some((known.at, place));
            }
            None
        })
    }

    /// When the answer that tells where it is came.
    pub(super) fn answered(&self) -> Option<Moment> {
        self.find(|known| {
            if let Fact::Located { answered, .. } = known.fact {
                return Some(answered);
            }
            None
        })
    }

    /// The same place alone.
    pub fn place(&self) -> Option<&Place> {
        self.located().map(|(_, place)| place)
    }

    /// Whether its log says for sure that it ended, however that was.
    pub fn is_ended_by_its_log(&self) -> bool {
        self.log_end().is_some()
    }

    /// Whether it was not found, and nothing shows that it ended.
    pub fn is_missing(&self) -> bool {
        matches!(self.fate(), Some(Fate::Lost | Fate::Unknown))
    }

    /// Whether its iteration state was kept when Redis was asked last: then it has not ended,
    /// wherever it is.
    pub(super) fn is_iterating(&self) -> bool {
        let kept = |known: &Evidence| {
            matches!(
                known.fact,
                Fact::Located {
                    iterating: true,
                    ..
                }
            )
        };
        self.evidence.iter().any(kept)
    }

    /// Whether it is known to be an `IterableJob`.
    pub fn is_iterable(&self) -> bool {
        self.iterable_since().is_some()
    }

    /// When its iteration state was found first.
    pub(super) fn iterable_since(&self) -> Option<Moment> {
        let mut facts = self.evidence.iter();
        let found = facts.find(|known| known.fact == Fact::Iterable);
        found.map(|found| found.at)
    }

    /// How it is known that it was back after the first signal, and since when at the latest.
    pub fn back(&self) -> Option<(Moment, &str)> {
        self.evidence.iter().find_map(|known| {
            if let Fact::Back { how } = &known.fact {
                return Some((known.at, how.as_str()));
            }
            None
        })
    }

    /// Whether it was seen back in a queue, in a private list or in another process's work.
    pub fn is_back(&self) -> bool {
        let private = |(_, place): (Moment, &Place)| matches!(place, Place::Private { .. });
        self.back().is_some() || self.located().is_some_and(private)
    }

    /// Whether no beat has shown it: then its queue and its payload may not be known.
    pub fn is_named_by_log_alone(&self) -> bool {
        self.work.payload.is_empty()
    }

    /// The fate that a search or a push of this program gave to it.
    pub(super) fn settled(&self) -> Option<Ruling> {
        self.evidence.iter().find_map(|known| {
            if let Fact::Settled { fate, why } = &known.fact {
                return Some(Ruling::new(*fate, why.clone()));
            }
            None
        })
    }
}
