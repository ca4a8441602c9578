//! D10 to D19: the stop sequence by itself: its grammar, its steps and its waits.

use std::time::Duration;

use super::super::facts::Facts;
use super::super::finding::{Rule, RuleRun, Severity};
use super::{each_sequence, number, timeout_of};
use crate::core::layers::cloud66::explain;
use crate::core::sequence::{Consequence, Problem, Sequence, Signal, Version};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D10",
        severity: Severity::Warning,
        condition: "no quiet step before TERM, and jobs may be longer than Sidekiq's timeout",
        message: "No quiet step: jobs get only {T} s{longest}.",
        explanation: "With TSTP and a wait first, jobs have that wait and the timeout. Without it a job that is longer than the timeout is interrupted and starts again. Where all jobs are shorter than the timeout no quiet step is needed.",
        source: "Sidekiq wiki, Deployment",
        decide: no_quiet_step,
    },
    Rule {
        id: "D11",
        severity: Severity::Error,
        condition: "TSTP comes after TERM or INT",
        message: "TSTP at {at} s does nothing: the shutdown began at {term} s.",
        explanation: "TERM quiets by itself and starts the clock of the timeout. A TSTP after it is logged and ignored.",
        source: "measured on 7.3.2",
        decide: quiet_after_stop,
    },
    Rule {
        id: "D12",
        severity: Severity::Error,
        condition: "the sequence holds no TERM and no INT",
        message: "Nothing asks Sidekiq to exit{quiet}. {end}",
        explanation: "A quiet Sidekiq stays for ever, even when it is idle. Only TERM or INT makes it push back what is left and exit.",
        source: "Sidekiq cli.rb; measured on 7.3.2",
        decide: nothing_stops,
    },
    Rule {
        id: "D13",
        severity: Severity::Warning,
        condition: "the sequence does not end with KILL",
        message: "The sequence ends with {signal}: what happens to a process that survives it is not documented.",
        explanation: "Cloud 66 says nothing about a sequence without a final kill. A Sidekiq that hangs in its shutdown may then stay beside the new one.",
        source: "Cloud 66 help-content, _processes.mdx",
        decide: no_kill_at_end,
    },
    Rule {
        id: "D14",
        severity: Severity::Error,
        condition: "something stands after KILL",
        message: "Nothing after KILL can run: {error}.",
        explanation: "KILL cannot be caught. What stands after it is a slip, and probably KILL is not where its author wanted it.",
        source: "grammar of the stop sequence",
        decide: after_kill,
    },
    Rule {
        id: "D15",
        severity: Severity::Warning,
        condition: "KILL follows with no wait before it",
        message: "KILL follows {signal} at once.",
        explanation: "A wait of 0 s, or none, gives the signal before it no time to do anything. After TERM that loses every running job.",
        source: "grammar of the stop sequence",
        decide: kill_at_once,
    },
    Rule {
        id: "D16",
        severity: Severity::Error,
        condition: "the sequence cannot be read",
        message: "Expected signal, seconds, signal, …: {error}",
        explanation: "Signals and whole seconds alternate, beginning and ending with a signal, separated by commas: tstp, 120, term, 30, kill. No suffixes (2m, 30s), no fractions.",
        source: "Bluepill dsl/process_factory.rb; Cloud 66 help-content",
        decide: unreadable,
    },
    Rule {
        id: "D17",
        severity: Severity::Info,
        condition: "there is a wait before TERM",
        message: "Every deploy waits {Q} s before TERM, even when nothing runs: TSTP never ends Sidekiq. TERM as soon as busy is 0 saves the rest.",
        explanation: "The wait after TSTP is spent in full by tools that only count seconds. The wait after TERM is not: Sidekiq exits as soon as it is idle.",
        source: "Sidekiq cli.rb; measured on 7.3.2",
        decide: fixed_quiet_wait,
    },
    Rule {
        id: "D18",
        severity: Severity::Warning,
        condition: "the waits add up to more than the deploy tool's patience",
        message: "The stop plan takes up to {sum} s; {tool} gives up after {limit} s.",
        explanation: "What runs the sequence is itself cut short: a deploy tool gives up, Kubernetes ends preStop with the grace period, systemd ends ExecStop after TimeoutStopSec (D59). The last steps then never happen, or happen in another way.",
        source: "systemd.service(5); Kubernetes API, Lifecycle",
        decide: longer_than_limit,
    },
    Rule {
        id: "D19",
        severity: Severity::Warning,
        condition: "INT and TERM are both in the sequence, with a wait between",
        message: "INT and TERM are the same to Sidekiq; {signal} at {at} s is ignored.",
        explanation: "The second one changes nothing while the shutdown runs: it neither hurries it nor restarts its clock.",
        source: "measured on 7.3.2",
        decide: second_stop,
    },
];

/// The signals of a sequence with their times.
fn timed(sequence: &Sequence) -> impl Iterator<Item = (Duration, Signal)> {
    sequence.timeline().into_iter()
}

/// Whether a signal before the first TERM or INT quiets this version.
pub(super) fn quiets(sequence: &Sequence, version: Option<Version>) -> bool {
    sequence
        .signals()
        .take_while(|signal| !signal.stops())
        .any(|signal| signal.consequence(version) == Consequence::Quiets)
}

