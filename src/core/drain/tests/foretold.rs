//! The outlook against what then happens: jobs that never end, drains that nobody touches, and at
//! any moment a forecast for each job that the world must come to fulfil.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | KILL that asks does not come by itself | `unasked` gives `Some(due)` for `ask` | `what_is_foretold…` |
//! | KILL waits for the push-back, but not for ever | `unasked` gives `None` for `wait-for-requeue` | the same |
//! | KILL too soon after the push-back loses | `CLEANUP` is zero | `verdict::a_kill_too_soon…` |
//! | what is known goes before any forecast | `known::of` gives `None` | `what_is_foretold…` |

use std::time::Duration;

use proptest::prelude::*;

use super::cases::{begin, begin_with, stated, stuck, world};
use super::drive::{Drive, Sources, plan};
use super::scenario::{Scenario, well_lit};
use super::sources::Failure;
use super::world::at;
use crate::core::drain::{Command, Fate, Guard, Phase, Plan, Policy, RedisGone, Standing};
use crate::core::fleet::{Job, ProcessKey};
use crate::core::outlook::{
    Becomes, Given, JobOutlook, Outlooks, ProcessOutlook, Reason, Situation, Verdict,
};
use crate::core::preflight::Preflight;
use crate::core::sequence::{Signal, Timeout};
use crate::core::timing::INTERRUPT_MARGIN;

/// All that is known in a drive; `begun`: its drain has begun.
pub(super) fn situation(drive: &Drive, begun: bool) -> Situation<'_> {
    static NOTHING: std::sync::LazyLock<Preflight> = std::sync::LazyLock::new(Preflight::default);
    Situation {
        fleet: &drive.fleet,
        plan: drive.run.plan(),
        preflight: &NOTHING,
        run: begun.then_some(&drive.run),
        now: drive.now,
    }
}

/// The outlook for all targets of a drive.
pub(super) fn of_targets(drive: &Drive, begun: bool) -> Outlooks<'_> {
    let targets = drive.run.ledger().targets().iter();
    let targets: Vec<ProcessKey> = targets.map(|target| target.key.clone()).collect();
    Outlooks::new(situation(drive, begun), &targets)
}

/// The outlook for one process of a drive.
pub(super) fn process<'a>(drive: &'a Drive, key: &ProcessKey) -> ProcessOutlook<'a> {
    situation(drive, true).process(key, &drive.fleet.processes[key])
}

/// The outlook for each known job of the targets, as if it had run for an hour.
pub(super) fn outlooks(drive: &Drive) -> Vec<((ProcessKey, String), JobOutlook<'_>)> {
    let mut all = Vec::new();
    for target in drive.run.ledger().targets() {
        let key = target.key.clone();
        // One that ended long ago is shown no more.
        let Some(shown) = drive.fleet.get(&key) else {
            continue;
        };
        let outlook = process(drive, &key);
        for job in &shown.jobs {
            let long = Job {
                started: Some(drive.now.before(Duration::from_secs(3600))),
                ..job.clone()
            };
            let jid = job.work.jid.clone().unwrap();
            all.push(((target.key.clone(), jid), outlook.job(&long)));
        }
    }
    all
}

/// What becomes of each of these, and whether that is sure: KILL close behind the push-back may or may
/// not come too soon.
pub(super) fn jobs(drive: &Drive) -> Vec<((ProcessKey, String), Becomes, bool)> {
    let known = outlooks(drive).into_iter();
    let told = known.map(|(job, said)| {
        let sure = !matches!(said.reason, Reason::KillTooSoon(_)) && !is_close(drive);
        (job, said.becomes, sure)
    });
    told.collect()
}

/// Whether KILL comes about when Sidekiq interrupts its jobs: it looks at its threads every 0.5 s, so
/// it may do so just before or just after.
pub(super) fn is_close(drive: &Drive) -> bool {
    let plan = drive.run.plan();
    let extra = match plan.policy {
        Policy::WaitForRequeue => plan.guard.kill_extra,
        Policy::Ask | Policy::Follow => Duration::ZERO,
    };
    let kill = plan.sequence.stop_wait().map(|wait| wait + extra);
    let interrupt = plan.timeout.as_ref().map(|timeout| timeout.span);
    kill.zip(interrupt)
        .is_some_and(|(kill, interrupt)| kill.abs_diff(interrupt) <= INTERRUPT_MARGIN)
}

/// How a job of a process ended in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    BrokeOff,
    PushedBack,
    Lost,
    Runs,
}

