//! A real terminal with the console in it: keys go in, the screen is read back as a person sees
//! it. It answers no question that a program may put to a terminal, as many do not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command, Pts, Pty, open};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use vt100::{Callbacks, Parser, Screen};

use drainboard::clock;
use drainboard::core::moment::Moment;

use super::patience::{until, until_true};
use super::scene::Scene;
use super::signal::{self, Signal};

/// Columns and rows.
pub(crate) type Extent = (u16, u16);

/// A frame ends so (synchronized output).
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// After so long a dialog heeds keys.
const HEEDS: Duration = Duration::from_secs(1);

/// What a terminal hears besides text.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) bells: usize,
    pub(crate) titles: Vec<String>,
}

impl Callbacks for Heard {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.bells += 1;
    }

    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.titles
            .push(String::from_utf8_lossy(title).into_owned());
    }
}

/// What came out of it so far.
struct Seen {
    parser: Parser<Heard>,
    bytes: Vec<u8>,
    /// How many bytes had come by when.
    come: Vec<(usize, Moment)>,
}

/// The terminal's own end; without it the terminal has hung up.
struct Line {
    pty: Arc<Pty>,
    /// Closed to end the reader.
    awake: OwnedFd,
    reader: JoinHandle<()>,
}

/// The terminal.
pub(crate) struct Terminal {
    child: Child,
    line: Option<Line>,
    /// The program's end, so that its modes can be read after it has ended.
    inner: Option<Pts>,
    before: Termios,
    seen: Arc<Mutex<Seen>>,
}

impl Terminal {
    /// Starts the console on `scene`, 120 columns by 40 rows.
    pub(crate) fn console(scene: &Scene, arguments: &[&str]) -> Self {
        Self::start(scene, arguments, &[], (120, 40))
    }

