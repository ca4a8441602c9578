//! Where the timeout of a process is stated, if that is more than one place or one that was
//! changed since: which statement holds, and which are ignored. Nothing is decided here: which
//! holds was found with the process.

use super::page_line::{LineWeight, PageLine};
use crate::core::fleet::{LocalProcess, Process, StatedTimeout};

/// Whether a statement differs from the one that holds, or was changed since the process
/// started.
pub fn timeouts_differ(process: &Process) -> bool {
    let Some(local) = &process.local else {
        return false;
    };
    let stated = local.surroundings.layers.timeouts();
    let first = stated.first();
    stated
        .iter()
        .any(|one| one.changed || first.is_some_and(|first| one.value != first.value))
}

/// The lines of the page of a process: nothing where one place states what holds.
pub(super) fn lines(local: &LocalProcess) -> Vec<PageLine> {
    let stated = local.surroundings.layers.timeouts();
    let Some(first) = stated.first() else {
        return Vec::new();
    };
    if stated.len() < 2 && !first.changed {
        return Vec::new();
    }
    let line = |one: &StatedTimeout| {
        let role = if one.holds { "holds" } else { "ignored" };
        let changed = if one.changed {
            ", changed since it started: what it read may be another"
        } else {
            ""
        };
        let weight = if one.changed || one.value != first.value {
            LineWeight::Warn
        } else {
            LineWeight::Plain
        };
        let text = format!("{} at {}: {role}{changed}", one.value, one.from);
        PageLine {
            weight,
            ..PageLine::fact("  stated", text)
        }
    };
    stated.iter().map(line).collect()
}
