//! The stop of a unit in TERM's place: when it is taken, what is told of it, and what it costs.

use std::time::Duration;

use super::cases::{begin, stated, stuck, world};
use super::drive::{Drive, Failure, Sources};
use super::foretold::{jobs, process};
use super::world::{World, at};
use crate::core::drain::{
    Command, Event, Hold, Mode, Outcome, Phase, Plan, Record, StopUnit, UnitStop,
};
use crate::core::fleet::{ProcessKey, Route, Unit};
use crate::core::moment::Moment;
use crate::core::outlook::{Becomes, Verdict};
use crate::core::sequence::Signal;

pub(super) fn unit_stop(limit: Option<u64>) -> UnitStop {
    UnitStop {
        unit: Unit::of_system("sidekiq.service"),
        route: Route::Plain,
        restart: "always".into(),
        after_term: true,
        limit: limit.map(Duration::from_secs),
        first: None,
    }
}

/// A drain of one process that runs in a unit with these 20 s.
fn drive(world: World, plan: Plan, when: StopUnit, sources: Sources) -> Drive {
    let mut drive = Drive::new(world, plan, sources, at(0.0));
    drive.run.take_units(when, |_| Some(unit_stop(Some(20))));
    drive.command_at(at(0.0), Command::Automatic);
    drive
}

fn quick(world: World, plan: Plan, when: StopUnit) -> Drive {
    let mut drive = drive(world, plan, when, Sources::default());
    drive.finish();
    drive
}

/// Seconds at which the stop of the unit was begun.
fn stops(drive: &Drive) -> Vec<u64> {
    let begun = |record: &&Record| matches!(record.event, Event::UnitStopBegun { .. });
    let begun = drive.journal.iter().filter(begun);
    begun.map(|record| record.since_start.as_secs()).collect()
}

const SEQUENCE: &str = "tstp, 120, term, 30, kill";

#[test]
fn proven_idle_its_unit_is_stopped_in_place_of_term() {
    let drive = quick(world(25, vec![]), stated(SEQUENCE, 25), StopUnit::Idle);
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    assert_eq!(stops(&drive), [3]);
    assert_eq!(drive.told("sending TERM"), 0);
}

#[test]
fn with_a_job_left_plain_term_goes_and_the_restart_is_told() {
    let drive = quick(
        world(5, vec![stuck("a")]),
        stated("tstp, 5, term, 30, kill", 5),
        StopUnit::Idle,
    );
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (5, Signal::Term)]);
    assert_eq!(stops(&drive), [] as [u64; 0]);
    assert_eq!(drive.told("not proven idle, so plain TERM goes"), 1);
    assert_eq!(drive.told("systemctl stop sidekiq.service"), 1);
}

#[test]
fn what_only_comes_back_after_a_kill_gets_its_term() {
    let mut drive = Drive::new(
        world(25, vec![]),
        stated(SEQUENCE, 25),
        Sources::default(),
        at(0.0),
    );
    drive.run.take_units(StopUnit::Idle, |_| {
        Some(UnitStop {
            restart: "on-failure".into(),
            after_term: false,
            ..unit_stop(Some(20))
        })
    });
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.signals(), [(0, Signal::Tstp), (3, Signal::Term)]);
    assert_eq!(drive.told("starts it again"), 0);
}

#[test]
fn never_is_never_and_always_waits_for_nobody() {
    let never = quick(world(25, vec![]), stated(SEQUENCE, 25), StopUnit::Never);
    assert_eq!(never.signals(), [(0, Signal::Tstp), (3, Signal::Term)]);

    let plan = stated("tstp, 5, term, 30, kill", 10);
    let always = quick(world(10, vec![stuck("a")]), plan, StopUnit::Always);
    assert_eq!(always.signals(), [(0, Signal::Tstp)]);
    assert_eq!(stops(&always), [5]);
    assert_eq!(always.run.outcome(), Some(Outcome::Requeued));
}

#[test]
fn only_the_first_signal_that_stops_it_is_a_stop_of_the_unit() {
    let plan = stated("int, 5, term, 30, kill", 20);
    let drive = quick(world(20, vec![stuck("a")]), plan, StopUnit::Always);
    assert_eq!(stops(&drive), [0]);
    assert_eq!(drive.signals(), [(5, Signal::Term)]);
}

#[test]
fn its_own_clock_and_that_of_systemd_run_from_the_stop() {
    let plan = stated("tstp, 5, term, 60, kill", 10);
    let mut drive = drive(
        world(10, vec![stuck("a")]),
        plan,
        StopUnit::Always,
        Sources::default(),
    );
    drive.until(at(1.0));
    let target = drive.run.ledger().targets()[0].clone();
    // Before it: W is the smaller one of the sequence's 60 s and systemd's 20 s.
    // Every call takes 1 ms, and its outcome another one: TSTP is through at 0.002, and at 5.002
    // the stop is intended, the earliest moment when systemd may begin to count.
    let due = |left: Option<Duration>, now: f64| left.map(|left| at(now).after(left));
    let before = process(&drive, &target.key);
    assert_eq!(due(before.kill(), 1.0), Some(at(25.002)));
    assert_eq!(due(before.interrupt(), 1.0), Some(at(15.002)));
    drive.until(at(6.0));
    let target = drive.run.ledger().targets()[0].clone();
    let after = process(&drive, &target.key);
    assert_eq!(due(after.kill(), 6.0), Some(at(25.002)));
    assert_eq!(due(after.interrupt(), 6.0), Some(at(15.002)));
    assert_eq!(drive.told("systemd kills at 2027-01-15T08:00:25.002Z"), 1);
    let words = target.epitaph(&Moment::rfc3339);
    let kills = "systemd kills it at 2027-01-15T08:00:25.002Z";
    assert!(words.contains(kills), "{words}");
}

