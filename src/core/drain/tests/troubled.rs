//! The outlook against what then happens where a world is not well, and where an operator holds or
//! steps by hand: Redis is silent, a process died, was suspended or hangs.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | what comes, and when | `-t` is not added; later steps come at once; LEFT counts to KILL | `the_time_left…` |
//! | KILL that waits does not go blind | `unasked` asks for no link | `without_redis…` |
//! | TERM waits for Redis as it was told to | no delay; `hold` waits for nothing; `ask` waits 60 s | `without_redis…` |
//! | without Redis no push-back is promised | `RedisSilent` is no obstacle, or is not asked | `without_redis…` |
//! | what is stuck pushes nothing back | `Suspended`, or `Hangs`, is no obstacle; it is judged as a well one | `a_process_that_reacts…` |
//! | KILL of what is stuck loses | it loses nothing | `a_process_that_reacts…` |
//! | a hold stops the clock | a hold is none; a TERM that was sent is forgotten | `in_hand…` |
//! | the next key brings what is said | a hold leaves nothing of its wait | `what_the_next_key…` |
//! | the dead stand in the sum | they are left out of it | `the_jobs_of_a_process…` |

use std::time::Duration;

use proptest::prelude::*;

use super::drive::Drive;
use super::foretold::{Truth, came_true, endless, is_close, of_targets, outlooks, truth};
use super::scenario::Scenario;
use super::world::at;
use crate::core::drain::{Command, Fate, Phase, RedisGone};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::outlook::{Becomes, Given, JobOutlook, Obstacle, Reason, Tally, Verdict};
use crate::core::sidekiq::WorkerEvent;
use crate::core::timing::CLEANUP;

/// How much sooner than told an end may come: Sidekiq looks at its threads every 0.5 s, and an act
/// takes its time.
const SOONER: Duration = Duration::from_millis(1600);

/// The forecast for one job that has run for an hour.
#[derive(Debug)]
struct Foretold {
    job: (ProcessKey, String),
    becomes: Becomes,
    given: Given,
    left: Option<Duration>,
    obstacle: Option<Obstacle>,
    waits: bool,
}

impl Foretold {
    fn of(job: (ProcessKey, String), said: &JobOutlook<'_>) -> Self {
        let obstacle = if let Reason::CannotPushBack(obstacle)
        | Reason::KilledWhileStuck(obstacle, _) = said.reason
        {
            Some(obstacle)
        } else {
            None
        };
        Self {
            job,
            becomes: said.becomes,
            given: said.given,
            left: said.left,
            obstacle,
            waits: said.reason == Reason::TermWaitsForRedis,
        }
    }

    /// Whether it says that the job is safe, or that nothing ends it.
    fn calms(&self) -> bool {
        matches!(
            self.becomes,
            Becomes::Expected(
                Verdict::Fits | Verdict::AtRisk | Verdict::BreaksOff | Verdict::PushedBack
            )
        )
    }
}

/// The forecasts for the known jobs of all targets; those where KILL comes too close to the
/// push-back to tell are left out.
fn forecasts(drive: &Drive) -> Vec<Foretold> {
    let known = outlooks(drive).into_iter();
    let told = known.filter(|(_, said)| !matches!(said.reason, Reason::KillTooSoon(_)));
    told.map(|(job, said)| Foretold::of(job, &said)).collect()
}

pub(super) fn tally(drive: &Drive) -> Tally {
    of_targets(drive, true).tally()
}

/// When the job was pushed back or lost.
fn ended(drive: &Drive, (id, jid): &(ProcessKey, String)) -> Option<Moment> {
    let index = drive.world.member_of(id);
    let mut truth = drive.world.truth.iter();
    truth.find_map(|(when, member, event)| {
        let (WorkerEvent::PushedBack { task, .. } | WorkerEvent::JobLost(task)) = event else {
            return None;
        };
        (*member == index && task.jid == *jid).then_some(*when)
    })
}