    /// Starts `drainboard` with `arguments`, a clean environment and `more` of it.
    pub(crate) fn start(
        scene: &Scene,
        arguments: &[&str],
        more: &[(&str, &str)],
        extent: Extent,
    ) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_drainboard"));
        Self::of(program, scene, arguments, more, extent)
    }

    /// The same for any program.
    pub(crate) fn of(
        program: &Path,
        scene: &Scene,
        arguments: &[&str],
        more: &[(&str, &str)],
        extent: Extent,
    ) -> Self {
        let (pty, inner) = open().unwrap();
        pty.resize(Size::new(extent.1, extent.0)).unwrap();
        let before = tcgetattr(&inner).unwrap();
        let program = Command::new(program).args(arguments);
        let mut program = program
            .env_clear()
            .env("TERM", "xterm-256color")
            .env("RUST_BACKTRACE", "0")
            .env("REDIS_URL", scene.redis.url())
            .env("STATE_DIRECTORY", scene.state_dir())
            .envs(more.iter().copied())
            .current_dir(scene.path(""));
        let child = program.spawn_borrowed(&inner).unwrap();
        let (columns, rows) = (size(extent.0), size(extent.1));
        let seen = Arc::new(Mutex::new(Seen {
            parser: Parser::new_with_callbacks(rows, columns, 0, Heard::default()),
            bytes: Vec::new(),
            come: Vec::new(),
        }));
        let pty = Arc::new(pty);
        let (asleep, awake) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (end, seeing) = (Arc::clone(&pty), Arc::clone(&seen));
        let reader = std::thread::spawn(move || read_on(&end, &asleep, &seeing));
        Self {
            child,
            line: Some(Line { pty, awake, reader }),
            inner: Some(inner),
            before,
            seen,
        }
    }

    fn line(&self) -> &Line {
        self.line.as_ref().unwrap()
    }

    /// Types `keys`, all at once.
    pub(crate) fn send(&self, keys: &str) {
        let mut bytes = keys.as_bytes();
        while !bytes.is_empty() {
            let written = rustix::io::write(&self.line().pty, bytes).unwrap();
            bytes = &bytes[written..];
        }
    }

    /// Writes on the screen behind the program's back.
    pub(crate) fn scribble(&self, text: &str) {
        self.seen.lock().unwrap().parser.process(text.as_bytes());
    }

    /// Gives the window another size.
    pub(crate) fn resize(&self, extent: Extent) {
        let mut seen = self.seen.lock().unwrap();
        let (columns, rows) = (size(extent.0), size(extent.1));
        seen.parser.screen_mut().set_size(rows, columns);
        self.line()
            .pty
            .resize(Size::new(extent.1, extent.0))
            .unwrap();
    }

    /// The same, for a size that no one looks at; waits until it is drawn.
    pub(crate) fn resize_unseen(&self, extent: Extent) {
        let drawn = || self.seen.lock().unwrap().bytes.len();
        let before = drawn();
        let size = Size::new(extent.1, extent.0);
        self.line().pty.resize(size).unwrap();
        until_true("it is drawn anew", || drawn() > before + 4_000);
    }

    /// The terminal goes away: the window is closed, the line is cut.
    pub(crate) fn hang_up(&mut self) {
        let line = self.line.take().unwrap();
        drop(line.awake);
        line.reader.join().unwrap();
        // The last one lets go of the terminal's end here.
        drop(line.pty);
    }

    /// Reads something off the screen.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Screen) -> T) -> T {
        look(self.seen.lock().unwrap().parser.screen())
    }

    /// The text on the screen.
    pub(crate) fn text(&self) -> String {
        self.read(Screen::contents)
    }

    /// What it heard besides text.
    pub(crate) fn heard<T>(&self, look: impl FnOnce(&Heard) -> T) -> T {
        look(self.seen.lock().unwrap().parser.callbacks())
    }

    /// Every byte that was written to it so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// The frames that were drawn so far: their bytes, and when the last of them had come.
    pub(crate) fn frames(&self) -> Vec<(Vec<u8>, Moment)> {
        let seen = self.seen.lock().unwrap();
        let (mut frames, mut begin) = (Vec::new(), 0);
        for (place, mark) in seen.bytes.windows(FRAME_END.len()).enumerate() {
            if mark != FRAME_END {
                continue;
            }
            let end = place + mark.len();
            let come = seen.come.iter().find(|(length, _)| *length >= end).unwrap();
            frames.push((seen.bytes[begin..end].to_vec(), come.1));
            begin = end;
        }
        frames
    }

    /// The line of the screen that contains `words`.
    #[track_caller]
    pub(crate) fn line_with(&self, words: &str) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(words));
        line.unwrap_or_else(|| panic!("no `{words}` on the screen"))
            .to_owned()
    }

    /// Waits until the screen is as `wanted`.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        until_true(what, || {
            if wanted(&self.text()) {
                return true;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it has ended, {ended:?}, before {what}");
            false
        });
    }

    /// Waits until `words` stand on the screen.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) {
        self.wait_until(&format!("`{words}` on the screen"), |text| {
            text.contains(words)
        });
    }

    /// Waits until `words` stand there no more.
    #[track_caller]
    pub(crate) fn wait_without(&mut self, words: &str) {
        self.wait_until(&format!("no `{words}` on the screen"), |text| {
            !text.contains(words)
        });
    }

    /// Types `keys` and waits for what they bring.
    #[track_caller]
    pub(crate) fn type_for(&mut self, keys: &str, words: &str) {
        self.send(keys);
        self.wait_for(words);
    }

    /// Waits for the dialog with `title`, and until it heeds keys: those that come sooner were
    /// typed ahead of it.
    #[track_caller]
    pub(crate) fn wait_for_dialog(&mut self, title: &str) {
        self.wait_for(title);
        let seen = clock::now();
        until_true("it heeds keys", || clock::now().since(seen) > HEEDS);
    }

    /// Types `answer` into the dialog with `title`, which closes it.
    #[track_caller]
    pub(crate) fn answer(&mut self, title: &str, answer: &str) {
        self.wait_for_dialog(title);
        self.send(answer);
        self.wait_without(title);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        signal::send(&self.child, signal);
    }

    /// The state letter of its `/proc/PID/stat`: `T` is stopped.
    pub(crate) fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        after_name.chars().next().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended, and until the last of what it wrote was read.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let status = until("it has ended", || self.child.try_wait().unwrap());
        if let Some(line) = &self.line {
            // What it wrote lies in the line still: read until nothing does.
            until_true("all of it was read", || unread(&line.pty) == 0);
            drop(self.seen.lock().unwrap());
        }
        status
    }

    /// Waits until it has ended with `code`.
    #[track_caller]
    pub(crate) fn end(&mut self, code: i32) {
        let status = self.wait_for_end();
        assert_eq!(status.code(), Some(code), "{status}");
    }

    /// Whether keys come one by one and unseen.
    pub(crate) fn is_raw(&self) -> bool {
        let modes = tcgetattr(self.inner.as_ref().unwrap()).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// The terminal is as it was found: modes, screen, cursor, paste.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        let after = tcgetattr(self.inner.as_ref().unwrap()).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        assert_eq!(after.control_modes, self.before.control_modes);
        // The last bytes may have left the line and not be on the screen yet.
        until_true("screen, cursor and paste are as they were found", || {
            self.read(|screen| {
                !(screen.alternate_screen() || screen.hide_cursor() || screen.bracketed_paste())
            })
        });
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap()
}

/// Bytes that were written to the terminal and not read yet.
fn unread(pty: &Pty) -> u64 {
    // Once nobody holds the program's end, nothing is left to be read either.
    rustix::io::ioctl_fionread(pty).unwrap_or(0)
}

/// Reads what the program writes until nobody can write any more or `asleep` is woken.
fn read_on(pty: &Pty, asleep: &OwnedFd, seen: &Mutex<Seen>) {
    let mut buffer = [0; 8192];
    loop {
        let mut both = [
            PollFd::new(pty, PollFlags::IN),
            PollFd::new(asleep, PollFlags::IN),
        ];
        poll(&mut both, None).unwrap();
        if !both[1].revents().is_empty() {
            return;
        }
        // Held from before the reading, so that what is read no more is seen already.
        let mut seen = seen.lock().unwrap();
        let Ok(read) = rustix::io::read(pty, &mut buffer) else {
            return;
        };
        if read == 0 {
            return;
        }
        seen.bytes.extend_from_slice(&buffer[..read]);
        let length = seen.bytes.len();
        seen.come.push((length, clock::now()));
        seen.parser.process(&buffer[..read]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seen = self.seen.lock();
            let text = seen.map_or_else(|_| String::new(), |seen| seen.parser.screen().contents());
            eprintln!("--- the screen\n{text}\n---");
        }
        self.child.kill().ok();
        self.child.wait().ok();
        self.inner = None;
        if self.line.is_some() {
            self.hang_up();
        }
    }
}
