//! A report with what only other drains can tell: the jobs that several in a row cut off. This
//! is the object of `report ID --json`, and what `on_finish` is given.

use serde::Serialize;

use super::drain::Report;
use super::library::{Library, Past};
use super::repeated::{Repeated, repeated};

/// Drains before one that are looked through.
pub const LOOKED_THROUGH: usize = 100;

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Full {
    /// The drain itself.
    #[serde(flatten)]
    pub report: Report,
    /// Its jobs and classes that the drains before it cut off too: candidates for
    /// smaller jobs.
    pub cut_off_repeatedly: Vec<Repeated>,
}

impl Full {
    /// The report of `past`, and of it beside the drains in `library` before it. One of these
    /// that cannot be read is left out.
    pub fn of(past: &Past, library: Option<&Library>) -> Self {
        let report = Report::of(past);
        let run = &report.summary.run;
        let runs = library.and_then(|library| library.runs().ok());
        let before = runs.unwrap_or_default();
        let before = before.into_iter().filter(|other| other < run);
        let mut reports: Vec<Report> = before
            .take(LOOKED_THROUGH)
            .filter_map(|other| Some(Report::of(&library?.read(&other).ok()?)))
            .collect();
        reports.reverse();
        reports.push(report.clone());
        let mut cut_off = repeated(&reports);
        cut_off.retain(|repeated| repeated.runs.last() == Some(run));
        Self {
            report,
            cut_off_repeatedly: cut_off,
        }
    }
}
