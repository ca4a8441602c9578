//! Without Redis: from the start, or from the middle on. Local signals and exits go on working,
//! and nothing passes that needs evidence.

use serde_json::json;

use super::{SEQUENCE, for_each_version};
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(an_idle_one_is_drained_on_local_evidence);

fn an_idle_one_is_drained_on_local_evidence(version: Version) {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    if version != Version::Six {
        // Before its scheduler's first turn, TSTP without Redis is the end of Sidekiq 7 and 8.
        scene.wait_until_scheduling();
    }
    scene.redis.stop();
    let ended = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    ended.assert_said("Redis cannot be asked");
    ended.assert_signals(&["TSTP", "TERM"]);
    ended.assert_outcome(0, "drained");
    sidekiq.wait_for_end();
}

#[test]
fn without_redis_targets_must_be_named() {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.redis.stop();
    for more in [&[][..], &["--allow-empty"]] {
        let ended = Drain::start(&scene, SEQUENCE, more).end();
        ended.assert_outcome(1, "error").assert_signals(&[]);
        ended.assert_said("cannot be asked");
    }
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
}

#[test]
fn redis_that_stops_while_it_is_quiet_leaves_the_fate_unknown() {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let more = [sidekiq.chosen(), "--kill=follow".into()];
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut drain = Drain::start(&scene, SEQUENCE, &more);
    // One that is young ends by itself if Redis is gone as it hears TSTP (its poller's clean-up,
    // 7.3.2 `lib/sidekiq/scheduled.rb:199`).
    drain.wait_for("quiet_confirmed");
    scene.redis.stop();
    let ended = drain.end();
    ended.assert_first_signals(&["TSTP", "TERM"]);
    assert!(ended.sent_at("TERM") >= 10.0, "{}", ended.text());
    ended.assert_outcome(4, "lost").assert_fate(&jid, "unknown");
    sidekiq.wait_for_end();
}

#[test]
fn redis_that_comes_back_gives_the_account() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy_until_released();
    let mut drain = Drain::start(&scene, "tstp, 60, term, 14, kill", &[&sidekiq.chosen()]);
    drain.wait_for_signal("TSTP");
    scene.redis.freeze();
    scene.release();
    scene.wait_for_trace("done", &jid);
    scene.redis.thaw();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_fate(&jid, "finished");
    sidekiq.wait_for_end();
}

#[test]
fn follow_kills_blind_and_says_so() {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("WedgedJob", &json!([600, false]));
    let more = [sidekiq.chosen(), "--kill=follow".into()];
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut drain = Drain::start(&scene, "tstp, 5, term, 9, kill", &more);
    drain.wait_for_signal("TSTP");
    scene.redis.stop();
    let ended = drain.end();
    ended.assert_signals(&["TSTP", "TERM", "KILL"]);
    assert_eq!(ended.events("signal_sent")[2]["blind"], true);
    ended.assert_outcome(4, "lost").assert_fate(&jid, "unknown");
    assert!(!sidekiq.wait_for_end().success());
}

#[test]
fn waiting_for_the_push_back_never_kills_blind() {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("WedgedJob", &json!([600, false]));
    let chosen = sidekiq.chosen();
    let more = [
        &chosen,
        "--kill=wait-for-requeue",
        "--kill-extra=3",
        "--redis-gone=go",
    ];
    let mut drain = Drain::start(&scene, "tstp, 5, term, 9, kill", &more);
    drain.wait_for_signal("TSTP");
    scene.redis.stop();
    let ended = drain.end();
    ended.assert_signals(&["TSTP", "TERM"]);
    ended
        .assert_outcome(5, "stopped")
        .assert_fate(&jid, "unknown");
    let held = ended.event("held")["why"].as_str().unwrap();
    assert!(held.contains("Redis cannot be asked"), "{held}");
    ended.assert_said("no KILL will be sent");
    assert!(sidekiq.runs());
}

#[test]
fn something_else_at_the_address_is_no_redis() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("redis://{}/0", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let ended = Drain::start(&scene, SEQUENCE, &["--redis", &address]).end();
    ended.assert_outcome(1, "error").assert_signals(&[]);
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    answering.join().unwrap();
}
