//! What is on the disk before a signal leaves, by the system calls themselves.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::calls::{Call, calls};
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// The file that a call was made on, as `strace -y` writes it.
fn file(call: &Call) -> &str {
    let place = call
        .rest
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    place.map_or("", |(file, _)| file)
}

/// Where the last write of `words` into a file with this ending stands.
fn written(calls: &[Call], ending: &str, words: &str) -> usize {
    let is_it = |call: &Call| {
        call.name == "write" && file(call).ends_with(ending) && call.rest.contains(words)
    };
    let place = calls.iter().rposition(is_it);
    place.unwrap_or_else(|| panic!("no {words} in a file {ending}"))
}

#[test]
fn the_intent_and_its_mark_are_on_the_disk_before_each_signal() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    let plain = scene.drain_command("tstp, 13, term, 30, kill", &[]);
    let trace = scene.path("calls");
    let mut command = Command::new("/usr/bin/strace");
    scene.surround(&mut command);
    command
        .args(["-f", "-y", "-qq", "-s", "600", "-o"])
        .arg(&trace)
        .args(["-e", "trace=write,fsync,fdatasync,pidfd_send_signal"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .stdout(Stdio::piped());
    let ended = Drain::of(&mut command).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_signals(&["TSTP", "TERM"]);
    assert!(sidekiq.wait_for_end().success());
    let calls = calls(&fs::read_to_string(&trace).expect("a trace"));
    for signal in ["SIGTSTP", "SIGTERM"] {
        let sends = |call: &Call| call.name == "pidfd_send_signal" && call.rest.contains(signal);
        let sent = calls.iter().position(sends).expect("it was sent");
        for (ending, words) in [(".jsonl", "signal_intended"), (".inputs", "\\\"act\\\"")] {
            let write = written(&calls[..sent], ending, words);
            let synced = calls[write..sent].iter().any(|call| {
                matches!(&*call.name, "fsync" | "fdatasync")
                    && file(call) == file(&calls[write])
                    && call.rest.ends_with("= 0")
            });
            assert!(synced, "{signal}, {ending}: {:#?}", &calls[write..=sent]);
        }
    }
}
