//! The jobs of a report: run times, jobs that go on, jobs that were pushed back after all, groups.

use crate::core::drain::Fate;
use crate::report::{Past, Report};

const STARTED: &str =
    r#""event":"started","sequence":"tstp, 60, term, 30, kill","mode":"automatic""#;
const STOPPED: &str = r#""event":"finished","outcome":"stopped","seconds":9,"jobs":{"unknown":2}"#;
const EXITED: &str = r#""event":"exited","clean":false,"identity":"util1:7:aa","pid":7"#;

fn reconciled(jid: &str, class: &str, fate: &str, evidence: &str) -> String {
    format!(
        r#""event":"reconciled","jid":"{jid}","class":"{class}","queue":"low","elapsed_s":93,"fate":"{fate}","evidence":"{evidence}","identity":"util1:7:aa","pid":7"#
    )
}

fn report(lines: &[&str]) -> Report {
    let line = |(t_s, rest): (usize, &&str)| {
        format!(r#"{{"at":"2026-11-21T19:00:00.000Z","t_s":{t_s},"run":"r",{rest}}}"#) + "\n"
    };
    let text: String = lines.iter().enumerate().map(line).collect();
    let past = Past::from_text("r", text.as_bytes());
    assert_eq!((past.unreadable, past.torn), (0, false), "{text}");
    Report::of(&past)
}

#[test]
fn a_job_ran_as_long_as_its_log_says_not_until_the_heartbeat_that_missed_it() {
    let by_log = reconciled("a", "Edi", "finished", "its log: done in 40.0 s");
    let failed = reconciled(
        "b",
        "Edi",
        "retried",
        "it failed; Sidekiq will retry it; its log: failed after 24.0 s",
    );
    let early = r#""event":"job_finished","jid":"c","class":"Sync","queue":"low","elapsed_s":12.5,"evidence":"gone from a heartbeat","identity":"util1:7:aa","pid":7"#;
    let late = reconciled("c", "Sync", "finished", "gone from a heartbeat");
    let back = reconciled("d", "Slow", "pushed_back", "found in queue low");
    let report = report(&[STARTED, early, &by_log, &failed, &late, &back]);
    let ran = |jid: &str| {
        let job = report
            .fates
            .iter()
            .find(|job| job.jid.as_deref() == Some(jid));
        job.and_then(|job| job.ran_s)
    };
    assert_eq!(ran("a"), Some(40.0));
    assert_eq!(ran("b"), Some(24.0));
    assert_eq!(ran("c"), Some(12.5), "the first record of its end");
    assert_eq!(ran("d"), Some(93.0), "it ran until it was interrupted");
    assert_eq!(report.work_kept_s, Some(52.5));
    assert_eq!(report.work_redone_s, Some(93.0));
    assert_eq!(
        report.work_words().as_deref(),
        Some("0:52 kept, 1:33 to be done again or lost")
    );
}

#[test]
fn jobs_of_a_process_that_lives_are_still_running_and_not_unknown() {
    let open = |jid| {
        reconciled(
            jid,
            "Slow",
            "unknown",
            "it was still running when the drain ended",
        )
    };
    let tstp = r#""event":"signal_sent","signal":"TSTP","step":0,"identity":"util1:7:aa","pid":7"#;
    let stopped = report(&[STARTED, tstp, &open("a"), &open("b"), STOPPED]);
    assert_eq!(stopped.counted(), "2 still running");
    assert_eq!(stopped.groups()[0].fate, "still running");
    assert_eq!(
        stopped.next_steps,
        ["let the 2 running jobs end, then restart util1:7: until then it takes no job"]
    );
    // The count of the contract stays: their fate is not known.
    assert_eq!(stopped.summary.jobs.unknown, 2);
    let gone = report(&[STARTED, tstp, EXITED, &open("a"), STOPPED]);
    assert_eq!(gone.counted(), "1 unknown");
    // Without an end nothing says that a process still lives.
    let cut_off = report(&[STARTED, tstp, &open("a")]);
    assert!(!cut_off.fates[0].still_running);
}

#[test]
fn a_lost_job_that_was_pushed_back_after_the_drain_is_rescued() {
    let lost = |jid| reconciled(jid, "Slow", "lost", "it is nowhere");
    let finished = r#""event":"finished","outcome":"lost","seconds":9,"jobs":{"lost":2}"#;
    let pushed = r#""event":"rescue_ended","jid":"a","class":"Slow","queue":"low","back":true,"result":"pushed back to the front of queue low","identity":"util1:7:aa","pid":7"#;
    let refused = r#""event":"rescue_ended","jid":"b","class":"Slow","queue":"low","back":false,"result":"not pushed back","identity":"util1:7:aa","pid":7"#;
    let mut report = report(&[
        STARTED,
        EXITED,
        &lost("a"),
        &lost("b"),
        finished,
        pushed,
        refused,
    ]);
    assert_eq!(report.counted(), "1 LOST, 1 rescued");
    assert!(report.next_steps[0].starts_with("look for the 1 lost job"));
    report.rescued_later("b", "pushed back by drainboard rescue");
    assert_eq!(report.counted(), "2 rescued, 0 lost");
    let b = |job: &&crate::report::JobFate| job.jid.as_deref() == Some("b");
    let b = report.fates.iter().find(b).unwrap();
    assert_eq!(b.evidence, "pushed back by drainboard rescue");
    // What is known to have ended is not called rescued.
    report.rescued_later("nowhere", "x");
    assert_eq!(report.summary.jobs.rescued, 2);
}

#[test]
fn jobs_that_ended_alike_are_one_group_with_one_sentence() {
    let done = |jid, seconds| {
        reconciled(
            jid,
            "Edi",
            "finished",
            &format!("its log: done in {seconds} s"),
        )
    };
    let gone = "a later beat of util1:7 shows it no more";
    let report = report(&[
        STARTED,
        &done("a", "40.0"),
        &done("b", "25.5"),
        &reconciled("c", "Sync", "finished", gone),
        &reconciled("d", "Slow", "lost", "it is nowhere"),
    ]);
    let told: Vec<String> = report
        .groups()
        .iter()
        .map(|group| format!("{} {}: {}", group.fate, group.number(), group.evidence))
        .collect();
    assert_eq!(
        told,
        [
            "LOST 1: it is nowhere",
            "finished 1: a later beat of its process shows it no more",
            "finished 2: its log: done in … s",
        ]
    );
    let rows = &report.groups()[2].rows;
    assert_eq!((rows.len(), rows[0].number), (1, 2));
    assert_eq!(
        (&rows[0].jids[..], rows[0].longest_s),
        (&["a".to_owned(), "b".to_owned()][..], Some(40.0))
    );
}

#[test]
fn work_that_goes_on_from_a_checkpoint_is_kept() {
    let broke_off = r#""event":"reconciled","jid":"a","class":"Import","queue":"low","elapsed_s":60,"fate":"checkpointed","evidence":"it broke off","work_id":"w","goes_on_as":"a2","cost_s":0,"identity":"util1:7:aa","pid":7"#;
    let finished = r#""event":"finished","outcome":"requeued","seconds":9,"jobs":{"checkpointed":1},"work_kept_s":61.5,"work_redone_s":null"#;
    let report = report(&[STARTED, broke_off, EXITED, finished]);
    let job = &report.fates[0];
    assert_eq!((job.fate, job.was_cut_off()), (Fate::Checkpointed, false));
    assert_eq!(
        (job.work_id.as_deref(), job.goes_on_as.as_deref()),
        (Some("w"), Some("a2"))
    );
    assert_eq!(report.counted(), "1 checkpointed, 0 lost");
    assert_eq!(report.work_kept_s, Some(61.5), "as the drain counted it");
    assert!(
        report.advice[0].contains("broke off at a checkpoint"),
        "{:?}",
        report.advice
    );
    assert!(
        report.next_steps[0].contains("1 job waits"),
        "{:?}",
        report.next_steps
    );
}

/// `Duration::as_secs_f64` gives 24.826999999999998.
#[test]
fn seconds_are_told_to_the_millisecond() {
    let back = |jid: &str, ran: &str| {
        format!(
            r#""event":"reconciled","jid":"{jid}","class":"Slow","queue":"low","elapsed_s":{ran},"fate":"pushed_back","evidence":"found","cost_s":{ran},"identity":"util1:7:aa","pid":7"#
        )
    };
    let cut_off = |end: &str| {
        report(&[
            STARTED,
            &back("a", "24.827"),
            &back("b", "0.1"),
            EXITED,
            end,
        ])
    };
    let finished = r#""event":"finished","outcome":"requeued","seconds":9,"jobs":{"pushed_back":2},"work_kept_s":0,"work_redone_s":24.827"#;
    let by_drain = cut_off(finished);
    assert_eq!(by_drain.work_redone_s, Some(24.827));
    let job = &by_drain.fates[0];
    assert_eq!((job.ran_s, job.cost_s), (Some(24.827), Some(24.827)));
    let by_jobs = cut_off(&finished.replace("24.827", "null"));
    assert_eq!(by_jobs.work_redone_s, Some(24.927), "their sum");
}
