//! The journals below the state directory: found, chosen by a name's beginning, read. A line
//! that cannot be read is counted and left out; a torn last line is what a crash leaves.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::core::clean::clean;
use crate::core::drain::{Event, OUTSIDE_A_DRAIN, Outcome, Record};

/// The longest line that is read; a record is far below it.
const LONGEST_LINE: usize = 16 << 20;
/// The longest text of a record that a report shows, in characters.
const LONGEST_TEXT: usize = 500;

/// Why a drain cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum NoSuchDrain {
    /// There is no journal at all.
    #[error(
        "no drain is recorded in {}; a drain of another user or unit is recorded elsewhere: name its directory with --state-dir", .0.display()
    )]
    None(PathBuf),
    /// No name begins so.
    #[error("no drain is called `{asked}`; `drainboard report` lists them, the last is {last}")]
    Unknown {
        /// The wishes of the command line.
        asked: String,
        /// The name of the last one.
        last: String,
    },
    /// Several names begin so.
    #[error("`{asked}` fits {}: write more of the name", .runs.join(", "))]
    Several {
        /// The wishes of the command line.
        asked: String,
        /// Some that it fits.
        runs: Vec<String>,
    },
    /// It cannot be read.
    #[error("the record {} cannot be read: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A journal as read.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The drain's name.
    pub run: String,
    /// Its records as they stand there, without an end that was taken back.
    pub records: Vec<Record>,
    /// Whether the last line was cut off.
    pub torn: bool,
    /// Lines that could not be read, the torn one left out.
    pub unreadable: u64,
    /// The records that hold text which may not be safe for a terminal, by their index.
    unsafe_for_screens: Vec<usize>,
}

/// Where the journals are.
#[derive(Clone, Debug)]
pub struct Library {
    folder: PathBuf,
}

impl Library {
    /// The journals below `state_dir`.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            folder: state_dir.join("drains"),
        }
    }

    /// The names of all drains, the last first. No directory is no drain.
    pub fn runs(&self) -> Result<Vec<String>, NoSuchDrain> {
        let unreadable = |error| NoSuchDrain::Unreadable {
            path: shown_path(&self.folder),
            error,
        };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name();
            let Some(run) = name.to_str().and_then(|name| name.strip_suffix(".jsonl")) else {
                continue;
            };
            runs.push(run.to_owned());
        }
        // A name begins with its time.
        runs.sort_unstable_by(|one, other| other.cmp(one));
        Ok(runs)
    }

    /// The name that `asked` means: `last`, a whole name, or the only one that begins so.
    pub fn choose(&self, asked: &str) -> Result<String, NoSuchDrain> {
        let runs = self.runs()?;
        let Some(last) = runs.first() else {
            return Err(NoSuchDrain::None(shown_path(&self.folder)));
        };
        if asked == "last" {
            return Ok(last.clone());
        }
        let fits: Vec<&String> = runs.iter().filter(|run| run.starts_with(asked)).collect();
        let (whole, asked) = (asked, || clean(asked, 60));
        match fits.as_slice() {
            [] => Err(NoSuchDrain::Unknown {
                asked: asked(),
                last: clean(last, 60),
            }),
            [run] => Ok((*run).clone()),
            [..] if runs.iter().any(|run| run == whole) => Ok(whole.to_owned()),
            [..] => Err(NoSuchDrain::Several {
                asked: asked(),
                runs: fits.iter().take(4).map(|run| clean(run, 60)).collect(),
            }),
        }
    }

    /// Reads the journal of `run`.
    pub fn read(&self, run: &str) -> Result<Past, NoSuchDrain> {
        Self::read_at(&self.folder.join(format!("{run}.jsonl")), run)
    }

    /// Reads the record of the acts that belong to no drain; `None` where there is none.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn outside(&self) -> Result<Option<Past>, NoSuchDrain> {
        let path = self
            .folder
            .with_file_name(format!("{OUTSIDE_A_DRAIN}.jsonl"));
        match Self::read_at(&path, OUTSIDE_A_DRAIN) {
            Ok(past) => Ok(Some(past)),
            Err(NoSuchDrain::Unreadable { error, .. })
                if error.kind() == io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn read_at(path: &Path, run: &str) -> Result<Past, NoSuchDrain> {
        let read = || -> io::Result<Past> {
            let mut past = Past {
                run: run.to_owned(),
                ..Past::default()
            };
            let mut reader = BufReader::new(record_file(path)?);
            let mut line = Vec::new();
            while next_line(&mut reader, &mut line)? {
                past.take(&line);
            }
            Ok(past)
        };
        read().map_err(|error| NoSuchDrain::Unreadable {
            path: shown_path(path),
            error,
        })
    }
}

