//! A Redis that takes no writes, or comes back empty: what is not proven is not called safe.

use serde_json::{Value, json};

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    a_push_back_that_redis_refuses_is_a_loss_and_made_good_later,
    after_a_redis_that_came_back_empty_nothing_is_proven,
);

fn rescue(scene: &Scene, more: &[&str]) -> Value {
    let arguments = [&["rescue", "last", "--json"], more].concat();
    let output = scene.drainboard(&arguments).output().expect("it runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A failover to a replica in the quiet wait: Sidekiq says itself that it could not push back.
fn a_push_back_that_redis_refuses_is_a_loss_and_made_good_later(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, "tstp, 8, term, 14, kill", &[]);
    drain.wait_for("quiet_confirmed");
    scene.take_writes(false);
    let ended = drain.end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "lost");
    let evidence = ended.event("reconciled")["evidence"].as_str();
    let own_words = |words: &str| words.contains("Failed to requeue 1 jobs");
    assert!(evidence.is_some_and(own_words), "{evidence:?}");
    assert!(!ended.events("payload_saved").is_empty());
    sidekiq.wait_for_end();
    scene.take_writes(true);
    let listed = rescue(&scene, &[]);
    // The drain has proven the loss: nothing but the search is left to do.
    assert_eq!(listed["jobs"][0]["state"], "nowhere", "{listed}");
    let why = listed["jobs"][0]["why"].as_str().unwrap_or_default();
    assert!(own_words(why), "{listed}");
    rescue(&scene, &["--requeue", "--yes"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
    rescue(&scene, &["--requeue", "--yes"]);
    assert_eq!(scene.times_queued("default", &jid), 1);
}

/// A server without persistence is restarted in the quiet wait, and KILL comes before the push-back.
fn after_a_redis_that_came_back_empty_nothing_is_proven(version: Version) {
    let mut scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy("StuckJob", &json!([]));
    let more = ["--kill-extra=2", "--despite=D01", "--rescue"];
    let mut drain = Drain::start(&scene, "tstp, 12, term, 2, kill", &more);
    // A young one ends by itself if Redis is gone as it hears TSTP.
    drain.wait_for("quiet_confirmed");
    scene.redis.stop();
    scene.redis.start_again();
    let ended = drain.end();
    ended.assert_outcome(4, "lost").assert_fate(&jid, "unknown");
    assert!(!ended.events("payload_saved").is_empty());
    assert!(ended.events("rescue_ended").is_empty(), "{}", ended.text());
    assert_eq!(scene.times_queued("default", &jid), 0);
    sidekiq.wait_for_end();
    let listed = rescue(&scene, &[]);
    assert_eq!(listed["jobs"][0]["state"], "unknown", "{listed}");
}
