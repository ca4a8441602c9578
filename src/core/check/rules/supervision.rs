//! D37 to D39 and D41 to D43: what systemd does with a Sidekiq that ends, hangs or is changed
//! behind its back.

use std::time::Duration;

use super::super::facts::{Facts, TermRoute};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::restart::{UnitEnding, restart_words, starts_again as systemd_starts_again};
use super::super::stop_command::{Runner, StopCommand};
use super::{at_setting, each_unit, number};
use crate::core::layers::{FilePlace, Value};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D37",
        severity: Severity::Warning,
        condition: "Restart=always, and TERM is sent past systemctl",
        message: "{unit}: systemd starts it again {after} after TERM{by} ended it: that is a restart, not a stop. Use systemctl stop to keep it down.",
        explanation: "A Sidekiq that exits with 0 by itself is started again under Restart=always. Only a stop through systemctl keeps it down.",
        source: "measured on systemd 252; systemd.service(5)",
        decide: starts_again,
    },
    Rule {
        id: "D38",
        severity: Severity::Warning,
        condition: "Restart=on-failure or no, and TERM is sent directly",
        message: "{unit}: nothing will start it again after TERM (Restart={restart}). Start it with systemctl start.",
        explanation: "Exit 0 is no failure. The unit ends as inactive, and stays so until it is started.",
        source: "measured on systemd 252; systemd.service(5)",
        decide: stays_down,
    },
    Rule {
        id: "D39",
        severity: Severity::Warning,
        condition: "WatchdogSec is below 10 s",
        message: "{unit}: WatchdogSec={n}: short pauses (GC, swap, CPU) kill the worker and its jobs. Use 10 s or more.",
        explanation: "Sidekiq pings at half the interval from a thread of its own, which a busy or swapping Ruby may hold up. The watchdog answers with ABRT.",
        source: "sidekiq issue 4522",
        decide: short_watchdog,
    },
    Rule {
        id: "D41",
        severity: Severity::Warning,
        condition: "NeedDaemonReload=yes",
        message: "{unit}: the unit file changed but systemd still uses the old values. Run systemctl daemon-reload.",
        explanation: "What stands on disk is not what a stop will do. systemctl cat shows the disk, systemctl show what is loaded.",
        source: "systemctl(1)",
        decide: needs_reload,
    },
    Rule {
        id: "D42",
        severity: Severity::Info,
        condition: "a drop-in overrides TimeoutStopSec",
        message: "{unit}: TimeoutStopSec={value} is the value that holds; {other} at {place} is overridden.",
        explanation: "Files in NAME.service.d/ are read after the unit, in the order of their names; the last assignment holds.",
        source: "systemd.unit(5); measured",
        decide: drop_in_overrides,
    },
    Rule {
        id: "D43",
        severity: Severity::Warning,
        condition: "a user unit without lingering",
        message: "{unit} is a user unit and its user does not linger: it stops when the deploy user logs out. Run loginctl enable-linger.",
        explanation: "Without lingering the user manager ends with the last session, and every unit with it.",
        source: "sidekiq issue 5016; loginctl(1)",
        decide: no_lingering,
    },
];

/// Asks `about` for every unit when TERM goes to the process itself.
fn each_direct_term(
    facts: &Facts,
    ruling: &mut RuleRun<'_>,
    about: impl FnMut(&super::UnitFacts, &mut RuleRun<'_>),
) {
    match facts.drain.term {
        Some(TermRoute::Direct) => each_unit(facts, ruling, about),
        Some(TermRoute::SystemctlStop | TermRoute::SystemctlRestart) => {}
        None => ruling.undecided("how TERM will be sent is not known"),
    }
}

fn starts_again(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let by_task = facts.commands.iter().find_map(direct_term);
    if let (None, Some((who, place))) = (facts.drain.term, by_task) {
        each_unit(facts, ruling, |unit, ruling| {
            if systemd_starts_again(unit, UnitEnding::Exit(0)) == Some(true) {
                let after = restart_delay(unit);
                let values: [(&str, &dyn std::fmt::Display); 3] =
                    [("unit", &unit.name), ("by", &who), ("after", &after)];
                ruling.fires(Some(place), &values);
            }
        });
        return;
    }
    each_direct_term(facts, ruling, |unit, ruling| {
        let forced = unit.setting("RestartForceExitStatus");
        let Some(located) = unit.setting("Restart").or(forced) else {
            return;
        };
        if systemd_starts_again(unit, UnitEnding::Exit(0)) == Some(true) {
            let values: [(&str, &dyn std::fmt::Display); 3] = [
                ("unit", &unit.name),
                ("by", &""),
                ("after", &restart_delay(unit)),
            ];
            ruling.fires(Some(&located.from), &values);
        }
    });
}

/// A TERM that a task of the deploy sends past systemd.
fn direct_term(command: &StopCommand) -> Option<(String, &FilePlace)> {
    let is_past_systemd = matches!(
        command.runner,
        Runner::Task(_) | Runner::Script(_) | Runner::Watcher { .. }
    );
    if !is_past_systemd {
        return None;
    }
    let sent = command.signals(None);
    let term = sent.iter().find(|sent| sent.signal.stops())?;
    let who = format!(" (sent by `{}`, {})", term.command, command.runner);
    Some((who, term.place))
}

/// How long systemd waits before it starts the unit again.
fn restart_delay(unit: &super::UnitFacts) -> String {
    match unit.setting("RestartSec").map(|l| &l.value) {
        Some(Value::Span(span)) => format!("{} s", number(*span)),
        Some(_) => "some time".into(),
        None => "0.1 s".into(),
    }
}

fn stays_down(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_direct_term(facts, ruling, |unit, ruling| {
        if systemd_starts_again(unit, UnitEnding::Exit(0)) != Some(true) {
            let restart = restart_words(unit, &[UnitEnding::Exit(0)]);
            let from = unit.setting("Restart").map(|l| &l.from);
            ruling.fires(from, &[("unit", &unit.name), ("restart", &restart)]);
        }
    });
}

fn short_watchdog(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        if let Some(located) = unit.setting("WatchdogSec")
            && let Value::Span(span) = located.value
            && !span.is_zero()
            && span < Duration::from_secs(10)
        {
            at_setting(unit, located, ruling, "n", &number(span));
        }
    });
}

fn needs_reload(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        match unit.setting("NeedDaemonReload") {
            Some(located) if located.value == Value::Flag(true) => {
                ruling.fires(Some(&located.from), &[("unit", &unit.name)]);
            }
            Some(_) => {}
            None => ruling.undecided(format!(
                "what systemd has loaded of {} is not known",
                unit.name
            )),
        }
    });
}

fn drop_in_overrides(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        let Some((holds, overridden)) = unit.overridden_stop_limits() else {
            return;
        };
        if let Some(other) = overridden
            .iter()
            .rev()
            .find(|l| l.from.file != holds.from.file)
            && holds.from.file.contains(".service.d/")
        {
            ruling.fires(
                Some(&holds.from),
                &[
                    ("unit", &unit.name),
                    ("value", &holds.value),
                    ("other", &other.value),
                    ("place", &other.from),
                ],
            );
        }
    });
}

fn no_lingering(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        match (unit.is_user_unit, unit.lingering) {
            (Some(false), _) | (Some(true), Some(true)) => {}
            (Some(true), Some(false)) => ruling.fires(None, &[("unit", &unit.name)]),
            (Some(true), None) => ruling.undecided(format!(
                "whether the user of {} lingers is not known",
                unit.name
            )),
            (None, _) => {
                ruling.undecided(format!("whether {} is a user unit is not known", unit.name));
            }
        }
    });
}