/// Holds what was said at `when` against what became of the job, and its time against the clock.
fn check(drive: &Drive, said: &Foretold, when: Moment) -> Result<(), TestCaseError> {
    let truth = truth(drive, &said.job);
    let told = format!(
        "{when:?} {said:?}, but {truth:?} {:?}",
        ended(drive, &said.job)
    );
    prop_assert!(came_true(said.becomes, truth), "{told}");
    let ends = matches!(
        said.becomes,
        Becomes::Expected(Verdict::PushedBack | Verdict::Lost)
    );
    let by_redis = said.obstacle == Some(Obstacle::RedisSilent);
    if by_redis && said.becomes == Becomes::Expected(Verdict::Unknown) && said.left.is_some() {
        prop_assert!(
            truth == Truth::PushedBack,
            "nothing kept it in this world: {told}"
        );
    } else if !ends {
        return Ok(());
    }
    let (Some(left), Some(ended)) = (said.left, ended(drive, &said.job)) else {
        return Ok(());
    };
    let due = when.after(left);
    prop_assert!(ended >= due.before(SOONER), "too early: {told}");
    // A KILL that waits for the push-back goes late, at the latest when that is sure.
    prop_assert!(ended <= due.after(CLEANUP), "too late: {told}");
    Ok(())
}

/// The world goes on by itself; what was said is held against it.
fn comes_true(drive: &mut Drive, said: &[Foretold]) -> Result<(), TestCaseError> {
    let when = drive.now;
    drive.until(at(400.0));
    for said in said {
        check(drive, said, when)?;
    }
    Ok(())
}

/// Whether the run is over, or KILL and push-back come too close to each other to tell.
fn is_moot(drive: &Drive) -> bool {
    drive.run.phase().is_over() || is_close(drive)
}

