//! The limits of a judgement: what is known just so, and what is just not known.

use super::super::evidence::Fact;
use super::super::fate::Fate;
use super::super::others::Served;
use super::bench::{Bench, EPOCH, answer, at, checkpoints, nowhere, row};
use crate::core::fleet::{Mark, Passed, Place, ProcessKey};
use crate::core::log::{Notice, Told};

fn fate(bench: &Bench, now: f64, patient: bool) -> Option<Fate> {
    bench.ruling(now, patient).map(|ruling| ruling.fate)
}

/// Two looks at no process, of which the second proves that Redis has what it had.
fn vouched(bench: &mut Bench, first: f64, second: f64) {
    bench.look(first, Some(true), Vec::new());
    bench.look(second, Some(true), Vec::new());
}

/// An `IterableJob` whose state was found at `found`, and which was nowhere at 7 s, after its process
/// had ended.
fn iterable(found: f64) -> Bench {
    let mut bench = Bench::new();
    bench.fact(found, Fact::Iterable);
    bench.exits(6.5, None);
    bench.is_nowhere(7.0);
    bench
}

#[test]
fn a_state_that_is_gone_proves_completion_only_where_redis_has_what_it_had() {
    let mut bench = iterable(3.0);
    assert_eq!(fate(&bench, 8.0, true), None);
    assert_eq!(fate(&bench, 8.0, false), Some(Fate::Unknown));
    vouched(&mut bench, 7.5, 8.0);
    assert_eq!(fate(&bench, 8.1, true), Some(Fate::Finished));
}

#[test]
fn a_state_that_was_found_later_than_the_answer_without_it_proves_no_completion() {
    let mut bench = iterable(7.5);
    vouched(&mut bench, 7.6, 8.0);
    assert_eq!(fate(&bench, 8.1, false), Some(Fate::Unknown));
}

#[test]
fn where_an_iterable_job_went_on_is_not_given_up_while_no_beat_can_be_read() {
    let mut bench = Bench::new();
    bench.fact(
        3.0,
        Fact::Missed {
            beat: 1_800_000_002.0,
        },
    );
    let mut kept = answer(3.1, nowhere());
    kept.iterating = true;
    bench.locates(&kept);
    bench.look(14.0, None, Vec::new());
    assert_eq!(fate(&bench, 15.0, true), None, "within one beat");
    assert_eq!(fate(&bench, 15.5, true), Some(Fate::Unknown));
    assert_eq!(fate(&bench, 18.0, true), None, "the look is old");
}

#[test]
fn the_beats_of_others_are_awaited_in_the_dark() {
    let mut bench = Bench::new();
    bench.exits(6.5, None);
    bench.is_nowhere(7.0);
    bench.look(7.5, None, vec![row("other:1:b", 5.0, Vec::new())]);
    bench.loses_the_link(8.0);
    assert_eq!(fate(&bench, 25.0, true), None);
    bench.links();
    bench.look(25.0, None, vec![row("other:1:b", 5.0, Vec::new())]);
    assert_eq!(fate(&bench, 25.5, true), Some(Fate::Unknown));
}

#[test]
fn work_is_handed_on_by_a_job_that_left_its_thread_alone() {
    let mut bench = Bench::of(checkpoints());
    bench
        .execution
        .go_on(at(3.0), "b".into(), Passed::BrokeOff, "in queue low".into());
    assert_eq!(fate(&bench, 4.0, false), None);
    bench.fact(
        4.5,
        Fact::Missed {
            beat: 1_800_000_004.0,
        },
    );
    assert_eq!(fate(&bench, 5.0, false), Some(Fate::Checkpointed));
}

/// A job whose log says that it ran to the end of its process, which a KILL ended at `second`.
fn killed(second: f64) -> Bench {
    let mut bench = Bench::new();
    bench.fact(-2.0, Fact::LogStarted);
    bench.signals.killed = true;
    bench.exits(second, None);
    bench.is_nowhere(second + 0.1);
    bench
}

