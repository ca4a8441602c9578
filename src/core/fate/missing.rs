//! Jobs of ended processes that were not found: how it is known that they were not pushed back, and
//! what a search and a push may make of them.

use super::case_file::CaseFile;
use super::execution::Execution;
use super::fate::Fate;
use super::others::Served;
use super::scene::Scene;
use super::subject::Subject;
use super::why::{ended_by_log, may_have_ended, ran_to_the_end, too_few_threads};
use crate::core::fleet::{Fleet, Place, ProcessKey};

/// A job of an ended process that was not found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Missing {
    /// The process that ran it.
    pub target: ProcessKey,
    /// Its id.
    pub jid: String,
    /// How it is known that its process had not pushed it back; `None`: it may have.
    pub not_back: Option<String>,
    /// Why it must not be pushed back whatever a search says.
    pub doubt: Option<String>,
}

/// The answer of a search for a missing job.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Trace {
    /// It is provably nowhere, and why.
    Nowhere(String),
    /// It was found, or ended by itself.
    Found(Fate, String),
    /// Nothing is proven, and why.
    Open(String),
}

impl Trace {
    /// How that is known.
    pub fn why(&self) -> &str {
        match self {
            Self::Nowhere(why) | Self::Found(_, why) | Self::Open(why) => why,
        }
    }
}

/// How a push ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PushOutcome {
    /// It stands at the front of its queue.
    Pushed,
    /// It had been pushed back before.
    Already,
    /// It stood in its queue.
    InQueue,
    /// It was not pushed, and why.
    Refused(String),
    /// There was no answer: it may stand in its queue, and will not be pushed a second time.
    Doubtful(String),
    /// Nothing was pushed, for nothing is real: it would have been.
    Rehearsed,
}

impl PushOutcome {
    /// The fate that follows; `None`: the same as before.
    pub fn fate(&self) -> Option<Fate> {
        match self {
            Self::Pushed | Self::Already | Self::Rehearsed => Some(Fate::Rescued),
            Self::InQueue => Some(Fate::PushedBack),
            Self::Doubtful(_) => Some(Fate::Unknown),
            Self::Refused(_) => None,
        }
    }

    /// Whether it is back; `None`: not known.
    pub fn is_back(&self) -> Option<bool> {
        match self {
            Self::Pushed | Self::Already | Self::InQueue => Some(true),
            Self::Refused(_) | Self::Rehearsed => Some(false),
            Self::Doubtful(_) => None,
        }
    }

    /// In words, as evidence; `queue` is where it was pushed to.
    pub fn words(&self, queue: &str) -> String {
        match self {
            Self::Pushed => format!("pushed back to the front of queue {queue}"),
            Self::Already => "it had been pushed back before".into(),
            Self::InQueue => format!("it stood in queue {queue}"),
            Self::Refused(why) => format!("not pushed back: {why}"),
            Self::Doubtful(why) => format!("it is not known whether it was pushed back: {why}"),
            Self::Rehearsed => format!("would be pushed back to the front of queue {queue}"),
        }
    }

    /// In words that stand beside the job and its queue.
    pub fn short_words(&self) -> String {
        match self {
            Self::Pushed => "pushed back to the front of its queue".into(),
            Self::Already => "had been pushed back before".into(),
            Self::InQueue => "stood in its queue".into(),
            Self::Refused(why) => format!("not pushed back: {why}"),
            Self::Doubtful(why) => format!("whether it is back is not known: {why}"),
            Self::Rehearsed => "would be pushed back to the front of its queue".into(),
        }
    }
}

/// The jobs of an ended process that were not found.
pub(super) fn missing(
    file: &CaseFile,
    subject: &Subject<'_>,
    served: &Served,
    scene: Scene<'_>,
) -> Vec<Missing> {
    if subject.exit.is_none() {
        return Vec::new();
    }
    let missing = |execution: &Execution| Missing {
        target: subject.key.clone(),
        jid: execution.jid().to_owned(),
        not_back: not_back(execution, subject, served, scene.fleet),
        doubt: doubt(execution, file, subject, scene),
    };
    let executions = file.executions().filter(|known| known.is_missing());
    executions.map(missing).collect()
}

/// How it is known that its process had not pushed `execution` back before it ended: a lost job was
/// ruled so, the process ended too soon, or a push-back would still stand in its queue.
fn not_back(
    execution: &Execution,
    subject: &Subject<'_>,
    served: &Served,
    fleet: &Fleet,
) -> Option<String> {
    if let Some(ruling) = execution
        .ruling()
        .filter(|ruling| ruling.fate == Fate::Lost)
    {
        return Some(ruling.why.clone());
    }
    let exit = subject.exit?;
    if !subject.may_have_interrupted() {
        let ended = subject.ended_words();
        return Some(match subject.interrupt() {
            Some(interrupt) => format!(
                "{ended} {} s before it would have pushed it back",
                interrupt.since(exit.at).as_secs()
            ),
            None => format!("{ended} without TERM, so nothing pushed it back"),
        });
    }
    let stands = would_still_stand(execution, subject, served, fleet);
    stands.then(|| "no other process has served its queue since its process died".into())
}

/// Why `execution` must not be pushed back, whatever a search says.
fn doubt(
    execution: &Execution,
    file: &CaseFile,
    subject: &Subject<'_>,
    scene: Scene<'_>,
) -> Option<String> {
    if subject.pid().is_none() {
        return Some(
            "its process ran on another host: Redis cannot tell whether it has ended".into(),
        );
    }
    if execution.is_named_by_log_alone() {
        return Some("no heartbeat has shown its payload".into());
    }
    if scene.fleet.memory.lost_at().is_some() {
        return Some("Redis lost what it had: that the job is nowhere proves nothing".into());
    }
    if let Some(place) = execution.namesake() {
        return Some(format!("another job under its id is {place}"));
    }
    // A process that leaves in order has pushed back what it ran.
    let in_order = || {
        let left = subject.left_in_order();
        left.then(|| "its process stopped by itself: it had ended, or was pushed back".into())
    };
    if ran_to_the_end(execution, subject, scene) {
        // A line of its end may have been lost.
        return in_order();
    }
    ended_by_log(execution)
        .or_else(|| too_few_threads(file, subject))
        .or_else(in_order)
        .or_else(|| may_have_ended(execution, file, subject, scene))
}

/// Whether a push-back of `execution`, had there been one, would still stand in its queue.
fn would_still_stand(
    execution: &Execution,
    subject: &Subject<'_>,
    served: &Served,
    fleet: &Fleet,
) -> bool {
    let Some(exit) = subject.exit else {
        return false;
    };
    let whole = Place::Nowhere {
        searched_whole: true,
    };
    let searched =
        (execution.located()).is_some_and(|(asked, place)| *place == whole && asked >= exit.at);
    let from = subject.safe_until().unwrap_or(exit.at).min(exit.at);
    let queues = execution.queues(fleet);
    searched && !queues.is_empty() && queues.iter().all(|queue| served.by_none(queue, from))
}
