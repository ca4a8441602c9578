//! The primary dies in the middle of a drain, and a Sentinel lets a replica take its place.

use redis::Commands;
use serde_json::json;

use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sentinel::replicated;
use crate::support::sidekiq::Version;

/// Sidekiq and drainboard both ask the Sentinel: the job is pushed back into the new primary, and
/// found there.
fn a_failover_in_the_quiet_wait_loses_no_job(version: Version) {
    let (primary, replicas) = replicated();
    let mut scene = Scene::on_primary(primary);
    let sentinel = replicas.port().to_string();
    let mut sidekiq = scene.sidekiq_by_sentinel(version, &sentinel);
    let long = scene.busy("SleepJob", &json!([600]));
    let short = scene.busy_until_released();
    replicas.wait_until_ready();
    let url = replicas.url();
    let mut drain = Drain::start(&scene, "tstp, 30, term, 14, kill", &["--redis", &url]);
    drain.wait_for("quiet_confirmed");
    scene.release();
    drain.wait_for("job_finished");
    scene.redis.stop();
    replicas.promoted();
    let ended = drain.end();
    ended
        .assert_outcome(3, "requeued")
        .assert_signals(&["TSTP", "TERM"])
        .assert_fate(&long, "pushed_back")
        .assert_fate(&short, "finished");
    assert!(sidekiq.wait_for_end().success());
    let mut promoted = replicas.promoted();
    let queued: Vec<String> = promoted.lrange("queue:default", 0, -1).expect("a list");
    assert_eq!(queued.len(), 1, "{queued:?}");
    assert!(queued[0].contains(&long), "{queued:?}");
}

#[test]
fn a_failover_in_the_quiet_wait_of_seven_loses_no_job() {
    a_failover_in_the_quiet_wait_loses_no_job(Version::Seven);
}

#[test]
fn a_failover_in_the_quiet_wait_of_eight_loses_no_job() {
    a_failover_in_the_quiet_wait_loses_no_job(Version::Eight);
}
