//! D51 and D57: places that were seen and not understood, and a Procfile that may run where the
//! limit is fixed.

use super::super::facts::{Facts, KnownSidekiq};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::unit_facts::StopLimit;
use super::{MARGIN, number};
use crate::core::layers::{FilePlace, Layer, LocatedSetting, Value, heroku};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D51",
        severity: Severity::Warning,
        condition: "a place that says how Sidekiq is stopped, or may say it, was not understood",
        message: "Not read: {why}.",
        explanation: "A template, a chart, a file that is no valid YAML or is not here may hold a Sidekiq and the time that it has; a wait that is code has a value that is not known here. As long as it is not read, no finding is no all-clear. Render it first, as in `helm template . | drainboard check -`.",
        source: "drainboard",
        decide: not_read,
    },
    Rule {
        id: "D57",
        severity: Severity::Info,
        condition: "only a Procfile is known, and on Heroku its Sidekiq would be killed early",
        message: "If {process} runs on Heroku: KILL comes {limit} s after TERM, and Sidekiq uses up to {T} s and 5 more to push jobs back. That limit is fixed: set -t to {room} or less.",
        explanation: "Nothing but the Procfile says how this Sidekiq is run. Heroku sends KILL 30 s after TERM (R12), and that cannot be changed.",
        source: "Heroku devcenter, Dyno Shutdown Behavior",
        decide: procfile_on_heroku,
    },
];

fn not_read(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.known.is_empty() && facts.not_read.is_empty() {
        ruling.undecided("no Sidekiq was recognised in what was read");
    }
    for remark in &facts.not_read {
        let why = remark.text.trim_end_matches('.');
        ruling.fires(Some(&remark.from), &[("why", &why)]);
    }
    let mut told: Vec<&FilePlace> = facts.not_read.iter().map(|remark| &remark.from).collect();
    let unknown = unknown_timeouts(facts).into_iter();
    let all: Vec<(FilePlace, String)> = unknown.chain(unknown_waits(facts)).collect();
    for (from, why) in &all {
        if !told.contains(&from) {
            told.push(from);
            ruling.fires(Some(from), &[("why", why)]);
        }
    }
}

/// Where the timeout of a Sidekiq is code, or stands in a file that is not here. D20 and D21 speak
/// of those that are no good.
fn unknown_timeouts(facts: &Facts) -> Vec<(FilePlace, String)> {
    let one = |one: &KnownSidekiq| {
        let effective = one.timeout(facts);
        let is_bad = |located: &LocatedSetting| matches!(located.value, Value::Unusable { .. });
        if effective.holds.as_ref().is_some_and(is_bad) {
            return None;
        }
        let from = effective.holds.map_or(one.from.clone(), |l| l.from);
        let why = format!("T of {} is not known: {}", one.name, effective.unread?);
        Some((from, why))
    };
    facts.known.iter().filter_map(one).collect()
}

/// Where a wait before KILL is code, or no time at all.
fn unknown_waits(facts: &Facts) -> Vec<(FilePlace, String)> {
    let of_tools = facts.stoppers.iter().filter_map(|stopper| {
        let limit = &stopper.limit;
        let is_known = limit.value.span().is_some() || limit.value == Value::Infinite;
        let (who, wait) = (stopper.title(), limit.setting);
        let why = format!("when {who} kills is not known: {wait} is {}", limit.value);
        (!is_known).then(|| (limit.from.clone(), why))
    });
    let of_units = facts.units.iter().filter_map(|unit| {
        let StopLimit::Unread(from, text) = unit.stop_limit() else {
            return None;
        };
        let why = format!(
            "when systemd kills {} is not known: TimeoutStopSec is {text}",
            unit.name
        );
        Some((from, why))
    });
    of_tools.chain(of_units).collect()
}

fn procfile_on_heroku(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let of_procfile = |layer: Layer| layer == Layer::Procfile;
    if !facts.known.iter().any(|one| of_procfile(one.layer)) {
        return ruling.undecided("no Procfile with a Sidekiq is known");
    }
    if !facts.nothing_stops() {
        return;
    }
    for one in facts.known.iter().filter(|one| of_procfile(one.layer)) {
        let effective = one.timeout(facts);
        let limit = heroku::LIMIT;
        match effective.decided() {
            Ok(timeout) if timeout + MARGIN > limit => ruling.fires(
                Some(&one.from),
                &[
                    ("process", &one.name),
                    ("limit", &number(limit)),
                    ("T", &number(timeout)),
                    ("room", &number(limit.saturating_sub(MARGIN))),
                ],
            ),
            Ok(_) => {}
            Err(why) => ruling.undecided(why),
        }
    }
}