/// Opens a record for reading. Only a regular file is one that belongs to this user or to root and
/// that no other user may write: a link, a pipe or a device is refused without waiting for it.
fn record_file(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            // open(2): the last part of the path is a symbolic link.
            Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
                io::Error::other("it is a symbolic link")
            }
            _ => error,
        })?;
    let found = file.metadata()?;
    let own = rustix::process::geteuid().as_raw();
    if !found.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if own != 0 && found.uid() != own && found.uid() != 0 {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & 0o022 != 0 {
        return Err(io::Error::other(
            "other users may write it; if it is a record of yours: chmod 600",
        ));
    }
    Ok(file)
}

/// A path as a terminal may show it.
fn shown_path(path: &Path) -> PathBuf {
    clean(&path.display().to_string(), LONGEST_TEXT).into()
}

/// Reads up to the end of a line, at most the longest; `false` at the end of the file.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(piece.len(), |end| end + 1);
        let room = LONGEST_LINE.saturating_sub(line.len());
        line.extend_from_slice(&piece[..taken.min(room)]);
        reader.consume(taken);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Whether every text in a line is safe for a terminal and short: plain ASCII without an escape
/// that stands for another character.
fn is_plain(line: &[u8]) -> bool {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    let escapes = line.windows(2).filter(|pair| pair[0] == b'\\');
    line.len() <= LONGEST_TEXT
        && line.iter().all(plain)
        && escapes
            .into_iter()
            .all(|pair| matches!(pair[1], b'"' | b'\\' | b'/'))
}

impl Past {
    fn take(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(record) => {
                if !is_plain(line) {
                    self.unsafe_for_screens.push(self.records.len());
                }
                self.records.push(record);
                self.take_back_end();
            }
            Err(_) if line.last() != Some(&b'\n') => self.torn = true,
            Err(_) => self.unreadable += 1,
        }
    }

    /// A drain that was left under way and goes on has not ended: what it said at that end of
    /// itself and of its jobs is taken back.
    fn take_back_end(&mut self) {
        if !matches!(self.records.last(), Some(record) if matches!(record.event, Event::Resumed)) {
            return;
        }
        let last = |wanted: fn(&Event) -> bool, before: usize| {
            let records = &self.records[..before];
            records.iter().rposition(|record| wanted(&record.event))
        };
        let stopped = |event: &Event| {
            matches!(
                event,
                Event::Finished {
                    outcome: Outcome::Stopped,
                    ..
                }
            )
        };
        let Some(end) = last(stopped, self.records.len()) else {
            return;
        };
        let left = last(|event| matches!(event, Event::Held { .. }), end).unwrap_or(end);
        for index in (left..=end).rev() {
            let event = &self.records[index].event;
            if matches!(event, Event::Finished { .. } | Event::Reconciled { .. }) {
                self.records.remove(index);
                self.unsafe_for_screens.retain(|known| *known != index);
                for known in &mut self.unsafe_for_screens {
                    *known -= usize::from(*known > index);
                }
            }
        }
    }

    /// The same drain with its name and every text in it made safe for a terminal: what reports are
    /// made of.
    pub(super) fn shown(&self) -> Cow<'_, Self> {
        let run = clean(&self.run, LONGEST_TEXT);
        if self.unsafe_for_screens.is_empty() && run == self.run {
            return Cow::Borrowed(self);
        }
        let mut shown = Self {
            run,
            ..self.clone()
        };
        for index in shown.unsafe_for_screens.drain(..) {
            shown.records[index] = shown.records[index].cleaned(LONGEST_TEXT);
        }
        Cow::Owned(shown)
    }

    /// The records of a journal's text.
    pub fn from_text(run: &str, text: &[u8]) -> Self {
        let mut past = Self {
            run: run.to_owned(),
            ..Self::default()
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            past.take(line);
        }
        past
    }
}
