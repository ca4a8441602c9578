//! D26 and D27: how a deploy script quiets through systemctl, and whom that reaches.

use super::super::facts::Facts;
use super::super::finding::{Rule, Ruling, Severity};
use super::each_unit;
use crate::core::layers::{Located, Place, Value};
use crate::core::sequence::Version;

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D26",
        severity: Severity::Warning,
        condition: "quiet is a `systemctl reload`, and the unit cannot be reloaded",
        message: "Quiet does nothing: {unit} has no ExecReload, so {call} fails.",
        explanation: "systemctl reload answers `Job type reload is not applicable` and nobody quiets. Deploy scripts often pass over the failure.",
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

/// The calls that quiet, or nothing where no deploy file was read.
fn quiet_calls<'a>(facts: &'a Facts, ruling: &mut Ruling<'_>) -> &'a [Located] {
    if let Some(calls) = &facts.deploy.quiet_calls {
        calls
    } else {
        if facts.deploy.capistrano_sidekiq.is_none() {
            ruling.undecided("how the deploy quiets is not known");
        }
        &[]
    }
}

/// What capistrano-sidekiq itself calls (its source, 2.0.0 to 3.2.0), with the place of its version.
fn gem_call(facts: &Facts) -> Option<(&'static str, &Place)> {
    let (version, place) = facts.deploy.capistrano_sidekiq.as_ref()?;
    if *version >= Version::new(2, 1, 0) {
        Some(("systemctl kill -s TSTP", place))
    } else if *version >= Version::new(2, 0, 0) {
        Some(("systemctl reload", place))
    } else {
        None
    }
}

/// Every quiet call that `wanted` accepts: written in a deploy file, or made by the gem.
fn calls<'a>(
    facts: &'a Facts,
    ruling: &mut Ruling<'_>,
    wanted: fn(&str) -> bool,
) -> Vec<(String, &'a Place)> {
    let written = quiet_calls(facts, ruling)
        .iter()
        .filter_map(|l| Some((format!("`{}`", l.value.as_text()?), &l.from)));
    let gem =
        gem_call(facts).map(|(call, place)| (format!("capistrano-sidekiq's `{call}`"), place));
    written
        .chain(gem)
        .filter(|(call, _)| wanted(call))
        .collect()
}

fn reload_is_impossible(facts: &Facts, ruling: &mut Ruling<'_>) {
    let reloads = calls(facts, ruling, |call| call.contains("reload"));
    if reloads.is_empty() {
        return;
    }
    each_unit(facts, ruling, |unit, ruling| {
        let possible = match unit.setting("CanReload").map(|l| &l.value) {
            Some(Value::Flag(can)) => *can,
            Some(_) | None => unit.setting("ExecReload").is_some(),
        };
        if !possible {
            let (call, place) = &reloads[0];
            ruling.fires(Some(place), &[("unit", &unit.name), ("call", call)]);
        }
    });
}

fn quiet_hits_children(facts: &Facts, ruling: &mut Ruling<'_>) {
    let broad = |call: &str| {
        let lower = call.to_ascii_lowercase();
        let main = [
            "--kill-who=main",
            "--kill-whom=main",
            "--kill-who main",
            "--kill-whom main",
        ];
        lower.contains("kill") && lower.contains("tstp") && !main.iter().any(|m| lower.contains(m))
    };
    for (call, place) in calls(facts, ruling, broad) {
        ruling.fires(Some(place), &[("call", &call)]);
    }
}
