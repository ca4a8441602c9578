//! Which lines about a job a witness believes, after what it read before.

use super::super::{LogLine, Told, Witness};
use super::{at, line};

/// A witness that is told lines about one job of process 1, each with its second.
fn told(lines: &[(u64, &str)]) -> Option<(Told, u64)> {
    let mut witness = Witness::default();
    for (second, text) in lines {
        witness.take(&LogLine {
            at: at(*second),
            ..line(1, text)
        });
    }
    let said = witness.of(1, "a")?;
    Some((said.what, said.at.since_boot().as_secs()))
}

#[test]
fn an_end_whose_run_time_does_not_lead_back_to_the_start_is_text() {
    let start = (10, "pid=1 tid=t class=A jid=a INFO: start");
    let end = |second: u64, text: &'static str| told(&[start, (second, text)]);
    let done = "pid=1 tid=t class=A jid=a elapsed=12.0 INFO: done";
    assert_eq!(end(22, done), Some((Told::Done, 22)));
    assert_eq!(end(30, done), Some((Told::Started, 10)), "too short");
    assert_eq!(
        end(15, done),
        None,
        "longer than it runs: neither line is known to be true"
    );
    let other_class = "pid=1 tid=t class=B jid=a elapsed=12.0 INFO: done";
    assert_eq!(end(22, other_class), Some((Told::Started, 10)));
    let other_form = "INFO  pid=1 tid=t jid=a class=A elapsed=12.0: done";
    assert_eq!(end(22, other_form), Some((Told::Started, 10)));
    assert_eq!(
        told(&[(22, done)]),
        Some((Told::Done, 22)),
        "no start was read"
    );
}

#[test]
fn a_start_that_the_application_logs_hides_no_end() {
    let start = "pid=1 tid=t class=A jid=a INFO: start";
    let lines = [
        (10, start),
        (15, start),
        (22, "pid=1 tid=t class=A jid=a elapsed=12.0 INFO: done"),
    ];
    assert_eq!(told(&lines[..2]), Some((Told::Started, 10)));
    assert_eq!(told(&lines), Some((Told::Done, 22)));
    // The end of the first execution was not read: the second one ends as well.
    let again = [
        lines[0],
        lines[1],
        (22, "pid=1 tid=t class=A jid=a elapsed=7.0 INFO: done"),
    ];
    assert_eq!(told(&again), Some((Told::Done, 22)));
}

#[test]
fn a_job_that_goes_on_writing_was_not_done() {
    let lines = [
        (10, "pid=1 tid=t class=A jid=a INFO: start"),
        (22, "pid=1 tid=t class=A jid=a elapsed=12.0 INFO: done"),
        (23, "pid=1 tid=t class=A jid=a elapsed=12.0 INFO: page 2"),
    ];
    assert_eq!(told(&lines), None);
    // Sidekiq itself writes on after a failure.
    let failed = [
        lines[0],
        (22, "pid=1 tid=t class=A jid=a elapsed=12.0 INFO: fail"),
        (
            22,
            "pid=1 tid=t class=A jid=a elapsed=12.0 INFO: Adding dead A job a",
        ),
    ];
    assert_eq!(told(&failed), Some((Told::Failed, 22)));
}

#[test]
fn an_end_in_the_form_of_sidekiq_5_counts_only_beside_its_start() {
    // Its run time is part of the message: the application can write the very same line.
    let done = (22, "1 TID-t A JID-a INFO: done: 12.0 sec");
    assert_eq!(told(&[done]), None);
    let start = (10, "1 TID-t A JID-a INFO: start");
    assert_eq!(told(&[start, done]), Some((Told::Done, 22)));
    let own_words = (22, "1 TID-t A JID-a INFO: done: 3.0 sec");
    assert_eq!(told(&[start, own_words]), Some((Told::Started, 10)));
}

#[test]
fn one_jid_on_two_threads_ends_on_one_of_them() {
    let mut witness = Witness::default();
    for (second, text) in [
        (10, "pid=1 tid=t1 class=A jid=a INFO: start"),
        (11, "pid=1 tid=t2 class=A jid=a INFO: start"),
        (14, "pid=1 tid=t1 class=A jid=a elapsed=4.0 INFO: done"),
    ] {
        witness.take(&LogLine {
            at: at(second),
            ..line(1, text)
        });
    }
    let on = |tid: &str| witness.of_thread(1, "a", tid).unwrap();
    assert_eq!((on("t1").what, on("t2").what), (Told::Done, Told::Started));
    assert!(on("t1").ends("t1", at(10)) && on("t1").ends("t1", at(9)));
    assert!(!on("t1").ends("t2", at(10)), "another thread");
    assert!(!on("t1").ends("t1", at(7)), "another execution");
    assert!(!on("t1").ends("t1", at(13)), "too long");
    assert!(!on("t2").ends("t2", at(11)), "a start is no end");
}
