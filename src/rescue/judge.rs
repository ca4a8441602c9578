//! The state of a saved job now, and whether it may be pushed back: what Redis shows of it, beside
//! what its drain ruled. Whether its process had pushed it back is ruled in `core/fate` alone. Pure:
//! where anything is not known, the job is not provably nowhere.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::saved::SavedJob;
use crate::core::drain::Fate;
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
    /// Whether it was pushed back before by this program.
    pub tried: Tried,
}

/// Earlier attempts by the rescue file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tried {
    /// There was none, or it failed for certain.
    #[default]
    Never,
    /// There was one, and its outcome is not known.
    Perhaps,
    /// It was pushed back.
    Done,
}

/// The job as Redis shows it now.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// A process runs it.
    Work {
        /// `util1:4242`.
        process: String,
    },
    /// A later job does its work.
    GoesOn(Heir),
    /// We pushed it back before.
    Rescued,
    /// A place, or nowhere.
    At(Place),
    /// It is in no place, and another job under its id is somewhere.
    Namesake {
        /// Where, in words.
        place: String,
    },
    /// It is in no place, and a process that may have it has not beaten since the exit.
    NotBeaten {
        /// That process, by name.
        process: String,
        /// Until when Redis lists it, where its heartbeat is late: no other answer will come.
        listed_until: Option<Timestamp>,
    },
}

impl Sight {
    /// The fate of the job, where this tells.
    pub fn fate(&self) -> Option<Fate> {
        match self {
            Self::Work { .. } | Self::At(Place::Queue { .. } | Place::Private { .. }) => {
                Some(Fate::PushedBack)
            }
            Self::GoesOn(heir) => Some(match heir.passed {
                Passed::BrokeOff => Fate::Checkpointed,
                Passed::Failed => Fate::Retried,
            }),
            Self::Rescued => Some(Fate::Rescued),
            Self::At(Place::Dead) => Some(Fate::Finished),
            Self::At(Place::Retry | Place::Schedule) => Some(Fate::Retried),
            Self::At(Place::Nowhere { .. } | Place::NotAsked { .. })
            | Self::Namesake { .. }
            | Self::NotBeaten { .. } => None,
        }
    }
}

/// The state of a saved job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Redis has it, it will run again, ended, or was rescued: nothing is to be done.
    Safe(String),
    /// Provably nowhere.
    Nowhere(String),
    /// Perhaps nowhere; only an operator who names it may have it pushed back.
    Unknown(String),
    /// Never ours to push back.
    NotOurs(String),
}

impl State {
    /// The word of tables and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Safe(_) => "safe",
            Self::Nowhere(_) => "nowhere",
            Self::Unknown(_) => "unknown",
            Self::NotOurs(_) => "not_ours",
        }
    }

    /// How that is known.
    pub fn why(&self) -> &str {
        match self {
            Self::Safe(why) | Self::Nowhere(why) | Self::Unknown(why) | Self::NotOurs(why) => why,
        }
    }

    /// Whether it may be pushed back; `named`: an operator took the responsibility.
    pub fn may_be_pushed(&self, named: bool) -> bool {
        match self {
            Self::Nowhere(_) => true,
            Self::Unknown(_) => named,
            Self::Safe(_) | Self::NotOurs(_) => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.why())
    }
}

/// The state of `job`. `super_fetch`: its process is registered with `super_fetch` now.
pub fn judge(job: &SavedJob, ending: &Ending, super_fetch: bool, sight: &Sight) -> State {
    if let Some(safe) = found(sight) {
        return safe;
    }
    // The record of the drain counts: a job that ended, or went back, is not offered.
    if let Some((fate, evidence)) = &ending.said
        && !matches!(fate, Fate::Lost | Fate::Unknown)
    {
        return State::Safe(format!(
            "{} by the record of its drain: {evidence}",
            fate.word()
        ));
    }
    if ending.tried == Tried::Done {
        return State::Safe("pushed back by drainboard before, by the record".into());
    }
    if job.stopping.super_fetch || super_fetch {
        return State::NotOurs("super_fetch recovers it from its private list".into());
    }
    if job.jid.is_none() {
        return State::Unknown("its payload names no id, so it cannot be looked for".into());
    }
    if ending.tried == Tried::Perhaps {
        return State::Unknown("a push-back of it was begun; how that ended is not known".into());
    }
    if ending.exited_at.is_none() {
        return State::Unknown("nothing shows that its process has exited".into());
    }
    match sight {
        Sight::At(Place::Nowhere {
            searched_whole: true,
        }) => nowhere(ending),
        Sight::At(Place::Nowhere {
            searched_whole: false,
        }) => State::Unknown("not found, and not everything was searched to the end".into()),
        Sight::At(Place::NotAsked { why }) => {
            State::Unknown(format!("Redis could not be asked: {why}"))
        }
        Sight::Namesake { place } => State::Unknown(format!(
            "it is in no place, and another job under its id is {place}"
        )),
        Sight::NotBeaten {
            process,
            listed_until: None,
        } => State::Unknown(format!(
            "{process} may run it: its last heartbeat is not later than the exit; try again in 10 s"
        )),
        Sight::NotBeaten {
            process,
            listed_until: Some(until),
        } => State::Unknown(format!(
            "{process} may run it: it has sent no heartbeat since the exit; try again at {}, until when Redis lists it",
            until.strftime("%H:%M:%S")
        )),
        Sight::Work { .. } | Sight::GoesOn(_) | Sight::Rescued | Sight::At(_) => {
            State::Unknown("nothing is known".into())
        }
    }
}

/// Where it is, if it is anywhere.
fn found(sight: &Sight) -> Option<State> {
    match sight {
        Sight::Work { process } => Some(State::Safe(format!("runs on {process}"))),
        Sight::GoesOn(Heir { jid, place, .. }) => {
            Some(State::Safe(format!("its work goes on as {jid} ({place})")))
        }
        Sight::Rescued => Some(State::Safe("pushed back by drainboard before".into())),
        Sight::At(Place::Private { identity }) => Some(State::NotOurs(format!(
            "in the private list of {}",
            identity.short()
        ))),
        Sight::At(place @ (Place::Queue { .. } | Place::Retry | Place::Dead | Place::Schedule)) => {
            Some(State::Safe(place.to_string()))
        }
        Sight::At(Place::Nowhere { .. } | Place::NotAsked { .. })
        | Sight::Namesake { .. }
        | Sight::NotBeaten { .. } => None,
    }
}

/// It is nowhere: it was lost, unless its process had pushed it back and it was taken up unseen.
fn nowhere(ending: &Ending) -> State {
    match (&ending.not_back, &ending.said) {
        (Some(why), _) => State::Nowhere(why.clone()),
        (None, Some((Fate::Lost, why))) => State::Unknown(format!(
            "{why}; but it is not written down from which Redis it came"
        )),
        (None, None) => State::Unknown(
            "its process is gone, and no drain saw what became of the job: it may have ended by itself, or been \
             pushed back and taken up; --requeue --jid pushes it back anyway"
                .into(),
        ),
        (None, Some(_)) => State::Unknown(
            "it may have ended by itself after the last heartbeat that showed it, or been pushed back and \
             taken up: its drain does not call it lost"
                .into(),
        ),
    }
}
