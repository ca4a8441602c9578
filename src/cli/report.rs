//! `report`: lists past drains, prints one. It reads the journals below the state directory; where
//! the fate of a job is unknown in one, it asks Redis where the job is now.

mod markdown;
mod page;
mod seek;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::arguments::{ConductOptions, EveryCommand};
use super::configuration::settings;
use super::output::{room, tell, write, write_json};
use crate::core::config::Settings;
use crate::host::state_dir;
use crate::report::{
    Full, LOOKED_THROUGH, Library, NoSuchDrain, Repeated, Report, Summary, repeated,
};

/// Drains that the list shows.
const SHOWN: usize = LOOKED_THROUGH;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard report                                 past drains, the last first
  drainboard report last                            the last one: timeline and the fate of every job
  drainboard report 20261121T1904 --markdown        the beginning of a name is enough
  drainboard report last --json | jq '.fates[] | select(.fate == \"lost\")'

Jobs of unknown fate are looked for once more, if Redis can be asked; what is found is added to
the record (not with --read-only).

EXIT CODES:
  0 printed; 1 there is no such drain, or it cannot be read; 2 usage.")]
pub struct ReportArguments {
    /// Which drain: its name, the beginning of it, or `last`; without one, all are listed.
    pub id: Option<String>,
    /// One JSON object on standard output.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Markdown, for a ticket or a deploy log.
    #[arg(long)]
    pub markdown: bool,
}

/// The object of `report --json`.
#[derive(serde::Serialize)]
struct ListRow {
    drains: Vec<Summary>,
    /// Jobs and classes that several drains in a row cut off.
    cut_off_repeatedly: Vec<Repeated>,
    /// Older drains that are left out.
    older: usize,
}

/// Prints.
pub(super) fn run(common: &EveryCommand, arguments: &ReportArguments) -> Result<ExitCode, Failure> {
    let settings = settings(common, &ConductOptions::default(), None)?;
    let state_dir = state_directory(&settings)?;
    let library = Library::new(&state_dir);
    match &arguments.id {
        None => list(&library, &settings, arguments)?,
        Some(id) => one(&library, &state_dir, id, &settings, arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where drains are recorded. Nothing is made there.
pub(super) fn state_directory(settings: &Settings) -> Result<PathBuf, Failure> {
    let stated = settings.places.state_dir.as_deref();
    state_dir::choose(stated, |name| env::var_os(name), state_dir::passwd_home)
        .map_err(|error| Failure::Record(error.to_string()))
}

fn list(
    library: &Library,
    settings: &Settings,
    arguments: &ReportArguments,
) -> Result<(), Failure> {
    let runs = library.runs().map_err(|error| failed(&error))?;
    let reports = read(library, &runs[..runs.len().min(SHOWN)]);
    let row = ListRow {
        older: runs.len().saturating_sub(SHOWN),
        cut_off_repeatedly: repeated(&reports),
        drains: reports
            .into_iter()
            .rev()
            .map(|report| report.summary)
            .collect(),
    };
    if arguments.json {
        return write_json(&row);
    }
    let text = if arguments.markdown {
        markdown::list(&row.drains, &row.cut_off_repeatedly)
    } else {
        page::list(
            &row.drains,
            &row.cut_off_repeatedly,
            row.older,
            room(settings),
        )
    };
    write(text.as_bytes())
}

fn one(
    library: &Library,
    state_dir: &Path,
    id: &str,
    settings: &Settings,
    arguments: &ReportArguments,
) -> Result<(), Failure> {
    let run = library.choose(id).map_err(|error| failed(&error))?;
    let past = library.read(&run).map_err(|error| failed(&error))?;
    let mut full = Full::of(&past, Some(library));
    seek::seek(&mut full.report, &past, settings, state_dir);
    if arguments.json {
        return write_json(&full);
    }
    let (report, cut_off) = (&full.report, &full.cut_off_repeatedly);
    let text = if arguments.markdown {
        markdown::report(report, cut_off)
    } else {
        page::report(report, cut_off, room(settings))
    };
    write(text.as_bytes())
}

/// The reports of these drains in the order of time. One that cannot be read is named and left
/// out.
fn read(library: &Library, runs: &[String]) -> Vec<Report> {
    let mut reports = Vec::with_capacity(runs.len());
    for run in runs.iter().rev() {
        match library.read(run) {
            Ok(past) => reports.push(Report::of(&past)),
            Err(error) => tell(&format!("warning: {error}")),
        }
    }
    reports
}

fn failed(error: &NoSuchDrain) -> Failure {
    match error {
        NoSuchDrain::Several { .. } => Failure::Usage(error.to_string()),
        NoSuchDrain::None(_) | NoSuchDrain::Unknown { .. } | NoSuchDrain::Unreadable { .. } => {
            Failure::Record(error.to_string())
        }
    }
}

/// What was cut off again and again, one line each.
fn repeated_lines(cut_off: &[Repeated]) -> impl Iterator<Item = String> + '_ {
    cut_off.iter().map(|repeated| {
        let what = match &repeated.jid {
            Some(jid) => format!("{} {jid}", repeated.class),
            None => format!("jobs of {}", repeated.class),
        };
        format!(
            "{what}: cut off by {} drains in a row, a candidate for splitting into smaller jobs",
            repeated.runs.len()
        )
    })
}
