//! What the evidence says of one job: where it was found, how its process left, what the beats of
//! others show. Where it does not reach, nothing is said; nothing here guesses.

use std::time::Duration;

use super::fate::Fate;
use super::target::{Standing, Target};
use super::tracked::{Track, Tracked};
use crate::core::fleet::{Fleet, Life, Place, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// So long the beats of other processes are waited for: one period and a bit.
pub(super) const OTHERS: Duration = Duration::from_secs(12);

/// One open job, what is known around it, and how long there is time to learn more.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) tracked: &'a Tracked,
    pub(super) target: &'a Target,
    pub(super) fleet: &'a Fleet,
    pub(super) now: Moment,
    /// Whether there is time to learn more.
    pub(super) patient: bool,
    /// Whether it is known to be an `IterableJob`.
    pub(super) iterable: bool,
}

impl Case<'_> {
    /// The fate of the job, with the evidence; `None`: it runs, or too little is known so far.
    pub(super) fn fate(self) -> Option<(Fate, String)> {
        if let Some(fate) = self.logged_fate() {
            return Some(fate);
        }
        match (self.tracked.track, &self.target.standing) {
            (
                Track::Gone {
                    at,
                    uninterrupted: true,
                },
                _,
            ) => self.gone_fate(at),
            (_, Standing::Exited { at, clean, .. }) => self.ended_fate(*at, *clean),
            _ => None,
        }
    }

    /// A job that a beat of its living, not yet interrupted process shows no more.
    fn gone_fate(self, at: Moment) -> Option<(Fate, String)> {
        let name = &self.target.about.name;
        let evidence =
            || format!("a later beat of {name} shows it no more, and nothing had interrupted it");
        // Before the signal a job leaves its thread by its end alone.
        let broke_off = self.target.mark.is_some_and(|mark| at >= mark.at);
        match self.found(at) {
            Found::At(fate, evidence) => Some((fate, evidence)),
            Found::Nowhere(..) if self.has_completed() => Some(completed()),
            Found::Nowhere(_, asked) if self.is_iterating() => self.iterating_fate(asked),
            Found::Nowhere(_, asked) if broke_off && self.awaits_others(asked) => None,
            Found::Nowhere(..) => Some((Fate::Finished, evidence())),
            Found::NotKnown => None,
        }
    }

    /// A job whose process has exited.
    fn ended_fate(self, exited: Moment, clean: Option<bool>) -> Option<(Fate, String)> {
        match self.found(exited) {
            Found::At(fate, evidence) => Some((fate, evidence)),
            Found::NotKnown if self.patient => None,
            Found::NotKnown => self.late_fate(),
            Found::Nowhere(..) if self.has_completed() => Some(completed()),
            Found::Nowhere(..) if self.awaits_log() => None,
            // An `IterableJob` may have gone to its queue by itself and be taken up elsewhere.
            Found::Nowhere(_, asked) if self.awaits_others(asked) => None,
            Found::Nowhere(whole, asked) => {
                let others = self.others(asked);
                let in_order = self.in_order_fate().filter(|_| !self.is_iterating());
                Some(
                    in_order
                        .or_else(|| self.late_fate())
                        .unwrap_or_else(|| self.nowhere_fate(whole, others, clean)),
                )
            }
        }
    }

    /// Whether its iteration state is kept: then it has not ended, wherever it is.
    pub(super) fn is_iterating(self) -> bool {
        let located = self.tracked.located.as_ref();
        located.is_some_and(|located| located.iterating)
    }

    /// Whether it is an `IterableJob` whose iteration state is gone: that is dropped by its
    /// completion alone, here or on another process.
    fn has_completed(self) -> bool {
        self.iterable && !self.is_iterating()
    }

    /// An unfinished `IterableJob` that left its thread by itself and stands nowhere: somebody
    /// took it up. Where no beat shows that in time, nothing more is said.
    fn iterating_fate(self, asked: Moment) -> Option<(Fate, String)> {
        let in_time = self.patient && self.now < asked.after(OTHERS);
        let evidence = "it broke off between two iterations and has not ended (its state it-… is \
                        kept); where it is was not seen";
        (!in_time && self.fleet.look_is_fresh(self.now)).then(|| (Fate::Unknown, evidence.into()))
    }

    /// A job that is nowhere and that its process cannot have interrupted.
    fn in_order_fate(self) -> Option<(Fate, String)> {
        if self.target.stop.idle_before {
            let evidence = "its process was proven idle before it was told to stop";
            return Some((Fate::Finished, evidence.into()));
        }
        let process = self.fleet.get(&self.target.key());
        let early = in_time(self.target, process.and_then(Process::left_in_order))?.as_secs();
        Some((
            Fate::Finished,
            format!("its process left in order {early} s before it would have interrupted it"),
        ))
    }

    /// A job of an ended process that is nowhere, and may have been interrupted or lost.
    fn nowhere_fate(self, whole: bool, others: Others, clean: Option<bool>) -> (Fate, String) {
        let process = self.fleet.get(&self.target.key());
        let left = process.and_then(Process::left_in_order);
        let killed = (self.target.last).is_some_and(|sent| sent.signal == Signal::Kill);
        let unclean = left.is_none() && (killed || clean == Some(false));
        let (fate, evidence) = if !whole {
            (
                Fate::Unknown,
                "not found, and its queue was not searched to the end",
            )
        } else if unclean && !may_have_interrupted(self.target) {
            (
                Fate::Lost,
                "its process died before it could push it back, and it is nowhere",
            )
        } else if unclean && others == Others::Nobody {
            (
                Fate::Lost,
                "its process died, it is nowhere, and no other process was seen to serve its queue",
            )
        } else {
            let evidence = if self.is_iterating() {
                "it has not ended (its state it-… is kept) and is nowhere: lost, or taken up unseen"
            } else {
                "nowhere: it ended, or was pushed back and taken up unseen"
            };
            (Fate::Unknown, evidence)
        };
        (fate, evidence.into())
    }

    /// Whether the beats of others may still show that it went on elsewhere: for a time, and
    /// while they cannot be read at all.
    pub(super) fn awaits_others(self, asked: Moment) -> bool {
        let in_time = self.patient && self.now < asked.after(OTHERS);
        (in_time || !self.fleet.look_is_fresh(self.now)) && self.others(asked) == Others::Awaited
    }

    /// Whether every other process that serves the job's queue has beaten since `asked`: one
    /// that took it before would have shown it. A quiet one takes nothing; one that ended since
    /// the signal may have taken it, and shows nothing any more.
    fn others(self, asked: Moment) -> Others {
        let own = ProcessKey::Local(self.tracked.target);
        let queues = self.tracked.queues(self.fleet);
        let serves = |process: &Process| queues.iter().any(|queue| process.may_serve(queue));
        let since = self.target.mark.map(|mark| mark.at);
        let ended = |process: &Process| match process.life {
            Life::Exited { at, .. } => since.is_none_or(|since| at > since),
            Life::Here | Life::Elsewhere => false,
        };
        let processes = self.fleet.processes.iter();
        let mut gone =
            processes.filter(|(key, process)| **key != own && ended(process) && serves(process));
        let mut others = queues
            .iter()
            .flat_map(|queue| self.fleet.serving(queue))
            .filter(|(key, _)| **key != own)
            .peekable();
        if others.peek().is_none() && gone.next().is_none() {
            return Others::Nobody;
        }
        let beaten = |process: &Process| {
            let beat = process.beat.as_ref();
            beat.is_some_and(|beat| beat.quiet || beat.at > asked)
        };
        if others.all(|(_, process)| beaten(process)) {
            Others::Beaten
        } else {
            Others::Awaited
        }
    }

    /// Where it was found; that it is nowhere counts if it was asked at `since` or later.
    pub(super) fn found(self, since: Moment) -> Found {
        if let Some((back, _)) = &self.tracked.returned {
            return Found::At(Fate::PushedBack, back.clone());
        }
        let Some(located) = &self.tracked.located else {
            return Found::NotKnown;
        };
        let found = |fate, evidence: &str| Found::At(fate, evidence.into());
        match &located.place {
            Place::Queue { name } => Found::At(Fate::PushedBack, format!("back in queue {name}")),
            Place::Private { identity } => {
                let evidence = format!(
                    "in the private list of {}: reliable fetch recovers it later",
                    identity.short()
                );
                Found::At(Fate::PushedBack, evidence)
            }
            Place::Retry => found(Fate::Retried, "it failed and stands in the retry set"),
            Place::Dead => found(
                Fate::Retried,
                "it failed for good and stands in the dead set",
            ),
            Place::Schedule => found(Fate::Retried, "it stands in the scheduled set"),
            Place::Nowhere { searched_whole } if located.asked >= since => {
                Found::Nowhere(*searched_whole, located.asked)
            }
            Place::Nowhere { .. } | Place::NotAsked { .. } => Found::NotKnown,
        }
    }
}

/// The fate of an `IterableJob` whose iteration state is gone.
fn completed() -> (Fate, String) {
    let evidence = "it completed its iterations: the state it-… that it kept is gone";
    (Fate::Finished, evidence.into())
}

/// Whether an ended process may have interrupted its jobs and pushed them back before it ended.
pub(super) fn may_have_interrupted(target: &Target) -> bool {
    let Standing::Exited { at, .. } = target.standing else {
        return true;
    };
    target.safe_until().is_some_and(|safe| at >= safe)
}

/// How long before its own interrupt time a process left in order, where that time is known and
/// more than the margin away: then it interrupted nothing.
pub(super) fn in_time(target: &Target, left: Option<Moment>) -> Option<Duration> {
    let safe = target.safe_until()?;
    let left = left.filter(|left| *left < safe)?;
    target.interrupt().map(|interrupt| interrupt.since(left))
}

/// Whether the other processes that serve a queue have beaten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// No other process serves it.
    Nobody,
    /// Each has.
    Beaten,
    /// Not each has.
    Awaited,
}

/// What the search says of a job.
pub(super) enum Found {
    At(Fate, String),
    /// Whether everything was searched, and when that was asked.
    Nowhere(bool, Moment),
    NotKnown,
}
