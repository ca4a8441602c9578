//! Redis falls silent during a drain of a real Sidekiq: TERM waits for it, for the push-back needs
//! it.

use redis::Commands;
use serde_json::json;

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// Time for Redis to fall silent before TERM is due.
const SEQUENCE: &str = "tstp, 12, term, 14, kill";

/// Waits until the scheduler of a Sidekiq has looked for due jobs once. Before that, 10 to 15 s after
/// the start, a Redis that does not answer ends the whole process (7.3.2 `lib/sidekiq/scheduled.rb`,
/// `initial_wait` calls `cleanup`, and nothing rescues its error).
fn wait_until_it_polls(scene: &Scene) {
    let job = json!({"class": "SleepJob", "args": [0], "jid": "scheduled", "queue": "elsewhere"});
    let mut connection = scene.connection();
    let _: u64 = connection.zadd("schedule", job.to_string(), 1).unwrap();
    until_true("the scheduler has taken the due job", || {
        connection.zcard::<_, u64>("schedule").unwrap() == 0
    });
}

fn term_waits_until_redis_answers(version: Version) {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(version);
    wait_until_it_polls(&scene);
    let jid = scene.busy("SleepJob", &json!([600]));
    let mut drain = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]);
    drain.wait_for_signal("TSTP");
    scene.redis.freeze();
    let held = drain.wait_for("held");
    let why = held["why"].as_str().unwrap();
    assert!(
        why.starts_with("TERM is due and Redis does not answer: 1 job runs"),
        "{why}"
    );
    scene.redis.thaw();
    let ended = drain.end();
    ended.assert_outcome(3, "requeued");
    ended.assert_fate(&jid, "pushed_back");
    ended.assert_first_signals(&["TSTP", "TERM"]);
    let at = |event: &str| ended.event(event)["t_s"].as_f64().unwrap();
    assert!(ended.sent_at("TSTP") < at("held"));
    assert!(at("held") < at("resumed"));
    assert!(at("resumed") <= ended.sent_at("TERM"));
}

fn told_to_go_it_sends_term_on_time(version: Version) {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(version);
    wait_until_it_polls(&scene);
    scene.busy("SleepJob", &json!([600]));
    let more = [&sidekiq.chosen(), "--redis-gone=go"];
    let mut drain = Drain::start(&scene, SEQUENCE, &more);
    drain.wait_for_signal("TSTP");
    scene.redis.freeze();
    let term = drain.wait_for_signal("TERM");
    scene.redis.thaw();
    assert!(term["t_s"].as_f64().unwrap() < 20.0, "{term}");
    let ended = drain.end();
    assert!(ended.events("held").is_empty());
}

for_each_version!(
    term_waits_until_redis_answers,
    told_to_go_it_sends_term_on_time,
);
