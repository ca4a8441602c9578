//! The account at the end: what became of each job, and on what evidence. Where the evidence
//! does not reach, the fate is unknown; nothing here guesses.

use std::time::Duration;

use super::account::{Fate, Others, Track, Tracked};
use super::phase::Phase;
use super::record::{Counts, Event, Outcome};
use super::run::{Run, Turn};
use super::target::{Standing, Target};
use crate::core::fleet::{Fleet, Listed, Place, ProcessKey};
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;

/// How long other processes' beats are waited for: one period and a bit.
const SETTLING: Duration = Duration::from_secs(12);

/// An interrupt may come this much before its time is up (Sidekiq polls every 0.5 s).
const MARGIN: Duration = Duration::from_secs(1);

impl Run {
    /// Begins to find out what became of the jobs.
    pub(super) fn settle(&mut self, outcome: Outcome, turn: &mut Turn<'_>) {
        self.account.set_baseline(turn.fleet);
        self.asks.want_now();
        self.look_now(turn);
        self.phase = Phase::Settling {
            since: turn.now,
            until: turn.now.after(SETTLING),
            outcome,
        };
    }

    /// Fates that beats and answers show by now, while the run goes on and at its end.
    pub(super) fn judge(&mut self, turn: &mut Turn<'_>) {
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
            let fate = match tracked.track {
                Track::Gone {
                    at,
                    uninterrupted: true,
                } => gone_fate(tracked, target, at),
                Track::Gone {
                    uninterrupted: false,
                    ..
                }
                | Track::Running => self.ended_fate(tracked, target, turn.fleet),
            };
            if let Some(fate) = fate {
                judged.push((index, fate));
            }
        }
        for (index, (fate, evidence)) in judged {
            self.write_fate(index, fate, evidence, turn);
        }
    }

    fn write_fate(&mut self, index: usize, fate: Fate, evidence: String, turn: &mut Turn<'_>) {
        let tracked = &mut self.account.jobs_mut()[index];
        tracked.fate = Some((fate, evidence));
        let (work, target, jid) = (tracked.work.clone(), tracked.target, tracked.jid.clone());
        if fate == Fate::Finished {
            let event = Event::JobFinished {
                jid,
                class: work.class.clone(),
                queue: work.queue.clone(),
            };
            self.note_about(target, event, turn);
        }
    }

    /// The fate of a job whose process has exited, or that was on its way out of it.
    fn ended_fate(
        &self,
        tracked: &Tracked,
        target: &Target,
        fleet: &Fleet,
    ) -> Option<(Fate, String)> {
        let Standing::Exited { at: exited, .. } = target.standing else {
            return None;
        };
        if let Some(other) = &tracked.elsewhere {
            return Some((Fate::PushedBack, format!("runs again on {other}")));
        }
        if target.idle_before_stop {
            return match place_fate(tracked, exited) {
                Found::At(fate, evidence) => Some((fate, evidence)),
                Found::Nowhere(_) => Some((
                    Fate::Finished,
                    "its process was proven idle before it was told to stop".into(),
                )),
                Found::NotKnown => None,
            };
        }
        match place_fate(tracked, exited) {
            Found::At(fate, evidence) => Some((fate, evidence)),
            Found::NotKnown => None,
            Found::Nowhere(whole) => self.nowhere_fate(tracked, target, exited, whole, fleet),
        }
    }

    /// A job of an ended process that stands nowhere.
    fn nowhere_fate(
        &self,
        tracked: &Tracked,
        target: &Target,
        exited: Moment,
        whole: bool,
        fleet: &Fleet,
    ) -> Option<(Fate, String)> {
        let left = left_at(target, fleet);
        if let (Some(left), Some(interrupt)) = (left, target.interrupt())
            && !target.timeout.is_assumed()
            && left.after(MARGIN) < interrupt
        {
            let early = interrupt.since(left).as_secs();
            return Some((
                Fate::Finished,
                format!("its process left in order {early} s before it would have interrupted it"),
            ));
        }
        if !whole {
            return Some((
                Fate::Unknown,
                "not found, and its queue was not searched to the end".into(),
            ));
        }
        let own: Vec<ProcessKey> = self.targets.iter().map(Target::key).collect();
        let others = self
            .account
            .others_have_beaten(&tracked.work.queue, &own, fleet);
        if others == Others::Awaited {
            return None;
        }
        let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
        let unclean = left.is_none()
            && (killed
                || matches!(
                    target.standing,
                    Standing::Exited {
                        clean: Some(false),
                        ..
                    }
                ));
        let before_push_back = match target.interrupt() {
            None => true,
            Some(interrupt) => !target.timeout.is_assumed() && exited.after(MARGIN) < interrupt,
        };
        if unclean && before_push_back {
            return Some((
                Fate::Lost,
                "its process died before it could push it back, and it is nowhere".into(),
            ));
        }
        if unclean && others == Others::Nobody {
            return Some((
                Fate::Lost,
                "its process died, it is nowhere, and nobody else could have taken it".into(),
            ));
        }
        Some((
            Fate::Unknown,
            "nowhere: it ended, or was pushed back and taken up unseen".into(),
        ))
    }

    /// Ends the settling once every job has its fate, or when its time is up.
    pub(super) fn conclude(&mut self, turn: &mut Turn<'_>) {
        let Phase::Settling {
            since,
            until,
            outcome,
        } = self.phase
        else {
            return;
        };
        self.settle_unseen(turn.fleet);
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
        self.finish(outcome, turn);
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
                let in_time = left_at(target, fleet)
                    .zip(target.interrupt())
                    .is_some_and(|(left, interrupt)| left.after(MARGIN) < interrupt);
                target.exited() && (target.idle_before_stop || in_time)
            })
            .map(|target| target.id)
            .collect();
        for id in harmless {
            self.account.forget_unseen(id);
        }
    }

    /// Writes the last records and is over.
    pub(super) fn finish(&mut self, base: Outcome, turn: &mut Turn<'_>) {
        self.tell_fates(turn);
        let jobs = self.account.counts();
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
                why: None,
            },
            turn,
        );
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
                fate,
                evidence,
            };
            lines.push((tracked.target, event));
        }
        for target in &self.targets {
            for _ in 0..self.account.unseen(target.id) {
                let evidence = "a worker thread whose job no beat had shown".into();
                lines.push((
                    target.id,
                    Event::Reconciled {
                        jid: None,
                        class: None,
                        fate: Fate::Unknown,
                        evidence,
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

/// When the process was first seen gone from `processes`, unless KILL had been sent before.
fn left_at(target: &Target, fleet: &Fleet) -> Option<Moment> {
    let Listed::Removed { at } = fleet.get(&target.key())?.listed else {
        return None;
    };
    let killed_before = target
        .last
        .is_some_and(|sent| sent.signal == Signal::Kill && sent.at <= at);
    (!killed_before).then_some(at)
}

/// What the search says of a job.
enum Found {
    At(Fate, String),
    Nowhere(bool),
    NotKnown,
}

/// Reads the answer, if it was asked at or after `since`.
fn place_fate(tracked: &Tracked, since: Moment) -> Found {
    let Some(located) = &tracked.located else {
        return Found::NotKnown;
    };
    match &located.place {
        Place::Queue { name } => Found::At(Fate::PushedBack, format!("back in queue {name}")),
        Place::Private { identity } => Found::At(
            Fate::PushedBack,
            format!("in the private list of {}", identity.short()),
        ),
        Place::Retry => Found::At(
            Fate::Retried,
            "it failed and stands in the retry set".into(),
        ),
        Place::Dead => Found::At(
            Fate::Retried,
            "it failed for good and stands in the dead set".into(),
        ),
        Place::Schedule => Found::At(Fate::Retried, "it stands in the scheduled set".into()),
        Place::Nowhere { searched_whole } if located.asked >= since => {
            Found::Nowhere(*searched_whole)
        }
        Place::Nowhere { .. } | Place::NotAsked { .. } => Found::NotKnown,
    }
}

/// A job that a beat of its living, not yet interrupted process shows no more.
fn gone_fate(tracked: &Tracked, target: &Target, at: Moment) -> Option<(Fate, String)> {
    if let Some(other) = &tracked.elsewhere {
        return Some((Fate::PushedBack, format!("runs again on {other}")));
    }
    match place_fate(tracked, at) {
        Found::At(fate, evidence) => Some((fate, evidence)),
        Found::Nowhere(_) => {
            let name = &target.about.name;
            Some((
                Fate::Finished,
                format!("a later beat of {name} shows it no more, and nothing had interrupted it"),
            ))
        }
        Found::NotKnown => None,
    }
}

/// The outcome once the fates are known: the worst that applies.
fn weigh(base: Outcome, jobs: Counts) -> Outcome {
    match base {
        Outcome::Drained if jobs.lost + jobs.unknown > 0 => Outcome::Lost,
        Outcome::Drained if jobs.pushed_back + jobs.rescued > 0 => Outcome::Requeued,
        Outcome::Refused
        | Outcome::Error
        | Outcome::Stopped
        | Outcome::Alive
        | Outcome::Lost
        | Outcome::Requeued
        | Outcome::Drained => base,
    }
}
