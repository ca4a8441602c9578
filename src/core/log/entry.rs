//! An entry of a log: which process wrote it, about which job, and what it says. Only a line in
//! the exact form of a formatter of Sidekiq says anything about a job or a shutdown; all other
//! lines are text of the application.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form::{Form, Head, Shape, head, seconds};
use super::notices::Notice;
use super::structured::{Structured, structured};
use crate::core::clean::clean;

/// Longest line of a message that is kept.
const LONGEST_LINE: usize = 500;
/// Lines of one message that are kept.
const MOST_LINES: usize = 400;
/// Errors with which Redis refuses every write, whatever its key.
const REFUSALS: [&str; 3] = ["READONLY", "MISCONF", "NOREPLICAS"];

/// An entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// The formatter of Sidekiq that wrote it; `None` if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<&'static Form>,
    /// The process that wrote it, in its own pid namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The thread that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<String>,
    /// The job that ran on that thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jid: Option<String>,
    /// The class of that job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How long the job ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<Duration>,
    /// When it was written, by the writer's own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Its message.
    pub happening: Happening,
    /// Its message, line by line, safe for a terminal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

impl Entry {
    /// The same entry without its message, unless that is part of a backtrace: paths, lines and
    /// methods.
    #[must_use]
    pub fn without_text(&self) -> Self {
        let frames = self.lines.iter().filter(|line| is_frame(line));
        Self {
            lines: frames.cloned().collect(),
            ..self.clone()
        }
    }
}

/// The message of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// A job started. An application may log the same word in the middle of a job.
    Start,
    /// A job ended without an error.
    Done,
    /// A job ended by an error, or was interrupted: Sidekiq writes the same for both.
    Fail,
    /// A step of the shutdown.
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
    /// No head was recognised: the line may go on with the entry before it.
    #[default]
    Continued,
    /// A job comes to its end, and how. A recording holds the notice alone.
    #[serde(untagged)]
    Notice(Notice),
}

/// The lines that tell of a shutdown (5.2.10 `manager.rb`, `fetch.rb`; 8.1.7 the same).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `Failed to requeue N jobs`: some of them may be back all the same. Sidekiq pushes queue by
    /// queue, and says so after the first error (8.1.7 `lib/sidekiq/fetch.rb`, `bulk_requeue`).
    FailedToRequeue(u64),
    /// The same for an error with which Redis refuses every write: none of them is back.
    RequeueRefused(u64),
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
            Self::FailedToRequeue(count) | Self::RequeueRefused(count) => {
                write!(formatter, "Failed to requeue {count} jobs")
            }
            Self::Bye => formatter.write_str("Bye!"),
        }
    }
}

/// Reads one line.
pub fn read(text: &str) -> Entry {
    match structured(text) {
        Some(Structured::Own { head, message }) => return own(*head, &message),
        Some(Structured::Foreign { pid, message }) => return untrusted(pid, &message),
        None => {}
    }
    let plain = clean(text, usize::MAX);
    match head(&plain) {
        Some((head, message)) => own(head, message),
        None => Entry {
            lines: lines(&plain),
            ..Entry::default()
        },
    }
}

/// An entry in a form of Sidekiq's own.
fn own(head: Head, message: &str) -> Entry {
    let (happening, stated) = happening(&head, message);
    Entry {
        form: Some(head.form),
        pid: Some(head.pid),
        tid: Some(head.tid),
        jid: head.context.jid,
        class: head.context.class,
        elapsed: head.context.elapsed.or(stated),
        time: head.time,
        happening,
        lines: lines(message),
    }
}

/// An entry of a formatter that is not known, written by `pid` as far as it says so. It names no
/// job. Of a shutdown it says only what proves nothing about a job.
fn untrusted(pid: Option<u32>, message: &str) -> Entry {
    let happening = match thread(message) {
        Some(thread) => thread,
        None => match milestone(message) {
            Some((
                said @ (Milestone::Quieted | Milestone::ShuttingDown | Milestone::Pausing),
                _,
            )) => Happening::Milestone(said),
            Some(_) | None => Happening::Text,
        },
    };
    Entry {
        pid,
        happening,
        lines: lines(message),
        ..Entry::default()
    }
}

fn lines(message: &str) -> Vec<String> {
    let lines = message.split('\n').take(MOST_LINES);
    lines.map(|line| clean(line, LONGEST_LINE)).collect()
}

