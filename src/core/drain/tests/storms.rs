//! Random drains in foul weather: no loss is overlooked, no fate is better than the truth, and
//! nothing that is pushed back runs a second time.

use std::time::Duration;

use proptest::prelude::*;

use super::drive::{Drive, Reading};
use super::fates::{broke_off_unread, cases, ended_at_last, nothing_lost_is_overlooked, play};
use super::scenario::{Scenario, span, touched, untouched};
use super::weather::Weather;
use super::world::at;
use crate::core::drain::{Execution, Fate};
use crate::core::sequence::Signal;
use crate::core::sidekiq::{Temper, WorkerEvent};

fn weather() -> impl Strategy<Value = Weather> {
    let retries = prop::option::weighted(0.6, span(0.1, 12.0));
    let signal = prop_oneof![2 => Just(Signal::Kill), 1 => Just(Signal::Tstp)];
    let strangers = prop::collection::vec((0.0..40.0, 0_usize..3, signal), 0..2);
    let strangers = prop_oneof![2 => Just(Vec::new()), 1 => strangers];
    let torn = prop_oneof![2 => Just(0), 1 => 1_u64..5];
    // A log that is found late; one that loses lines in between proves nothing at all.
    let gaps = prop::option::of(-15.0..10.0);
    let undated = prop::option::weighted(0.3, span(0.0, 0.4));
    let empties = prop::option::weighted(0.15, (0.0..40.0, any::<bool>()));
    (retries, strangers, torn, gaps, undated, empties).prop_map(
        |(retries_after, strangers, torn, gaps, undated, empties)| Weather {
            empties: (empties.into_iter())
                .map(|(when, anew)| (at(when), anew))
                .collect(),
            retries_after,
            strangers: strangers
                .into_iter()
                .map(|(when, index, signal)| (at(when), index, signal))
                .collect(),
            torn,
            gaps: gaps.map(|to| (at(-3600.0), at(to))).into_iter().collect(),
            undated,
            ..Weather::default()
        },
    )
}

fn in_weather(scenario: impl Strategy<Value = Scenario>) -> impl Strategy<Value = Scenario> {
    let waiting = prop::option::weighted(0.5, 0.0..8.0);
    (scenario, weather(), waiting, any::<bool>()).prop_map(
        |(mut scenario, mut weather, heeds, salvages)| {
            if let Some(late) = weather.undated {
                scenario.sources.logs = Some(Reading {
                    late,
                    from: at(-15.0),
                    begins: true,
                });
            }
            for (number, heard) in heeds.iter().enumerate() {
                scenario.heeds_after(number, Duration::from_secs_f64(*heard));
            }
            let locals = scenario.cast.len();
            weather.strangers.retain(|(_, index, _)| *index < locals);
            weather.salvages = salvages;
            scenario.plan.guard.rescue = salvages;
            scenario.weather = weather;
            scenario
        },
    )
}

fn check(drive: &Drive) {
    nothing_lost_is_overlooked(drive);
    for known in drive.run.ledger().account().executions() {
        fate_is_true(drive, known);
    }
}

fn fate_is_true(drive: &Drive, known: &Execution) {
    let (busy, end) = drive.execution(known);
    let iterates = matches!(busy.task.temper, Temper::Iterates(_));
    let end = end.map(|(_, _, event)| event);
    let fate = known.fate();
    let says = format!("{}: {:?} but {end:?}", known.jid(), known.ruling());
    let lost = matches!(end, Some(WorkerEvent::JobLost(_)));
    let ended = matches!(
        end,
        Some(WorkerEvent::JobFinished(_) | WorkerEvent::JobFailed(_))
    );
    let back = matches!(end, Some(WorkerEvent::PushedBack { .. }));
    let failed = matches!(end, Some(WorkerEvent::JobFailed(_)));
    let iteration = matches!(end, Some(WorkerEvent::PushedBack { front: false, .. }));
    let broke_off = iteration || matches!(end, Some(WorkerEvent::BrokeOff { .. }));
    match fate {
        Some(Fate::Finished) => {
            // Its state tells that it is complete, and not where.
            let complete = iterates && completed_anywhere(drive, known.jid());
            assert!(
                ended
                    || iteration
                    || complete
                    || late(drive, known)
                    || broke_off_unread(drive, known),
                "{says}"
            );
        }
        Some(Fate::PushedBack) => assert!(back || failed, "{says}"),
        Some(Fate::Retried) => assert!(!lost, "{says}"),
        Some(Fate::Lost) => {
            let member = drive.world.member_of(known.process());
            let after_a_failure = drive.world.was_lost_at_last(member, known.jid());
            let there = lost || after_a_failure || ended_at_last(drive, member, known.jid());
            assert!(there, "called lost, but it had ended: {says}");
        }
        Some(Fate::Checkpointed) => assert!(broke_off, "{says}"),
        Some(Fate::Rescued | Fate::Unknown) | None => {}
    }
}

/// Whether an `IterableJob` was completed by any process.
fn completed_anywhere(drive: &Drive, jid: &str) -> bool {
    let mut members = 0..drive.world.members.len();
    members.any(|member| drive.world.story(member, jid).finished > 0)
}

/// Whether a job that swallowed the interrupt finished all the same.
fn late(drive: &Drive, known: &Execution) -> bool {
    let member = drive.world.member_of(known.process());
    drive.world.story(member, known.jid()).finished > 0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_foul_weather_no_loss_is_overlooked_and_nothing_runs_twice(scenario in in_weather(untouched())) {
        check(&play(&scenario));
    }

    #[test]
    fn the_same_whatever_is_pressed(scenario in in_weather(touched())) {
        check(&play(&scenario));
    }
}
