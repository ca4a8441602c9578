//! What is noted of a signal, when Redis is asked where the jobs are, and who else may run them.

use std::time::Duration;

use super::cases::{begin, begin_with, config, stated, stuck, world};
use super::drive::{Drive, Failure, Sources};
use super::world::{World, at};
use crate::core::drain::ledger::Proof;
use crate::core::drain::{Command, Early, Event, Input, Outcome, Plan};
use crate::core::fleet::{Keeper, KeeperKind, LocalId, Process, ProcessKey, Title};
use crate::core::sequence::{Signal, Version};
use crate::core::sidekiq::WorkerConfig;

/// The first target, as the fleet of the drive shows it.
fn first(drive: &mut Drive) -> &mut Process {
    let key = drive.run.ledger().targets()[0].key.clone();
    drive.fleet.processes.get_mut(&key).unwrap()
}

#[test]
fn what_is_quiet_counts_from_when_the_signal_has_left_for_sure() {
    let slow = Sources {
        act_takes: Duration::from_secs(1),
        ..Sources::default()
    };
    let mut drive = begin_with(
        world(6, vec![stuck("a")]),
        stated("tstp, 20, term", 6),
        slow,
    );
    drive.until(at(2.5));
    let mark = drive.run.ledger().targets()[0].mark.unwrap();
    assert_eq!((mark.about_to, mark.at), (at(0.0), at(2.0)));
}

#[test]
fn usr1_quiets_a_sidekiq_of_5() {
    let five = WorkerConfig::new(Version::new(5, 2, 10), Duration::from_secs(8), 2);
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    world.add(five, Some(100), at(-7.0));
    let mut drive = begin(world, stated("usr1, 60, term, 30, kill", 8));
    drive.finish();
    let signals = drive.signals();
    assert_eq!(signals[0], (0, Signal::Usr1));
    let (term, signal) = signals[1];
    assert!(term < 10 && signal == Signal::Term, "{signals:?}");
}

#[test]
fn only_a_kill_is_told_with_what_was_at_stake() {
    let plan = stated("tstp, 5, term, 5, kill", 60);
    let mut drive = begin(world(60, vec![stuck("a")]), plan);
    drive.finish();
    let sent = drive.journal.iter().filter_map(|record| {
        if let Event::SignalSent {
            signal, at_stake, ..
        } = record.event
        {
            return Some((signal, at_stake));
        }
        None
    });
    let expected = [
        (Signal::Tstp, None),
        (Signal::Term, None),
        (Signal::Kill, Some(1)),
    ];
    assert_eq!(sent.collect::<Vec<_>>(), expected);
}

#[test]
fn redis_is_asked_for_a_job_before_it_can_be_interrupted() {
    let mut drive = begin(world(6, vec![stuck("a")]), stated("term, 30, kill", 6));
    drive.until(at(4.5));
    assert_eq!(drive.run.next_deadline(), Some(at(5.0)));
}

#[test]
fn a_question_that_gets_no_answer_is_put_again() {
    let slow = Sources {
        answers_take: Some(Duration::from_secs(8)),
        ..Sources::default()
    };
    let plan = stated("term, 30, kill", 6);
    let mut drive = begin_with(world(6, vec![stuck("a")]), plan, slow);
    drive.until(at(14.0));
    assert_eq!(drive.told("a question that is not awaited any more"), 1);
}

#[test]
fn a_target_with_which_this_program_ends_is_left_to_its_container() {
    for sequence in ["term, 20, kill", "kill"] {
        let plan = stated(sequence, 25);
        let jobs = vec![stuck("a")];
        let mut drive = Drive::new(world(25, jobs), plan, Sources::default(), at(0.0));
        let local = first(&mut drive).local.as_mut().unwrap();
        local.surroundings.above.ends_all = true;
        drive.call(Input::Command(Command::Automatic));
        assert_eq!(drive.told("is left to what stops the container"), 1);
        drive.finish();
        assert_eq!(drive.run.outcome(), Some(Outcome::Alive), "{sequence}");
        assert_eq!(drive.signals(), [], "{sequence}");
    }
}

#[test]
fn one_that_is_left_out_keeps_no_signal_from_the_others() {
    let mut world = world(25, vec![stuck("a")]);
    world.add(config(25, 4), Some(101), at(-7.0));
    let sources = Sources {
        failing: vec![(0, Failure::Refused)],
        ..Sources::default()
    };
    let mut drive = begin_with(world, stated("tstp, 1, term", 25), sources);
    drive.until(at(0.5));
    drive.call(Input::Command(Command::LeaveOut));
    let local = first(&mut drive).local.as_mut().unwrap();
    local.surroundings.above.ends_all = true;
    drive.now = at(1.6);
    drive.call(Input::Tick);
    assert_eq!(drive.told("is left to what stops the container"), 0);
}

#[test]
fn the_parent_of_a_swarm_is_idle_only_with_all_of_its_children() {
    let mut world = world(25, Vec::new());
    world.add(config(25, 4), Some(101), at(-7.0));
    let plan = Plan {
        early: Early::Never,
        ..stated("tstp, 60, term", 25)
    };
    let mut drive = begin(world, plan);
    drive.until(at(5.0));
    first(&mut drive).local.as_mut().unwrap().title = Title::Swarm;
    let parent = &drive.run.ledger().targets()[0];
    let child = drive.run.ledger().targets()[1].key.clone();
    let above = Keeper {
        kind: KeeperKind::Swarm,
        pid: parent.key.local().unwrap().pid,
    };
    let local = drive
        .fleet
        .processes
        .get_mut(&child)
        .unwrap()
        .local
        .as_mut();
    local.unwrap().surroundings.above.keeper = Some(above);
    let proof = |drive: &Drive| {
        let ledger = drive.run.ledger();
        ledger.proof(parent, Proof::Idle, &drive.fleet, drive.now)
    };
    assert_eq!(proof(&drive).as_deref(), Some("its only child is idle"));
    // Another child is no target: nothing was sent to it.
    let mut other = drive.fleet.processes[&child].clone();
    let id = LocalId {
        pid: 102,
        start_ticks: 1,
    };
    other.local.as_mut().unwrap().id = id;
    drive.fleet.processes.insert(ProcessKey::Local(id), other);
    assert_eq!(proof(&drive), None);
}
