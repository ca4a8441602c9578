//! The console beside so much that reading it takes a while.

use drainboard::clock;

use super::{assert_soon, fixture_rows};
use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

/// Keys are heard at once while looks come again and again, and `q` ends it at once.
fn assert_hears_keys(mut terminal: Terminal) {
    for _ in 0..3 {
        let pressed = clock::now();
        terminal.type_for("?", "Possible now");
        terminal.send("\x1b");
        terminal.wait_without("Possible now");
        assert_soon(pressed);
    }
    let pressed = clock::now();
    terminal.send("q");
    terminal.end(0);
    assert_soon(pressed);
}

#[test]
fn beside_24000_dead_members_keys_are_heard() {
    let scene = Scene::new();
    fixture_rows(&scene);
    scene.register_dead(24_000);
    let mut terminal = Terminal::console(&scene, &[]);
    // The first look may still be under way: what was not read is not told to be nothing.
    terminal.wait_for("drainboard");
    let early = terminal.text();
    assert!(
        !early.contains("0 processes") && !early.contains("0 targets")
            || early.contains("ReportBuild"),
        "{early}"
    );
    let pressed = clock::now();
    terminal.type_for("?", "Possible now");
    assert_soon(pressed);
    terminal.send("\x1b");
    terminal.wait_for("ReportBuild");
    terminal.wait_for("24,000 dead members of this Redis are only counted");
    assert_hears_keys(terminal);
}

#[test]
fn beside_a_row_of_10000_jobs_keys_are_heard_and_the_row_is_bounded() {
    let scene = Scene::new();
    fixture_rows(&scene);
    scene.register_row_of(10_000);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("InventorySync");
    terminal.type_for("p", "ElsewhereJob");
    assert_hears_keys(terminal);
}
