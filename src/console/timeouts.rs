//! Where the timeout of a process is stated, if that is more than one place or one that was
//! changed since: which statement holds, and which are ignored. Nothing is decided here: which
//! holds was found with the process.

use super::pages::{PageLine, Weight};
use crate::core::check::{Chosen, effective_timeout, gather};
use crate::core::fleet::{LocalProcess, Process};
use crate::core::layers::Located;

/// One statement.
struct Stated {
    value: String,
    place: String,
    holds: bool,
    newer: bool,
}

/// Whether a statement differs from the one that holds, or was changed since the process
/// started.
pub fn timeouts_differ(process: &Process) -> bool {
    let Some(local) = &process.local else {
        return false;
    };
    let stated = stated(local);
    stated.iter().any(|one| one.newer) || stated.iter().any(|one| one.value != stated[0].value)
}

/// The lines of the page of a process: nothing where one place states what holds.
pub(super) fn lines(local: &LocalProcess) -> Vec<PageLine> {
    let stated = stated(local);
    if stated.len() < 2 && !stated.iter().any(|one| one.newer) {
        return Vec::new();
    }
    let line = |one: &Stated| {
        let role = if one.holds { "holds" } else { "ignored" };
        let changed = if one.newer {
            ", changed since it started: what it read may be another"
        } else {
            ""
        };
        let weight = if one.newer || one.value != stated[0].value {
            Weight::Warn
        } else {
            Weight::Plain
        };
        PageLine {
            weight,
            ..PageLine::fact(
                "  stated",
                format!("{} {}: {role}{changed}", one.value, one.place),
            )
        }
    };
    stated.iter().map(line).collect()
}

/// Every statement that a server reads, the one that holds first.
fn stated(local: &LocalProcess) -> Vec<Stated> {
    let around = &local.surroundings;
    let facts = gather(&around.layers, &Chosen::default());
    let of = Some(around.unit_name().unwrap_or_default());
    let effective = effective_timeout(&facts.sidekiq, of);
    let origin = around.stated_timeout.as_ref();
    let origin = origin.map_or("", |timeout| timeout.origin.text());
    let row = |located: Located| Stated {
        value: located.value.to_string(),
        place: format!("at {}", located.from),
        holds: is_at(origin, &located.from.to_string()),
        newer: around.layers.is_newer(&located.from),
    };
    let all = effective.holds.into_iter().chain(effective.others);
    let mut all: Vec<Stated> = all.map(row).collect();
    all.sort_by_key(|one| !one.holds);
    all
}

/// Whether an origin names this place: `config/sidekiq.yml:3` is not `config/sidekiq.yml:30`.
fn is_at(origin: &str, place: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|character: char| character.is_ascii_digit());
    origin
        .match_indices(place)
        .any(|(at, _)| ends(&origin[at + place.len()..]))
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn a_line_is_not_another_that_begins_alike() {
        assert!(is_at(
            "config/sidekiq.yml:3 (production)",
            "config/sidekiq.yml:3"
        ));
        assert!(!is_at("config/sidekiq.yml:30", "config/sidekiq.yml:3"));
        assert!(!is_at("", "config/sidekiq.yml:3"));
    }
}
