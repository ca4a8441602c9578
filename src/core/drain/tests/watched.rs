//! What was watched of processes and their threads, and when that proves nothing: who served a
//! queue, how many threads were left, and which jobs ran on them.

use std::time::Duration;

use super::cases::{begin_with, config, stated, stuck, world};
use super::drive::{Drive, Sources};
use super::kills::{fate, with};
use super::rescues::{rescuing, searching};
use super::world::{at, task};
use crate::core::drain::{Command, Fate, Missing, Plan, Policy};
use crate::core::fleet::LogNews;
use crate::core::log::{LogLine, Origin};
use crate::core::sidekiq::{Config, Task, Temper};

/// Every process stops within this many seconds of its TERM.
fn stopping_within(timeout: u64, plan: Plan) -> Plan {
    Plan {
        timeout: stated("term", timeout).timeout,
        ..plan
    }
}

fn doubt<'a>(missing: &'a [Missing], jid: &str) -> Option<&'a String> {
    let of = missing.iter().find(|missing| missing.jid == jid);
    let of = of.unwrap_or_else(|| panic!("{jid} is not missing: {missing:?}"));
    of.doubt.as_ref()
}

#[test]
fn a_target_that_still_fetches_may_have_taken_what_another_pushed_back() {
    // The first one's push-back is due 2 s after TERM, and comes too late for the KILL; the second
    // one hears nothing of any signal.
    let holds = Temper::HoldsInterpreter(Duration::from_secs(20));
    let nobody_else = |heeds_after: u64| {
        let mut world = world(2, vec![task("a", None, holds)]);
        let second = Config {
            heeds_after: Duration::from_secs(heeds_after),
            ..config(2, 1)
        };
        world.add(second, Some(101), at(-7.0));
        let plan = stopping_within(2, rescuing("tstp, 5, term, 7, kill"));
        let (_, _, missing) = searching(world, plan);
        missing[0].nobody_else
    };
    assert!(nobody_else(0), "both were quiet");
    assert!(!nobody_else(60));
}

#[test]
fn threads_that_were_counted_too_long_ago_prove_no_loss() {
    // Counted at 9 s alone, killed at 12.4 s; the job ends at 10 s, between two beats.
    let ends = |second: f64| {
        let jobs = vec![task("a", Some(second + 2.0), Temper::Plain), stuck("b")];
        let sources = Sources {
            scan_every: Duration::from_secs(9),
            ..Sources::default()
        };
        let plan = with(Policy::Follow, "tstp, 12, kill");
        let mut drive = Drive::new(world(25, jobs), plan, sources, at(0.0));
        drive.command_at(at(0.4), Command::Automatic);
        drive.finish();
        drive
    };
    let drive = ends(10.0);
    assert_eq!(drive.world.story(0, "a").finished, 1);
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
    assert_eq!(fate(&drive, "b"), Some(Fate::Unknown));
}

/// One ends by itself after the last beat; the other is pushed back and swallows its interrupt:
/// the one thread that is left is the second one's.
#[test]
fn a_thread_whose_job_is_back_is_no_thread_of_a_missing_one() {
    let jobs = vec![
        task("a", Some(7.0), Temper::Plain),
        task("b", None, Temper::SwallowsShutdown),
    ];
    let plan = stopping_within(6, rescuing("term, 8, kill"));
    let (drive, _, missing) = searching(world(6, jobs), plan);
    assert_eq!(drive.world.story(0, "a").finished, 1);
    assert_eq!(drive.world.story(0, "b").pushed, 1);
    let doubt = doubt(&missing, "a");
    let said = doubt.is_some_and(|doubt| doubt.contains("only 1 worker thread(s)"));
    assert!(said, "{doubt:?}");
}

/// A drain in which `gone` ended at 5 s, after the last beat, and `stays` did not.
fn one_gone(lines: &[&str]) -> Vec<Missing> {
    let jobs: Vec<Task> = vec![task("gone", Some(7.0), Temper::Plain), stuck("stays")];
    let mut drive = begin_with(
        world(25, jobs),
        rescuing("tstp, 11, kill"),
        Sources::default(),
    );
    let process = drive.run.targets()[0].id;
    let place = Ok("a file".into());
    drive.fleet.logs.take(LogNews::Place { process, place });
    let line = |words: &&str| LogLine {
        origin: Origin {
            pid: process.pid,
            inner_pid: process.pid,
            shared: false,
        },
        text: format!("pid={} {words}", process.pid),
        at: at(0.0),
    };
    let lines = lines.iter().map(line).collect();
    drive.fleet.logs.take(LogNews::Lines(lines));
    drive.until(at(13.5));
    drive.run.missing(&drive.fleet, drive.now)
}

#[test]
fn a_log_that_shows_a_job_to_the_end_leaves_no_doubt_about_that_one() {
    let missing = one_gone(&[]);
    assert!(doubt(&missing, "gone").is_some() && doubt(&missing, "stays").is_some());
    let missing = one_gone(&["tid=ta02 class=Job jid=stays INFO: start"]);
    assert!(doubt(&missing, "gone").is_some(), "{missing:?}");
    assert_eq!(doubt(&missing, "stays"), None);
}

#[test]
fn what_may_have_run_in_the_place_of_a_known_job_is_not_ruled_out_by_a_count() {
    // The beats come at 3 s and at 13 s. `c` begins between the beat and the signal, `a` ends after
    // it: one thread is left, and it is not that of the job that a beat has shown.
    let mut world = world(25, vec![task("a", Some(7.0), Temper::Plain)]);
    world.step(at(3.2));
    let late = stuck("c");
    assert_eq!(world.members[0].worker.give(late, at(3.2)), None);
    let plan = with(Policy::Follow, "tstp, 9, kill");
    let mut drive = Drive::new(world, plan, Sources::default(), at(3.4));
    drive.command_at(at(3.5), Command::Automatic);
    drive.finish();
    assert_eq!(drive.world.story(0, "a").finished, 1);
    assert_eq!(drive.world.story(0, "c").lost, 1);
    assert_eq!(fate(&drive, "a"), Some(Fate::Unknown));
}
