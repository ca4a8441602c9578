//! D06 to D09: signals that do not do to Sidekiq what their sender meant, in stop sequences and in
//! the commands of units, hooks and deploy tasks.

use std::time::Duration;

use super::super::effective::effective_timeout;
use super::super::facts::{Edition, Facts};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::stop_command::{AfterTerm, SentSignal, StopCommand};
use super::sequence::quiets;
use super::{MARGIN, each_sequence, number, timeout_of};
use crate::core::layers::FilePlace;
use crate::core::sequence::{Consequence, Signal, Version};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D06",
        severity: Severity::Error,
        condition: "the sequence or a command sends USR1, and Sidekiq is 6.0 or later",
        message: "{by}USR1 kills Sidekiq {version} at once and loses its running jobs. Use TSTP.",
        explanation: "USR1 quieted Sidekiq until 5.x. From 6.0 on nothing traps it, and its default action ends the process: queue and retry set stay empty, the jobs are gone.",
        source: "Sidekiq commit 4c93b99b (6.0.0); measured on 7.3.2",
        decide: usr1_kills,
    },
    Rule {
        id: "D07",
        severity: Severity::Warning,
        condition: "the sequence or a command sends USR1, and Sidekiq is 4.x or 5.x",
        message: "{by}USR1 is deprecated since Sidekiq 5.0 and fatal from 6.0 (here: {version}). Use TSTP.",
        explanation: "It still quiets this version. The next upgrade turns the same line into a loss of every running job.",
        source: "Sidekiq 5.0-Upgrade.md",
        decide: usr1_is_old,
    },
    Rule {
        id: "D08",
        severity: Severity::Error,
        condition: "a signal that Sidekiq does not trap comes before its shutdown is over",
        message: "{by}{signal}{at} {does}: running jobs are not pushed back.",
        explanation: "QUIT, HUP and USR2 mean something to web servers. Sidekiq traps none of them (USR2 only with Sidekiq Enterprise, as a rolling restart; 5.x reopens its logs), so their default action hits the process.",
        source: "measured on 7.3.2; Sidekiq wiki, Signals",
        decide: untrapped_signal,
    },
    Rule {
        id: "D09",
        severity: Severity::Error,
        condition: "TTIN stands where a quiet step should be",
        message: "{by}TTIN only logs backtraces. Sidekiq keeps fetching{n}: use TSTP.",
        explanation: "Cloud 66's own documentation showed `ttin, 120, term, 5, kill` until 2026. New jobs start right up to TERM.",
        source: "Cloud 66 help-content PR 15; Sidekiq wiki, Signals",
        decide: ttin_as_quiet,
    },
];

/// A signal, in a sequence or sent by a command.
struct RuleSignal<'a> {
    /// The command that sends it, with a colon behind it; empty for the sequence.
    by: String,
    signal: Signal,
    /// `` at 30 s``; empty where a command sends it at once.
    at: String,
    /// Whether Sidekiq's own shutdown is surely over by then.
    is_over: bool,
    from: Option<&'a FilePlace>,
}

/// Asks `about` for every signal of every sequence and every command.
fn each_signal(
    facts: &Facts,
    ruling: &mut RuleRun<'_>,
    mut about: impl FnMut(&RuleSignal<'_>, &mut RuleRun<'_>),
) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        let over = sequence
            .quiet_wait()
            .map(|term| term + timeout_of(facts, stated).timeout.span + MARGIN);
        for (at, signal) in sequence.timeline() {
            let sent = RuleSignal {
                by: String::new(),
                signal,
                at: format!(" at {} s", number(at)),
                is_over: over.is_some_and(|over| at >= over),
                from: stated.from.as_ref(),
            };
            about(&sent, ruling);
        }
    });
    let over = effective_timeout(&facts.sidekiq, None).timeout.span + MARGIN;
    for command in &facts.commands {
        for sent in command.signals(facts.sidekiq.version) {
            about(&of_command(command, &sent, over), ruling);
        }
    }
}

