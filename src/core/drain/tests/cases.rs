//! Single drains, each with a point: endings, early ends, holds, aborts, a slept-through clock.

use std::time::Duration;

use super::drive::{Drive, Sources, plan};
use super::kills::fate;
use super::world::{World, at, task};
use crate::core::drain::{
    ActOutcome, Command, Early, EffectId, Fate, Hold, Input, Outcome, Phase, Plan, Policy,
};
use crate::core::sequence::{Signal, Timeout, Version};
use crate::core::sidekiq::{Task, Temper, WorkerConfig};

pub(super) const V7: Version = Version::new(7, 3, 9);

pub(super) fn config(timeout: u64, threads: usize) -> WorkerConfig {
    WorkerConfig::new(V7, Duration::from_secs(timeout), threads)
}

/// A local Sidekiq with these jobs since 2 s before the drain; beats at 3, 13, 23, … s.
pub(super) fn world(timeout: u64, tasks: Vec<Task>) -> World {
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    world.add(config(timeout, 4), Some(100), at(-7.0));
    world.step(at(-2.0));
    for task in tasks {
        assert_eq!(world.members[0].worker.give(task, at(-2.0)), None);
    }
    world
}

pub(super) fn stuck(jid: &str) -> Task {
    task(jid, None, Temper::Plain)
}

/// With `T` stated.
pub(super) fn stated(sequence: &str, timeout: u64) -> Plan {
    Plan {
        timeout: Some(Timeout::stated(Duration::from_secs(timeout), "a test")),
        ..plan(sequence)
    }
}

/// A drain that goes on by itself from second 0.
pub(super) fn begin(world: World, plan: Plan) -> Drive {
    begin_with(world, plan, Sources::default())
}

/// The same with other sources.
pub(super) fn begin_with(world: World, plan: Plan, sources: Sources) -> Drive {
    let mut drive = Drive::new(world, plan, sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive
}

pub(super) fn ends(mut drive: Drive) -> (Option<Outcome>, Vec<(u64, Signal)>) {
    drive.finish();
    (drive.run.outcome(), drive.signals())
}

#[test]
fn an_idle_one_is_down_at_once() {
    let drive = begin(world(25, vec![]), plan("tstp, 120, term, 30, kill"));
    let signals = vec![(0, Signal::Tstp), (3, Signal::Term)];
    assert_eq!(ends(drive), (Some(Outcome::Drained), signals));
}

#[test]
fn a_beat_proves_it_idle_where_threads_have_no_names() {
    let mut world = world(25, vec![]);
    world.members[0].named = false;
    let drive = begin(world, plan("tstp, 120, term, 30, kill"));
    // The beat at 3 s is 3 s later than TSTP.
    let signals = vec![(0, Signal::Tstp), (3, Signal::Term)];
    assert_eq!(ends(drive), (Some(Outcome::Drained), signals));
}

#[test]
fn early_never_waits_but_goes_with_the_last_exit() {
    let never = Plan {
        early: Early::Never,
        ..plan("tstp, 20, term, 30, kill")
    };
    let signals = vec![(0, Signal::Tstp), (20, Signal::Term)];
    assert_eq!(
        ends(begin(world(25, vec![]), never)),
        (Some(Outcome::Drained), signals)
    );
}

#[test]
fn after_term_nothing_ends_early_but_by_exits() {
    let sleepy = WorkerConfig {
        exit_takes: Duration::from_secs(9),
        ..config(25, 1)
    };
    let mut world = World::default();
    world.add(sleepy, Some(100), at(-7.0));
    let drive = begin(world, stated("tstp, 5, term, 30, kill", 25));
    let signals = vec![(0, Signal::Tstp), (3, Signal::Term)];
    assert_eq!(ends(drive), (Some(Outcome::Drained), signals));
}

#[test]
fn sequences_end_properly_whatever_they_lack() {
    let ended = |sequence| ends(begin(world(6, vec![stuck("a")]), stated(sequence, 6)));
    let (outcome, signals) = ended("tstp, 5, term");
    assert_eq!(outcome, Some(Outcome::Requeued));
    assert_eq!(signals, [(0, Signal::Tstp), (5, Signal::Term)]);

    let (outcome, signals) = ended("tstp, 5, kill");
    assert_eq!(outcome, Some(Outcome::Lost));
    assert_eq!(signals, [(0, Signal::Tstp), (5, Signal::Kill)]);

    let mut drive = begin(world(6, vec![stuck("a")]), stated("tstp", 6));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Alive));
    // That one thread is gone proves quiet long before the 20 s are over.
    assert!(drive.now < at(6.0), "{:?}", drive.now);
}

