//! What a process says at its end of how many threads it interrupted: it settles threads without
//! a name, and only where its log was read whole.

use super::cases::{stated, stuck, world};
use super::drive::{Drive, Reading, Sources};
use super::kills::fate;
use super::testimonies::written;
use super::world::at;
use crate::core::drain::{Command, Event, Fate, Outcome};

/// A drain of four threads whose names nobody can read, told to stop at 3.5 s. The beats come at
/// 3 s and 13 s: `a` is shown, the `beside` are not, and all run until the push-back, at 9 s.
fn drained(beside: &[&str], sequence: &str, logs: Option<Reading>) -> Drive {
    let mut drive = begun(beside, sequence, logs);
    if logs.is_some() {
        written(&mut drive, &[(3.6, "tid=m INFO: Shutting down")]);
    }
    drive.finish();
    drive
}

fn begun(beside: &[&str], sequence: &str, logs: Option<Reading>) -> Drive {
    let mut world = world(6, vec![stuck("a")]);
    world.members[0].named = false;
    world.step(at(3.3));
    for jid in beside {
        assert_eq!(world.members[0].worker.give(stuck(jid), at(3.3)), None);
    }
    let sources = Sources {
        logs,
        ..Sources::default()
    };
    let mut drive = Drive::new(world, stated(sequence, 6), sources, at(3.4));
    drive.command_at(at(3.5), Command::Automatic);
    drive
}

fn nameless(drive: &Drive) -> usize {
    let lines = drive.journal.iter().map(|record| &record.event);
    let nameless = |event: &&Event| matches!(event, Event::Reconciled { jid: None, .. });
    lines.filter(nameless).count()
}

/// A class may silence its begins.
fn silent() -> Reading {
    Reading {
        begins: false,
        ..Reading::all()
    }
}

const TERM: &str = "term, 60, kill";

#[test]
fn what_it_did_not_interrupt_had_ended_by_itself() {
    let drive = drained(&[], TERM, Some(silent()));
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(nameless(&drive), 0);
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
    assert_eq!(nameless(&drained(&[], TERM, None)), 3, "without a log");
}

#[test]
fn what_it_interrupted_without_a_name_stays_open() {
    let drive = drained(&["b", "c"], TERM, Some(silent()));
    assert_eq!(nameless(&drive), 2);
    assert_eq!(drive.run.outcome(), Some(Outcome::Lost));
}

#[test]
fn one_that_was_killed_has_said_nothing() {
    let drive = drained(&[], "term, 3, kill", Some(silent()));
    assert_eq!(nameless(&drive), 3);
}

#[test]
fn a_log_that_was_found_too_late_may_lack_a_part_of_it() {
    for from in [-60.0, 9.1] {
        let reading = Reading {
            from: at(from),
            ..silent()
        };
        let mut drive = begun(&["b"], TERM, Some(reading));
        drive.finish();
        assert_eq!(nameless(&drive), 3, "{from}");
    }
}
