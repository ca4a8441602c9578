//! `demo`: the console on the built-in fleet, or a drain of it that plays itself. Nothing of
//! this machine but the demo's own children is looked at or signalled.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Args;

use super::configuration::settings;
use super::console::{need_terminal, on_screen};
use super::options::{ConductOptions, EveryCommand};
use super::{Failure, Rejected, session_runtime};
use crate::clock;
use crate::core::choice::Choice;
use crate::core::drain::Policy;
use crate::core::sequence::{Sequence, SequenceOrigin};
use crate::demo::{self, Script};
use crate::shell::{self, LinesErrand, LinesFront, Piloting, Printed, Printer};

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard demo                                   the console, with nothing to set up
  drainboard demo --auto --speed 4                  a whole drain that plays itself, in 25 s
  drainboard demo --auto --json --kill follow       line by line; KILL waits for no push-back
  drainboard replay --demo                          such a drain as a film: pause, step and jump")]
pub struct DemoArguments {
    /// Let so many seconds pass in one.
    #[arg(long, value_name = "N", default_value = "1", value_parser = speed)]
    pub speed: f64,
    /// Play a drain through and leave; without a terminal line by line.
    #[arg(long)]
    pub auto: bool,
    /// With --auto: no screen, one JSON object a line on standard output.
    #[arg(long, requires = "auto")]
    pub json: bool,
    /// The rule for a KILL that is due when jobs would be lost.
    #[arg(long, value_name = "POLICY")]
    pub kill: Option<Policy>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is no number; expected one such as 4"))?;
    if (0.1..=20.0).contains(&speed) {
        Ok(speed)
    } else {
        Err(format!("`{text}` is not between 0.1 and 20"))
    }
}

/// Plays the demo.
pub(super) fn run(common: &EveryCommand, arguments: &DemoArguments) -> Result<ExitCode, Failure> {
    let script = script(common, arguments)?;
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if arguments.auto && (arguments.json || !terminal) {
        return play(&script, arguments.json);
    }
    need_terminal()?;
    let settings = settings(common, &ConductOptions::default(), None)?;
    let session = demo::session(&script)?;
    let world = || Ok(demo::world(&script)?);
    let conduct = if arguments.auto {
        Piloting::Itself { opened: None }
    } else {
        Piloting::Keys {
            choice: None,
            left: None,
        }
    };
    on_screen(&settings, session, world, conduct)
}

fn script(common: &EveryCommand, arguments: &DemoArguments) -> Result<Script, Failure> {
    let alone = if arguments.auto {
        Policy::WaitForRequeue
    } else {
        Policy::Ask
    };
    let policy = arguments.kill.unwrap_or(alone);
    if arguments.auto && policy == Policy::Ask {
        return Err(Failure::Usage(
            "--kill ask needs somebody to ask; with --auto use wait-for-requeue or follow".into(),
        ));
    }
    Ok(Script {
        speed: arguments.speed,
        policy,
        sequence: common.sequence.as_deref().map(stated).transpose()?,
        attended: !arguments.auto,
        ..Script::default()
    })
}

fn stated(text: &str) -> Result<(Sequence, SequenceOrigin), Failure> {
    const ORIGIN: &str = "--sequence";
    let sequence = text.parse().map_err(|error| Rejected {
        text: text.into(),
        origin: ORIGIN,
        error,
    })?;
    Ok((sequence, SequenceOrigin(ORIGIN.into())))
}

/// A drain that plays itself without a screen.
fn play(script: &Script, json: bool) -> Result<ExitCode, Failure> {
    let printer = Printer(if json {
        Printed::Json
    } else {
        Printed::LinesOnly
    });
    let errand = LinesErrand {
        choice: Choice::default(),
        allow_empty: false,
        may_ask: false,
        confirm: false,
        successor: false,
    };
    let front = LinesFront::new(printer, errand);
    let session = demo::session(script)?;
    let runtime = session_runtime()?;
    let ended = runtime.block_on(async { shell::run(session, front, demo::world(script)?).await });
    // Dropping its tasks closes the pipes of the children, and they end.
    runtime.shutdown_background();
    let (session, mut front, _) = ended?;
    let outcome = front.close(&session, clock::now());
    Ok(ExitCode::from(outcome.exit_code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_have_bounds() {
        assert_eq!(speed("4"), Ok(4.0));
        for wrong in ["0", "-1", "100", "x", "NaN"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
