//! The processes that could have taken up a job: the other processes that serve its queue, whether
//! they have beaten since, and since when all of them were watched.

use std::collections::BTreeMap;

use super::execution::Execution;
use super::scene::Scene;
use crate::core::fleet::{Fleet, Listed, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::timing::{BEGUN_ELSEWHERE, INTERRUPT_MARGIN, ONE_BEAT};

/// Whether the other processes that serve a queue have beaten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// No other process serves it, nor did one since the job may have been there to be taken.
    NoneServe,
    /// No other process serves it. One that did since then is gone: it may have taken
    /// the job, and shows nothing any more.
    Gone,
    /// Each of them is quiet by its last beat, and takes nothing.
    Quiet,
    /// Each of them has.
    Beaten,
    /// At least one has not.
    Awaited,
}

/// The queues from which a job may have been taken up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Queues<'a> {
    These(&'a [String]),
    Any,
}

impl Queues<'_> {
    /// Whether one of them is one that `serves`.
    fn any(self, serves: impl Fn(&String) -> bool) -> bool {
        match self {
            Self::These(queues) => queues.iter().any(serves),
            Self::Any => true,
        }
    }
}

/// Whether every other process than `process` that serves one of `queues` has beaten since `asked`:
/// one that took the job before would have shown it. A quiet one takes nothing. `free`: since when
/// the job may have been there to be taken; `None`: that is not known.
pub(super) fn others(
    process: &ProcessKey,
    queues: Queues<'_>,
    free: Option<Moment>,
    served: &Served,
    scene: Scene<'_>,
    asked: Moment,
) -> Others {
    let fleet = scene.fleet;
    let fetches = |other: &Process| queues.any(|queue| other.may_serve(queue));
    let others = fleet
        .processes
        .iter()
        .filter(|(key, other)| *key != process && fetches(other));
    let lives = |process: &Process| {
        !process.exited() && process.beat.is_some() && process.listed == Listed::Yes
    };
    let living: Vec<&Process> = others
        .map(|(_, process)| process)
        .filter(|process| lives(process))
        .collect();
    if living.is_empty() {
        return if served.by_another(process, queues, free) {
            Others::Gone
        } else {
            Others::NoneServe
        };
    }
    if living.iter().all(|process| process.says_quiet()) {
        return Others::Quiet;
    }
    let beaten = |process: &&Process| {
        let beat = process.beat.as_ref();
        beat.is_some_and(|beat| beat.quiet || beat.at > asked)
    };
    if living.iter().all(beaten) {
        Others::Beaten
    } else {
        Others::Awaited
    }
}

/// Whether another process than `own` that still takes jobs has not beaten since `asked`: it may have
/// taken up a job then, from whatever queue, and shows it only in its next beat.
pub(super) fn may_show_more(own: &ProcessKey, fleet: &Fleet, asked: Moment) -> bool {
    let takes = |process: &Process| {
        !process.exited() && process.listed == Listed::Yes && !process.says_quiet()
    };
    let others = fleet.processes.iter().filter(|(key, _)| *key != own);
    let mut beats = others
        .filter(|(_, process)| takes(process))
        .filter_map(|(_, process)| process.beat.as_ref());
    // A process that has not beaten for three periods will not in time.
    beats.any(|beat| beat.at <= asked && beat.at.after(ONE_BEAT * 3) > asked)
}

/// Whether the job of `execution` goes on in another process, where it began at `began` and a beat
/// of the time `shown` still showed it. `run_at` is in whole seconds: if both executions began in
/// the same second, only a beat from after the exit of the first process tells them apart.
pub(super) fn goes_on(
    execution: &Execution,
    began: Moment,
    shown: Moment,
    exit: Option<Moment>,
) -> bool {
    let Some(here) = execution.begun() else {
        return false;
    };
    let half = INTERRUPT_MARGIN / 2;
    let later = began > here.after(half);
    let same_second = began >= here.before(INTERRUPT_MARGIN);
    let survived = exit.is_some_and(|exit| shown > exit.after(half));
    // Where it ran there just before it began here, only a beat from before that shows it.
    shown >= here.after(INTERRUPT_MARGIN) && (later || same_second && survived)
}

