//! The demo and a rehearsal on the screen: what a newcomer sees first, and a drain that sends
//! nothing.

use serde_json::json;

use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

#[test]
fn the_demo_plays_itself_and_leaves() {
    let scene = Scene::new();
    let mut terminal = Terminal::console(&scene, &["demo", "--auto", "--speed", "6"]);
    terminal.wait_for("DEMO");
    terminal.wait_for("ReportBuild");
    terminal.wait_for("waiting for:");
    let status = terminal.wait_for_end();
    // A machine that stands still for too long holds the drain, and rightly.
    assert!(matches!(status.code(), Some(3..=5)), "{status:?}");
    terminal.assert_restored();
}

#[test]
fn the_demo_is_drained_by_hand_and_stopped() {
    let scene = Scene::new();
    let mut terminal = Terminal::console(&scene, &["demo", "--speed", "2"]);
    terminal.wait_for("5 processes to drain");
    terminal.send("n");
    terminal.answer("Send TSTP to", "y");
    terminal.wait_for("quiet 5/5");
    terminal.send("n");
    terminal.answer("Send TERM now?", "y");
    terminal.wait_for("exited ");
    terminal.send("x");
    terminal.wait_for("TERM cannot be taken back");
    terminal.send("q");
    terminal.end(5);
    terminal.assert_restored();
}

#[test]
fn a_rehearsal_says_so_on_every_screen_and_sends_nothing() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let arguments = [
        "rehearse",
        "--sequence",
        "tstp, 14, term, 9, kill",
        "--timeout",
        "3",
    ];
    let mut terminal = Terminal::console(&scene, &arguments);
    terminal.wait_for("REHEARSAL");
    terminal.wait_for("SleepJob");
    terminal.type_for("?", "Possible now");
    assert!(terminal.text().contains("REHEARSAL"), "{}", terminal.text());
    terminal.type_for("\x1b", "SleepJob");
    terminal.begin_automatic();
    terminal.wait_for("pushed back 1");
    assert!(terminal.text().contains("REHEARSAL"), "{}", terminal.text());
    terminal.send("q");
    terminal.end(3);
    assert!(!sidekiq.was_disturbed(), "{}", sidekiq.log());
}
