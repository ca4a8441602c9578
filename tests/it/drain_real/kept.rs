//! The gate where more than the queues counts: private lists of Sidekiq Pro, the parent of a
//! swarm, jobs that keep the interpreter to themselves.

use std::fs;

use serde_json::json;

use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::swarm::Swarm;

/// KILL 2 s after TERM, long before the push-back 6 s after it.
const HASTY: &str = "tstp, 13, term, 2, kill";

#[test]
fn what_stands_in_a_private_list_is_not_at_stake_and_never_rescued() {
    let scene = Scene::new();
    let place = scene.path("app");
    fs::create_dir_all(place.join("config")).expect("a directory");
    let settings = ":timeout: 6\n:labels:\n  - reliable\n";
    fs::write(place.join("config/sidekiq.yml"), settings).expect("a file");
    let mut sidekiq = scene.sidekiq_in(&place, Version::Seven, &[]);
    let jid = scene.busy("SleepJob", &json!([600]));
    scene.keep_privately(&jid);
    let ended = Drain::start(&scene, HASTY, &["--rescue", "--kill-extra=60"]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "pushed_back");
    ended.assert_signals(&["TSTP", "TERM", "KILL"]);
    assert_eq!(ended.events("signal_sent")[2]["at_stake"], 0);
    let waited = ended.sent_at("KILL") - ended.sent_at("TERM");
    assert!(waited < 30.0, "{}", ended.text());
    let evidence = &ended.event("reconciled")["evidence"];
    assert!(
        evidence
            .as_str()
            .is_some_and(|words| words.ends_with("reliable fetch recovers it later")),
        "{evidence}"
    );
    assert!(ended.events("rescue_ended").is_empty());
    assert_eq!(scene.times_queued("default", &jid), 0);
    sidekiq.wait_for_end();
}

/// A job in the private list of its process accounts for the thread that it was on, however soon after
/// the signal the process is killed.
#[test]
fn what_stands_in_a_private_list_holds_its_thread() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Eight);
    let jid = scene.busy("StuckJob", &json!([]));
    scene.keep_privately(&jid);
    let more = ["--kill=follow", "--despite=D01"];
    let ended = Drain::start(&scene, "tstp, 3, term, 2, kill", &more).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "pushed_back")
        .assert_jobs("pushed_back", 1);
    sidekiq.wait_for_end();
}

#[test]
fn a_child_of_a_swarm_is_not_stopped_under_its_parent() {
    let scene = Scene::new();
    let swarm = Swarm::start();
    let (parent, child) = (swarm.parent(), swarm.child(0));
    let of_child = format!("--pid={child}");
    let refused = Drain::start(&scene, "term, 40, kill", &[&of_child]).end();
    refused.assert_outcome(7, "refused");
    let why = refused.last()["why"].as_str().unwrap_or_default();
    assert!(
        why.contains("D46") && why.contains(&format!("--pid {parent} beside --pid {child}")),
        "{why}"
    );
    assert!(swarm.heard().is_empty(), "{:?}", swarm.heard());
    // Somebody who insists sees what was said: another one comes.
    let despite = [of_child.as_str(), "--despite=D46"];
    let ended = Drain::start(&scene, "term, 40, kill", &despite).end();
    ended.assert_signals(&["TERM"]);
    let next = swarm.child(1);
    assert_ne!(next, child);
    // With its parent it stays down.
    let both = [format!("--pid={parent}"), format!("--pid={next}")];
    let both: Vec<&str> = both.iter().map(String::as_str).collect();
    let ended = Drain::start(&scene, "term, 40, kill", &both).end();
    // The record of the first TERM is synced before the second one leaves: the parent may have ended
    // its child by then, which is an exit and no failure.
    assert!(ended.events("signal_failed").is_empty(), "{}", ended.text());
    assert_eq!(ended.events("exited").len(), 2, "{}", ended.text());
}

/// Sidekiq interrupts many threads that keep the interpreter to themselves many seconds late.
fn busy_interpreters_are_waited_for(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.wide_sidekiq(version, 20);
    let jids: Vec<String> = (0..20)
        .map(|_| scene.push("CpuJob", &json!([600])))
        .collect();
    for jid in &jids {
        scene.wait_for_trace("start", jid);
    }
    let ended = Drain::start(&scene, "tstp, 20, term, 8, kill", &[]).end();
    ended.assert_outcome(3, "requeued");
    for jid in &jids {
        ended.assert_fate(jid, "pushed_back");
        assert_eq!(scene.times_queued("default", jid), 1, "{}", ended.text());
    }
    for sent in ended.events("signal_sent") {
        assert!(sent["at_stake"].as_u64().unwrap_or(0) == 0, "{sent}");
    }
    sidekiq.wait_for_end();
}

#[test]
fn busy_interpreters_are_waited_for_on_seven() {
    busy_interpreters_are_waited_for(Version::Seven);
}

#[test]
fn busy_interpreters_are_waited_for_on_eight() {
    busy_interpreters_are_waited_for(Version::Eight);
}
