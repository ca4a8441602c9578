//! A KILL that is held until the evidence is there, with the jobs that make it hard: one blocked
//! in C, one that swallows the interrupt, one that keeps the processor. Nothing is lost, and the
//! report says of each job what happened and how that is known.

use serde_json::{Value, json};

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    a_job_blocked_in_c_holds_kill,
    a_job_that_swallows_the_interrupt_holds_kill,
    a_job_that_keeps_the_processor_holds_kill,
);

/// KILL long before the push-back 6 s after TERM.
const HASTY: &str = "tstp, 3, term, 1, kill";

fn a_job_blocked_in_c_holds_kill(version: Version) {
    held_until_back(version, "WedgedJob", &json!([600, false]), true);
}

fn a_job_that_swallows_the_interrupt_holds_kill(version: Version) {
    held_until_back(version, "StuckJob", &json!([]), true);
}

fn a_job_that_keeps_the_processor_holds_kill(version: Version) {
    // It ends on the interrupt, so its process may be gone before KILL.
    held_until_back(version, "CpuJob", &json!([600]), false);
}

/// Drains a process with that job and a patient one; `killed` says whether it takes a KILL.
fn held_until_back(version: Version, class: &str, arguments: &Value, killed: bool) {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let hard = scene.busy(class, arguments);
    let patient = scene.busy("NapJob", &json!([600]));
    // The policy is the default without a terminal.
    let ended = Drain::start(&scene, HASTY, &["--despite=D01", "--kill-extra=90"]).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 2);
    ended.assert_first_signals(&["TSTP", "TERM"]);
    let held = ended.events("remarked").into_iter().any(|line| {
        let text = line["text"].as_str().unwrap();
        text.starts_with("KILL is due and waits for the push-back") && text.contains("2 job(s) run")
    });
    assert!(held, "{}", ended.text());
    let kills = ended.signals().len() - 2;
    assert!(kills == 1 || kills == 0 && !killed, "{}", ended.text());
    for line in ended.events("signal_sent").iter().skip(2) {
        assert_eq!(
            (&line["signal"], &line["at_stake"], &line["blind"]),
            (&json!("KILL"), &json!(0), &json!(false))
        );
        let waited = ended.sent_at("KILL") - ended.sent_at("TERM");
        assert!(waited > 5.0, "{}", ended.text());
    }
    for (jid, queue) in [(&hard, "default"), (&patient, "low")] {
        ended.assert_fate(jid, "pushed_back");
        assert_eq!(scene.times_queued(queue, jid), 1);
        assert_eq!(scene.traced("done", jid), 0);
    }
    assert_eq!(sidekiq.wait_for_end().success(), kills == 0);
    assert_reported(&scene, [&hard, &patient]);
}

/// The report has each of these jobs, with its fate and how that is known.
#[track_caller]
fn assert_reported(scene: &Scene, jids: [&String; 2]) {
    let printed = |arguments: &[&str]| {
        let output = scene.drainboard(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let report: Value = serde_json::from_str(&printed(&["report", "last", "--json"])).unwrap();
    let page = printed(&["report", "last"]);
    assert!(page.contains("2 pushed back"), "{page}");
    for jid in jids {
        let fates = report["fates"].as_array().unwrap();
        let fate = fates.iter().find(|fate| fate["jid"] == *jid).unwrap();
        assert_eq!(fate["fate"], "pushed_back", "{report}");
        let evidence = fate["evidence"].as_str().unwrap();
        assert!(evidence.starts_with("back in queue "), "{report}");
        let line = page
            .lines()
            .find(|line| line.contains(jid.as_str()) && line.contains("pushed back"))
            .unwrap_or_else(|| panic!("no line of {jid}: {page}"));
        assert!(line.contains(evidence), "{page}");
    }
}