#[test]
fn alive_after_the_last_step_is_said() {
    let exits = WorkerConfig {
        exit_takes: Duration::from_secs(60),
        ..config(6, 1)
    };
    let mut world = World::default();
    world.add(exits, Some(100), at(-7.0));
    let mut drive = begin(world, stated("term", 6));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Alive));
    assert_eq!(drive.told("still alive: here:100"), 1);
}

#[test]
fn one_that_exits_while_the_account_is_made_is_not_alive() {
    let exits = WorkerConfig {
        exit_takes: Duration::from_secs(10),
        ..config(6, 1)
    };
    let mut world = World::default();
    world.add(exits, Some(100), at(-7.0));
    // It is given up at 11 s; the look that is asked for then takes until 12.5 s, and it exits at 12 s.
    let slow = Sources {
        look_takes: Duration::from_millis(1500),
        ..Sources::default()
    };
    let mut drive = begin_with(world, stated("term", 6), slow);
    drive.finish();
    assert_eq!(drive.told("still alive: here:100"), 1);
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
}

#[test]
fn an_idle_one_that_leaves_before_its_known_interrupt_is_drained() {
    let signals = vec![(0, Signal::Term)];
    let drive = begin(world(25, vec![]), stated("term, 30, kill", 25));
    assert_eq!(ends(drive), (Some(Outcome::Drained), signals));
    // An assumed timeout vouches for nothing; idle before TERM does.
    let drive = begin(world(25, vec![]), plan("tstp, 5, term, 30, kill"));
    assert_eq!(ends(drive).0, Some(Outcome::Drained));
}

#[test]
fn a_hold_freezes_the_rest_of_the_wait() {
    let mut drive = begin(world(6, vec![stuck("a")]), stated("tstp, 20, term", 6));
    drive.command_at(at(8.0), Command::Hold);
    drive.command_at(at(50.0), Command::GoOn);
    drive.until(at(61.9));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    let Phase::Waiting { since, until, .. } = *drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    assert_eq!(until.since(since), Duration::from_secs(20));
    drive.until(at(62.1));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (62, Signal::Term)]);
}

#[test]
fn longer_and_shorter_move_what_is_to_come_and_nothing_else() {
    let mut drive = begin(
        world(6, vec![stuck("a")]),
        stated("tstp, 20, term, 20, kill", 6),
    );
    drive.command_at(at(1.0), Command::Longer(Duration::from_secs(10)));
    drive.command_at(at(2.0), Command::Shorter(Duration::from_secs(25)));
    drive.until(at(7.5));
    // Time to think is left.
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (7, Signal::Term)]);
    let interrupt = drive.run.ledger().targets()[0].interrupt();
    drive.call(Input::Command(Command::Longer(Duration::from_secs(600))));
    assert_eq!(drive.run.ledger().targets()[0].interrupt(), interrupt);
    let Phase::Waiting { until, .. } = *drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    assert!(until > at(620.0));
    drive.call(Input::Command(Command::Longer(Duration::MAX)));
    drive.call(Input::Command(Command::Hold));
    drive.call(Input::Command(Command::Longer(Duration::MAX)));
}

#[test]
fn a_wait_counts_from_the_outcome_of_the_signal_before_it() {
    let slow = Sources {
        act_takes: Duration::from_secs(1),
        ..Sources::default()
    };
    let sequence = stated("tstp, 20, term", 6);
    let mut drive = Drive::new(world(6, vec![stuck("a")]), sequence, slow, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.signals(), [(2, Signal::Tstp), (24, Signal::Term)]);
}

#[test]
fn an_abort_reports_what_was_in_a_system_call_as_what_it_was() {
    let mut drive = Drive::new(
        world(6, vec![stuck("a")]),
        plan("tstp, 20, term"),
        Sources::default(),
        at(0.0),
    );
    drive.call(Input::Command(Command::Automatic));
    drive.call(Input::Command(Command::StopHere));
    drive.call(Input::Outcome(EffectId(1), ActOutcome::Sent));
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    let words = drive.run.ledger().targets()[0].epitaph(&|_| String::new());
    assert_eq!(words, "here:100 stays quiet until it is restarted");
}

