//! The command line: arguments in, exit code out, one file a subcommand. Words for people go
//! to standard error, results to standard output; nothing here decides about signals.

mod address;
mod arguments;
mod attach;
mod check;
mod completions;
mod configuration;
mod console;
mod demo;
mod drain;
mod drain_now;
mod failure;
mod listing;
mod log;
mod look;
mod manual;
mod opening;
mod options;
mod output;
mod over;
mod plan;
mod ps;
mod rehearse;
mod rejected;
mod replay;
mod report;
mod rescue;
mod resume;
mod rows;
mod saved;
mod table;
mod timeline;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, FromArgMatches};

pub use arguments::{Arguments, CliCommand};
pub use failure::Failure;
pub use options::{ConductOptions, EveryCommand, TargetOptions};
pub use rejected::Rejected;

/// Runs the command that `arguments` (the program's name first) ask for, and waits a little for
/// the readers of what it printed.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<ExitCode, Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let code = command(&arguments);
    crate::shell::settle();
    code
}

fn command(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    if let [name, birth] = arguments
        && name == crate::demo::NAME
    {
        return Ok(crate::demo::live(birth)?);
    }
    let read = parse(arguments)?;
    let Some(command) = &read.command else {
        return console::run(
            &read.common,
            &read.targets,
            &read.conduct,
            (read.reason.as_deref(), read.on_hangup.unwrap_or_default()),
        );
    };
    // An option before the subcommand would choose nothing there, and so widen the choice.
    if read.targets.choice().asked
        || read.conduct.is_given()
        || read.reason.is_some()
        || read.on_hangup.is_some()
    {
        let misplaced = "targets, conduct and reason of a drain stand behind the subcommand: `drainboard drain --pid 4242`";
        return Err(Failure::Usage(misplaced.into()));
    }
    match command {
        CliCommand::Ps(ps) => return ps::run(&read.common, ps),
        CliCommand::Drain(drain) => return drain::run(&read.common, drain),
        CliCommand::Rehearse(rehearse) => return rehearse::run(&read.common, rehearse),
        CliCommand::Demo(demo) => return demo::run(&read.common, demo),
        CliCommand::Check(check) => return check::run(&read.common, check),
        CliCommand::Report(report) => return report::run(&read.common, report),
        CliCommand::Rescue(rescue) => return rescue::run(&read.common, rescue),
        CliCommand::Attach(attach) => return attach::run(&read.common, attach),
        CliCommand::Replay(replay) => return replay::run(&read.common, replay),
        CliCommand::Resume(resume) => return resume::run(&read.common, resume),
        CliCommand::Plan(plan) => plan::run(&read.common, plan)?,
        CliCommand::Completions(shell) => output::write(&completions::completions(shell))?,
        CliCommand::Man => output::write(&manual::manual().map_err(Failure::Output)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The runtime of a command that asks Redis.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unexpected(error.into()))
}

/// The runtime of a session: what decodes a large look does not sit on the thread of the keys.
fn session_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Unexpected(error.into()))
}

/// Reads the command line. `--no-color` holds for clap's own words too.
fn parse(arguments: &[OsString]) -> Result<Arguments, clap::Error> {
    let plain = arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--no-color");
    let colours = if plain {
        ColorChoice::Never
    } else {
        ColorChoice::Auto
    };
    let matches = Arguments::command()
        .color(colours)
        .try_get_matches_from(arguments)?;
    Arguments::from_arg_matches(&matches)
}

/// Tells people why a command failed, and gives the exit code. Help and version are no failure
/// and go to standard output; a closed stream is none either.
pub fn report(failure: &Failure) -> ExitCode {
    if let Failure::CommandLine(error) = failure {
        let printed = error.print();
        drop(printed);
    } else {
        output::tell(&format!("error: {failure}"));
    }
    ExitCode::from(failure.code())
}
