//! Facts that were learned beside a drain or after it: the interrupted jobs in `retry` and `dead`
//! before and after, the command of `on_finish`, and jobs of unknown fate that a later look found.
//! It stands beside what the drain itself wrote down and changes none of it.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::job::JobFate;
use super::library::Past;
use crate::core::drain::{Counted, Event, Fate, Outcome, Record};
use crate::core::moment::{Seconds, rfc3339};

/// Jobs in `retry` and `dead` that failed by being stopped (`Sidekiq::Shutdown`, an interrupt).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InterruptedCount {
    /// In `retry`; `None` where Redis could not be asked.
    pub retry: Option<u64>,
    /// In `dead`; `None` where Redis could not be asked.
    pub dead: Option<u64>,
    /// How many members of each set were looked at, where that is not all.
    pub of_first: Option<u64>,
    /// Why nothing is known.
    pub error: Option<String>,
}

/// Both counts of a drain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InterruptedCounts {
    /// Before the first signal.
    pub before: Option<InterruptedCount>,
    /// After the end.
    pub after: Option<InterruptedCount>,
}

impl InterruptedCounts {
    /// The counts that stand in `past`.
    pub(super) fn of(past: &Past) -> Self {
        let mut counts = Self::default();
        for record in &past.records {
            let Event::InterruptedCounted {
                when,
                retry,
                dead,
                of_first,
                error,
            } = &record.event
            else {
                continue;
            };
            let count = Some(InterruptedCount {
                retry: *retry,
                dead: *dead,
                of_first: *of_first,
                error: error.clone(),
            });
            match when {
                Some(Counted::Before) => counts.before = count,
                Some(Counted::After) => counts.after = count,
                None => {}
            }
        }
        counts
    }

    /// A line for each set, and one where something is not known; none where no count was tried.
    pub fn lines(&self) -> Vec<String> {
        if self.before.is_none() && self.after.is_none() {
            return Vec::new();
        }
        let number = |of: fn(&InterruptedCount) -> Option<u64>| {
            let word = |count: &Option<InterruptedCount>| {
                let known = count.as_ref().and_then(of);
                known.map_or_else(|| "not known".into(), |number| number.to_string())
            };
            format!("{} before, {} after", word(&self.before), word(&self.after))
        };
        let mut lines = vec![
            format!(
                "in the retry set with Sidekiq::Shutdown or an interrupt: {}",
                number(|count| count.retry)
            ),
            format!(
                "in the dead set with Sidekiq::Shutdown or an interrupt: {}",
                number(|count| count.dead)
            ),
        ];
        for (when, count) in [("before", &self.before), ("after", &self.after)] {
            let Some(count) = count else { continue };
            if let Some(first) = count.of_first {
                lines.push(format!(
                    "{when}: only {first} members of each set were looked at, there are more"
                ));
            }
            if let Some(error) = &count.error {
                lines.push(format!("{when}: Redis could not be asked: {error}"));
            }
        }
        lines
    }
}

/// Where a later look found a job whose fate was unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundLater {
    /// When it was looked for, RFC 3339.
    pub at: String,
    /// The fate that follows; `None`: it was nowhere, which proves nothing.
    pub fate: Option<Fate>,
    /// Where it was, in words.
    pub place: String,
}

impl FoundLater {
    /// The find at `at`.
    pub fn new(at: Timestamp, fate: Option<Fate>, place: &str) -> Self {
        Self {
            at: rfc3339(at),
            fate,
            place: place.to_owned(),
        }
    }

    /// `found later (2026-11-21T19:20:00.000Z): found in queue default`.
    pub fn words(&self) -> String {
        match self.fate {
            Some(_) => format!("found later ({}): {}", self.at, self.place),
            None => format!("looked for later ({}): {}", self.at, self.place),
        }
    }
}

/// The last find of each job in `past`.
pub(super) fn finds(past: &Past) -> HashMap<String, FoundLater> {
    let mut finds = HashMap::new();
    for record in &past.records {
        if let Event::FoundLater {
            jid, fate, place, ..
        } = &record.event
        {
            let found = FoundLater::new(record.at.wall(), Some(*fate), place);
            finds.insert(jid.clone(), found);
        }
    }
    finds
}

/// A command that was given the report, and whether that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LaterNotice {
    /// The program of `on_finish`.
    pub program: String,
    /// How long it took.
    pub seconds: Option<f64>,
    /// How it failed; `None` if it did not.
    pub error: Option<String>,
}

impl LaterNotice {
    /// In words.
    pub fn words(&self) -> String {
        match &self.error {
            None => format!("on_finish: {} has the report", self.program),
            Some(error) => format!("on_finish: {} failed: {error}", self.program),
        }
    }
}

/// The commands that were given the report.
pub(super) fn notices(past: &Past) -> Vec<LaterNotice> {
    let told = |record: &Record| {
        let Event::Notified {
            program,
            seconds,
            error,
        } = &record.event
        else {
            return None;
        };
        Some(LaterNotice {
            program: program.clone(),
            seconds: seconds.map(Seconds::number),
            error: error.clone(),
        })
    };
    past.records.iter().filter_map(told).collect()
}

impl JobFate {
    /// Whether a later look may still tell what became of it.
    pub fn is_open(&self) -> bool {
        self.fate == Fate::Unknown
            && self.jid.is_some()
            && (self.found_later.as_ref()).is_none_or(|found| found.fate.is_none())
    }
}

/// The record that says how a drain ended.
pub(super) fn end(past: &Past) -> Option<(&Record, Outcome)> {
    past.records.iter().rev().find_map(|record| {
        if let Event::Finished { outcome, .. } = record.event {
            return Some((record, outcome));
        }
        None
    })
}
