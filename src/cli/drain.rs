//! `drain`: a drain without a screen, for deploy scripts and `ExecStop=`. What may be sent is
//! decided by the engine and checked before the first signal; nothing is decided here.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::check::rules_named;
use super::configuration::settings;
use super::opening::{Opened, Opening, open, preflight};
use super::options::{ConductOptions, EveryCommand, TargetOptions, on_hangup};
use super::{Failure, session_runtime};
use crate::clock;
use crate::core::clean::clean;
use crate::core::config::seconds_from_text;
use crate::core::drain::{Outcome, Policy, Record};
use crate::core::sequence::{Signal, UnknownSignal, nearest};
use crate::core::session::Kind;
use crate::core::stop_clock::ExtendAtMost;
use crate::host::NotifySocket;
use crate::shell::{self, HangUp, LinesErrand, LinesFront, Printed, Printer};

/// Arguments of `drain`.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES:
  drainboard drain --yes                            every Sidekiq of this host that this Redis knows
  drainboard drain --unit sidekiq@1.service --sequence 'tstp, 120, term, 30, kill' --json --yes
  drainboard drain --all-hosts --tag shop --sequence 'tstp, 120, term' --yes   other hosts, through Redis
  ExecStop=-/usr/bin/drainboard drain --pid=${MAINPID} --yes --allow-empty")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct DrainArguments {
    /// The processes to drain.
    #[command(flatten)]
    pub targets: TargetOptions,
    /// The limits of the drain.
    #[command(flatten)]
    pub conduct: ConductOptions,
    /// Do not ask before the first signal; needed without a terminal.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// At the end, push jobs that are in no queue, no set and no process back to the front of their
    /// queues.
    #[arg(long)]
    pub rescue: bool,
    /// After the drain, watch for so many seconds for what comes up in its place.
    #[arg(long, value_name = "SECONDS", value_parser = seconds_from_text)]
    pub successor: Option<Duration>,
    /// Nothing to drain is success.
    #[arg(long)]
    pub allow_empty: bool,
    /// Take the backtraces of jobs that still run so many seconds after the start, before TERM.
    #[arg(long, value_name = "SECONDS", value_parser = seconds_from_text, allow_negative_numbers = true)]
    pub backtrace_after: Option<Duration>,
    /// As the `ExecStop=` of a unit with `Type=notify` and `NotifyAccess=exec`: how long the stop
    /// may take at most, whatever its `TimeoutStopSec`; 0: no longer than that [default: until the
    /// plan's own end, and 30 s more].
    #[arg(long, value_name = "SECONDS", value_parser = seconds_from_text, allow_negative_numbers = true)]
    pub extend_at_most: Option<Duration>,
    /// When the terminal is gone: hold (nothing more is sent; `drainboard resume` goes on) or
    /// continue (without it; `drainboard attach` shows it).
    #[arg(long, value_name = "WHAT", default_value = "hold", value_parser = on_hangup)]
    pub on_hangup: HangUp,
    /// Why this drain is done, for its record.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Send this signal of the sequence although it destroys running jobs.
    #[arg(long, value_name = "NAME")]
    pub force_signal: Vec<String>,
    /// Drain although the lint finds this error, such as D01; may be given more than once.
    #[arg(long, value_name = "RULE")]
    pub despite: Vec<String>,
    /// The process of a Cloud 66 manifest whose stop sequence is meant.
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,
    /// Turn the exit code of this outcome into 0.
    #[arg(long, value_name = "OUTCOME")]
    pub accept: Vec<String>,
    /// JSON on standard output, one object on each line.
    #[arg(long)]
    pub json: bool,
}

