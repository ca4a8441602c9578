//! A disk that is really full when payloads are to be saved: no KILL then, unless somebody who
//! was told wants it all the same.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use nix::unistd::Uid;
use serde_json::json;

use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};
use crate::support::terminal::Terminal;

/// A program that becomes `drainboard` in a mount namespace of its own, where the rescue files
/// of the scene lie on a tiny disk that is full.
fn on_a_full_disk(scene: &Scene) -> PathBuf {
    let folder = scene.state_dir().join("rescue");
    fs::create_dir_all(&folder).expect("a directory");
    let map_root = if Uid::effective().is_root() {
        ""
    } else {
        "--map-root-user"
    };
    let script = format!(
        "#!/bin/bash\nexec unshare --mount {map_root} bash -c '\
         mount -t tmpfs -o size=8k,mode=700 none {folder} && \
         {{ cat /dev/zero > {folder}/filler 2>/dev/null; exec {program} \"$@\"; }}' drainboard \"$@\"\n",
        folder = folder.display(),
        program = env!("CARGO_BIN_EXE_drainboard"),
    );
    let path = scene.path("on-a-full-disk");
    fs::write(&path, script).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}

#[test]
fn nobody_to_ask_means_no_kill() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut command = Command::new(on_a_full_disk(&scene));
    command.args(["drain", "--json", "--yes", "--timeout", TIMEOUT]);
    command.args(["--sequence", "tstp, 13, term, 2, kill"]);
    command.args(["--kill=follow", "--despite=D01", "--rescue"]);
    scene.surround(&mut command);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let ended = Drain::of(&mut command).end();
    ended
        .assert_outcome(5, "stopped")
        .assert_signals(&["TSTP", "TERM"]);
    let failed = ended.event("signal_failed");
    let error = failed["error"].as_str().unwrap_or_default();
    assert!(
        error.contains("cannot be saved") && error.contains("No space left"),
        "{error}"
    );
    // It pushes back by itself what nobody killed.
    assert!(sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 1);
}

#[test]
fn somebody_who_was_told_may_kill_all_the_same() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let arguments = ["--sequence", "tstp, 300, kill", "--timeout", TIMEOUT];
    let path = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")];
    let program = on_a_full_disk(&scene);
    let mut terminal = Terminal::of(&program, &scene, &arguments, &path, (120, 40));
    terminal.wait_for("SleepJob");
    terminal.wait_for("a auto");
    terminal.send("\t");
    terminal.type_for("s", "nothing is saved");
    terminal.send("a");
    terminal.answer("Start the drain, by itself?", "y");
    terminal.wait_for("quiet 1/1");
    terminal.send("n");
    terminal.wait_for_dialog("Send KILL now?");
    terminal.send("1\r");
    terminal.wait_for("cannot be saved");
    assert!(sidekiq.runs());
    terminal.send("r");
    terminal.wait_for("Work is lost");
    assert!(!sidekiq.wait_for_end().success());
    terminal.send("q");
    terminal.end(4);
}
