//! The rows of the process table in groups: their heads and what stands in them. A group is a way to
//! look: no drain and no sum knows it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::grouping::Grouping;
use super::process_state::{Alarm, process_state};
use super::rows::{Listing, is_target, process_rows};
use super::untouched::numbers;
use super::words::{count, thousands};
use crate::core::fleet::{Process, ProcessKey};
use crate::core::outlook::Outlooks;
use crate::core::session::Session;

/// The head of a group.
#[derive(Clone, Debug)]
pub struct GroupHead<'a> {
    /// Its name.
    pub name: String,
    /// The processes in it, as they stand below it.
    pub members: Vec<(&'a ProcessKey, &'a Process)>,
    /// Whether they have no rows.
    pub is_folded: bool,
}

/// A row of the process table.
#[derive(Clone, Debug)]
pub enum TableRow<'a> {
    /// The head of a group.
    Head(GroupHead<'a>),
    /// A process.
    Process(&'a ProcessKey, &'a Process),
}

/// What a selection in the process table holds on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableKey {
    /// The group of this name.
    Head(String),
    /// A process.
    Process(ProcessKey),
}

impl<'a> TableRow<'a> {
    /// The key that a selection of this row holds on to.
    pub fn key(&self) -> TableKey {
        match self {
            Self::Head(head) => TableKey::Head(head.name.clone()),
            Self::Process(key, _) => TableKey::Process((*key).clone()),
        }
    }

    /// Whether it is the row of `key`.
    pub fn is(&self, key: &TableKey) -> bool {
        match (self, key) {
            (Self::Head(head), TableKey::Head(name)) => head.name == *name,
            (Self::Process(own, _), TableKey::Process(key)) => *own == key,
            (Self::Head(_), TableKey::Process(_)) | (Self::Process(..), TableKey::Head(_)) => false,
        }
    }

    /// The process; `None`: it is the head of a group.
    pub fn process(&self) -> Option<(&'a ProcessKey, &'a Process)> {
        match self {
            Self::Head(_) => None,
            Self::Process(key, process) => Some((key, process)),
        }
    }

    /// Whether it shows `process`, by a row or, folded, by its head.
    pub(super) fn shows(&self, process: &ProcessKey) -> bool {
        match self {
            Self::Head(head) => {
                head.is_folded && head.members.iter().any(|(key, _)| *key == process)
            }
            Self::Process(key, _) => *key == process,
        }
    }
}

/// The rows of the process table: the processes, in groups where `listing` wants it. The groups
/// stand in the order of their first processes, so those of the targets come first.
pub fn table_rows<'a>(
    session: &'a Session,
    targets: &[ProcessKey],
    listing: &Listing,
) -> Vec<TableRow<'a>> {
    let processes = process_rows(session, targets, listing);
    if listing.grouping == Grouping::None {
        let row = |(key, process)| TableRow::Process(key, process);
        return processes.into_iter().map(row).collect();
    }
    let mut groups: Vec<GroupHead<'a>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for member in processes {
        let name = listing.grouping.name_of(member.1);
        let place = *places.entry(name).or_insert_with_key(|name| {
            groups.push(GroupHead {
                name: name.clone(),
                members: Vec::new(),
                is_folded: listing.folded.contains(name),
            });
            groups.len() - 1
        });
        groups[place].members.push(member);
    }
    let mut rows = Vec::new();
    for head in groups {
        let members = if head.is_folded {
            Vec::new()
        } else {
            head.members.clone()
        };
        rows.push(TableRow::Head(head));
        let row = |(key, process)| TableRow::Process(key, process);
        rows.extend(members.into_iter().map(row));
    }
    rows
}

/// The words of a head behind its name, in lines that grow shorter, and whether a process that has
/// no row asks for an eye.
pub fn head_words(
    session: &Session,
    outlooks: &Outlooks<'_>,
    targets: &[ProcessKey],
    head: &GroupHead<'_>,
) -> (Vec<String>, bool) {
    let members = || head.members.iter().copied();
    let drained: BTreeSet<ProcessKey> = members()
        .filter(|(key, _)| is_target(key, targets))
        .map(|(key, _)| key.clone())
        .collect();
    let all = count(head.members.len() as u64, "process");
    let drained_words = match drained.len() {
        0 => "none drained".to_owned(),
        some if some == head.members.len() => "* drained".to_owned(),
        some => format!("* {} drained", thousands(some as u64)),
    };
    let living = || members().filter(|(_, process)| !process.exited());
    let sum = |of: fn(&Process) -> Option<u64>| {
        let total: Option<u64> = living().map(|(_, process)| of(process)).sum();
        total.map_or_else(|| "?".to_owned(), thousands)
    };
    let busy = format!("{}/{}", sum(Process::busy), sum(Process::concurrency));
    let ill = living().filter(|(key, process)| {
        let state = process_state(session, outlooks, key, process);
        matches!(state.alarm, Alarm::Danger | Alarm::Watch)
    });
    let ill = if head.is_folded {
        ill.count() as u64
    } else {
        0
    };
    let mut pieces = vec![format!("{all}, {drained_words}"), format!("busy {busy}")];
    if ill > 0 {
        pieces.insert(0, format!("{} to look at", thousands(ill)));
    }
    let short = pieces.join("   ");
    let tally = outlooks.tally_of(|id| drained.contains(id));
    if tally.total() > 0 {
        pieces.push(numbers(tally));
    }
    let verdicts = pieces.join("   ");
    let budgets = living().map(|(key, process)| outlooks.situation().budget(key, process).total());
    pieces.extend(budget_words(budgets));
    let least = format!("{} {busy}", thousands(head.members.len() as u64));
    (vec![pieces.join("   "), verdicts, short, least], ill > 0)
}

/// `budget 145 s`, or from the shortest to the longest.
fn budget_words(mut budgets: impl Iterator<Item = Option<Duration>>) -> Option<String> {
    let first = budgets.next()?;
    // Unlimited is longer than every limit.
    let length = |budget: Option<Duration>| budget.unwrap_or(Duration::MAX);
    let (mut least, mut most) = (length(first), length(first));
    for budget in budgets {
        least = least.min(length(budget));
        most = most.max(length(budget));
    }
    let words = |span: Duration| match span {
        Duration::MAX => "unlimited".to_owned(),
        span => format!("{} s", span.as_secs()),
    };
    Some(if least == most {
        format!("budget {}", words(least))
    } else {
        format!("budget {} to {}", words(least), words(most))
    })
}
