//! Sidekiqs of other hosts, drained through Redis: they bear other host names, and drainboard runs where
//! no scan of `/proc` shows them (a pid namespace of its own).

use std::process::Command;
use std::time::Duration;

use redis::Commands as _;
use serde_json::json;

use crate::support::drain::Drain;
use crate::support::imitation::as_root;
use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, TIMEOUT, Version};

/// The exit of a process elsewhere is known once its record has expired: 60 s after its last beat.
const MINUTES: Duration = Duration::from_secs(240);

const VERSIONS: [(Version, &str); 3] = [
    (Version::Six, "util6"),
    (Version::Seven, "util7"),
    (Version::Eight, "util8"),
];

/// `drainboard` in a pid namespace of its own.
fn unseeing(scene: &Scene, arguments: &[&str]) -> Command {
    let mut command = as_root();
    scene.surround(&mut command);
    command
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["unshare", "-p", "-f", "-m", "--mount-proc", "--kill-child"])
        .arg("env")
        .arg(format!("REDIS_URL={}", scene.redis.url()))
        .arg(format!("STATE_DIRECTORY={}", scene.state_dir().display()))
        .arg(env!("CARGO_BIN_EXE_drainboard"))
        .args(arguments);
    command
}

fn drain(scene: &Scene, sequence: &str, more: &[&str]) -> Drain {
    let mut all = vec!["drain", "--json", "--yes", "--timeout", TIMEOUT];
    all.extend_from_slice(&["--sequence", sequence]);
    all.extend_from_slice(more);
    Drain::of(&mut unseeing(scene, &all))
}

/// A Sidekiq under this host name; it has beaten.
fn sidekiq(scene: &Scene, version: Version, host: &str) -> Sidekiq {
    scene.sidekiq_with(version, &[("DYNO", host)])
}

#[test]
fn three_hosts_with_three_versions_are_drained_and_each_job_is_accounted_for() {
    let scene = Scene::new();
    let [mut six, mut seven, mut eight] =
        VERSIONS.map(|(version, host)| sidekiq(&scene, version, host));
    let jid = scene.busy("SleepJob", &json!([600]));
    let ended = drain(&scene, "tstp, 40, term, 9, kill", &["--all-hosts"]).end_within(MINUTES);
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "pushed_back");
    assert_eq!(scene.times_queued("default", &jid), 1, "{}", ended.text());
    assert_eq!(
        ended.signals(),
        ["TSTP", "TSTP", "TSTP", "TERM", "TERM", "TERM"],
        "{}",
        ended.text()
    );
    assert_eq!(ended.events("signal_arrived").len(), 6, "{}", ended.text());
    let exits = ended.events("exited");
    let by_redis = |line: &&&serde_json::Value| line["by_redis"] == true && line["clean"] == true;
    assert_eq!(exits.iter().filter(by_redis).count(), 3, "{}", ended.text());
    six.wait_for_end();
    seven.wait_for_end();
    eight.wait_for_end();
    // Its locks were given back.
    let left: Vec<String> = scene.connection().keys("drainboard:lock:*").unwrap();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn only_the_host_that_is_named_is_drained() {
    let scene = Scene::new();
    let mut named = sidekiq(&scene, Version::Seven, "util7");
    let mut other = sidekiq(&scene, Version::Eight, "util8");
    let ended = drain(&scene, "tstp, 60, term", &["--host=util7"]).end_within(MINUTES);
    ended
        .assert_outcome(0, "drained")
        .assert_signals(&["TSTP", "TERM"]);
    // An idle one is down long before its wait is over; its exit is known a minute later.
    assert_eq!(ended.events("advanced_early").len(), 1, "{}", ended.text());
    named.wait_for_end();
    assert!(other.runs() && !other.was_disturbed());
}

#[test]
fn without_a_choice_no_process_of_another_host_is_drained() {
    let scene = Scene::new();
    let mut other = sidekiq(&scene, Version::Seven, "util7");
    let ended = drain(&scene, "tstp, 5, term", &[]).end();
    ended.assert_outcome(1, "error").assert_signals(&[]);
    assert!(other.runs() && !other.was_disturbed());
}

#[test]
fn two_operators_exclude_each_other_by_a_lock_in_redis() {
    let scene = Scene::new();
    let mut one = sidekiq(&scene, Version::Seven, "util7");
    let identity = scene.identities().remove(0);
    let key = format!("drainboard:lock:{identity}");
    let () = scene
        .connection()
        .set(&key, "20261130T180000Z-1 alice on deploy1")
        .unwrap();
    let chosen = format!("--identity={identity}");
    let refused = drain(&scene, "tstp, 60, term", &[&chosen]).end();
    refused.assert_outcome(7, "refused").assert_signals(&[]);
    refused.assert_said("alice on deploy1");
    let kept: String = scene.connection().get(&key).unwrap();
    assert!(
        kept.contains("alice"),
        "only its owner gives it back: {kept}"
    );
    let ended = drain(&scene, "tstp, 60, term", &[&chosen, "--no-redis-lock"]).end_within(MINUTES);
    ended
        .assert_outcome(0, "drained")
        .assert_signals(&["TSTP", "TERM"]);
    one.wait_for_end();
}

#[test]
fn one_that_takes_no_signal_holds_the_drain_and_is_named() {
    let scene = Scene::new();
    let _one = sidekiq(&scene, Version::Seven, "util7");
    // A row of a process that beats no more, though its hash is there.
    scene.register_row("util9:7:0123456789ab", 1);
    let ended = drain(
        &scene,
        "tstp, 90, term",
        &["--identity=util9:7:0123456789ab"],
    )
    .end();
    ended.assert_outcome(5, "stopped").assert_signals(&["TSTP"]);
    let failed = ended.event("signal_failed");
    assert!(
        failed["error"].to_string().contains("not taken"),
        "{}",
        ended.text()
    );
}
