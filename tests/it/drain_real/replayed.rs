//! A real drain as a film: on a terminal, and as an asciicast.

use std::fs;

use serde_json::{Value, json};

use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::terminal::Terminal;

/// A drain with a job whose argument must be in no film.
fn drained(scene: &Scene) -> Ended {
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("TalkingJob", &json!(["s3cret-argument", 600]));
    let ended = Drain::start(scene, "tstp, 12, term, 14, kill", &[]).end();
    sidekiq.wait_for_end();
    ended
}

#[test]
fn a_film_is_played_on_the_screens_of_then() {
    let scene = Scene::new();
    drained(&scene).assert_outcome(3, "requeued");
    let mut terminal = Terminal::console(&scene, &["replay", "--speed", "4"]);
    terminal.wait_for("REPLAY");
    terminal.wait_for("TalkingJob");
    terminal.type_for(" ", "paused");
    terminal.type_for("n", "REPLAY");
    assert!(
        !terminal.text().contains("Send TERM"),
        "{}",
        terminal.text()
    );
    terminal.type_for("+", "speed 8");
    for _ in 0..4 {
        terminal.send("]");
    }
    terminal.wait_for("at its end");
    terminal.wait_for("pushed back");
    terminal.type_for(" ", "plays");
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
}

#[test]
fn a_film_is_written_as_an_asciicast() {
    let scene = Scene::new();
    let ended = drained(&scene);
    let run = ended.last()["run"].as_str().unwrap();
    let path = scene.path("drain.cast");
    let export = [
        "replay",
        run,
        "--export",
        path.to_str().unwrap(),
        "--speed",
        "2",
    ];
    let output = scene.drainboard(&export).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["version"], &lines[0]["width"]),
        (&json!(2), &json!(120))
    );
    let side = |number| std::num::NonZero::new(number).unwrap();
    let mut parser = vt100::Parser::new(side(40), side(120), 0);
    let mut before = 0.0;
    for line in &lines[1..] {
        let at = line[0].as_f64().unwrap();
        assert!(at >= before && line[1] == "o", "{line}");
        before = at;
        parser.process(line[2].as_str().unwrap().as_bytes());
    }
    let last = parser.screen().contents();
    assert!(
        last.contains("REPLAY") && last.contains("pushed back"),
        "{last}"
    );
    assert!((before - ended.seconds() / 2.0).abs() < 3.0, "{before}");
    let inputs = drainboard::recorder::place(&scene.state_dir(), run);
    for film in [text, fs::read_to_string(inputs).unwrap()] {
        assert!(!film.contains("s3cret-argument"), "an argument is in it");
    }
    let full = ["replay", "--export", "/dev/full"];
    let output = scene.drainboard(&full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let unknown = scene
        .drainboard(&["replay", "never", "--export", "x"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    // Without a terminal there is nothing to play it on.
    assert_eq!(
        scene
            .drainboard(&["replay"])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
}
