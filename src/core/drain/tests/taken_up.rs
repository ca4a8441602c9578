//! A run that goes on in another drainboard: what it does about the time in which nobody drove it.

use super::cases::{begin, stated, stuck, world};
use super::drive::{Drive, Sources};
use super::kills::with;
use super::rescues::{rescuing, searching};
use super::world::at;
use crate::core::drain::{
    Ask, Command, Effect, Hold, Input, Outcome, Phase, Plan, Policy, RedisGone, Rescue,
};
use crate::core::sequence::Signal;

/// Goes on with the run at `second`; nothing was looked at since.
fn takes_up(drive: &mut Drive, second: f64) -> Vec<Effect> {
    drive.sleep_until(at(second));
    drive.run.take_up("ann", &drive.fleet, drive.now)
}

fn is_held_late(drive: &Drive) -> bool {
    matches!(
        drive.run.phase(),
        Phase::Held {
            why: Hold::Late,
            ..
        }
    )
}

#[test]
fn a_kill_that_came_due_meanwhile_waits_for_the_operator() {
    let mut drive = begin(world(60, vec![stuck("a")]), stated("term, 20, kill", 60));
    drive.until(at(10.0));
    // So little too late that the clock alone would not tell.
    let effects = takes_up(&mut drive, 21.0);
    assert!(is_held_late(&drive), "{:?}", drive.run.phase());
    let looks = |effect: &Effect| matches!(effect, Effect::Ask(_, Ask::LookNow));
    assert!(effects.iter().any(looks), "{effects:?}");
    drive.until(at(60.0));
    assert_eq!(drive.signals(), [(0, Signal::Term)]);
}

#[test]
fn the_wait_of_a_kill_for_its_jobs_that_ended_meanwhile_waits_for_the_operator() {
    let plan = Plan {
        policy: Policy::WaitForRequeue,
        ..with(Policy::WaitForRequeue, "tstp, 8, kill")
    };
    let mut drive = begin(world(25, vec![stuck("a")]), plan);
    drive.until(at(10.0));
    assert!(matches!(drive.run.phase(), Phase::Gated { .. }));
    drop(takes_up(&mut drive, 19.0));
    assert!(is_held_late(&drive), "{:?}", drive.run.phase());
    drive.until(at(60.0));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
}

#[test]
fn a_signal_that_came_due_meanwhile_goes_after_a_fresh_look() {
    let mut drive = begin(world(60, vec![stuck("a")]), stated("tstp, 20, term", 60));
    drive.until(at(10.0));
    drop(takes_up(&mut drive, 21.0));
    drive.call(Input::Tick);
    drive.until(at(22.9));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    drive.until(at(23.1));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (23, Signal::Term)]);
}

#[test]
fn a_term_that_waited_for_redis_meanwhile_is_no_late_kill() {
    let mut plan = stated("tstp, 10, term", 60);
    plan.guard.redis_gone = RedisGone::Hold;
    let sources = Sources {
        lost: Some((at(4.5), at(900.0))),
        ..Sources::default()
    };
    let mut drive = Drive::new(world(60, vec![stuck("a")]), plan, sources, at(0.0));
    drive.call(Input::Command(Command::Automatic));
    drive.until(at(20.0));
    assert!(matches!(drive.run.phase(), Phase::Gated { .. }));
    drop(takes_up(&mut drive, 80.0));
    assert!(!is_held_late(&drive), "{:?}", drive.run.phase());
    drive.until(at(81.9));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    drive.until(at(84.0));
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (82, Signal::Term)]);
}

#[test]
fn a_search_whose_answer_went_to_the_other_one_begins_anew() {
    let world = world(25, vec![stuck("a")]);
    let (mut drive, before, _) = searching(world, rescuing("tstp, 14, kill"));
    let second = drive.now.since(at(0.0)).as_secs_f64() + 5.0;
    drop(takes_up(&mut drive, second));
    drive.until(at(second + 15.0));
    let Phase::Settling {
        rescue: Rescue::Searching { id },
        ..
    } = drive.run.phase()
    else {
        panic!("{:?}", drive.run.phase());
    };
    assert_ne!(*id, before);
}

#[test]
fn a_run_that_is_over_is_not_taken_up() {
    let mut drive = Drive::new(
        world(6, vec![stuck("a")]),
        stated("tstp, 5, term", 6),
        Sources::default(),
        at(0.0),
    );
    drive.call(Input::Command(Command::StopHere));
    assert!(takes_up(&mut drive, 60.0).is_empty());
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
}
