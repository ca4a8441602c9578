//! Losses: a job is called lost only where it cannot have ended by itself.

use std::time::Duration;

use super::cases::{begin, stated, stuck, world};
use super::kills::{fate, with};
use super::world::{at, task};
use crate::core::drain::{Fate, Outcome, Plan, Policy};
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
