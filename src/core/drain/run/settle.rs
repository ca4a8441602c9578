//! The account at the end: what became of each job, and on what evidence. The fates are judged in
//! `fate`; here they are asked for in time, written down and weighed.

use super::{Run, RunCall};
use crate::core::drain::phase::{Phase, Rescue};
use crate::core::drain::record::{Event, Outcome};
use crate::core::drain::target::{Standing, Target};
use crate::core::fate::{Counts, Execution};
use crate::core::moment::Seconds;
use crate::core::timing::ONE_BEAT;

impl Run {
    /// Begins to find out what became of the jobs.
    pub(super) fn settle(&mut self, outcome: Outcome, turn: &mut RunCall<'_>) {
        turn.asks_now = true;
        self.ledger.look_now(turn);
        let settling = Phase::Settling {
            since: turn.now,
            until: turn.now.after(ONE_BEAT),
            outcome,
            rescue: Rescue::Awaited,
        };
        self.cursor.enter(settling, turn.now);
    }

    /// Ends the settling once every job has its fate, or when its time is up.
    pub(super) fn conclude(&mut self, turn: &mut RunCall<'_>) {
        let Phase::Settling {
            since,
            until,
            outcome,
            ..
        } = *self.cursor.phase()
        else {
            return;
        };
        if self.rescue_goes_on(turn) {
            return;
        }
        let is_open =
            |known: &Execution| known.ruling().is_none() && self.ledger.has_exited(known.process());
        let open = self.ledger.account().executions().any(is_open)
            || turn.fleet.link.is_connected() && self.ledger.awaits_more(turn);
        let untold = self
            .ledger
            .targets()
            .iter()
            .any(|t| matches!(t.standing, Standing::Exited { told: false, .. }));
        // A job fetched just before the end shows in no beat; the look after the exits tells
        // whether the processes left in order.
        let looked = turn.fleet.looked.is_some_and(|looked| looked >= since)
            || !turn.fleet.look_is_fresh(turn.now);
        if turn.now < until && (open || untold || !looked) {
            return;
        }
        if open {
            self.ledger.judge(false, &[], turn);
        }
        self.ledger.recount(turn.fleet);
        if turn.now < until && self.ledger.awaits_last_lines(turn) {
            return;
        }
        // A target that was given up as alive may have ended while the account was made.
        let all = self.ledger.targets().iter().all(Target::exited);
        let outcome = if all {
            Outcome::Drained
        } else if outcome == Outcome::Drained {
            // One that had counted as ended beats again.
            Outcome::Alive
        } else {
            outcome
        };
        if !self.search(outcome, turn) {
            self.finish(outcome, turn);
        }
    }

    /// Writes the last records and is over.
    pub(super) fn finish(&mut self, base: Outcome, turn: &mut RunCall<'_>) {
        self.ledger.close(turn);
        let jobs = self.ledger.counts();
        let outcome = weigh(base, jobs, self.ledger.account().may_have_pushed_unnamed());
        let work = self.ledger.spent(turn.now).whole();
        let seconds = Seconds(turn.now.since(self.cursor.pace().started));
        let at = turn.now;
        self.cursor.enter(Phase::Over { outcome, at, jobs }, at);
        self.ledger.note(
            Event::Finished {
                outcome,
                seconds,
                jobs,
                work_kept_s: work.map(|work| Seconds(work.kept)),
                work_redone_s: work.map(|work| Seconds(work.redone)),
                queues: None,
                why: None,
            },
            turn,
        );
    }
}

/// The outcome once the fates are known: the worst that applies. `unnamed`: jobs without a name may
/// have been pushed back.
pub(super) fn weigh(base: Outcome, jobs: Counts, unnamed: bool) -> Outcome {
    match base {
        Outcome::Drained if jobs.lost + jobs.unknown > 0 => Outcome::Lost,
        Outcome::Drained if unnamed || jobs.pushed_back + jobs.rescued + jobs.checkpointed > 0 => {
            Outcome::Requeued
        }
        Outcome::Refused
        | Outcome::Error
        | Outcome::Stopped
        | Outcome::Alive
        | Outcome::Lost
        | Outcome::Requeued
        | Outcome::Drained => base,
    }
}
