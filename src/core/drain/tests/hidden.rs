//! Threads that hide a job: what is known of the job that one ran last says nothing of the next.

use std::time::Duration;

use super::cases::{begin, config, stated, stuck, world};
use super::drive::{Drive, Reading, Sources};
use super::kills::{fate, with};
use super::rescues::rescuing;
use super::world::{World, at, task};
use crate::core::drain::{Command, Fate, Outcome, Phase, Plan, Policy, Trace};
use crate::core::fleet::{Located, Place};
use crate::core::sidekiq::{Config, Temper};

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

/// Until a KILL at 6 s, before which no beat was late enough: `a` iterates until TSTP and goes
/// on elsewhere, `b` never ends. Nobody knows `T`.
#[test]
fn one_that_broke_off_covers_no_thread_though_it_may_have_been_interrupted() {
    let mut world = World::default();
    world.add(config(25, 3), Some(100), at(-20.0));
    world.add(config(25, 1), None, at(-20.0));
    world.step(at(-8.0));
    let iterates = Temper::Iterates(Duration::from_millis(100));
    let given = world.members[0]
        .worker
        .give(task("a", None, iterates), at(-8.0));
    assert_eq!(given, None);
    world.step(at(0.0));
    assert_eq!(world.members[0].worker.give(stuck("b"), at(0.0)), None);
    let plan = Plan {
        timeout: None,
        ..with(Policy::Follow, "tstp, 4, term, 2, kill")
    };
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["b"]);
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(drive.told(NAMELESS), 1);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

/// `a` runs on another process for a moment, fails there, comes back at once and begins here in
/// the same second; the beat of the other one showed it just before.
#[test]
fn a_beat_from_before_it_began_here_shows_nothing_of_its_return() {
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-9.0));
    world.add(config(25, 1), None, at(-9.9));
    world.step(at(0.05));
    let fails = task("a", Some(0.15), Temper::Fails);
    assert_eq!(world.members[1].worker.give(fails, at(0.05)), None);
    world.step(at(0.3));
    world.retry.clear();
    assert_eq!(world.members[0].worker.give(stuck("a"), at(0.3)), None);
    let plan = with(Policy::Follow, "kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.4));
    drive.command_at(at(2.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["a"]);
    let lost = fate(&drive, "a");
    assert!(matches!(lost, Some(Fate::Lost | Fate::Unknown)), "{lost:?}");
}

/// `a` was asked for while it stood in its queue; when the answer comes it runs here again.
#[test]
fn an_answer_from_before_it_began_tells_nothing_of_it() {
    let mut drive = begin(
        world(25, vec![stuck("a")]),
        with(Policy::Follow, "tstp, 14, kill"),
    );
    drive.until(at(3.5));
    let began = drive.run.account().jobs()[0].started.unwrap();
    let answer = |place| Located {
        jid: "a".into(),
        place,
        asked: began,
        iterating: false,
    };
    let mut account = drive.run.account().clone();
    let mut targets = drive.run.targets().to_vec();
    for target in &mut targets {
        if let Some(mark) = &mut target.mark {
            mark.at = began.before(Duration::from_secs(9));
        }
    }
    let name = "default".to_owned();
    account.answer(&[answer(Place::Queue { name })], &targets);
    account.answer(&[answer(Place::Retry)], &targets);
    assert_eq!(account.jobs()[0].returned, None);
    assert_eq!(account.jobs()[0].located, None);
}

/// `a` ended unseen and its thread took `b`; that `a` is to be retried is found out after the end.
#[test]
fn what_is_found_afterwards_uncovers_its_thread() {
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-20.0));
    world.step(at(-8.0));
    let ends = task("a", Some(9.0), Temper::Plain);
    assert_eq!(world.members[0].worker.give(ends, at(-8.0)), None);
    world.queue.push_front(stuck("b"));
    let plan = with(Policy::Follow, "kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(2.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["b"]);
    assert_eq!(drive.told(NAMELESS), 0, "`a` may be on its thread");
    let missing = drive.run.missing(&drive.fleet, drive.now);
    let found = Trace::Found(Fate::Retried, "among the retries".into());
    let traces = missing.into_iter().map(|missing| (missing, found.clone()));
    let traces = traces.collect();
    drop(drive.run.found_afterwards(traces, &drive.fleet, drive.now));
    assert_eq!(fate(&drive, "a"), Some(Fate::Retried));
    let Phase::Over { jobs, .. } = *drive.run.phase() else {
        panic!("not over");
    };
    assert_eq!(jobs.unknown, 1);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

/// A job that swallows the interrupt ends beside its push-back, while Redis cannot be asked.
#[test]
fn one_that_ends_beside_its_push_back_is_not_finished() {
    let swallows = task("a", Some(8.5), Temper::SwallowsShutdown);
    let sources = Sources {
        lost: Some((at(4.0), at(60.0))),
        logs: Some(Reading {
            from: at(-15.0),
            ..Reading::all()
        }),
        ..Sources::default()
    };
    let plan = stated("term, 30, kill", 6);
    let mut drive = Drive::new(world(6, vec![swallows]), plan, sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    let story = drive.world.story(0, "a");
    assert_eq!((story.finished, story.pushed), (1, 1));
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
}

/// One thread is left for `a`, which ended, and for `b`, which nobody saw begin.
#[test]
fn one_thread_left_is_not_that_of_the_job_that_was_seen() {
    let mut world = World::default();
    world.add(config(25, 2), Some(100), at(-20.0));
    world.step(at(-8.0));
    let ends = task("a", Some(8.2), Temper::Plain);
    assert_eq!(world.members[0].worker.give(ends, at(-8.0)), None);
    world.step(at(0.0));
    assert_eq!(world.members[0].worker.give(stuck("b"), at(0.0)), None);
    let plan = rescuing("tstp, 8, kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.until(at(9.0));
    let missing = drive.run.missing(&drive.fleet, drive.now);
    assert!(missing.iter().all(|missing| missing.doubt.is_some()));
    drive.finish();
    assert_eq!(drive.world.story(0, "a").finished, 1);
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
}

/// `a` failed; the beat at 3 s shows `c` in its place, and an idle thread then takes `d`. Nobody
/// knows `T`, and TERM lies unheeded until the KILL.
#[test]
fn a_job_in_the_place_of_another_covers_no_thread_but_that_one() {
    let mut world = World::default();
    let deaf = Config {
        heeds_after: Duration::from_secs(9),
        ..config(25, 2)
    };
    world.add(deaf, Some(100), at(-17.0));
    world.step(at(-8.0));
    let fails = task("a", Some(9.0), Temper::Fails);
    assert_eq!(world.members[0].worker.give(fails, at(-8.0)), None);
    let plan = Plan {
        timeout: None,
        ..with(Policy::Follow, "term, 4, kill")
    };
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.until(at(1.5));
    drive.world.queue.push_front(stuck("c"));
    drive.until(at(3.5));
    drive.world.queue.push_front(stuck("d"));
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["c", "d"]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Retried));
    assert_eq!(drive.told(NAMELESS), 1);
}

#[test]
fn the_last_beat_of_a_killed_process_is_read_for_what_has_gone() {
    // It beats at -7 s and 3 s; nobody looks between the drain's begin and the KILL.
    let sources = Sources {
        look_every: Duration::from_secs(20),
        ..Sources::default()
    };
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-17.0));
    world.step(at(-8.0));
    let ends = task("a", Some(10.0), Temper::Plain);
    assert_eq!(world.members[0].worker.give(ends, at(-8.0)), None);
    let mut drive = Drive::new(world, with(Policy::Follow, "kill"), sources, at(0.0));
    drive.command_at(at(3.5), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.story(0, "a").finished, 1);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
}

