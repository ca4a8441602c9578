//! Writes inputs down. What a session took in before its drain began is kept in memory, and
//! written with the drain's first line. A recorder that cannot write says so once and stops; the
//! drain goes on.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::chain::Chain;
use super::cut_off::is_leaving;
use super::line::line;
use super::{FORMAT, place};
use crate::core::drain::{ActOutcome, EffectId};
use crate::core::fleet::{LogNews, Observation};
use crate::core::log::LogLine;
use crate::core::moment::Moment;
use crate::core::session::{Outset, Session, SessionInput};
use crate::host::boot_id;
use crate::host::state_dir::{private_directory, private_file};

/// The most that is kept of a session before its drain begins.
const MOST_BEFORE: usize = 8 << 20;
/// The most that is written of one session.
const MOST: u64 = 256 << 20;

/// The recorder of one session.
#[derive(Debug)]
pub struct Recorder {
    outset: Outset,
    chain: Chain,
    /// Everything since the outset; `None` where that is too much, or another drainboard took the
    /// first of it in: the next drain begins anew.
    before: Option<Vec<u8>>,
    /// The last observation of each kind: what a session is begun anew from that went on for long.
    latest: BTreeMap<String, (SessionInput, Moment)>,
    state: WritingState,
    /// Whether the operator, or the terminal, left a run under way.
    left: bool,
    /// The lines of logs that the drainboard before had read.
    known: HashSet<String>,
}

/// A line of a log that another drainboard may have read before; `None` for one that does not say
/// when it was written.
pub(super) fn sign(line: &LogLine) -> Option<String> {
    line.entry.time?;
    let bare = line.without_text();
    serde_json::to_string(&(bare.origin.pid, &bare.entry)).ok()
}

#[derive(Debug)]
enum WritingState {
    /// No drain has begun.
    Waiting,
    /// Written so many bytes to this file.
    Writing(Arc<File>, u64),
    /// Nothing is written any more.
    Stopped,
}

impl Recorder {
    /// The recorder of a session that has taken nothing in yet.
    pub fn new(session: &Session) -> Self {
        Self {
            outset: session.outset(),
            chain: Chain::default(),
            before: Some(Vec::new()),
            latest: BTreeMap::new(),
            state: WritingState::Waiting,
            left: false,
            known: HashSet::new(),
        }
    }

    /// Goes on with a file that was read, after the inputs that led to `chain`. `known` are the
    /// lines of logs among them.
    pub(super) fn going_on(
        outset: Outset,
        chain: Chain,
        known: HashSet<String>,
        (file, length): (File, u64),
    ) -> io::Result<(Self, ActMarks)> {
        let file = Arc::new(file);
        (&*file).write_all(line(&json!({ "kept": chain.inputs() })).as_bytes())?;
        let recorder = Self {
            outset,
            chain,
            before: None,
            latest: BTreeMap::new(),
            state: WritingState::Writing(Arc::clone(&file), length),
            left: false,
            known,
        };
        Ok((recorder, ActMarks { file }))
    }

    /// Leaves out a line that a log gives a second time: a drainboard that goes on with a drain
    /// reads it anew.
    pub fn retain_new(&self, lines: &mut Vec<LogLine>) {
        if !self.known.is_empty() {
            lines.retain(|line| sign(line).is_none_or(|sign| !self.known.contains(&sign)));
        }
    }

    /// Opens the file of `run`, and gives what marks its acts.
    ///
    /// # Errors
    /// If it cannot be written; then nothing more is.
    pub fn begin(&mut self, state_dir: &Path, run: &str, now: Moment) -> io::Result<ActMarks> {
        let begun = self.open(state_dir, run, now);
        if begun.is_err() {
            self.state = WritingState::Stopped;
        }
        begun
    }

    fn open(&mut self, state_dir: &Path, run: &str, now: Moment) -> io::Result<ActMarks> {
        let path = place(state_dir, run);
        if let Some(folder) = path.parent() {
            private_directory(folder)?;
        }
        let file = private_file(&path)?;
        // A drainboard that resumes must find that this one still runs.
        file.try_lock()?;
        let file = Arc::new(file);
        let head = line(&json!({
            "drainboard": env!("CARGO_PKG_VERSION"),
            "format": FORMAT,
            "run": run,
            "boot_id": boot_id(),
            "at": now.rfc3339(),
            "outset": self.outset,
        }));
        (&*file).write_all(head.as_bytes())?;
        if self.before.is_none() {
            self.begin_anew();
        }
        let before = self.before.as_deref().unwrap_or_default();
        (&*file).write_all(before)?;
        let length = head.len() + before.len();
        self.state = WritingState::Writing(Arc::clone(&file), length as u64);
        self.left = false;
        Ok(ActMarks { file })
    }

