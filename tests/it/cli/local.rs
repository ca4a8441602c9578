//! `ps` and `plan` about the processes of this host: what `/proc` says counts at once.

use serde_json::{Value, json};

use crate::support::drain::Drain;
use crate::support::patience::until;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

fn seen(scene: &Scene, command: &str) -> Value {
    let output = scene.drainboard(&[command, "--json"]).output();
    serde_json::from_slice(&output.expect("it runs").stdout).expect("JSON")
}

/// Its keys live on for a minute, and its last beat is young.
#[test]
fn a_killed_sidekiq_is_dead_in_ps_and_in_plan_at_once() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    let jid = scene.busy("SleepJob", &json!([600]));
    let state = |scene: &Scene| {
        let identity = scene.identities().remove(0);
        let seen = seen(scene, "ps");
        // Other tests have Sidekiqs on this host.
        let rows = seen["processes"].as_array().expect("a list").iter();
        let mut own = rows.filter(|row| row["identity"] == json!(identity));
        own.next().map(|row| row["state"].clone())
    };
    assert_eq!(state(&scene), Some(json!("running")));
    drop(sidekiq);
    assert_eq!(state(&scene), Some(json!("ghost")));
    for command in ["ps", "plan"] {
        // On a busy machine Redis may not answer in time.
        let seen = until("its job is listed", || {
            Some(seen(&scene, command)).filter(|seen| seen["jobs"][0].is_object())
        });
        let job = &seen["jobs"][0];
        assert_eq!(job["jid"], json!(jid), "{seen}");
        assert_eq!(job["verdict"], "unknown", "{seen}");
        assert_eq!(job["why"], "its process is gone", "{seen}");
    }
    let identity = format!("--identity={}", scene.identities().remove(0));
    let ended = Drain::start(&scene, "tstp, 1, term", &[&identity]).end();
    ended.assert_outcome(1, "error").assert_signals(&[]);
    let why = ended.last()["why"].as_str().expect("a reason").to_owned();
    assert!(why.contains("this Redis lists 1 that ended"), "{why}");
    assert!(!why.contains("on other hosts"), "{why}");
}