pub(super) fn truth(drive: &Drive, (id, jid): &(ProcessKey, String)) -> Truth {
    let index = drive.world.member_of(id);
    if drive.world.broke_off(index, jid) {
        Truth::BrokeOff
    } else if drive.world.story(index, jid).pushed > 0 {
        Truth::PushedBack
    } else if drive.world.ended(index).is_some() {
        Truth::Lost
    } else {
        Truth::Runs
    }
}

/// Drains of jobs that never end, with all the light there is and any policy.
pub(super) fn endless() -> impl Strategy<Value = Scenario> {
    let sequences = [
        "tstp, 12, term, 20, kill",
        "tstp, 6, term, 3, kill",
        "tstp, 9, kill",
        "term, 4, kill",
        "tstp, 5, term",
        "tstp",
    ];
    let policy = prop_oneof![
        Just(Policy::Ask),
        Just(Policy::WaitForRequeue),
        Just(Policy::Follow)
    ];
    let sequence = prop::sample::select(sequences.to_vec());
    let extra = 1_u64..15;
    (well_lit(), sequence, policy, extra, 2_u64..12).prop_map(
        |(mut scenario, sequence, policy, extra, timeout)| {
            let timeout = Duration::from_secs(timeout);
            scenario.never_end(timeout);
            scenario.plan = Plan {
                policy,
                guard: Guard {
                    kill_extra: Duration::from_secs(extra),
                    rescue: false,
                    redis_gone: RedisGone::Hold,
                },
                timeout: Some(Timeout::stated(timeout, "a test")),
                ..plan(sequence)
            };
            scenario
        },
    )
}

