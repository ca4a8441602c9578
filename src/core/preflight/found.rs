//! The stop sequence and the timeout that the files of several targets ask for together. Where
//! they differ none is chosen silently.

use std::fmt::Write;

use super::route::values;
use crate::core::check::{Chosen, gather, sequence_in_force};
use crate::core::fleet::{Fleet, LocalProcess, Process, ProcessKey, Unit};
use crate::core::sequence::{Sequence, SequenceOrigin, Timeout};

/// A sequence that files ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSequence {
    /// The sequence.
    pub sequence: Sequence,
    /// Where it is written.
    pub origin: SequenceOrigin,
}

impl FoundSequence {
    /// The sequence that is followed where no file asks for one.
    pub fn default_one() -> Self {
        Self {
            sequence: Sequence::default(),
            origin: SequenceOrigin("default".into()),
        }
    }

    /// The same, where what files ask for cannot be taken.
    pub fn instead() -> Self {
        Self {
            origin: SequenceOrigin("default, for the targets' own cannot be taken".into()),
            ..Self::default_one()
        }
    }
}

/// Why none can be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsettled {
    /// It is written, and is no sequence, or several might be meant.
    #[error("{0}")]
    Unusable(String),
    /// The targets ask for different ones.
    #[error(
        "the targets ask for different stop sequences ({0}): name one with --sequence, or drain them one by one"
    )]
    Differ(String),
}

/// The local targets with what is known of each.
pub(super) fn local<'a>(
    fleet: &'a Fleet,
    targets: &'a [ProcessKey],
) -> impl Iterator<Item = (&'a Process, &'a LocalProcess)> {
    targets.iter().filter_map(|id| {
        let process = fleet.get(id)?;
        Some((process, process.local.as_ref()?))
    })
}

/// The sequence that the files of `targets` ask for; `None` if they ask for none. `process`
/// names one of a manifest, `inside` the unit in which this program runs: within its own
/// `ExecStop` a unit is no source.
///
/// # Errors
/// If what is written cannot be used, or the targets differ.
pub fn found_sequence(
    fleet: &Fleet,
    targets: &[ProcessKey],
    process: Option<&str>,
    inside: Option<&Unit>,
) -> Result<Option<FoundSequence>, Unsettled> {
    let mut asked: Vec<(String, Option<FoundSequence>)> = Vec::new();
    for (known, local) in self::local(fleet, targets) {
        let found = of_one(fleet, local, process, inside)?;
        asked.push((known.name(), found));
    }
    let mut distinct: Vec<&(String, Option<FoundSequence>)> = Vec::new();
    for one in &asked {
        let sequence =
            |found: &Option<FoundSequence>| found.as_ref().map(|found| found.sequence.clone());
        if !distinct
            .iter()
            .any(|other| sequence(&other.1) == sequence(&one.1))
        {
            distinct.push(one);
        }
    }
    if distinct.len() > 1 {
        let mut text = String::new();
        for (name, found) in distinct {
            let separator = if text.is_empty() { "" } else { "; " };
            let said = found.as_ref().map_or_else(
                || "none".to_owned(),
                |found| format!("`{}` from {}", found.sequence, found.origin.0),
            );
            write!(text, "{separator}{name}: {said}").expect("a String takes every text");
        }
        return Err(Unsettled::Differ(text));
    }
    Ok(asked.into_iter().next().and_then(|(_, found)| found))
}

/// The sequence that the files of one process ask for.
fn of_one(
    fleet: &Fleet,
    local: &LocalProcess,
    process: Option<&str>,
    inside: Option<&Unit>,
) -> Result<Option<FoundSequence>, Unsettled> {
    let around = &local.surroundings;
    let chosen = Chosen {
        process: process.map(str::to_owned),
        units: around.unit.iter().map(|unit| unit.name.clone()).collect(),
        ..Chosen::default()
    };
    let mut facts = gather(&values(local, fleet), &chosen);
    facts
        .units
        .retain(|unit| Some(unit.name.as_str()) == around.unit_name());
    let is_inside = inside.is_some() && inside == around.unit.as_ref();
    if facts.sequences.is_empty() && (facts.units.is_empty() || is_inside) {
        return Ok(None);
    }
    let stated = sequence_in_force(&facts, is_inside)
        .map_err(|error| Unsettled::Unusable(error.to_string()))?;
    match stated.parsed {
        Ok(sequence) => Ok(Some(FoundSequence {
            sequence,
            origin: stated.origin,
        })),
        Err(error) => Err(Unsettled::Unusable(format!(
            "the stop sequence of {} is rejected: item {}: {}; write another, or name one with --sequence",
            stated.origin.0,
            error.item.max(1),
            error.reason()
        ))),
    }
}

/// The timeout that every one of `targets` has, where each states it or `stated` (a flag or the
/// configuration) does, and they agree.
pub fn common_timeout(
    fleet: &Fleet,
    targets: &[ProcessKey],
    stated: Option<&Timeout>,
) -> Option<Timeout> {
    let mut known = local(fleet, targets).map(|(process, _)| process.timeout(stated));
    let first = known.next().filter(|timeout| !timeout.is_assumed())?;
    let agree = |other: Timeout| !other.is_assumed() && other.span == first.span;
    known.all(agree).then_some(first)
}
