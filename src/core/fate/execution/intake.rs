//! The evidence that beats and log lines add to an execution.

use std::sync::Arc;

use super::super::evidence::{Fact, LogEnd};
use super::Execution;
use crate::core::fleet::Job;
use crate::core::log::{Testimony, Told};
use crate::core::moment::Moment;
use crate::core::timing::{INTERRUPT_MARGIN, WHOLE_SECOND};

impl Execution {
    /// Whether `job` is this execution.
    pub(in crate::core::fate) fn is(&self, job: &Job) -> bool {
        self.work.tid == job.work.tid && self.work.run_at == job.work.run_at
    }

    /// Takes over what a beat shows of it.
    pub(in crate::core::fate) fn show(&mut self, job: &Job) {
        self.add(job.seen, Fact::Shown { beat: job.beat });
        if job.iterable {
            self.add(job.seen, Fact::Iterable);
        }
    }

    /// A look that missed it fell into a rewrite of the work hash: a later one shows it again, so
    /// nothing that was concluded from its absence stands.
    pub(in crate::core::fate) fn show_again(&mut self, job: &Job) {
        self.evidence
            .retain(|known| !matches!(known.fact, Fact::Missed { .. }));
        self.ruling = None;
        self.show(job);
    }

    /// Takes over what a beat shows of an execution that only the log has named; whether it is
    /// that.
    pub(in crate::core::fate) fn complete(&mut self, job: &Job) -> bool {
        // A beat names the second in which the job was taken, which may be late by the turns of
        // other threads.
        let near = |shown: Moment, begun: Moment| {
            shown >= begun.before(INTERRUPT_MARGIN * 2)
                && shown <= begun.after(INTERRUPT_MARGIN * 5)
        };
        let same = self.is_named_by_log_alone()
            && self.work.tid == job.work.tid
            && (job.started)
                .zip(self.begun)
                .is_none_or(|(shown, begun)| near(shown, begun));
        if same {
            self.work = Arc::clone(&job.work);
            self.lineage.clone_from(&job.work.lineage);
            // Its payload may tell that it breaks off at checkpoints.
            self.reopen();
            self.show(job);
        }
        same
    }

    /// Takes in what its process wrote into its log of this JID last.
    pub(in crate::core::fate) fn hear(&mut self, said: &Testimony) {
        let on_its_thread = said.tid.as_ref().is_none_or(|tid| *tid == self.work.tid);
        let Some(begun) = self.begun.filter(|_| on_its_thread) else {
            return;
        };
        if said.at < begun.before(INTERRUPT_MARGIN) {
            return;
        }
        if said.what == Told::Started {
            // An end that stood before this begin was of the execution before.
            self.evidence
                .retain(|known| !matches!(known.fact, Fact::LogEnd(_)));
            return self.add(said.at, Fact::LogStarted);
        }
        // It ran for so long by then: a line that began before it is of another execution.
        let ours = said.elapsed.is_none_or(|elapsed| {
            said.at.before(elapsed) >= begun.before(WHOLE_SECOND + INTERRUPT_MARGIN)
        });
        let end = LogEnd {
            how: said.what,
            elapsed: said.elapsed,
            late: said.late,
            ours,
        };
        self.add(said.at, Fact::LogEnd(end));
    }
}
