//! Single drains, each with a point.

use std::time::Duration;

use super::drive::{Drive, Sources, plan};
use super::world::{World, at};
use crate::core::drain::{Command, Outcome};
use crate::core::sequence::{Signal, Version};
use crate::core::sidekiq::Config;

const V7: Version = Version::new(7, 3, 9);

fn config(timeout: u64, threads: usize) -> Config {
    Config::new(V7, Duration::from_secs(timeout), threads)
}

#[test]
fn an_idle_one_is_down_at_once() {
    let mut world = World::default();
    world.add(config(25, 5), Some(100), at(-7.0));
    let mut drive = Drive::new(
        world,
        plan("tstp, 120, term, 30, kill"),
        Sources::default(),
        at(0.0),
    );
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (3, Signal::Term)]);
}
