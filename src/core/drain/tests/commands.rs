//! What the keys of an operator do to a run, and what no key does.

use std::time::Duration;

use super::cases::{begin, config, stated, stuck, world};
use super::drive::{Drive, Failure, Sources};
use super::kills::with;
use super::world::{World, at};
use crate::core::drain::{
    ActOutcome, Command, EffectId, Hold, Input, Outcome, Phase, Plan, Policy,
};
use crate::core::fleet::{Observation, ProcessKey};
use crate::core::sequence::Signal;

/// Every act takes a second to be done, and another one to tell its outcome.
fn slow() -> Sources {
    Sources {
        act_takes: Duration::from_secs(1),
        ..Sources::default()
    }
}

/// The act with this number is refused.
fn refusing(number: usize) -> Sources {
    Sources {
        failing: vec![(number, Failure::Refused)],
        ..Sources::default()
    }
}

/// Two Sidekiqs of this host, each with a job that never ends.
fn two() -> World {
    let mut world = world(25, vec![stuck("a")]);
    world.add(config(25, 4), Some(101), at(-7.0));
    assert_eq!(world.members[1].worker.give(stuck("b"), at(-2.0)), None);
    world
}

fn in_hand(world: World, plan: Plan, sources: Sources) -> Drive {
    Drive::new(world, plan, sources, at(0.0))
}

fn automatic(world: World, plan: Plan, sources: Sources) -> Drive {
    let mut drive = in_hand(world, plan, sources);
    drive.command_at(at(0.0), Command::Automatic);
    drive
}

fn is_held_for(drive: &Drive, wanted: fn(&Hold) -> bool) -> bool {
    matches!(drive.run.phase(), Phase::Held { why, .. } if wanted(why))
}

#[test]
fn a_hold_while_a_signal_is_on_its_way_stops_the_clock_behind_it() {
    let plan = stated("tstp, 5, term", 6);
    let mut drive = automatic(world(6, vec![stuck("a")]), plan, slow());
    drive.command_at(at(0.5), Command::Hold);
    drive.until(at(60.0));
    assert!(is_held_for(&drive, |why| matches!(why, Hold::Operator(_))));
    assert_eq!(drive.signals(), [(2, Signal::Tstp)]);
}

#[test]
fn a_confirmation_of_another_step_than_the_next_one_sends_nothing() {
    let plan = stated("tstp, 5, term, 5, kill", 6);
    let mut drive = in_hand(world(6, vec![stuck("a")]), plan, Sources::default());
    let go = |step| Command::Go { step, accepted: 99 };
    drive.command_at(at(1.0), go(1));
    drive.command_at(at(2.0), go(2));
    drive.command_at(at(3.0), go(0));
    drive.command_at(at(4.0), go(0));
    drive.command_at(at(5.0), go(2));
    drive.until(at(6.0));
    assert_eq!(drive.signals(), [(3, Signal::Tstp)]);
}

#[test]
fn a_wait_that_ran_out_in_hand_leaves_time_to_think() {
    let plan = stated("tstp, 5, term", 6);
    let mut drive = in_hand(world(6, vec![stuck("a")]), plan, Sources::default());
    let go = Command::Go {
        step: 0,
        accepted: 0,
    };
    drive.command_at(at(0.0), go);
    drive.command_at(at(60.0), Command::Automatic);
    drive.until(at(64.9));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    drive.until(at(65.1));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (65, Signal::Term)]);
}

#[test]
fn a_held_wait_is_made_shorter_down_to_time_to_think() {
    let plan = stated("tstp, 20, term", 6);
    let mut drive = begin(world(6, vec![stuck("a")]), plan);
    drive.command_at(at(1.0), Command::Hold);
    drive.command_at(at(2.0), Command::Shorter(Duration::from_secs(60)));
    drive.command_at(at(3.0), Command::GoOn);
    drive.until(at(7.9));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    drive.until(at(8.1));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (8, Signal::Term)]);
}

