//! Stopped in each phase: by an interrupt, by a hang-up, by the end that its own supervisor
//! brings. Exit 5, nothing more is sent, and what stays true is told.

use serde_json::json;

use super::SEQUENCE;
use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, Version};
use crate::support::signal::Signal;

/// Stops `drain`, and checks what is the same for every stop.
#[track_caller]
fn stop(drain: Drain, signal: Signal, why: &str) -> Ended {
    drain.signal(signal);
    let asked = drainboard::clock::now();
    let ended = drain.end();
    let took = drainboard::clock::now().since(asked);
    ended.assert_outcome(5, "stopped");
    // Less than one second by the contract; the rest is for a busy machine.
    assert!(took.as_secs() < 5, "{took:?} {}", ended.text());
    let held = ended.event("held")["why"].as_str().unwrap();
    assert!(held.contains(why), "{}", ended.text());
    ended
}

/// It stays quiet, and works no more until it is restarted.
fn assert_quiet(scene: &Scene, sidekiq: &mut Sidekiq) {
    until_true("the title says quiet", || {
        sidekiq.title().ends_with("stopping")
    });
    let jid = scene.push("SleepJob", &json!([0.1]));
    assert!(sidekiq.runs());
    assert!(
        !sidekiq.log().contains("Shutting down"),
        "{}",
        sidekiq.log()
    );
    assert_eq!(scene.traced("start", &jid), 0);
}

fn stopped_while_quiet(version: Version, signal: Signal, why: &str) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "tstp, 300, term, 14, kill", &[]);
    drain.wait_for_signal("TSTP");
    let ended = stop(drain, signal, why);
    ended.assert_signals(&["TSTP"]);
    ended.assert_said("stays quiet until it is restarted");
    ended.assert_fate(&jid, "unknown");
    assert_quiet(&scene, &mut sidekiq);
}

#[test]
fn a_quit_while_it_is_quiet_sends_no_more() {
    stopped_while_quiet(Version::Seven, Signal::QUIT, "hang-up");
}

#[test]
fn an_interrupt_while_it_is_quiet_stops_there() {
    stopped_while_quiet(Version::Seven, Signal::INT, "stopped here");
}

#[test]
fn a_hang_up_while_it_is_quiet_is_no_licence() {
    stopped_while_quiet(Version::Eight, Signal::HUP, "hang-up");
}

#[test]
fn being_told_to_end_while_it_is_quiet_sends_no_more() {
    stopped_while_quiet(Version::Six, Signal::TERM, "hang-up");
}

fn stopped_after_term(signal: Signal, why: &str) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    // KILL would come long before the push-back.
    let mut drain = Drain::start(&scene, "term, 3, kill", &["--kill=follow", "--despite=D01"]);
    drain.wait_for_signal("TERM");
    let ended = stop(drain, signal, why);
    ended.assert_signals(&["TERM"]);
    ended
        .assert_said("no KILL will be sent")
        .assert_said("TERM cannot be taken back");
    assert!(sidekiq.wait_for_end().success(), "no KILL came");
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert_eq!(scene.traced("shutdown", &jid), 1);
}

#[test]
fn an_interrupt_after_term_sends_no_kill() {
    stopped_after_term(Signal::INT, "stopped here");
}

#[test]
fn being_told_to_end_after_term_sends_no_kill() {
    stopped_after_term(Signal::TERM, "hang-up");
}

#[test]
fn an_interrupt_while_kill_waits_for_the_push_back_sends_no_kill() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "term, 1, kill", &["--kill-extra=60"]);
    let sent = drain.wait_for_signal("TERM")["t_s"].as_f64().unwrap();
    let begun = drainboard::clock::now();
    // The gate shuts a second after TERM.
    until_true("KILL is overdue", || {
        drainboard::clock::now().since(begun).as_secs_f64() > 1.5
    });
    let ended = stop(drain, Signal::INT, "stopped here");
    ended.assert_signals(&["TERM"]);
    assert!(ended.seconds() > sent + 1.0, "{}", ended.text());
    assert!(sidekiq.wait_for_end().success(), "no KILL came");
    assert_eq!(scene.times_queued("default", &jid), 1);
}

#[test]
fn an_interrupt_while_it_leaves_is_a_stop() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    scene.busy("StuckJob", &json!([]));
    let mut drain = Drain::start(&scene, "term", &[]);
    drain.wait_for_signal("TERM");
    stop(drain, Signal::INT, "stopped here").assert_signals(&["TERM"]);
    assert!(sidekiq.wait_for_end().success());
}

#[test]
fn an_interrupt_before_the_first_signal_sends_nothing() {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    // A Redis that answers nothing keeps it gathering.
    scene.redis.freeze();
    let drain = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]);
    until_true("it listens", || listens(drain.pid()));
    drain.signal(Signal::INT);
    let ended = drain.end();
    scene.redis.thaw();
    ended.assert_outcome(5, "stopped").assert_signals(&[]);
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    scene.redis.stop();
}

/// Whether the process handles INT by now (signal(7): number 2).
fn listens(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 0b10 != 0)
}
