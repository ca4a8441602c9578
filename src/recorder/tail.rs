//! A file of inputs that another drainboard goes on writing: the session as it is there now.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::chain::{Broken, Chain};
use super::line::value;
use super::place;
use super::reading::{Recording, Unreadable, step};
use crate::core::session::Session;

/// Why it cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum NotFollowed {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// An input is damaged, or of a newer version.
    #[error("{0}")]
    Broken(#[from] Broken),
    /// It cannot be read any more.
    #[error("the inputs cannot be read any more: {0}")]
    Failed(#[from] io::Error),
}

/// The session of another drainboard.
#[derive(Debug)]
pub struct Tail {
    state_dir: PathBuf,
    run: String,
    file: File,
    /// How much of the file was taken in.
    position: u64,
    chain: Chain,
    session: Session,
}

impl Tail {
    /// The session of `run` as far as it is written.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(state_dir: &Path, run: &str) -> Result<Self, NotFollowed> {
        let recording = Recording::read(state_dir, run)?;
        let (session, ..) = recording.fold_to(recording.len())?;
        let (chain, position) = recording.chain()?;
        Ok(Self {
            state_dir: state_dir.to_owned(),
            run: run.to_owned(),
            file: File::open(place(state_dir, run))?,
            position,
            chain,
            session,
        })
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The same, to be marked before it is drawn.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Takes in what was written since; whether that was anything.
    ///
    /// # Errors
    /// If it cannot be followed any further.
    pub fn follow(&mut self) -> Result<bool, NotFollowed> {
        let length = self.file.metadata()?.len();
        if length < self.position {
            // Another drainboard took the drain up, and cut off what was torn.
            *self = Self::open(&self.state_dir, &self.run)?;
            return Ok(true);
        }
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(self.position))?;
        (&self.file)
            .take(length - self.position)
            .read_to_end(&mut bytes)?;
        let mut changed = false;
        // A line is taken in once its end is there.
        for row in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = row.strip_suffix(b"\n") else {
                break;
            };
            let expected = self.chain.inputs();
            let row_value = value(text).ok_or(Broken::Hole { expected })?;
            self.position += row.len() as u64;
            if row_value.get("kept").is_some() {
                *self = Self::open(&self.state_dir, &self.run)?;
                return Ok(true);
            }
            if row_value.get("n").is_some() {
                let (input, at) = self.chain.decode(&row_value)?;
                drop(step(&mut self.session, input, at));
                changed = true;
            }
        }
        Ok(changed)
    }
}