/// Drains.
pub(super) fn run(common: &EveryCommand, arguments: &DrainArguments) -> Result<ExitCode, Failure> {
    let extend = extend_at_most(arguments.extend_at_most);
    shell::ask_for_time_to_start(extend, clock::now());
    let settings = settings(common, &arguments.conduct, None)?;
    let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let accepted = accepted(&arguments.accept)?;
    let forced = forced(&arguments.force_signal)?;
    let despite = rules_named("--despite", &arguments.despite)?;
    need_somebody(arguments.yes, terminal, settings.conduct.kill)?;
    let printer = Printer(if arguments.json {
        Printed::Json
    } else {
        Printed::Lines
    });
    if settings.read_only && arguments.rescue {
        return Err(Failure::Usage(
            "--read-only: --rescue would push jobs back".into(),
        ));
    }
    if settings.read_only {
        return Ok(refuse(
            printer,
            "--read-only: nothing may be sent",
            &accepted,
        ));
    }
    let attended = terminal && settings.conduct.kill == Some(Policy::Ask);
    let choice = arguments.targets.choice();
    let opening = Opening {
        kind: Kind::Live,
        policy: Policy::WaitForRequeue,
        pids: choice.pids.clone(),
        forced,
        attended,
        hang_up: arguments.on_hangup,
        rescue: arguments.rescue || settings.conduct.rescue,
        reason: arguments.reason.clone(),
        preflight: preflight(
            &settings,
            &choice,
            Some(despite),
            arguments.process.as_deref(),
        ),
    };
    let Opened {
        mut session,
        mut world,
        several,
    } = match open(&settings, opening) {
        Ok(opened) => opened,
        Err(failure) if failure.code() == Outcome::Error.exit_code() => {
            unbegun(printer, Outcome::Error, &failure.to_string());
            return Ok(exit_code(Outcome::Error, &accepted));
        }
        Err(failure) => return Err(failure),
    };
    world.no_redis_lock = arguments.conduct.no_redis_lock;
    if let Some(listed) = several.filter(|_| !choice.all) {
        let text = format!(
            "the Sidekiqs of this host name several Redis, so it is not known which are meant: {listed}; \
             name one by --redis, or the processes by --pid or --unit"
        );
        unbegun(printer, Outcome::Error, &text);
        return Ok(exit_code(Outcome::Error, &accepted));
    }
    session.preflight.systemd.extend = extend;
    session.setting.successor = arguments.successor;
    let errand = LinesErrand {
        choice,
        allow_empty: arguments.allow_empty,
        may_ask: attended,
        confirm: !arguments.yes,
        successor: session.setting.successor.is_some(),
    };
    session.backtraces.after = arguments.backtrace_after;
    let front = LinesFront::new(printer, errand);
    let runtime = session_runtime()?;
    let ended = runtime.block_on(async { shell::run(session, front, world.start()?).await });
    runtime.shutdown_background();
    let (session, mut front, _) = ended?;
    Ok(exit_code(front.close(&session, clock::now()), &accepted))
}

/// Without a terminal no operator confirms a beginning or answers before a KILL.
fn need_somebody(yes: bool, terminal: bool, kill: Option<Policy>) -> Result<(), Failure> {
    if !yes && !terminal {
        return Err(Failure::Usage(
            "there is no terminal to ask on: without one `drain` needs --yes".into(),
        ));
    }
    if kill == Some(Policy::Ask) && !terminal {
        return Err(Failure::Usage(
            "--kill ask needs a terminal; use wait-for-requeue or follow".into(),
        ));
    }
    Ok(())
}

/// How far systemd's clock may be moved, where this program is the `ExecStop=` of a unit.
pub(super) fn extend_at_most(stated: Option<Duration>) -> ExtendAtMost {
    if NotifySocket::is_there() {
        stated.map_or(ExtendAtMost::PlanAndSpare, ExtendAtMost::Span)
    } else {
        ExtendAtMost::NoClock
    }
}

/// The signals named by `--force-signal`.
pub(super) fn forced(names: &[String]) -> Result<Vec<Signal>, Failure> {
    let read = |name: &String| {
        let wrong = |error: UnknownSignal| Failure::Usage(format!("--force-signal: {error}"));
        name.parse().map_err(wrong)
    };
    names.iter().map(read).collect()
}

