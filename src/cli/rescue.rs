//! `rescue`: lists saved payloads with their state now, and pushes back those that are provably
//! nowhere. Nothing is pushed back without being asked for and confirmed.

use std::env;
use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::configuration::settings;
use super::listing::Room;
use super::options::{ConductOptions, EveryCommand};
use super::output::{room, tell, write, write_json};
use super::report::state_directory;
use super::saved::{Saved, SavedRow, saved};
use super::table::{Column, table};
use super::{Failure, runtime};
use crate::core::clean::clean;
use crate::core::config::{Settings, StatedAddress};
use crate::core::drain::PushOutcome;
use crate::core::fleet::RedisAddress;
use crate::core::wording;
use crate::host::{Operator, state_dir};
use crate::redis::{self, Keys};
use crate::report::Library;
use crate::rescue::{Ending, SavedFrom, SavedJob, SavedState, Store, push_back, survey};

/// How long each answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Exit code: some jobs are nowhere, or it is not known where they are.
const OPEN: u8 = 4;

const COLUMNS: [Column; 6] = [
    Column::text("CLASS").least(14),
    Column::text("JID").least(12),
    Column::text("QUEUE").least(6),
    Column::text("DRAIN").least(12).spare(),
    Column::text("STATE"),
    Column::text("WHY").least(16),
];

/// Arguments of `rescue`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard rescue                       every saved payload, and where its job is now
  drainboard rescue last --dry-run        what --requeue would push back
  drainboard rescue last --requeue        push back the jobs that are in no queue, set or process
  drainboard rescue last --requeue --jid 0123456789abcdef01234567
  drainboard rescue last --requeue --into redis://10.0.0.6:6379/0
                                          the Redis was moved: another one than the jobs came from

