//! The gate before the first TERM: Redis does not answer, and a push-back needs it.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | no TERM by itself while Redis is silent and jobs run | `term_may_go` gives `true` | `a_drain_without_a_screen_waits_60_s…`, and the law in storms |
//! | the wait has an end | `await_redis` leaves `until` out | the same |
//! | it ends as soon as Redis answers | `stranded` leaves the link out | `the_wait_is_over_as_soon_as_redis_answers` |
//! | no known job, no wait | `stranded` counts what is finished | `without_a_known_job_nothing_is_waited_for` |
//! | the operator's own TERM goes | `Wish::Confirmed` falls through | `the_operator_may_send_it_all_the_same` |

use super::cases::{begin_with, stated, stuck, world};
use super::drive::{Drive, Sources};
use super::world::{at, task};
use crate::core::drain::{Command, Guard, Hold, Mode, Phase, Plan, Policy, RedisGone};
use crate::core::outlook::{Becomes, Given, Obstacle, Reason, Verdict};
use crate::core::sequence::Signal;
use crate::core::sidekiq::{Task, Temper};

const SEQUENCE: &str = "tstp, 10, term, 30, kill";

fn with(redis_gone: RedisGone, sequence: &str) -> Plan {
    let plan = stated(sequence, 5);
    Plan {
        policy: Policy::WaitForRequeue,
        guard: Guard {
            redis_gone,
            ..plan.guard
        },
        ..plan
    }
}

/// A drain during which Redis is silent from second `from` to second `to`.
fn silent(redis_gone: RedisGone, job: Task, (from, to): (f64, f64)) -> Drive {
    let sources = Sources {
        lost: Some((at(from), at(to))),
        ..Sources::with_logs()
    };
    begin_with(world(5, vec![job]), with(redis_gone, SEQUENCE), sources)
}

fn sent(drive: &Drive, wanted: Signal) -> Option<u64> {
    let signals = drive.signals();
    let found = signals.iter().find(|(_, signal)| *signal == wanted);
    found.map(|(second, _)| *second)
}

#[test]
fn a_drain_without_a_screen_waits_60_s_and_goes() {
    let mut drive = silent(RedisGone::Hold, stuck("a"), (4.5, 500.0));
    drive.until(at(40.0));
    assert!(matches!(drive.run.phase(), Phase::Gated { .. }));
    assert_eq!(
        drive.told("TERM is due and Redis does not answer: 1 job runs"),
        1
    );
    drive.until(at(200.0));
    assert_eq!(sent(&drive, Signal::Term), Some(70));
    assert_eq!(drive.told("it goes anyway (--redis-gone)"), 1);
    assert_eq!(
        drive.told("going on"),
        1,
        "both ends of the hold are recorded"
    );
}

#[test]
fn the_wait_is_over_as_soon_as_redis_answers() {
    for redis_gone in [RedisGone::Hold, RedisGone::Ask] {
        let mut drive = silent(redis_gone, stuck("a"), (4.5, 30.0));
        drive.finish();
        let term = sent(&drive, Signal::Term);
        assert!(
            term.is_some_and(|term| (30..33).contains(&term)),
            "{redis_gone}: {term:?}"
        );
        assert_eq!(drive.told("going on"), 1);
    }
}

#[test]
fn told_to_go_it_goes_on_time_and_writes_down_that_redis_was_silent() {
    let mut drive = silent(RedisGone::Go, stuck("a"), (4.5, 500.0));
    drive.until(at(30.0));
    assert_eq!(sent(&drive, Signal::Term), Some(10));
    assert_eq!(drive.told("it goes anyway (--redis-gone)"), 1);
}

#[test]
fn a_first_term_without_a_quiet_wait_is_held_as_well() {
    let sources = Sources {
        lost: Some((at(4.5), at(500.0))),
        ..Sources::default()
    };
    let plan = with(RedisGone::Hold, "term, 30, kill");
    let mut drive = Drive::new(world(5, vec![stuck("a")]), plan, sources, at(0.0));
    drive.command_at(at(5.0), Command::Automatic);
    drive.until(at(30.0));
    assert!(drive.signals().is_empty());
    drive.until(at(70.0));
    assert_eq!(sent(&drive, Signal::Term), Some(65));
}

#[test]
fn without_a_known_job_nothing_is_waited_for() {
    // Its log says that the only known job has ended, though no look can show it.
    let short = task("a", Some(6.0), Temper::Plain);
    let mut drive = silent(RedisGone::Hold, short, (4.5, 500.0));
    drive.until(at(30.0));
    let term = sent(&drive, Signal::Term);
    assert!(term.is_some_and(|term| term <= 10), "{term:?}");
    assert_eq!(drive.told("Redis does not answer"), 0);
}

