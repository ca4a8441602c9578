//! The rescue at the end: what is searched for, what is pushed back, and what never is.

use std::time::Duration;

use super::cases::{V7, stated, stuck, world};
use super::drive::{Drive, Sources};
use super::world::{World, at, task};
use crate::core::drain::{
    Command, EffectId, Event, Fate, Guard, Input, Missing, Outcome, Phase, Plan, Policy,
    PushOutcome, RedisGone, Rescue, Trace,
};
use crate::core::sidekiq::{Temper, WorkerConfig};

pub(super) fn rescuing(sequence: &str) -> Plan {
    Plan {
        policy: Policy::Follow,
        guard: Guard {
            kill_extra: Duration::from_secs(10),
            rescue: true,
            redis_gone: RedisGone::Hold,
        },
        ..stated(sequence, 25)
    }
}

/// Drives until the search for missing jobs is asked for.
pub(super) fn searching(world: World, plan: Plan) -> (Drive, EffectId, Vec<Missing>) {
    searching_with(world, plan, Sources::with_logs())
}

fn searching_with(world: World, plan: Plan, sources: Sources) -> (Drive, EffectId, Vec<Missing>) {
    let mut drive = Drive::new(world, plan, sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    for second in 1..100_u32 {
        drive.until(at(f64::from(second)));
        if let Phase::Settling {
            rescue: Rescue::Searching { id },
            ..
        } = drive.run.phase()
        {
            let (id, missing) = (*id, drive.run.ledger().missing(&drive.fleet, drive.now));
            return (drive, id, missing);
        }
    }
    panic!("no search: {:?}", drive.run.phase());
}

fn answer(drive: &mut Drive, id: EffectId, missing: Vec<Missing>, trace: &Trace) {
    let traces = missing.into_iter().map(|missing| (missing, trace.clone()));
    drive.call(Input::Searched(id, traces.collect()));
}

fn nowhere() -> Trace {
    Trace::Nowhere("it died early".into())
}

/// The push under way, if there is one.
fn pushing(drive: &Drive) -> Option<(EffectId, String)> {
    if let Phase::Settling {
        rescue: Rescue::Pushing { id, push, .. },
        ..
    } = drive.run.phase()
    {
        return Some((*id, push.jid.clone()));
    }
    None
}

fn fate(drive: &Drive, jid: &str) -> (Fate, String) {
    let mut executions = drive.run.ledger().account().executions();
    let known = executions.find(|known| known.jid() == jid).unwrap();
    let ruling = known.ruling().unwrap();
    (ruling.fate, ruling.why.clone())
}

fn ends_in_finished(drive: &Drive) {
    let last = drive.journal.last().map(|record| &record.event);
    assert!(matches!(last, Some(Event::Finished { .. })), "{last:?}");
}

#[test]
fn what_is_nowhere_is_pushed_back_one_by_one() {
    let world = world(25, vec![stuck("a"), stuck("b")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    assert!(missing.iter().all(|missing| missing.doubt.is_none()));
    answer(&mut drive, id, missing, &nowhere());
    let (push, jid) = pushing(&drive).unwrap();
    assert_eq!(jid, "a");
    drive.call(Input::PushedBack(push, PushOutcome::Pushed));
    assert_eq!(drive.told("Job a: pushed back to the front of queue"), 1);
    let (push, jid) = pushing(&drive).unwrap();
    assert_eq!(jid, "b");
    drive.call(Input::PushedBack(push, PushOutcome::Already));
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
    assert_eq!(fate(&drive, "a").0, Fate::Rescued);
    assert_eq!(fate(&drive, "b").0, Fate::Rescued);
    ends_in_finished(&drive);
}

#[test]
fn what_is_not_proven_is_not_pushed() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    let open = Trace::Open("util2 may run it".into());
    answer(&mut drive, id, missing, &open);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
    let (fate, evidence) = fate(&drive, "a");
    assert_eq!(fate, Fate::Lost);
    assert!(
        evidence.ends_with("not pushed back: util2 may run it"),
        "{evidence}"
    );
}

#[test]
fn what_was_found_meanwhile_keeps_what_it_is() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    let found = Trace::Found(Fate::Retried, "among the retries".into());
    answer(&mut drive, id, missing, &found);
    assert_eq!(fate(&drive, "a").0, Fate::Retried);
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
}

#[test]
fn each_end_of_a_push_is_told_as_what_it_is() {
    for (end, expected, outcome) in [
        (
            PushOutcome::InQueue,
            Fate::PushedBack,
            Some(Outcome::Requeued),
        ),
        (
            PushOutcome::Refused("no".into()),
            Fate::Lost,
            Some(Outcome::Lost),
        ),
        (
            PushOutcome::Doubtful("no".into()),
            Fate::Unknown,
            Some(Outcome::Lost),
        ),
        (
            PushOutcome::Rehearsed,
            Fate::Rescued,
            Some(Outcome::Requeued),
        ),
    ] {
        let world = world(25, vec![stuck("a")]);
        let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
        answer(&mut drive, id, missing, &nowhere());
        let (push, _) = pushing(&drive).unwrap();
        drive.call(Input::PushedBack(push, end.clone()));
        assert_eq!(fate(&drive, "a").0, expected, "{end:?}");
        assert_eq!(drive.run.outcome(), outcome, "{end:?}");
    }
}

#[test]
fn an_abort_pushes_nothing_more() {
    let world = world(25, vec![stuck("a"), stuck("b")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    answer(&mut drive, id, missing, &nowhere());
    let (push, _) = pushing(&drive).unwrap();
    drive.call(Input::Command(Command::StopHere));
    assert!(!drive.run.phase().is_over(), "its outcome is awaited");
    drive.call(Input::PushedBack(push, PushOutcome::Pushed));
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
    assert_eq!(
        (fate(&drive, "a").0, fate(&drive, "b").0),
        (Fate::Rescued, Fate::Lost)
    );
    ends_in_finished(&drive);
}

#[test]
fn an_abort_that_hears_nothing_of_a_push_does_not_wait_long() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    answer(&mut drive, id, missing, &nowhere());
    drive.call(Input::Command(Command::StopHere));
    let stopped = drive.now;
    drive.finish();
    assert!(drive.now.since(stopped) < Duration::from_secs(1));
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
    assert_eq!(fate(&drive, "a").0, Fate::Unknown);
}

#[test]
fn an_abort_during_the_search_pushes_nothing() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    drive.call(Input::Command(Command::StopHere));
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
    answer(&mut drive, id, missing, &nowhere());
    assert_eq!(pushing(&drive), None);
    assert_eq!(fate(&drive, "a").0, Fate::Lost);
}

#[test]
fn a_search_that_never_ends_is_given_up() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
    assert_eq!(drive.told("the search did not end in time"), 1);
    answer(&mut drive, id, missing, &nowhere());
    assert_eq!(pushing(&drive), None);
}

