//! What a drain costs: what was said before and during it against the account at its end, and that
//! account against the world.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | the most that is said before is enough | `CLEANUP` is not added, or unseen jobs are left out | `what_is_said_before…` |
//! | the same at any moment of the drain | what the account knows is left out | `what_is_said_on_the_way…` |
//! | it is no wild guess | the whole budget counts twice | `a_drain_of_endless_jobs…` |
//! | a job ran within its bounds | it ran until the beat that missed it | `each_job_ran…` |

use std::time::Duration;

use proptest::prelude::*;

use super::cases::{begin, begin_with, config, stated, stuck, world};
use super::drive::Drive;
use super::foretold::{endless, of_targets, process};
use super::scenario::{Scenario, untouched, well_lit};
use super::sources::Sources;
use super::world::{at, task};
use crate::core::drain::{Event, Execution, Fate};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::outlook::Toll;
use crate::core::sidekiq::{Temper, Worker, WorkerConfig, WorkerEvent};
use crate::core::timing::{CLEANUP, WHOLE_SECOND};

/// What the drain costs as foretold now; `begun`: it has begun.
fn foretold(drive: &Drive, begun: bool) -> Toll {
    of_targets(drive, begun).toll()
}

/// What the account says at the end; `None`: it is not over, or the work of a job is not known.
fn accounted(drive: &Drive) -> Option<(Duration, Duration)> {
    let last = drive.journal.last().map(|record| &record.event);
    let Some(Event::Finished {
        work_kept_s: Some(kept),
        work_redone_s: Some(redone),
        ..
    }) = last
    else {
        return None;
    };
    Some((kept.0, redone.0))
}

/// When the jobs of each target are over at the latest, by the times that are shown.
fn promised(drive: &Drive) -> Vec<Option<Moment>> {
    let end = |key: &ProcessKey| {
        let outlook = process(drive, key);
        let interrupted = outlook.interrupt().map(|left| left + CLEANUP);
        let killed = outlook.kill().map(|left| left + WHOLE_SECOND);
        let end = interrupted.into_iter().chain(killed).min()?;
        Some(drive.now.after(end))
    };
    let targets = drive.run.ledger().targets().iter();
    targets.map(|target| end(&target.key)).collect()
}

/// From what is said before a drain to its first times.
const MOMENT: Duration = Duration::from_millis(2);

/// How much later than promised the processes ended, times their threads: Redis was gone, a signal
/// failed or was heeded late.
fn lateness(drive: &Drive, scenario: &Scenario, promised: &[Option<Moment>]) -> Duration {
    let late = drive
        .run
        .ledger()
        .targets()
        .iter()
        .zip(promised)
        .map(|(target, end)| {
            let index = drive.world.member_of(&target.key);
            let ended = drive.world.exited(index).unwrap_or(drive.now);
            // The times were read a moment after what was said.
            let late = end.map_or(Duration::ZERO, |end| ended.since(end) + MOMENT);
            late * u32::try_from(scenario.threads(index)).unwrap()
        });
    late.sum()
}