#[test]
fn a_job_is_lost_with_its_process_only_before_the_push_back_or_where_nobody_may_have_it() {
    assert_eq!(fate(&killed(4.9), 8.0, false), Some(Fate::Lost));
    assert_eq!(fate(&killed(6.0), 8.0, false), Some(Fate::Lost));
    let other = || vec![row("other:1:b", 7.0, Vec::new())];
    let mut served = killed(6.0);
    served.look(7.0, None, other());
    assert_eq!(fate(&served, 8.0, false), Some(Fate::Unknown));
    // That one is gone, and shows nothing any more.
    let mut gone = killed(6.0);
    gone.look(3.0, None, other());
    let (fleet, now) = (gone.fleet.clone(), at(3.0));
    gone.served.observe(&[], &fleet, now);
    gone.look(7.0, None, Vec::new());
    assert_eq!(fate(&gone, 8.0, false), Some(Fate::Unknown));
}

#[test]
fn one_that_had_left_before_the_kill_has_lost_nothing() {
    let mut bench = killed(10.0);
    bench.scan(0.0, 4);
    bench.look(0.5, None, vec![row("here:100:c", 0.0, Vec::new())]);
    bench.look(6.5, None, Vec::new());
    bench.scan(9.0, 0);
    assert_eq!(fate(&bench, 11.0, false), Some(Fate::Unknown));
}

#[test]
fn a_push_back_that_failed_is_not_that_of_a_job_which_had_left_its_thread() {
    let mut bench = killed(6.5);
    bench.signals.killed = false;
    bench.logs(6.0, "tid=m WARN: Failed to requeue 1 jobs: gone");
    assert_eq!(fate(&bench, 8.0, false), Some(Fate::Lost));
    let beat = 1_800_000_006.0;
    bench.fact(6.2, Fact::Missed { beat });
    assert_eq!(fate(&bench, 8.0, false), Some(Fate::Unknown));
}

#[test]
fn a_job_with_checkpoints_that_is_done_has_ended_only_where_redis_has_what_it_had() {
    let mut bench = Bench::of(checkpoints());
    bench.is_watched(0.0);
    bench.log_end(3.0, Told::Done, false);
    bench.is_nowhere(3.1);
    assert_eq!(fate(&bench, 4.0, true), None);
    assert_eq!(fate(&bench, 4.0, false), Some(Fate::Unknown));
    vouched(&mut bench, 4.5, 5.0);
    assert_eq!(fate(&bench, 5.1, true), Some(Fate::Finished));
    // It may have been flushed while it did not answer.
    bench.served = Served::default();
    bench.is_watched(2.5);
    assert_eq!(fate(&bench, 5.1, false), Some(Fate::Unknown));
}

#[test]
fn a_job_with_checkpoints_that_was_done_before_the_signal_broke_off_nowhere() {
    let mut bench = Bench::of(checkpoints());
    bench.log_end(-0.5, Told::Done, false);
    bench.is_nowhere(0.1);
    // Nothing tells that no other program had quieted its process.
    assert_eq!(fate(&bench, 1.0, false), Some(Fate::Unknown));
    let mark = bench.signals.mark.unwrap();
    let beat = Some(EPOCH - 0.1);
    bench.signals.mark = Some(Mark { beat, ..mark });
    assert_eq!(fate(&bench, 1.0, true), Some(Fate::Finished));
    let quiet = true;
    bench.signals.mark = Some(Mark {
        beat,
        quiet,
        ..mark
    });
    assert_eq!(fate(&bench, 1.0, false), Some(Fate::Unknown));
}

#[test]
fn a_job_with_checkpoints_that_is_done_too_late_may_go_on_elsewhere() {
    for (lineage, expected) in [(None, Fate::Finished), (checkpoints(), Fate::Unknown)] {
        let mut bench = Bench::of(lineage);
        bench.log_end(6.4, Told::Done, true);
        bench.exits(6.5, None);
        bench.is_nowhere(6.6);
        assert_eq!(fate(&bench, 20.0, false), Some(expected));
    }
}

