//! What the check finds in a real console: an error must be typed out before the first signal
//! leaves, and the record tells of it.

use serde_json::Value;

use super::drains::{records, signals};
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};
use crate::support::terminal::Terminal;

/// KILL long before the push-back.
const HASTY: [&str; 6] = [
    "--sequence",
    "tstp, 300, term, 2, kill",
    "--timeout",
    TIMEOUT,
    "--kill",
    "follow",
];

fn event(scene: &Scene, name: &str) -> Value {
    let found = records(scene)
        .into_iter()
        .find(|record| record["event"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", records(scene)))
}

#[test]
fn an_error_of_the_check_is_typed_out_before_tstp_leaves() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let mut terminal = Terminal::console(&scene, &HASTY);
    terminal.wait_for("check: 1 error");
    terminal.type_for("c", "D01 error");
    assert!(
        terminal
            .text()
            .contains("The sequence kills 2 s after TERM")
    );
    terminal.send("\x1b");
    terminal.wait_for("a auto");
    for (key, title) in [("a", "Start automatic drain?"), ("n", "Send TSTP")] {
        terminal.send(key);
        terminal.wait_for_dialog(title);
        assert!(terminal.text().contains("The check finds an error"));
        // Yes is not enough, nor is another rule, nor Enter.
        terminal.type_for("yD02\r", "That is not D01.");
        terminal.send("\r");
        terminal.wait_without(title);
    }
    // Nothing was begun: no record, and the process was never signalled.
    assert!(!scene.state_dir().join("drains").exists());
    assert!(
        sidekiq.runs() && !sidekiq.was_disturbed(),
        "{}",
        sidekiq.log()
    );
    terminal.send("a");
    terminal.answer("Start automatic drain?", "D01\r");
    terminal.wait_for("the process has exited");
    sidekiq.wait_for_end();
    assert_eq!(signals(&scene)[0], "TSTP");
    let checked = event(&scene, "checked");
    assert_eq!(checked["sequence_from"], "--sequence");
    let error = &checked["findings"][0];
    assert_eq!(
        (&error["rule"], &error["set_aside"]),
        (&"D01".into(), &true.into())
    );
    // It was written down before the first intent.
    let names: Vec<Value> = records(&scene)
        .into_iter()
        .map(|record| record["event"].clone())
        .collect();
    assert_eq!(names[..3], ["started", "checked", "signal_intended"]);
    terminal.send("q");
    terminal.end(0);
}

#[test]
fn a_reason_is_asked_and_recorded() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let config = scene.path("config.yml");
    std::fs::write(
        &config,
        "ask_reason: true\nsequence: tstp, 300, term, 14, kill\n",
    )
    .unwrap();
    let arguments = ["--config", config.to_str().unwrap(), "--timeout", TIMEOUT];
    let mut terminal = Terminal::console(&scene, &arguments);
    terminal.wait_for("a auto");
    terminal.send("a");
    terminal.wait_for_dialog("Why is this drained?");
    terminal.type_for("\r", "A reason is needed.");
    terminal.send("release 4712\r");
    terminal.answer("Start automatic drain?", "y");
    terminal.wait_for("the process has exited");
    sidekiq.wait_for_end();
    assert_eq!(event(&scene, "started")["reason"], "release 4712");
    terminal.send("q");
    terminal.end(0);
}

#[test]
fn a_key_right_behind_escape_is_heeded() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let mut terminal = Terminal::console(&scene, &HASTY);
    terminal.wait_for(&format!(":{}", sidekiq.pid()));
    terminal.type_for("?", "Possible now");
    // In one write, as a fast hand or a slow line has it.
    terminal.send("\x1bq");
    terminal.end(0);
}