/// The meaning of a message, and the run time that it names itself (`done: 1.002 sec` up to 5.x).
fn happening(head: &Head, message: &str) -> (Happening, Option<Duration>) {
    if head.context.given {
        let said = of_a_job(head, message).filter(|_| head.context.is_of_job());
        return said.unwrap_or((Happening::Text, None));
    }
    // Threads without a job write these: the main one, the managers.
    if let Some(thread) = thread(message) {
        return (thread, None);
    }
    let own = milestone(message).filter(|(_, level)| head.level == *level);
    let said = own.map_or(Happening::Text, |(said, _)| Happening::Milestone(said));
    (said, None)
}

/// The lines of Sidekiq's job logger: `start` before the job has a run time, `done` and `fail` with
/// it (5.2.10, 6.4.1, 7.3.2 and 8.1.7 `lib/sidekiq/job_logger.rb`). The same word from inside a
/// job has no run time, and says nothing.
fn of_a_job(head: &Head, message: &str) -> Option<(Happening, Option<Duration>)> {
    let elapsed = head.context.elapsed;
    let notice = || Notice::read(&head.level, message);
    if head.level != "INFO" {
        return Some((Happening::Notice(notice()?), None)).filter(|_| elapsed.is_none());
    }
    if head.form.shape == Shape::Words {
        let stated = |word: &str| seconds(message.strip_prefix(word)?.strip_suffix(" sec")?);
        if message == "start" {
            return Some((Happening::Start, None));
        }
        let done = stated("done: ").map(|span| (Happening::Done, Some(span)));
        return done.or_else(|| stated("fail: ").map(|span| (Happening::Fail, Some(span))));
    }
    match (message, elapsed) {
        ("start", None) => Some((Happening::Start, None)),
        ("done", Some(_)) => Some((Happening::Done, None)),
        ("fail", Some(_)) => Some((Happening::Fail, None)),
        (_, None) => Some((Happening::Notice(notice()?), None)),
        (_, Some(_)) => None,
    }
}

/// The head of a backtrace (7.3.9 `lib/sidekiq/cli.rb:202-211`).
fn thread(message: &str) -> Option<Happening> {
    let thread = message.strip_prefix("Thread TID-")?;
    let (tid, name) = thread.split_once(' ').unwrap_or((thread, ""));
    Some(Happening::Thread {
        tid: clean(tid, 64),
        name: clean(name.trim(), 64),
    })
}

/// A step of the shutdown in Sidekiq's own words, and the level at which it is written.
fn milestone(message: &str) -> Option<(Milestone, &'static str)> {
    let counted = |before: &str, after: &str| -> Option<u64> {
        let (number, rest) = message.strip_prefix(before)?.split_once(' ')?;
        (rest == after).then(|| number.parse().ok())?
    };
    let failed = || -> Option<Milestone> {
        let (number, rest) = message
            .strip_prefix("Failed to requeue ")?
            .split_once(' ')?;
        let error = rest.strip_prefix("jobs: ")?;
        let jobs = number.parse().ok()?;
        let code = error.split(' ').next().unwrap_or_default();
        Some(if REFUSALS.contains(&code) {
            Milestone::RequeueRefused(jobs)
        } else {
            Milestone::FailedToRequeue(jobs)
        })
    };
    Some(match message {
        "Bye!" => (Milestone::Bye, "INFO"),
        "Shutting down" => (Milestone::ShuttingDown, "INFO"),
        "Received TSTP, no longer accepting new work" => (Milestone::Quieted, "INFO"),
        "Pausing to allow jobs to finish..." | "Pausing to allow workers to finish..." => {
            (Milestone::Pausing, "INFO")
        }
        _ => {
            let terminating = counted("Terminating ", "busy threads")
                .or_else(|| counted("Terminating ", "busy worker threads"));
            if let Some(count) = terminating {
                (Milestone::Terminating(count), "WARN")
            } else if let Some(count) = counted("Pushed ", "jobs back to Redis") {
                (Milestone::PushedBack(count), "INFO")
            } else {
                (failed()?, "WARN")
            }
        }
    })
}

/// Whether a line is a frame of a backtrace and nothing else: `FILE:LINE:in 'METHOD'`.
fn is_frame(line: &str) -> bool {
    let line = line.trim();
    let line = line.strip_prefix("from ").unwrap_or(line);
    if line == "<no backtrace available>" {
        return true;
    }
    let Some((place, method)) = line.split_once(":in ") else {
        return false;
    };
    let numbered = place.rsplit_once(':').is_some_and(|(file, number)| {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits && !file.is_empty() && !file.contains(char::is_whitespace)
    });
    // Up to Ruby 3.3 a backtick opens the name.
    numbered && method.len() > 2 && method.starts_with(['`', '\'']) && method.ends_with('\'')
}
