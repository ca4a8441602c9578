//! The cost of a KILL, with a run or before one. The numbers are those of the core. A thread
//! whose job is not known counts as a job.

use super::words::count;
use crate::core::fate::{Stake, before_any_signal};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// The cost of a KILL of `targets` now.
pub fn stake(session: &Session, targets: &[ProcessKey], now: Moment) -> Stake {
    let mut sum = Stake::default();
    for id in targets {
        let stake = match session.active_run() {
            Some(run) => run.ledger().stake(Some(id), &session.fleet, now),
            None => before(session, id, now),
        };
        sum.running.extend(stake.running);
        sum.back.extend(stake.back);
        sum.kept.extend(stake.kept);
        sum.unnamed += stake.unnamed;
        sum.fresh &= stake.fresh;
    }
    sum
}

/// The same before any signal was sent: nothing is back yet.
fn before(session: &Session, key: &ProcessKey, now: Moment) -> Stake {
    let fleet = &session.fleet;
    let Some(process) = fleet.get(key) else {
        return Stake {
            fresh: false,
            ..Stake::default()
        };
    };
    if process.exited() {
        return Stake::default();
    }
    let jids = process.jobs.iter().filter_map(|job| job.work.jid.clone());
    Stake {
        running: jids.collect(),
        back: Vec::new(),
        kept: Vec::new(),
        unnamed: before_any_signal(process, now),
        fresh: fleet.look_is_fresh(now),
    }
}

/// The cost in numbers: `3 jobs run, 1 is back in its queue, 2 would be lost`.
pub fn in_numbers(stake: &Stake, fleet: &Fleet) -> String {
    numbers(stake, fleet, true)
}

/// The number of jobs that run now: `3 jobs run, 1 is back in its queue`.
pub(super) fn at_work(stake: &Stake, fleet: &Fleet) -> String {
    numbers(stake, fleet, false)
}

fn numbers(stake: &Stake, fleet: &Fleet, killed: bool) -> String {
    let lost = stake.running.len() as u64;
    let back = stake.back.len() as u64;
    let kept = stake.kept.len() as u64;
    let mut parts = vec![match lost + back + kept {
        0 => "0 known jobs".to_string(),
        1 => "1 job runs".to_string(),
        run => format!("{} run", count(run, "job")),
    }];
    match back {
        0 => {}
        1 => parts.push("1 is back in its queue".into()),
        _ => parts.push(format!("{back} are back in their queues")),
    }
    if kept > 0 {
        parts.push(format!(
            "{kept} in a private list (reliable fetch: recovered later)"
        ));
    }
    if killed && lost + back + kept > 0 {
        parts.push(format!("{lost} would be lost"));
    }
    if stake.unnamed > 0 {
        parts.push(format!(
            "up to {} may have started since the last heartbeat",
            stake.unnamed
        ));
    }
    if !stake.fresh {
        parts.push(
            if fleet.link.is_connected() {
                "the last heartbeat is old, so this may have changed"
            } else {
                "Redis does not answer, so this may have changed"
            }
            .into(),
        );
    }
    parts.join(", ")
}

/// The targets of the run that still take part.
pub(super) fn taking_part(session: &Session) -> Vec<ProcessKey> {
    session.active_run().map_or(Vec::new(), |run| {
        run.ledger()
            .targets()
            .iter()
            .filter(|target| target.takes_part())
            .map(|target| target.key.clone())
            .collect()
    })
}
