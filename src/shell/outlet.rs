//! Standard output and standard error, each written by a thread of its own. A reader that does not
//! read (a stuck log collector, a terminal that stands still) delays no act, no record and no end
//! of this program.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};

use crate::clock;

/// Bytes that may wait for a reader. A drain of thousands of jobs prints less.
const MOST_WAITING: usize = 16 << 20;
/// Written at once: a pipe takes it whole or tells that it is full (`PIPE_BUF`, pipe(7)).
const PIECE: usize = 4096;
/// At the end of the program a reader that takes nothing for so long is not waited for.
const STALLED: Duration = Duration::from_millis(400);
/// At the end of the program a slow reader is waited for so long at most.
const AT_MOST: Duration = Duration::from_secs(5);

static OUTPUT: Outlet = Outlet::new("standard output");
static ERRORS: Outlet = Outlet::new("standard error");

/// Standard output or standard error.
#[derive(Debug)]
pub(super) struct Outlet {
    name: &'static str,
    started: OnceLock<bool>,
    state: Mutex<OutletState>,
    changed: Condvar,
}

/// How far the writing is.
#[derive(Debug)]
struct OutletState {
    /// Bytes that the thread has not taken yet.
    waiting: Vec<u8>,
    /// Whether the thread writes what it has taken.
    writing: bool,
    /// Pieces written so far: it grows as long as the reader reads.
    pieces: u64,
    /// Texts for which there was no room.
    left_out: u64,
    /// Why the last piece was not written.
    failed: Option<ErrorKind>,
}

/// Standard output.
pub(super) fn output() -> &'static Outlet {
    OUTPUT.begin(|| io::stdout().as_fd().try_clone_to_owned())
}

/// Standard error.
pub(super) fn errors() -> &'static Outlet {
    ERRORS.begin(|| io::stderr().as_fd().try_clone_to_owned())
}

