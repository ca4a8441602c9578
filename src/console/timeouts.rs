//! Where the timeout of a process is stated, if that is more than one place or one that was
//! changed since: which statement holds, and which are ignored. Nothing is decided here: which
//! holds was found with the process.

use super::page_line::{LineWeight, PageLine};
use crate::core::fleet::{Process, StatedTimeout};
use crate::core::sequence::{Timeout, TimeoutLabel};

/// The statements in the files of a process, the one that holds among them first.
fn in_files(process: &Process) -> &[StatedTimeout] {
    let local = process.local.as_ref();
    local.map_or(&[], |local| local.surroundings.layers.timeouts())
}

/// Whether a statement differs from the one that holds, was changed since the process started, or
/// is a label that cannot be used.
pub fn timeouts_differ(process: &Process) -> bool {
    let stated = in_files(process);
    let first = stated.first();
    let among_files =
        |one: &StatedTimeout| one.changed || first.is_some_and(|first| one.value != first.value);
    match process.timeout_label() {
        TimeoutLabel::Unusable(_) => true,
        TimeoutLabel::States(span) => stated.iter().any(|one| one.span != Some(span)),
        TimeoutLabel::Absent => stated.iter().any(among_files),
    }
}

/// The lines of the page of a process: nothing where one place states what holds. `stated` is what
/// a flag or the configuration states.
pub(super) fn lines(process: &Process, stated: Option<&Timeout>) -> Vec<PageLine> {
    let label = process.timeout_label();
    let files = in_files(process);
    let is_one = files.len() < 2 && !files.iter().any(|one| one.changed);
    let mut lines: Vec<PageLine> = match &label {
        TimeoutLabel::Unusable(written) => {
            let text = format!("label {written}: states no seconds, not used");
            vec![weighty(text, true)]
        }
        TimeoutLabel::States(span) if !files.is_empty() => {
            let is_used = !stated.is_some_and(Timeout::is_by_flag);
            let text = format!("{} s by its label: {}", span.as_secs_f64(), role(is_used));
            vec![weighty(text, false)]
        }
        TimeoutLabel::Absent if is_one => return Vec::new(),
        TimeoutLabel::States(_) | TimeoutLabel::Absent => Vec::new(),
    };
    let holds = label.span().or(files.first().and_then(|first| first.span));
    let first = files.first().map(|first| first.value.as_str());
    let is_read = process.files_state_timeout(stated);
    lines.extend(files.iter().map(|one| {
        let changed = if one.changed {
            ", changed since it started: what it read may be another"
        } else {
            ""
        };
        let differs = one.span != holds || Some(one.value.as_str()) != first;
        let role = role(one.holds && is_read);
        let text = format!("{} at {}: {role}{changed}", one.value, one.from);
        weighty(text, one.changed || differs)
    }));
    lines
}

fn role(holds: bool) -> &'static str {
    if holds { "holds" } else { "ignored" }
}

fn weighty(text: String, warns: bool) -> PageLine {
    PageLine {
        weight: if warns {
            LineWeight::Warn
        } else {
            LineWeight::Plain
        },
        ..PageLine::fact("  stated", text)
    }
}
