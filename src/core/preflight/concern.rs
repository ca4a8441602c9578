//! Which findings concern a drain that is about to begin, and how grave they are for it: a
//! risk that the gate before KILL removes, and an assumed value, stop no drain.

use crate::core::check::{
    Chosen, DeployLimit, Facts, Finding, MainProcess, PublishedTimeout, Severity, StatedSequence,
    TermRoute, UnitFacts, check, gather,
};
use crate::core::drain::{Plan, Policy, StopUnit, UnitStop};
use crate::core::fleet::{Fleet, LocalProcess, NoRoute, Process, ProcessKey, Title};
use crate::core::sequence::{SequenceOrigin, Timeout};
use crate::core::stop_clock::ExtendAtMost;

use super::crash::crash;
use super::found::local;
use super::kept::kept;
use super::route::{about, unit_stop, values};
use super::{Preflight, Systemd, unserved};

/// The time that `TimeoutStopSec` must leave after the waits of a drain inside `ExecStop`.
pub(super) const MARGIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Rules about the sequence, the budget, the units and the moment. The others are about files
/// that a drain does not follow.
const RULES: &[&str] = &[
    "D01", "D02", "D03", "D04", "D06", "D07", "D08", "D09", "D10", "D11", "D12", "D13", "D15",
    "D18", "D19", "D20", "D21", "D22", "D37", "D38", "D39", "D40", "D41", "D42", "D43", "D44",
    "D46", "D60", "D61",
];

/// Everything that the lint has to say of draining `targets` with `plan`, each thing once, the
/// gravest first; behind it the rules that could not be decided.
pub fn findings(
    fleet: &Fleet,
    targets: &[ProcessKey],
    plan: &Plan,
    origin: &SequenceOrigin,
    preflight: &Preflight,
) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for (process, local) in local(fleet, targets) {
        all.extend(kept(process, local, targets, plan));
        let timeout = process.timeout(plan.timeout.as_ref());
        let facts = facts(fleet, process, local, plan, origin, preflight);
        let way = unit_stop(fleet, local, plan, &facts, preflight);
        for mut finding in check(&facts)
            .into_iter()
            .chain(outlasted(&way, plan, preflight))
        {
            if !concerns(&finding, &facts) {
                continue;
            }
            if finding.is_decided() {
                finding.severity = weighed(&finding, &facts, &timeout, plan, preflight);
                tell_way(&mut finding, &way, preflight.systemd.stop);
                if finding.rule == "D37" && is_forbidden(fleet, local, preflight) {
                    finding.severity = Severity::Error;
                }
            }
            if !all.contains(&finding) {
                all.push(finding);
            }
        }
    }
    all.extend(unserved::findings(fleet, targets, &plan.sequence));
    all.sort_by_key(|finding| (!finding.is_decided(), std::cmp::Reverse(finding.severity)));
    all
}

/// The stop of the unit of one target: see `unit_stop` in `route`.
///
/// # Errors
/// Why it would be of use and cannot be had.
pub fn stops(
    fleet: &Fleet,
    target: &ProcessKey,
    plan: &Plan,
    preflight: &Preflight,
) -> Result<Option<UnitStop>, String> {
    let targets = std::slice::from_ref(target);
    let Some((process, known)) = local(fleet, targets).next() else {
        return Ok(None);
    };
    let origin = SequenceOrigin(String::new());
    let facts = facts(fleet, process, known, plan, &origin, preflight);
    unit_stop(fleet, known, plan, &facts, preflight)
}

/// Whether the stop of its unit was ordered in any case, and is not permitted here: a plain TERM
/// in its place would be the restart that was not wanted.
fn is_forbidden(fleet: &Fleet, local: &LocalProcess, preflight: &Preflight) -> bool {
    let unit = local.surroundings.unit.as_ref();
    let look = unit.and_then(|unit| fleet.units.get(unit));
    preflight.systemd.stop == StopUnit::Always
        && look.is_some_and(|look| matches!(look.may_stop, Err(NoRoute::NotPermitted(_))))
}

/// Says of D37 what will be done about it, or why nothing can.
fn tell_way(finding: &mut Finding, way: &Result<Option<UnitStop>, String>, when: StopUnit) {
    if finding.rule != "D37" {
        return;
    }
    let more = match (way, when) {
        (Err(why), _) => format!("systemctl stop cannot take TERM's place: {why}."),
        (Ok(Some(stop)), StopUnit::Idle) => format!(
            "Once it is proven idle {} takes TERM's place; --stop-unit always or never changes that.",
            stop.unit.command("stop")
        ),
        (Ok(Some(_)), StopUnit::Never) => "TERM goes anyway (--stop-unit never).".into(),
        (Ok(Some(_)), StopUnit::Always) | (Ok(None), _) => return,
    };
    finding.message = format!("{} {more}", finding.message);
}

/// With the stop of a unit in TERM's place: whether systemd kills before the sequence would.
fn outlasted(
    way: &Result<Option<UnitStop>, String>,
    plan: &Plan,
    preflight: &Preflight,
) -> Option<Finding> {
    let stop = way.as_ref().ok()?.as_ref()?;
    let limit = stop.limit?;
    let wait = plan.sequence.stop_wait()?;
    if preflight.systemd.stop != StopUnit::Always || wait + MARGIN <= limit {
        return None;
    }
    Some(Finding {
        rule: "D18",
        severity: Severity::Warning,
        message: format!(
            "The sequence waits {} s after TERM; by systemctl stop systemd kills {} after {} s (TimeoutStopSec), with 5 s to spare {} s may be waited.",
            wait.as_secs(),
            stop.unit,
            limit.as_secs(),
            limit.saturating_sub(MARGIN).as_secs()
        ),
        from: None,
        undecided: None,
    })
}