fn no_quiet_step(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        if quiets(sequence, facts.sidekiq.version) || sequence.first_stop().is_none() {
            return;
        }
        let effective = timeout_of(facts, stated);
        let timeout = effective.timeout.span;
        let (severity, longest) = match facts.sidekiq.longest_job {
            Some(longest) if longest <= timeout => return,
            Some(longest) => (
                Severity::Warning,
                format!(", and the longest takes {} s", number(longest)),
            ),
            None => (
                Severity::Info,
                ", and how long the longest takes is not known".to_string(),
            ),
        };
        ruling.fires_as(
            severity,
            stated.from.as_ref(),
            &[("T", &number(timeout)), ("longest", &longest)],
        );
    });
}

fn quiet_after_stop(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        let Some(stop) = sequence.first_stop() else {
            return;
        };
        let timeline = sequence.timeline();
        for (at, signal) in &timeline[stop..] {
            if *signal == Signal::Tstp {
                ruling.fires(
                    stated.from.as_ref(),
                    &[("at", &number(*at)), ("term", &number(timeline[stop].0))],
                );
            }
        }
    });
}

fn nothing_stops(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        if sequence.first_stop().is_none() {
            let version = facts.sidekiq.version;
            let is_fatal = |signal: &Signal| signal.consequence(version) == Consequence::Destroys;
            let end = match (sequence.signals().find(is_fatal), sequence.kill()) {
                (Some(signal), _) => {
                    format!("{signal} ends it at once and loses every running job.")
                }
                (None, Some(_)) => "KILL will lose every running job.".to_owned(),
                (None, None) if quiets(sequence, version) => {
                    "It will run on, and fetch nothing.".to_owned()
                }
                (None, None) => "It will run on.".to_owned(),
            };
            let quiet = if sequence.signals().any(|signal| signal == Signal::Tstp) {
                "; TSTP never ends the process"
            } else {
                ""
            };
            ruling.fires(stated.from.as_ref(), &[("quiet", &quiet), ("end", &end)]);
        }
    });
}

fn no_kill_at_end(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        if sequence.kill().is_none()
            && let Some(last) = sequence.signals().last()
        {
            ruling.fires(stated.from.as_ref(), &[("signal", &last)]);
        }
    });
}

fn after_kill(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_error(facts, ruling, |problem| {
        matches!(problem, Problem::AfterKill(_))
    });
}

fn unreadable(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_error(facts, ruling, |problem| {
        !matches!(problem, Problem::AfterKill(_))
    });
}

/// Speaks for every sequence that was rejected for a reason of this kind.
fn each_error(facts: &Facts, ruling: &mut RuleRun<'_>, of_kind: fn(&Problem) -> bool) {
    if facts.sequences.is_empty() {
        ruling.undecided("no stop sequence is known");
    }
    for stated in &facts.sequences {
        if let Err(error) = &stated.parsed
            && of_kind(&error.problem)
        {
            let text = if let Problem::AfterKill(word) = &error.problem {
                format!("`{word}` follows it")
            } else {
                explain(&stated.text)
                    .unwrap_or_else(|| format!("item {}: {}", error.item.max(1), error.reason()))
            };
            ruling.fires(stated.from.as_ref(), &[("error", &text)]);
        }
    }
}

fn kill_at_once(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        let Some(kill) = sequence.kill() else { return };
        let before = kill.checked_sub(1);
        let waited = before.and_then(|before| sequence.wait_after(before));
        if waited.is_some_and(|wait| !wait.is_zero()) {
            return;
        }
        let before = before.and_then(|before| sequence.signal(before));
        let severity = match before {
            Some(signal) if signal.stops() => Severity::Error,
            Some(_) | None => Severity::Warning,
        };
        let name = before.map_or_else(|| "the start".to_string(), |signal| signal.to_string());
        ruling.fires_as(severity, stated.from.as_ref(), &[("signal", &name)]);
    });
}

fn fixed_quiet_wait(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        if let Some(quiet) = sequence.quiet_wait()
            && !quiet.is_zero()
        {
            ruling.fires(stated.from.as_ref(), &[("Q", &number(quiet))]);
        }
    });
}

fn longer_than_limit(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.deploy.limits.is_empty() {
        ruling.undecided("nothing is known to limit the whole stop");
    }
    each_sequence(facts, ruling, |_, sequence, ruling| {
        for limit in &facts.deploy.limits {
            if sequence.whole() > limit.span {
                ruling.fires(
                    limit.from.as_ref(),
                    &[
                        ("sum", &number(sequence.whole())),
                        ("tool", &limit.tool),
                        ("limit", &number(limit.span)),
                    ],
                );
            }
        }
    });
}

fn second_stop(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_sequence(facts, ruling, |stated, sequence, ruling| {
        let mut stops = timed(sequence).filter(|(_, signal)| signal.stops());
        let first = stops.next();
        for (at, signal) in stops {
            if first.is_some_and(|(began, other)| other != signal && at > began) {
                ruling.fires(
                    stated.from.as_ref(),
                    &[("signal", &signal), ("at", &number(at))],
                );
            }
        }
    });
}
