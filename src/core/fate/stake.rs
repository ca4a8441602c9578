//! The cost of a KILL right now, judged on evidence alone: which jobs still run, which are
//! back, and whether that list is complete.

use std::fmt;

use super::case_file::CaseFile;
use super::departure::left_in_order;
use super::fate::Fate;
use super::subject::Subject;
use crate::core::fleet::{Fleet, Process};
use crate::core::moment::Moment;
use crate::core::wording::count_that;

/// The cost of a KILL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// Jobs that run and are not seen back in a queue, by JID.
    pub running: Vec<String>,
    /// Jobs that run and are back already, by JID.
    pub back: Vec<String>,
    /// Jobs that run and stand in a private list of Sidekiq Pro's `super_fetch`: recovered later.
    pub kept: Vec<String>,
    /// How many jobs may run that no source has named.
    pub unnamed: u64,
    /// Whether the evidence is fresh. If not, the rest may have changed.
    pub fresh: bool,
}

impl Default for Stake {
    fn default() -> Self {
        Self {
            running: Vec::new(),
            back: Vec::new(),
            kept: Vec::new(),
            unnamed: 0,
            fresh: true,
        }
    }
}

impl Stake {
    /// How many jobs would or may be lost.
    pub fn count(&self) -> u64 {
        self.running.len() as u64 + self.unnamed
    }

    /// Whether a KILL is known to cost nothing.
    pub fn is_nothing(&self) -> bool {
        self.count() == 0 && self.fresh
    }

    /// Adds what a KILL of the process of `file` would cost. `process`: what the fleet shows of it.
    pub fn add(
        &mut self,
        file: &CaseFile,
        process: Option<&Process>,
        subject: &Subject<'_>,
        fleet: &Fleet,
        now: Moment,
    ) {
        let Some(process) = process else {
            self.fresh = false;
            return;
        };
        if runs_nothing(fleet, process, subject, now) {
            return;
        }
        for execution in file.executions().filter(|known| known.is_on_its_thread()) {
            // Its log has ended it, whatever its last beat shows.
            let has_ended = matches!(
                execution.fate(),
                Some(Fate::Finished | Fate::Retried | Fate::Checkpointed)
            );
            let list = if has_ended {
                continue;
            } else if execution.back().is_some() {
                &mut self.back
            } else if execution.is_back() {
                &mut self.kept
            } else {
                &mut self.running
            };
            list.push(execution.jid().to_owned());
        }
        self.unnamed += file.may_run_unnamed(process, subject, now);
        self.fresh &= fleet.beat_is_fresh(process, now);
    }
}

impl fmt::Display for Stake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.running.len();
        let known = running + self.back.len() + self.kept.len();
        write!(
            formatter,
            "{}, {} back in a queue, ",
            count_that(known as u64, "job", ("runs", "run")),
            self.back.len()
        )?;
        if !self.kept.is_empty() {
            let kept = self.kept.len();
            write!(
                formatter,
                "{kept} in a private list (reliable fetch: recovered later), "
            )?;
        }
        write!(formatter, "{running} would be lost")?;
        if self.unnamed > 0 {
            let unnamed = self.unnamed;
            write!(
                formatter,
                ", up to {unnamed} more that no heartbeat has shown"
            )?;
        }
        if !self.fresh {
            formatter.write_str("; the evidence is not fresh")?;
        }
        Ok(())
    }
}

/// Proof that the process runs no job that is not back: it has ended, it has left its registry,
/// which it does after its push-back, or it is idle.
fn runs_nothing(fleet: &Fleet, process: &Process, subject: &Subject<'_>, now: Moment) -> bool {
    let idle = |mark| fleet.proof_of_idle(process, &mark, now).is_some();
    process.exited()
        || left_in_order(process, subject, fleet).is_some()
        || subject.signals.mark.is_some_and(idle)
}
