//! The state of a saved job now, and whether it may be pushed back: what Redis shows of it, beside
//! what its drain ruled. Whether its process had pushed it back is ruled in `core/fate` alone. Pure:
//! where anything is not known, the job is not provably nowhere.

use std::time::Duration;

use jiff::Timestamp;

use super::saved::SavedJob;
use crate::core::fate::{Fate, Ruling, Trace};
use crate::core::fleet::{Heir, Passed, Place};

/// A beat later than the exit by this much shows what was fetched until then (BRPOP waits 2 s).
pub(super) const FETCHED: Duration = Duration::from_secs(2);

/// How the process that ran a job ended, and what its drain says of the job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// When it exited; `None`: the exit was not seen.
    pub exited_at: Option<Timestamp>,
    /// The fate of the job by the record; `None`: it has none.
    pub said: Option<(Fate, String)>,
    /// How it is known that its process had not pushed it back; `None`: it may have.
    pub not_back: Option<String>,
    /// The fate that earlier pushes of this program gave it, by the rescue file: `Unknown` where the
    /// outcome of one is not known. `None`: there was none, or it failed for certain.
    pub pushed: Option<Fate>,
}

/// The job as Redis shows it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Where it is.
    pub place: Place,
    /// The later job that does its work.
    pub heir: Option<Heir>,
    /// Whether we pushed it back before.
    pub marked: bool,
    /// Where another job under its id is, in words.
    pub namesake: Option<String>,
    /// A process that may have it, and has not beaten since the exit.
    pub not_beaten: Option<NotBeaten>,
}

/// A process that has not beaten since the exit of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBeaten {
    /// Its name: `util1:4242`.
    pub process: String,
    /// Until when Redis lists it, where its heartbeat is late: no other answer will come.
    pub listed_until: Option<Timestamp>,
}

impl Sight {
    /// Where it is and the fate that follows, if it is anywhere.
    fn found(&self) -> Option<Trace> {
        if let Some(Heir {
            jid, place, passed, ..
        }) = &self.heir
        {
            let fate = match passed {
                Passed::BrokeOff => Fate::Checkpointed,
                Passed::Failed => Fate::Retried,
            };
            let why = format!("its work goes on as {jid} ({place})");
            return Some(Trace::Found(fate, why));
        }
        if let Some(Ruling { fate, .. }) = Fate::at(&self.place) {
            let why = match &self.place {
                Place::Work { identity } => format!("runs on {}", identity.short()),
                Place::Private { identity } => {
                    format!("in the private list of {}", identity.short())
                }
                Place::Queue { .. }
                | Place::Retry
                | Place::Dead
                | Place::Schedule
                | Place::Nowhere { .. }
                | Place::NotAsked { .. } => self.place.to_string(),
            };
            return Some(Trace::Found(fate, why));
        }
        let why = "pushed back by drainboard before";
        self.marked.then(|| Trace::Found(Fate::Rescued, why.into()))
    }
}

/// The state of a saved job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedState {
    /// What was found of it.
    pub trace: Trace,
    /// Whether it may be ours to push back: no other program has it in its care, and this Redis is
    /// its own.
    pub ours: bool,
}

impl SavedState {
    /// The word for a job that Redis has, that will run again, ended, or was rescued: nothing is to be
    /// done.
    pub const SAFE: &str = "safe";

    fn ours(trace: Trace) -> Self {
        Self { trace, ours: true }
    }

    /// The state of a job that is never ours to push back.
    pub fn not_ours(why: String) -> Self {
        Self {
            trace: Trace::Open(why),
            ours: false,
        }
    }

    /// The word of tables and JSON.
    pub fn word(&self) -> &'static str {
        match self.trace {
            _ if !self.ours => "not_ours",
            Trace::Found(..) => Self::SAFE,
            Trace::Nowhere(_) => "nowhere",
            Trace::Open(_) => "unknown",
        }
    }

    /// Whether it may be pushed back; `named`: an operator took the responsibility.
    pub fn may_be_pushed(&self, named: bool) -> bool {
        match self.trace {
            Trace::Nowhere(_) => self.ours,
            Trace::Open(_) => self.ours && named,
            Trace::Found(..) => false,
        }
    }
}

/// The state of `job`. `super_fetch`: its process is registered with `super_fetch` now.
pub fn judge(job: &SavedJob, ending: &Ending, super_fetch: bool, sight: &Sight) -> SavedState {
    if let Some(trace) = sight.found() {
        let ours = sight.heir.is_some() || !matches!(sight.place, Place::Private { .. });
        return SavedState { trace, ours };
    }
    // The record of the drain counts: a job that ended, or went back, is not offered.
    if let Some((fate, evidence)) = &ending.said
        && !matches!(fate, Fate::Lost | Fate::Unknown)
    {
        let why = format!("{} by the record of its drain: {evidence}", fate.word());
        return SavedState::ours(Trace::Found(*fate, why));
    }
    if ending.pushed == Some(Fate::Rescued) {
        let why = "pushed back by drainboard before, by the record";
        return SavedState::ours(Trace::Found(Fate::Rescued, why.into()));
    }
    if job.stopping.super_fetch || super_fetch {
        return SavedState::not_ours("super_fetch recovers it from its private list".into());
    }
    SavedState::ours(match doubt(job, ending, sight) {
        Some(doubt) => Trace::Open(doubt),
        None => nowhere(ending),
    })
}

/// Why it is not known whether the job is nowhere. `None`: it is.
fn doubt(job: &SavedJob, ending: &Ending, sight: &Sight) -> Option<String> {
    if job.jid.is_none() {
        return Some("its payload names no id, so it cannot be looked for".into());
    }
    if ending.pushed.is_some() {
        return Some("a push-back of it was begun; how that ended is not known".into());
    }
    if ending.exited_at.is_none() {
        return Some("nothing shows that its process has exited".into());
    }
    if let Some(NotBeaten {
        process,
        listed_until,
    }) = &sight.not_beaten
    {
        return Some(match listed_until {
            None => format!(
                "{process} may run it: its last heartbeat is not later than the exit; try again in \
                 10 s"
            ),
            Some(until) => format!(
                "{process} may run it: it has sent no heartbeat since the exit; try again at {}, until \
                 when Redis lists it",
                until.strftime("%H:%M:%S")
            ),
        });
    }
    if let Place::NotAsked { why } = &sight.place {
        return Some(format!("Redis could not be asked: {why}"));
    }
    if let Some(place) = &sight.namesake {
        return Some(format!(
            "it is in no place, and another job under its id is {place}"
        ));
    }
    let whole = Place::Nowhere {
        searched_whole: true,
    };
    let in_part = "not found, and not everything was searched to the end";
    (sight.place != whole).then(|| in_part.into())
}

/// It is nowhere: it was lost, unless its process had pushed it back and it was taken up unseen.
fn nowhere(ending: &Ending) -> Trace {
    match (&ending.not_back, &ending.said) {
        (Some(why), _) => Trace::Nowhere(why.clone()),
        (None, Some((Fate::Lost, why))) => Trace::Open(format!(
            "{why}; but it is not written down from which Redis it came"
        )),
        (None, None) => Trace::Open(
            "its process is gone, and no drain saw what became of the job: it may have ended by itself, or been \
             pushed back and taken up; --requeue --jid pushes it back anyway"
                .into(),
        ),
        (None, Some(_)) => Trace::Open(
            "it may have ended by itself after the last heartbeat that showed it, or been pushed back and \
             taken up: its drain does not call it lost"
                .into(),
        ),
    }
}