#[test]
fn with_a_screen_it_asks_and_waits_without_an_end() {
    let mut drive = silent(RedisGone::Ask, stuck("a"), (4.5, 900.0));
    drive.until(at(300.0));
    let Phase::Held { why, since, .. } = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    assert_eq!(*why, Hold::Redis(Signal::Term, 1));
    assert_eq!(since.since(at(0.0)).as_secs(), 10);
    assert_eq!(drive.told("held"), 1, "it asks once");
}

#[test]
fn the_operator_may_send_it_all_the_same() {
    let mut drive = silent(RedisGone::Ask, stuck("a"), (4.5, 900.0));
    let (step, accepted) = (1, 0);
    drive.command_at(at(25.0), Command::Go { step, accepted });
    drive.until(at(26.0));
    assert_eq!(sent(&drive, Signal::Term), Some(25));
    // By hand nothing is held: each step is the operator's own.
    let mut drive = silent(RedisGone::Ask, stuck("a"), (4.5, 900.0));
    drive.command_at(at(5.0), Command::Manual);
    drive.command_at(at(25.0), Command::Go { step, accepted });
    drive.until(at(26.0));
    assert_eq!(drive.run.mode(), Mode::Manual);
    assert_eq!(sent(&drive, Signal::Term), Some(25));
}

#[test]
fn what_is_foretold_without_redis_follows_the_choice() {
    let said = |redis_gone, when| {
        let mut drive = silent(redis_gone, stuck("a"), (4.5, 900.0));
        drive.until(at(when));
        let key = drive.run.ledger().targets()[0].key.clone();
        let outlook = super::foretold::process(&drive, &key);
        let job = drive.fleet.processes[&key].jobs[0].clone();
        let job = outlook.job(&crate::core::fleet::Job {
            started: Some(at(-3600.0)),
            ..job
        });
        // It supposes no key: TERM goes by itself once Redis answers.
        assert_eq!(outlook.given(), Given::Untouched);
        let interrupt = outlook.interrupt().map(|left| left.as_secs());
        (job.becomes, job.word(), interrupt)
    };
    let unknown = Becomes::Expected(Verdict::Unknown);
    for when in [8.0, 100.0] {
        assert_eq!(said(RedisGone::Ask, when), (unknown, "runs on", None));
    }
    for (redis_gone, when, left) in [
        (RedisGone::Go, 8.0, 7),
        (RedisGone::Hold, 8.0, 67),
        (RedisGone::Hold, 20.0, 55),
    ] {
        let promised = (unknown, "may be lost", Some(left));
        assert_eq!(said(redis_gone, when), promised, "{redis_gone} at {when} s");
    }
}

/// KILL waits for the push-back, and Redis falls silent meanwhile: it does not go blind, and none
/// is foretold.
#[test]
fn a_kill_that_waits_for_the_push_back_does_not_go_blind() {
    let sources = Sources {
        lost: Some((at(12.0), at(900.0))),
        ..Sources::with_logs()
    };
    let plan = stated("tstp, 5, term, 4, kill", 60);
    let plan = Plan {
        policy: Policy::WaitForRequeue,
        guard: Guard {
            kill_extra: std::time::Duration::from_secs(20),
            ..plan.guard
        },
        ..plan
    };
    let mut drive = begin_with(world(60, vec![stuck("a")]), plan, sources);
    let mut kill = |when| {
        drive.until(at(when));
        let key = drive.run.ledger().targets()[0].key.clone();
        let kill = super::foretold::process(&drive, &key).kill();
        let gated = matches!(drive.run.phase(), Phase::Gated { .. });
        (gated, kill.map(|left| left.as_secs()))
    };
    assert_eq!(kill(11.0), (true, Some(18)));
    assert_eq!(kill(15.0), (true, None));
    assert_eq!(kill(64.0), (false, None));
    let held = matches!(
        drive.run.phase(),
        Phase::Held {
            why: Hold::Blind(_),
            ..
        }
    );
    assert!(held, "{:?}", drive.run.phase());
    drive.until(at(300.0));
    assert_eq!(sent(&drive, Signal::Kill), None);
}

#[test]
fn a_push_back_that_is_overdue_without_redis_may_have_failed() {
    let swallows = task("a", None, Temper::SwallowsShutdown);
    let mut drive = silent(RedisGone::Go, swallows, (12.0, 900.0));
    drive.until(at(16.0));
    let key = drive.run.ledger().targets()[0].key.clone();
    let outlook = super::foretold::process(&drive, &key);
    let said = outlook.job(&drive.fleet.processes[&key].jobs[0]);
    let why = Reason::CannotPushBack(Obstacle::RedisSilent);
    assert_eq!((said.becomes, said.reason), (Becomes::Overdue, why));
}
