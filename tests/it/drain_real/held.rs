//! A KILL that is held until the evidence is there, with the jobs that make it hard: one blocked
//! in C, one that swallows the interrupt, one that keeps the processor. Nothing is lost, the
//! record has where each of them stood, and the report says what happened and how that is known.

use serde_json::{Value, json};

use super::for_each_version;
use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::jobs::assert_frame_of;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

for_each_version!(
    a_job_blocked_in_c_holds_kill,
    a_job_that_swallows_the_interrupt_holds_kill,
    a_job_that_keeps_the_processor_holds_kill,
);

/// KILL long before the push-back 6 s after TERM. Backtraces are taken 1 s after TSTP; on two
/// cores that serve several of these a process may take its time to write them.
const HASTY: &str = "tstp, 12, term, 1, kill";

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
    let more = ["--despite=D01", "--kill-extra=90", "--backtrace-after=1"];
    let ended = Drain::start(&scene, HASTY, &more).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_jobs("pushed_back", 2);
    ended.assert_first_signals(&["TSTP", "TTIN", "TERM"]);
    let held = ended.lines.iter().position(|line| {
        let text = line["text"].as_str().unwrap_or_default();
        text.starts_with("KILL is due and waits for the push-back") && text.contains("2 jobs run")
    });
    let held = held.unwrap_or_else(|| panic!("KILL is not held: {}", ended.text()));
    let known_by_then = &ended.lines[..held];
    for (jid, class) in [(&hard, class), (&patient, "SleepJob")] {
        assert_shown(known_by_then, jid, class, &ended);
    }
    let kills = ended.signals().len() - 3;
    assert!(kills == 1 || kills == 0 && !killed, "{}", ended.text());
    for line in ended.events("signal_sent").iter().skip(3) {
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

/// These lines have the backtrace of that job's own thread, once.
#[track_caller]
fn assert_shown(lines: &[Value], jid: &String, class: &str, ended: &Ended) {
    let shown = |line: &&Value| line["event"] == "backtrace" && line["jid"] == *jid;
    let shown: Vec<&Value> = lines.iter().filter(shown).collect();
    assert_eq!(shown.len(), 1, "{jid}: {}", ended.text());
    assert!(shown[0]["tid"].is_string(), "{}", shown[0]);
    assert_frame_of(class, &shown[0]["frames"]);
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
        assert!(evidence.starts_with("found in queue "), "{report}");
        // Its line stands below the heading of its fate and evidence.
        let heading = format!("pushed back 1: {evidence}");
        let below = page.split(&heading).nth(1).unwrap_or_default();
        let group = below.split("\n\n").next().unwrap_or_default();
        assert!(group.contains(jid.as_str()), "no line of {jid}: {page}");
        let frames = report["backtraces"].as_array().unwrap().iter();
        let taken = frames.filter(|taken| taken["jid"] == *jid).count();
        assert_eq!(taken, 1, "{report}");
        let title = format!("backtrace of {jid}");
        assert!(page.contains(&title), "no `{title}`: {page}");
    }
}