    /// Takes an input down before it is taken in. Says why, once, if that cannot be done.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn take(&mut self, input: &SessionInput, now: Moment) -> Result<(), String> {
        if let WritingState::Stopped = self.state {
            return Ok(());
        }
        if let SessionInput::Commanded(_) = input {
            self.left = is_leaving(input);
        }
        let text = line(&self.chain.encode(input, now));
        self.remember(input, now);
        let waits = matches!(self.state, WritingState::Waiting);
        if let Some(before) = &mut self.before {
            before.extend_from_slice(text.as_bytes());
            if before.len() >= MOST_BEFORE && waits {
                self.begin_anew();
            } else if before.len() >= MOST_BEFORE {
                self.before = None;
            }
        }
        let WritingState::Writing(file, length) = &mut self.state else {
            return Ok(());
        };
        *length += text.len() as u64;
        let written = if *length > MOST {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            (&**file).write_all(text.as_bytes())
        };
        written.map_err(|error| {
            self.state = WritingState::Stopped;
            format!("this drain cannot be resumed or replayed from here on: {error}")
        })
    }

    /// Keeps what a session is begun anew from.
    fn remember(&mut self, input: &SessionInput, now: Moment) {
        if let SessionInput::Observed(observation) = input {
            let kind = match observation {
                Observation::Look(_) => "4 look".into(),
                Observation::Host(_) => "1 host".into(),
                Observation::Link(_) => "3 link".into(),
                Observation::Queues(_) => "5 queues".into(),
                Observation::Unit(look) => format!("2 {:?}", look.unit),
                Observation::Logged(LogNews::Place { process, .. }) => format!("6 {process:?}"),
                Observation::Logged(LogNews::Lines(_)) | Observation::Exited { .. } => return,
            };
            self.latest.insert(kind, (input.clone(), now));
        }
    }

    /// Begins with what was last seen of each kind, and forgets what led there.
    fn begin_anew(&mut self) {
        self.chain = Chain::default();
        let mut before = Vec::new();
        for (input, at) in self.latest.values() {
            before.extend_from_slice(line(&self.chain.encode(input, *at)).as_bytes());
        }
        self.before = Some(before);
    }

    /// The run is over: notes how `session` stands.
    pub fn end(&mut self, session: &Session) {
        let Some(outcome) = session
            .run
            .as_ref()
            .and_then(crate::core::drain::Run::outcome)
        else {
            return;
        };
        let mark = json!({
            "over": outcome.word(),
            "left": self.left,
            "fingerprint": session.fingerprint(),
        });
        if let WritingState::Writing(file, _) = &self.state {
            // Without it the same is found by folding.
            drop((&**file).write_all(line(&mark).as_bytes()));
        }
    }
}

/// Marks the acts of a run in its file of inputs: before each, and with its result. Both are on
/// the disk before anything follows.
#[derive(Clone, Debug)]
pub struct ActMarks {
    file: Arc<File>,
}

impl ActMarks {
    /// The act is about to be done.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn begins(&self, id: EffectId) -> io::Result<()> {
        self.mark(&json!({ "act": id, "ended": null }))
    }

    /// The act was done, with this result.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn ended(&self, id: EffectId, outcome: &ActOutcome) -> io::Result<()> {
        self.mark(&json!({ "act": id, "ended": outcome }))
    }

    fn mark(&self, mark: &serde_json::Value) -> io::Result<()> {
        (&*self.file).write_all(line(mark).as_bytes())?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::recorder::tests::session;

    /// What is said where so much was written to this file already: at first, and then.
    fn refusals(path: &str, written: u64) -> (String, Result<(), String>) {
        let mut recorder = Recorder::new(&session());
        let file = File::options().write(true).open(path).unwrap();
        recorder.state = WritingState::Writing(Arc::new(file), written);
        let mut take = || recorder.take(&SessionInput::Ticked, clock::now());
        (take().unwrap_err(), take())
    }

    #[test]
    fn where_no_more_can_be_written_it_says_so_once() {
        for (path, written, why) in [
            ("/dev/full", 0, "No space left"),
            ("/dev/null", MOST, "too large"),
        ] {
            let (said, then) = refusals(path, written);
            assert!(said.contains("resumed or replayed from here on"), "{said}");
            assert!(said.contains(why), "{said}");
            assert_eq!(then, Ok(()));
        }
    }
}
