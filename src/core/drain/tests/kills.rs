//! Single drains about KILL, failures and the fates of jobs.

use std::time::Duration;

use super::cases::{V7, begin, begin_with, config, ends, stated, stuck, world};
use super::drive::{Drive, Failure, Sources, plan};
use super::world::{World, at, task};
use crate::core::drain::{
    ActOutcome, Command, EffectId, Event, Fate, Guard, Hold, Input, Outcome, Phase, Plan, Policy,
    RedisGone, Stake,
};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::{Signal, Version};
use crate::core::sidekiq::{Temper, WorkerConfig};

pub(super) fn lost(from: f64, to: f64) -> Sources {
    Sources {
        lost: Some((at(from), at(to))),
        ..Sources::default()
    }
}

pub(super) fn with(policy: Policy, sequence: &str) -> Plan {
    Plan {
        policy,
        guard: Guard {
            kill_extra: Duration::from_secs(10),
            rescue: false,
            redis_gone: RedisGone::Hold,
        },
        ..stated(sequence, 25)
    }
}

pub(super) fn fate(drive: &Drive, jid: &str) -> Option<Fate> {
    let mut executions = drive.run.ledger().account().executions();
    executions.find(|known| known.jid() == jid)?.fate()
}

#[test]
fn follow_kills_on_time_and_says_that_it_was_blind() {
    let plan = with(Policy::Follow, "tstp, 10, kill");
    let mut drive = Drive::new(world(25, vec![stuck("a")]), plan, lost(2.0, 60.0), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (10, Signal::Kill)]);
    assert_eq!(drive.told("KILL sent to here:100, blind"), 1);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

#[test]
fn blind_the_other_policies_hold() {
    let held = |policy, until| {
        let plan = with(policy, "tstp, 10, kill");
        let mut drive = Drive::new(world(25, vec![stuck("a")]), plan, lost(2.0, 99.0), at(0.0));
        drive.command_at(at(0.0), Command::Automatic);
        drive.until(at(until));
        assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
        let Phase::Held { why, since, .. } = drive.run.phase() else {
            panic!("{:?}", drive.run.phase());
        };
        (why.clone(), *since)
    };
    let blind = |(why, since): (Hold, Moment), second: f64| {
        assert!(matches!(why, Hold::Blind(_)), "{why:?}");
        assert!(since >= at(second) && since < at(second + 0.5));
    };
    blind(held(Policy::Ask, 15.0), 10.0);
    blind(held(Policy::WaitForRequeue, 25.0), 20.0);
}

#[test]
fn ask_asks_in_numbers_and_takes_only_enough_as_an_answer() {
    let mut drive = begin_with(
        world(25, vec![stuck("a")]),
        with(Policy::Ask, "tstp, 8, kill"),
        Sources::with_logs(),
    );
    drive.until(at(9.0));
    let Phase::Held { why, .. } = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    let Hold::Question(Stake { running, .. }) = why else {
        panic!("{why:?}");
    };
    assert_eq!(running, &["a"]);
    let go = |accepted| Input::Command(Command::Go { step: 1, accepted });
    drive.call(go(0));
    assert_eq!(drive.run.phase().next_step(), Some(1));
    drive.call(go(1));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
    assert_eq!(fate(&drive, "a"), Some(Fate::Lost));
    let staked = drive.journal.iter().any(|record| {
        matches!(
            record.event,
            Event::SignalSent {
                at_stake: Some(1),
                blind: Some(false),
                ..
            }
        )
    });
    assert!(staked, "what was at stake is in the record");
}

#[test]
fn the_gate_opens_as_soon_as_the_jobs_are_back() {
    let swallows = task("a", None, Temper::SwallowsShutdown);
    let plan = Plan {
        timeout: stated("term", 6).timeout,
        ..with(Policy::WaitForRequeue, "term, 4, kill")
    };
    let drive = begin(world(6, vec![swallows]), plan);
    // Pushed back at 5.5 s, asked once a second.
    let (outcome, signals) = ends(drive);
    assert_eq!(outcome, Some(Outcome::Requeued));
    assert_eq!(signals[0], (0, Signal::Term));
    assert!(signals[1].0 == 5 || signals[1].0 == 6, "{signals:?}");
}

