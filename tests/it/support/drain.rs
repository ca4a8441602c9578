//! A running `drainboard drain --json`: its lines as they come, and how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::ended::Ended;
use super::patience::{LIMIT, until, until_within};
use super::scene::Scene;
use super::signal::{self, Signal};

/// Text that grows.
type Growing = Arc<Mutex<String>>;

/// The drain.
pub(crate) struct Drain {
    child: Child,
    printed: Growing,
    said: Growing,
    readers: Vec<JoinHandle<()>>,
}

impl Drain {
    /// Starts one on `scene`.
    pub(crate) fn start(scene: &Scene, sequence: &str, more: &[&str]) -> Self {
        Self::of(&mut scene.drain_command(sequence, more))
    }

    /// Starts `command`; what it prints is read where it goes into a pipe.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (printed, said) = (Growing::default(), Growing::default());
        let mut readers = Vec::new();
        if let Some(output) = child.stdout.take() {
            readers.push(read_on(output, Arc::clone(&printed)));
        }
        if let Some(output) = child.stderr.take() {
            readers.push(read_on(output, Arc::clone(&said)));
        }
        Self {
            child,
            printed,
            said,
            readers,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        signal::send(&self.child, signal);
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.printed.lock().unwrap();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    fn so_far(&self) -> String {
        let (printed, said) = (self.printed.lock().unwrap(), self.said.lock().unwrap());
        format!("{printed}{said}")
    }

    /// Waits for a line that is as `wanted`.
    #[track_caller]
    fn wait_for_line(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(what, || {
            let ended = self.child.try_wait().unwrap();
            let found = self.lines().into_iter().find(&wanted);
            assert!(
                found.is_some() || ended.is_none(),
                "ended, {ended:?}, before {what}: {}",
                self.so_far()
            );
            found
        })
    }

    /// Waits until it has sent `signal`.
    #[track_caller]
    pub(crate) fn wait_for_signal(&mut self, name: &str) -> Value {
        self.wait_for_line(&format!("{name} is sent"), |line| {
            line["event"] == "signal_sent" && line["signal"] == name
        })
    }

    /// Waits for the backtrace of a job.
    #[track_caller]
    pub(crate) fn wait_for_backtrace(&mut self, jid: &str) -> Value {
        self.wait_for_line(&format!("the backtrace of {jid}"), |line| {
            line["event"] == "backtrace" && line["jid"] == jid
        })
    }

    /// Waits for the event `name`.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, name: &str) -> Value {
        self.wait_for_line(name, |line| line["event"] == name)
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it with no chance to say anything, and gives its lines up to there.
    #[track_caller]
    pub(crate) fn kill(mut self) -> Vec<Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        self.lines()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub(crate) fn end(self) -> Ended {
        self.end_within(LIMIT)
    }

    /// The same for one that takes minutes.
    #[track_caller]
    pub(crate) fn end_within(mut self, limit: Duration) -> Ended {
        let wait = || self.child.try_wait().unwrap();
        let status = until_within(limit, "the drain has ended", wait);
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let text = self.printed.lock().unwrap().clone();
        let said = self.said.lock().unwrap().clone();
        Ended::new(status, &text, said)
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the drain\n{}", self.so_far());
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read_on(output: impl Read + Send + 'static, text: Growing) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).unwrap_or(0) > 0 {
            text.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}
