//! Which signal ended a process, and at whose word.

use crate::report::{Past, ProcessEnd, Report};

const STARTED: &str = r#""event":"started","sequence":"tstp, 60, term, 30, kill","mode":"automatic","timeout_s":60,"timeout_from":"--timeout""#;
const TERM: &str = r#""event":"signal_sent","signal":"TERM","step":1,"pid":7"#;
const KILL: &str =
    r#""event":"signal_sent","signal":"KILL","step":2,"at_stake":1,"blind":false,"pid":7"#;
const DIED: &str = r#""event":"exited","clean":false,"pid":7"#;

/// The report of these lines, one each second.
fn report(lines: &[&str]) -> Report {
    let line = |(t_s, rest): (usize, &&str)| {
        format!(r#"{{"at":"2026-11-21T19:00:00.000Z","t_s":{t_s},"run":"r",{rest}}}"#) + "\n"
    };
    let text: String = lines.iter().enumerate().map(line).collect();
    let past = Past::from_text("r", text.as_bytes());
    assert_eq!((past.unreadable, past.torn), (0, false), "{text}");
    Report::of(&past)
}

fn ended(lines: &[&str]) -> (Option<ProcessEnd>, String) {
    let report = report(lines);
    let process = &report.processes[0];
    (process.ended, process.how())
}

#[test]
fn a_kill_says_at_whose_word_it_went_and_how_much_too_early() {
    let (by_drain, how) = ended(&[STARTED, TERM, KILL, DIED]);
    assert_eq!(by_drain, Some(ProcessEnd::KilledByDrain));
    assert_eq!(how, "killed by this drain, 58 s before its push-back");
    let held = r#""event":"held","why":"KILL is due: 1 job runs""#;
    let resumed = r#""event":"resumed""#;
    let manual = r#""event":"mode_changed","mode":"manual""#;
    for (lines, expected) in [
        (
            vec![STARTED, TERM, held, KILL, DIED],
            ProcessEnd::KilledByOperator,
        ),
        (
            vec![STARTED, TERM, manual, KILL, DIED],
            ProcessEnd::KilledByOperator,
        ),
        (
            vec![STARTED, TERM, held, resumed, KILL, DIED],
            ProcessEnd::KilledByDrain,
        ),
    ] {
        assert_eq!(ended(&lines).0, Some(expected), "{lines:?}");
    }
    let out_of_turn = KILL.replace("\"step\":2", "\"step\":null");
    let (by_key, how) = ended(&[STARTED, &out_of_turn, DIED]);
    assert_eq!(by_key, Some(ProcessEnd::KilledByOperator));
    assert_eq!(how, "killed by the operator", "no TERM came before it");
}

#[test]
fn an_exit_without_a_kill_of_this_drain_is_no_killing() {
    assert_eq!(ended(&[STARTED, TERM, DIED]).0, Some(ProcessEnd::Died));
    let clean = r#""event":"exited","clean":true,"pid":7"#;
    assert_eq!(
        ended(&[STARTED, TERM, KILL, clean]).0,
        Some(ProcessEnd::ByItself)
    );
    let unseen = r#""event":"exited","clean":null,"pid":7"#;
    assert_eq!(
        ended(&[STARTED, TERM, unseen]).0,
        Some(ProcessEnd::NotKnown)
    );
    assert_eq!(ended(&[STARTED, TERM]).0, None);
    // A KILL that failed because the process was gone already.
    let failed = r#""event":"signal_failed","signal":"KILL","step":2,"error":"gone","may_have_happened":false,"pid":7"#;
    assert_eq!(
        ended(&[STARTED, TERM, failed, DIED]).0,
        Some(ProcessEnd::Died)
    );
}

#[test]
fn a_process_that_came_up_later_is_no_target() {
    let came = r#""event":"successor","replaces":"pid 7","found":true,"within_s":60,"identity":"util1:9:bb","pid":9"#;
    let report = report(&[STARTED, TERM, DIED, came]);
    assert_eq!(report.summary.targets, ["pid 7"]);
    assert_eq!(report.successors.len(), 1);
}