#[test]
fn a_job_that_is_back_and_taken_by_another_is_not_at_stake_and_not_lost() {
    let mut world = world(6, vec![stuck("a")]);
    let other = WorkerConfig {
        first_beat: Duration::from_secs(4),
        ..config(25, 1)
    };
    world.add(other, None, at(-7.0));
    let mut drive = begin(world, stated("tstp, 5, term, 20, kill", 6));
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
}

#[test]
fn a_job_that_runs_again_on_the_same_process_has_its_fate_before_it() {
    let fails = task("a", Some(8.0), Temper::Fails);
    let mut drive = Drive::new(
        world(25, vec![fails]),
        stated("tstp, 8, kill", 25),
        Sources::with_logs(),
        at(0.0),
    );
    drive.until(at(15.0));
    assert_eq!(fate(&drive, "a"), Some(Fate::Retried));
    drive.world.retry.clear();
    drive.world.queue.push_back(stuck("a"));
    drive.until(at(25.0));
    assert_eq!(fate(&drive, "a"), None, "it runs again");
    drive.call(Input::Command(Command::Automatic));
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Lost));
}

#[test]
fn a_fate_waits_for_the_beats_of_others_even_while_the_run_goes_on() {
    let mut world = world(6, vec![task("a", None, Temper::Plain)]);
    world.add(config(60, 1), Some(101), at(-7.0));
    assert_eq!(world.members[1].worker.give(stuck("b"), at(-2.0)), None);
    let other = WorkerConfig {
        first_beat: Duration::from_secs(5),
        ..config(25, 1)
    };
    let other = world.add(other, None, at(-7.0));
    let mut drive = begin(world, stated("term, 40, kill", 6));
    // Pushed back at 5.5 s and taken at once; the other one beats at 8 s.
    drive.until(at(7.5));
    assert!(drive.run.ledger().targets()[0].exited());
    assert_eq!(fate(&drive, "a"), None, "the other one has not beaten yet");
    assert_eq!(drive.world.members[other].worker.running().count(), 1);
    drive.until(at(10.0));
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
}

#[test]
fn a_job_that_left_in_order_before_its_known_interrupt_is_finished() {
    let ends_in_time = || vec![task("a", Some(12.0), Temper::Plain)];
    let mut drive = begin(world(25, ends_in_time()), stated("term, 30, kill", 25));
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
    // The same with nothing but an assumption.
    let mut drive = begin(world(25, ends_in_time()), plan("term, 30, kill"));
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
}

#[test]
fn failures_hold_and_are_retried_or_left_out_by_name() {
    let sources = || Sources {
        failing: vec![(0, Failure::Refused)],
        ..Sources::default()
    };
    let failing = || {
        let world = world(6, vec![stuck("a")]);
        let mut drive = Drive::new(world, stated("tstp, 5, term", 6), sources(), at(0.0));
        drive.command_at(at(0.0), Command::Automatic);
        drive.until(at(2.0));
        assert!(matches!(
            drive.run.phase(),
            Phase::Held {
                why: Hold::Failed(_),
                ..
            }
        ));
        drive.call(Input::Command(Command::GoOn));
        assert!(matches!(drive.run.phase(), Phase::Held { .. }));
        drive
    };
    let mut drive = failing();
    drive.command_at(at(3.0), Command::Retry);
    drive.finish();
    assert_eq!(drive.signals(), [(3, Signal::Tstp), (8, Signal::Term)]);
    let mut drive = failing();
    drive.command_at(at(3.0), Command::LeaveOut);
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Alive));
    assert_eq!(drive.signals(), []);
}

