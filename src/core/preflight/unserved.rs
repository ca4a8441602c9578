//! The queues that a drain leaves without a process that takes jobs from them, and how many jobs
//! wait there.

use std::collections::BTreeSet;

use super::PlanSeen;
use crate::core::check::{DrainFacts, Facts, Finding, QueueFacts, QueueService, ask};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::sequence::{Sequence, Signal};

/// The rule that names them.
const RULE: &str = "D45";

/// What a drain takes from the queues of its targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unserved {
    /// The queues that no other process takes jobs from, those with the most waiting jobs first.
    pub queues: Vec<UnservedQueue>,
    /// Processes whose queues are not known: they may make the list longer or shorter.
    pub unread: Vec<String>,
}

/// A queue that no process would take jobs from any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnservedQueue {
    /// Its name.
    pub name: String,
    /// Jobs that wait in it, where its length was read.
    pub waiting: Option<u64>,
}

/// The queues that no process would take jobs from once `sequence` has made `targets` quiet; `None` while no look
/// at Redis has shown who fetches from what. Processes of all hosts count.
pub fn unserved(fleet: &Fleet, targets: &[ProcessKey], sequence: &Sequence) -> Option<Unserved> {
    let now = fleet.looked?;
    let mut found = Unserved::default();
    if !sequence.signals().any(ends_fetching) {
        return Some(found);
    }
    let mut left: BTreeSet<&str> = BTreeSet::new();
    for process in targets.iter().filter_map(|key| fleet.get(key)) {
        let queues = process.queues();
        if queues.is_empty() {
            found.unread.push(process.name());
        }
        left.extend(queues.iter().map(String::as_str));
    }
    let others = fleet.processes.iter();
    let others = others.filter(|(key, _)| !targets.contains(key));
    for (_, process) in others.filter(|(_, process)| process.takes_jobs(fleet, now)) {
        if left.is_empty() {
            break;
        }
        if process.queues().is_empty() {
            // It may take jobs from any of them.
            found.unread.push(process.name());
            left.clear();
        }
        for queue in process.queues() {
            left.remove(queue.as_str());
        }
    }
    let waiting = |name: &str| {
        let depth = fleet.queues.iter().find(|depth| depth.name == name)?;
        Some(depth.waiting)
    };
    let queues = left.into_iter().map(|name| UnservedQueue {
        name: name.to_owned(),
        waiting: waiting(name),
    });
    found.queues = queues.collect();
    found
        .queues
        .sort_by_key(|queue| std::cmp::Reverse(queue.waiting.unwrap_or(0)));
    Some(found)
}

/// The same in a sentence; `None` where no queue is left alone, or it is not known.
pub fn unserved_words(
    fleet: &Fleet,
    targets: &[ProcessKey],
    sequence: &Sequence,
) -> Option<String> {
    let seen = PlanSeen {
        trouble: None,
        findings: findings(fleet, targets, sequence),
    };
    seen.unserved().map(str::to_owned)
}

fn ends_fetching(signal: Signal) -> bool {
    matches!(signal, Signal::Tstp | Signal::Kill) || signal.stops()
}

/// The finding that names them, or why it is not known.
pub(super) fn findings(fleet: &Fleet, targets: &[ProcessKey], sequence: &Sequence) -> Vec<Finding> {
    if targets.is_empty() {
        return Vec::new();
    }
    let found = unserved(fleet, targets, sequence);
    let unread = found.as_ref().map(|found| found.unread.clone());
    let queues = found.map(|found| {
        let row = |queue: UnservedQueue| QueueFacts {
            name: queue.name,
            waiting: queue.waiting,
            service: QueueService::OnlyByTargets,
        };
        found.queues.into_iter().map(row).collect()
    });
    let facts = Facts {
        drain: DrainFacts {
            queues,
            queues_unread: unread.unwrap_or_default(),
            ..DrainFacts::default()
        },
        ..Facts::default()
    };
    ask(RULE, &facts)
}

impl PlanSeen {
    /// The queues that no process would take jobs from any more, in a sentence.
    pub fn unserved(&self) -> Option<&str> {
        let mut found = self.found();
        let finding = found.find(|finding| finding.rule == RULE)?;
        Some(&finding.message)
    }

    /// Takes over what is known of the queues by now. They change at every look, the rest of the
    /// lint does not.
    pub(crate) fn take_queues(
        &mut self,
        fleet: &Fleet,
        targets: &[ProcessKey],
        sequence: &Sequence,
    ) {
        self.findings.retain(|finding| finding.rule != RULE);
        self.findings.extend(findings(fleet, targets, sequence));
        self.sort();
    }

    /// The gravest first; behind it the rules that could not be decided.
    pub(super) fn sort(&mut self) {
        self.findings
            .sort_by_key(|finding| (!finding.is_decided(), std::cmp::Reverse(finding.severity)));
    }
}