/// Lets the drain end; `None`: it waits for an answer that does not come.
fn ended(drive: &mut Drive) -> Option<()> {
    drive.until(at(600.0));
    drive.run.phase().is_over().then_some(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_before_is_enough_in_any_world(scenario in untouched()) {
        let mut drive = scenario.drive();
        let said = foretold(&drive, false);
        drive.until(at(0.001));
        let promised = promised(&drive);
        if ended(&mut drive).is_none() {
            return Ok(());
        }
        let late = lateness(&drive, &scenario, &promised);
        if let (Some(most), Some((_, redone))) = (said.whole(), accounted(&drive)) {
            prop_assert!(
                redone <= most + late,
                "said {most:?}, late {late:?}, but {redone:?}: {said:?} {:?}",
                drive.run.ledger().account().executions().map(Execution::jid).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn what_is_said_on_the_way_is_enough(scenario in well_lit(), when in 0.1_f64..40.0) {
        let mut drive = scenario.drive();
        drive.until(at(when));
        if drive.run.phase().is_over() {
            return Ok(());
        }
        let said = foretold(&drive, true);
        let promised = promised(&drive);
        prop_assert!(ended(&mut drive).is_some());
        let late = lateness(&drive, &scenario, &promised);
        if let (Some(most), Some((_, redone))) = (said.whole(), accounted(&drive)) {
            prop_assert!(redone <= most + late, "at {when} s said {said:?}, but {redone:?}");
        }
    }

    #[test]
    fn a_drain_of_endless_jobs_costs_about_what_was_said(scenario in endless()) {
        let mut drive = scenario.drive();
        let said = foretold(&drive, false);
        let jobs = drive.fleet.processes.values().map(|process| process.jobs.len());
        let jobs = u32::try_from(jobs.sum::<usize>()).unwrap();
        drive.until(at(0.001));
        let promised = promised(&drive);
        if ended(&mut drive).is_none() {
            return Ok(());
        }
        // Each act takes its time, and the wait after it begins at its end.
        let late = lateness(&drive, &scenario, &promised);
        if let (Some(most), Some((_, redone))) = (said.whole(), accounted(&drive)) {
            prop_assert!(redone <= most + late, "said {said:?}, but {redone:?}");
            let least = said.at_most.unwrap();
            let room = (CLEANUP + WHOLE_SECOND * 2) * jobs;
            prop_assert!(least <= redone + room, "said {said:?}, but {redone:?}");
        }
    }

    #[test]
    fn each_job_ran_within_the_bounds_that_are_told(scenario in untouched()) {
        let mut drive = scenario.drive();
        if ended(&mut drive).is_none() {
            return Ok(());
        }
        for execution in drive.run.ledger().account().executions() {
            let Some((began, over)) = lifetime(&drive, execution) else { continue };
            let Some(ran) = execution.ran(drive.now) else { continue };
            let truly = over.since(began);
            let told = format!("{} ran {truly:?}, told {ran:?}: {:?}", execution.jid(), execution.ruling());
            // One that swallows its interrupt is at work after its push-back.
            let by_itself = matches!(
                execution.fate(),
                Some(Fate::Finished | Fate::Checkpointed | Fate::Retried)
            );
            prop_assert!(!by_itself || ran.least <= truly + WHOLE_SECOND, "{told}");
            let ruled = matches!(
                execution.fate(),
                Some(Fate::Finished | Fate::PushedBack | Fate::Lost | Fate::Retried)
            );
            prop_assert!(!ruled || truly <= ran.most + WHOLE_SECOND / 2, "{told}");
        }
    }
}

/// When an execution truly began and was over, where its job ran once on its process.
fn lifetime(drive: &Drive, execution: &Execution) -> Option<(Moment, Moment)> {
    let member = drive.world.member_of(execution.process());
    let mut began = Vec::new();
    let mut over = None;
    for (when, index, event) in &drive.world.truth {
        let (starts, jid) = match event {
            WorkerEvent::JobStarted(busy) => (true, &busy.task.jid),
            WorkerEvent::JobFinished(task)
            | WorkerEvent::JobFailed(task)
            | WorkerEvent::JobLost(task)
            | WorkerEvent::PushedBack { task, .. }
            | WorkerEvent::BrokeOff { task, .. } => (false, &task.jid),
            WorkerEvent::Beat(_) | WorkerEvent::LeftRegistry | WorkerEvent::Exited(_) => continue,
        };
        if *index != member || jid != execution.jid() {
            continue;
        }
        if starts {
            began.push(*when);
        } else {
            over = over.or(Some(*when));
        }
    }
    match began[..] {
        [began] => Some((began, over?)),
        _ => None,
    }
}

/// The beat at 3 s has shown what runs.
fn once_shown(mut drive: Drive) -> Drive {
    drive.until(at(4.0));
    drive
}

#[test]
fn a_job_that_is_interrupted_costs_all_that_it_ran() {
    let plan = stated("tstp, 15, term, 12, kill", 6);
    let mut drive = once_shown(begin(world(6, vec![stuck("a")]), plan));
    let said = foretold(&drive, true);
    drive.finish();
    let (kept, redone) = accounted(&drive).unwrap();
    assert_eq!(kept, Duration::ZERO);
    let ran = drive.run.ledger().account().executions().next().unwrap();
    let cost = drive.run.ledger().cost_of(ran, drive.now).unwrap();
    assert_eq!(redone, cost.redone);
    assert!(redone >= Duration::from_secs(22), "{redone:?}");
    let most = said.at_most.unwrap();
    assert!(redone <= most && most <= redone + CLEANUP, "{most:?}");
    assert!(said.redone <= said.at_most, "{said:?}");
}

#[test]
fn a_job_that_ends_in_time_costs_nothing_and_its_work_is_kept() {
    let short = task("a", Some(9.0), Temper::Plain);
    let plan = stated("tstp, 60, term, 12, kill", 6);
    let mut drive = once_shown(begin(world(6, vec![short]), plan));
    let said = foretold(&drive, true);
    assert_eq!(said.redone, Some(Duration::ZERO));
    let most = said.at_most.unwrap();
    assert!(most >= Duration::from_secs(68), "should it go on: {most:?}");
    drive.finish();
    let (kept, redone) = accounted(&drive).unwrap();
    assert_eq!(redone, Duration::ZERO);
    assert!(kept <= Duration::from_secs(10), "{kept:?}");
}

#[test]
fn a_sequence_that_ends_nothing_throws_no_work_away() {
    let drive = once_shown(begin(
        world(6, vec![stuck("a")]),
        stated("ttin, 30, tstp", 6),
    ));
    let said = foretold(&drive, true);
    assert_eq!((said.whole(), said.ends), (Some(Duration::ZERO), None));
}

/// Its log says `done` long after its push-back: all of it was for nothing.
#[test]
fn a_job_that_goes_on_beside_its_push_back_costs_no_more_than_was_said_then() {
    let mut world = world(2, vec![]);
    let config = WorkerConfig {
        exit_takes: Duration::from_secs(7),
        ..config(2, 4)
    };
    world.members[0].worker = Worker::new(config, at(-7.0));
    world.step(at(-2.0));
    let swallows = task("a", Some(16.0), Temper::SwallowsShutdown);
    assert_eq!(world.members[0].worker.give(swallows, at(-2.0)), None);
    let plan = stated("tstp, 5, term, 20, kill", 2);
    let mut drive = begin_with(world, plan, Sources::with_logs());
    drive.until(at(10.5));
    let said = foretold(&drive, true);
    drive.finish();
    let (kept, redone) = accounted(&drive).unwrap();
    assert_eq!(kept, Duration::ZERO);
    assert!(redone >= Duration::from_secs(16), "{redone:?}");
    assert!(redone <= said.at_most.unwrap(), "{redone:?} {said:?}");
}