/// Whether `said` came true. A forecast that gives no answer promises nothing.
pub(super) fn came_true(said: Becomes, truth: Truth) -> bool {
    match said {
        Becomes::Expected(Verdict::PushedBack)
        | Becomes::Back
        | Becomes::Ended(Fate::PushedBack) => truth == Truth::PushedBack,
        Becomes::Expected(Verdict::Lost) | Becomes::Ended(Fate::Lost) => truth == Truth::Lost,
        Becomes::Expected(Verdict::Fits) => truth == Truth::Runs,
        Becomes::Expected(Verdict::BreaksOff) => truth == Truth::BrokeOff,
        Becomes::Expected(Verdict::AtRisk | Verdict::Unknown)
        | Becomes::Ended(Fate::Unknown)
        | Becomes::Overdue
        | Becomes::Sought => true,
        Becomes::Ended(Fate::Finished | Fate::Checkpointed | Fate::Retried | Fate::Rescued)
        | Becomes::NotDrained => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_foretold_is_what_happens(scenario in endless(), when in 0.1_f64..30.0) {
        let mut drive = scenario.drive();
        drive.until(at(when));
        if drive.run.phase().is_over() {
            return Ok(());
        }
        let said = jobs(&drive);
        let alive = drive.run.ledger().targets().iter().filter(|target| {
            !matches!(target.standing, Standing::Exited { .. })
        });
        let promised = alive.count();
        drive.until(at(400.0));
        for (job, becomes, sure) in said {
            let truth = truth(&drive, &job);
            prop_assert!(
                !sure || came_true(becomes, truth),
                "at {when} s, {promised} alive: {job:?} {becomes:?}, but {truth:?}; {:?} {}",
                drive.run.plan().policy,
                drive.run.plan().sequence
            );
        }
    }
}

#[test]
fn a_kill_before_the_push_back_loses_only_where_it_does_not_ask() {
    let said = |policy| {
        let plan = Plan {
            policy,
            ..stated("tstp, 15, term, 3, kill", 6)
        };
        let mut drive = begin(world(6, vec![stuck("a")]), plan);
        drive.until(at(12.0));
        jobs(&drive).remove(0).1
    };
    assert_eq!(said(Policy::Ask), Becomes::Expected(Verdict::PushedBack));
    assert_eq!(said(Policy::Follow), Becomes::Expected(Verdict::Lost));
}

/// With this policy and so much more time for the push-back.
fn waiting(sequence: &str, timeout: u64, extra: u64) -> Plan {
    let plan = stated(sequence, timeout);
    Plan {
        policy: Policy::WaitForRequeue,
        guard: Guard {
            kill_extra: Duration::from_secs(extra),
            ..plan.guard
        },
        ..plan
    }
}

/// KILL waits 4 s for a push-back that no TERM brings, and each signal takes 0.5 s to leave.
#[test]
fn a_kill_that_is_on_its_way_leaves_no_time() {
    let slow = Sources {
        act_takes: Duration::from_millis(500),
        ..Sources::default()
    };
    let mut drive = begin_with(
        world(6, vec![stuck("a")]),
        waiting("tstp, 9, kill", 6, 4),
        slow,
    );
    let under_way = |drive: &Drive| matches!(drive.run.phase(), Phase::Performing(_));
    drive.until(at(5.0));
    let mut when = 5.0;
    while !under_way(&drive) {
        when += 0.1;
        assert!(when < 30.0, "no KILL was sent");
        drive.until(at(when));
    }
    let said = outlooks(&drive).remove(0).1;
    assert_eq!(said.becomes, Becomes::Expected(Verdict::Lost));
    assert_eq!(said.left, Some(Duration::ZERO));
}

/// A signal that is on its way is the next one, due now; what follows it counts from it.
#[test]
fn a_step_under_way_is_the_next_one() {
    let slow = Sources {
        act_takes: Duration::from_millis(500),
        ..Sources::default()
    };
    let plan = stated("tstp, 9, term, 30, kill", 6);
    let mut drive = begin_with(world(6, vec![stuck("a")]), plan, slow);
    drive.until(at(0.2));
    assert!(matches!(drive.run.phase(), Phase::Performing(_)));
    let projected = drive.run.projected(drive.now);
    let due: Vec<(usize, u64)> = projected
        .iter()
        .map(|step| (step.step, step.at.since(drive.now).as_secs()))
        .collect();
    assert_eq!(due, [(0, 0), (1, 9), (2, 39)]);
}

/// What is said of the only job at second `when`.
fn said_at(mut drive: Drive, when: f64) -> (Becomes, bool) {
    drive.until(at(when));
    let (_, becomes, sure) = jobs(&drive).remove(0);
    (becomes, sure)
}

#[test]
fn a_kill_that_waits_for_the_push_back_is_not_foretold_to_lose() {
    let pushed_back = (Becomes::Expected(Verdict::PushedBack), true);
    let before = begin(
        world(6, vec![stuck("a")]),
        waiting("tstp, 15, term, 8, kill", 6, 2),
    );
    assert_eq!(said_at(before, 12.0), pushed_back);
    let at_the_gate = begin(world(6, vec![stuck("a")]), waiting("term, 4, kill", 6, 5));
    assert_eq!(said_at(at_the_gate, 5.0), pushed_back);
}

#[test]
fn a_kill_that_is_held_does_not_come() {
    let plan = stated("tstp, 5, term, 30, kill", 60);
    let mut drive = begin(world(60, vec![stuck("a")]), plan.clone());
    drive.command_at(at(10.0), Command::Hold);
    assert_eq!(
        said_at(drive, 12.0).0,
        Becomes::Expected(Verdict::PushedBack)
    );
    let goes_on = begin(world(60, vec![stuck("a")]), plan);
    assert_eq!(said_at(goes_on, 12.0).0, Becomes::Expected(Verdict::Lost));
}

#[test]
fn by_hand_without_a_term_to_come_nothing_is_promised() {
    let mut drive = begin(world(6, vec![stuck("a")]), stated("tstp, 9, kill", 6));
    drive.command_at(at(1.0), Command::Manual);
    assert_eq!(said_at(drive, 12.0).0, Becomes::Expected(Verdict::Unknown));
}

/// The TERM that failed is to be sent again: it is still to come.
#[test]
fn by_hand_a_term_that_failed_is_still_to_come() {
    let sources = Sources {
        failing: vec![(1, Failure::Refused)],
        ..Sources::default()
    };
    let plan = stated("tstp, 9, term, 30, kill", 6);
    let mut drive = begin_with(world(6, vec![stuck("a")]), plan, sources);
    drive.command_at(at(2.0), Command::Manual);
    let (step, accepted) = (1, 0);
    drive.command_at(at(4.0), Command::Go { step, accepted });
    drive.until(at(6.0));
    assert!(matches!(drive.run.phase(), Phase::Held { .. }));
    let said = outlooks(&drive).remove(0).1;
    assert_eq!(said.given, Given::TermNow);
    assert_eq!(said.becomes, Becomes::Expected(Verdict::PushedBack));
}

#[test]
fn what_has_ended_is_ruled_and_not_foretold() {
    let plan = stated("tstp, 60, term, 12, kill", 6);
    let mut drive = begin(world(6, vec![stuck("a")]), plan);
    drive.until(at(10.0));
    let id = drive.run.ledger().targets()[0].key.local().unwrap();
    drive.world.signal(id, Signal::Kill, at(10.0));
    assert_eq!(said_at(drive, 10.01).0, Becomes::Ended(Fate::Unknown));
}