#[test]
fn an_abort_without_any_outcome_ends_and_admits_it() {
    let mut drive = Drive::new(
        world(6, vec![stuck("a")]),
        stated("term, 20, kill", 6),
        Sources {
            act_takes: Duration::from_secs(9),
            ..Sources::default()
        },
        at(0.0),
    );
    drive.call(Input::Command(Command::Automatic));
    drive.call(Input::Command(Command::HangUp));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
    assert!(drive.now < at(1.5));
    assert_eq!(drive.told("it may have been sent"), 1);
    assert!(drive.run.ledger().targets()[0].stopped.is_some());
}

#[test]
fn a_machine_that_slept_looks_first_and_holds_before_kill() {
    let mut drive = begin(
        world(6, vec![stuck("a")]),
        stated("tstp, 20, term, 20, kill", 6),
    );
    drive.until(at(10.0));
    drive.sleep_until(at(300.0));
    drive.until(at(310.0));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (302, Signal::Term)]);

    let mut drive = begin(world(60, vec![stuck("a")]), stated("term, 20, kill", 60));
    drive.until(at(10.0));
    drive.sleep_until(at(30.0));
    drive.until(at(50.0));
    let Phase::Held { why, .. } = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    assert_eq!(*why, Hold::Late);
    assert_eq!(drive.signals(), [(0, Signal::Term)]);
}

#[test]
fn a_gate_or_a_last_wait_that_was_slept_through_decides_nothing() {
    let waits = Plan {
        policy: Policy::WaitForRequeue,
        ..stated("tstp, 5, kill", 6)
    };
    let mut drive = begin(world(6, vec![stuck("a")]), waits);
    drive.until(at(10.0));
    assert!(matches!(drive.run.phase(), Phase::Gated { .. }));
    drive.sleep_until(at(300.0));
    drive.until(at(310.0));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    let Phase::Held { why, .. } = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    assert_eq!(*why, Hold::Late);

    let mut drive = begin(world(6, vec![stuck("a")]), stated("term", 6));
    drive.until(at(3.0));
    drive.sleep_until(at(300.0));
    drive.call(Input::Tick);
    assert!(!drive.run.phase().is_over(), "it may have ended meanwhile");
    assert_eq!(ends(drive).0, Some(Outcome::Requeued));
}

#[test]
fn automatic_goes_on_from_a_hold_before_a_confirmation() {
    let mut drive = begin(world(6, vec![stuck("a")]), stated("tstp, 20, term", 6));
    drive.command_at(at(1.0), Command::Manual);
    drive.command_at(at(2.0), Command::Hold);
    drive.command_at(at(3.0), Command::Automatic);
    drive.command_at(at(4.0), Command::GoOn);
    drive.until(at(30.0));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (20, Signal::Term)]);
}

#[test]
fn nothing_is_waited_for_once_everything_has_exited() {
    let mut drive = begin(world(6, vec![]), stated("tstp, 20, term, 20, kill", 6));
    drive.until(at(1.0));
    drive.call(Input::Command(Command::Hold));
    let id = drive.run.ledger().targets()[0].key.local().unwrap();
    drive.world.signal(id, Signal::Term, at(1.0));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost), "not by our TERM");

    let mut drive = begin(world(6, vec![]), stated("tstp, 20, term", 6));
    drive.until(at(1.0));
    drive.call(Input::Command(Command::Manual));
    drive.world.signal(id, Signal::Term, at(1.0));
    drive.world.step(at(2.9));
    drive.now = at(2.9);
    let exited = drive.world.scan(at(2.9));
    drive
        .fleet
        .observe(crate::core::fleet::Observation::Host(exited));
    let go = Command::Go {
        step: 1,
        accepted: 0,
    };
    drive.call(Input::Command(go));
    drive.finish();
}

/// The other host's clock is late by less than what counts as another clock.
#[test]
fn an_iterable_job_that_runs_again_by_a_slow_clock_did_not_break_off() {
    let old = WorkerConfig {
        version: Version::new(6, 3, 1),
        ..config(1, 1)
    };
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    world.add(old.clone(), Some(100), at(-20.0));
    let other = world.add(old, None, at(-20.0));
    world.members[other].ahead = -0.8;
    world.step(at(-5.25));
    let iterates = Temper::Iterates(Duration::from_secs_f64(3.4));
    let job = task("a", None, iterates);
    assert_eq!(world.members[0].worker.give(job, at(-5.25)), None);
    let plan = plan("term, 13, kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.1), Command::Automatic);
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
}
