//! Where a job is, when Redis is asked for it by name. Values only; an answer is as old as its
//! question.

use std::fmt;
use std::sync::Arc;

use super::Identity;
use super::heir::Heir;
use crate::core::clean::{LONGEST_SHOWN, clean};
use crate::core::moment::Moment;

/// A job to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Its id; may be empty where the payload does not say, then only the payload counts.
    pub jid: String,
    /// The queue it was fetched from.
    pub queue: String,
    /// The payload as it was seen; may be empty.
    pub payload: Arc<[u8]>,
    /// The class, where a log told of the job and no payload is known: a later job of that class
    /// may do its work.
    pub class: Option<String>,
}

impl Sought {
    /// The same with the exact name of its queue.
    #[must_use]
    pub fn exact(&self) -> Self {
        Self {
            queue: exact_queue(&self.queue, &self.payload),
            ..self.clone()
        }
    }
}

/// The exact name of the queue that is shown as `shown`: the payload names it as Sidekiq wrote it,
/// with what was cleaned away for the screen, or cut off. A name that is no UTF-8 stays as shown.
pub fn exact_queue(shown: &str, payload: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Named {
        queue: String,
    }
    let named = serde_json::from_str::<Named>(&String::from_utf8_lossy(payload));
    named
        .ok()
        .map(|named| named.queue)
        .filter(|exact| clean(exact, LONGEST_SHOWN) == shown)
        .unwrap_or_else(|| shown.to_owned())
}

/// The find for one job.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Located {
    /// Its id.
    pub jid: String,
    /// Where it is.
    pub place: Place,
    /// When the question left. What moved since is not in it.
    pub asked: Moment,
    /// Whether its iteration state `it-<jid>` was there: an `IterableJob` that has not ended
    /// (written at least every 5 s and before it breaks off, dropped when it is complete: 7.3.9
    /// `lib/sidekiq/job/iterable.rb:171-183,257-278`).
    pub iterating: bool,
    /// Later jobs that do the same work, a few at most.
    pub heirs: Vec<Heir>,
    /// Where another job under its id is, in words: it is no push-back of this one.
    #[serde(default)]
    pub namesake: Option<String>,
}

/// Where a job is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Place {
    /// A beat shows it at work. A search of queues and sets does not read that: each look has it.
    Work {
        /// The process that runs it.
        identity: Identity,
    },
    /// It waits in this queue.
    Queue {
        /// Name without `queue:`.
        name: String,
    },
    /// It failed and Sidekiq will retry it.
    Retry,
    /// It is dead: it runs only if an operator retries it.
    Dead,
    /// It is scheduled for later.
    Schedule,
    /// `super_fetch` keeps it for this process.
    Private {
        /// The owner of the list.
        identity: Identity,
    },
    /// In none of these places.
    Nowhere {
        /// Whether all of them were searched to the end; if not, it may still be in one.
        searched_whole: bool,
    },
    /// There is no answer.
    NotAsked {
        /// Why, in words.
        why: String,
    },
}

/// How the words for a queue begin.
const IN_QUEUE: &str = "in queue ";

/// The words for the place of a job that the process `name` runs: `at work on util2:17`.
pub fn at_work_on(name: &str) -> String {
    format!("{AT_WORK}{name}")
}

const AT_WORK: &str = "at work on ";

/// Whether a later job at `place`, in words, waits for a process that serves `queue`, as far as known:
/// it is not at work, and not in another queue. An empty `queue` is not known.
pub fn waits_for(place: &str, queue: &str) -> bool {
    let name = place.strip_prefix(IN_QUEUE);
    let in_other = name.is_some_and(|name| !queue.is_empty() && name != queue);
    !in_other && !place.starts_with(AT_WORK)
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Work { identity } => formatter.write_str(&at_work_on(identity.short())),
            Self::Queue { name } => write!(formatter, "{IN_QUEUE}{name}"),
            Self::Retry => formatter.write_str("among the retries"),
            Self::Dead => formatter.write_str("among the dead"),
            Self::Schedule => formatter.write_str("among the scheduled"),
            Self::Private { identity } => write!(formatter, "kept for {}", identity.short()),
            Self::Nowhere {
                searched_whole: true,
            } => formatter.write_str("nowhere"),
            Self::Nowhere {
                searched_whole: false,
            } => formatter.write_str("not found, not searched to the end"),
            Self::NotAsked { why } => write!(formatter, "not known: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_waits_where_it_is_not_at_work_and_not_in_another_queue() {
        let in_queue = |name: &str| Place::Queue { name: name.into() }.to_string();
        assert!(waits_for(&in_queue("default"), "default"));
        assert!(!waits_for(&in_queue("low"), "default"));
        assert!(waits_for(&Place::Schedule.to_string(), "default"));
        assert!(!waits_for(&at_work_on("util2:17"), "default"));
        // The log alone names it: its queue is not known.
        assert!(waits_for(&in_queue("low"), ""));
    }

    #[test]
    fn a_queue_keeps_its_exact_name() {
        let long = "x".repeat(250);
        let shown = clean(&long, LONGEST_SHOWN);
        let payload = |queue: &str| format!(r#"{{"jid":"a","queue":"{queue}","args":[1]}}"#);
        assert_eq!(exact_queue(&shown, payload(&long).as_bytes()), long);
        let hidden = "lo\u{200b}w";
        assert_eq!(exact_queue("low", payload(hidden).as_bytes()), hidden);
        assert_eq!(exact_queue("low", payload("other").as_bytes()), "low");
        assert_eq!(exact_queue("low", b"no json"), "low");
    }
}
