//! What a drain costs: said by `ps` before it, counted at its end, and held against the trace that the
//! jobs write themselves.

use serde_json::{Value, json};

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};

for_each_version!(
    what_is_said_before_is_enough_and_the_account_is_right,
    without_a_log_a_job_ran_between_two_beats,
);

const SEQUENCE: &str = "tstp, 60, term, 14, kill";
/// A work entry names the second in which its job began.
const SECOND: f64 = 1.0;

/// `drain_now` of `ps --json`.
fn drain_now(scene: &Scene) -> Value {
    let arguments = ["ps", "--json", "--sequence", SEQUENCE, "--timeout", TIMEOUT];
    let output = scene.drainboard(&arguments).output().expect("it runs");
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    rows["drain_now"].clone()
}

/// How long a job truly ran, from its first line in the trace to the one that ends it.
fn ran(scene: &Scene, jid: &str, ended: &str) -> f64 {
    let trace = scene.trace();
    let at = |event: &str| {
        let mut entries = trace.iter();
        let found = entries.find(|entry| entry.jid == jid && entry.event == event);
        found.map_or_else(|| panic!("no {event} of {jid}"), |entry| entry.at)
    };
    at(ended) - at("start")
}

fn seconds(line: &Value, key: &str) -> f64 {
    line[key]
        .as_f64()
        .unwrap_or_else(|| panic!("no {key} in {line}"))
}

fn what_is_said_before_is_enough_and_the_account_is_right(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let long = scene.busy("SleepJob", &json!([600]));
    let short = scene.busy_until_released();
    let said = drain_now(&scene);
    let verdicts = said["jobs"].as_object().expect("verdicts");
    let jobs: u64 = verdicts.values().filter_map(Value::as_u64).sum();
    assert_eq!(jobs, 2, "{said}");
    let mut drain = Drain::start(&scene, "tstp, 9, term, 14, kill", &[]);
    drain.wait_for("quiet_confirmed");
    scene.release();
    let ended = drain.end();
    ended.assert_outcome(3, "requeued");
    let last = ended.event("finished");
    let (redone, kept) = (seconds(last, "work_redone_s"), seconds(last, "work_kept_s"));
    let [long, short] = [ran(&scene, &long, "shutdown"), ran(&scene, &short, "done")];
    assert!(
        redone >= long - 0.1 && redone <= long + 2.0 * SECOND,
        "{redone} of {long}"
    );
    assert!(kept <= short + SECOND, "{kept} of {short}");
    assert!(redone <= seconds(&said, "work_redone_at_most_s"), "{said}");
    assert!(sidekiq.wait_for_end().success());
    let report = scene.drainboard(&["report", "last", "--json"]).output();
    let report: Value = serde_json::from_slice(&report.expect("it runs").stdout).expect("JSON");
    assert_eq!(report["work_redone_s"], last["work_redone_s"], "{report}");
    assert_eq!(report["work_kept_s"], last["work_kept_s"], "{report}");
}

/// Its log is silent: a job that ended by itself ran at least until the last beat that showed it, and
/// at most until the first without it.
fn without_a_log_a_job_ran_between_two_beats(version: Version) {
    let scene = Scene::new();
    let mut sidekiq = scene.silent_sidekiq(version);
    let jid = scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for("quiet_confirmed");
    scene.release();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_fate(&jid, "finished");
    let line = ended.event("reconciled");
    let (least, longest) = (
        seconds(line, "elapsed_s"),
        seconds(line, "elapsed_at_most_s"),
    );
    let ran = ran(&scene, &jid, "done");
    assert!(
        least <= ran + SECOND && ran <= longest + SECOND,
        "{least} {ran} {longest}"
    );
    assert!(least < longest, "{line}");
    let finished = ended.event("finished");
    assert_eq!(finished["work_redone_s"], 0, "{finished}");
    assert_eq!(finished["work_kept_s"], line["elapsed_s"], "{finished}");
    assert!(sidekiq.wait_for_end().success());
}
