//! A drain that its operator stopped goes on: in the same console by a key, or by its name.

use super::resumed::{report, resume, resumes_to_the_end, signals};
use crate::console_pty::drains::by;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

/// A console whose drain of one busy Sidekiq is stopped in its quiet wait.
fn stopped_while_quiet(scene: &Scene) -> Terminal {
    scene.busy_until_released();
    let mut terminal = Terminal::console(scene, &by("tstp, 300, term, 14, kill"));
    terminal.begin_automatic();
    terminal.wait_for("quiet 1/1");
    terminal.send("x");
    terminal.wait_for("r: goes on with this drain");
    terminal
}

/// Within one console, as often as it is stopped: TSTP is not sent again, and nothing waits anew.
#[test]
fn a_drain_that_was_stopped_is_gone_on_with() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let mut terminal = stopped_while_quiet(&scene);
    terminal.send("r");
    terminal.answer("Resume the drain of", "y");
    terminal.wait_for("quiet 1/1");
    terminal.send("x");
    terminal.wait_for("r: goes on with this drain");
    terminal.send("o\x1b");
    terminal.wait_for("was cut off after TSTP");
    resumes_to_the_end(&scene, sidekiq, terminal);
}

/// Whoever stopped a drain is not overruled by a command that names none.
#[test]
fn a_drain_that_was_stopped_is_resumed_by_its_name_alone() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let mut terminal = stopped_while_quiet(&scene);
    terminal.send("q");
    terminal.end(5);
    let unnamed = scene
        .drainboard(&["resume", "--yes", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&unnamed.stderr).into_owned();
    assert!(said.contains("no drain was cut off"), "{said}");
    let run = report(&scene)["run"].as_str().unwrap().to_owned();
    let mut named = resume(&scene, &[&run]);
    named.wait_for("resumed");
    scene.release();
    named
        .end()
        .assert_outcome(0, "drained")
        .assert_signals(&["TERM"]);
    sidekiq.wait_for_end();
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
}
