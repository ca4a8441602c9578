//! The holder of a lock: the kernel's list of locks names the process, and a note in the state
//! directory names its run. The note alone proves nothing, and neither does the lock: the program
//! and its user are looked at.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{fstat, major, minor};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::core::clean::{clean, clean_bytes};
use crate::core::fleet::LocalId;
use crate::host::state_dir::{private_directory, private_file};

/// The holder of a lock, as far as it can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process; `None` if the kernel does not say (another pid namespace).
    pub pid: Option<u32>,
    /// Its run, and since when, RFC 3339.
    pub run: Option<(String, String)>,
    /// The program, where its pid is known and it may be looked at.
    program: Option<HolderProgram>,
}

/// The program of a process, and its user.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HolderProgram {
    /// Its name.
    name: String,
    /// Whether it is the same program as this one.
    same: bool,
    /// Its user id.
    uid: u32,
}

impl HolderProgram {
    fn of(pid: u32) -> Option<Self> {
        let place = format!("/proc/{pid}");
        let file = |exe: &str| {
            let found = fs::metadata(exe).ok()?;
            Some((found.dev(), found.ino()))
        };
        let own = file("/proc/self/exe");
        let name = fs::read(format!("{place}/comm")).ok()?;
        Some(Self {
            name: clean_bytes(name.trim_ascii(), 40),
            // After an update the other one is an older file of the same name.
            same: own.is_some() && file(&format!("{place}/exe")) == own
                || name.trim_ascii() == b"drainboard",
            uid: fs::metadata(&place).ok()?.uid(),
        })
    }
}

/// The note that the holder of a lock leaves for the next.
#[derive(Serialize, Deserialize)]
struct Note {
    pid: u32,
    run: String,
    since: String,
}

impl Holder {
    /// Looks for who holds the lock on `locked`.
    pub(super) fn find(locked: BorrowedFd<'_>, state_dir: Option<&Path>, id: LocalId) -> Self {
        let list = fs::read("/proc/locks").unwrap_or_default();
        let pid = fstat(locked).ok().and_then(|stat| {
            let device = (major(stat.st_dev), minor(stat.st_dev));
            holder_of(&list, device, stat.st_ino)
        });
        let note = state_dir.and_then(|state_dir| read_note(&place(state_dir, id, "note")));
        let note = note.filter(|note| Some(note.pid) == pid);
        Self {
            pid,
            program: pid.and_then(HolderProgram::of),
            run: note.map(|note| (clean(&note.run, 64), clean(&note.since, 40))),
        }
    }
}

impl Holder {
    /// Whether it is a drainboard of this user, of root, or of the user `owner` whose process is
    /// locked. One that cannot be looked at counts as one.
    pub(super) fn is_drainboard(&self, owner: Option<u32>) -> bool {
        let Some(program) = &self.program else {
            return true;
        };
        let own = rustix::process::geteuid().as_raw();
        program.same && (program.uid == own || program.uid == 0 || Some(program.uid) == owner)
    }
}

impl fmt::Display for Holder {
    /// `pid 4242 (run 20260101-1 since 12:03)`, or that it cannot be found.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => match &self.program {
                Some(program) if !program.same => {
                    write!(
                        formatter,
                        "pid {pid} ({}, uid {})",
                        program.name, program.uid
                    )?;
                }
                Some(_) | None => write!(formatter, "pid {pid}")?,
            },
            None => formatter.write_str("a process that cannot be seen from here")?,
        }
        match &self.run {
            Some((run, since)) => write!(formatter, " (run {run} since {since})"),
            None => Ok(()),
        }
    }
}

/// The holder of a `flock` in `/proc/locks` (`proc_locks(5)`):
/// `1: FLOCK  ADVISORY  WRITE 4242 00:16:71993 0 EOF`, device in hexadecimal.
fn holder_of(list: &[u8], (major, minor): (u32, u32), inode: u64) -> Option<u32> {
    let file = format!("{major:02x}:{minor:02x}:{inode}");
    String::from_utf8_lossy(list).lines().find_map(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let is_it = words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&file.as_str());
        words.get(4).filter(|_| is_it)?.parse().ok()
    })
}

/// The file of kind `kind` about the process `id`.
pub(super) fn place(state_dir: &Path, id: LocalId, kind: &str) -> PathBuf {
    let name = format!("{}-{}.{kind}", id.pid, id.start_ticks);
    state_dir.join("locks").join(name)
}

/// Writes who holds the lock on `id` from now on.
pub(super) fn leave_note(state_dir: &Path, id: LocalId, run: &str) -> io::Result<PathBuf> {
    let path = place(state_dir, id, "note");
    if let Some(directory) = path.parent() {
        private_directory(directory)?;
    }
    let note = Note {
        pid: std::process::id(),
        run: run.to_owned(),
        since: clock::now().rfc3339(),
    };
    let mut file = private_file(&path)?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec(&note)?)?;
    Ok(path)
}

fn read_note(path: &Path) -> Option<Note> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Reads the kernel's list of locks, and a note, for `crate::readers`.
#[cfg(any(test, fuzzing))]
pub(in crate::host) fn read_holder(bytes: &[u8]) {
    let _pid = holder_of(bytes, (0, 0x16), 71993);
    let _note: Option<Note> = serde_json::from_slice(bytes).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list() {
        let list = b"1: FLOCK  ADVISORY  WRITE 17 00:16:71993 0 EOF\n\
            1: -> FLOCK  ADVISORY  WRITE 18 00:16:71993 0 EOF\n\
            2: POSIX  ADVISORY  WRITE 19 00:16:7 0 EOF\n\
            3: FLOCK  ADVISORY  WRITE 20 fd:01:7 0 EOF\n";
        assert_eq!(holder_of(list, (0, 0x16), 71993), Some(17));
        assert_eq!(holder_of(list, (0xfd, 1), 7), Some(20));
        assert_eq!(holder_of(list, (0, 0x16), 7), None);
        assert_eq!(holder_of(b"\xff 1", (0, 0), 0), None);
    }
}
