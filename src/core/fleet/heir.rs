//! Later jobs that do the work of earlier ones, as they stand in queues, sets and work hashes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lineage::{Lineage, Passed};
use crate::core::clean::{LONGEST_SHOWN, clean};

/// Longest id kept, in characters.
const LONGEST_ID: usize = 64;

/// A later job that does the work of a sought one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heir {
    /// Its id.
    pub jid: String,
    /// Where it is: `in queue default`, `at work on util2:17`.
    pub place: String,
    /// When it was made, in seconds since 1970 on the clock of the process that made it.
    pub created: Option<f64>,
    /// How it came to the work.
    pub passed: Passed,
    /// The work that it names. An older record does not tell it.
    #[serde(default)]
    pub lineage: Option<Lineage>,
    /// Its class as a log names it.
    #[serde(default)]
    pub class: Option<String>,
}

impl Heir {
    /// Whether it does the work of a job of `lineage`, as far as its payload tells. It may have been
    /// sought by its class alone.
    pub fn may_follow(&self, lineage: Option<&Lineage>) -> bool {
        let Some(own) = &self.lineage else {
            return true;
        };
        lineage.is_some_and(|earlier| earlier.passed_to(own).is_some())
    }
}

/// An element of a queue or a set that names its work.
#[derive(Clone, Debug, PartialEq)]
pub struct Later {
    lineage: Lineage,
    jid: String,
    /// As a log names it.
    class: Option<String>,
    created: Option<f64>,
}

impl Later {
    /// Reads an element of a queue or a set, if it names its work.
    pub fn read(element: &[u8]) -> Option<Self> {
        let lineage = Lineage::of(element)?;
        let element: Element = serde_json::from_str(&String::from_utf8_lossy(element)).ok()?;
        Some(Self {
            lineage,
            jid: clean(element.jid.as_str()?, LONGEST_ID),
            class: element.class_in_logs(),
            created: element.created_at.as_f64().map(seconds),
        })
    }

    /// Its relation to a job of `lineage`, if it does that work later.
    pub fn heir_of(&self, lineage: &Lineage, place: &str) -> Option<Heir> {
        let passed = lineage.passed_to(&self.lineage)?;
        Some(self.heir(passed, place))
    }

    /// Its possible relation to a job of which only its `class` is known.
    pub fn heir_of_class(&self, class: &str, place: &str) -> Option<Heir> {
        let passed = self.lineage.passed()?;
        (self.class.as_deref() == Some(class)).then(|| self.heir(passed, place))
    }

    fn heir(&self, passed: Passed, place: &str) -> Heir {
        Heir {
            jid: self.jid.clone(),
            place: place.to_owned(),
            created: self.created,
            passed,
            lineage: Some(self.lineage.clone()),
            class: self.class.clone(),
        }
    }
}

/// The fields of an element that tell of the job itself.
#[derive(Deserialize)]
struct Element {
    #[serde(default)]
    jid: Value,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    class: Value,
    #[serde(default)]
    wrapped: Value,
    #[serde(default)]
    display_class: Value,
}

impl Element {
    /// The class as Sidekiq's log names it (8.1.7 `lib/sidekiq/job_logger.rb`).
    fn class_in_logs(&self) -> Option<String> {
        let names = [&self.display_class, &self.wrapped, &self.class];
        let name = names.into_iter().find_map(Value::as_str)?;
        Some(clean(name, LONGEST_SHOWN))
    }
}

/// Sidekiq 8 writes milliseconds where 7 wrote seconds (8.1.7 `lib/sidekiq/job_util.rb:61-66`).
fn seconds(time: f64) -> f64 {
    if time > 1e11 { time / 1000.0 } else { time }
}