EXIT CODES:
  0 nothing is open: each job is somewhere, ended, or was pushed back; 4 some jobs are nowhere, or
  it is not known where they are; 1 there is nothing saved under that name, or Redis could not be asked; 2 usage.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct RescueArguments {
    /// Of which drain: its name, the beginning of it, or `last`; without one, of all.
    pub id: Option<String>,
    /// Push back the jobs that are in no queue, no set and no process.
    #[arg(long, conflicts_with = "dry_run")]
    pub requeue: bool,
    /// Show what --requeue would push back.
    #[arg(long)]
    pub dry_run: bool,
    /// Push this job back although nothing proves that it is lost: it may run twice.
    #[arg(long, value_name = "JID")]
    pub jid: Vec<String>,
    /// Look, and push back, in this Redis, although the jobs came from another one.
    #[arg(long, value_name = "URL", conflicts_with = "redis")]
    pub into: Option<String>,
    /// Do not ask; needed for --requeue without a terminal.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// A saved job.
#[derive(serde::Serialize)]
struct SavedLine {
    run: String,
    jid: Option<String>,
    class: String,
    queue: String,
    identity: Option<String>,
    pid: u32,
    saved_at: String,
    state: &'static str,
    why: String,
    /// Whether --requeue pushes it back, or would.
    requeue: bool,
    /// The outcome; `null` if it was not tried.
    result: Option<String>,
    /// Whether it came from another Redis than the one at hand.
    #[serde(skip)]
    foreign: bool,
    #[serde(skip)]
    job: SavedJob,
}

#[derive(serde::Serialize)]
struct SavedLines {
    jobs: Vec<SavedLine>,
}

/// Lists, and pushes back.
pub(super) fn run(common: &EveryCommand, arguments: &RescueArguments) -> Result<ExitCode, Failure> {
    let mut settings = settings(common, &ConductOptions::default(), None)?;
    if let Some(url) = &arguments.into {
        settings.redis.flag = Some(StatedAddress {
            address: RedisAddress::new(url),
            origin: "--into".into(),
        });
    }
    check(arguments, &settings)?;
    let place = state_directory(&settings)?;
    // A payload that another user wrote would run with the application's rights.
    for directory in [&place, &place.join("rescue"), &place.join("drains")] {
        state_dir::check(directory).map_err(|error| Failure::Record(error.to_string()))?;
    }
    let store = Store::new(&place);
    let (id, named) = (arguments.id.as_deref(), arguments.into.is_some());
    let saved = saved(&store, &Library::new(&place), id, named)?;
    if let Some(unknown) = arguments.jid.iter().find(|jid| {
        !saved
            .jobs
            .iter()
            .any(|saved| saved.job.jid.as_ref() == Some(*jid))
    }) {
        let unknown = crate::core::clean::clean(unknown, 64);
        return Err(Failure::Record(format!(
            "no payload of job {unknown} is saved"
        )));
    }
    runtime()?.block_on(rescue(&settings, &store, saved, arguments))
}

fn check(arguments: &RescueArguments, settings: &Settings) -> Result<(), Failure> {
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let wrong = if arguments.requeue && settings.read_only {
        "--read-only: nothing may be pushed back"
    } else if arguments.requeue && !arguments.yes && !terminal {
        "there is no terminal to ask on: --requeue needs --yes"
    } else if !arguments.jid.is_empty() && !arguments.requeue && !arguments.dry_run {
        "--jid says what to push back: add --requeue, or --dry-run to see"
    } else {
        return Ok(());
    };
    Err(Failure::Usage(wrong.into()))
}

async fn rescue(
    settings: &Settings,
    store: &Store,
    saved: Saved,
    arguments: &RescueArguments,
) -> Result<ExitCode, Failure> {
    if saved.jobs.is_empty() {
        print(
            &SavedLines { jobs: Vec::new() },
            arguments.json,
            room(settings),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let address = address(settings)?;
    let failed = |why: &dyn std::fmt::Display| Failure::Address(format!("{address}: {why}"));
    let mut connection = redis::open(&address.address, PATIENCE)
        .await
        .map_err(|why| failed(&why))?;
    let stated = settings.redis.namespace.as_deref();
    let namespace = redis::namespace(&mut connection, stated)
        .await
        .map_err(|why| failed(&why))?;
    let keys = Keys::new(namespace.as_deref());
    let here = RedisAddress::new(address.address.url());
    let here = SavedFrom::new(&here, namespace.as_deref());
    // In another Redis than its own a job is nowhere, which proves nothing.
    let may_ask = |saved: &SavedRow| {
        let from = saved.job.from.as_ref();
        arguments.into.is_some() || from.is_none_or(|from| from.is_same(&here))
    };
    let (ours, others): (Vec<_>, Vec<_>) = saved.jobs.into_iter().partition(may_ask);
    let jobs: Vec<(SavedJob, Ending)> = ours
        .iter()
        .map(|saved| (saved.job.clone(), saved.ending.clone()))
        .collect();
    let surveyed = survey(&mut connection, &keys, &jobs, &saved.gone)
        .await
        .map_err(|why| failed(&why))?;
    let mut rows: Vec<SavedLine> = others
        .into_iter()
        .map(|saved| foreign(saved, &here))
        .collect();
    rows.extend(
        ours.into_iter()
            .zip(surveyed)
            .map(|(saved, surveyed)| row(saved.run, saved.job, &surveyed.state, &arguments.jid)),
    );
    if arguments.requeue && confirmed(&rows, arguments.yes) {
        let by = Operator::current(|name| env::var_os(name)).to_string();
        for row in rows.iter_mut().filter(|row| row.requeue) {
            let pushed = push_back(&mut connection, &keys, store, &row.run, &row.job, &by).await;
            row.result = Some(match pushed {
                Ok(outcome) => settle(&mut row.state, &outcome),
                Err(error) => format!("not pushed back: {error}"),
            });
        }
    }
    let open = rows
        .iter()
        .any(|row| row.foreign || matches!(row.state, "nowhere" | "unknown"));
    print(&SavedLines { jobs: rows }, arguments.json, room(settings))?;
    Ok(ExitCode::from(if open { OPEN } else { 0 }))
}

fn settle(state: &mut &'static str, outcome: &PushOutcome) -> String {
    if outcome.is_back() == Some(true) {
        *state = SavedState::SAFE;
    }
    outcome.short_words()
}

/// A job that came from another Redis than the one at hand: it is neither looked for nor pushed
/// back here.
fn foreign(saved: SavedRow, here: &SavedFrom) -> SavedLine {
    let from = saved.job.from.as_ref().map(ToString::to_string);
    let from = from.unwrap_or_default();
    let why = format!(
        "it came from {from}, and this is {here}: --redis names its own, --into another one"
    );
    SavedLine {
        foreign: true,
        ..row(saved.run, saved.job, &SavedState::not_ours(why), &[])
    }
}

fn row(run: String, job: SavedJob, state: &SavedState, named: &[String]) -> SavedLine {
    let is_named = job.jid.as_ref().is_some_and(|jid| named.contains(jid));
    SavedLine {
        run,
        jid: job.jid.clone(),
        class: job.class.clone(),
        queue: job.queue.clone(),
        identity: job.identity.clone(),
        pid: job.pid,
        saved_at: crate::core::moment::rfc3339(job.saved_at),
        state: state.word(),
        why: state.trace.why().to_owned(),
        requeue: (named.is_empty() || is_named) && state.may_be_pushed(is_named),
        result: None,
        foreign: false,
        job,
    }
}

/// Asks on the terminal; no is what anything but yes means.
fn confirmed(rows: &[SavedLine], yes: bool) -> bool {
    let count = rows.iter().filter(|row| row.requeue).count();
    if count == 0 || yes {
        return count > 0;
    }
    for row in rows.iter().filter(|row| row.requeue) {
        tell(&format!(
            "  {} (queue {}): {}",
            row.job.label(),
            clean(&row.queue, 200),
            row.why
        ));
    }
    tell(&format!(
        "push {} back to the front of their queues? They run again from their beginning.\n\
         type y to do it, anything else leaves all as it is:",
        wording::count(count as u64, "job")
    ));
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}

fn address(settings: &Settings) -> Result<redis::AddressChoice, Failure> {
    super::address::chosen(settings).map_err(|error| Failure::Address(error.to_string()))
}

fn print(rows: &SavedLines, json: bool, room: Room) -> Result<(), Failure> {
    if json {
        return write_json(rows);
    }
    if rows.jobs.is_empty() {
        return write(b"no payload is saved\n");
    }
    let cells: Vec<Vec<String>> = rows
        .jobs
        .iter()
        .map(|row| {
            let why = match &row.result {
                Some(result) => result.clone(),
                None => row.why.clone(),
            };
            vec![
                row.class.clone(),
                row.jid.clone().unwrap_or_else(|| "?".into()),
                clean(&row.queue, 200),
                row.run.clone(),
                row.state.replace('_', " "),
                why,
            ]
        })
        .collect();
    write(table(&COLUMNS, &cells, room.width, room.ascii).as_bytes())?;
    let open = |row: &&SavedLine| row.requeue && row.result.is_none();
    let count = rows.jobs.iter().filter(open).count() as u64;
    if count > 0 {
        let jobs = wording::count(count, "job");
        tell(&format!(
            "{jobs} can be pushed back: drainboard rescue ID --requeue"
        ));
    }
    Ok(())
}
