//! `replay`: a recorded drain as a film on the screens of then, or written as an asciicast.
//! Nothing is asked, and nothing is sent.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::configuration::settings;
use super::console::{look, need_terminal};
use super::options::{ConductOptions, EveryCommand};
use super::output::tell;
use super::report::state_directory;
use super::{Failure, session_runtime};
use crate::console::Console;
use crate::core::clean::clean;
use crate::recorder::{Film, Recording};
use crate::shell::{Player, SPEEDS, TakenTerminal, guard_panics};

/// The size of an asciicast.
const SIZE: (u16, u16) = (120, 40);
/// A drain of the demo's fleet, as `tests/it/demo.rs` records it.
const DEMO: &[u8] = include_bytes!("../../assets/demo.inputs");

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard replay                             the last drain, from its first signal
  drainboard replay 20261121T1900 --speed 8     that one, eight times as fast
  drainboard replay --at 3:12                   from 3 minutes 12 seconds on
  drainboard replay --export drain.cast         for asciinema; agg makes a picture of it
  drainboard replay --demo --speed 4            a drain that is built in, where none was recorded yet

KEYS:
  space plays and pauses; . goes to the next record; [ and ] jump 10 s; + and - change the speed;
  q leaves. The keys that look around in the console do so here; those that act do nothing.

A film holds no arguments of jobs and no texts of logs: it may go with a report of a fault.")]
pub struct ReplayArguments {
    /// Which drain: its name, or the beginning of it; without one, the last.
    pub id: Option<String>,
    /// Play the drain that is built in, of the demo's fleet.
    #[arg(long, conflicts_with = "id")]
    pub demo: bool,
    /// Begin so long after the drain began: seconds, M:SS or H:MM:SS.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<Duration>,
    /// Let so many seconds pass in one.
    #[arg(long, value_name = "N", default_value = "1", value_parser = speed)]
    pub speed: f64,
    /// Write it to this file as an asciicast, 120 columns by 40 rows, and show nothing.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
}

fn speed(text: &str) -> Result<f64, String> {
    let wrong = || {
        format!(
            "`{text}` is no number between {} and {}",
            SPEEDS.0, SPEEDS.1
        )
    };
    let speed: f64 = text.parse().map_err(|_| wrong())?;
    if (SPEEDS.0..=SPEEDS.1).contains(&speed) {
        Ok(speed)
    } else {
        Err(wrong())
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; expected one such as 3:12");
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(wrong());
    }
    let mut seconds = 0_u64;
    for part in parts {
        let number: u32 = part.parse().map_err(|_| wrong())?;
        seconds = seconds * 60 + u64::from(number);
    }
    Ok(Duration::from_secs(seconds))
}

/// Plays a drain, or writes it.
pub(super) fn run(common: &EveryCommand, arguments: &ReplayArguments) -> Result<ExitCode, Failure> {
    if arguments.export.is_none() {
        need_terminal()?;
    }
    let settings = settings(common, &ConductOptions::default(), None)?;
    let recording = if arguments.demo {
        Recording::from_bytes(DEMO, Path::new("the film of the demo"))
            .map_err(|error| Failure::Record(error.to_string()))?
    } else {
        recorded(&state_directory(&settings)?, arguments.id.as_deref())?
    };
    let run = recording.run.clone();
    let mut film = Film::of(&recording)
        .ok_or_else(|| Failure::Record(format!("no drain began in the inputs of {run}")))?;
    let broken = film.broken().map(ToString::to_string);
    film.go_to(film.begun().after(arguments.at.unwrap_or_default()));
    let console = Console::new(None, false);
    let player = Player::new(film, console, look(&settings), arguments.speed);
    let Some(path) = &arguments.export else {
        let runtime = session_runtime()?;
        guard_panics();
        runtime.block_on(async {
            let screen = TakenTerminal::take().map_err(Failure::Output)?;
            player.play(screen).await.map_err(Failure::from)
        })?;
        return Ok(ExitCode::SUCCESS);
    };
    let failed = |why| Failure::Unwritable {
        path: path.clone(),
        why,
    };
    let mut written = BufWriter::new(File::create(path).map_err(failed)?);
    player.export(&mut written, SIZE).map_err(failed)?;
    tell(&format!(
        "the film of {run} is in {}",
        clean(&path.display().to_string(), 300)
    ));
    if let Some(why) = broken {
        tell(&format!("it leads no further: {}", clean(&why, 300)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The drain called `asked`, or the last one.
fn recorded(place: &Path, asked: Option<&str>) -> Result<Recording, Failure> {
    let fits = |run: &String| asked.is_none_or(|asked| run.starts_with(asked));
    let Some(run) = Recording::runs(place).into_iter().find(fits) else {
        let named = asked.map_or_else(String::new, |asked| {
            format!(" called `{}`", clean(asked, 60))
        });
        let place = clean(&place.display().to_string(), 300);
        return Err(Failure::Record(format!(
            "no drain{named} was recorded as a film in {place}; name another directory with --state-dir"
        )));
    };
    Recording::read(place, &run).map_err(|error| Failure::Record(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_speeds_are_read() {
        let read = |text| time(text).map(|span| span.as_secs());
        assert_eq!(read("45"), Ok(45));
        assert_eq!(read("03:12"), Ok(192));
        assert_eq!(read("1:00:05"), Ok(3605));
        for wrong in ["", "a", "1:", "-1", "1:2:3:4", "99999999999"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(speed("8"), Ok(8.0));
        for wrong in ["0", "nan", "1e9", "x"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