#[test]
fn a_kill_out_of_turn_that_fails_holds_and_one_that_does_not_goes_back() {
    let id =
        |drive: &Drive| ProcessKey::Local(drive.run.ledger().targets()[0].key.local().unwrap());
    let kill = |drive: &Drive, accepted| {
        Input::Command(Command::ForceKill {
            target: id(drive),
            accepted,
        })
    };
    let mut drive = begin(world(6, vec![stuck("a")]), stated("tstp, 20, term", 6));
    drive.until(at(5.0));
    drive.call(kill(&drive, 0));
    assert_eq!(drive.told("more is at stake"), 1);
    drive.call(kill(&drive, 9));
    let refused = ActOutcome::Failed {
        why: "no".into(),
        may_have_happened: false,
    };
    drive.call(Input::Outcome(EffectId(99), refused.clone()));
    assert_eq!(drive.told("not awaited"), 1);
    let Phase::Performing(performing) = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    let awaited = *performing.acts.keys().next().unwrap();
    drive.call(Input::Outcome(awaited, refused));
    assert!(matches!(
        drive.run.phase(),
        Phase::Held {
            why: Hold::Failed(_),
            ..
        }
    ));
    drive.call(Input::Command(Command::GoOn));
    drive.call(kill(&drive, 9));
    drive.call(Input::Command(Command::Manual));
    let Phase::Performing(performing) = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    let awaited = *performing.acts.keys().next().unwrap();
    drive.call(Input::Outcome(awaited, ActOutcome::Sent));
    assert!(matches!(drive.run.phase(), Phase::Ready { next: 1, .. }));
}

/// Job `a` is interrupted at 1.5 s, taken up elsewhere at once and finished there between two
/// beats of that one; meanwhile a beat at 3 s gone from the next heartbeat, as `b` keeps its process alive.
fn interrupted_and_finished_elsewhere(failing: Vec<(usize, Failure)>) -> Drive {
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    let old = Version::new(6, 4, 1);
    world.add(
        WorkerConfig::new(old, Duration::from_secs(2), 2),
        Some(100),
        at(-7.0),
    );
    world.add(config(25, 2), None, at(-9.5));
    world.step(at(-6.9));
    let tasks = [
        task("a", Some(8.5), Temper::Plain),
        task("b", None, Temper::SwallowsShutdown),
    ];
    for task in tasks {
        assert_eq!(world.members[0].worker.give(task, at(-6.9)), None);
    }
    let sources = Sources {
        // Too slow to see it in its queue.
        look_takes: Duration::from_millis(300),
        failing,
        ..Sources::default()
    };
    let mut drive = Drive::new(world, stated("term, 60, kill", 2), sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive
}

#[test]
fn a_beat_after_the_interrupt_proves_no_end() {
    let mut drive = interrupted_and_finished_elsewhere(vec![]);
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
    assert_eq!(fate(&drive, "b"), Some(Fate::PushedBack));
}

#[test]
fn a_failure_that_may_have_happened_vouches_for_nothing() {
    let mut drive = interrupted_and_finished_elsewhere(vec![(0, Failure::UnknownSent)]);
    drive.until(at(40.0));
    assert_ne!(fate(&drive, "a"), Some(Fate::Finished));
}

#[test]
fn an_unknown_answer_is_recorded_and_changes_nothing() {
    let mut drive = begin(world(6, vec![stuck("a")]), stated("tstp, 20, term", 6));
    drive.until(at(5.0));
    let place = crate::core::fleet::Place::Queue {
        name: "default".into(),
    };
    let located = crate::core::fleet::Located {
        jid: "a".into(),
        place,
        asked: at(5.0),
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    };
    drive.call(Input::Answer(EffectId(77), vec![located]));
    assert!(
        drive
            .run
            .ledger()
            .account()
            .executions()
            .all(|known| known.place().is_none())
    );
    assert_eq!(drive.told("not awaited any more"), 1);
}

#[test]
fn threads_that_died_lingering_prove_no_quiet() {
    // Five names for four threads when the signal leaves; four later: nothing has ended.
    let drive = begin(world(6, vec![]), plan("tstp, 20, term"));
    let mut process = drive.fleet.processes.values().next().unwrap().clone();
    let local = process.local.as_mut().unwrap();
    let mut threads = local.threads.unwrap();
    threads.processors = 5;
    local.threads = Some(threads);
    let mark = process.mark(at(0.0));
    threads.processors = 4;
    threads.at = at(1.0);
    process.local.as_mut().unwrap().threads = Some(threads);
    let quiet = Fleet::default().proof_of_quiet(&process, &mark, at(1.0));
    assert_eq!(quiet, None);
    assert_eq!(process.version(), Some(V7));
}