fn of_command<'a>(command: &StopCommand, sent: &SentSignal<'a>, over: Duration) -> RuleSignal<'a> {
    RuleSignal {
        by: format!("`{}` ({}): ", sent.command, command.runner),
        signal: sent.signal,
        at: match sent.at {
            Some(at) if !at.is_zero() => format!(" at {} s", number(at)),
            Some(_) | None => String::new(),
        },
        is_over: matches!(sent.after_term, AfterTerm::Known(after) if after >= over),
        from: Some(sent.place),
    }
}

fn usr1_kills(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let version = facts.sidekiq.version;
    let told = version.map_or_else(
        || "6.0 and later (the version here is not known)".to_string(),
        |version| version.to_string(),
    );
    each_signal(facts, ruling, |sent, ruling| {
        if sent.signal == Signal::Usr1 && !is_five(version) && !sent.is_over {
            ruling.fires(sent.from, &[("by", &sent.by), ("version", &told)]);
        }
    });
}

fn is_five(version: Option<Version>) -> bool {
    version.is_some_and(|version| version.major < 6)
}

fn usr1_is_old(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_signal(facts, ruling, |sent, ruling| {
        if sent.signal != Signal::Usr1 {
            return;
        }
        match facts.sidekiq.version {
            Some(version) if version.major < 6 => {
                ruling.fires(sent.from, &[("by", &sent.by), ("version", &version)]);
            }
            Some(_) => {}
            None => ruling.undecided("the version of Sidekiq is not known"),
        }
    });
}

fn untrapped_signal(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let version = facts.sidekiq.version;
    each_signal(facts, ruling, |sent, ruling| {
        let signal = sent.signal;
        let harmless = signal == Signal::Usr1
            || signal.consequence(version) != Consequence::Destroys
            || sent.is_over;
        if harmless {
            return;
        }
        match facts.sidekiq.edition {
            Some(Edition::Enterprise) if signal == Signal::Usr2 => return,
            None if signal == Signal::Usr2 => {
                return ruling.undecided("USR2: whether this is Sidekiq Enterprise is not known");
            }
            Some(_) | None => {}
        }
        let does = if matches!(signal, Signal::Stop | Signal::Ttou) {
            "suspends Sidekiq"
        } else {
            "ends Sidekiq at once"
        };
        ruling.fires(
            sent.from,
            &[
                ("by", &sent.by),
                ("signal", &signal),
                ("at", &sent.at),
                ("does", &does),
            ],
        );
    });
}

fn ttin_as_quiet(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        let at = sequence.signals().position(|signal| signal == Signal::Ttin);
        let wait = at
            .and_then(|at| sequence.wait_after(at))
            .unwrap_or_default();
        let before_stop = at.is_some_and(|at| sequence.first_stop().is_none_or(|stop| at < stop));
        if before_stop && !wait.is_zero() && !quiets(sequence, facts.sidekiq.version) {
            let during = format!(" during these {} s", number(wait));
            ruling.fires(stated.from.as_ref(), &[("by", &""), ("n", &during)]);
        }
    });
    for command in &facts.commands {
        let sent = command.signals(facts.sidekiq.version);
        let quiets = |sent: &SentSignal<'_>| {
            sent.signal.consequence(facts.sidekiq.version) == Consequence::Quiets
        };
        // A backtrace beside a quiet step, or asked for by a task of its own, is meant.
        let waits = command.length().map_or(true, |length| !length.is_zero());
        if let Some(ttin) = sent.iter().find(|sent| sent.signal == Signal::Ttin)
            && !sent.iter().any(quiets)
            && waits
        {
            let by = format!("`{}` ({}): ", ttin.command, command.runner);
            ruling.fires(Some(ttin.place), &[("by", &by), ("n", &"")]);
        }
    }
}