#[test]
fn an_answer_of_another_question_pushes_nothing() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    answer(&mut drive, EffectId(id.0 + 1), missing, &nowhere());
    assert_eq!(pushing(&drive), None);
    assert_eq!(drive.told("not awaited any more"), 1);
}

/// A job that ended by itself after the last beat: its thread is gone before the KILL.
#[test]
fn fewer_threads_than_jobs_leave_it_open_which_of_them_ran() {
    let tasks = vec![stuck("a"), task("b", Some(7.0), Temper::Plain)];
    // It beats at 3 s and at 13 s; `b` ends at 5 s; an ended thread is named for 3 s more.
    let world = world(25, tasks);
    let plan = rescuing("tstp, 11, kill");
    let (mut drive, id, missing) = searching_with(world, plan, Sources::default());
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing.iter().all(|missing| missing.doubt.is_some()));
    answer(&mut drive, id, missing, &nowhere());
    assert_eq!(pushing(&drive), None);
    assert_eq!(drive.told("some had ended by themselves"), 2);
}

#[test]
fn a_kill_before_the_interrupt_rules_a_push_back_out() {
    let alone = world(6, vec![task("a", None, Temper::Plain)]);
    let (_, _, missing) = searching(alone, rescuing("tstp, 5, term, 2, kill"));
    assert!(missing[0].not_back.is_some());
}

#[test]
fn what_was_not_watched_all_the_time_is_not_ruled_out() {
    // It holds the interpreter: its push-back is due at 7 s, and does not come before the KILL.
    let held = || {
        let holds = Temper::HoldsInterpreter(Duration::from_secs(20));
        world(2, vec![task("a", None, holds)])
    };
    let nobody_else = |world: World, sources: Sources| {
        let plan = Plan {
            timeout: stated("term", 2).timeout,
            ..rescuing("tstp, 5, term, 7, kill")
        };
        let (_, _, missing) = searching_with(world, plan, sources);
        missing[0].not_back.is_some()
    };
    assert!(nobody_else(held(), Sources::default()));
    let blind = Sources {
        lost: Some((at(6.0), at(9.0))),
        ..Sources::default()
    };
    assert!(!nobody_else(held(), blind), "Redis was gone meanwhile");
    let mut in_part = held();
    in_part.searches_in_part = true;
    assert!(!nobody_else(in_part, Sources::default()));
    let mut two = held();
    two.add(
        WorkerConfig::new(V7, Duration::from_secs(25), 4),
        None,
        at(-9.0),
    );
    let ruled_out = nobody_else(two, Sources::default());
    assert!(!ruled_out, "another one serves its queue");
}

#[test]
fn the_outcome_of_another_push_is_not_that_of_this_one() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, id, missing) = searching(world, rescuing("tstp, 14, kill"));
    answer(&mut drive, id, missing, &nowhere());
    let (push, _) = pushing(&drive).unwrap();
    let other = EffectId(push.0 + 1);
    drive.call(Input::PushedBack(other, PushOutcome::Pushed));
    assert_eq!(pushing(&drive).map(|(id, _)| id), Some(push));
    assert_eq!(fate(&drive, "a").0, Fate::Lost);
}

#[test]
fn without_redis_nothing_is_searched_for() {
    // It is lost just after the job was found nowhere.
    let sources = Sources {
        look_takes: Duration::from_millis(500),
        answers_take: Some(Duration::from_millis(10)),
        lost: Some((at(14.505), at(900.0))),
        ..Sources::with_logs()
    };
    let world = world(25, vec![stuck("a")]);
    let mut drive = Drive::new(world, rescuing("tstp, 14, kill"), sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    let told = drive.told("nothing is pushed back: Redis cannot be asked");
    assert_eq!((told, drive.told("searching all queues")), (1, 0));
}

#[test]
fn without_being_asked_nothing_is_searched_for() {
    let mut plan = rescuing("tstp, 14, kill");
    plan.guard.rescue = false;
    let world = world(25, vec![stuck("a")]);
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
    assert_eq!(drive.told("provably nowhere"), 0);
    assert_eq!(drive.run.ledger().missing(&drive.fleet, drive.now).len(), 1);
}
