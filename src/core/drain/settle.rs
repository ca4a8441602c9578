//! The account at the end: what became of each job, and on what evidence. Where the evidence
//! does not reach, the fate is unknown; nothing here guesses.

use super::evidence::{Case, OTHERS, in_time};
use super::fate::Fate;
use super::phase::Phase;
use super::record::{Counts, Event, Outcome};
use super::rescue::Rescue;
use super::run::{Run, Turn};
use super::target::{Standing, Target};
use super::tracked::Tracked;
use crate::core::fleet::{Fleet, LocalId, Place, Process};
use crate::core::moment::{Moment, Seconds};

impl Run {
    /// Begins to find out what became of the jobs.
    pub(super) fn settle(&mut self, outcome: Outcome, turn: &mut Turn<'_>) {
        self.asks.want_now();
        self.look_now(turn);
        self.phase = Phase::Settling {
            since: turn.now,
            until: turn.now.after(OTHERS),
            outcome,
            rescue: Rescue::Awaited,
        };
    }

    /// Fates that beats and answers show by now, while the run goes on and at its end.
    pub(super) fn judge(&mut self, patient: bool, turn: &mut Turn<'_>) {
        let mut judged = Vec::new();
        for (index, tracked) in self.account.jobs().iter().enumerate() {
            if tracked.fate.is_some() {
                continue;
            }
            let Some(target) = self
                .targets
                .iter()
                .find(|target| target.id == tracked.target)
            else {
                continue;
            };
            let case = Case {
                tracked,
                target,
                fleet: turn.fleet,
                now: turn.now,
                patient,
                iterable: self.account.is_iterable(&tracked.jid),
            };
            let Some((mut fate, mut evidence)) = case.fate() else {
                continue;
            };
            // Nobody knows of a loss who does not know that there was something to lose.
            if fate == Fate::Lost
                && let Some(doubt) = self.may_have_ended(tracked, target, turn.fleet, turn.now)
            {
                fate = Fate::Unknown;
                evidence = format!("{evidence}; {doubt}");
            }
            judged.push((index, (fate, evidence)));
        }
        for (index, (fate, evidence)) in judged {
            self.write_fate(index, fate, evidence, turn);
        }
    }

    pub(super) fn write_fate(
        &mut self,
        index: usize,
        fate: Fate,
        evidence: String,
        turn: &mut Turn<'_>,
    ) {
        let tracked = &mut self.account.jobs_mut()[index];
        tracked.fate = Some((fate, evidence.clone()));
        let (work, target, jid) = (tracked.work.clone(), tracked.target, tracked.jid.clone());
        let elapsed_s = tracked.ran_until(turn.now).map(Seconds);
        if fate == Fate::Finished {
            let event = Event::JobFinished {
                jid,
                class: work.class.clone(),
                queue: known(&work.queue),
                elapsed_s,
                evidence: Some(evidence),
            };
            self.note_about(target, event, turn);
        }
    }

    /// Ends the settling once every job has its fate, or when its time is up.
    pub(super) fn conclude(&mut self, turn: &mut Turn<'_>) {
        let Phase::Settling {
            since,
            until,
            outcome,
            ..
        } = self.phase
        else {
            return;
        };
        if self.rescue_goes_on(turn) {
            return;
        }
        let open = self
            .account
            .jobs()
            .iter()
            .any(|tracked| tracked.fate.is_none() && self.has_exited(tracked));
        let untold = self
            .targets
            .iter()
            .any(|t| matches!(t.standing, Standing::Exited { told: false, .. }));
        // A job fetched just before the end shows in no beat; the look after the exits tells
        // whether the processes left in order.
        let looked = turn.fleet.looked.is_some_and(|looked| looked >= since)
            || Self::is_blind(turn.fleet, turn.now);
        if turn.now < until && (open || untold || !looked) {
            return;
        }
        if open {
            self.judge(false, turn);
        }
        self.settle_unseen(turn.fleet);
        self.count_hidden(turn.fleet);
        if turn.now < until && self.awaits_farewell(turn.fleet, turn.now) {
            return;
        }
        // What was given up as alive may have ended while the account was made.
        let all = self.targets.iter().all(Target::exited);
        let outcome = if all { Outcome::Drained } else { outcome };
        if !self.search(outcome, turn) {
            self.finish(outcome, turn);
        }
    }

    fn has_exited(&self, tracked: &Tracked) -> bool {
        self.targets
            .iter()
            .any(|target| target.id == tracked.target && target.exited())
    }

