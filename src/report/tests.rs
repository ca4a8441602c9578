//! Reports of made-up journals, written by the records' own code and by hand.

mod queues;

use std::time::Duration;

use jiff::Timestamp;

use super::{Library, Past, Report, repeated};
use crate::core::drain::{About, Counts, Event, Fate, Mode, Outcome, Record};
use crate::core::fleet::Identity;
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;

/// An exit in order, or by a KILL of the run.
fn exited(clean: bool) -> Event {
    Event::Exited {
        clean: Some(clean),
        killed_by_us: Some(!clean),
        by_redis: false,
    }
}

fn record(t_s: f64, pid: Option<u32>, event: Event) -> String {
    let since_start = Duration::from_secs_f64(t_s);
    let at = Moment::new(
        since_start,
        Timestamp::from_second(1_795_287_600).unwrap() + since_start,
    );
    let about = pid.map(|pid| About {
        identity: Some(Identity::new(&format!("util1:{pid}:abc"))),
        pid: Some(pid),
        name: format!("util1:{pid}"),
    });
    let record = Record {
        at,
        since_start,
        run: "20261121T190000Z-7".into(),
        rehearsal: false,
        about,
        event,
    };
    record.json() + "\n"
}

fn sent(t_s: f64, pid: u32, signal: Signal) -> String {
    let step = Some(0);
    record(t_s, Some(pid), Event::SignalIntended { signal, step })
        + &record(
            t_s,
            Some(pid),
            Event::SignalSent {
                signal,
                step,
                at_stake: (signal == Signal::Kill).then_some(1),
                blind: None,
            },
        )
}

fn reconciled(pid: u32, jid: &str, class: &str, fate: Fate) -> String {
    record(
        150.0,
        Some(pid),
        Event::Reconciled {
            jid: Some(jid.into()),
            class: Some(class.into()),
            queue: None,
            elapsed_s: None,
            elapsed_at_most_s: None,
            fate,
            evidence: "as seen".into(),
            work_id: None,
            goes_on_as: None,
            cost_s: None,
        },
    )
}

fn started() -> String {
    record(
        0.0,
        None,
        Event::Started {
            sequence: "tstp, 120, term, 28, kill".into(),
            targets: 2,
            mode: Some(Mode::Automatic),
            by: Some("root (sudo by alice) on util1, pts/3: release: 4711".into()),
            reason: None,
            timeout_s: None,
            timeout_from: None,
            redis: None,
            namespace: None,
        },
    )
}

fn finished(outcome: Outcome) -> String {
    record(
        151.0,
        None,
        Event::Finished {
            outcome,
            seconds: Seconds(Duration::from_secs(151)),
            jobs: Counts::default(),
            work_kept_s: None,
            work_redone_s: None,
            queues: None,
            why: None,
        },
    )
}

/// A drain in which one job finished, one was pushed back, and one was killed.
fn journal() -> String {
    [
        started(),
        sent(0.1, 1, Signal::Tstp),
        sent(0.1, 2, Signal::Tstp),
        record(
            4.2,
            Some(1),
            Event::QuietConfirmed {
                evidence: "its beat says so".into(),
            },
        ),
        record(
            60.4,
            Some(1),
            Event::JobFinished {
                jid: "aa".into(),
                class: "Quick".into(),
                queue: Some("low".into()),
                elapsed_s: None,
                elapsed_at_most_s: None,
                evidence: None,
            },
        ),
        record(61.0, None, Event::Extended { by_s: 30 }),
        sent(120.1, 1, Signal::Term),
        sent(120.1, 2, Signal::Term),
        record(146.0, Some(1), exited(true)),
        sent(148.1, 2, Signal::Kill),
        record(148.2, Some(2), exited(false)),
        reconciled(1, "aa", "Quick", Fate::Finished),
        reconciled(1, "bb", "Slow", Fate::PushedBack),
        reconciled(2, "cc", "Wedged", Fate::Lost),
        finished(Outcome::Lost),
    ]
    .concat()
}

/// The file of the payloads is told, and the step that reads it.
#[test]
fn the_file_of_saved_payloads_is_told() {
    let saved = record(
        148.0,
        Some(2),
        Event::PayloadSaved {
            jid: "cc".into(),
            class: "Wedged".into(),
            queue: "low".into(),
            file: Some("/x/rescue/r.jsonl".into()),
        },
    );
    assert_eq!(report(&journal()).saved_in, None);
    let unknown = reconciled(2, "cc", "Wedged", Fate::Unknown);
    let lost = reconciled(2, "cc", "Wedged", Fate::Lost);
    let report = report(&journal().replace(&lost, &(saved + &unknown)));
    assert_eq!(report.saved_in.as_deref(), Some("/x/rescue/r.jsonl"));
    let steps = report.next_steps.join("\n");
    let step =
        "`drainboard rescue 20261121T190000Z-7` shows where each is now; look in the application";
    assert!(steps.contains(step), "{steps}");
}

