//! One entry of a log: who wrote it, about which job, and what it says. The exact words are
//! those of Sidekiq's own sources; what is not recognised is just text.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::header::{Header, header};
use super::structured::structured;
use crate::core::clean::clean;

/// Longest line of a message that is kept.
const LONGEST_LINE: usize = 500;
/// Lines of one message that are kept.
const MOST_LINES: usize = 400;

/// One entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Who wrote it, in its own pid namespace.
    pub pid: Option<u32>,
    /// Its thread.
    pub tid: Option<String>,
    /// The job.
    pub jid: Option<String>,
    /// The job's class.
    pub class: Option<String>,
    /// How long the job ran.
    pub elapsed: Option<Duration>,
    /// When it was written, by the writer's own clock.
    pub time: Option<Timestamp>,
    /// What it says.
    pub happening: Happening,
    /// Its message, line by line, safe for a terminal.
    pub lines: Vec<String>,
}

/// What an entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Happening {
    /// A job started.
    Start,
    /// It ended by itself.
    Done,
    /// It ended by an error, or was interrupted: Sidekiq says the same of both.
    Fail,
    /// Something on the way to the exit.
    Milestone(Milestone),
    /// A backtrace follows in the next entry of the same process.
    Thread {
        /// The thread's id.
        tid: String,
        /// Its name; may be empty.
        name: String,
    },
    /// Anything else.
    Text,
    /// No head was recognised: the line belongs to the entry before it, or to nobody.
    #[default]
    Continued,
}

/// The lines that tell of a shutdown (5.2.10 `manager.rb`, `fetch.rb`; 8.1.7 the same).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// `Received TSTP, no longer accepting new work`.
    Quieted,
    /// `Shutting down`: TERM or INT was heard.
    ShuttingDown,
    /// `Pausing to allow jobs to finish...`.
    Pausing,
    /// `Terminating N busy threads`: the time is up. Idle threads that have not ended are in N.
    Terminating(u64),
    /// `Pushed N jobs back to Redis`.
    PushedBack(u64),
    /// `Failed to requeue N jobs`: they are lost.
    FailedToRequeue(u64),
    /// `Bye!`: what follows is `at_exit`.
    Bye,
}

impl fmt::Display for Milestone {
    /// The words of Sidekiq 8.1; those of older ones say the same.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quieted => formatter.write_str("Received TSTP, no longer accepting new work"),
            Self::ShuttingDown => formatter.write_str("Shutting down"),
            Self::Pausing => formatter.write_str("Pausing to allow jobs to finish..."),
            Self::Terminating(count) => write!(formatter, "Terminating {count} busy threads"),
            Self::PushedBack(count) => write!(formatter, "Pushed {count} jobs back to Redis"),
            Self::FailedToRequeue(count) => write!(formatter, "Failed to requeue {count} jobs"),
            Self::Bye => formatter.write_str("Bye!"),
        }
    }
}

/// Reads one line.
pub fn read(text: &str) -> Entry {
    if let Some(entry) = structured(text) {
        return entry;
    }
    let plain = clean(text, usize::MAX);
    match header(&plain) {
        Some((header, message)) => of(header, message),
        None => unknown(&plain),
    }
}

/// An entry of a known head.
pub(super) fn of(header: Header, message: &str) -> Entry {
    let (happening, stated) = happening(message.trim_matches(' '));
    Entry {
        pid: header.pid,
        tid: header.tid,
        jid: header.jid,
        class: header.class,
        elapsed: header.elapsed.or(stated),
        time: header.time,
        happening,
        lines: lines(message),
    }
}

fn lines(message: &str) -> Vec<String> {
    let lines = message.split('\n').take(MOST_LINES);
    lines.map(|line| clean(line, LONGEST_LINE)).collect()
}

/// What a message says, and the time that it names itself (`done: 1.002 sec` up to 5.x).
pub(super) fn happening(message: &str) -> (Happening, Option<Duration>) {
    let (word, rest) = message.split_once(':').unwrap_or((message, ""));
    let elapsed = rest
        .trim()
        .strip_suffix(" sec")
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let of_job = match word {
        "start" => Some(Happening::Start),
        "done" => Some(Happening::Done),
        "fail" => Some(Happening::Fail),
        _ => None,
    };
    match of_job {
        Some(happening) if rest.is_empty() || elapsed.is_some() => (happening, elapsed),
        Some(_) | None => (said(message), None),
    }
}

fn said(message: &str) -> Happening {
    if let Some(thread) = message.strip_prefix("Thread TID-") {
        let (tid, name) = thread.split_once(' ').unwrap_or((thread, ""));
        return Happening::Thread {
            tid: clean(tid, 64),
            name: clean(name.trim(), 64),
        };
    }
    milestone(message).map_or(Happening::Text, Happening::Milestone)
}

fn milestone(message: &str) -> Option<Milestone> {
    let counted = |before: &str, after: &str| -> Option<u64> {
        let rest = message.strip_prefix(before)?;
        let (number, rest) = rest.split_once(' ')?;
        rest.starts_with(after).then(|| number.parse().ok())?
    };
    Some(match message {
        "Bye!" => Milestone::Bye,
        "Shutting down" => Milestone::ShuttingDown,
        _ if message.starts_with("Received TSTP") => Milestone::Quieted,
        _ if message.starts_with("Pausing to allow ") => Milestone::Pausing,
        _ => {
            if let Some(count) = counted("Terminating ", "busy ") {
                Milestone::Terminating(count)
            } else if let Some(count) = counted("Pushed ", "jobs back") {
                Milestone::PushedBack(count)
            } else {
                Milestone::FailedToRequeue(counted("Failed to requeue ", "jobs")?)
            }
        }
    })
}

/// A line of a formatter that nobody knows: a job's id in it, and its last word, say what can be
/// said.
fn unknown(text: &str) -> Entry {
    let labelled = |label: &str| {
        let rest = text.split_once(label)?.1;
        let id: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        (!id.is_empty()).then_some(id)
    };
    let jid = labelled("jid=")
        .or_else(|| labelled("JID-"))
        .or_else(|| bare_jid(text));
    let mut entry = Entry {
        lines: lines(text),
        ..Entry::default()
    };
    if jid.is_none() {
        return entry;
    }
    entry.jid = jid;
    let trimmed = text.trim_end();
    let trimmed = trimmed.trim_end_matches(['"', '\'', ']', ')', '}', '.']);
    let words: Vec<&str> = trimmed.rsplitn(4, [' ', '=', '\t']).collect();
    let last = match words.as_slice() {
        ["sec", number, word, ..] if number.parse::<f64>().is_ok() => word.trim_end_matches(':'),
        [word, ..] => word.trim_start_matches(['"', '\'']),
        [] => "",
    };
    entry.happening = match last {
        "start" => Happening::Start,
        "done" => Happening::Done,
        "fail" => Happening::Fail,
        _ => Happening::Continued,
    };
    entry
}

/// 24 hexadecimal digits that stand alone (7.3.9 `job_util.rb`: `SecureRandom.hex(12)`).
fn bare_jid(text: &str) -> Option<String> {
    let word = |word: &&str| {
        word.len() == 24
            && word
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut words = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(word);
    words.next().map(str::to_owned)
}
