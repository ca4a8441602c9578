//! Iterable jobs: they leave their thread by themselves once their process is quiet, so that a
//! falling busy count tells nothing of their end.

use std::time::Duration;

use super::cases::{config, stated, world};
use super::drive::{Drive, Sources};
use super::world::{World, at, task};
use crate::core::drain::{Command, Fate, Outcome};
use crate::core::sequence::Signal;
use crate::core::sidekiq::Temper;

const ITERATES: Temper = Temper::Iterates(Duration::from_secs(1));

/// A drain that begins at second 6, with the job `a` since second -2: a beat has shown it.
fn drained(mut world: World, another: bool) -> Drive {
    if another {
        // Its beats, at 6.5 and 16.5 s, are those that `a` can hide between.
        world.add(config(25, 4), None, at(-3.5));
    }
    let plan = stated("tstp, 60, term, 30, kill", 25);
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(6.0), Command::Automatic);
    drive
}

fn iterating(lasts: Option<f64>) -> World {
    world(25, vec![task("a", lasts, ITERATES)])
}

fn fate(drive: &Drive) -> (Fate, &str) {
    let tracked = &drive.run.account().jobs()[0];
    let (fate, evidence) = tracked.fate.as_ref().unwrap();
    (*fate, evidence)
}

#[test]
fn one_that_broke_off_stands_in_its_queue() {
    let mut drive = drained(iterating(None), false);
    drive.finish();
    assert_eq!(fate(&drive).0, Fate::PushedBack);
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
}

#[test]
fn one_that_goes_on_elsewhere_is_pushed_back() {
    let mut drive = drained(iterating(None), true);
    drive.finish();
    assert_eq!(fate(&drive).0, Fate::PushedBack);
}

#[test]
fn one_that_completed_elsewhere_unseen_is_finished_by_its_state() {
    let mut drive = drained(iterating(Some(9.1)), true);
    drive.finish();
    let finished = |member| drive.world.story(member, "a").finished;
    assert_eq!((finished(0), finished(1)), (0, 1));
    let (fate, evidence) = fate(&drive);
    assert_eq!(fate, Fate::Finished);
    assert!(evidence.contains("completed"), "{evidence}");
}

#[test]
fn one_that_died_with_the_process_that_took_it_up_is_not_finished() {
    let mut drive = drained(iterating(None), true);
    drive.until(at(8.0));
    assert_eq!(drive.world.story(1, "a").started, 1, "taken up");
    drive.world.members[1].worker.signal(Signal::Kill, at(8.0));
    drive.finish();
    let (fate, evidence) = fate(&drive);
    assert_eq!(fate, Fate::Unknown, "{evidence}");
    assert!(evidence.contains("has not ended"), "{evidence}");
}
