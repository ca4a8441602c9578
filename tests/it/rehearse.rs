//! `rehearse` on real Sidekiqs: it foretells what a drain then does, and nothing leaves it.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::calls::{calls, reached_others};
use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};

/// Quiet for long enough that a beat shows what ended early in it.
const SEQUENCE: &str = "tstp, 21, term, 14, kill";

fn rehearsal(scene: &Scene, sequence: &str, more: &[&str]) -> Command {
    let mut all = vec!["rehearse", "--auto", "--json", "--timeout", TIMEOUT];
    all.extend_from_slice(&["--sequence", sequence]);
    all.extend_from_slice(more);
    scene.drainboard(&all)
}

fn jids(list: &Value) -> Vec<&str> {
    let jobs = list.as_array().unwrap().iter();
    jobs.map(|job| job["jid"].as_str().unwrap()).collect()
}

fn assert_marked(ended: &Ended) {
    for line in &ended.lines {
        assert_eq!(line["rehearsal"], true, "{line}");
    }
}

/// The jobs of one scene: the same in each, by name too.
fn give_jobs(scene: &Scene) -> [String; 4] {
    let endless = scene.push("SleepJob", &json!([600]));
    let longer = scene.push("SleepJob", &json!([45]));
    let short = scene.push("SleepJob", &json!([13]));
    let failing = scene.busy("FailJob", &json!([13]));
    [endless, longer, short, failing]
}

#[test]
fn a_rehearsal_and_a_drain_of_the_same_jobs_agree() {
    let (one, other) = Scene::pair();
    let (mut rehearsed, mut drained) = (one.sidekiq(Version::Seven), other.sidekiq(Version::Seven));
    let [endless, longer, short, failing] = give_jobs(&one);
    let rehearsal = Drain::of(&mut rehearsal(&one, SEQUENCE, &[]));
    assert_eq!(give_jobs(&other)[3], failing);
    let real = Drain::start(&other, SEQUENCE, &[]).end();
    let ended = rehearsal.end();

    ended.assert_outcome(3, "requeued");
    assert_marked(&ended);
    ended.assert_signals(&["TSTP", "TERM"]);
    ended.assert_fate(&endless, "pushed_back");
    ended.assert_fate(&longer, "pushed_back");
    ended.assert_fate(&short, "finished");
    ended.assert_fate(&failing, "retried");
    assert!(rehearsed.runs() && !rehearsed.was_disturbed());
    assert_eq!(one.traced("shutdown", &endless), 0);
    assert!(!one.state_dir().join("drains").exists(), "it is recorded");

    real.assert_outcome(3, "requeued");
    assert_eq!(
        real.fates(),
        ended.fates(),
        "{}{}",
        real.text(),
        ended.text()
    );
    assert_eq!(real.signals(), ended.signals());
    assert!((real.seconds() - ended.seconds()).abs() < 15.0);
    drained.wait_for_end();

    let found = ended.event("rehearsed");
    assert_eq!(jids(&found["pushed_back"]), [&endless[..], &longer[..]]);
    assert_eq!(jids(&found["lost"]), Vec::<&str>::new());
    assert_eq!(jids(&found["more"]["interrupted"]), [&endless[..]]);
    let waited = found["waited_s"].as_f64().unwrap();
    assert!((26.0..30.0).contains(&waited), "{found}");
    ended.assert_said("with 30 s more before TERM: 1 interrupted in the place of 2 (SleepJob)");
}

/// The commands of Redis in what strace saw written, by name.
fn commands(trace: &str) -> Vec<String> {
    let mut names = Vec::new();
    let text = trace.replace("\\r\\n", "\n");
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let count = line.rsplit('*').next().unwrap_or_default();
        let begins = line.contains('*') && count.parse::<u32>().is_ok();
        let length = begins.then(|| lines.next()).flatten();
        if length.is_some_and(|length| length.starts_with('$')) {
            names.extend(lines.next().map(str::to_uppercase));
        }
    }
    names.sort();
    names.dedup();
    names
}

#[test]
fn no_signal_and_no_write_leaves_it() {
    const READS: [&str; 21] = [
        "AUTH", "CLIENT", "EXISTS", "HELLO", "HGET", "HGETALL", "HMGET", "HVALS", "LLEN", "LPOS",
        "LRANGE", "PTTL", "SELECT", "SMEMBERS", "TIME", "ZCARD", "ZRANGE", "ZSCAN", "INFO", "PING",
        "SCAN",
    ];
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let endless = scene.busy("StuckJob", &json!([]));
    let plain = rehearsal(
        &scene,
        "tstp, 14, term, 3, kill",
        &["--kill", "follow", "--despite", "D01", &sidekiq.chosen()],
    );
    let mut traced = Command::new("/usr/bin/strace");
    traced
        .args(["-f", "-s", "65536", "-o"])
        .arg(scene.path("strace"))
        .args(["-e", "trace=kill,tgkill,tkill,rt_sigqueueinfo,rt_tgsigqueueinfo,pidfd_open,pidfd_send_signal,\
                execve,fork,vfork,clone,clone3,flock,sendto,sendmsg,sendmmsg,write,writev"])
        .arg(plain.get_program())
        .args(plain.get_args());
    scene.surround(&mut traced);
    let ended = Drain::of(&mut traced).end();
    ended
        .assert_outcome(4, "lost")
        .assert_signals(&["TSTP", "TERM", "KILL"]);
    ended.assert_fate(&endless, "lost");
    assert_eq!(jids(&ended.event("rehearsed")["lost"]), [&endless[..]]);
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
    assert_eq!(scene.traced("shutdown", &endless), 0);

    let trace = fs::read_to_string(scene.path("strace")).unwrap();
    let calls = calls(&trace);
    // A program that it asks, such as systemctl, is awaited by a pidfd; nobody else is held.
    let reached = reached_others(&calls);
    assert!(reached.is_empty(), "{reached:#?}");
    assert!(calls.iter().all(|call| call.name != "flock"), "{calls:#?}");
    for call in calls.iter().filter(|call| call.name == "execve") {
        let asks = call.rest.contains("systemctl\", [\"systemctl\", \"show\"");
        let is_itself = call.by == calls[0].by;
        assert!(asks || is_itself, "{call:?}");
    }
    let commands = commands(&trace);
    assert!(commands.contains(&"SMEMBERS".to_owned()), "{commands:?}");
    for command in &commands {
        assert!(READS.contains(&&command[..]), "{commands:?}");
    }
}

#[test]
fn a_rehearsal_foretells_that_a_job_breaks_off_at_a_checkpoint() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    let job = json!({
        "job_class": "Import", "job_id": "work", "arguments": [600, 0.5], "executions": 0,
        "continuation": {}, "resumptions": 0,
    });
    let class = "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper";
    let jid = scene.busy(class, &json!([job]));
    let ended = Drain::of(&mut rehearsal(&scene, SEQUENCE, &[])).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "checkpointed");
    assert!(sidekiq.runs() && !sidekiq.was_disturbed());
}
