//! One drain for each process: a lock on the process itself, so that it holds across users and goes
//! with it. It never waits, and it changes nothing in the process that it locks. Any user may hold
//! such a lock, so the holder is checked: root passes by one that is no drainboard of a user who
//! may drain the process.

mod holder;

use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub use self::holder::Holder;
#[cfg(any(test, fuzzing))]
pub(super) use self::holder::read_holder;
use super::proc::{ProcessDirectory, stat};
use super::state_dir::{private_directory, private_file};
use crate::core::fleet::LocalId;

/// A lock that is held until it is dropped or this program ends.
#[derive(Debug)]
pub struct Lock {
    /// Open as long as the lock holds: flock(2) goes with the open file.
    _locked: File,
    note: Option<PathBuf>,
    passed: Option<Holder>,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another drain has it.
    #[error("{id} is being drained already by {holder}")]
    HeldBy {
        /// Which process.
        id: LocalId,
        /// The other drain.
        holder: Holder,
    },
    /// A program that is no drainboard holds the lock.
    #[error(
        "{id} is locked by {holder}, which is no drainboard of yours, of root or of its owner: end it, or run this as root, which passes it by"
    )]
    Blocked {
        /// Which process.
        id: LocalId,
        /// The program.
        holder: Holder,
    },
    /// It has ended.
    #[error("{0} has ended")]
    Gone(LocalId),
    /// Neither the process nor the state directory takes a lock.
    #[error("{id} cannot be locked: {error}")]
    Failed {
        /// Which process.
        id: LocalId,
        /// Why.
        error: io::Error,
    },
}

impl Lock {
    /// Locks the process `id` for the run called `run`: `flock` on its directory in `/proc`; where
    /// that cannot be opened or locked, on a file in `state_dir`. The other side is told of the
    /// run by a note in `state_dir`.
    pub fn take(id: LocalId, run: &str, state_dir: Option<&Path>) -> Result<Self, LockError> {
        match open_process(id) {
            Ok(directory) => match directory.try_lock() {
                Ok(()) => Ok(Self {
                    _locked: directory,
                    note: state_dir.and_then(|state| holder::leave_note(state, id, run).ok()),
                    passed: None,
                }),
                Err(TryLockError::WouldBlock) => {
                    let owner = directory.metadata().ok().map(|found| found.uid());
                    let holder = Holder::find(directory.as_fd(), state_dir, id);
                    Self::beside(id, run, state_dir, holder, owner)
                }
                Err(TryLockError::Error(error)) => Self::by_file(id, run, state_dir, error),
            },
            Err(error) if is_gone(&error) => Err(LockError::Gone(id)),
            Err(error) => Self::by_file(id, run, state_dir, error),
        }
    }

    /// The rule where `holder` has the lock of a process that belongs to `owner`.
    fn beside(
        id: LocalId,
        run: &str,
        state_dir: Option<&Path>,
        holder: Holder,
        owner: Option<u32>,
    ) -> Result<Self, LockError> {
        if holder.is_drainboard(owner) {
            return Err(LockError::HeldBy { id, holder });
        }
        if !rustix::process::geteuid().is_root() {
            return Err(LockError::Blocked { id, holder });
        }
        let passed = io::Error::other("a program that is no drainboard holds its lock");
        let mut lock = Self::by_file(id, run, state_dir, passed)?;
        lock.passed = Some(holder);
        Ok(lock)
    }

    /// The program whose lock was passed by, because it is no drainboard.
    pub fn passed(&self) -> Option<&Holder> {
        self.passed.as_ref()
    }

    /// The lock file in the state directory; it stays when the lock goes, for removing a locked
    /// file would let two in.
    fn by_file(
        id: LocalId,
        run: &str,
        state_dir: Option<&Path>,
        error: io::Error,
    ) -> Result<Self, LockError> {
        let failed = |error| LockError::Failed { id, error };
        let Some(state_dir) = state_dir else {
            return Err(failed(error));
        };
        let path = holder::place(state_dir, id, "lock");
        let file = path.parent().map_or(Ok(()), private_directory);
        let file = file.and_then(|()| private_file(&path)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _locked: file,
                note: holder::leave_note(state_dir, id, run).ok(),
                passed: None,
            }),
            Err(TryLockError::WouldBlock) => Err(LockError::HeldBy {
                id,
                holder: Holder::find(file.as_fd(), Some(state_dir), id),
            }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(note) = &self.note {
            // A note that stays behind is believed only if its pid still holds the lock.
            drop(std::fs::remove_file(note));
        }
    }
}

