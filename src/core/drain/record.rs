//! The one format of everything that happened: journal line, JSON line, printed line, journal
//! pane, and the source of the report. It is written and read here alone.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use super::about::About;
pub use super::by::By;
pub use super::event::Event;
pub use super::part::Part;
pub use super::tally::{Counted, Outcome};
use crate::core::clean::clean;
use crate::core::fate::Counts;
use crate::core::fleet::Identity;
use crate::core::moment::{Moment, Seconds, rfc3339};

/// An event of a drain, with its time.
#[derive(Clone, Debug)]
pub struct Record {
    /// When. In a record that was read back, the time since boot counts from the start of its
    /// drain: such moments may be compared within one drain only.
    pub at: Moment,
    /// Time since the run began.
    pub since_start: Duration,
    /// The run's name.
    pub run: String,
    /// Whether it is a rehearsal: nothing was really sent.
    pub rehearsal: bool,
    /// The process it is about, if it is about one.
    pub about: Option<About>,
    /// The event.
    pub event: Event,
}

impl Record {
    /// The only record of a drain that did not begin.
    pub fn unbegun(outcome: Outcome, why: &str, run: &str, now: Moment) -> Self {
        let event = Event::Finished {
            outcome,
            seconds: Seconds(Duration::ZERO),
            jobs: Counts::default(),
            work_kept_s: None,
            work_redone_s: None,
            queues: None,
            why: Some(why.into()),
        };
        Self {
            at: now,
            since_start: Duration::ZERO,
            run: run.into(),
            rehearsal: false,
            about: None,
            event,
        }
    }

    /// The record as one line of JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            // Nothing in a record can fail to serialise; a line that says so beats a panic.
            format!("{{\"event\":\"remarked\",\"text\":\"record not serialised: {error}\"}}")
        })
    }

    /// Whether it belongs in the lines that `drain` prints. The other records stand in the journal
    /// alone: intents, and what was counted or told beside the drain, which may come after the last
    /// line.
    pub fn is_public(&self) -> bool {
        matches!(
            self.event.part(),
            Part::Course | Part::Account | Part::Afterwards
        )
    }

    /// Whether it was learned beside the drain or after it, and tells nothing of what the drain
    /// itself did.
    pub fn is_later(&self) -> bool {
        matches!(self.event.part(), Part::Afterwards | Part::Aside)
    }

    /// Seconds since the drain began.
    pub fn t_s(&self) -> f64 {
        Seconds(self.since_start).number()
    }

    /// The name of the process that it is about, for people: `util1:4242`.
    pub fn name(&self) -> Option<&str> {
        self.about.as_ref().map(|about| about.name.as_str())
    }

    /// The same record with every text in it made safe for a terminal and cut at `longest`
    /// characters. A record that was read back may hold anything.
    #[must_use]
    pub fn cleaned(&self, longest: usize) -> Self {
        let cleaned = serde_json::to_value(self).and_then(|mut value| {
            clean_texts(&mut value, longest);
            serde_json::from_value(value)
        });
        // Only an event that is not known here cannot be written again: it holds no text.
        cleaned.unwrap_or_else(|_| Self {
            about: None,
            run: clean(&self.run, longest),
            ..self.clone()
        })
    }
}

fn clean_texts(value: &mut serde_json::Value, longest: usize) {
    match value {
        serde_json::Value::String(text) => *text = clean(text, longest),
        serde_json::Value::Array(all) => all.iter_mut().for_each(|one| clean_texts(one, longest)),
        serde_json::Value::Object(all) => {
            all.values_mut().for_each(|one| clean_texts(one, longest));
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// The process of a record, in JSON. Both fields stand on each line about one process; null where
/// they are not known.
#[derive(Serialize, Deserialize)]
struct AboutFields<'a> {
    identity: Option<Cow<'a, str>>,
    pid: Option<u32>,
}

/// A record as one object of JSON: its own fields, then those of the process that it is about.
#[derive(Serialize, Deserialize)]
struct RecordFields<'a> {
    #[serde(serialize_with = "to_milliseconds")]
    at: Timestamp,
    t_s: Seconds,
    run: Cow<'a, str>,
    #[serde(flatten)]
    event: Cow<'a, Event>,
    #[serde(flatten)]
    about: Option<AboutFields<'a>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rehearsal: bool,
}

fn to_milliseconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let about = self.about.as_ref().map(|about| AboutFields {
            identity: (about.identity.as_ref()).map(|identity| Cow::Borrowed(identity.as_str())),
            pid: about.pid,
        });
        RecordFields {
            at: self.at.wall(),
            t_s: Seconds(self.since_start),
            run: Cow::Borrowed(&self.run),
            event: Cow::Borrowed(&self.event),
            about,
            rehearsal: self.rehearsal,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = RecordFields::deserialize(deserializer)?;
        let about = fields.about.and_then(|about| {
            let identity = about.identity.map(|identity| Identity::new(&identity));
            let short = identity
                .as_ref()
                .map(|identity| identity.short().to_owned());
            let name = short.or_else(|| about.pid.map(|pid| format!("pid {pid}")))?;
            Some(About {
                identity,
                pid: about.pid,
                name,
            })
        });
        Ok(Self {
            at: Moment::new(fields.t_s.0, fields.at),
            since_start: fields.t_s.0,
            run: fields.run.into_owned(),
            rehearsal: fields.rehearsal,
            about,
            event: fields.event.into_owned(),
        })
    }
}

impl fmt::Display for Record {
    /// A line for people, without the time.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // That nothing came up in the place of a process is about no process that there is.
        let found = !matches!(&self.event, Event::Successor(successor) if !successor.found);
        let name = self.name().filter(|_| found).unwrap_or_default();
        formatter.write_str(&self.event.sentence().with(name))
    }
}