/// The facts about a target that the rules are asked about.
fn facts(
    fleet: &Fleet,
    process: &Process,
    local: &LocalProcess,
    plan: &Plan,
    origin: &SequenceOrigin,
    preflight: &Preflight,
) -> Facts {
    let around = &local.surroundings;
    let timeout = process.timeout(plan.timeout.as_ref());
    let chosen = Chosen {
        timeout: (!timeout.is_assumed()).then(|| (timeout.span, timeout.origin.text().to_owned())),
        version: process.version(),
        units: around.unit.iter().map(|unit| unit.name.clone()).collect(),
        ..Chosen::default()
    };
    let mut facts = gather(&values(local, fleet), &chosen);
    facts.sequences = vec![StatedSequence::new(&plan.sequence.to_string(), &origin.0)];
    facts.stoppers.clear();
    facts.deploy = crate::core::check::DeployFacts::default();
    facts
        .units
        .retain(|unit| Some(unit.name.as_str()) == around.unit_name());
    if let Some(unit) = around.unit.as_ref().filter(|_| facts.units.is_empty()) {
        let about = about(local, fleet, unit);
        facts
            .units
            .extend((!about.settings.is_empty()).then_some(about));
    }
    let inside = &preflight.systemd.inside;
    let is_inside = inside.is_some() && *inside == around.unit;
    if is_inside {
        facts.deploy.limits = facts
            .units
            .iter()
            .filter_map(|unit| own_limit(unit, &preflight.systemd))
            .collect();
    }
    for unit in &mut facts.units {
        unit.main = match local.title {
            Title::Swarm => Some(MainProcess::Swarm),
            Title::Beating { .. } | Title::Booting(_) | Title::Other(_) => None,
        };
    }
    // Within the unit's own stop systemd starts nothing again.
    let by_systemd = is_inside
        || preflight.systemd.stop == StopUnit::Always
            && matches!(
                unit_stop(fleet, local, plan, &facts, preflight),
                Ok(Some(_))
            );
    facts.drain.term = Some(if by_systemd {
        TermRoute::SystemctlStop
    } else {
        TermRoute::Direct
    });
    facts.drain.tstp_by_person = Some(preflight.despite.is_none());
    // What its files state, D22 holds against the label.
    facts.sidekiq.published = Some(vec![PublishedTimeout {
        who: process.name(),
        label: process.timeout_label(),
        stated: plan.timeout.clone(),
    }]);
    facts
}

/// The time that a drain inside a unit's `ExecStop` has for all of its waits: `TimeoutStopSec`, or what
/// systemd is told to give it instead. What runs after the drain needs its part of it, too.
fn own_limit(unit: &UnitFacts, systemd: &Systemd) -> Option<DeployLimit> {
    let limit = unit.stop_limit();
    let own = limit.span()?;
    let (span, asked) = match systemd.extend {
        ExtendAtMost::PlanAndSpare if unit.hears_its_exec_stop() => return None,
        ExtendAtMost::Span(most) if unit.hears_its_exec_stop() && most > own => (
            most,
            format!(" and --extend-at-most {}", most.as_secs_f64()),
        ),
        ExtendAtMost::PlanAndSpare | ExtendAtMost::Span(_) | ExtendAtMost::NoClock => {
            (own, String::new())
        }
    };
    let afterwards = systemd.afterwards;
    let spare = if afterwards.is_zero() {
        " and 5 s to spare".into()
    } else {
        format!(
            ", 5 s to spare and up to {} s for on_finish",
            afterwards.as_secs()
        )
    };
    Some(DeployLimit {
        tool: format!(
            "ExecStop of {}, with TimeoutStopSec={}{asked}{spare},",
            unit.name,
            own.as_secs_f64()
        ),
        span: span.saturating_sub(MARGIN + afterwards),
        from: limit.place().cloned(),
    })
}

fn concerns(finding: &Finding, facts: &Facts) -> bool {
    if !RULES.contains(&finding.rule) {
        return false;
    }
    // Only a service that tells systemd of its stopping is killed by it after a bare TERM:
    // STOPPING=1 arms TimeoutStopSec (systemd `service_enter_stop_by_notify`).
    if matches!(finding.rule, "D03" | "D04") {
        return facts.drain.term == Some(TermRoute::SystemctlStop)
            || facts.units.iter().any(UnitFacts::notifies);
    }
    true
}

/// How grave a finding is for this drain.
fn weighed(
    finding: &Finding,
    facts: &Facts,
    timeout: &Timeout,
    plan: &Plan,
    preflight: &Preflight,
) -> Severity {
    if finding.severity != Severity::Error {
        return finding.severity;
    }
    let holds = match finding.rule {
        // KILL waits for the push-back, or for an answer.
        "D01" | "D15" => plan.policy == Policy::Follow && !timeout.is_assumed(),
        "D03" => !timeout.is_assumed(),
        // Nothing dies of a sequence that only quiets.
        "D12" => plan.sequence.kill().is_some(),
        "D06" | "D08" => plan
            .sequence
            .signals()
            .all(|signal| !preflight.forced.contains(&signal)),
        "D20" | "D21" => crashes_at_term(finding, facts),
        _ => true,
    };
    if holds {
        Severity::Error
    } else {
        Severity::Warning
    }
}

/// Whether the statement that a finding is about holds, and surely ends Sidekiq at TERM.
fn crashes_at_term(finding: &Finding, facts: &Facts) -> bool {
    let place = crash(facts);
    place.is_some() && finding.from == place
}
