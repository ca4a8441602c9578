//! What stands above a Sidekiq: the parent of a swarm, a supervisor that starts another one, a
//! wrapper whose pid was named. The shells keep the titles of the real programs; what runs below
//! them are real Sidekiqs.

use crate::support::drain::Drain;
use crate::support::parent::Parent;
use crate::support::scene::Scene;

#[test]
fn an_idle_swarm_goes_on_early_by_the_proof_of_its_children() {
    let scene = Scene::new();
    let mut swarm = Parent::start(&scene, "sidekiqswarm, managing 2 processes", 2);
    let parent = format!("--pid={}", swarm.pid());
    let children: Vec<String> = scene
        .identities()
        .iter()
        .map(|identity| format!("--identity={identity}"))
        .collect();
    let mut chosen: Vec<&str> = children.iter().map(String::as_str).collect();
    chosen.push(&parent);
    let ended = Drain::start(&scene, "tstp, 600, term, 30, kill", &chosen).end();
    ended.assert_outcome(0, "drained");
    let early = ended.event("advanced_early")["evidence"].to_string();
    assert!(early.contains("its 2 children are idle"), "{early}");
    swarm.wait_for_end();
}

#[test]
fn a_supervisor_that_starts_another_one_is_warned_of_before_and_told_of_after() {
    for (title, before) in [
        (
            "einhorn: bundle exec sidekiq",
            "starts another one as soon as it exits",
        ),
        ("/usr/bin/supervisord -n", "where autorestart=true says so"),
        (
            "/usr/bin/containerd-shim-runc-v2 -namespace moby",
            "where its restart policy says so",
        ),
    ] {
        let scene = Scene::new();
        let parent = Parent::start(&scene, title, 1);
        let ended = Drain::start(&scene, "tstp, 600, term, 30, kill", &[]).end();
        ended.assert_outcome(0, "drained");
        let pid = format!("(pid {})", parent.pid());
        let checked = ended.event("checked").to_string();
        for words in ["D46", &pid, before] {
            assert!(checked.contains(words), "{words}: {}", ended.text());
        }
        let told = |line: &&serde_json::Value| {
            let text = line["text"].as_str().unwrap_or_default();
            text.contains(&pid) && text.contains("to keep it down")
        };
        let told = ended.events("remarked").into_iter().filter(told).count();
        assert_eq!(told, 1, "{}", ended.text());
    }
}

#[test]
fn the_pid_of_a_wrapper_names_the_sidekiq_that_it_wraps() {
    let scene = Scene::new();
    let wrapper = Parent::start(&scene, "start-worker", 1);
    let chosen = format!("--pid={}", wrapper.pid());
    let ended = Drain::start(&scene, "tstp, 600, term, 30, kill", &[&chosen]).end();
    ended.assert_outcome(0, "drained");
    let said = format!("pid {} is no Sidekiq but wraps one", wrapper.pid());
    let said = ended
        .events("remarked")
        .into_iter()
        .any(|line| line["text"].as_str().unwrap_or_default().contains(&said));
    assert!(said, "{}", ended.text());
    assert_eq!(ended.event("started")["targets"], 1);
    // What was named gets no signal.
    let sent = ended.events("signal_sent");
    let pid = serde_json::json!(wrapper.pid());
    assert!(
        !sent.is_empty() && sent.iter().all(|line| line["pid"] != pid),
        "{}",
        ended.text()
    );
}
