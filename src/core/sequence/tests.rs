//! The labelled inputs S1–S23 and the laws of the arithmetic.

use std::time::Duration;

use proptest::prelude::*;

use super::{Problem, Sequence, Signal};

fn read(text: &str) -> Result<Sequence, super::GrammarError> {
    text.parse()
}

fn problem(text: &str) -> (usize, usize, Problem) {
    let error = read(text).expect_err(text);
    (error.item, error.column, error.problem)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn valid_inputs_have_the_labelled_reading() {
    let cases: &[(&str, &str, &[u64])] = &[
        (
            "tstp, 120, term, 30, kill",
            "TSTP TERM KILL",
            &[0, 120, 150],
        ),
        ("term, 90, kill", "TERM KILL", &[0, 90]),
        ("ttin, 120, term, 5, kill", "TTIN TERM KILL", &[0, 120, 125]),
        ("QUIT,30,TERM,11,KILL", "QUIT TERM KILL", &[0, 30, 41]),
        (":quit,75,:term,15,:kill", "QUIT TERM KILL", &[0, 75, 90]),
        (
            "usr1, 120, term, 30, kill",
            "USR1 TERM KILL",
            &[0, 120, 150],
        ),
        ("term, 30, int, 10, kill", "TERM INT KILL", &[0, 30, 40]),
        (
            "SIGTSTP,60,SIGTERM,30,SIGKILL",
            "TSTP TERM KILL",
            &[0, 60, 90],
        ),
        ("tstp, 120, kill", "TSTP KILL", &[0, 120]),
        ("tstp, 120, term", "TSTP TERM", &[0, 120]),
        ("term, 0, kill", "TERM KILL", &[0, 0]),
        ("term", "TERM", &[0]),
        ("  Tstp ,\t7 , TeRm ", "TSTP TERM", &[0, 7]),
    ];
    for (text, signals, times) in cases {
        let sequence = read(text).expect(text);
        let names: Vec<_> = sequence.signals().map(Signal::name).collect();
        assert_eq!(names.join(" "), *signals, "{text}");
        let due: Vec<_> = sequence
            .timeline()
            .iter()
            .map(|(at, _)| at.as_secs())
            .collect();
        assert_eq!(due, *times, "{text}");
    }
}

#[test]
fn rejected_inputs_name_item_and_column() {
    assert_eq!(
        problem("tstp, term, 30, kill"),
        (2, 7, Problem::SignalForSeconds(Signal::Term))
    );
    assert_eq!(
        problem("120, tstp, term"),
        (1, 1, Problem::SecondsForSignal("120".into()))
    );
    assert_eq!(
        problem("tstp, 2m, term, 30s, kill"),
        (
            2,
            7,
            Problem::NotSeconds {
                word: "2m".into(),
                meant: Some(120)
            }
        )
    );
    assert_eq!(
        problem("term, 30, kill, 10"),
        (4, 17, Problem::AfterKill("10".into()))
    );
    for text in [
        "tstp, -5, term, 30, kill",
        "tstp, 1.5, term, 30, kill",
        "tstp, +5, term",
    ] {
        assert!(
            matches!(
                problem(text),
                (2, 7, Problem::NotSeconds { meant: None, .. })
            ),
            "{text}"
        );
    }
    assert_eq!(
        problem("tstp, 120, term, 30, kil"),
        (
            5,
            22,
            Problem::UnknownSignal {
                word: "kil".into(),
                nearest: Some(Signal::Kill)
            }
        )
    );
    assert_eq!(problem(""), (0, 1, Problem::Empty));
    assert_eq!(problem("   "), (0, 1, Problem::Empty));
    assert_eq!(problem(","), (1, 1, Problem::Empty));
    assert_eq!(problem("term,,kill"), (2, 6, Problem::Empty));
    assert!(matches!(
        problem("tstp 120 term"),
        (1, 1, Problem::UnknownSignal { .. })
    ));
    assert!(matches!(
        problem("[tstp, 120, term]"),
        (1, 1, Problem::UnknownSignal { .. })
    ));
    assert!(matches!(
        problem("1m:USR2:30s:USR1:50s"),
        (1, 1, Problem::UnknownSignal { .. })
    ));
    assert!(matches!(
        problem("USR1;1h;TERM;10s;KILL"),
        (1, 1, Problem::UnknownSignal { .. })
    ));
    assert_eq!(
        problem("tstp, 99999999999999999999, term, 1, kill"),
        (2, 7, Problem::TooLong("99999999999999999999".into()))
    );
    assert_eq!(
        problem("tstp, 120, term, 30"),
        (4, 18, Problem::EndsWithWait)
    );
    assert_eq!(problem("tstp, 120,"), (3, 11, Problem::Empty));
    let hour = Problem::NotSeconds {
        word: "1h".into(),
        meant: Some(3600),
    };
    assert_eq!(problem("tstp, 1h, term"), (2, 7, hour));
    let longest = read("tstp, 4294967295, term").unwrap();
    assert_eq!(longest.wait_after(0), Some(seconds(u64::from(u32::MAX))));
    let longer = Problem::TooLong("4294967296".into());
    assert_eq!(problem("tstp, 4294967296, term"), (2, 7, longer));
}

#[test]
fn an_error_says_what_to_write_instead() {
    let text = read("tstp, 120, term, 30, kil").unwrap_err().to_string();
    assert_eq!(
        text,
        "item 5, column 22: unknown signal `kil`: did you mean `kill`?; expected a signal, such as tstp, term or kill \
         (signals and whole seconds alternate: tstp, 120, term, 30, kill)"
    );
}

#[test]
fn an_empty_item_is_told_what_is_due_there() {
    let expected = |text: &str| read(text).unwrap_err().expected();
    assert_eq!(expected("term,,kill"), "whole seconds, such as 30");
    for text in ["", ",", "tstp, 120,"] {
        assert_eq!(expected(text), "a signal, such as tstp, term or kill");
    }
}

#[test]
fn only_tstp_term_and_int_quiet_a_sidekiq_before_a_kill() {
    for text in ["tstp", "term, 30, kill", "ttin, 5, int, 5, kill"] {
        assert!(read(text).unwrap().quiets(), "{text}");
    }
    for text in ["kill", "ttin, 5, kill", "ttin"] {
        assert!(!read(text).unwrap().quiets(), "{text}");
    }
}

#[test]
fn the_kill_of_another_program_counts_where_it_comes_first() {
    let sequence = read("tstp, 120, term, 30, kill").unwrap();
    let kill = |limit| sequence.budget_within(seconds(25), limit).kill;
    assert_eq!(kill(None), Some(seconds(150)));
    assert_eq!(kill(Some(seconds(10))), Some(seconds(130)));
    assert_eq!(kill(Some(seconds(90))), Some(seconds(150)));
}

#[test]
fn budgets_of_the_labelled_sequences() {
    let budget = |text: &str, timeout| read(text).unwrap().budget(seconds(timeout)).total();
    assert_eq!(budget("tstp, 120, term, 30, kill", 25), Some(seconds(145)));
    assert_eq!(budget("tstp, 120, term, 30, kill", 60), Some(seconds(150)));
    assert_eq!(budget("tstp, 120, kill", 25), Some(seconds(120)));
    assert_eq!(budget("tstp, 120, term", 25), Some(seconds(145)));
    assert_eq!(budget("tstp", 25), None);
    assert_eq!(budget("term, 30, int, 10, kill", 25), Some(seconds(25)));
    let sequence = read("term, 30, int, 10, kill").unwrap();
    assert_eq!(sequence.stop_wait(), Some(seconds(40)));
    assert_eq!(read("tstp, 120, term").unwrap().stop_wait(), None);
    assert_eq!(read("tstp, 120, kill").unwrap().quiet_wait(), None);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".*") {
        let _outcome = read(&text);
    }

    #[test]
    fn what_is_printed_reads_back_the_same(
        waits in proptest::collection::vec(0u32..100_000, 0..6),
        picks in proptest::collection::vec(0usize..Signal::ALL.len(), 7),
    ) {
        let mut words = Vec::new();
        for (index, pick) in picks.iter().take(waits.len() + 1).enumerate() {
            let signal = Signal::ALL[*pick];
            let last = index == waits.len();
            prop_assume!(last || signal != Signal::Kill);
            words.push(signal.name().to_string());
            if !last { words.push(waits[index].to_string()); }
        }
        let sequence = read(&words.join(",")).unwrap();
        prop_assert_eq!(&read(&sequence.to_string()).unwrap(), &sequence);
        let total: u64 = waits.iter().map(|wait| u64::from(*wait)).sum();
        prop_assert_eq!(sequence.whole(), seconds(total));
        if let (Some(quiet), Some(stop)) = (sequence.quiet_wait(), sequence.stop_wait()) {
            prop_assert_eq!(Some(quiet + stop), sequence.kill_at());
        }
        if let Some(budget) = sequence.budget(seconds(25)).total() {
            prop_assert!(budget <= sequence.kill_at().unwrap_or(Duration::MAX));
        }
    }
}