/// Which processes were seen to serve which queues. A process of another host leaves the fleet with
/// its row, whether it ended or Redis was emptied: here it stays.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    /// Since when every look was fresh.
    since: Option<Moment>,
    seen: BTreeMap<ProcessKey, Seen>,
}

/// When a process was last seen to fetch, and from which queues; none: they cannot be read.
#[derive(Clone, Debug)]
struct Seen {
    at: Moment,
    queues: Vec<String>,
}

impl Seen {
    /// It fetches from `queues` now. One that replaced its program under its pid may have served
    /// others before: these stay.
    fn serves(&mut self, queues: &[String], now: Moment) {
        self.at = now;
        if queues.is_empty() {
            self.queues.clear();
        } else if !self.queues.is_empty() {
            let new = queues.iter().filter(|queue| !self.queues.contains(queue));
            let new: Vec<String> = new.cloned().collect();
            self.queues.extend(new);
        }
    }

    fn may_have_served(&self, queue: &String) -> bool {
        self.queues.is_empty() || self.queues.contains(queue)
    }
}

impl Served {
    /// Takes in what the fleet shows now. `ended` are the targets that have exited.
    pub(super) fn observe(&mut self, ended: &[ProcessKey], fleet: &Fleet, now: Moment) {
        self.since = fleet.look_is_fresh(now).then(|| self.since.unwrap_or(now));
        for (key, process) in &fleet.processes {
            let Some(info) = &process.info else { continue };
            if process.exited() || process.says_quiet() || ended.contains(key) {
                continue;
            }
            if let Some(seen) = self.seen.get_mut(key) {
                seen.serves(&info.queues, now);
            } else {
                let queues = info.queues.clone();
                self.seen.insert(key.clone(), Seen { at: now, queues });
            }
        }
    }

    /// Whether every look has been fresh since the time `shown`, in seconds since 1970 on this host's
    /// clock.
    pub(super) fn is_watched_since(&self, shown: f64) -> bool {
        let late = BEGUN_ELSEWHERE.as_secs_f64();
        self.since
            .is_some_and(|since| since.epoch() <= shown + late)
    }

    /// Whether no process can have fetched from `queue` since `from`.
    pub(super) fn by_none(&self, queue: &String, from: Moment) -> bool {
        let mut seen = self.seen.values();
        self.since.is_some_and(|since| since <= from)
            && seen.all(|seen| seen.at < from || !seen.may_have_served(queue))
    }

    /// Whether another process than `process` was seen to serve one of `queues` at `since` or
    /// later; without `since`: at any time.
    fn by_another(&self, process: &ProcessKey, queues: Queues<'_>, since: Option<Moment>) -> bool {
        let others = self.seen.iter().filter(|(key, _)| *key != process);
        let mut seen = others.map(|(_, seen)| seen);
        seen.any(|seen| {
            since.is_none_or(|since| seen.at >= since)
                && queues.any(|queue| seen.may_have_served(queue))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn queues_that_were_served_before_stay_known() {
        let (first, second) = (vec!["mail".to_owned()], vec!["default".to_owned()]);
        let now = Moment::new(Duration::from_secs(1), jiff::Timestamp::UNIX_EPOCH);
        let mut seen = Seen {
            at: now,
            queues: first.clone(),
        };
        seen.serves(&second, now);
        assert!(seen.may_have_served(&first[0]) && seen.may_have_served(&second[0]));
        assert!(!seen.may_have_served(&"other".to_owned()));
        // Its queues cannot be read: it may serve any, and may have ever since.
        seen.serves(&[], now);
        seen.serves(&second, now);
        assert!(seen.may_have_served(&"other".to_owned()));
    }
}
