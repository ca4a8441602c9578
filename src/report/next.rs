//! The next steps after a drain, in their order. Nothing is to be done by
//! hand that `drainboard rescue` can still do.

use super::drain::Report;
use crate::core::drain::Fate;

/// The steps for the drain of `report`; none where nothing is left to do.
pub(super) fn next_steps(report: &Report) -> Vec<String> {
    let drain = &report.summary;
    if drain.rehearsal {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if drain.jobs.lost > 0 {
        steps.push(format!(
            "look for the {}: `drainboard rescue {run}` shows where each is now, `drainboard rescue {run} --requeue` pushes back those that are in no queue, no set and no process",
            counted(drain.jobs.lost, "lost job"),
            run = drain.run
        ));
    }
    let running = report.fates.iter().filter(|job| job.still_running).count() as u64;
    let quiet = alive(report, true);
    if !quiet.is_empty() {
        let first = match running {
            0 => String::new(),
            _ => format!("let the {} end, then ", counted(running, "running job")),
        };
        steps.push(format!(
            "{first}restart {}: until then {} no job",
            quiet.join(", "),
            if quiet.len() == 1 {
                "it takes"
            } else {
                "they take"
            }
        ));
    }
    let stopping = alive(report, false);
    if !stopping.is_empty() {
        steps.push(format!(
            "watch {} until {} exited: `drainboard ps --watch`",
            stopping.join(", "),
            if stopping.len() == 1 {
                "it has"
            } else {
                "they have"
            }
        ));
    }
    let unknown = drain.jobs.unknown.saturating_sub(running);
    if unknown > 0 {
        let rescue = match &report.saved_in {
            Some(_) => format!(
                "`drainboard rescue {}` shows where each is now; ",
                drain.run
            ),
            None => String::new(),
        };
        steps.push(format!(
            "{rescue}look in the application for the {} before enqueuing them again: they may have run",
            counted(unknown, "job of unknown fate")
        ));
    }
    let again = report.fates.iter().filter(|job| {
        matches!(
            job.fate,
            Fate::PushedBack | Fate::Rescued | Fate::Checkpointed
        )
    });
    let again = again.count() as u64;
    let runs = |up: &super::CameUp| up.successor.found;
    if again > 0 && !report.successors.iter().any(runs) {
        steps.push(format!(
            "start Sidekiq again, if it does not run yet: {} in Redis",
            counted_verb(again, "job waits", "jobs wait")
        ));
    }
    steps
}

/// The names of the processes that had not exited: those that were only made quiet, or those that
/// were told to stop.
fn alive(report: &Report, quiet: bool) -> Vec<&str> {
    let processes = report.processes.iter();
    let alive = processes.filter(|process| process.exited_t_s.is_none());
    alive
        .filter(|process| !process.signals.is_empty() && process.was_stopped() != quiet)
        .map(|process| process.name.as_str())
        .collect()
}

fn counted(number: u64, what: &str) -> String {
    let (one, rest) = what.split_once(" of ").unwrap_or((what, ""));
    let of = if rest.is_empty() { "" } else { " of " };
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {one}s{of}{rest}"),
    }
}

fn counted_verb(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}
