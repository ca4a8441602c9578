//! D26 and D27: how a deploy script quiets through systemctl, and which processes that reaches.

use super::super::acts::{Receiver, ShellAct, acts};
use super::super::facts::{Facts, GemTasks};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::stop_command::Runner;
use super::each_unit;
use crate::core::layers::{FilePlace, Value};
use crate::core::sequence::{Signal, Version};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D26",
        severity: Severity::Warning,
        condition: "quiet is a `systemctl reload`, and the unit cannot be reloaded",
        message: "Quiet does nothing: {unit} has no ExecReload, so {call} fails.",
        explanation: "systemctl reload answers `Job type reload is not applicable` and nothing is quieted. Deploy scripts often pass over the failure.",
        source: "capistrano-sidekiq issues 227 and 276; measured",
        decide: reload_is_impossible,
    },
    Rule {
        id: "D27",
        severity: Severity::Warning,
        condition: "TSTP is sent by `systemctl kill` without --kill-who=main",
        message: "{call} signals every process of the unit: programs that jobs started in a process group of their own are frozen. Add --kill-who=main.",
        explanation: "The default is --kill-who=all. A frozen child stays in state T until the CONT of the later stop, and the job that waits for it never ends.",
        source: "systemctl(1); measured on systemd 252",
        decide: quiet_hits_children,
    },
];

/// A call that quiets: as written, and where.
type QuietCall<'a> = (String, &'a FilePlace);

/// The call that capistrano-sidekiq itself makes (its source, 2.0.0 to 3.2.0), with the place of its
/// version; `None` where its tasks are no part of the deploy.
fn gem_call(facts: &Facts) -> Option<(&'static str, &FilePlace)> {
    let (version, place) = facts.deploy.capistrano_sidekiq.as_ref()?;
    if facts.deploy.gem_tasks != Some(GemTasks::Loaded) {
        return None;
    }
    if *version >= Version::new(2, 1, 0) {
        Some(("systemctl kill -s TSTP", place))
    } else if *version >= Version::new(2, 0, 0) {
        Some(("systemctl reload", place))
    } else {
        None
    }
}

/// Every quiet call of tasks that `wanted` accepts, and that of the gem.
fn calls<'a>(
    facts: &'a Facts,
    ruling: &mut RuleRun<'_>,
    wanted: fn(&ShellAct) -> bool,
) -> Vec<QuietCall<'a>> {
    if !facts.deploy.was_read {
        ruling.undecided("how the deploy quiets is not known");
    }
    let tasks = facts
        .commands
        .iter()
        .filter(|command| matches!(command.runner, Runner::Task(_) | Runner::Script(_)))
        .flat_map(|command| {
            let touches = |(act, _): &(&ShellAct, &FilePlace)| command.touches_sidekiq(act);
            command.acts().filter(touches)
        });
    let written = tasks
        .filter(|(act, _)| wanted(act))
        .map(|(act, place)| (format!("`{}`", act.command()), place));
    let gem = gem_call(facts).and_then(|(call, place)| {
        let does = acts(call).first().is_some_and(wanted);
        does.then(|| (format!("capistrano-sidekiq's `{call}`"), place))
    });
    written.chain(gem).collect()
}

fn reload_is_impossible(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let reloads = calls(facts, ruling, |act| matches!(act, ShellAct::ReloadsUnit(_)));
    let Some((call, place)) = reloads.first() else {
        return;
    };
    each_unit(facts, ruling, |unit, ruling| {
        let possible = match unit.setting("CanReload").map(|l| &l.value) {
            Some(Value::Flag(can)) => *can,
            Some(_) | None => unit.setting("ExecReload").is_some(),
        };
        if !possible {
            ruling.fires(Some(place), &[("unit", &unit.name), ("call", call)]);
        }
    });
}

fn quiet_hits_children(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let hits_children = |act: &ShellAct| {
        matches!(
            act,
            ShellAct::Sends {
                signal: Signal::Tstp,
                to: Receiver::Unit {
                    main_only: false,
                    ..
                },
                ..
            }
        )
    };
    for (call, place) in calls(facts, ruling, hits_children) {
        ruling.fires(Some(place), &[("call", &call)]);
    }
}