/// `a` fails, comes back at once and runs elsewhere since before TERM; its thread took `b`. Nobody
/// knows `T`.
#[test]
fn one_that_was_back_before_it_could_be_interrupted_covers_no_thread() {
    let mut world = World::default();
    world.weather.retries_after = Some(Duration::from_millis(100));
    world.add(config(25, 1), Some(100), at(-13.0));
    world.step(at(-4.0));
    let fails = task("a", Some(3.9), Temper::Fails);
    assert_eq!(world.members[0].worker.give(fails, at(-4.0)), None);
    world.step(at(-0.1));
    world.queue.push_back(stuck("b"));
    world.step(at(-0.1));
    world.add(config(25, 1), None, at(-8.0));
    let plan = Plan {
        timeout: None,
        ..with(Policy::Follow, "term, 2, kill")
    };
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(3.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["b"]);
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(drive.told(NAMELESS), 1);
}

#[test]
fn threads_that_are_gone_after_the_push_back_hide_what_it_pushed_back() {
    // `a` is complete at 1 s; `b`, which no beat has shown, is pushed back at 3 s and runs
    // elsewhere. The process exits at 6 s, without a thread left.
    let slow = Config {
        exit_takes: Duration::from_secs(3),
        ..config(3, 2)
    };
    let mut world = World::default();
    world.add(slow, Some(100), at(-10.0));
    world.add(config(25, 1), None, at(-10.0));
    world.step(at(-9.5));
    let iterates = Temper::Iterates(Duration::from_secs(1));
    let given = world.members[0]
        .worker
        .give(task("a", Some(10.5), iterates), at(-9.5));
    assert_eq!(given, None);
    world.step(at(0.0));
    assert_eq!(world.members[0].worker.give(stuck("b"), at(0.0)), None);
    let plan = stated("term, 20, kill", 3);
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.story(0, "b").pushed, 1);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert_ne!(drive.run.outcome(), Some(Outcome::Drained));
    assert_eq!(drive.told(NAMELESS), 1);
}

#[test]
fn a_last_beat_that_is_read_late_frees_the_threads_of_what_it_shows_no_more() {
    // Redis is gone from 1 s to 10 s. `a` ends at 2 s and `b` takes its thread at 4 s, after the
    // beat at 3 s, the last one before somebody else kills the process at 6 s.
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-17.0));
    world.members[0].named = false;
    world.step(at(-8.5));
    let ends = task("a", Some(10.5), Temper::Plain);
    assert_eq!(world.members[0].worker.give(ends, at(-8.5)), None);
    let sources = Sources {
        lost: Some((at(1.0), at(10.0))),
        ..Sources::default()
    };
    let plan = with(Policy::Ask, "tstp, 60, kill");
    let mut drive = Drive::new(world, plan, sources, at(0.0));
    drive.until(at(4.0));
    assert_eq!(
        drive.world.members[0].worker.give(stuck("b"), at(4.0)),
        None
    );
    drive.until(at(6.0));
    let worker = &mut drive.world.members[0].worker;
    worker.signal(crate::core::sequence::Signal::Kill, at(6.0));
    drive.finish();
    assert_eq!(drive.world.lost()[&0], ["b"]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert_eq!(drive.told(NAMELESS), 1);
}