impl Outlet {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            started: OnceLock::new(),
            state: Mutex::new(OutletState {
                waiting: Vec::new(),
                writing: false,
                pieces: 0,
                left_out: 0,
                failed: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// Starts its thread, once. Without one nothing is written: the records keep all the same.
    fn begin(
        &'static self,
        stream: impl FnOnce() -> io::Result<std::os::fd::OwnedFd>,
    ) -> &'static Self {
        self.started.get_or_init(|| {
            let Ok(stream) = stream().map(File::from) else {
                return false;
            };
            let thread = std::thread::Builder::new().name("output".into());
            thread.spawn(move || self.write_on(stream)).is_ok()
        });
        self
    }

    fn state(&self) -> MutexGuard<'_, OutletState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `bytes` written behind all that waits. They are left out, and counted, where too much
    /// waits already.
    pub(super) fn write(&self, bytes: &[u8]) {
        if self.started.get() != Some(&true) {
            return;
        }
        let mut state = self.state();
        if state.waiting.len() + bytes.len() > MOST_WAITING {
            state.left_out += 1;
        } else {
            state.waiting.extend_from_slice(bytes);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The same for a line.
    pub(super) fn line(&self, text: &str) {
        self.write(format!("{text}\n").as_bytes());
    }

    /// Whether all of it is written.
    pub(super) fn is_free(&self) -> bool {
        let state = self.state();
        state.waiting.is_empty() && !state.writing
    }

    /// Why the last piece was not written, if it was not.
    ///
    /// # Errors
    /// That very reason.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.state().failed {
            Some(kind) => Err(kind.into()),
            None => Ok(()),
        }
    }

    /// Waits until all of it is written, or until `span` has passed.
    fn wait(&self, span: Duration) {
        let state = self.state();
        let busy = |state: &mut OutletState| !state.waiting.is_empty() || state.writing;
        drop(self.changed.wait_timeout_while(state, span, busy));
    }

    /// The thread: it writes for as long as the program runs.
    fn write_on(&self, mut stream: File) {
        loop {
            let state = self.state();
            let idle = |state: &mut OutletState| state.waiting.is_empty();
            let waited = self.changed.wait_while(state, idle);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            let bytes = std::mem::take(&mut state.waiting);
            let left_out = std::mem::take(&mut state.left_out);
            state.writing = true;
            drop(state);
            for piece in bytes.chunks(PIECE) {
                let written = write_whole(&mut stream, piece);
                let mut state = self.state();
                state.failed = written.err().map(|error| error.kind());
                state.pieces += 1;
                if state.failed.is_some() {
                    break;
                }
            }
            if left_out > 0 {
                errors().line(&format!(
                    "{left_out} lines were left out: {} was not read; the record has them",
                    self.name
                ));
            }
            self.state().writing = false;
            self.changed.notify_all();
        }
    }
}

/// Writes all of `piece`, also where the stream was set not to wait (`O_NONBLOCK`) by a program
/// that shares it.
fn write_whole(stream: &mut File, mut piece: &[u8]) -> io::Result<()> {
    while !piece.is_empty() {
        match stream.write(piece) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => piece = &piece[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => until_ready(stream.as_fd())?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn until_ready(stream: BorrowedFd<'_>) -> io::Result<()> {
    let mut streams = [PollFd::from_borrowed_fd(stream, PollFlags::OUT)];
    match poll(&mut streams, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits at the end of the program until both streams are written: as long as their readers read,
/// 5 s at most, and 0.4 s for readers that take nothing.
pub fn settle() {
    let begun = clock::now();
    let (mut pieces, mut progress) = (0, begun);
    loop {
        let busy = [&OUTPUT, &ERRORS]
            .into_iter()
            .find(|outlet| !outlet.is_free());
        let Some(busy) = busy else { return };
        let now = clock::now();
        let written = OUTPUT.state().pieces + ERRORS.state().pieces;
        if written > pieces {
            (pieces, progress) = (written, now);
        }
        if now.since(progress) >= STALLED || now.since(begun) >= AT_MOST {
            return;
        }
        busy.wait(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// An outlet of a test's own, on a pipe that holds 4 kB.
    fn piped() -> (&'static Outlet, File) {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        rustix::pipe::fcntl_setpipe_size(&writer, PIECE).unwrap();
        let outlet: &'static Outlet = Box::leak(Box::new(Outlet::new("a pipe")));
        outlet.begin(|| Ok(writer));
        (outlet, File::from(reader))
    }

    fn until(what: &str, condition: impl Fn() -> bool) {
        let end = clock::now().after(Duration::from_secs(60));
        while !condition() {
            assert!(clock::now() < end, "{what}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_pipe_that_is_not_read_holds_nothing_up_and_loses_nothing() {
        let (outlet, mut reader) = piped();
        let line = "x".repeat(99);
        for _ in 0..1000 {
            outlet.line(&line);
        }
        assert!(!outlet.is_free(), "the pipe holds 4 kB of 100 kB");
        let mut read = vec![0; 100_000];
        reader.read_exact(&mut read).unwrap();
        assert!(read.chunks(100).all(|found| found.ends_with(b"x\n")));
        until("all of it is written", || outlet.is_free());
    }

    #[test]
    fn what_waits_is_bounded_and_counted() {
        let (outlet, reader) = piped();
        let large = vec![b'x'; MOST_WAITING / 2];
        outlet.write(&large);
        until("the thread has taken it", || outlet.state().writing);
        for _ in 0..4 {
            outlet.write(&large);
        }
        let state = outlet.state();
        assert_eq!((state.waiting.len(), state.left_out), (MOST_WAITING, 2));
        drop(state);
        drop(reader);
        until("its end is seen", || outlet.check().is_err());
    }

    #[test]
    fn a_reader_that_has_gone_is_told_of() {
        let (outlet, reader) = piped();
        drop(reader);
        assert!(outlet.check().is_ok(), "nothing was written yet");
        outlet.line("x");
        until("it is written in vain", || outlet.is_free());
        assert_eq!(outlet.check().unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_stream_that_does_not_wait_is_waited_for() {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::NONBLOCK).unwrap();
        let outlet: &'static Outlet = Box::leak(Box::new(Outlet::new("a pipe")));
        outlet.begin(|| Ok(writer));
        outlet.write(&vec![b'x'; 200_000]);
        rustix::io::ioctl_fionbio(&reader, false).unwrap();
        let mut read = vec![0; 200_000];
        File::from(reader).read_exact(&mut read).unwrap();
        assert!(read.iter().all(|byte| *byte == b'x'));
    }
}
