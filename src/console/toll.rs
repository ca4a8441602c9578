//! What a KILL would cost, with a run or before one. The numbers are the core's; where nobody
//! can know, threads count as jobs.

use super::judge::running;
use super::words::count;
use crate::core::fate::{Stake, before_any_signal};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// What a KILL of `targets` would cost now.
pub fn stake(session: &Session, targets: &[LocalId], now: Moment) -> Stake {
    let mut sum = Stake::default();
    for id in targets {
        let stake = match running(session) {
            Some(run) => run.stake(Some(*id), &session.fleet, now),
            None => before(session, *id, now),
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
fn before(session: &Session, id: LocalId, now: Moment) -> Stake {
    let fleet = &session.fleet;
    let Some(process) = fleet.get(&ProcessKey::Local(id)) else {
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
pub fn in_numbers(stake: &Stake) -> String {
    let lost = stake.running.len() as u64;
    let back = stake.back.len() as u64;
    let kept = stake.kept.len() as u64;
    let mut parts = vec![match lost + back + kept {
        0 => "no known job runs".to_string(),
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
    if lost + back + kept > 0 {
        parts.push(format!("{lost} would be lost"));
    }
    if stake.unnamed > 0 {
        parts.push(format!(
            "up to {} more that no beat has shown",
            stake.unnamed
        ));
    }
    if !stake.fresh {
        parts.push("Redis cannot be asked just now, so this may have changed".into());
    }
    parts.join(", ")
}
