//! Standard output or standard error is a pipe that is not read and is full: a stuck log
//! collector. Every act, every record and the end come all the same.

use std::fs;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::patience::{until, until_true};
use crate::support::pipes::full_pipe;
use crate::support::recorded::journals;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::signal::{self, Signal};

/// A drain that prints into `output` and `errors`.
fn start(scene: &Scene, sequence: &str, output: OwnedFd, errors: OwnedFd) -> Child {
    let mut command: Command = scene.drain_command(sequence, &[]);
    command
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors));
    command.spawn().expect("a drain")
}

/// The only record of `scene`, as far as it is written.
fn record(scene: &Scene) -> Vec<Value> {
    let paths = journals(&scene.state_dir());
    let text = paths
        .first()
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let text = text.unwrap_or_default();
    let lines = text.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn signals(scene: &Scene) -> Vec<String> {
    let sent = record(scene)
        .into_iter()
        .filter(|line| line["event"] == "signal_sent");
    sent.map(|line| line["signal"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_full_pipe_holds_back_no_signal_no_record_and_no_end() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let (_unread, output) = full_pipe();
    let errors = output.try_clone().expect("a second end");
    let mut drain = start(&scene, "tstp, 13, term, 30, kill", output, errors);
    let ended = until("the drain has ended", || drain.try_wait().expect("a child"));
    assert_eq!(ended.code(), Some(3));
    assert!(sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 1);
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    let record = record(&scene);
    let finished = record.iter().find(|line| line["event"] == "finished");
    assert_eq!(finished.expect("a last line")["outcome"], "requeued");
}

#[test]
fn a_full_pipe_holds_back_no_hang_up() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let (_unread, output) = full_pipe();
    let errors = output.try_clone().expect("a second end");
    let mut drain = start(&scene, "tstp, 600, term, 14, kill", output, errors);
    until_true("TSTP is recorded", || signals(&scene) == ["TSTP"]);
    signal::send(&drain, Signal::TERM);
    let ended = until("the drain has ended", || drain.try_wait().expect("a child"));
    assert_eq!(ended.code(), Some(5));
    let held = record(&scene)
        .into_iter()
        .any(|line| line["why"] == "hang-up");
    assert!(held, "{:?}", record(&scene));
}
