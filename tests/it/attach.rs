//! A drain that is watched, and driven, from a second terminal.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::console_pty::drains::signals;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};
use crate::support::terminal::Terminal;

const SEQUENCE: &str = "tstp, 300, term, 14, kill";

/// A terminal that watches the only drain of the scene.
fn attached(scene: &Scene) -> Terminal {
    let mut terminal = Terminal::console(scene, &["attach"]);
    terminal.wait_for("WATCHING");
    terminal.wait_for("drives; Y asks");
    terminal
}

#[test]
fn a_drain_of_a_deploy_script_is_held_extended_and_ended_from_a_terminal() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    let run = drain.wait_for("quiet_confirmed")["run"].clone();
    let socket = scene
        .state_dir()
        .join(format!("drains/{}.socket", run.as_str().unwrap()));
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut terminal = attached(&scene);
    terminal.wait_for("ReleasedJob");
    terminal.type_for(" ", "another drainboard drives");
    terminal.type_for("Y", "you drive this drain now");
    terminal.wait_for("LIVE");
    terminal.send("+");
    assert_eq!(drain.wait_for("extended")["by_s"], 30);
    terminal.send(" ");
    drain.wait_for("held");
    // Held is no end, although the drain itself has nobody to ask.
    terminal.wait_for("on hold");
    terminal.send(" ");
    drain.wait_for("resumed");
    terminal.wait_without("on hold");
    terminal.send(".");
    terminal.answer("Send TERM now?", "y");
    drain.wait_for_signal("TERM");
    let ended = drain.end();
    let told = |line: &&Value| {
        line["text"]
            .as_str()
            .is_some_and(|text| text.ends_with("has the controls"))
    };
    assert!(
        ended.lines.iter().any(|line| told(&line)),
        "{}",
        ended.text()
    );
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
    assert!(!socket.exists());
    sidekiq.wait_for_end();
}

#[test]
fn a_driver_that_is_gone_is_replaced_at_once() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Eight);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for_signal("TSTP");
    let mut first = attached(&scene);
    first.type_for("Y", "you drive this drain now");
    let mut second = Terminal::console(&scene, &["attach"]);
    second.wait_for("WATCHING");
    second.type_for("Y", "asked");
    first.wait_for("asks for the controls: Y gives them");
    first.hang_up();
    second.wait_for("you drive this drain now");
    second.send("q");
    second.end(0);
    scene.release();
    drain.end().assert_outcome(0, "drained");
}

#[test]
fn whoever_sits_at_the_screen_is_asked_and_may_take_them_back() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let by = ["--sequence", SEQUENCE, "--timeout", TIMEOUT];
    let mut here = Terminal::console(&scene, &by);
    here.wait_for("a auto");
    here.send("a");
    here.answer("Start automatic drain?", "y");
    here.wait_for("quiet 1/1");
    let mut there = attached(&scene);
    there.type_for("Y", "asked");
    here.wait_for("asks for the controls: Y gives them");
    here.type_for("Y", "drives: Y takes the controls back");
    there.wait_for("you drive this drain now");
    there.send(" ");
    here.wait_for("held");
    here.type_for(" ", "drives: Y takes the controls back");
    here.type_for("Y", "the controls are back here");
    there.wait_for("WATCHING");
    here.send(" ");
    scene.release();
    here.wait_for("the process has exited");
    there.wait_for("the process has exited");
    there.send("q");
    there.end(0);
    here.send("q");
    here.end(0);
}

#[test]
fn a_second_drain_is_told_to_attach_and_a_socket_that_was_left_over_hurts_nothing() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for_signal("TSTP");
    let second = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    second.assert_outcome(7, "refused");
    assert!(
        second.text().contains("`drainboard attach` shows it"),
        "{}",
        second.text()
    );
    drain.kill();
    // Its socket is still there, and nobody listens.
    let alone = Terminal::console(&scene, &["attach"]).wait_for_end();
    assert_eq!(alone.code(), Some(1));
    let mut resumed = Drain::of(&mut scene.drainboard(&["resume", "--yes", "--json"]));
    resumed.wait_for("resumed");
    let mut terminal = attached(&scene);
    terminal.send("q");
    terminal.end(0);
    scene.release();
    resumed.end().assert_outcome(0, "drained");
    // Without a terminal there is nothing to watch it on.
    let output = scene.drainboard(&["attach"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_drain_goes_on_without_its_terminal_where_that_was_wanted() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let by = [
        "--sequence",
        SEQUENCE,
        "--timeout",
        TIMEOUT,
        "--on-hangup",
        "continue",
    ];
    let mut gone = Terminal::console(&scene, &by);
    gone.wait_for("a auto");
    gone.send("a");
    gone.answer("Start automatic drain?", "y");
    gone.wait_for("quiet 1/1");
    gone.hang_up();
    let mut there = attached(&scene);
    there.wait_for("the terminal is gone");
    // Nobody sits there any more who could be asked.
    there.type_for("Y", "you drive this drain now");
    scene.release();
    there.wait_for("the process has exited");
    gone.end(0);
    sidekiq.wait_for_end();
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    there.send("q");
    there.end(0);
}
