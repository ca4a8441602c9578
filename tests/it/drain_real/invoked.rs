//! How it is started: from a unit, under `nohup`, with its streams closed.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::patience::until;
use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, Version};
use crate::support::signal::{self, Signal};

/// `drain` started by a shell that does `first`.
fn through_shell(scene: &Scene, first: &str, sequence: &str) -> Command {
    let binary = env!("CARGO_BIN_EXE_drainboard");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{first}exec \"$@\"{}", closing(first))]);
    command.args(["sh", binary, "drain", "--json", "--yes", "--timeout=6"]);
    command.args(["--sequence", sequence]);
    scene.surround(&mut command);
    command
}

/// Redirections belong to the end of the line.
fn closing(first: &str) -> &'static str {
    if first.is_empty() { " >&- 2>&-" } else { "" }
}

#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut command = through_shell(&scene, "trap '' HUP; ", "tstp, 60, term, 14, kill");
    let mut drain = Drain::of(&mut command);
    drain.wait_for_signal("TSTP");
    drain.signal(Signal::HUP);
    scene.release();
    drain.end().assert_outcome(0, "drained");
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn closed_streams_are_no_hang_up() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let ended = Drain::of(&mut through_shell(&scene, "", SEQUENCE)).end();
    ended.assert_code(0);
    assert!(ended.lines.is_empty() && ended.said.is_empty());
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn a_reader_that_goes_away_is_no_hang_up() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy_until_released();
    let mut child = scene
        .drain_command("tstp, 60, term, 14, kill", &[])
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    until("it is quiet", || sidekiq.was_disturbed().then_some(()));
    scene.release();
    let status = until("the drain has ended", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert_eq!(scene.traced("done", &jid), 1);
    assert!(sidekiq.wait_for_end().success());
}

/// As systemd starts `ExecStop=`: no HOME, no terminal, a process group of its own.
fn exec_stop(scene: &Scene, sidekiq: &Sidekiq) -> Command {
    let chosen = sidekiq.chosen();
    let mut command = scene.drainboard(&["drain", &chosen, "--yes", "--allow-empty", "--json"]);
    command.args(["--sequence", SEQUENCE]).process_group(0);
    command.env_remove("REDIS_URL").current_dir("/");
    command
}

#[test]
fn as_exec_stop_it_finds_redis_by_the_process_it_is_given() {
    // Another application with more Sidekiqs, whose Redis must not be asked in its place.
    let (scene, other) = Scene::pair();
    let beside = [other.sidekiq(Version::Six), other.sidekiq(Version::Six)];
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let ended = Drain::of(&mut exec_stop(&scene, &sidekiq)).end();
    ended.assert_outcome(0, "drained");
    let identity = ended.event("exited")["identity"].as_str();
    assert!(
        identity.is_some(),
        "not asked the right Redis: {}",
        ended.text()
    );
    assert!(sidekiq.wait_for_end().success());
    assert!(beside.iter().all(|sidekiq| !sidekiq.was_disturbed()));
    // The process is gone: nothing to do is success there.
    let again = Drain::of(&mut exec_stop(&scene, &sidekiq)).end();
    again.assert_code(0).assert_signals(&[]);
}

#[test]
fn a_stopped_drain_goes_on_where_it_was() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]);
    drain.wait_for_signal("TSTP");
    drain.signal(Signal::STOP);
    scene.release();
    drain.signal(Signal::CONT);
    drain.end().assert_outcome(0, "drained");
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn a_second_interrupt_changes_nothing() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut child = scene
        .drain_command("tstp, 60, term, 14, kill", &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("it is quiet", || sidekiq.was_disturbed().then_some(()));
    signal::send(&child, Signal::INT);
    signal::send(&child, Signal::INT);
    let status = until("the drain has ended", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(5));
    assert!(sidekiq.runs() && !sidekiq.log().contains("Shutting down"));
}
