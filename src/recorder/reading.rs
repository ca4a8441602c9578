//! Reads a file of inputs back. A torn last line is what a crash leaves, and no fault; a hole ends
//! what can be told.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::chain::{Broken, Chain};
use super::line::value;
use super::writing::{ActMarks, Recorder, sign};
use super::{FORMAT, place};
use crate::core::clean::clean;
use crate::core::drain::{ActOutcome, Effect, EffectId, Record};
use crate::core::fleet::{LogNews, Observation};
use crate::core::moment::Moment;
use crate::core::session::{Outset, Session, SessionInput};
use crate::host::state_dir::{private_file, read_private};

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is none, or it may not be read.
    #[error("the inputs of {run} cannot be read: {error}")]
    Failed {
        /// Of which drain.
        run: String,
        /// Why.
        error: io::Error,
    },
    /// A newer version wrote it.
    #[error(
        "the inputs of {run} were written by drainboard {version}, which this one is too old to read: use that version"
    )]
    Newer {
        /// Of which drain.
        run: String,
        /// By which version.
        version: String,
    },
    /// It does not begin as such a file does.
    #[error("{} holds no inputs of a drain", .0.display())]
    Other(PathBuf),
}

/// How far an act was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActMark {
    /// It was about to be done; its result is not known.
    Begun,
    /// It ended so.
    Ended(ActOutcome),
}

/// How a file ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The run was over: its outcome's word, whether the operator or the terminal had left it
    /// under way, and the session's fingerprint.
    Over {
        /// `drained`, `stopped`, ….
        outcome: String,
        /// Whether it was left under way.
        left: bool,
        /// Of the session.
        fingerprint: u32,
        /// After so many inputs.
        after: usize,
    },
    /// It stops where its drainboard did.
    Open,
    /// It leads no further than this.
    Broken(Broken),
}

/// A file of inputs as read.
#[derive(Debug)]
pub struct Recording {
    /// The drain's name.
    pub run: String,
    /// The boot of the machine in which it was written (`/proc/sys/kernel/random/boot_id`).
    pub boot_id: String,
    outset: Outset,
    lines: Vec<Value>,
    acts: BTreeMap<EffectId, ActMark>,
    end: End,
    /// How much of the file is whole.
    length: u64,
}

impl Recording {
    /// Reads the inputs of `run`.
    ///
    /// # Errors
    /// If there are none that this version can read.
    pub fn read(state_dir: &Path, run: &str) -> Result<Self, Unreadable> {
        let path = place(state_dir, run);
        let failed = |error| Unreadable::Failed {
            run: clean(run, 80),
            error,
        };
        let bytes = read_private(&path).map_err(failed)?;
        Self::from_bytes(&bytes, &path)
    }

