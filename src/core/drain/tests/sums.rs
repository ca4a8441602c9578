//! The sum of the jobs of a drain, against the account of its run: each known job once, and where
//! it belongs.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | each job once | those of an ended process are counted by its last heartbeat as well | `each_known_job…` |
//! | none is left out | what is lost already is not counted; nor are the jobs of processes that nothing shows | the same |
//! | what is lost already is told apart | it counts as unknown | the same |
//! | a job that is back is no loss | it counts as lost, whether its process lives or not | the same |
//! | a clean exit loses nothing that is known of | its jobs may be lost | the same |
//! | an assumed `-t` promises nothing | it is taken as known once the drain runs | `an_assumed_timeout…` |

use proptest::prelude::*;

use super::cases::{begin, stuck, world};
use super::drive::{Drive, plan};
use super::foretold::process;
use super::rescues::{rescuing, searching};
use super::scenario::{endless, untouched};
use super::troubled::tally;
use super::world::at;
use crate::core::drain::{
    Execution, Fate, Input, Phase, PushOutcome, Rescue, Standing, Target, Trace,
};
use crate::core::fleet::Job;
use crate::core::outlook::{Becomes, Reason, Verdict};
use crate::core::sequence::Signal;

/// The executions that the sum is about, with their target: all but those that ended well. Of a
/// living process, those that its heartbeat shows, or that are ruled.
fn open(drive: &Drive) -> Vec<(&Target, &Execution)> {
    let ended = [Fate::Finished, Fate::Checkpointed, Fate::Retried];
    let mut all = Vec::new();
    for target in drive.run.ledger().targets() {
        let shows = |jid: &str| {
            let process = drive.fleet.get(&target.key);
            let jobs = process.map_or(&[][..], |process| &process.jobs);
            jobs.iter().any(|job| job.work.jid.as_deref() == Some(jid))
        };
        let known = drive.run.ledger().account().of(&target.key);
        let open = known.filter(|execution| match execution.fate() {
            Some(fate) if ended.contains(&fate) => false,
            Some(_) => true,
            None => target.exited() || shows(execution.jid()),
        });
        all.extend(open.map(|execution| (target, execution)));
    }
    all
}

fn is_back(target: &Target, execution: &Execution) -> bool {
    // What runs nothing more is ruled, and sought until then.
    let stilled = matches!(
        target.standing,
        Standing::Exited { .. } | Standing::Idle { .. }
    );
    match execution.fate() {
        Some(fate) => matches!(fate, Fate::PushedBack | Fate::Rescued),
        None => execution.is_back() && !stilled,
    }
}

fn left_in_order(target: &Target) -> bool {
    matches!(
        target.standing,
        Standing::Exited {
            clean: Some(true),
            ..
        }
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_known_job_is_counted_once(
        mut scenario in prop_oneof![untouched(), endless()],
        killed in prop::option::of(0.5_f64..30.0),
        when in 0.5_f64..60.0,
    ) {
        let killed = killed.map(|when| (at(when), 0, Signal::Kill));
        scenario.weather.strangers.extend(killed);
        let mut drive = scenario.drive();
        drive.until(at(when));
        if drive.run.phase().is_over() {
            return Ok(());
        }
        let (tally, open) = (tally(&drive), open(&drive));
        let number = |wanted: &dyn Fn(&Target, &Execution) -> bool| {
            open.iter().filter(|(target, execution)| wanted(target, execution)).count() as u64
        };
        let told = format!(
            "{tally:?} {:?}",
            open.iter()
                .map(|(target, execution)| (&target.key, &target.standing, execution.jid(), execution.fate(), execution.is_back()))
                .collect::<Vec<_>>()
        );
        prop_assert_eq!(tally.total(), open.len() as u64, "{}", told);
        let gone = number(&|_, execution| execution.fate() == Some(Fate::Lost));
        prop_assert_eq!(tally.gone, gone, "{}", told);
        let safe = number(&|target, execution| is_back(target, execution) || left_in_order(target) && execution.fate() != Some(Fate::Lost));
        let losses = tally.gone + tally.lost + tally.in_danger;
        prop_assert!(losses + safe <= tally.total(), "{safe} safe: {told}");
        let back = number(&|target, execution| is_back(target, execution));
        prop_assert!(tally.pushed_back >= back, "{back} back: {told}");
    }
}

#[test]
fn a_rescued_job_is_no_loss_while_the_next_one_is_pushed_back() {
    let world = world(25, vec![stuck("a"), stuck("b")]);
    let (mut drive, search, missing) = searching(world, rescuing("tstp, 14, kill"));
    assert_eq!((tally(&drive).gone, tally(&drive).pushed_back), (2, 0));
    let nowhere = Trace::Nowhere("it died early".into());
    let traces = missing.into_iter().map(|one| (one, nowhere.clone()));
    drive.call(Input::Searched(search, traces.collect()));
    let Phase::Settling {
        rescue: Rescue::Pushing { id, .. },
        ..
    } = drive.run.phase()
    else {
        panic!("{:?}", drive.run.phase());
    };
    let first = *id;
    drive.call(Input::PushedBack(first, PushOutcome::Pushed));
    assert!(!drive.run.phase().is_over());
    assert_eq!((tally(&drive).gone, tally(&drive).pushed_back), (1, 1));
}

/// Nothing that needs time after TERM is promised, before TERM and after it.
#[test]
fn an_assumed_timeout_promises_nothing_in_a_drain() {
    let mut drive = begin(
        world(25, vec![stuck("a")]),
        plan("tstp, 30, term, 40, int, 9, kill"),
    );
    let mut said = |when: f64, ran: f64| {
        drive.until(at(when));
        let key = drive.run.ledger().targets()[0].key.clone();
        let job = Job {
            started: Some(at(when - ran)),
            ..drive.fleet.processes[&key].jobs[0].clone()
        };
        let said = process(&drive, &key).job(&job);
        (said.becomes, said.reason == Reason::NeedsAssumedTime)
    };
    let at_risk = (Becomes::Expected(Verdict::AtRisk), true);
    // 20 s to TERM, 45 s to the push-back, which no INT behind the TERM moves.
    assert_eq!(said(10.0, 9.0).0, Becomes::Expected(Verdict::Fits));
    assert_eq!(said(10.0, 15.0), at_risk);
    assert_eq!(said(35.0, 3.0), at_risk);
}
