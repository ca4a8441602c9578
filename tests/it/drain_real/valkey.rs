//! The same on a real Valkey: looking, draining, the search for a lost job and its push-back.

use serde_json::{Value, json};

use super::for_each_version;
use super::rescued::{BLUNT, HASTY};
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(valkey_is_looked_at_and_a_killed_job_goes_back_into_it);

fn valkey_is_looked_at_and_a_killed_job_goes_back_into_it(version: Version) {
    let scene = Scene::on_valkey();
    let mut sidekiq = scene.sidekiq(version);
    let jid = scene.busy_until_released();
    let output = scene.drainboard(&["ps", "--json"]).output();
    let seen: Value = serde_json::from_slice(&output.expect("it runs").stdout).expect("JSON");
    assert_eq!(seen["redis"]["link"], "connected", "{seen}");
    assert_eq!(seen["jobs"][0]["jid"], json!(jid), "{seen}");
    let ended = Drain::start(&scene, HASTY, &BLUNT).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "rescued");
    assert!(!sidekiq.wait_for_end().success());
    assert_eq!(scene.times_queued("default", &jid), 1);
}

#[test]
fn an_idle_sidekiq_on_valkey_goes_on_early() {
    let scene = Scene::on_valkey();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let ended = Drain::start(&scene, "tstp, 600, term, 14, kill", &[]).end();
    ended.assert_outcome(0, "drained");
    assert!(sidekiq.wait_for_end().success());
}
