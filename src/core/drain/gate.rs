//! What a KILL would cost right now, judged on evidence alone: which jobs still run, which are
//! back, and whether that list is complete.

use std::fmt;

use super::fate::Fate;
use super::run::Run;
use super::target::Target;
use super::tracked::{Track, Tracked};
use crate::core::fleet::{FRESH, Fleet, LocalId, Process};
use crate::core::moment::Moment;

/// What a KILL would cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stake {
    /// Jobs that run and are not seen back in a queue.
    pub running: Vec<String>,
    /// Jobs that run and are back already.
    pub back: Vec<String>,
    /// Jobs that run and stand in a private list of Sidekiq Pro's `super_fetch`: recovered later.
    pub kept: Vec<String>,
    /// Worker threads whose job, if any, nobody has seen.
    pub unseen: u64,
    /// Whether the evidence is fresh. If not, the rest may have changed.
    pub fresh: bool,
}

impl Stake {
    /// How many jobs would or may be lost.
    pub fn count(&self) -> u64 {
        self.running.len() as u64 + self.unseen
    }

    /// Whether a KILL is known to cost nothing.
    pub fn is_nothing(&self) -> bool {
        self.count() == 0 && self.fresh
    }
}

impl fmt::Display for Stake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.running.len();
        write!(
            formatter,
            "{} job(s) run, {} back in a queue, ",
            running + self.back.len() + self.kept.len(),
            self.back.len()
        )?;
        if !self.kept.is_empty() {
            let kept = self.kept.len();
            write!(
                formatter,
                "{kept} in a private list (reliable fetch: recovered later), "
            )?;
        }
        write!(formatter, "{running} would be lost")?;
        if self.unseen > 0 {
            write!(
                formatter,
                ", up to {} more that no beat has shown",
                self.unseen
            )?;
        }
        if !self.fresh {
            formatter.write_str("; the evidence is not fresh")?;
        }
        Ok(())
    }
}

impl Run {
    /// What a KILL would cost now: of `only` one target, or of all that take part.
    pub fn stake(&self, only: Option<LocalId>, fleet: &Fleet, now: Moment) -> Stake {
        let mut stake = Stake {
            fresh: true,
            ..Stake::default()
        };
        for target in self
            .targets
            .iter()
            .filter(|target| target.takes_part() && only.is_none_or(|id| id == target.id))
        {
            self.add_stake(&mut stake, target, fleet, now);
        }
        stake
    }

    fn add_stake(&self, stake: &mut Stake, target: &Target, fleet: &Fleet, now: Moment) {
        let Some(process) = fleet.get(&target.key()) else {
            stake.fresh = false;
            return;
        };
        if nothing_left(fleet, process, target, now) {
            return;
        }
        let running = |tracked: &&Tracked| tracked.track == Track::Running;
        let mut absent = 0;
        for tracked in self.account.of(target.id).filter(running) {
            let shown = !tracked.is_named_by_log_alone();
            if matches!(tracked.fate, Some((Fate::Finished, _))) {
                // It has ended, by its log; its thread may have taken another one.
                absent += u64::from(shown);
                continue;
            }
            let (list, gone) = if tracked.returned.is_some() {
                (&mut stake.back, true)
            } else if tracked.is_back() {
                // It stands there from its fetch on: that does not free its thread.
                (&mut stake.kept, false)
            } else {
                (&mut stake.running, false)
            };
            list.push(tracked.jid.clone());
            absent += u64::from(gone && shown);
        }
        let mark = target.mark.unwrap_or_else(|| process.mark(now));
        let unseen = Fleet::unseen_beside(process, &mark, absent, now);
        let named = self.account.named_at_stake(target, fleet);
        stake.unseen += unseen.saturating_sub(named);
        stake.fresh &= fleet.beat_is_fresh(process, now);
    }

    /// Whether Redis cannot be asked just now.
    pub(super) fn is_blind(fleet: &Fleet, now: Moment) -> bool {
        !fleet.link.is_connected() || fleet.looked.is_none_or(|looked| now.since(looked) >= FRESH)
    }
}

/// Proof that the process runs no job that is not back: it has left its registry, which it does
/// after its push-back, or it is idle.
fn nothing_left(fleet: &Fleet, process: &Process, target: &Target, now: Moment) -> bool {
    process.exited()
        || process.left_in_order().is_some()
        || target
            .mark
            .is_some_and(|mark| fleet.proof_of_idle(process, &mark, now).is_some())
}
