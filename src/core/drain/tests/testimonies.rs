//! What logs say: of which execution it counts, and that it never makes a job safe that is not.

use std::time::Duration;

use super::cases::{begin, begin_with, config, stated, stuck, world};
use super::drive::{Drive, Reading, Sources};
use super::kills::{fate, with};
use super::world::{World, at, task};
use crate::core::drain::{Command, Fate, Outcome, Plan, Policy};
use crate::core::fleet::LogNews;
use crate::core::log::{LogLine, Origin};
use crate::core::sequence::Timeout;
use crate::core::sidekiq::Temper;

/// A drain of one job `a` that began 2 s before it, on thread `ta01`, and ends with KILL; its log
/// holds these lines, each read at its second. `PID` stands for the process's own.
fn drained(sequence: &str, lines: &[(f64, &str)]) -> Drive {
    let drive = begin(world(25, vec![stuck("a")]), with(Policy::Follow, sequence));
    finished(drive, lines)
}

fn finished(mut drive: Drive, lines: &[(f64, &str)]) -> Drive {
    written(&mut drive, lines);
    drive.finish();
    drive
}

/// Has these lines read in the log of its first target.
pub(super) fn written(drive: &mut Drive, lines: &[(f64, &str)]) {
    let process = drive.run.targets()[0].id;
    let place = Ok("a file".into());
    drive.fleet.logs.take(LogNews::Place { process, place });
    let line = |(second, words): &(f64, &str)| LogLine {
        origin: Origin {
            pid: process.pid,
            inner_pid: process.pid,
            shared: false,
        },
        text: format!("pid={} {words}", process.pid),
        at: at(*second),
    };
    let lines = lines.iter().map(line).collect();
    drive.fleet.logs.take(LogNews::Lines(lines));
}

/// Threads are counted late enough here to prove that it ran until the KILL.
const COUNTED: &str = "tstp, 14, kill";
/// And here they are not.
const UNCOUNTED: &str = "tstp, 4, kill";

#[test]
fn an_end_of_another_execution_is_not_the_end_of_this_one() {
    for (when, words) in [
        (-60.0, "tid=ta01 class=Job jid=a INFO: done"),
        (1.0, "tid=ta01 class=Job jid=a elapsed=100 INFO: done"),
        (1.0, "tid=other class=Job jid=a elapsed=1 INFO: done"),
    ] {
        let drive = drained(UNCOUNTED, &[(when, words)]);
        assert_eq!(fate(&drive, "a"), Some(Fate::Unknown), "{words}");
    }
    let ended = "tid=ta01 class=Job jid=a elapsed=1 INFO: done";
    let drive = drained(UNCOUNTED, &[(1.0, ended)]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
}

#[test]
fn a_fail_is_no_success() {
    let fail = "tid=ta01 class=Job jid=a elapsed=1 INFO: fail";
    let drive = drained(UNCOUNTED, &[(1.0, fail)]);
    assert_eq!(drive.told("its log: done"), 0);
    assert_eq!(drive.told("its log: failed after 1.0 s"), 2);
}

#[test]
fn a_begin_of_another_execution_proves_no_loss() {
    for (when, words) in [
        (-60.0, "tid=ta01 class=Job jid=a INFO: start"),
        (0.0, "tid=other class=Job jid=a INFO: start"),
    ] {
        let drive = drained(UNCOUNTED, &[(when, words)]);
        assert_eq!(fate(&drive, "a"), Some(Fate::Unknown), "{words}");
    }
    let drive = drained(UNCOUNTED, &[(0.0, "tid=ta01 class=Job jid=a INFO: start")]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Lost));
}

#[test]
fn an_end_of_another_execution_hides_no_loss() {
    for (when, words) in [
        (-60.0, "tid=ta01 class=Job jid=a elapsed=1 INFO: fail"),
        (1.0, "tid=other class=Job jid=a elapsed=1 INFO: fail"),
    ] {
        let drive = drained(COUNTED, &[(when, words)]);
        assert_eq!(fate(&drive, "a"), Some(Fate::Lost), "{words}");
        assert_eq!(drive.run.missing(&drive.fleet, drive.now)[0].doubt, None);
    }
}

#[test]
fn a_push_back_that_failed_in_part_makes_nothing_safe() {
    let drive = drained(
        COUNTED,
        &[
            (0.0, "tid=ta01 class=Job jid=a INFO: start"),
            (1.0, "tid=m WARN: Terminating 1 busy threads"),
            (1.0, "tid=m INFO: Pushed 1 jobs back to Redis"),
            (1.0, "tid=m WARN: Failed to requeue 1 jobs: gone"),
            (1.0, "tid=ta01 class=Job jid=a elapsed=3 INFO: fail"),
        ],
    );
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
    assert_eq!(drive.told("its log: interrupted after 3.0 s"), 1);
    let missing = drive.run.missing(&drive.fleet, drive.now);
    let doubt = missing[0].doubt.as_deref();
    assert_eq!(doubt, Some("its log: interrupted after 3.0 s"));
}

#[test]
fn a_thread_whose_job_ended_by_its_log_may_have_taken_another() {
    // The beat at 3 s shows the job; TSTP comes at 3.5 s, its end at 4 s, and no beat after it.
    let plan = with(Policy::Follow, "tstp, 2, kill");
    let mut world = World::default();
    world.add(config(25, 1), Some(100), at(-7.0));
    world.step(at(-2.0));
    assert_eq!(world.members[0].worker.give(stuck("a"), at(-2.0)), None);
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(3.5), Command::Automatic);
    let ended = "tid=ta01 class=Job jid=a elapsed=6 INFO: done";
    let drive = finished(drive, &[(4.0, ended)]);
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert_eq!(drive.told("a worker thread whose job no beat had shown"), 1);
}