    /// Reads what a file holds.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Unreadable> {
        let other = || Unreadable::Other(path.to_owned());
        let mut rows = bytes.split_inclusive(|byte| *byte == b'\n');
        let first = rows.next().and_then(|row| row.strip_suffix(b"\n"));
        let head = first.and_then(value).ok_or_else(other)?;
        let text = |name: &str| clean(head[name].as_str().unwrap_or_default(), 80);
        match head["format"].as_u64() {
            None => return Err(other()),
            Some(format) if format > u64::from(FORMAT) => {
                return Err(Unreadable::Newer {
                    run: text("run"),
                    version: text("drainboard"),
                });
            }
            Some(_) => {}
        }
        let mut recording = Self {
            run: text("run"),
            boot_id: text("boot_id"),
            outset: serde_json::from_value(head["outset"].clone()).map_err(|_| other())?,
            lines: Vec::new(),
            acts: BTreeMap::new(),
            end: End::Open,
            length: first.map_or(0, |first| first.len() as u64 + 1),
        };
        recording.take_rows(rows);
        Ok(recording)
    }

    fn take_rows<'a>(&mut self, rows: impl Iterator<Item = &'a [u8]>) {
        let mut damaged = false;
        for row in rows {
            let whole = row.strip_suffix(b"\n").and_then(value);
            let Some(row_value) = whole.filter(|_| !damaged) else {
                // Damaged at the end it is what a crash leaves; before others it is a hole.
                if damaged {
                    let expected = self.lines.len() as u64;
                    self.end = End::Broken(Broken::Hole { expected });
                    return;
                }
                damaged = true;
                continue;
            };
            self.length += row.len() as u64;
            self.take_value(row_value);
        }
    }

    fn take_value(&mut self, value: Value) {
        if let Ok(id) = serde_json::from_value::<EffectId>(value["act"].clone()) {
            let ended = serde_json::from_value(value["ended"].clone());
            let mark = ended.map_or(ActMark::Begun, ActMark::Ended);
            self.acts.insert(id, mark);
        } else if let Some(outcome) = value["over"].as_str() {
            self.end = End::Over {
                outcome: clean(outcome, 40),
                left: value["left"].as_bool().unwrap_or_default(),
                fingerprint: value["fingerprint"]
                    .as_u64()
                    .and_then(|number| u32::try_from(number).ok())
                    .unwrap_or_default(),
                after: self.lines.len(),
            };
        } else if let Some(kept) = value["kept"].as_u64() {
            // Another drainboard has taken it up from there.
            self.lines
                .truncate(usize::try_from(kept).unwrap_or(usize::MAX));
            self.end = End::Open;
        } else {
            self.lines.push(value);
        }
    }

    /// The chain that its inputs lead to, and how much of the file they are.
    pub(super) fn chain(&self) -> Result<(Chain, u64), Broken> {
        let mut chain = Chain::default();
        for line in &self.lines {
            chain.decode(line)?;
        }
        Ok((chain, self.length))
    }

    /// How it ends.
    pub fn end(&self) -> &End {
        &self.end
    }

    /// How far this act was; `None`: it was not begun.
    pub fn act(&self, id: EffectId) -> Option<&ActMark> {
        self.acts.get(&id)
    }

    /// How many inputs it holds.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Its inputs with their times, in order; after one that cannot be read nothing follows.
    pub fn inputs(&self) -> impl Iterator<Item = Result<(SessionInput, Moment), Broken>> + '_ {
        let mut chain = Chain::default();
        let mut broken = false;
        self.lines.iter().map_while(move |line| {
            if broken {
                return None;
            }
            let input = chain.decode(line);
            broken = input.is_err();
            Some(input)
        })
    }

    /// A session that has taken nothing in yet.
    pub fn outset(&self) -> Session {
        Session::from_outset(self.outset.clone())
    }

    /// The session after all inputs, and the time of the last.
    ///
    /// # Errors
    /// If an input cannot be read.
    pub fn fold(&self) -> Result<(Session, Option<Moment>), Broken> {
        let (session, _, last) = self.fold_to(self.lines.len())?;
        Ok((session, last))
    }

    /// The session after so many inputs, the records that it gave, and the time of the last input.
    ///
    /// # Errors
    /// If an input cannot be read.
    pub fn fold_to(&self, count: usize) -> Result<(Session, Vec<Record>, Option<Moment>), Broken> {
        let mut session = self.outset();
        let (mut records, mut last) = (Vec::new(), None);
        for input in self.inputs().take(count) {
            let (input, at) = input?;
            records.extend(step(&mut session, input, at));
            last = Some(at);
        }
        Ok((session, records, last))
    }

    /// Whether the inputs until the end of the run rebuild the session as it then was; `None`: the
    /// run was not over.
    ///
    /// # Errors
    /// If an input cannot be read.
    pub fn is_rebuilt(&self) -> Result<Option<bool>, Broken> {
        let End::Over {
            fingerprint, after, ..
        } = self.end
        else {
            return Ok(None);
        };
        let (session, ..) = self.fold_to(after)?;
        Ok(Some(session.fingerprint() == fingerprint))
    }

    /// A recorder that goes on after the first `kept` inputs; the others are taken back. What is
    /// torn at the end is cut off. `None`: another drainboard writes there.
    ///
    /// # Errors
    /// If it cannot be written, or an input cannot be read.
    pub fn go_on(&self, state_dir: &Path, kept: usize) -> io::Result<Option<(Recorder, ActMarks)>> {
        let file = private_file(&place(state_dir, &self.run))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(self.length)?;
        let (mut chain, mut known) = (Chain::default(), HashSet::new());
        for line in self.lines.iter().take(kept) {
            let (input, _) = chain.decode(line).map_err(io::Error::other)?;
            if let SessionInput::Observed(Observation::Logged(LogNews::Lines(lines))) = input {
                known.extend(lines.iter().filter_map(sign));
            }
        }
        let outset = self.outset.clone();
        Recorder::going_on(outset, chain, known, (file, self.length)).map(Some)
    }
}

/// Takes an input into `session` as the loop does, and gives the records that follow: what it would
/// ask processes for is taken.
pub(super) fn step(session: &mut Session, input: SessionInput, at: Moment) -> Vec<Record> {
    let effects = session.apply(input, at);
    drop(session.questions());
    let record = |effect| match effect {
        Effect::Note(record) => Some(*record),
        Effect::Act(..) | Effect::Ask(..) | Effect::PushBack(..) | Effect::Save(_) => None,
    };
    effects.into_iter().filter_map(record).collect()
}
