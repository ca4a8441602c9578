//! What is told of an exit: whether it left in order, and whether a KILL of the run was the cause.

use super::cases::{stuck, world};
use super::drive::{Drive, Sources};
use super::kills::with;
use super::world::at;
use crate::core::drain::{ActOutcome, Command, Effect, Event, Input, Policy, Record};
use crate::core::fleet::{ExitStatus, Observation};
use crate::core::sequence::Signal;

/// Whether a target left in order, and whether a KILL of the run was the cause.
fn how_it_ended(record: &Record) -> Option<(Option<bool>, Option<bool>)> {
    if let Event::Exited {
        clean,
        killed_by_us,
        ..
    } = record.event
    {
        return Some((clean, killed_by_us));
    }
    None
}

#[test]
fn an_exit_says_whether_a_kill_of_the_run_was_its_cause() {
    let ended = |sequence: &str, jobs| {
        let plan = with(Policy::Follow, sequence);
        let mut drive = Drive::new(world(2, jobs), plan, Sources::with_logs(), at(0.0));
        drive.command_at(at(0.0), Command::Automatic);
        drive.finish();
        drive.journal.iter().find_map(how_it_ended)
    };
    let killed = ended("tstp, 10, kill", vec![stuck("a")]);
    assert_eq!(killed, Some((Some(false), Some(true))));
    let stopped = ended("tstp, 10, term, 20, kill", Vec::new());
    assert_eq!(stopped, Some((Some(true), Some(false))));
}

/// What is told of an exit with this status that is seen before the outcome of a KILL: before that
/// outcome is heard, and then.
fn seen_before_the_outcome(status: ExitStatus) -> [Option<(Option<bool>, Option<bool>)>; 2] {
    let plan = with(Policy::Follow, "tstp, 10, kill");
    let jobs = vec![stuck("a")];
    let mut drive = Drive::new(world(25, jobs), plan, Sources::with_logs(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.until(at(9.9));
    let (mut run, mut fleet, now) = (drive.run.clone(), drive.fleet.clone(), at(10.5));
    let exits = |effects: &[Effect]| {
        let told = |effect: &Effect| {
            if let Effect::Note(record) = effect {
                how_it_ended(record)
            } else {
                None
            }
        };
        effects.iter().find_map(told)
    };
    let effects = run.handle(Input::Tick, &fleet, now);
    let mut acts = effects.iter();
    let (id, process) = acts
        .find_map(|effect| {
            if let Effect::Act(id, act) = effect {
                Some((*id, act.target.local().unwrap()))
            } else {
                None
            }
        })
        .unwrap();
    fleet.observe(Observation::Exited {
        process,
        at: now,
        status: Some(status),
    });
    let seen = run.handle(Input::Observed, &fleet, now);
    let heard = run.handle(Input::Outcome(id, ActOutcome::Sent), &fleet, now);
    [exits(&seen), exits(&heard)]
}

#[test]
fn an_exit_that_is_seen_before_the_outcome_of_a_kill_is_told_behind_it() {
    let killed = seen_before_the_outcome(ExitStatus::Signal(9));
    assert_eq!(killed, [None, Some((Some(false), Some(true)))]);
    // It had ended by itself when the KILL came.
    let left = seen_before_the_outcome(ExitStatus::Code(0));
    assert_eq!(left, [None, Some((Some(true), Some(false)))]);
}

#[test]
fn a_run_is_not_over_before_its_exits_are_told() {
    // Redis has lost what tells whether it left in order.
    let mut world = world(25, Vec::new());
    world.weather.empties.push((at(1.0), false));
    let plan = with(Policy::Follow, "tstp, 60, kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.until(at(1.5));
    let id = drive.run.ledger().targets()[0].key.local().unwrap();
    drive.world.signal(id, Signal::Kill, at(1.5));
    drive.finish();
    let told = drive.journal.iter().find_map(how_it_ended);
    assert_eq!(told, Some((None, Some(false))));
}
