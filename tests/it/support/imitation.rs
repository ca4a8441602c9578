//! A shell that calls itself a Sidekiq, for what no real one is needed for: other users, traps.
//! It ends when its input does.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::patience::until_true;

/// `nobody`, on every Linux.
pub(crate) const NOBODY: u32 = 65534;

const TITLE: &str = "sidekiq 7.3.2 app [0 of 5 busy]";

/// It writes down each signal that it hears, and ends at TERM.
const SCRIPT: &str = "trap 'echo TSTP' TSTP; trap 'echo TERM; exit 0' TERM; \
                      trap 'echo TTIN' TTIN; trap 'echo WINCH' WINCH; echo $$; \
                      while :; do read -r -t 0.1 line; [ $? -gt 128 ] || exit 0; done";

/// The shell.
pub(crate) struct Imitation {
    child: Child,
    _input: ChildStdin,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Imitation {
    /// Starts it through `command` (see [`as_root`], [`as_another`]) and waits until it is ready.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .args(["bash", "-c", r#"exec -a "$0" bash -c "$1""#, TITLE, SCRIPT])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                hearing.lock().unwrap().push(line);
            }
        });
        let imitation = Self {
            child,
            _input: input,
            heard,
        };
        until_true("the imitation is ready", || {
            !imitation.heard.lock().unwrap().is_empty()
        });
        imitation
    }

    /// Its own pid, also where something stands between.
    pub(crate) fn pid(&self) -> u32 {
        self.heard.lock().unwrap()[0].parse().unwrap()
    }

    /// The signals that it heard.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap()[1..].to_vec()
    }
}

impl Drop for Imitation {
    fn drop(&mut self) {
        // What belongs to another user ends with its input.
        self.child.kill().ok();
    }
}

fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// A command that root runs, where a developer does it by `sudo`.
pub(crate) fn as_root() -> Command {
    if is_root() {
        return Command::new("env");
    }
    let mut command = Command::new("sudo");
    command.args(["-n", "env"]);
    command
}

/// A command that somebody other than root runs.
pub(crate) fn as_another() -> Command {
    let mut command = Command::new("env");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