    /// Unseen threads count as jobs of unknown fate, unless their process provably ended
    /// everything before it could have been interrupted.
    fn settle_unseen(&mut self, fleet: &Fleet) {
        let harmless: Vec<_> = self
            .targets
            .iter()
            .filter(|target| {
                let left = fleet.get(&target.key()).and_then(Process::left_in_order);
                let in_time = in_time(target, left).is_some();
                target.exited() && (target.stop.idle_before || in_time)
            })
            .map(|target| target.id)
            .collect();
        for id in harmless {
            self.account.forget_unseen(id);
        }
    }

    /// Counts the threads of ended targets that the fates known by now leave open.
    pub(super) fn count_hidden(&mut self, fleet: &Fleet) {
        for target in self.targets.iter().filter(|target| target.exited()) {
            self.account.count_hidden(target, fleet);
        }
        let exited = self.targets.iter().filter(|target| target.exited());
        let told = exited
            .filter_map(|target| Some((target.id, self.interrupted_unseen(target, fleet)?)))
            .collect::<Vec<_>>();
        for (id, most) in told {
            self.account.limit_unseen(id, most);
        }
    }

    /// Writes the last records and is over.
    pub(super) fn finish(&mut self, base: Outcome, turn: &mut Turn<'_>) {
        self.settle_unseen(turn.fleet);
        self.count_hidden(turn.fleet);
        self.tell_fates(turn);
        let exited = self.targets.iter().filter(|target| target.exited());
        let jobs = self.account.counts(exited.map(|target| target.id));
        let outcome = weigh(base, jobs);
        let seconds = Seconds(turn.now.since(self.pace.started));
        self.phase = Phase::Over {
            outcome,
            at: turn.now,
            jobs,
        };
        self.note(
            Event::Finished {
                outcome,
                seconds,
                jobs,
                work_kept_s: None,
                work_redone_s: None,
                why: None,
            },
            turn,
        );
    }

    /// When `target` ended, else now.
    fn end_of(&self, target: LocalId, now: Moment) -> Moment {
        let ended = |known: &&Target| known.id == target;
        match self
            .targets
            .iter()
            .find(ended)
            .map(|target| &target.standing)
        {
            Some(Standing::Exited { at, .. }) => *at,
            Some(_) | None => now,
        }
    }

    fn tell_fates(&mut self, turn: &mut Turn<'_>) {
        let mut lines = Vec::new();
        for tracked in self.account.jobs() {
            let (fate, evidence) = tracked
                .fate
                .clone()
                .unwrap_or_else(|| (Fate::Unknown, self.why_open(tracked)));
            let event = Event::Reconciled {
                jid: Some(tracked.jid.clone()),
                class: Some(tracked.work.class.clone()),
                queue: known(&tracked.work.queue),
                elapsed_s: tracked
                    .ran_until(self.end_of(tracked.target, turn.now))
                    .map(Seconds),
                fate,
                evidence,
                work_id: None,
                goes_on_as: None,
                cost_s: None,
            };
            lines.push((tracked.target, event));
        }
        for target in self.targets.iter().filter(|target| target.exited()) {
            for _ in 0..self.account.unseen(target.id) {
                let evidence = "a worker thread whose job no beat had shown".into();
                lines.push((
                    target.id,
                    Event::Reconciled {
                        jid: None,
                        class: None,
                        queue: None,
                        elapsed_s: None,
                        fate: Fate::Unknown,
                        evidence,
                        work_id: None,
                        goes_on_as: None,
                        cost_s: None,
                    },
                ));
            }
        }
        for (target, event) in lines {
            self.note_about(target, event, turn);
        }
    }

    fn why_open(&self, tracked: &Tracked) -> String {
        if !self.has_exited(tracked) {
            return "it was still running when the drain ended".into();
        }
        match tracked.located.as_ref().map(|located| &located.place) {
            Some(Place::NotAsked { why }) => format!("Redis could not be asked: {why}"),
            None => "Redis could not be asked".into(),
            Some(_) => "not found before the time was up".into(),
        }
    }
}

/// The outcome once the fates are known: the worst that applies.
pub(super) fn weigh(base: Outcome, jobs: Counts) -> Outcome {
    match base {
        Outcome::Drained if jobs.lost + jobs.unknown > 0 => Outcome::Lost,
        Outcome::Drained if jobs.pushed_back + jobs.rescued + jobs.checkpointed > 0 => {
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

/// The name of a queue; one that only the log has named a job of is not known.
fn known(queue: &str) -> Option<String> {
    (!queue.is_empty()).then(|| queue.to_owned())
}
