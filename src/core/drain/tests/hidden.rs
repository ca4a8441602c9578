//! Threads that hide a job: what is known of the job that one ran last says nothing of the next.

use super::cases::{config, stuck};
use super::drive::{Drive, Sources};
use super::kills::{fate, with};
use super::world::{World, at, task};
use crate::core::drain::{Command, Fate, Outcome, Policy};
use crate::core::sidekiq::Temper;
use std::time::Duration;

/// What a job without a name is told as.
const NAMELESS: &str = "a worker thread whose job no beat had shown";

#[test]
fn a_thread_whose_iterations_are_complete_may_have_taken_another() {
    // The beats come at 0 and 10 s: `a` is complete at 1 s, `b` on its thread until the KILL.
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-20.0));
    world.step(at(-8.0));
    let iterates = Temper::Iterates(Duration::from_secs(1));
    let given = world.members[0]
        .worker
        .give(task("a", Some(9.0), iterates), at(-8.0));
    assert_eq!(given, None);
    world.queue.push_front(stuck("b"));
    let plan = with(Policy::Follow, "kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(2.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["b"]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert_eq!(drive.told(NAMELESS), 1);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}