/// The directory of that very process, opened.
fn open_process(id: LocalId) -> io::Result<File> {
    let process = ProcessDirectory::open(Path::new("/proc"), id.pid)?;
    let mut buffer = Vec::new();
    let stat = stat::parse(process.read("stat", &mut buffer)?);
    if stat.is_none_or(|stat| stat.start_ticks != id.start_ticks) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(File::from(OwnedFd::from(process)))
}

/// Whether the process is not there (`ENOENT`), or ended while it was read (`ESRCH`).
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::SRCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::proc::identify;

    /// A process of our own to lock.
    fn child() -> (std::process::Child, LocalId) {
        let child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let id = identify(child.id()).unwrap().id;
        (child, id)
    }

    /// The lock as soon as it can be had: a child that another test starts in this moment holds
    /// every open file, a lock's too, until it has become its program.
    fn once_free(take: impl Fn() -> Result<Lock, LockError>) -> Lock {
        let end = crate::clock::now().after(std::time::Duration::from_secs(30));
        loop {
            match take() {
                Ok(lock) => return lock,
                Err(error) => assert!(crate::clock::now() < end, "{error}"),
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_second_is_told_who_holds_it() {
        let state = tempfile::tempdir().unwrap();
        let (mut child, id) = child();
        let first = Lock::take(id, "r1", Some(state.path())).unwrap();
        let error = Lock::take(id, "r2", Some(state.path())).unwrap_err();
        let own = std::process::id();
        let text = error.to_string();
        assert!(
            text.starts_with(&format!(
                "pid {} is being drained already by pid {own} (run r1 since ",
                id.pid
            )),
            "{text}"
        );
        let error = Lock::take(id, "r2", None).unwrap_err();
        assert!(
            error.to_string().ends_with(&format!("by pid {own}")),
            "{error}"
        );
        drop(first);
        drop(once_free(|| Lock::take(id, "r2", None)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(
            Lock::take(id, "r3", None),
            Err(LockError::Gone(_))
        ));
    }

    /// Any user may lock a directory in `/proc`.
    #[test]
    fn a_program_that_is_no_drainboard_blocks_nobody_who_is_root() {
        let state = tempfile::tempdir().unwrap();
        let (mut target, id) = child();
        let mut holder = std::process::Command::new("flock")
            .arg("--no-fork")
            .arg(format!("/proc/{}", id.pid))
            .args(["sleep", "60"])
            .spawn()
            .unwrap();
        let locked = || {
            let directory = open_process(id).unwrap();
            matches!(directory.try_lock(), Err(TryLockError::WouldBlock))
        };
        let end = crate::clock::now().after(std::time::Duration::from_secs(30));
        while !locked() {
            assert!(crate::clock::now() < end, "flock has not locked it");
            std::thread::yield_now();
        }
        let lock = Lock::take(id, "r1", Some(state.path()));
        if rustix::process::geteuid().is_root() {
            let lock = lock.unwrap();
            assert_eq!(lock.passed().unwrap().pid, Some(holder.id()));
            // Two drains of root still exclude each other.
            let second = Lock::take(id, "r2", Some(state.path())).unwrap_err();
            assert!(second.to_string().contains("(run r1 since "), "{second}");
        } else {
            assert!(matches!(lock, Err(LockError::Blocked { .. })));
        }
        for child in [&mut holder, &mut target] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn another_process_that_got_the_pid_is_not_locked() {
        let (mut child, id) = child();
        let other = LocalId {
            start_ticks: id.start_ticks + 1,
            ..id
        };
        let error = Lock::take(other, "r", None);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(error, Err(LockError::Gone(_))));
    }

    #[test]
    fn a_file_locks_where_the_process_cannot() {
        let state = tempfile::tempdir().unwrap();
        let id = identify(std::process::id()).unwrap().id;
        let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
        let first = Lock::by_file(id, "r1", Some(state.path()), unsupported()).unwrap();
        let second = Lock::by_file(id, "r2", Some(state.path()), unsupported());
        assert!(second.unwrap_err().to_string().contains("(run r1 since "));
        drop(first);
        once_free(|| Lock::by_file(id, "r2", Some(state.path()), unsupported()));
        assert!(matches!(
            Lock::by_file(id, "r", None, unsupported()),
            Err(LockError::Failed { .. })
        ));
    }
}
