//! A sentence about something that happened, with room for the names of the processes that it
//! happened to. The printed line, the journal pane and the timeline of a report are all made of
//! these.

use std::time::Duration;

/// The words of an event, without its time. The same thing often happens to several processes
/// within a second: then one sentence may name them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The words before the names of the processes.
    pub before: String,
    /// The words after them; `None`: the sentence does not need a name.
    pub after: Option<String>,
    /// Whether it holds for one process alone: a KILL says what was at stake there.
    pub single: bool,
}

impl Sentence {
    /// The same sentence about several processes within this time is told as one.
    pub const TOGETHER: Duration = Duration::from_secs(1);

    /// Words around the name of a process.
    pub(super) fn around(before: impl Into<String>, after: impl Into<String>) -> Self {
        Self {
            before: before.into(),
            after: Some(after.into()),
            single: false,
        }
    }

    /// Words that need no name.
    pub(super) fn whole(text: impl Into<String>) -> Self {
        Self {
            before: text.into(),
            after: None,
            single: false,
        }
    }

    /// Whether this and `other`, about different processes, may be told as one.
    pub fn joins(&self, other: &Self) -> bool {
        self == other && self.after.is_some() && !self.single
    }

    /// The sentence with the names of these processes.
    pub fn with(&self, names: &str) -> String {
        match &self.after {
            Some(after) if names.is_empty() => format!("{}a process{after}", self.before),
            Some(after) => format!("{}{names}{after}", self.before),
            None if names.is_empty() => self.before.clone(),
            None => format!("{names}: {}", self.before),
        }
    }
}

/// A job for people: class and JID, as far as they are known.
pub fn named(class: &str, jid: Option<&str>) -> String {
    match (class, jid) {
        ("", None) => "a job that no heartbeat showed".into(),
        ("", Some(jid)) => format!("job {jid}"),
        (class, None) => format!("{class} (JID not known)"),
        (class, Some(jid)) => format!("{class} {jid}"),
    }
}
