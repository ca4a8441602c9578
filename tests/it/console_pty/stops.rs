//! A drain from the console that is stopped: by a key, by leaving, by a signal, by a cut line.
//! Exit 5, nothing more is sent, and the record says why.

use std::ffi::OsString;

use drainboard::clock;
use serde_json::{Value, json};

use super::assert_soon;
use super::drains::{records, signals};
use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, TIMEOUT, Version};
use crate::support::signal::Signal;
use crate::support::terminal::Terminal;

/// A drain in its quiet wait, with a job that would run for ten minutes.
fn quiet(scene: &Scene) -> (Sidekiq, Terminal) {
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let arguments = [
        "--sequence",
        "tstp, 300, term, 14, kill",
        "--timeout",
        TIMEOUT,
    ];
    let mut terminal = Terminal::console(scene, &arguments);
    terminal.wait_for("SleepJob");
    terminal.begin_automatic();
    terminal.wait_for("quiet 1/1");
    (sidekiq, terminal)
}

/// It was sent TSTP and nothing else, and the record says why it ended there.
#[track_caller]
fn assert_stopped(scene: &Scene, sidekiq: &mut Sidekiq, why: &str) {
    assert_eq!(signals(scene), ["TSTP"]);
    let records = records(scene);
    let held = records.iter().rfind(|record| record["event"] == "held");
    let held = held.unwrap_or_else(|| panic!("no hold: {records:?}"));
    assert!(held["why"].as_str().unwrap().contains(why), "{held}");
    // What the end left in the retry set is counted behind it.
    let own = |record: &&Value| record["event"] != "interrupted_counted";
    let last = records.iter().rfind(own).unwrap();
    assert_eq!(
        (&last["event"], &last["outcome"]),
        (&json!("finished"), &json!("stopped"))
    );
    assert!(sidekiq.runs() && !sidekiq.log().contains("Shutting down"));
}

#[test]
fn one_key_stops_here_and_says_what_stays_quiet() {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal) = quiet(&scene);
    terminal.send("x");
    terminal.wait_for("stays quiet until it is restarted");
    assert_stopped(&scene, &mut sidekiq, "stopped here");
    terminal.send("q");
    terminal.end(5);
    terminal.assert_restored();
    terminal.line_with("stays quiet until it is restarted");
}

#[test]
fn an_interrupt_key_stops_here_and_does_not_leave() {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal) = quiet(&scene);
    terminal.send("\x03");
    terminal.wait_for("stays quiet until it is restarted");
    assert!(terminal.runs());
    assert_stopped(&scene, &mut sidekiq, "stopped here");
    terminal.send("\x03");
    terminal.end(5);
}

#[test]
fn leaving_asks_first_and_holds() {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal) = quiet(&scene);
    terminal.send("q");
    terminal.answer("y: yes", "\r");
    assert!(terminal.text().contains("s left"));
    terminal.send("q");
    terminal.wait_for_dialog("y: yes");
    terminal.send("y");
    terminal.end(5);
    terminal.assert_restored();
    assert_stopped(&scene, &mut sidekiq, "left by the operator");
}

fn told_to_end(signal: Signal) {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal) = quiet(&scene);
    let asked = clock::now();
    terminal.signal(signal);
    terminal.end(5);
    assert_soon(asked);
    terminal.assert_restored();
    terminal.line_with("stays quiet until it is restarted");
    assert_stopped(&scene, &mut sidekiq, "hang-up");
    let drains = std::fs::read_dir(scene.state_dir().join("drains")).expect("records");
    let mut left = drains.map(|file| file.expect("a file").file_name());
    let is_socket = |name: &OsString| name.to_string_lossy().ends_with(".socket");
    assert!(!left.any(|name| is_socket(&name)), "its socket is left");
}

#[test]
fn being_told_to_end_sends_no_more_and_gives_the_terminal_back() {
    told_to_end(Signal::TERM);
}

#[test]
fn a_quit_from_outside_sends_no_more_and_leaves_no_socket() {
    told_to_end(Signal::QUIT);
}

#[test]
fn a_hang_up_sends_no_more_and_gives_the_terminal_back() {
    told_to_end(Signal::HUP);
}

#[test]
fn a_cut_line_is_no_licence() {
    let scene = Scene::new();
    let (mut sidekiq, mut terminal) = quiet(&scene);
    let cut = clock::now();
    terminal.hang_up();
    terminal.end(5);
    assert_soon(cut);
    assert_stopped(&scene, &mut sidekiq, "hang-up");
}

#[test]
fn a_drain_goes_on_by_its_clock_while_redis_is_away() {
    let mut scene = Scene::new();
    let (mut sidekiq, mut terminal) = quiet(&scene);
    scene.redis.stop();
    terminal.wait_for("OFFLINE");
    // The clock runs on, and a key is heeded.
    let left = terminal.line_with("s left");
    terminal.wait_until("another second", |text| !text.contains(left.trim()));
    terminal.type_for(" ", "on hold by you");
    terminal.type_for(" ", "automatic");
    terminal.send("x");
    terminal.wait_for("stays quiet until it is restarted");
    assert_stopped(&scene, &mut sidekiq, "stopped here");
    terminal.send("q");
    terminal.end(5);
    scene.redis.start_again();
}
