//! A signal that was sent is not yet one that was heard: until quiet is proven a thread whose job
//! has ended takes the next one, whatever was sent to its process.

use std::time::Duration;

use super::cases::{begin_with, config, stuck};
use super::drive::{Drive, Reading, Sources};
use super::kills::{fate, with};
use super::world::{World, at, task};
use crate::core::drain::{Event, Fate, Outcome, Plan, Policy};
use crate::core::sequence::Timeout;
use crate::core::sidekiq::{Config, Temper};

/// A drain of one thread whose names nobody can read. Its job `a` ends at 5 s, by its log, and `c`
/// waits in the queue. Signals are heeded so long after they were sent; beats come at 3 s and 13 s.
fn drained(sequence: &str, heeds_after: f64) -> Drive {
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    let config = Config {
        heeds_after: Duration::from_secs_f64(heeds_after),
        ..config(25, 1)
    };
    world.add(config, Some(100), at(-7.0));
    world.members[0].named = false;
    world.step(at(-2.0));
    let known = task("a", Some(7.0), Temper::Plain);
    assert_eq!(world.members[0].worker.give(known, at(-2.0)), None);
    world.queue.push_back(stuck("c"));
    let plan = Plan {
        timeout: Some(Timeout::stated(Duration::from_secs(25), "a test")),
        ..with(Policy::Follow, sequence)
    };
    let sources = Sources {
        logs: Some(Reading {
            begins: false,
            ..Reading::all()
        }),
        ..Sources::default()
    };
    let mut drive = begin_with(world, plan, sources);
    drive.finish();
    assert_eq!(fate(&drive, "a"), Some(Fate::Finished));
    drive
}

/// Lines of jobs that no beat had shown.
fn nameless(drive: &Drive) -> usize {
    let events = drive.journal.iter().map(|record| &record.event);
    let nameless = |event: &&Event| matches!(event, Event::Reconciled { jid: None, .. });
    events.filter(nameless).count()
}

#[test]
fn what_is_fetched_before_the_signal_is_heard_counts() {
    for sequence in ["tstp, 12, kill", "term, 12, kill"] {
        let drive = drained(sequence, 10.0);
        let lost: Vec<String> = drive.world.lost().into_values().flatten().collect();
        assert_eq!(lost, ["c"], "{sequence}");
        assert_eq!(nameless(&drive), 1, "{sequence}");
        assert_eq!(drive.run.outcome(), Some(Outcome::Lost), "{sequence}");
    }
}

#[test]
fn what_a_quiet_process_leaves_in_the_queue_does_not() {
    let drive = drained("tstp, 12, kill", 0.0);
    assert_eq!(drive.world.lost().len(), 0);
    assert_eq!(drive.world.queue.len(), 1, "c was never fetched");
    assert_eq!(nameless(&drive), 0);
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
}
