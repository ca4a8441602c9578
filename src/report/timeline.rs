//! The events of a drain, line by line: `T+0s → TSTP sent to util1:4242`. The events of
//! several processes within a second is one line. The lint's findings, the fates, and what was
//! learned after the drain have their own places in a report.

use serde::Serialize;

use super::library::Past;
use crate::core::drain::{Event, Part, Record, Sentence};

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineLine {
    /// Seconds since the drain began.
    pub t_s: f64,
    /// The events.
    pub text: String,
}

impl TimelineLine {
    /// `T+0s`.
    pub fn stamp(&self) -> String {
        format!("T+{}s", self.t_s.max(0.0).floor())
    }
}

/// A line to which more processes may come.
struct OpenLine<'a> {
    record: &'a Record,
    sentence: Sentence,
    names: Vec<&'a str>,
}

impl<'a> OpenLine<'a> {
    fn new(record: &'a Record) -> Self {
        Self {
            record,
            sentence: record.event.sentence(),
            names: record.name().into_iter().collect(),
        }
    }

    /// Whether `next` tells the same of another process, soon after.
    fn takes(&self, next: &Self) -> bool {
        let since = next
            .record
            .since_start
            .saturating_sub(self.record.since_start);
        !next.names.is_empty() && self.sentence.joins(&next.sentence) && since < Sentence::TOGETHER
    }

    fn close(self) -> TimelineLine {
        let names = match self.names.len() {
            0..=4 => self.names.join(", "),
            count => format!("{count} processes ({}, …)", self.names[..3].join(", ")),
        };
        TimelineLine {
            t_s: self.record.t_s(),
            text: self.sentence.with(&names),
        }
    }
}

/// The timeline of `past`.
pub(super) fn timeline(past: &Past) -> Vec<TimelineLine> {
    let mut lines = Vec::new();
    let mut open: Option<OpenLine<'_>> = None;
    for (index, record) in past.records.iter().enumerate() {
        let told = match record.event.part() {
            Part::Course => true,
            Part::Intent => !is_told_later(record, &past.records[index + 1..]),
            Part::Account | Part::Afterwards | Part::Aside | Part::Unknown => false,
        };
        if !told {
            continue;
        }
        let next = OpenLine::new(record);
        match &mut open {
            Some(open) if open.takes(&next) => open.names.extend(next.names),
            Some(_) | None => lines.extend(open.replace(next).map(OpenLine::close)),
        }
    }
    lines.extend(open.map(OpenLine::close));
    lines
}

/// Whether a later record says what came of an intent.
fn is_told_later(intent: &Record, later: &[Record]) -> bool {
    if let Event::RescueIntended { jid: intended, .. } = &intent.event {
        let ended = |record: &Record| matches!(&record.event, Event::RescueEnded { jid, .. } if jid == intended);
        return later.iter().any(ended);
    }
    if let Event::Cancellation(intended) = &intent.event {
        let goes_on = |record: &Record| matches!(&record.event, Event::Cancellation(step) if step.jid == intended.jid);
        return later.iter().any(goes_on);
    }
    let same = |record: &&Record| record.name() == intent.name();
    later.iter().filter(same).any(|record| {
        matches!(
            record.event,
            Event::SignalSent { .. }
                | Event::SignalFailed { .. }
                | Event::UnitStopBegun { .. }
                | Event::UnitStopFailed { .. }
                | Event::Exited { .. }
        )
    })
}