/// Somebody takes the drain in hand at `when`.
fn taken_in_hand() -> impl Strategy<Value = (Scenario, f64)> {
    let command = prop_oneof![Just(Command::Manual), Just(Command::Hold)];
    (endless(), command, 0.1_f64..30.0).prop_map(|(mut scenario, command, when)| {
        scenario.keys.push((when, command));
        (scenario, when)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_time_left_is_what_is_left(scenario in endless(), when in 0.1_f64..30.0) {
        let mut drive = scenario.drive();
        drive.until(at(when));
        if is_moot(&drive) {
            return Ok(());
        }
        let said = forecasts(&drive);
        comes_true(&mut drive, &said)?;
    }

    #[test]
    fn without_redis_the_choice_of_the_operator_is_foretold(
        mut scenario in endless(),
        from in 0.1_f64..25.0,
        later in 0.0_f64..60.0,
        choice in prop::sample::select(vec![RedisGone::Ask, RedisGone::Hold, RedisGone::Go]),
    ) {
        scenario.plan.guard.redis_gone = choice;
        scenario.sources.lost = Some((at(from), at(5000.0)));
        let mut drive = scenario.drive();
        drive.until(at(from + 0.5 + later));
        if is_moot(&drive) {
            return Ok(());
        }
        let said = forecasts(&drive);
        let in_danger = said.iter().all(|said| said.becomes != Becomes::Expected(Verdict::PushedBack));
        prop_assert!(in_danger, "a push-back is promised: {said:?}");
        for said in said.iter().filter(|said| said.waits) {
            prop_assert_eq!(choice, RedisGone::Ask, "{:?}", said);
        }
        comes_true(&mut drive, &said)?;
        for said in said.iter().filter(|said| said.waits) {
            prop_assert_eq!(truth(&drive, &said.job), Truth::Runs, "{:?}", said);
        }
    }

    #[test]
    fn a_process_that_reacts_to_nothing_is_not_foretold_to_push_back(
        mut scenario in endless(),
        suspended in any::<bool>(),
        since in 0.1_f64..20.0,
        later in 0.0_f64..30.0,
    ) {
        scenario.weather.freezes.push((at(since), 0, suspended));
        let mut drive = scenario.drive();
        let shows = if suspended { 3.0 } else { 26.0 };
        drive.until(at(since + shows + later));
        if is_moot(&drive) || drive.world.members[0].frozen.is_none() {
            return Ok(());
        }
        let frozen = drive.world.members[0].key();
        for said in forecasts(&drive) {
            if said.job.0 == frozen {
                prop_assert!(!said.calms(), "{:?}", said);
            }
        }
        let said = forecasts(&drive);
        let when = drive.now;
        drive.until(at(400.0));
        for said in said {
            let truth = truth(&drive, &said.job);
            prop_assert!(came_true(said.becomes, truth), "{when:?} {said:?}, but {truth:?}");
            let lost = said.becomes == Becomes::Expected(Verdict::Lost);
            if said.job.0 == frozen && said.given == Given::Untouched && !lost {
                prop_assert!(truth != Truth::Lost, "{when:?} {said:?}");
            }
        }
    }

    #[test]
    fn the_jobs_of_a_process_that_died_stand_in_the_sum(
        mut scenario in endless(),
        died in 4.0_f64..20.0,
        later in 0.3_f64..20.0,
    ) {
        use crate::core::sequence::Signal;
        scenario.weather.strangers.push((at(died), 0, Signal::Kill));
        let mut drive = scenario.drive();
        drive.until(at(died + later));
        if is_moot(&drive) {
            return Ok(());
        }
        let dead = drive.world.members[0].key();
        let known: Vec<(ProcessKey, String)> = {
            let target = drive.run.ledger().targets().iter().find(|target| target.key == dead).unwrap();
            let executions = drive.run.ledger().account().of(&target.key);
            executions.map(|execution| (dead.clone(), execution.jid().to_owned())).collect()
        };
        let lost = known.iter().filter(|job| truth(&drive, job) == Truth::Lost).count() as u64;
        let said = forecasts(&drive);
        for said in said.iter().filter(|said| said.job.0 == dead) {
            prop_assert!(!said.calms(), "{said:?}");
        }
        let tally = tally(&drive);
        let living = said.iter().filter(|said| said.job.0 != dead).count() as u64;
        prop_assert!(tally.gone + tally.in_danger + tally.unknown >= lost, "{lost} of {tally:?}");
        prop_assert!(tally.pushed_back + tally.fits <= living + known.len() as u64 - lost, "{tally:?}");
        let ruled: Vec<(ProcessKey, String)> = known.into_iter().filter(|(_, jid)| {
            let told = drive.run.ledger().account().find(&dead, jid);
            told.and_then(crate::core::drain::Execution::fate) == Some(Fate::PushedBack)
        }).collect();
        for job in ruled {
            prop_assert_eq!(truth(&drive, &job), Truth::PushedBack);
        }
    }

    #[test]
    fn what_the_next_key_brings_is_foretold((scenario, when) in taken_in_hand(), later in 0.1_f64..20.0) {
        let mut drive = scenario.drive();
        drive.until(at(when + later));
        let said = forecasts(&drive);
        let Some(given) = said.iter().map(|said| said.given).max() else { return Ok(()) };
        let stop = drive.run.plan().sequence.first_stop();
        let key = match (given, drive.run.phase()) {
            _ if is_moot(&drive) => return Ok(()),
            (Given::TermNow, Phase::Ready { next, .. }) if Some(*next) == stop => {
                Command::Go { step: *next, accepted: 0 }
            }
            (Given::ResumeNow, Phase::Held { .. }) => Command::GoOn,
            _ => return Ok(()),
        };
        let now = drive.now;
        drive.command_at(now, key);
        comes_true(&mut drive, &said)?;
    }

    #[test]
    fn in_hand_nothing_ends_a_job_that_was_sent_no_term((scenario, when) in taken_in_hand(), later in 0.1_f64..20.0) {
        let mut drive = scenario.drive();
        drive.until(at(when + later));
        // A TERM that is under way is sent.
        let leaves = matches!(drive.run.phase(), Phase::Performing(_));
        if is_moot(&drive) || leaves {
            return Ok(());
        }
        let said = forecasts(&drive);
        let now = drive.now;
        drive.until(at(400.0));
        for said in said {
            match said.given {
                Given::Untouched => check(&drive, &said, now)?,
                Given::TermNow | Given::ResumeNow | Given::DrainNow => {
                    let open = matches!(said.becomes, Becomes::Expected(_));
                    let truth = truth(&drive, &said.job);
                    prop_assert!(!open || truth == Truth::Runs, "{said:?}, but {truth:?}");
                }
            }
        }
    }
}
