//! Targets of other hosts: their signals go through Redis, their exits are known by it alone.

use std::time::Duration;

use proptest::prelude::*;

use super::cases::{begin, begin_with, config, stated, stuck};
use super::drive::{Delivery, Drive, Failure, Sources, plan};
use super::fates::{cases, check_end, fates_are_true, nothing_lost_is_overlooked, play};
use super::scenario::{touched, untouched, well_lit};
use super::world::{World, at, task};
use crate::core::drain::{
    Command, Effect, Event, Fate, Hold, Input, Outcome, Phase, WaitingSignal,
};
use crate::core::fleet::{Observation, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::sidekiq::{Task, Temper, shown};

impl Drive {
    /// Redis is asked whether a signal was taken, once a second until it expires.
    pub(super) fn taken(&mut self, waiting: WaitingSignal) {
        let in_time = self.now < waiting.until;
        if !self.is_lost() && in_time && self.world.has_taken(&waiting.target) {
            self.call(Input::Taken(waiting, true));
        } else if in_time {
            let soon = self.now.after(Duration::from_secs(1));
            self.send(soon, Delivery::Taken(waiting));
        } else {
            self.call(Input::Taken(waiting, false));
        }
    }
}

/// A Sidekiq of another host with these jobs since 2 s before the drain; it beats at 3, 13, 23, … s.
fn far(timeout: u64, tasks: Vec<Task>) -> World {
    let mut world = World {
        tells_age: true,
        ..World::default()
    };
    world.add(config(timeout, 4), None, at(-7.0));
    world.members[0].is_far = true;
    world.members[0].ahead = 25.0;
    world.step(at(-2.0));
    for task in tasks {
        assert_eq!(world.members[0].worker.give(task, at(-2.0)), None);
    }
    world
}

/// The seconds at which `wanted` was written down.
fn when(drive: &Drive, wanted: impl Fn(&Event) -> bool) -> Vec<u64> {
    let journal = drive.journal.iter();
    let told = journal.filter(|record| wanted(&record.event));
    told.map(|record| record.since_start.as_secs()).collect()
}

fn arrivals(drive: &Drive) -> Vec<u64> {
    when(drive, |event| matches!(event, Event::SignalArrived { .. }))
}

fn fate(drive: &Drive, jid: &str) -> Option<Fate> {
    let key = drive.world.members[0].key();
    drive.run.ledger().account().find(&key, jid)?.fate()
}

#[test]
fn a_signal_is_sent_taken_and_effective_at_three_times() {
    let mut drive = begin(far(25, vec![]), plan("tstp, 120, term"));
    drive.until(at(60.0));
    assert_eq!(drive.signals()[0], (0, Signal::Tstp));
    // It is taken with the beat of 3 s; the beat of 13 s says quiet.
    let quiet = when(&drive, |event| {
        matches!(event, Event::QuietConfirmed { .. })
    });
    assert_eq!((arrivals(&drive)[0], quiet), (3, vec![13]));
}

#[test]
fn an_idle_one_gets_its_term_early_and_never_before_a_whole_quiet_beat() {
    let mut drive = begin(far(25, vec![]), plan("tstp, 120, term"));
    drive.finish();
    let signals = vec![(0, Signal::Tstp), (13, Signal::Term)];
    assert_eq!(drive.signals(), signals);
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
}

#[test]
fn an_exit_is_known_once_the_record_has_expired() {
    let mut drive = begin(far(25, vec![]), plan("tstp, 120, term"));
    drive.finish();
    let left = drive.world.exited(0).unwrap();
    let told = when(&drive, |event| {
        matches!(
            event,
            Event::Exited {
                by_redis: true,
                clean: Some(true),
                killed_by_us: Some(false)
            }
        )
    });
    let [told] = told[..] else {
        panic!("one exit: {told:?}");
    };
    let waited = Moment::since(at(0.0), at(0.0)).as_secs() + told;
    assert!(left < at(30.0), "it had left long before");
    assert!((80..110).contains(&waited), "told after {told} s");
}

#[test]
fn what_it_pushes_back_is_found_and_no_kill_is_ever_sent() {
    let mut drive = begin(
        far(5, vec![stuck("a")]),
        stated("tstp, 20, term, 9, kill", 5),
    );
    drive.finish();
    let signals = vec![(0, Signal::Tstp), (20, Signal::Term)];
    assert_eq!(drive.signals(), signals);
    assert_eq!(fate(&drive, "a"), Some(Fate::PushedBack));
    assert_eq!(drive.run.outcome(), Some(Outcome::Requeued));
    assert_eq!(drive.told("KILL cannot be sent through Redis"), 1);
}

#[test]
fn a_job_of_a_process_that_dies_elsewhere_is_never_called_safe() {
    let mut drive = begin(far(25, vec![stuck("a")]), stated("tstp, 120, term", 25));
    drive.until(at(15.0));
    drive.world.members[0].signal(Signal::Kill, at(15.0));
    // It is listed still, as long as no program of Sidekiq's cleans up: it may be cut off from Redis.
    // TERM is not taken any more, and the drain holds.
    drive.command_at(at(400.0), Command::StopHere);
    drive.finish();
    assert_eq!(drive.run.outcome(), Some(Outcome::Stopped));
    assert!(!matches!(
        fate(&drive, "a"),
        Some(Fate::Finished | Fate::PushedBack)
    ));
    assert_eq!(drive.run.ledger().counts().unknown, 1);
}

#[test]
fn a_signal_that_is_not_taken_in_time_holds_and_can_be_sent_again() {
    let mut world = far(25, vec![stuck("a")]);
    // Its heartbeat stands still, and its record stays.
    world.members[0].freeze(false, at(-1.0));
    let mut drive = begin(world, plan("tstp, 120, term"));
    drive.until(at(70.0));
    let held = |phase: &Phase| matches!(phase, Phase::Held { why: Hold::Failed(failed), .. } if failed.len() == 1);
    assert!(held(drive.run.phase()), "{:?}", drive.run.phase());
    assert_eq!(arrivals(&drive), Vec::<u64>::new());
}

#[test]
fn a_failed_signal_through_redis_is_retried() {
    let sources = Sources {
        failing: vec![(0, Failure::Refused)],
        ..Sources::default()
    };
    let mut drive = begin_with(far(25, vec![]), plan("tstp, 120, term"), sources);
    drive.until(at(2.0));
    assert!(matches!(
        drive.run.phase(),
        Phase::Held {
            why: Hold::Failed(_),
            ..
        }
    ));
    drive.command_at(at(2.5), Command::Retry);
    drive.finish();
    assert_eq!(drive.signals()[0], (2, Signal::Tstp));
    assert_eq!(drive.run.outcome(), Some(Outcome::Drained));
}

#[test]
fn one_that_beats_again_had_not_exited() {
    let mut drive = begin(far(25, vec![]), plan("tstp, 120, term"));
    drive.until(at(5.0));
    let (mut run, mut fleet) = (drive.run.clone(), drive.fleet.clone());
    let row = drive.world.look(at(5.0), at(5.0)).rows.remove(0);
    let mut look = |rows, when: f64| {
        fleet.observe(Observation::Look(shown::look(rows, at(when))));
        let effects = run.handle(Input::Observed, &fleet, at(when));
        (run.ledger().targets()[0].exited(), effects)
    };
    // It is listed no more, and no beat of it came for more than a minute.
    assert!(!look(vec![], 6.0).0);
    assert!(!look(vec![], 60.0).0);
    assert!(look(vec![], 70.0).0);
    let mut later = row;
    later.heartbeat.as_mut().unwrap().beat += 70.0;
    let (exited, effects) = look(vec![later], 75.0);
    let told = effects.iter().any(|effect| {
        matches!(effect, Effect::Note(record) if record.to_string().contains("beats again"))
    });
    assert!(!exited && told);
}

#[test]
fn one_here_and_one_elsewhere_are_drained_together() {
    let mut world = far(5, vec![stuck("a")]);
    world.add(config(5, 4), Some(100), at(-7.0));
    let one = task("b", None, Temper::Plain);
    world.step(at(-1.0));
    assert_eq!(world.members[1].worker.give(one, at(-1.0)), None);
    let mut drive = begin(world, stated("tstp, 20, term, 2, kill", 5));
    drive.command_at(
        at(23.0),
        Command::Go {
            step: 2,
            accepted: 9,
        },
    );
    drive.finish();
    let to = |key: &ProcessKey| {
        let about = drive.run.ledger().target(key).unwrap().about.name.clone();
        let sent = drive.journal.iter().filter(|record| {
            record.name() == Some(about.as_str())
                && matches!(record.event, Event::SignalSent { .. })
        });
        sent.count()
    };
    let [far, here] = [0, 1].map(|index| drive.world.members[index].key());
    assert_eq!(
        (to(&far), to(&here)),
        (2, 3),
        "KILL reaches this host alone"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_drain_of_other_hosts_keeps_every_law(mut scenario in untouched()) {
        scenario.is_far = true;
        let mut drive = play(&scenario);
        check_end(&mut drive);
    }

    #[test]
    fn whatever_is_pressed_a_drain_of_other_hosts_keeps_every_law(mut scenario in touched()) {
        scenario.is_far = true;
        let drive = play(&scenario);
        fates_are_true(&drive);
        nothing_lost_is_overlooked(&drive);
    }

    #[test]
    fn in_good_light_no_job_of_another_host_is_called_safe_that_is_gone(mut scenario in well_lit()) {
        scenario.is_far = true;
        let mut drive = play(&scenario);
        check_end(&mut drive);
    }
}
