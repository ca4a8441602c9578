//! The beginning and the end of a drain: who, when, with what, how it ended. One line of the list
//! of drains.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::job::{JobFate, counts};
use super::later::end;
use super::library::Past;
use super::process::DrainedProcess;
use crate::core::drain::{Counts, Event, Mode, Outcome, Record};
use crate::core::moment::rfc3339;

/// A line of the list of drains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The drain's name.
    pub run: String,
    /// When it began; `None` if nothing of its record can be read.
    #[serde(serialize_with = "time")]
    pub at: Option<Timestamp>,
    /// The operator: `root (sudo by alice) on util1, pts/3`.
    pub who: Option<String>,
    /// The reason, where one was given.
    pub why: Option<String>,
    /// The processes, `util1:4242`.
    pub targets: Vec<String>,
    /// The sequence.
    pub sequence: Option<String>,
    /// Whether nothing was really sent.
    pub rehearsal: bool,
    /// How it ended; `None`: its record has no end.
    pub outcome: Option<Outcome>,
    /// How long it took; without an end, up to its last line.
    pub seconds: f64,
    /// Jobs by fate.
    pub jobs: Counts,
}

#[expect(clippy::ref_option, reason = "the signature serde asks for")]
fn time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(serializer)
}

impl Summary {
    /// The fates of the jobs, in one line.
    pub fn counted(&self) -> String {
        self.jobs.words()
    }
}

/// The summary of `past`.
pub(super) fn summary(
    past: &Past,
    began: &Began,
    processes: &[DrainedProcess],
    fates: &[JobFate],
) -> Summary {
    let names = processes.iter().map(|process| process.name.clone());
    Summary {
        run: past.run.clone(),
        at: past.records.first().map(|record| record.at.wall()),
        who: began.who.clone(),
        why: began.why.clone(),
        targets: names.collect(),
        sequence: began.sequence.clone(),
        rehearsal: past.records.iter().any(|record| record.rehearsal),
        outcome: end(past).map(|(_, outcome)| outcome),
        seconds: lasted(past),
        jobs: counts(fates),
    }
}

/// Seconds up to its end, else up to the last record of the drain itself.
fn lasted(past: &Past) -> f64 {
    let end = end(past).map(|(record, _)| record);
    end.or(last_of_drain(past)).map_or(0.0, Record::t_s)
}

pub(super) fn last_of_drain(past: &Past) -> Option<&Record> {
    past.records.iter().rev().find(|record| !record.is_later())
}

/// The record of its beginning.
#[derive(Default)]
pub(super) struct Began {
    pub(super) who: Option<String>,
    pub(super) why: Option<String>,
    pub(super) sequence: Option<String>,
    pub(super) mode: Option<Mode>,
    pub(super) redis: Option<String>,
    pub(super) namespace: Option<String>,
}

impl Began {
    /// The beginning of `past`. In records of early versions `by` is `OPERATOR: REASON`.
    pub(super) fn of(past: &Past) -> Self {
        let found = past.records.iter().find_map(|record| {
            let Event::Started {
                sequence,
                mode,
                by,
                reason,
                redis,
                namespace,
                ..
            } = &record.event
            else {
                return None;
            };
            let (who, why) = match by.as_deref().map(|by| by.split_once(": ").ok_or(by)) {
                Some(Ok((who, why))) => (Some(who), Some(why)),
                Some(Err(who)) => (Some(who), None),
                None => (None, None),
            };
            Some(Self {
                who: who.map(str::to_owned),
                why: reason.as_deref().or(why).map(str::to_owned),
                sequence: Some(sequence.clone()),
                mode: *mode,
                redis: redis.clone(),
                namespace: namespace.clone(),
            })
        });
        found.unwrap_or_default()
    }
}
