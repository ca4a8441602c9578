//! `rehearse`: a whole drain on live data that sends nothing. It has the engine, the clocks and
//! the account of a drain; what would have been sent is taken down and imitated.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::check::rules_named;
use super::configuration::settings;
use super::console::on_screen;
use super::drain::{accepted, exit_code, forced};
use super::opening::{Opened, Opening, open, preflight};
use super::options::{ConductOptions, EveryCommand, TargetOptions};
use super::output::tell;
use super::{Failure, session_runtime};
use crate::clock;
use crate::core::config::{Settings, seconds_from_text};
use crate::core::drain::{Outcome, Policy, Record};
use crate::core::rehearse::StandIn;
use crate::core::session::Kind;
use crate::shell::{
    self, HangUp, LinesErrand, LinesFront, Piloting, Printed, Printer, RehearsalFront,
    SharedStandIn,
};

/// Arguments of `rehearse`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard rehearse                               the console; every act is only taken down
  drainboard rehearse --auto --unit sidekiq@1.service
  drainboard rehearse --auto --json --sequence 'tstp, 60, term, 30, kill'")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct RehearseArguments {
    /// The processes that would be drained.
    #[command(flatten)]
    pub targets: TargetOptions,
    /// The plan of the drain.
    #[command(flatten)]
    pub conduct: ConductOptions,
    /// With --auto: say which lost jobs would be pushed back.
    #[arg(long, requires = "auto")]
    pub rescue: bool,
    /// With --auto: as `drain` takes it; nothing is asked, and that is said.
    #[arg(long, requires = "auto", value_name = "SECONDS", value_parser = seconds_from_text, allow_negative_numbers = true)]
    pub backtrace_after: Option<Duration>,
    /// Without a screen, from the first step to the last.
    #[arg(long)]
    pub auto: bool,
    /// With --auto: one JSON object a line on standard output.
    #[arg(long, requires = "auto")]
    pub json: bool,
    /// Nothing to drain is success.
    #[arg(long)]
    pub allow_empty: bool,
    /// Rehearse this signal of the sequence although it would destroy running jobs.
    #[arg(long, value_name = "NAME")]
    pub force_signal: Vec<String>,
    /// Rehearse although the lint finds this error, such as D01; may be given more than once.
    #[arg(long, value_name = "RULE")]
    pub despite: Vec<String>,
    /// The process of a Cloud 66 manifest whose stop sequence is meant.
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,
    /// Turn the exit code of this outcome into 0.
    #[arg(long, value_name = "OUTCOME")]
    pub accept: Vec<String>,
    /// As `drain` takes it; a rehearsal asks nothing before it begins.
    #[arg(long, short = 'y', hide = true)]
    pub yes: bool,
}

/// Rehearses.
pub(super) fn run(
    common: &EveryCommand,
    arguments: &RehearseArguments,
) -> Result<ExitCode, Failure> {
    let screen = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !arguments.auto && !screen {
        return Err(Failure::Usage(
            "there is no terminal to ask on: without one `rehearse` needs --auto".into(),
        ));
    }
    let settings = settings(common, &arguments.conduct, None)?;
    if arguments.auto {
        headless(&settings, arguments)
    } else {
        at_the_screen(&settings, arguments)
    }
}

fn opening(
    settings: &Settings,
    arguments: &RehearseArguments,
    policy: Policy,
) -> Result<Opening, Failure> {
    let despite = rules_named("--despite", &arguments.despite)?;
    // At the screen a person confirms what a drain without one would refuse.
    let despite = arguments.auto.then_some(despite);
    let choice = arguments.targets.choice();
    let process = arguments.process.as_deref();
    Ok(Opening {
        preflight: preflight(settings, &choice, despite, process),
        kind: Kind::Rehearsal,
        policy,
        pids: arguments.targets.choice().pids,
        forced: forced(&arguments.force_signal)?,
        attended: false,
        hang_up: HangUp::Holds,
        rescue: arguments.auto && (arguments.rescue || settings.conduct.rescue),
        reason: None,
    })
}

fn stand_in(opened: &Opened) -> SharedStandIn {
    let plan = &opened.session.setting.plan;
    SharedStandIn::new(StandIn::new(plan.sequence.clone(), plan.timeout.clone()))
}

fn at_the_screen(settings: &Settings, arguments: &RehearseArguments) -> Result<ExitCode, Failure> {
    let opened = open(settings, opening(settings, arguments, Policy::Ask)?)?;
    let stand_in = stand_in(&opened);
    let Opened { session, world, .. } = opened;
    let shared = stand_in.clone();
    let choice = arguments.targets.choice();
    let conduct = Piloting::Keys {
        choice: choice.asked.then_some(choice),
        left: None,
    };
    let code = on_screen(settings, session, || Ok(world.rehearse(shared)?), conduct)?;
    for line in stand_in.lock().outlook(clock::now()).lines() {
        tell(&line);
    }
    Ok(code)
}

fn headless(settings: &Settings, arguments: &RehearseArguments) -> Result<ExitCode, Failure> {
    let accepted = accepted(&arguments.accept)?;
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    if settings.conduct.kill == Some(Policy::Ask) && !terminal {
        return Err(Failure::Usage(
            "--kill ask needs a terminal; use wait-for-requeue or follow".into(),
        ));
    }
    let printer = Printer(if arguments.json {
        Printed::Json
    } else {
        Printed::Lines
    });
    let opened = match open(
        settings,
        opening(settings, arguments, Policy::WaitForRequeue)?,
    ) {
        Ok(opened) => opened,
        Err(failure) if failure.code() == Outcome::Error.exit_code() => {
            let now = clock::now();
            let mut last = Record::unbegun(Outcome::Error, &failure.to_string(), "not-begun", now);
            last.rehearsal = true;
            printer.record(&last);
            return Ok(exit_code(Outcome::Error, &accepted));
        }
        Err(failure) => return Err(failure),
    };
    let stand_in = stand_in(&opened);
    let errand = LinesErrand {
        choice: arguments.targets.choice(),
        allow_empty: arguments.allow_empty,
        may_ask: terminal && settings.conduct.kill == Some(Policy::Ask),
        confirm: false,
        successor: false,
    };
    let lines = LinesFront::new(printer, errand);
    let front = RehearsalFront::new(lines, printer, stand_in.clone());
    let Opened {
        mut session, world, ..
    } = opened;
    session.backtraces.after = arguments.backtrace_after;
    let runtime = session_runtime()?;
    let ended =
        runtime.block_on(async { shell::run(session, front, world.rehearse(stand_in)?).await });
    runtime.shutdown_background();
    let (session, mut front, _) = ended?;
    Ok(exit_code(front.close(&session, clock::now()), &accepted))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Rehearse {
        #[command(flatten)]
        rehearse: RehearseArguments,
    }

    #[test]
    fn it_takes_what_drain_takes() {
        Rehearse::command().debug_assert();
        let line = ["rehearse", "--auto", "--yes", "--all", "--kill=follow"];
        let read = Rehearse::try_parse_from(line).unwrap().rehearse;
        assert!(read.auto && read.yes && read.targets.choice().all);
        assert!(Rehearse::try_parse_from(["rehearse", "--json"]).is_err());
    }
}
