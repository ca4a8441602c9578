//! The console beside so many dead members that reading them takes a while.

use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

use super::fixture_rows;

#[test]
fn beside_24000_dead_members_keys_are_heard() {
    let scene = Scene::new();
    fixture_rows(&scene);
    scene.register_dead(24_000);
    let mut terminal = Terminal::console(&scene, &[]);
    // The first look may still be under way.
    terminal.wait_for("drainboard");
    terminal.send("?");
    terminal.wait_for("Possible now");
    terminal.send("\x1b");
    terminal.wait_for("ReportBuild");
    terminal.send("q");
    terminal.end(0);
}
