//! Which stop sequence is followed: the one that was said, that of the manifest, that of the
//! unit, else the default. It chooses; it judges nothing.

use super::facts::{Facts, StatedSequence};
use super::stop_command::{Runner, StopCommand};
use super::unit_facts::{StopLimit, UnitFacts};
use crate::core::layers::cloud66;
use crate::core::sequence::{DEFAULT_SEQUENCE, Signal};

/// Several processes of a manifest have sequences of their own, and none was named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("several processes have a stop sequence ({}): name one with --process", .processes.join(", "))]
pub struct Ambiguous {
    /// The processes.
    pub processes: Vec<String>,
}

/// The sequence to follow. Within a unit's own `ExecStop` that unit is no source: its limit is
/// what the whole drain must fit into.
pub fn sequence_in_force(
    facts: &Facts,
    inside_exec_stop: bool,
) -> Result<StatedSequence, Ambiguous> {
    // The default of Cloud 66 is followed only where nothing at all is stated.
    let is_written = |stated: &&StatedSequence| stated.origin.0 != cloud66::DEFAULT_ORIGIN;
    let has_written = facts.sequences.iter().any(|stated| is_written(&stated));
    let counts = |stated: &&StatedSequence| !has_written || is_written(stated);
    let followed = || facts.sequences.iter().filter(counts);
    if let Some(first) = followed().next() {
        let differing =
            followed().any(|other| other.parsed != first.parsed && other.process != first.process);
        if first.process.is_some() && differing {
            let mut processes: Vec<String> = followed()
                .filter_map(|stated| stated.process.clone())
                .collect();
            processes.dedup();
            return Err(Ambiguous { processes });
        }
        return Ok(first.clone());
    }
    let unit = facts.units.first().filter(|_| !inside_exec_stop);
    Ok(unit
        .and_then(of_unit)
        .unwrap_or_else(|| StatedSequence::new(DEFAULT_SEQUENCE, "default")))
}

/// The stop by systemd as a sequence: TERM, `TimeoutStopSec`, KILL, and a quiet step
/// before it where a reload quiets. The length of that step is ours.
fn of_unit(unit: &UnitFacts) -> Option<StatedSequence> {
    let reload = StopCommand::new(
        Runner::ExecReload(unit.name.clone()),
        unit.commands("ExecReload"),
    );
    let sent = reload.signals(None);
    let quiets = sent.iter().any(|sent| sent.signal == Signal::Tstp);
    let before = if quiets { "tstp, 120, " } else { "" };
    let limit = unit.behaviour().kill_limit;
    let text = match (&limit, limit.span()) {
        (StopLimit::Unread(..), _) => return None,
        (StopLimit::Infinite(_), _) | (_, None) => format!("{before}term"),
        (StopLimit::Known(..) | StopLimit::Default, Some(span)) => {
            format!("{before}term, {}, kill", span.as_secs())
        }
    };
    let place = limit.place().map_or_else(
        || format!("the default of {}", unit.name),
        ToString::to_string,
    );
    let origin = if quiets {
        format!("{place} (120 ours)")
    } else {
        place
    };
    let mut stated = StatedSequence::new(&text, &origin);
    stated.from = limit.place().cloned();
    Some(stated)
}
