//! Redis goes away and comes back under the console.

use super::fixture_rows;
use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

#[test]
fn a_redis_that_ends_shows_at_once_and_everything_known_stays() {
    let mut scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    scene.redis.stop();
    terminal.wait_for("OFFLINE");
    terminal.wait_for("Values from Redis are old");
    for words in ["ReportBuild", "util1:4242", "AmazonEdiPush"] {
        assert!(terminal.text().contains(words), "{words}");
    }
    // It goes on heeding keys.
    terminal.type_for("?", "Possible now");
    terminal.type_for("\x1b", "ReportBuild");
    scene.redis.start_again();
    fixture_rows(&scene);
    terminal.wait_without("OFFLINE");
    terminal.wait_for("ReportBuild");
    terminal.send("q");
    terminal.end(0);
}

#[test]
fn a_redis_that_hangs_delays_no_key() {
    let mut scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    scene.redis.freeze();
    terminal.wait_for("NO ANSWER");
    terminal.type_for("?", "Possible now");
    terminal.type_for("\x1b", "ReportBuild");
    scene.redis.thaw();
    terminal.wait_without("NO ANSWER");
    terminal.send("q");
    terminal.end(0);
    scene.redis.stop();
}

#[test]
fn without_a_redis_from_the_start_it_waits_for_one() {
    let mut scene = Scene::new();
    scene.redis.stop();
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("OFFLINE");
    terminal.wait_for("q quit");
    scene.redis.start_again();
    fixture_rows(&scene);
    terminal.wait_for("ReportBuild");
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
}
