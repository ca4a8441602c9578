//! `report`: lists past drains, prints one. It reads the journals below the state directory; where
//! the fate of a job is unknown in one, it asks Redis where the job is now.

mod markdown;
mod page;
mod sections;
mod seek;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::address::chosen;
use super::configuration::settings;
use super::options::{ConductOptions, EveryCommand};
use super::output::{room, tell, write, write_json};
use crate::core::clean::clean;
use crate::core::config::Settings;
use crate::host::state_dir;
use crate::redis::Address;
use crate::report::{
    Full, LOOKED_THROUGH, Library, NoSuchDrain, OutsideAct, Repeated, Report, Summary, repeated,
};
use crate::rescue::{RescueEntry, Store};

/// Drains that the list shows.
const SHOWN: usize = LOOKED_THROUGH;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard report                                 past drains, the last first
  drainboard report last                            the last one: timeline and the fate of every job
  drainboard report 20261121T1904 --markdown        the beginning of a name is enough
  drainboard report last --json | jq '.fates[] | select(.fate == \"lost\")'

Jobs of unknown fate are looked for once more, if the Redis of the drain can be asked; what is
found is added to the record (not with --read-only).

Jobs that were cancelled outside a drain are listed behind the drains.

Records are files in drains/ below the state directory. The last 500 are kept, and every one of the
last 180 days; older ones are removed when a drain begins.

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

/// The list of past drains, and the object of `report --json`.
#[derive(serde::Serialize)]
struct ListRow {
    drains: Vec<Summary>,
    /// Jobs and classes that several drains in a row cut off.
    cut_off_repeatedly: Vec<Repeated>,
    /// Older drains that are left out.
    older: usize,
    /// Jobs that were cancelled outside a drain, the last first.
    acts: Vec<OutsideAct>,
}

/// Prints.
pub(super) fn run(common: &EveryCommand, arguments: &ReportArguments) -> Result<ExitCode, Failure> {
    let settings = settings(common, &ConductOptions::default(), None)?;
    let state_dir = state_directory(&settings)?;
    let library = Library::new(&state_dir);
    match &arguments.id {
        None => list(&library, &state_dir, &settings, arguments)?,
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
    state_dir: &Path,
    settings: &Settings,
    arguments: &ReportArguments,
) -> Result<(), Failure> {
    let runs = library.runs().map_err(|error| failed(&error))?;
    let reports = read(library, state_dir, &runs[..runs.len().min(SHOWN)]);
    let row = ListRow {
        older: runs.len().saturating_sub(SHOWN),
        cut_off_repeatedly: repeated(&reports),
        drains: reports
            .into_iter()
            .rev()
            .map(|report| report.summary)
            .collect(),
        acts: outside(library),
    };
    if arguments.json {
        return write_json(&row);
    }
    let text = if arguments.markdown {
        markdown::list(&row)
    } else {
        page::list(&row, room(settings))
    };
    write(text.as_bytes())
}

/// The jobs that were cancelled outside a drain. A record of them that cannot be read is named.
fn outside(library: &Library) -> Vec<OutsideAct> {
    match library.outside() {
        Ok(past) => past.as_ref().map(OutsideAct::of).unwrap_or_default(),
        Err(error) => {
            tell(&format!("warning: {error}"));
            Vec::new()
        }
    }
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
    take_rescues(&mut full.report, state_dir, &run);
    match other_redis(&full.report, settings) {
        Some(why) => tell(&why),
        None => seek::seek(&mut full.report, &past, settings, state_dir),
    }
    if arguments.json {
        return write_json(&full);
    }
    let text = if arguments.markdown {
        markdown::report(&full)
    } else {
        page::report(&full, room(settings))
    };
    write(text.as_bytes())
}

/// Why jobs of unknown fate are not looked for: the drain ran against another Redis than the one
/// that would be asked now. `None`: it is the same, or nothing is to be looked for.
fn other_redis(report: &Report, settings: &Settings) -> Option<String> {
    let open = report.fates.iter().filter(|job| job.is_open()).count();
    let recorded = report.redis.as_deref().filter(|_| open > 0)?;
    let address = Address::parse(recorded).ok()?;
    let asked = chosen(settings).ok()?;
    let same = asked.address.same_place(&address);
    if same && report.namespace == settings.redis.namespace {
        return None;
    }
    let here = match &settings.redis.namespace {
        Some(namespace) => format!("{asked}, namespace {namespace}"),
        None => asked.to_string(),
    };
    Some(format!(
        "note: the fate of {open} of its jobs is unknown, and they are not looked for: the drain ran against {}, not against {here}; name it with --redis",
        report.redis_words().unwrap_or_default()
    ))
}

/// Takes over which jobs `drainboard rescue` pushed back after the drain.
fn take_rescues(report: &mut Report, state_dir: &Path, run: &str) {
    // Without saved payloads none was pushed back from them.
    let Ok((entries, _)) = Store::new(state_dir).load(run) else {
        return;
    };
    for entry in entries {
        if let RescueEntry::Pushed {
            jid,
            result,
            back: Some(true),
            ..
        } = entry
        {
            report.rescued_later(&clean(&jid, 200), &clean(&result, 300));
        }
    }
}

/// The reports of these drains in the order of time. One that cannot be read is named and left
/// out.
fn read(library: &Library, state_dir: &Path, runs: &[String]) -> Vec<Report> {
    let mut reports = Vec::with_capacity(runs.len());
    for run in runs.iter().rev() {
        match library.read(run) {
            Ok(past) => {
                let mut report = Report::of(&past);
                take_rescues(&mut report, state_dir, run);
                reports.push(report);
            }
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
