//! The command line as clap reads it: the options of the console, and the subcommands.

use clap::{Parser, Subcommand};

use super::attach::AttachArguments;
use super::check::CheckArguments;
use super::completions::CompletionsArguments;
use super::demo::DemoArguments;
use super::drain::DrainArguments;
use super::options::{ConductOptions, EveryCommand, TargetOptions, on_hangup};
use super::plan::PlanArguments;
use super::ps::PsArguments;
use super::rehearse::RehearseArguments;
use super::replay::ReplayArguments;
use super::report::ReportArguments;
use super::rescue::RescueArguments;
use super::resume::ResumeArguments;
use crate::shell::HangUp;

/// Stops Sidekiq without losing work.
#[derive(Debug, Parser)]
#[command(
    name = "drainboard",
    version,
    about = "Stop Sidekiq without losing work",
    long_about = "Stop Sidekiq without losing work: a stop sequence such as `tstp, 120, term, 30, kill` is planned, \
                  followed with its countdowns and accounted for, job by job.",
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub struct Arguments {
    /// What every subcommand takes.
    #[command(flatten)]
    pub common: EveryCommand,
    /// Who the console would drain.
    #[command(flatten)]
    pub targets: TargetOptions,
    /// What a drain of the console may do.
    #[command(flatten)]
    pub conduct: ConductOptions,
    /// Why the console drains, for the record of its drains.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// When the terminal of the console is gone during a drain: hold (`drainboard resume` goes on)
    /// or continue without it (`drainboard attach` shows it) [default: hold].
    #[arg(long, value_name = "WHAT", value_parser = on_hangup)]
    pub on_hangup: Option<HangUp>,
    /// What to do; the console without one.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

const EXAMPLES: &str = "\
EXAMPLES:
  drainboard                                        the console
  drainboard ps                                     processes and busy jobs, one look
  drainboard check                                  is every timeout long enough for the next one
  drainboard plan                                   when each signal is due, and the budget
  drainboard plan 'tstp, 60, term, 30, kill' --timeout 25 --json
  drainboard completions bash > /etc/bash_completion.d/drainboard

FILES:
  $XDG_CONFIG_HOME/drainboard/config.yml (~/.config without it), then
  /etc/drainboard/config.yml; config.example.yml explains every key.";

/// The subcommands that work.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Show when each signal of a stop sequence is due, and the budget of a job.
    Plan(PlanArguments),
    /// List the Sidekiq processes and their busy jobs, each with its verdict.
    Ps(PsArguments),
    /// Drain Sidekiqs of this host without a screen, for deploy scripts and `ExecStop=`.
    Drain(Box<DrainArguments>),
    /// A whole drain on live data that sends nothing: who would be interrupted, and when.
    Rehearse(Box<RehearseArguments>),
    /// Watch a drain of the built-in fleet: no Redis, no Sidekiq, nothing to set up.
    Demo(DemoArguments),
    /// Read every place where a stop budget is written, and say what is wrong with it.
    Check(Box<CheckArguments>),
    /// List past drains, or print one: its timeline and the fate of every job.
    Report(ReportArguments),
    /// List saved payloads of jobs, or push back what is in no queue, no set and no process.
    Rescue(RescueArguments),
    /// Go on with a drain that a hang-up, a crash or a start of the machine cut off.
    Resume(ResumeArguments),
    /// Watch a drain that runs elsewhere on this host, and ask for its controls.
    Attach(AttachArguments),
    /// Play a recorded drain as a film on the same screens, or write it as an asciicast.
    Replay(ReplayArguments),
    /// Print the completions of a shell.
    Completions(CompletionsArguments),
    /// Print the manual page.
    Man,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Arguments::command().debug_assert();
    }
}
