//! The rows that the filter leaves of the two tables, and those that it hides, in words.

use super::process_state::{Alarm, process_state};
use super::rows::{is_target, job_rows, process_rows};
use super::state::Console;
use super::words::{count, few, thousands};
use crate::core::outlook::Outlooks;
use crate::core::session::Session;

/// The rows left and hidden, in words that grow fewer, and whether a process is hidden that
/// asks for an eye. `None`: no filter is set.
pub fn narrowed(
    session: &Session,
    console: &Console,
    outlooks: &Outlooks<'_>,
) -> Option<(Vec<String>, bool)> {
    let listing = &console.listing;
    if listing.filter.is_empty() {
        return None;
    }
    let (targets, whole) = (console.targets(session), listing.unfiltered());
    let shown = process_rows(session, &targets, listing);
    let all = process_rows(session, &targets, &whole);
    let processes = of_all(shown.len(), all.len(), "process");
    let jobs = job_rows(session, &targets, listing).len();
    let jobs = of_all(jobs, job_rows(session, &targets, &whole).len(), "job");
    let (mut hidden, mut ill) = (0, Vec::new());
    for (key, process) in all {
        if shown.iter().any(|row| row.0 == key) {
            continue;
        }
        hidden += u64::from(is_target(key, &targets));
        let state = process_state(session, outlooks, key, process);
        if state.alarm == Alarm::Danger {
            ill.push(format!("{} {}", process.name(), state.word));
        }
    }
    let counted = match hidden {
        0 => String::new(),
        hidden => format!("; {} hidden, but counted", count(hidden, "target")),
    };
    let warning = match ill.as_slice() {
        [] => String::new(),
        ill => format!("; HIDDEN: {}", few(ill, 2)),
    };
    let filter = format!("/{}", listing.filter);
    let both = format!("{filter}: {processes} and {jobs} shown");
    let mut words = vec![
        format!("{both}{counted}{warning}; Esc clears"),
        format!("{both}{counted}{warning}"),
        format!("{both}{warning}"),
        format!("{filter}: {processes}, {jobs}{warning}"),
        format!("{filter}{warning}"),
        format!("{processes}, {jobs} {filter}"),
    ];
    if ill.is_empty() {
        words.remove(4);
    }
    Some((words, !ill.is_empty()))
}

/// `2 of 5 processes`.
fn of_all(shown: usize, all: usize, noun: &str) -> String {
    format!("{} of {}", thousands(shown as u64), count(all as u64, noun))
}
