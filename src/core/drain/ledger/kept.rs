//! Targets that others start again, and the parents of swarms: what is proven of them, and what is
//! told of them once they have ended.

use super::{Ledger, RunCall};
use crate::core::drain::record::Event;
use crate::core::drain::target::Target;
use crate::core::fleet::{Fleet, Keeper, LocalProcess, ProcessKey, Title};
use crate::core::moment::Moment;

/// A statement to be proven of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core::drain) enum Proof {
    Quiet,
    Idle,
}

/// The processes of this host that live.
fn live(fleet: &Fleet) -> impl Iterator<Item = &LocalProcess> {
    let living = fleet.processes.values().filter(|process| !process.exited());
    living.filter_map(|process| process.local.as_ref())
}

impl Ledger {
    /// The proof for a target that was signalled. The parent of a swarm runs no job: it is as quiet
    /// and as idle as all of its children are, each of which must be a target.
    pub(in crate::core::drain) fn proof(
        &self,
        target: &Target,
        proof: Proof,
        fleet: &Fleet,
        now: Moment,
    ) -> Option<String> {
        let process = fleet.get(&target.key)?;
        let local = process.local.as_ref();
        if local.is_some_and(|local| local.title == Title::Swarm) {
            return self.of_children(target, proof, fleet, now);
        }
        let mark = target.mark?;
        let evidence = match proof {
            Proof::Quiet => fleet.proof_of_quiet(process, &mark, now),
            Proof::Idle => fleet.proof_of_idle(process, &mark, now),
        };
        evidence.map(|evidence| evidence.to_string())
    }

    fn of_children(
        &self,
        parent: &Target,
        proof: Proof,
        fleet: &Fleet,
        now: Moment,
    ) -> Option<String> {
        parent.mark?;
        let parent = parent.key.local()?;
        let children = live(fleet);
        let children = children.filter(|local| local.surroundings.swarm() == Some(parent.pid));
        let mut proven = 0;
        for child in children {
            let target = self.target(&ProcessKey::Local(child.id));
            let target = target.filter(|target| target.takes_part())?;
            self.proof(target, proof, fleet, now)?;
            proven += 1;
        }
        let word = match proof {
            Proof::Quiet => "quiet",
            Proof::Idle => "idle",
        };
        match proven {
            0 => None,
            1 => Some(format!("its only child is {word}")),
            _ => Some(format!("its {proven} children are {word}")),
        }
    }

    /// Says of targets that have exited what starts them again, and what it has started by now.
    pub(in crate::core::drain) fn tell_keepers(&self, turn: &mut RunCall<'_>) {
        let exited = self.targets.iter().filter(|target| target.exited());
        let kept: Vec<(&Target, Keeper)> = exited
            .filter_map(|target| Some((target, target.stop.keeper?)))
            .filter(|(_, keeper)| !self.has_ended(keeper.pid))
            .collect();
        for (target, keeper) in kept {
            let began = self.began.epoch();
            let next = live(turn.fleet).find(|local| {
                local.surroundings.above.keeper == Some(keeper) && local.started_at > began
            });
            let text = match next {
                Some(next) => format!(
                    "{keeper} has started pid {} since: to keep it down, {}",
                    next.id.pid,
                    keeper.kind.stop()
                ),
                None => format!(
                    "{keeper} was above it and {}: to keep it down, {}",
                    keeper.kind.deed(),
                    keeper.kind.stop()
                ),
            };
            self.note_about(&target.key, Event::Remarked { text }, turn);
        }
    }

    /// Whether the process with this pid was a target, and has exited.
    fn has_ended(&self, pid: u32) -> bool {
        let ended = |target: &Target| target.subject().pid() == Some(pid) && target.exited();
        self.targets.iter().any(ended)
    }
}
