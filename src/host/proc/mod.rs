//! Readers of `/proc`, by hand: one process has several files and each has its own reader here.
//! Bytes in, values out; a line that is missing is `None`. Nothing here writes, and no name or
//! command line is taken for UTF-8.

pub(super) mod cgroup;
pub(super) mod environ;
pub(super) mod namespaces;
pub(super) mod stat;
pub(super) mod status;
pub(super) mod threads;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use crate::core::fleet::LocalId;
use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};

/// More than this is never read of one file: an environment may be megabytes.
const READ_LIMIT: u64 = 1 << 20;

/// The directory of one process, held open. What is read through it belongs to that very process:
/// once it has gone, reading fails, even if another was given its pid (proc(5)).
#[derive(Debug)]
pub(super) struct ProcessDirectory {
    directory: OwnedFd,
}

impl ProcessDirectory {
    /// Opens the directory of `pid` under `root` (`/proc`, or a fixture).
    pub(super) fn open(root: &Path, pid: u32) -> io::Result<Self> {
        let directory = open_directory(CWD, root.join(pid.to_string()))?;
        Ok(Self { directory })
    }

    /// Reads the whole of `name` into `buffer`, which is emptied first.
    pub(super) fn read<'b>(&self, name: &str, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        read_at(self.directory.as_fd(), name, READ_LIMIT, buffer)?;
        Ok(buffer)
    }

    /// Opens `name` for reading.
    fn open_file(&self, name: &str) -> io::Result<OwnedFd> {
        open_file(self.directory.as_fd(), name)
    }

    /// Where the link `name` points.
    pub(super) fn link(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(readlinkat(&self.directory, name, Vec::new())?.into_bytes())
    }

    /// A directory below it.
    pub(super) fn below(&self, name: &str) -> io::Result<OwnedFd> {
        open_directory(self.directory.as_fd(), name)
    }
}

impl From<ProcessDirectory> for OwnedFd {
    fn from(process: ProcessDirectory) -> Self {
        process.directory
    }
}

impl AsFd for ProcessDirectory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

fn open_directory(base: BorrowedFd<'_>, path: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(base, path, flags, Mode::empty())?)
}

fn open_file(base: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(openat(base, name, flags, Mode::empty())?)
}

/// Reads at most `limit` bytes of `name` below `base` into `buffer`, which is emptied first.
pub(super) fn read_at(
    base: BorrowedFd<'_>,
    name: &str,
    limit: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    buffer.clear();
    File::from(open_file(base, name)?)
        .take(limit)
        .read_to_end(buffer)?;
    Ok(())
}

/// A process as it is now.
pub(super) struct Identified {
    /// Which it is.
    pub(super) id: LocalId,
    /// Its `status`.
    pub(super) status: status::Status,
    /// Whether the kernel shows us what is behind `PTRACE_MODE_READ` (ptrace(2)).
    pub(super) traceable: bool,
    /// How it ended, as `wait` gives it; 0 also where it is not `traceable`.
    pub(super) wait_status: Option<i32>,
}

/// Reads who `pid` is now, on this host.
pub(super) fn identify(pid: u32) -> io::Result<Identified> {
    let mut buffer = Vec::new();
    let process = ProcessDirectory::open(Path::new("/proc"), pid)?;
    let stat = stat::parse(process.read("stat", &mut buffer)?)
        .ok_or_else(|| io::Error::other("`/proc/PID/stat` has an unknown form"))?;
    let (start_ticks, wait_status) = (stat.start_ticks, stat.wait_status);
    Ok(Identified {
        id: LocalId { pid, start_ticks },
        status: status::parse(process.read("status", &mut buffer)?),
        traceable: process.link("ns/uts").is_ok(),
        wait_status,
    })
}

/// A decimal number that makes up all of `bytes`.
fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