#[test]
fn a_job_that_failed_stands_in_no_set_only_where_all_were_searched() {
    let searched = |searched_whole| {
        let mut bench = Bench::new();
        bench.log_end(3.0, Told::Failed, false);
        bench.locates(&answer(3.1, Place::Nowhere { searched_whole }));
        fate(&bench, 4.0, true)
    };
    assert_eq!(searched(true), Some(Fate::Finished));
    assert_eq!(searched(false), None);
}

#[test]
fn only_what_stands_in_its_queue_after_the_signal_is_back() {
    let in_queue = |asked: f64| {
        let mut bench = Bench::new();
        let name = "default".into();
        bench.locates(&answer(asked, Place::Queue { name }));
        bench.execution.back().is_some()
    };
    assert!(!in_queue(-0.5));
    assert!(in_queue(0.5));
}

#[test]
fn a_job_that_seemed_to_have_finished_and_stands_in_its_queue_is_judged_again() {
    let mut bench = Bench::new();
    bench.fact(
        3.0,
        Fact::Missed {
            beat: 1_800_000_002.0,
        },
    );
    bench.is_nowhere(3.1);
    let finished = bench.ruling(3.2, true).unwrap();
    assert_eq!(finished.fate, Fate::Finished);
    bench.execution.rule(finished);
    // It is asked for again after the exit alone.
    assert!(!bench.execution.is_to_be_confirmed(Some(at(3.0))));
    assert!(bench.execution.is_to_be_confirmed(Some(at(5.0))));
    let name = "default".into();
    bench.locates(&answer(5.1, Place::Queue { name }));
    assert_eq!(bench.execution.ruling(), None);
    assert_eq!(fate(&bench, 5.2, true), Some(Fate::PushedBack));
}

#[test]
fn a_job_was_interrupted_only_if_its_log_had_not_ended_it_in_time() {
    let mut bench = Bench::new();
    assert!(!bench.execution.was_interrupted(), "its log is not read");
    bench.fact(-2.0, Fact::LogStarted);
    assert!(bench.execution.was_interrupted());
    bench.log_end(3.0, Told::Done, false);
    assert!(!bench.execution.was_interrupted());
    bench.log_end(6.4, Told::Done, true);
    assert!(bench.execution.was_interrupted());
}

#[test]
fn a_cancellation_of_an_earlier_run_is_not_that_of_this_one() {
    let cancelled = |second: f64| {
        let mut bench = Bench::new();
        bench.logs(second, "tid=t1 class=Job jid=a INFO: Job cancelled");
        let fleet = bench.fleet.clone();
        bench.execution.hear_notices(&fleet, 100);
        let facts = bench.execution.evidence();
        facts
            .iter()
            .any(|known| known.fact == Fact::Noticed(Notice::Cancelled))
    };
    assert!(!cancelled(-60.0));
    assert!(cancelled(1.0));
}

#[test]
fn the_work_of_a_rescued_job_is_done_again() {
    let mut bench = Bench::new();
    let why = "pushed back".to_owned();
    let fate = Fate::Rescued;
    bench.fact(7.0, Fact::Settled { fate, why });
    let ruling = bench.ruling(7.0, false).unwrap();
    bench.execution.rule(ruling);
    let cost = bench.execution.cost(at(6.0)).unwrap();
    assert_eq!((cost.redone.as_secs(), cost.kept.as_secs()), (8, 0));
}

#[test]
fn nothing_is_interrupted_for_sure_until_a_second_before_the_timeout() {
    let bench = Bench::new();
    assert_eq!(bench.subject().safe_until(), Some(at(5.0)));
    assert_eq!(
        bench.execution.process(),
        &ProcessKey::Local(super::bench::OWN)
    );
}
