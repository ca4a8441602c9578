//! A drain that another drainboard left or could not end: rebuilt up to there, so that it can be
//! taken up. Nothing is sent from here.

use std::io;
use std::path::{Path, PathBuf};

use super::ENDING;
use super::chain::Broken;
use super::reading::{ActMark, Recording, Unreadable};
use super::writing::{ActMarks, Recorder};
use crate::core::drain::{ActOutcome, Command, EffectId, Outcome, Phase, Record};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::{Session, SessionInput};
use crate::host::boot_id;

/// A drain that was cut off, ready to be taken up.
#[derive(Debug)]
pub struct CutOff {
    /// The session as it was when it was left.
    pub session: Session,
    /// Goes on with its file of inputs.
    pub recorder: Recorder,
    /// Marks its further acts there.
    pub marks: ActMarks,
    /// Every record of the drain up to there, in order.
    pub records: Vec<Record>,
    /// When its last input was taken in.
    pub last: Moment,
    /// The acts whose outcome the session does not know, each with what is known of it.
    pub open: Vec<(EffectId, ActOutcome)>,
    /// Whether this machine was not started anew since: else none of its processes lives.
    pub same_boot: bool,
}

/// Why a drain cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum NotTakenUp {
    /// Its inputs cannot be read.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// They lead not far enough.
    #[error(
        "the inputs of {run} lead no further: {why}; `drainboard report {run}` shows what is known"
    )]
    Broken {
        /// Of which drain.
        run: String,
        /// Why.
        why: Broken,
    },
    /// It has ended.
    #[error("the drain {run} is over ({}): `drainboard report {run}` shows it", .outcome.word())]
    Over {
        /// Which drain.
        run: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// None was cut off, or none of that name.
    #[error("{}", none_found(.place, .asked.as_deref()))]
    None {
        /// Where the drains are recorded.
        place: PathBuf,
        /// The name that was asked for.
        asked: Option<String>,
    },
    /// It never began.
    #[error("the drain {0} was cut off before it began")]
    NotBegun(String),
    /// Another drainboard drives it.
    #[error(
        "the drain {0} is under way: another drainboard drives it; `drainboard attach` shows it"
    )]
    Driven(String),
    /// Its inputs cannot be written on.
    #[error("the inputs of {run} cannot be written: {error}")]
    Failed {
        /// Of which drain.
        run: String,
        /// Why.
        error: io::Error,
    },
}

fn none_found(place: &Path, asked: Option<&str>) -> String {
    match asked {
        Some(asked) => format!(
            "no drain called `{asked}` can be resumed: its inputs are not in {}",
            place.display()
        ),
        None => format!(
            "no drain was cut off, as far as {} tells; one of another user or unit is recorded \
             elsewhere: name its directory with --state-dir",
            place.display()
        ),
    }
}

impl CutOff {
    /// Whether the signal that was under way only makes a process quiet: it may be sent twice.
    pub fn quiets(&self) -> bool {
        let Some(run) = &self.session.run else {
            return false;
        };
        let Phase::Performing(performing) = run.phase() else {
            return false;
        };
        let signal = performing
            .step
            .and_then(|step| run.plan().sequence.signal(step));
        signal == Some(Signal::Tstp)
    }
}

impl Recording {
    /// The drains below `state_dir` whose inputs are recorded, the last first.
    pub fn runs(state_dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(state_dir.join("drains"))
            .into_iter()
            .flatten();
        let name = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let run = name.strip_suffix(ENDING)?.strip_suffix('.')?;
            Some(run.to_owned())
        };
        let mut runs: Vec<String> = entries.flatten().filter_map(name).collect();
        // A name begins with its time.
        runs.sort_unstable_by(|one, other| other.cmp(one));
        runs
    }

    /// Rebuilds the drain up to where it was left, or to where its drainboard ended, and locks its
    /// inputs: of two that try at once one is refused.
    ///
    /// # Errors
    /// If there is nothing to be taken up, or another drainboard has it.
    pub fn cut_off(&self, state_dir: &Path) -> Result<CutOff, NotTakenUp> {
        let run = || self.run.clone();
        let broken = |why| NotTakenUp::Broken { run: run(), why };
        let kept = self.left_after().map_err(broken)?;
        let (session, records, last) = self.fold_to(kept).map_err(broken)?;
        let (Some(last), Some(drain)) = (last, &session.run) else {
            return Err(NotTakenUp::NotBegun(run()));
        };
        if let Some(outcome) = drain.outcome() {
            return Err(NotTakenUp::Over {
                run: run(),
                outcome,
            });
        }
        let open = match drain.phase() {
            Phase::Performing(performing) => {
                let ids = performing.acts.keys();
                ids.map(|id| (*id, self.outcome_of(*id))).collect()
            }
            Phase::Ready { .. }
            | Phase::Waiting { .. }
            | Phase::Held { .. }
            | Phase::Gated { .. }
            | Phase::Leaving { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => Vec::new(),
        };
        let going_on = self.go_on(state_dir, kept);
        let going_on = going_on.map_err(|error| NotTakenUp::Failed { run: run(), error })?;
        let (recorder, marks) = going_on.ok_or_else(|| NotTakenUp::Driven(run()))?;
        Ok(CutOff {
            session,
            recorder,
            marks,
            records,
            last,
            open,
            same_boot: !self.boot_id.is_empty() && self.boot_id == boot_id(),
        })
    }

    /// The drain as it was when it was left or stopped, and when; `None`: it was neither, it was
    /// taken up since, or its inputs lead not so far. Nothing is locked or written.
    pub fn left(&self) -> Option<(Session, Moment)> {
        let kept = self.left_after().ok().filter(|kept| *kept < self.len())?;
        let (session, _, last) = self.fold_to(kept).ok()?;
        (!self.boot_id.is_empty() && self.boot_id == boot_id()).then_some((session, last?))
    }

    /// Whether its operator stopped it: it is taken up only by who names it.
    pub fn was_stopped(&self) -> bool {
        let mut inputs = self.inputs().map_while(Result::ok);
        let ending = inputs.find_map(|(input, _)| ends_early(&input).then_some(input));
        ending.is_some_and(|input| !is_leaving(&input))
    }

    /// After how many inputs it was left or stopped; all of them if it was not.
    fn left_after(&self) -> Result<usize, Broken> {
        for (number, input) in self.inputs().enumerate() {
            let (input, _) = input?;
            if ends_early(&input) {
                return Ok(number);
            }
        }
        Ok(self.len())
    }

    /// The knowledge of an act whose outcome did not reach the session.
    fn outcome_of(&self, id: EffectId) -> ActOutcome {
        let failed = |why: &str, may_have_happened| ActOutcome::Failed {
            why: why.into(),
            may_have_happened,
        };
        match self.act(id) {
            Some(ActMark::Ended(ActOutcome::Revoked)) | None => failed(
                "the drainboard that was to send it had ended before it did",
                false,
            ),
            Some(ActMark::Ended(outcome)) => outcome.clone(),
            Some(ActMark::Begun) => failed(
                "the drainboard that sent it ended before it knew whether it had left",
                true,
            ),
        }
    }
}

/// Whether an input ends a run before its end: it may then be taken up where it was.
fn ends_early(input: &SessionInput) -> bool {
    is_leaving(input) || matches!(input, SessionInput::Commanded(Command::StopHere))
}

/// Whether an input leaves a run under way.
pub(super) fn is_leaving(input: &SessionInput) -> bool {
    matches!(
        input,
        SessionInput::Commanded(Command::HangUp | Command::Leave | Command::StopUnanswered)
    )
}
