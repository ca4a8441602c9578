//! A drain inside the container of its Sidekiq, which is pid 1 there, as a `preStop` hook runs it:
//! the container ends with that process, and drainboard with the container.

use std::fs;

use crate::support::container::{Container, can_contain};
use crate::support::drain::Drain;
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// As the README's `preStop`, with shorter waits.
const WITHIN: [&str; 3] = ["--all", "--allow-empty", "--accept=alive"];

#[test]
fn term_is_left_to_the_kubelet_and_known_jobs_are_written_down_before_it() {
    assert!(can_contain(), "unshare(1) needs root, or sudo -n");
    let scene = Scene::new();
    let mut container = Container::start(&scene, Version::Seven);
    let jid = scene.busy_until_released();
    let mut command = container.drain_command(&scene, "tstp, 4, term, 12, kill", &WITHIN);
    let ended = Drain::of(&mut command).end();
    ended.assert_code(0).assert_signals(&["TSTP"]);
    assert_eq!(ended.last()["outcome"], "alive", "{}", ended.text());
    ended.assert_fate(&jid, "unknown");
    let remarks = ended.events("remarked");
    let left = |line: &&serde_json::Value| line["text"].to_string().contains("TERM is left to");
    assert_eq!(
        remarks.into_iter().filter(left).count(),
        1,
        "{}",
        ended.text()
    );
    // The payload is on disk, and what stops the container finds a quiet Sidekiq.
    let saved = fs::read_dir(scene.state_dir().join("rescue")).expect("saved payloads");
    let texts = saved.flatten().map(|file| fs::read_to_string(file.path()));
    assert!(
        texts.flatten().any(|text| text.contains(&jid)),
        "{}",
        ended.text()
    );
    assert_eq!(scene.traced("done", &jid), 0);
    container.stop();
    until_true("it is pushed back", || {
        scene.times_queued("default", &jid) == 1
    });
    container.wait_for_end();
}

#[test]
fn an_idle_one_is_told_at_once_that_term_is_left() {
    assert!(can_contain(), "unshare(1) needs root, or sudo -n");
    let scene = Scene::new();
    let container = Container::start(&scene, Version::Seven);
    let mut command = container.drain_command(&scene, "tstp, 600, term, 12, kill", &WITHIN);
    let ended = Drain::of(&mut command).end();
    ended.assert_code(0).assert_signals(&["TSTP"]);
    assert_eq!(ended.events("advanced_early").len(), 1, "{}", ended.text());
}

/// They are the only ones that are seen there.
#[test]
fn of_two_applications_without_an_address_none_is_stopped_and_both_are_listed() {
    assert!(can_contain(), "unshare(1) needs root, or sudo -n");
    let (shop, blog) = Scene::pair();
    let mut container = Container::start(&shop, Version::Seven);
    container.start_beside(&blog, Version::Seven);
    let words = ["drain", "--json", "--yes", "--sequence=tstp, 1, term"];
    let ended = Drain::of(&mut container.drainboard(&shop, &words)).end();
    ended.assert_outcome(1, "error").assert_signals(&[]);
    let why = ended.last()["why"].as_str().expect("a reason").to_owned();
    for words in ["name one by --redis", &shop.redis.url(), &blog.redis.url()] {
        assert!(why.contains(words), "{words}: {why}");
    }
    let output = container
        .drainboard(&shop, &["ps"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    for words in ["the first is asked", &shop.redis.url(), &blog.redis.url()] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Named, one is stopped and the other is not.
    let named = format!("--redis={}", blog.redis.url());
    let words = [&words[..], &[&named, "--timeout=6"]].concat();
    let ended = Drain::of(&mut container.drainboard(&shop, &words)).end();
    ended.assert_outcome(0, "drained");
    let jid = shop.push("SleepJob", &serde_json::json!([0.1]));
    shop.wait_for_trace("done", &jid);
    container.stop();
    container.wait_for_end();
}
