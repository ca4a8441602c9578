//! D28, D29 and D40: what it means when the main process of a unit is not Sidekiq itself.

use super::super::behaviour::Reach;
use super::super::facts::Facts;
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::unit_facts::MainProcess;
use super::each_unit;
use crate::core::layers::command_line::Wrapper;

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D28",
        severity: Severity::Error,
        condition: "KillMode=mixed, and the main process is not Sidekiq",
        message: "On stop {unit} kills Sidekiq at once: systemd sees only the wrapper. Use exec in ExecStart.",
        explanation: "With KillMode=mixed TERM goes to the main process alone. A shell dies of it at once, and systemd then kills what is left: Sidekiq, 0.02 s after TERM.",
        source: "measured on systemd 252; sidekiq issue 6711",
        decide: mixed_with_wrapper,
    },
    Rule {
        id: "D29",
        severity: Severity::Warning,
        condition: "the main process of the unit is not Sidekiq",
        message: "{unit}: {what}. {then}. Use exec.",
        explanation: "A shell script without exec stays as the parent of Sidekiq and does not pass signals on.",
        source: "measured; sidekiq issue 6711",
        decide: main_is_wrapper,
    },
    Rule {
        id: "D40",
        severity: Severity::Warning,
        condition: "Type=notify with a wrapper and NotifyAccess=main",
        message: "{unit}: READY comes from a child of the main process and may be refused; the start can then time out in a loop. Use exec, or NotifyAccess=all.",
        explanation: "With Type=notify systemd listens to the main process alone unless NotifyAccess says otherwise. Jobs run meanwhile, and are killed at every start timeout.",
        source: "sidekiq issues 4915 and 5829",
        decide: ready_is_refused,
    },
];

fn mixed_with_wrapper(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        if unit.behaviour().reach != Reach::MainThenKill {
            return;
        }
        match unit.main_process() {
            Ok(MainProcess::Wrapper) => {
                let from = unit.setting("ExecStart").map(|l| &l.from);
                ruling.fires(from, &[("unit", &unit.name)]);
            }
            Ok(MainProcess::Sidekiq | MainProcess::Swarm) => {}
            Err(_) => ruling.undecided(format!(
                "whether {}'s main process is Sidekiq shows only while it runs (MainPID)",
                unit.name
            )),
        }
    });
}

fn main_is_wrapper(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        let reach = unit.behaviour().reach;
        let what = match unit.main_process() {
            // D28 says it, as an error.
            Ok(MainProcess::Wrapper) if reach == Reach::MainThenKill => return,
            Ok(MainProcess::Wrapper) => "the main process is not Sidekiq",
            Err(Wrapper::Shell | Wrapper::ShellStays) => {
                "a shell without exec starts Sidekiq and may stay as the main process"
            }
            Err(Wrapper::Unknown | Wrapper::None) => {
                return ruling.undecided(format!(
                    "what {}'s main process is, is not known",
                    unit.name
                ));
            }
            Ok(MainProcess::Sidekiq | MainProcess::Swarm) => return,
        };
        let from = unit.setting("ExecStart").map(|l| &l.from);
        let is_seen = unit.main.is_some();
        let then = match reach {
            Reach::MainThenKill => {
                "With KillMode=mixed Sidekiq gets KILL at once, as soon as TERM has ended the shell"
            }
            Reach::MainProcess => "With KillMode=process TERM does not reach Sidekiq",
            Reach::EveryProcess | Reach::NoProcess => {
                "Signals to the main process do not reach Sidekiq"
            }
        };
        // TERM goes to every process of the unit, unless KillMode says otherwise.
        let severity = match reach {
            Reach::EveryProcess | Reach::NoProcess if !is_seen => Severity::Info,
            Reach::EveryProcess | Reach::NoProcess | Reach::MainThenKill | Reach::MainProcess => {
                Severity::Warning
            }
        };
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("unit", &unit.name), ("what", &what), ("then", &then)];
        ruling.fires_as(severity, from, &values);
    });
}

fn ready_is_refused(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        let main_only = matches!(unit.word("NotifyAccess"), None | Some("main" | "none"));
        if !unit.notifies() || !main_only {
            return;
        }
        match unit.main_process() {
            Ok(MainProcess::Wrapper) | Err(Wrapper::Shell | Wrapper::ShellStays) => {
                let from = unit.setting("Type").map(|l| &l.from);
                ruling.fires(from, &[("unit", &unit.name)]);
            }
            Ok(MainProcess::Sidekiq | MainProcess::Swarm) => {}
            Err(Wrapper::Unknown | Wrapper::None) => {
                ruling.undecided(format!(
                    "what {}'s main process is, is not known",
                    unit.name
                ));
            }
        }
    });
}
