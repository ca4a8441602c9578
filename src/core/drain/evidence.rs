//! What the evidence says of one job: where it was found, how its process left, what the beats of
//! others show. Where it does not reach, nothing is said; nothing here guesses.

use std::time::Duration;

use super::account::{Fate, Track, Tracked};
use super::target::{Standing, Target};
use crate::core::fleet::{Fleet, Life, Place, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// The fate of a job that has none yet, with the evidence; `None`: it runs, or too little is
/// known so far.
pub(super) fn fate(tracked: &Tracked, target: &Target, fleet: &Fleet) -> Option<(Fate, String)> {
    match tracked.track {
        Track::Gone {
            at,
            uninterrupted: true,
        } => gone_fate(tracked, target, at),
        Track::Gone {
            uninterrupted: false,
            ..
        }
        | Track::Running => ended_fate(tracked, target, fleet),
    }
}

/// The fate of a job whose process has exited, or that was on its way out of it.
fn ended_fate(tracked: &Tracked, target: &Target, fleet: &Fleet) -> Option<(Fate, String)> {
    let Standing::Exited { at: exited, .. } = target.standing else {
        return None;
    };
    if let Some(back) = &tracked.returned {
        return Some((Fate::PushedBack, back.clone()));
    }
    if target.idle_before_stop {
        return match place_fate(tracked, exited) {
            Found::At(fate, evidence) => Some((fate, evidence)),
            Found::Nowhere(..) => Some((
                Fate::Finished,
                "its process was proven idle before it was told to stop".into(),
            )),
            Found::NotKnown => None,
        };
    }
    match place_fate(tracked, exited) {
        Found::At(fate, evidence) => Some((fate, evidence)),
        Found::NotKnown => None,
        Found::Nowhere(whole, asked) => nowhere_fate(tracked, target, (whole, asked), fleet),
    }
}

/// A job of an ended process that stood nowhere when that was asked at `asked`.
fn nowhere_fate(
    tracked: &Tracked,
    target: &Target,
    (whole, asked): (bool, Moment),
    fleet: &Fleet,
) -> Option<(Fate, String)> {
    let Standing::Exited { clean, .. } = target.standing else {
        return None;
    };
    let left = fleet.get(&target.key()).and_then(Process::left_in_order);
    if let Some(early) = in_time(target, left) {
        let early = early.as_secs();
        return Some((
            Fate::Finished,
            format!("its process left in order {early} s before it would have interrupted it"),
        ));
    }
    let others = others(tracked, target, asked, fleet);
    if others == Others::Awaited {
        return None;
    }
    if !whole {
        return Some((
            Fate::Unknown,
            "not found, and its queue was not searched to the end".into(),
        ));
    }
    let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
    let unclean = left.is_none() && (killed || clean == Some(false));
    let before_push_back = !may_have_interrupted(target);
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

/// Whether every other process that serves the job's queue has beaten since `asked`: one that
/// took it before would have shown it. One that ended since TERM may have taken it too, and
/// shows nothing any more.
fn others(tracked: &Tracked, target: &Target, asked: Moment, fleet: &Fleet) -> Others {
    let own = ProcessKey::Local(tracked.target);
    let mut others = fleet
        .serving(&tracked.work.queue)
        .filter(|(key, _)| **key != own)
        .peekable();
    let ended = |(key, process): (&ProcessKey, &Process)| {
        let ended = matches!(process.life, Life::Exited { at, .. } if target.stopped.is_some_and(|stopped| at > stopped));
        *key != own && ended && process.queues().contains(&tracked.work.queue)
    };
    if others.peek().is_none() && !fleet.processes.iter().any(ended) {
        return Others::Nobody;
    }
    let beaten = |process: &Process| process.beat.as_ref().is_some_and(|b| b.at > asked);
    if others.all(|(_, process)| beaten(process)) {
        Others::Beaten
    } else {
        Others::Awaited
    }
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
enum Found {
    At(Fate, String),
    /// Whether everything was searched, and when that was asked.
    Nowhere(bool, Moment),
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
            Found::Nowhere(*searched_whole, located.asked)
        }
        Place::Nowhere { .. } | Place::NotAsked { .. } => Found::NotKnown,
    }
}

/// A job that a beat of its living, not yet interrupted process shows no more.
fn gone_fate(tracked: &Tracked, target: &Target, at: Moment) -> Option<(Fate, String)> {
    if let Some(back) = &tracked.returned {
        return Some((Fate::PushedBack, back.clone()));
    }
    match place_fate(tracked, at) {
        Found::At(fate, evidence) => Some((fate, evidence)),
        Found::Nowhere(..) => {
            let name = &target.about.name;
            Some((
                Fate::Finished,
                format!("a later beat of {name} shows it no more, and nothing had interrupted it"),
            ))
        }
        Found::NotKnown => None,
    }
}
