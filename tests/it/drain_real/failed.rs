//! Jobs that fail during a drain: to be retried, dead, or gone for good.

use serde_json::json;

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(a_job_that_failed_for_good_is_not_to_be_retried);

fn a_job_that_failed_for_good_is_not_to_be_retried(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let dead = scene.push_with("FailJob", &json!([13]), &json!({"retry": 0}));
    let gone = scene.push_with("FailJob", &json!([13]), &json!({"retry": false}));
    scene.wait_until_listed(&dead);
    scene.wait_until_listed(&gone);
    let ended = Drain::start(&scene, "tstp, 60, term, 14, kill", &[]).end();
    // Both have ended: no exit code calls for a second look.
    ended.assert_outcome(0, "drained");
    let of = |jid: &str| {
        let known = ended.events("reconciled");
        let found = known.into_iter().find(|line| line["jid"] == *jid);
        let evidence = found.and_then(|line| line["evidence"].as_str());
        evidence.unwrap_or_default().to_owned()
    };
    ended
        .assert_fate(&dead, "finished")
        .assert_fate(&gone, "finished");
    assert!(
        of(&dead).contains("it failed for good and stands in the dead set"),
        "{}",
        of(&dead)
    );
    assert!(of(&gone).contains("it stands in no set"), "{}", of(&gone));
    assert_eq!(
        scene.traced("failed", &dead) + scene.traced("failed", &gone),
        2
    );
    assert!(sidekiq.wait_for_end().success());
}
