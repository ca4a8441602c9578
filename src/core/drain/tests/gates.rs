//! What a KILL waits for on the way: fresh evidence at its gate, and the exit that it brings.

use std::time::Duration;

use super::cases::{begin, begin_with, config, stuck, world};
use super::drive::Sources;
use super::kills::{lost, with};
use super::world::{World, at};
use crate::core::drain::{ActOutcome, Hold, Input, Phase, Policy};

#[test]
fn a_link_that_stands_without_a_fresh_look_is_blind() {
    let rarely = Sources {
        look_every: Duration::from_secs(600),
        ..Sources::default()
    };
    let plan = with(Policy::Ask, "tstp, 10, kill");
    let mut drive = begin_with(world(25, vec![stuck("a")]), plan, rarely);
    drive.until(at(10.1));
    let phase = drive.run.phase();
    assert!(
        matches!(
            phase,
            Phase::Held {
                why: Hold::Blind(_),
                ..
            }
        ),
        "{phase:?}"
    );
}

#[test]
fn the_wait_of_a_kill_is_not_longer_where_no_job_is_known_and_nothing_is_fresh() {
    // Its last beat, at 3 s, says that it is quiet and runs nothing.
    let mut world = World::default();
    let index = world.add(config(25, 1), Some(100), at(-7.0));
    world.members[index].named = false;
    let plan = with(Policy::WaitForRequeue, "tstp, 15, kill");
    let mut drive = begin_with(world, plan, lost(5.0, 99.0));
    drive.until(at(20.0));
    assert!(matches!(drive.run.phase(), Phase::Gated { .. }));
    drive.until(at(25.5));
    let phase = drive.run.phase();
    let is_blind = |why: &Hold| matches!(why, Hold::Blind(stake) if stake.count() == 0);
    assert!(
        matches!(phase, Phase::Held { why, .. } if is_blind(why)),
        "{phase:?}"
    );
}

#[test]
fn the_exit_that_the_last_kill_brings_is_waited_for() {
    let plan = with(Policy::Follow, "tstp, 5, kill");
    let mut drive = begin(world(25, vec![stuck("a")]), plan);
    drive.until(at(4.9));
    drive.now = at(5.1);
    drive.call(Input::Tick);
    let Phase::Performing(performing) = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    let kill = *performing.acts.keys().next().unwrap();
    drive.call(Input::Outcome(kill, ActOutcome::Sent));
    let phase = drive.run.phase();
    let is_waited_for = matches!(phase, Phase::Leaving { until } if *until == at(10.1));
    assert!(is_waited_for, "{phase:?}");
}
