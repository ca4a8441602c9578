//! A run that is over and its lost jobs: what may still be asked and pushed, and what that changes.

use super::cases::{begin_with, stated, stuck, world};
use super::drive::{Drive, Sources};
use super::kills::fate;
use super::rescues::{rescuing, searching};
use crate::core::drain::{Command, Effect, Event, Fate, Input, Outcome, Phase, PushOutcome, Trace};

/// A drain that lost `a` and is over.
fn lost() -> Drive {
    let plan = stated("tstp, 14, kill", 25);
    let mut drive = begin_with(world(25, vec![stuck("a")]), plan, Sources::with_logs());
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
    drive
}

fn lost_jobs(drive: &Drive) -> u64 {
    let Phase::Over { jobs, .. } = *drive.run.phase() else {
        panic!("not over");
    };
    jobs.lost
}

#[test]
fn nothing_is_asked_before_it_is_over_and_a_stop_stays_one() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, _, missing) = searching(world, rescuing("tstp, 14, kill"));
    assert!(drive.run.ask_afterwards(&drive.fleet, drive.now).is_none());
    drive.call(Input::Command(Command::StopHere));
    assert!(drive.run.ask_afterwards(&drive.fleet, drive.now).is_some());
    let found = Trace::Found(Fate::Retried, "among the retries".into());
    let traces = missing.into_iter().map(|missing| (missing, found.clone()));
    let told = drive
        .run
        .found_afterwards(traces.collect(), &drive.fleet, drive.now);
    drop(told);
    assert_eq!(lost_jobs(&drive), 0);
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
}

#[test]
fn what_is_found_afterwards_is_counted_again() {
    let mut drive = lost();
    let missing = drive.run.ledger().missing(&drive.fleet, drive.now);
    let found = Trace::Found(Fate::Retried, "among the retries".into());
    let traces = missing.into_iter().map(|missing| (missing, found.clone()));
    let (pushes, _) = drive
        .run
        .found_afterwards(traces.collect(), &drive.fleet, drive.now);
    assert_eq!(pushes, []);
    assert_eq!(lost_jobs(&drive), 0);
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
}

#[test]
fn what_is_pushed_afterwards_is_counted_again_and_written_down() {
    let mut drive = lost();
    let missing = drive.run.ledger().missing(&drive.fleet, drive.now);
    let nowhere = Trace::Nowhere("it died early".into());
    let traces = missing
        .into_iter()
        .map(|missing| (missing, nowhere.clone()));
    let (pushes, _) = drive
        .run
        .found_afterwards(traces.collect(), &drive.fleet, drive.now);
    let [push] = pushes.as_slice() else {
        panic!("{pushes:?}");
    };
    let (_, effects) = drive.run.push_afterwards(push, &drive.fleet, drive.now);
    assert!(matches!(effects.last(), Some(Effect::PushBack(..))));
    let effects = drive
        .run
        .pushed_afterwards(push, &PushOutcome::Pushed, &drive.fleet, drive.now);
    let later = |effect: &Effect| matches!(effect, Effect::Note(record) if matches!(record.event, Event::FoundLater { .. }));
    assert!(effects.iter().any(later), "{effects:?}");
    assert_eq!(lost_jobs(&drive), 0);
    assert_eq!(fate(&drive, "a"), Some(Fate::Rescued));
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
}
