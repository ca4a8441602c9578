//! Losses: a job is called lost only where it cannot have ended by itself.

use std::time::Duration;

use super::cases::{begin, config, stated, stuck, world};
use super::drive::{Drive, Reading, Sources};
use super::kills::{fate, with};
use super::world::{World, at, task};
use crate::core::drain::{Command, Event, Fate, Outcome, Plan, Policy};
use crate::core::fleet::LogNews;
use crate::core::log::{LogLine, Origin};
use crate::core::sidekiq::Temper;

#[test]
fn a_job_that_may_have_ended_since_its_last_beat_is_not_called_lost() {
    // The beats come at 3 s and at 13 s: the end at 8 s is seen by nobody but its thread.
    let jobs = vec![task("a", Some(10.0), Temper::Plain), stuck("b")];
    let mut drive = begin(world(25, jobs), with(Policy::Follow, "tstp, 12, kill"));
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
    assert_eq!(fate(&drive, "b"), Some(Fate::Unknown));
    assert_eq!(drive.told("1 worker thread(s) were left for 2 job(s)"), 2);
    // Before the idle threads are gone their number says nothing.
    let mut drive = begin(
        world(25, vec![stuck("b")]),
        with(Policy::Follow, "tstp, 4, kill"),
    );
    drive.finish();
    assert_eq!(fate(&drive, "b"), Some(Fate::Unknown));
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

#[test]
fn what_the_log_said_last_of_a_job_tells_a_loss_from_an_end() {
    let told = |more: &str| {
        let mut drive = begin(
            world(25, vec![stuck("a")]),
            with(Policy::Follow, "tstp, 4, kill"),
        );
        let process = drive.run.targets()[0].id;
        let origin = Origin {
            pid: process.pid,
            inner_pid: process.pid,
            shared: false,
        };
        let line = |text: String| LogLine {
            origin,
            text,
            at: at(1.0),
        };
        let place = Ok("a file".into());
        drive.fleet.logs.take(LogNews::Place { process, place });
        let head = format!("pid={} tid=ta01 class=Job jid=a", process.pid);
        let mut lines = vec![line(format!("{head} INFO: start"))];
        if !more.is_empty() {
            lines.push(line(format!("{head} elapsed=3.1 INFO: {more}")));
        }
        drive.fleet.logs.take(LogNews::Lines(lines));
        drive.finish();
        fate(&drive, "a")
    };
    assert_eq!(told(""), Some(Fate::Lost));
    assert_eq!(told("done"), Some(Fate::Finished));
}

#[test]
fn a_job_that_left_its_thread_is_not_called_lost() {
    // It ends at 12.5 s, after the interrupt was due; the beat at 13 s shows it no more.
    let holds = Temper::HoldsInterpreter(Duration::from_secs(20));
    let jobs = vec![task("a", Some(14.5), Temper::Plain), task("b", None, holds)];
    let plan = Plan {
        timeout: stated("term", 12).timeout,
        ..with(Policy::Follow, "term, 14, kill")
    };
    let mut drive = begin(world(12, jobs), plan);
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
    assert_eq!(drive.told("it had left its thread by then"), 1);
    assert_eq!(fate(&drive, "b"), Some(Fate::Lost));
}

/// The jobs of `unseen` begin after the last beat before the kill. By then `a` has ended by its
/// log, at second `ends`, and its thread is gone; `b` never ends. The log is read from second
/// `from` on.
pub(super) fn killed_beside(ends: f64, unseen: &[&str], from: f64) -> Drive {
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    // Its beats come at -2 s and at 8 s.
    world.add(config(25, 4), Some(100), at(-12.0));
    let shown = [task("a", Some(11.0 + ends), Temper::Plain), stuck("b")];
    let shown = shown.into_iter().map(|job| (-11.0, job));
    let unseen = unseen.iter().map(|jid| (-1.0, stuck(jid)));
    for (when, job) in shown.chain(unseen) {
        world.step(at(when));
        assert_eq!(world.members[0].worker.give(job, at(when)), None);
    }
    let sources = Sources {
        logs: Some(Reading {
            from: at(from),
            ..Reading::all()
        }),
        ..Sources::default()
    };
    let plan = with(Policy::Follow, "tstp, 7, kill");
    let mut drive = Drive::new(world, plan, sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.finish();
    drive
}

#[test]
fn each_thread_that_was_busy_at_the_kill_has_a_line() {
    // The first end comes so early that its thread may have taken another job.
    let ends = [2.5, 6.0].into_iter();
    let each = ends.flat_map(|ends| [&[][..], &["c"], &["c", "d"]].map(|unseen| (ends, unseen)));
    for (ends, unseen) in each {
        // The log is read too late to name them.
        let drive = killed_beside(ends, unseen, 0.0);
        assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
        let lines = drive.journal.iter().map(|record| &record.event);
        let nameless = |event: &&Event| matches!(event, Event::Reconciled { jid: None, .. });
        assert_eq!(lines.filter(nameless).count(), unseen.len(), "{unseen:?}");
        let lost: usize = drive.world.lost().values().map(Vec::len).sum();
        assert_eq!(lost, 1 + unseen.len());
    }
}