#[test]
fn a_push_back_is_safe_only_if_systemd_leaves_time_for_it() {
    let safe = |timeout: u64| {
        let plan = stated("tstp, 15, term, 90, kill", timeout);
        let mut drive = drive(
            world(timeout, vec![stuck("a")]),
            plan,
            StopUnit::Always,
            Sources::default(),
        );
        // The first heartbeat has shown the job by now.
        drive.until(at(12.0));
        jobs(&drive).remove(0).1
    };
    assert_eq!(safe(15), Becomes::Expected(Verdict::PushedBack));
    assert_eq!(safe(16), Becomes::Expected(Verdict::Lost));
}

#[test]
fn one_that_failed_holds_and_the_same_is_tried_again() {
    let sources = Sources {
        failing: vec![(1, Failure::Refused)],
        ..Sources::default()
    };
    let mut drive = drive(
        world(25, vec![]),
        stated(SEQUENCE, 25),
        StopUnit::Idle,
        sources,
    );
    drive.until(at(10.0));
    assert!(
        matches!(
            drive.run.phase(),
            Phase::Held {
                why: Hold::Failed(_),
                ..
            }
        ),
        "{:?}",
        drive.run.phase()
    );
    assert_eq!(drive.told("systemctl stop sidekiq.service"), 2);
    drive.command_at(at(11.0), Command::Retry);
    drive.finish();
    assert_eq!(drive.signals(), [(0, Signal::Tstp)]);
    assert_eq!(stops(&drive), [11]);
}

#[test]
fn the_way_is_chosen_until_it_is_gone() {
    let mut plan = stated("tstp, 60, term, 30, kill", 5);
    plan.mode = Mode::Manual;
    let mut drive = Drive::new(
        world(5, vec![stuck("a")]),
        plan,
        Sources::default(),
        at(0.0),
    );
    drive
        .run
        .take_units(StopUnit::Idle, |_| Some(unit_stop(None)));
    let go = |step| Command::Go { step, accepted: 0 };
    drive.command_at(at(0.0), go(0));
    drive.command_at(at(2.0), Command::StopBy(StopUnit::Always));
    drive.command_at(at(2.0), go(1));
    drive.until(at(3.0));
    assert_eq!(stops(&drive), [2]);
    // Too late: it was told to stop.
    drive.command_at(at(3.0), Command::StopBy(StopUnit::Never));
    drive.until(at(4.0));
    let target = &drive.run.ledger().targets()[0];
    assert_eq!(target.stop.when, StopUnit::Always);
    assert_eq!(target.stop.systemd_kills, None, "TimeoutStopSec=infinity");
    drive.finish();
}

#[test]
fn an_abort_before_it_sends_nothing_and_one_under_way_is_told() {
    let sources = Sources {
        act_takes: Duration::from_millis(300),
        ..Sources::default()
    };
    let mut early = drive(
        world(25, vec![]),
        stated(SEQUENCE, 25),
        StopUnit::Idle,
        sources.clone(),
    );
    early.until(at(2.0));
    early.command_at(at(2.0), Command::StopHere);
    early.finish();
    assert_eq!(stops(&early), [] as [u64; 0]);

    // The call is out when the abort comes: what it did is what is told.
    let mut late = drive(
        world(25, vec![]),
        stated(SEQUENCE, 25),
        StopUnit::Idle,
        sources,
    );
    let stops_now = |run: &crate::core::drain::Run| matches!(run.phase(), Phase::Performing(performing) if performing.step == Some(1));
    while !stops_now(&late.run) {
        let soon = late.now.after(Duration::from_millis(10));
        assert!(soon < at(30.0), "{:?}", late.run.phase());
        late.until(soon);
    }
    let under_way = late.now.after(Duration::from_millis(450));
    late.command_at(under_way, Command::StopHere);
    late.finish();
    assert_eq!(late.run.outcome(), Some(Outcome::Stopped));
    assert_eq!(stops(&late).len(), 1);
}

#[test]
fn without_a_unit_nothing_changes() {
    let mut plain = begin(world(25, vec![]), stated(SEQUENCE, 25));
    plain.finish();
    assert_eq!(plain.signals(), [(0, Signal::Tstp), (3, Signal::Term)]);
    let target = &plain.run.ledger().targets()[0];
    let key = ProcessKey::Local(target.key.local().unwrap());
    assert!(plain.run.ledger().target(&key).unwrap().stop.unit.is_none());
}
