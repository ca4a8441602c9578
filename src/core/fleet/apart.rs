//! Members that a look only counts, and that are followed one by one all the same.

use std::collections::BTreeSet;

use super::dead::Dead;
use super::joined::Fleet;
use super::local::LocalProcess;
use super::look::{DeadMembers, Identity, LookRow};

/// Dead members of one host name and pid that are compared with a process of this host at most.
const OF_ONE_PID: usize = 100;

impl Fleet {
    /// Takes in the members that a look only counts, and gives a row for each of them that is known
    /// already, or that may be a process of this host.
    pub(super) fn take_dead(&mut self, members: DeadMembers) -> Vec<LookRow> {
        let processes = || self.processes.values();
        let known = processes().filter_map(|process| process.identity.as_ref());
        let known = known.filter(|identity| members.contains(identity));
        let may_be = |local: &LocalProcess| {
            let around = &local.surroundings;
            let named = around.hostnames.iter();
            let fitting = named.flat_map(|name| members.of(name, around.inner_pid));
            fitting.take(OF_ONE_PID).cloned().collect::<Vec<_>>()
        };
        let here = processes().filter_map(|process| process.local.as_ref());
        let mut apart: BTreeSet<Identity> = here.flat_map(may_be).collect();
        apart.extend(known.cloned());
        self.dead = Dead {
            apart: apart.len(),
            members,
        };
        apart.into_iter().map(LookRow::dead).collect()
    }
}
