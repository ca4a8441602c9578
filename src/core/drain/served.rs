//! The queues of a drain in its last record: for how long no process took jobs from each.

use serde::{Deserialize, Serialize};

use crate::core::moment::Seconds;

/// A queue of the targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueServed {
    /// Its name.
    pub queue: String,
    /// Seconds in which no process took jobs from it, until the end of the drain; null where that
    /// is not known.
    pub unserved_s: Option<Seconds>,
    /// Whether no process took jobs from it when the drain ended.
    #[serde(default)]
    pub still: bool,
    /// Each such time.
    #[serde(default)]
    pub gaps: Vec<UnservedTime>,
}

/// A time in which no process took jobs from a queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnservedTime {
    /// Seconds from the start of the drain to its begin.
    pub from_t_s: Seconds,
    /// Seconds from the start of the drain to its end; null: it went on when the drain ended.
    pub until_t_s: Option<Seconds>,
    /// What ended the service: `util1:4242 became quiet`.
    #[serde(default)]
    pub since: String,
    /// The process whose heartbeat shows that it takes jobs from it again.
    pub again: Option<String>,
}

impl QueueServed {
    /// A line for people: `default: 32 s; from T+0s (util1:4242 became quiet), still at the end`.
    pub fn words(&self) -> String {
        let total = match self.unserved_s {
            Some(Seconds(total)) => format!("{:.1} s", total.as_secs_f64()),
            None => "not known, for Redis did not answer for a while".into(),
        };
        let gap = |gap: &UnservedTime| {
            let at = |seconds: Seconds| format!("T+{:.1}s", seconds.0.as_secs_f64());
            let end = match (gap.until_t_s, &gap.again) {
                (Some(until), Some(again)) => format!("until {} ({again} beats)", at(until)),
                (Some(until), None) => format!("until {}", at(until)),
                (None, _) => "still unserved at the end".into(),
            };
            format!("from {} ({}), {end}", at(gap.from_t_s), gap.since)
        };
        let gaps: Vec<String> = self.gaps.iter().map(gap).collect();
        let parts: Vec<String> = std::iter::once(total).chain(gaps).collect();
        format!("{}: {}", self.queue, parts.join("; "))
    }
}
