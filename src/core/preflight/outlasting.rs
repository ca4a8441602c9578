//! Where systemd would cut a drain short that runs as the `ExecStop=` of its target's own unit.
//! Figures and words; no host is asked.

use super::concern::MARGIN;
use super::found::local;
use super::route::about;
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::sequence::{Sequence, SequenceOrigin};

/// Remarks about `sequence` as the `ExecStop=` of the units of `targets`, each unit once:
/// `TimeoutStopSec` limits that command, too (systemd.service(5)).
pub fn outlasting(
    fleet: &Fleet,
    targets: &[ProcessKey],
    sequence: &Sequence,
    origin: &SequenceOrigin,
) -> Vec<String> {
    let mut told = Vec::new();
    for (_, local) in local(fleet, targets) {
        let Some(unit) = &local.surroundings.unit else {
            continue;
        };
        let about = about(local, fleet, unit);
        let limit = about.stop_limit();
        let own = |place: &crate::core::layers::FilePlace| origin.0.starts_with(&place.to_string());
        // A sequence read off the unit is systemd's own stop, without any drain.
        if about.settings.is_empty()
            || limit.place().is_some_and(own)
            || origin.0.starts_with("the default of ")
        {
            continue;
        }
        let Some(span) = limit.span() else {
            continue;
        };
        let text = format!(
            "as ExecStop of {unit} this waits up to {} s; systemd ends that after {} s (TimeoutStopSec), so with 5 s to spare {} s may be waited",
            sequence.whole().as_secs(),
            span.as_secs(),
            span.saturating_sub(MARGIN).as_secs()
        );
        if sequence.whole() + MARGIN > span && !told.contains(&text) {
            told.push(text);
        }
    }
    told
}
