//! What stands in a journal beside the drain itself, read back.

use crate::core::drain::{Fate, Outcome};
use crate::report::{Past, Report};

/// The lines of a journal, each with its time and the rest of its object.
fn report(lines: &[(f64, &str)]) -> Report {
    let text: String = lines
        .iter()
        .map(|(t_s, rest)| {
            format!(r#"{{"at":"2026-11-21T19:00:00.000Z","t_s":{t_s},"run":"r",{rest}}}"#) + "\n"
        })
        .collect();
    let past = Past::from_text("r", text.as_bytes());
    assert_eq!((past.unreadable, past.torn), (0, false), "{text}");
    Report::of(&past)
}

const STARTED: (f64, &str) = (
    0.0,
    r#""event":"started","sequence":"tstp, 60, term, 30, kill","mode":"automatic""#,
);
const FINISHED: (f64, &str) = (87.0, r#""event":"finished","outcome":"lost""#);
const UNKNOWN: (f64, &str) = (
    87.0,
    r#""event":"reconciled","jid":"aa","class":"A","fate":"unknown","evidence":"Redis could not be asked","pid":7"#,
);

#[test]
fn what_comes_after_the_end_changes_neither_outcome_nor_length() {
    let report = report(&[
        STARTED,
        UNKNOWN,
        FINISHED,
        (
            88.0,
            r#""event":"interrupted_counted","when":"after","retry":5,"dead":0"#,
        ),
        (
            89.0,
            r#""event":"notified","program":"/bin/post","seconds":1.0,"error":"it ended with 1""#,
        ),
        (
            900.0,
            r#""event":"found_later","jid":"aa","fate":"pushed_back","place":"found in queue default""#,
        ),
    ]);
    assert_eq!(report.summary.outcome, Some(Outcome::Lost));
    assert!((report.summary.seconds - 87.0).abs() < 1e-9);
    assert_eq!(
        report.timeline.last().unwrap().text,
        "lost after 0.0 s: no jobs"
    );
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    // The fate that was written down stays; the find stands beside it.
    let job = &report.fates[0];
    assert_eq!((job.fate, report.summary.jobs.unknown), (Fate::Unknown, 1));
    assert!(!job.is_open());
    let found = job.found_later.as_ref().unwrap();
    assert_eq!(found.fate, Some(Fate::PushedBack));
    assert_eq!(
        found.words(),
        "found later (2026-11-21T19:00:00.000Z): found in queue default"
    );
    assert_eq!(report.counted(), "1 unknown (1 of these found later)");
    assert_eq!(
        report.notified[0].words(),
        "on_finish: /bin/post failed: it ended with 1"
    );
}

#[test]
fn a_find_says_nothing_of_a_job_whose_fate_is_known() {
    let finished = r#""event":"job_finished","jid":"aa","class":"A","pid":7"#;
    let found = r#""event":"found_later","jid":"aa","fate":"pushed_back","place":"x""#;
    let report = report(&[STARTED, (5.0, finished), FINISHED, (90.0, found)]);
    assert_eq!(report.fates[0].found_later, None);
    assert!(!report.fates[0].is_open());
    assert_eq!(report.counted(), "1 finished, 0 lost");
}

#[test]
fn the_counts_say_what_they_are_of_and_what_is_not_known() {
    let before = r#""event":"interrupted_counted","when":"before","retry":3,"dead":0"#;
    let after = r#""event":"interrupted_counted","when":"after","retry":5,"dead":1"#;
    let whole = report(&[STARTED, (0.1, before), FINISHED, (88.0, after)]);
    assert_eq!(
        whole.interrupted.lines(),
        [
            "in the retry set with Sidekiq::Shutdown or an interrupt: 3 before, 5 after",
            "in the dead set with Sidekiq::Shutdown or an interrupt: 0 before, 1 after",
        ]
    );
    let cut =
        r#""event":"interrupted_counted","when":"before","retry":3,"dead":0,"of_first":100000"#;
    let blind = r#""event":"interrupted_counted","when":"after","error":"connection refused""#;
    let lines = report(&[STARTED, (0.1, cut), FINISHED, (88.0, blind)]);
    let lines = lines.interrupted.lines();
    assert!(lines[0].ends_with("3 before, not known after"), "{lines:?}");
    assert_eq!(
        lines[2..],
        [
            "before: only 100000 members of each set were looked at, there are more",
            "after: Redis could not be asked: connection refused",
        ]
    );
    assert!(report(&[STARTED, FINISHED]).interrupted.lines().is_empty());
}

#[test]
fn a_record_without_an_end_says_how_far_it_goes() {
    let sent = r#""event":"signal_sent","signal":"TSTP","pid":7"#;
    let counted = r#""event":"interrupted_counted","when":"before","retry":3,"dead":0"#;
    let report = report(&[STARTED, (12.5, sent), (14.0, counted)]);
    assert_eq!(report.summary.outcome, None);
    assert!((report.summary.seconds - 12.5).abs() < 1e-9);
    let fault = &report.faults[0];
    assert!(
        fault.contains("no end") && fault.contains("T+12s"),
        "{fault}"
    );
}

/// A signal, by when it was received, and what it did when.
type Told = (String, Option<f64>, Option<(&'static str, f64)>);

#[test]
fn a_signal_is_sent_received_and_effective_at_three_times() {
    let signal = |name: &str| format!(r#""event":"signal_sent","signal":"{name}","pid":7"#);
    let (tstp, term, kill) = (signal("TSTP"), signal("TERM"), signal("KILL"));
    let quiet = r#""event":"quiet_confirmed","evidence":"its beat","pid":7"#;
    let exited = r#""event":"exited","clean":true,"pid":7"#;
    let told = |lines: &[(f64, &str)]| -> Vec<Told> {
        let report = report(lines);
        let signals = report.processes[0].signals.iter();
        let told = signals.map(|sent| {
            let effect = sent.effect.map(|effect| (effect.what, effect.t_s));
            (sent.signal.clone(), sent.received_by_t_s, effect)
        });
        told.collect()
    };
    let expected = |name: &str, received, effect| (name.to_owned(), received, effect);
    // The first is quiet before its TERM, and its exit is the doing of TERM.
    let plain = [
        (1.0, tstp.as_str()),
        (8.0, quiet),
        (60.0, &term),
        (70.0, exited),
    ];
    assert_eq!(
        told(&plain),
        [
            expected("TSTP", Some(8.0), Some(("quiet", 8.0))),
            expected("TERM", Some(70.0), Some(("exited", 70.0))),
        ]
    );
    // An exit after KILL proves nothing of TERM, and a quiet before a signal nothing of that.
    let killed = [(1.0, term.as_str()), (60.0, &kill), (61.0, exited)];
    assert_eq!(
        told(&killed),
        [
            expected("TERM", None, None),
            expected("KILL", Some(61.0), Some(("exited", 61.0))),
        ]
    );
    let before = [(1.0, quiet), (2.0, tstp.as_str())];
    assert_eq!(told(&before), [expected("TSTP", None, None)]);
    // What it logged is the earliest word of it, for the signal that it names.
    let heard = r#""event":"logged","text":"Received TSTP, no longer accepting new work","pid":7"#;
    let stopping = r#""event":"logged","text":"Shutting down","pid":7"#;
    let stop = r#""event":"unit_stop_begun","unit":"s.service","scope":"system","step":1,"at_stake":null,"systemd_kills_at":null,"pid":7"#;
    let logged = [
        (1.0, tstp.as_str()),
        (1.2, heard),
        (8.0, quiet),
        (60.0, stop),
        (60.5, stopping),
        (70.0, exited),
    ];
    assert_eq!(
        told(&logged),
        [
            expected("TSTP", Some(1.2), Some(("quiet", 8.0))),
            expected("systemctl stop", Some(60.5), Some(("exited", 70.0))),
        ]
    );
    // TERM quiets too: it was received by then, and has not done its work yet.
    let quieted = [(1.0, term.as_str()), (4.0, quiet)];
    assert_eq!(told(&quieted), [expected("TERM", Some(4.0), None)]);
}

#[test]
fn what_was_about_to_be_done_is_told_only_where_nothing_says_what_became_of_it() {
    let intended = r#""event":"rescue_intended","jid":"aa","class":"A","queue":"low","pid":7"#;
    let ended = r#""event":"rescue_ended","jid":"aa","class":"A","queue":"low","back":true,"result":"pushed back to the front of its queue","pid":7"#;
    let stop =
        r#""event":"unit_stop_intended","unit":"s.service","scope":"system","step":1,"pid":7"#;
    let failed = r#""event":"unit_stop_failed","unit":"s.service","scope":"system","step":1,"error":"denied","may_have_happened":false,"pid":7"#;
    let texts = |lines: &[(f64, &str)]| -> Vec<String> {
        report(lines)
            .timeline
            .into_iter()
            .map(|entry| entry.text)
            .collect()
    };
    assert_eq!(
        texts(&[(1.0, stop), (2.0, failed), (3.0, intended), (4.0, ended)]),
        [
            "systemctl stop s.service for pid 7 failed: denied",
            "pid 7: A aa: pushed back to the front of its queue",
        ]
    );
    assert_eq!(
        texts(&[(1.0, stop), (3.0, intended)]),
        [
            "systemctl stop s.service was about to be called for pid 7; nothing says whether it was",
            "pid 7: A aa was about to be pushed back to queue low; nothing says whether it was",
        ]
    );
}