#[test]
fn a_kill_out_of_turn_does_not_overtake_a_signal_that_is_on_its_way() {
    let plan = stated("tstp, 20, term", 6);
    let mut drive = automatic(world(6, vec![stuck("a")]), plan, slow());
    let kill = Command::ForceKill {
        target: ProcessKey::Local(drive.run.ledger().targets()[0].key.local().unwrap()),
        accepted: 9,
    };
    drive.command_at(at(0.5), kill);
    drive.until(at(10.0));
    assert_eq!(drive.signals(), [(2, Signal::Tstp)]);
    assert_eq!(drive.told("not awaited"), 0);
}

#[test]
fn only_the_signal_that_failed_is_sent_again() {
    let mut drive = automatic(two(), stated("tstp, 20, term", 6), refusing(0));
    drive.command_at(at(3.0), Command::Retry);
    drive.until(at(5.0));
    let both = [(0, Signal::Tstp), (3, Signal::Tstp)];
    assert_eq!(drive.signals(), both);
}

#[test]
fn a_target_that_exits_before_its_failure_is_answered_holds_nothing() {
    let mut drive = in_hand(two(), stated("tstp, 20, term", 6), Sources::default());
    drive.call(Input::Command(Command::Automatic));
    let Phase::Performing(performing) = drive.run.phase() else {
        panic!("{:?}", drive.run.phase());
    };
    let acts: Vec<EffectId> = performing.acts.keys().copied().collect();
    let refused = ActOutcome::Failed {
        why: "no".into(),
        may_have_happened: false,
    };
    let process = drive.run.ledger().targets()[0].key.local().unwrap();
    drive.call(Input::Outcome(acts[0], refused));
    drive.world.signal(process, Signal::Kill, at(0.0));
    drive.world.step(at(0.5));
    drive.now = at(0.5);
    drive.fleet.observe(Observation::Exited {
        process,
        at: at(0.5),
        status: None,
    });
    drive.call(Input::Observed);
    drive.call(Input::Outcome(acts[1], ActOutcome::Sent));
    let phase = drive.run.phase();
    assert!(matches!(phase, Phase::Waiting { next: 1, .. }), "{phase:?}");
}

#[test]
fn a_target_that_exits_before_it_is_left_out_counts_as_exited() {
    let mut drive = automatic(two(), stated("tstp, 5, kill", 25), refusing(0));
    drive.until(at(1.0));
    let first = drive.run.ledger().targets()[0].key.local().unwrap();
    drive.world.signal(first, Signal::Kill, at(1.0));
    drive.until(at(3.0));
    assert!(is_held_for(&drive, |why| matches!(why, Hold::Failed(_))));
    drive.call(Input::Command(Command::LeaveOut));
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

#[test]
fn a_kill_that_failed_is_not_tried_again_where_more_is_at_stake() {
    // It beats at -1 s, which shows the job, and at 9 s, which no look reads. Threads are counted at
    // 9 s, 18 s and 27 s: only a fresh count tells that no job runs unseen.
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    world.add(config(25, 4), Some(100), at(-11.0));
    world.step(at(-2.0));
    assert_eq!(world.members[0].worker.give(stuck("a"), at(-2.0)), None);
    let sources = Sources {
        look_every: Duration::from_secs(600),
        scan_every: Duration::from_secs(9),
        ..refusing(1)
    };
    let plan = with(Policy::Follow, "tstp, 9, kill");
    let mut drive = in_hand(world, plan, sources);
    drive.command_at(at(0.4), Command::Automatic);
    drive.command_at(at(14.0), Command::Retry);
    drive.until(at(17.0));
    assert_eq!(drive.told("KILL was not sent again: more is at stake"), 1);
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    drive.command_at(at(18.5), Command::Retry);
    drive.until(at(19.0));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (18, Signal::Kill)]);
}
