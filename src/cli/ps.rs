//! `ps`: one look, or one after the other, at all processes and busy jobs. It changes nothing.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::configuration::settings;
use super::listing::{Room, listing, overlong, top};
use super::look::Observer;
use super::options::{ConductOptions, EveryCommand, TargetOptions};
use super::output::{self, room, tell};
use super::over::Over;
use super::rows::PsRow;
use super::{Failure, runtime};
use crate::core::choice::Choice;
use crate::core::config::Settings;
use crate::core::drain::StopUnit;
use crate::core::preflight::{FoundSequence, found_sequence};
use crate::host::own_unit;

/// How long each answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Exit code: Redis could not be asked.
const BLIND: u8 = 1;
/// Exit code of `--over`: there are such jobs.
const FOUND: u8 = 1;
/// Exit code of `--over`: it is not known.
const UNKNOWN: u8 = 3;

/// Arguments of `ps`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard ps                       processes and busy jobs, with their verdict
  drainboard ps --json | jq '.jobs[] | select(.verdict != \"fits\")'
  drainboard ps --queue low           the processes that serve it, on any host
  drainboard ps --over 80%            for cron: only jobs that run longer than 80% of -t

EXIT CODES:
  0 Redis was asked; 1 it could not be, local processes are listed anyway.
  With --over: 1 there are such jobs, 0 there are none, 3 it cannot be known.")]
pub struct PsArguments {
    /// The processes to look at.
    #[command(flatten)]
    pub targets: TargetOptions,
    /// JSON on standard output: one object, with --watch one on each line.
    #[arg(long)]
    pub json: bool,
    /// Look again at each refresh until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Only jobs that run longer than so many seconds, or than a share of -t such as 80%.
    #[arg(
        long,
        value_name = "LIMIT",
        conflicts_with = "watch",
        allow_hyphen_values = true
    )]
    pub over: Option<Over>,
}

/// Looks and prints.
pub(super) fn run(common: &EveryCommand, arguments: &PsArguments) -> Result<ExitCode, Failure> {
    let settings = match settings(common, &ConductOptions::default(), None) {
        // 1 would say that there are such jobs.
        Err(failure) if arguments.over.is_some() && failure.code() == BLIND => {
            tell(&format!("error: {failure}"));
            return Ok(ExitCode::from(UNKNOWN));
        }
        settled => settled?,
    };
    let mut observer = Observer::new(&settings, PATIENCE);
    observer.pids = arguments.targets.choice().pids;
    runtime()?.block_on(async {
        if arguments.watch {
            return watch(&settings, &mut observer, arguments).await;
        }
        observer.look().await;
        ask_systemd(&settings, &mut observer).await;
        for trouble in &observer.troubles {
            tell(&format!("error: {trouble}"));
        }
        let settings = with_found_sequence(&settings, &observer);
        if let Some(several) = observer.several() {
            tell(&format!("note: {several}"));
        }
        for unusable in observer.unusable() {
            tell(&format!("note: {unusable}"));
        }
        if (observer.choice.as_ref()).is_some_and(|choice| choice.address.is_unchecked()) {
            tell("note: the certificate of that Redis is not checked (--redis-insecure)");
        }
        match arguments.over {
            Some(over) => print_overlong(&settings, &observer, over, arguments),
            None => print(&settings, &observer, arguments),
        }
    })
}

/// Asks systemd about the units of this host's Sidekiqs, where their own stop takes the place of
/// TERM in any case: then systemd's KILL may end a job.
async fn ask_systemd(settings: &Settings, observer: &mut Observer) {
    if settings.conduct.stop_unit == StopUnit::Always {
        observer.ask_systemd(&Choice::default(), true).await;
    }
}

