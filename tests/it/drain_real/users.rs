//! Processes of another user. Where these tests do not run as root, they need `sudo -n`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::drain::Drain;
use crate::support::imitation::{Imitation, as_another, as_root};
use crate::support::scene::Scene;

const SEQUENCE: &str = "tstp, 1, term, 5, kill";

/// A copy of the program in a place that everybody may read.
struct Open(tempfile::TempDir);

impl Open {
    fn new() -> Self {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        let path = directory.path().join("drainboard");
        fs::copy(env!("CARGO_BIN_EXE_drainboard"), &path).unwrap();
        let state = directory.path().join("state");
        fs::create_dir(&state).unwrap();
        for (path, mode) in [(directory.path(), 0o755), (&path, 0o755), (&state, 0o777)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        Self(directory)
    }

    fn program(&self) -> PathBuf {
        self.0.path().join("drainboard")
    }

    fn state_dir(&self) -> PathBuf {
        self.0.path().join("state/own")
    }
}

fn drain(scene: &Scene, open: &Open, mut command: Command, targets: &[u32]) -> Drain {
    scene.surround(&mut command);
    command.env("PATH", "/usr/bin:/bin").current_dir("/");
    command
        .arg(open.program())
        .args(["drain", "--json", "--yes"]);
    command.args(["--timeout=6", "--sequence", SEQUENCE]);
    command.args(["--redis", "unix:///nonexistent/redis.sock"]);
    command.arg("--state-dir").arg(open.state_dir());
    for pid in targets {
        command.arg(format!("--pid={pid}"));
    }
    Drain::of(&mut command)
}

fn is_readable_by_all(path: &Path) -> bool {
    path.metadata().unwrap().permissions().mode() & 0o004 != 0
}

#[test]
fn without_the_right_to_signal_one_nobody_is_signalled() {
    let (scene, open) = (Scene::new(), Open::new());
    assert!(is_readable_by_all(&open.program()));
    let own = Imitation::start(as_another());
    let foreign = Imitation::start(as_root());
    let ended = drain(&scene, &open, as_another(), &[own.pid(), foreign.pid()]).end();
    ended.assert_outcome(7, "refused").assert_signals(&[]);
    ended.assert_said(&foreign.pid().to_string());
    assert!(own.heard().is_empty(), "{:?}", own.heard());
    assert!(foreign.heard().is_empty(), "{:?}", foreign.heard());
}

#[test]
fn root_drains_a_process_of_another_user() {
    let (scene, open) = (Scene::new(), Open::new());
    let foreign = Imitation::start(as_another());
    let ended = drain(&scene, &open, as_root(), &[foreign.pid()]).end();
    assert_eq!(ended.signals(), ["TSTP", "TERM"], "{}", ended.text());
    ended.event("exited");
    crate::support::patience::until_true("both were heard", || foreign.heard() == ["TSTP", "TERM"]);
}