/// The outcomes named by `--accept`.
pub(super) fn accepted(names: &[String]) -> Result<Vec<Outcome>, Failure> {
    let read = |name: &String| {
        let found = Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.word() == name);
        found.ok_or_else(|| {
            let words: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.word()).collect();
            let meant = nearest(name, words.iter().copied());
            let hint = meant
                .map(|word| format!(": did you mean `{word}`?"))
                .unwrap_or_default();
            let name = clean(name, 40);
            Failure::Usage(format!(
                "--accept: `{name}` is no outcome; expected {}{hint}",
                words.join(", ")
            ))
        })
    };
    names.iter().map(read).collect()
}

pub(super) fn exit_code(outcome: Outcome, accepted: &[Outcome]) -> ExitCode {
    ExitCode::from(if accepted.contains(&outcome) {
        0
    } else {
        outcome.exit_code()
    })
}

fn refuse(printer: Printer, why: &str, accepted: &[Outcome]) -> ExitCode {
    unbegun(printer, Outcome::Refused, why);
    exit_code(Outcome::Refused, accepted)
}

/// The last line of a drain that did not begin.
pub(super) fn unbegun(printer: Printer, outcome: Outcome, why: &str) {
    let now = clock::now();
    printer.record(&Record::unbegun(outcome, why, "not-begun", now));
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Drain {
        #[command(flatten)]
        common: super::super::EveryCommand,
        #[command(flatten)]
        drain: DrainArguments,
    }

    #[test]
    fn the_line_of_a_unit_is_read() {
        Drain::command().debug_assert();
        let line = [
            "drain",
            "--pid=",
            "--yes",
            "--allow-empty",
            "--kill=follow",
            "--kill-extra=5",
            "--early=never",
        ];
        let read = Drain::try_parse_from(line).unwrap().drain;
        assert!(read.yes && read.allow_empty && read.targets.choice().is_nothing());
        assert_eq!(
            read.conduct.flags().kill_extra,
            Some(std::time::Duration::from_secs(5))
        );
        let wrong = Drain::try_parse_from(["drain", "--kill=folow"]).unwrap_err();
        assert!(
            wrong.to_string().contains("did you mean `follow`?"),
            "{wrong}"
        );
    }

    /// Every `drain` that the README shows for deploy tools, in any of their notations.
    #[test]
    fn the_lines_of_the_readme_are_read() {
        let readme = include_str!("../../README.md");
        let (_, readme) = readme.split_once("## In your deploy tool").unwrap();
        let (readme, _) = readme.split_once("\n## ").unwrap();
        let mut read = 0;
        for mention in ["drainboard drain ", "drainboard, drain, "] {
            for (_, rest) in readme
                .match_indices(mention)
                .map(|(at, _)| readme[at..].split_at(mention.len()))
            {
                let line = rest.split(['\n', '`', '"', ']', '}']).next().unwrap();
                // Text in quotes is one word, as a shell has it.
                let words = line.split('\'').enumerate().flat_map(|(part, text)| {
                    let separators: &[char] = if part % 2 == 1 { &[] } else { &[' ', ','] };
                    text.split(separators).filter(|word| !word.is_empty())
                });
                let words: Vec<&str> = words.take_while(|word| *word != "#").collect();
                if !words.iter().any(|word| word.starts_with("--")) {
                    continue;
                }
                // `${MAINPID` lost its brace above: systemd puts a number there.
                let words = words.iter().map(|word| word.replace("${MAINPID", "1"));
                let arguments = std::iter::once("drain".to_owned()).chain(words);
                let parsed = Drain::try_parse_from(arguments);
                assert!(parsed.is_ok(), "{line}: {parsed:?}");
                read += 1;
            }
        }
        assert!(read >= 4, "{read}");
    }
}