/// The settings with the sequence that the files of this host's Sidekiqs ask for, where no other
/// was stated: a drain would follow that.
fn with_found_sequence(settings: &Settings, observer: &Observer) -> Settings {
    let mut settings = settings.clone();
    if !settings.sequence_origin.is_default() {
        return settings;
    }
    let targets = Choice::default().choose(&observer.fleet);
    let unit = own_unit();
    let found = match found_sequence(&observer.fleet, &targets, None, unit.as_ref()) {
        Ok(found) => found,
        Err(_) => Some(FoundSequence::instead()),
    };
    if let Some(found) = found {
        settings.sequence = found.sequence;
        settings.sequence_origin = found.origin;
    }
    settings
}

/// The listing, or the JSON.
fn print(
    settings: &Settings,
    observer: &Observer,
    arguments: &PsArguments,
) -> Result<ExitCode, Failure> {
    observer.picture(settings, |picture| {
        let rows = PsRow::of(picture, &arguments.targets.choice());
        if arguments.json {
            output::write_json(&rows)
        } else {
            let text = listing(picture, &rows, observer.origin(), output::room(settings));
            output::write(text.as_bytes())
        }
    })?;
    Ok(ExitCode::from(if observer.fleet.link.is_connected() {
        0
    } else {
        BLIND
    }))
}

/// Only jobs over the limit. A job without a known start may be one.
fn print_overlong(
    settings: &Settings,
    observer: &Observer,
    over: Over,
    arguments: &PsArguments,
) -> Result<ExitCode, Failure> {
    if !observer.fleet.link.is_connected() {
        return Ok(ExitCode::from(UNKNOWN));
    }
    observer.picture(settings, |picture| {
        let mut rows = PsRow::of(picture, &arguments.targets.choice());
        rows.jobs.retain(|row| !row.history);
        let undated = rows.jobs.iter().any(|row| row.elapsed_s.is_none());
        rows.jobs.retain(|row| {
            row.elapsed_s
                .is_some_and(|elapsed| elapsed.0 > over.limit(row.timeout))
        });
        if arguments.json {
            output::write_json(&rows)?;
        } else {
            let text = overlong(&rows.jobs, &over.to_string(), room(settings));
            output::write(text.as_bytes())?;
        }
        Ok(ExitCode::from(match (rows.jobs.is_empty(), undated) {
            (false, _) => FOUND,
            (true, true) => UNKNOWN,
            (true, false) => 0,
        }))
    })
}

/// One look after the other until Ctrl-C, or until the reader is gone.
async fn watch(
    settings: &Settings,
    observer: &mut Observer,
    arguments: &PsArguments,
) -> Result<ExitCode, Failure> {
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            biased;
            _ = &mut interrupted => return Ok(ExitCode::SUCCESS),
            () = observer.look() => {}
        }
        ask_systemd(settings, observer).await;
        let settings = &with_found_sequence(settings, observer);
        let text = observer.picture(settings, |picture| {
            let rows = PsRow::of(picture, &arguments.targets.choice());
            if arguments.json {
                return serde_json::to_string(&rows).map(|line| line + "\n");
            }
            let mut text = listing(picture, &rows, observer.origin(), room(settings));
            for trouble in &observer.troubles {
                text.extend(["\nerror: ", trouble, "\n"]);
            }
            Ok(redrawn(&text, room(settings)))
        });
        let text = text.map_err(|error| Failure::Output(error.into()))?;
        if !output::reached(text.as_bytes())? {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::select! {
            biased;
            _ = &mut interrupted => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(settings.appearance.refresh) => {}
        }
    }
}

/// On a terminal the text goes over the one before it; elsewhere it follows.
fn redrawn(text: &str, room: Room) -> String {
    if !io::stdout().is_terminal() {
        return format!("{text}\n");
    }
    let height = crossterm::terminal::size().map_or(24, |(_, rows)| usize::from(rows));
    let lines = top(text, height.saturating_sub(1), room).replace('\n', "\x1b[K\n");
    format!("\x1b[H{lines}\x1b[J")
}