fn report(text: &str) -> Report {
    Report::of(&Past::from_text("20261121T190000Z-7", text.as_bytes()))
}

#[test]
fn every_record_is_read_back() {
    let extra = [
        Event::Resumed,
        Event::Held { why: "x".into() },
        Event::ModeChanged {
            mode: Some(Mode::Manual),
        },
        Event::AdvancedEarly {
            evidence: "x".into(),
            saved_s: Seconds(Duration::from_millis(2500)),
        },
        Event::SignalFailed {
            signal: Signal::Kill,
            step: None,
            error: "x".into(),
            may_have_happened: true,
        },
        Event::Remarked { text: "x".into() },
    ];
    let extra: String = extra
        .into_iter()
        .map(|event| record(5.0, None, event))
        .collect();
    let text = journal() + &extra;
    let past = Past::from_text("r", text.as_bytes());
    assert_eq!((past.unreadable, past.torn), (0, false));
    assert_eq!(past.records.len(), text.lines().count());
    let known = |record: &Record| !matches!(record.event, Event::Other);
    assert!(past.records.iter().all(known));
}

#[test]
fn a_drain_with_its_jobs_and_processes() {
    let report = report(&journal());
    let summary = &report.summary;
    assert_eq!(
        summary.who.as_deref(),
        Some("root (sudo by alice) on util1, pts/3")
    );
    assert_eq!(summary.why.as_deref(), Some("release: 4711"));
    assert_eq!(summary.outcome, Some(Outcome::Lost));
    assert_eq!(summary.targets, ["util1:1", "util1:2"]);
    assert_eq!(report.counted(), "1 LOST, 1 pushed back, 1 finished");
    let jids: Vec<_> = report.fates.iter().map(|job| job.jid.as_deref()).collect();
    assert_eq!(jids, [Some("cc"), Some("bb"), Some("aa")]);
    let quick = &report.fates[2];
    assert_eq!(
        (quick.until_t_s, quick.queue.as_deref()),
        (Some(60.4), Some("low"))
    );
    let process = &report.processes[1];
    assert_eq!(process.sent("KILL"), Some(148.1));
    assert_eq!((process.clean, process.quiet_t_s), (Some(false), None));
    assert_eq!(report.remains, Vec::<String>::new());
    let timeline: Vec<String> = report
        .timeline
        .iter()
        .map(|entry| format!("{} {}", entry.stamp(), entry.text))
        .collect();
    insta::assert_snapshot!(timeline.join("\n"), @r"
    T+0s drain started, automatic: tstp, 120, term, 28, kill, 2 targets, by root (sudo by alice) on util1, pts/3: release: 4711
    T+0s TSTP sent to util1:1, util1:2
    T+4s util1:1 became quiet: its beat says so
    T+60s Quick aa finished on util1:1
    T+61s wait extended by 30 s
    T+120s TERM sent to util1:1, util1:2
    T+146s util1:1 stopped by itself
    T+148s KILL sent to util1:2, 1 job at stake
    T+148s util1:2 was ended by the KILL of this run
    T+151s lost after 151.0 s: no jobs
    ");
    insta::assert_snapshot!(report.advice.join("\n"), @r"
    KILL comes 28 s after TERM; Sidekiq with its timeout of 25 s assumed needs 30 s to push back what still runs
    Wedged cc was cut off, with a budget of 145 s; how long it needs is not known. A first try: `tstp, 200, term, 30, kill`, or split it into smaller jobs, or let it checkpoint (Sidekiq::IterableJob from 7.3 on, ActiveJob::Continuable, job-iteration)
    the waits were extended by 30 s by hand: if that is the rule, write it into the sequence
    ");
}

#[test]
fn a_journal_that_was_cut_off_is_told_as_far_as_it_goes() {
    let whole = [started(), sent(0.1, 1, Signal::Tstp)].concat();
    let intent = record(
        120.0,
        Some(1),
        Event::SignalIntended {
            signal: Signal::Term,
            step: Some(1),
        },
    );
    let text = format!("{whole}not json\n{intent}{{\"at\":\"2026-11");
    let report = report(&text);
    assert_eq!(report.summary.outcome, None);
    assert_eq!(report.faults.len(), 3, "{:?}", report.faults);
    assert_eq!(
        report.remains,
        ["util1:1 was told to stop and had not exited when the drain ended"]
    );
    assert!(!report.processes[0].signals[1].certain);
    let last = report.timeline.last().unwrap();
    assert!(
        last.text.contains("nothing says whether it was"),
        "{last:?}"
    );
}

#[test]
fn what_was_quieted_and_not_stopped_stays_quiet() {
    let text = [
        started(),
        sent(0.1, 1, Signal::Tstp),
        record(
            9.0,
            None,
            Event::Held {
                why: "hang-up".into(),
            },
        ),
        finished(Outcome::Stopped),
    ]
    .concat();
    let report = report(&text);
    assert_eq!(
        report.remains,
        ["util1:1 stays quiet until it is restarted: it takes no job"]
    );
    assert_eq!(report.faults.len(), 1);
    assert!(report.faults[0].starts_with("it was left by a hang-up"));
}

#[test]
fn lines_of_later_versions_and_hostile_text_do_no_harm() {
    let line = r#"{"at":"2026-11-21T19:00:00.000Z","t_s":1,"run":"r","event":"sung","by":5}"#;
    let odd = r#"{"at":"2026-11-21T19:00:00.000Z","t_s":1,"run":"r","event":"reconciled","jid":"j\u001b[2J","class":"Evil\u202eJob","fate":"vanished","evidence":"","elapsed_s":99.5,"queue":"low","identity":"h\u001b]0;x\u0007:5:n","pid":5}"#;
    let report = report(&format!("{line}\n{odd}\n"));
    assert_eq!(report.fates.len(), 1);
    let job = &report.fates[0];
    assert_eq!(
        (job.jid.as_deref(), job.class.as_deref()),
        (Some("j"), Some("EvilJob"))
    );
    assert_eq!((job.fate, job.ran_s), (Fate::Unknown, Some(99.5)));
    assert_eq!(job.process.as_deref(), Some("h:5"));
}

#[test]
fn jobs_that_several_drains_cut_off() {
    let drain = |run: &str, fates: &[(&str, &str, Fate)]| {
        let lines: String = fates
            .iter()
            .map(|(jid, class, fate)| reconciled(1, jid, class, *fate))
            .collect();
        Report::of(&Past::from_text(run, lines.as_bytes()))
    };
    let drains = [
        drain(
            "1",
            &[
                ("a", "Slow", Fate::PushedBack),
                ("b", "Other", Fate::PushedBack),
            ],
        ),
        drain(
            "2",
            &[
                ("a", "Slow", Fate::PushedBack),
                ("b", "Other", Fate::Finished),
            ],
        ),
        drain("3", &[("x", "Third", Fate::Finished)]),
        drain(
            "4",
            &[("a", "Slow", Fate::Lost), ("b", "Other", Fate::PushedBack)],
        ),
    ];
    let found: Vec<(Option<String>, String, usize)> = repeated(&drains)
        .into_iter()
        .map(|repeated| (repeated.jid, repeated.class, repeated.runs.len()))
        .collect();
    assert_eq!(
        found,
        [
            (None, "Slow".to_owned(), 3),
            (Some("a".to_owned()), "Slow".to_owned(), 3)
        ]
    );
}

#[test]
fn a_drain_is_chosen_by_the_beginning_of_its_name() {
    let state = tempfile::tempdir().unwrap();
    let library = Library::new(state.path());
    let error = library.choose("last").unwrap_err().to_string();
    assert!(error.contains("--state-dir"), "{error}");
    let folder = state.path().join("drains");
    std::fs::create_dir(&folder).unwrap();
    for name in [
        "20261121T1-7.jsonl",
        "20261121T1-77.jsonl",
        "20261122T1-7.jsonl",
        "notes",
    ] {
        std::fs::write(folder.join(name), journal()).unwrap();
    }
    let choose = |asked: &str| library.choose(asked).map_err(|error| error.to_string());
    assert_eq!(choose("last").as_deref(), Ok("20261122T1-7"));
    assert_eq!(choose("20261122").as_deref(), Ok("20261122T1-7"));
    assert_eq!(choose("20261121T1-7").as_deref(), Ok("20261121T1-7"));
    let several = choose("20261121").unwrap_err();
    assert!(several.contains("write more"), "{several}");
    let unknown = choose("2025").unwrap_err();
    assert!(unknown.contains("the last is 20261122T1-7"), "{unknown}");
    assert!(library.choose("../../etc/passwd").is_err());
}