#[test]
fn its_last_lines_are_waited_for() {
    let mut drive = begin(world(25, vec![stuck("a")]), with(Policy::Follow, UNCOUNTED));
    let process = drive.run.targets()[0].id;
    let place = Ok("a file".into());
    drive.fleet.logs.take(LogNews::Place { process, place });
    let line = |words: &str, second: f64| {
        LogNews::Lines(vec![LogLine {
            origin: Origin {
                pid: process.pid,
                inner_pid: process.pid,
                shared: false,
            },
            text: format!("pid={} tid=ta01 class=Job jid=a {words}", process.pid),
            at: at(second),
        }])
    };
    drive.fleet.logs.take(line("INFO: start", 0.0));
    drive.until(at(4.5));
    let missing = drive.run.missing(&drive.fleet, drive.now);
    assert_eq!(missing.len(), 0, "too early: {missing:?}");
    drive.fleet.logs.take(line("elapsed=3 INFO: done", 3.9));
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    assert!(drive.now.since(at(4.0)) < Duration::from_secs(20));
}

#[test]
fn what_ends_after_its_time_may_run_elsewhere_too() {
    // Pushed back at 6 s, it is taken up at once by another process, whose beat comes at 13 s;
    // it swallows the interrupt and ends at 7 s, by its log.
    for names_queues in [true, false] {
        let swallows = task("a", Some(9.0), Temper::SwallowsShutdown);
        let mut world = world(6, vec![swallows]);
        let other = world.add(config(25, 1), None, at(-7.0));
        world.members[other].names_queues = names_queues;
        let sources = Sources {
            logs: Some(Reading::all()),
            ..Sources::default()
        };
        let plan = Plan {
            timeout: Some(Timeout::stated(Duration::from_secs(6), "a test")),
            ..with(Policy::Follow, "term, 60, kill")
        };
        let mut drive = begin_with(world, plan, sources);
        drive.finish();
        let story = drive.world.story(0, "a");
        assert_eq!((story.pushed, story.finished), (1, 1), "{story:?}");
        assert_eq!(drive.world.story(other, "a").started, 1);
        assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
        // By that beat, and not for want of a better one.
        assert!(drive.now >= at(13.0), "{:?}", drive.now);
    }
}

#[test]
fn what_ended_after_its_time_is_back_where_nobody_can_be_asked() {
    let swallows = task("a", Some(9.0), Temper::SwallowsShutdown);
    let sources = Sources {
        logs: Some(Reading::all()),
        lost: Some((at(4.0), at(1000.0))),
        ..Sources::default()
    };
    let plan = Plan {
        timeout: Some(Timeout::stated(Duration::from_secs(6), "a test")),
        ..with(Policy::Follow, "term, 60, kill")
    };
    let mut drive = begin_with(world(6, vec![swallows]), plan, sources);
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    let evidence =
        "a: pushed back (its log: done in 9.0 s, after its time was up, and 1 job(s) pushed back)";
    assert_eq!(drive.told(evidence), 1);
}

#[test]
fn a_job_that_ended_after_it_was_pushed_back_runs_again() {
    // Pushed back at 22.5 s, it heeds nothing and ends at 24 s; Redis is gone by then.
    let swallows = task("a", Some(26.0), Temper::SwallowsShutdown);
    let plan = stated("tstp, 15, term", 8);
    let sources = Sources {
        lost: Some((at(20.0), at(3000.0))),
        logs: Some(Reading::all()),
        ..Sources::default()
    };
    let mut drive = Drive::new(world(8, vec![swallows]), plan, sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
    let evidence = "after its time was up, and 1 job(s) pushed back";
    assert_eq!(drive.told(evidence), 1);
}

#[test]
fn a_late_end_is_no_push_back_that_came_after_it() {
    for (pushed, expected) in [(3.5, Some(Fate::PushedBack)), (3.7, None)] {
        let sources = Sources {
            lost: Some((at(3.2), at(3000.0))),
            ..Sources::default()
        };
        let plan = with(Policy::Follow, UNCOUNTED);
        let mut drive = Drive::new(world(25, vec![stuck("a")]), plan, sources, at(0.0));
        drive.command_at(at(0.0), Command::Automatic);
        let lines = [
            (3.4, "tid=m WARN: Terminating 1 busy threads"),
            (pushed, "tid=m INFO: Pushed 1 jobs back to Redis"),
            (3.6, "tid=ta01 class=Job jid=a elapsed=5 INFO: done"),
        ];
        let drive = finished(drive, &lines);
        assert_eq!(fate(&drive, "a"), expected, "{pushed}");
        assert_eq!(
            drive.told("unknown (not found"),
            usize::from(expected.is_none())
        );
    }
}

#[test]
fn an_end_in_a_log_that_was_found_too_late_may_follow_a_push_back() {
    // Pushed back at 5.5 s, it heeds nothing and ends at 7 s. Nobody reads what was written before
    // the sixth second, or all of it is read.
    for (from, expected) in [(6.0, Fate::PushedBack), (-60.0, Fate::PushedBack)] {
        let swallows = task("a", Some(9.0), Temper::SwallowsShutdown);
        let sources = Sources {
            logs: Some(Reading {
                from: at(from),
                ..Reading::all()
            }),
            ..Sources::default()
        };
        let plan = stated("term, 60, kill", 6);
        let mut world = world(6, vec![swallows]);
        world.add(config(25, 1), None, at(-7.0));
        let mut drive = begin_with(world, plan, sources);
        drive.finish();
        assert_eq!(fate(&drive, "a"), Some(expected), "from {from}");
    }
}
