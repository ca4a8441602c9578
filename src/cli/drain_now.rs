//! The cost of a drain that began now, as `ps` tells it.

use std::time::Duration;

use serde::Serialize;

use super::rows::Picture;
use crate::core::choice::Choice;
use crate::core::moment::Seconds;
use crate::core::outlook::{Outlooks, Tally};

/// The cost of a drain of the processes of this host that are chosen. What is not known is `null`.
#[derive(Debug, Serialize)]
pub(super) struct DrainNow {
    /// When the last known job has ended or was interrupted, at the latest.
    ends_in_s: Option<Seconds>,
    /// Work of the jobs that are expected to be pushed back or lost.
    work_redone_s: Option<Seconds>,
    /// The most that may have to be done again: should no known job end in time, and should every
    /// thread run a job that no heartbeat has shown.
    work_redone_at_most_s: Option<Seconds>,
    /// The part of it that no heartbeat has shown.
    unseen_at_most_s: Option<Seconds>,
    /// Work so far of the jobs that are expected to end, or to break off at a checkpoint.
    work_kept_s: Option<Seconds>,
    /// The known jobs by verdict.
    jobs: Verdicts,
    /// The most that the known jobs must do again, in words.
    #[serde(skip)]
    pub(super) words: Option<String>,
}

/// Known jobs by verdict.
#[derive(Debug, Serialize)]
struct Verdicts {
    fits: u64,
    at_risk: u64,
    breaks_off: u64,
    pushed_back: u64,
    lost: u64,
    unknown: u64,
}

impl DrainNow {
    /// The cost for the targets that `choice` names; `None`: it names none.
    pub(super) fn of(picture: Picture<'_>, choice: &Choice) -> Option<Self> {
        let targets = choice.choose(picture.fleet);
        if targets.is_empty() {
            return None;
        }
        let outlooks = Outlooks::new(picture.situation(), &targets);
        let toll = outlooks.toll();
        let seconds = |span: Option<Duration>| span.map(Seconds);
        Some(Self {
            ends_in_s: seconds(toll.ends),
            work_redone_s: seconds(toll.redone),
            work_redone_at_most_s: seconds(toll.whole()),
            unseen_at_most_s: seconds(toll.unseen),
            work_kept_s: seconds(toll.kept),
            jobs: Verdicts::of(outlooks.tally()),
            words: toll.words(),
        })
    }
}

impl Verdicts {
    fn of(tally: Tally) -> Self {
        Self {
            fits: tally.fits,
            at_risk: tally.at_risk,
            breaks_off: tally.breaks_off,
            pushed_back: tally.pushed_back,
            lost: tally.lost,
            unknown: tally.unknown + tally.in_danger + tally.run_on,
        }
    }
}
