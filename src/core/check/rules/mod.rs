//! The table of rules, D01 to D61 in order, each row beside the question that decides it. Rows
//! never change their number; new ones are added at the end.

mod after_term;
mod budget;
mod command;
mod drain;
mod kill;
mod label;
mod main_process;
mod quiet_call;
mod reading;
mod sequence;
mod shell;
mod signals;
mod supervision;
mod timeout;

use std::fmt::Display;
use std::sync::LazyLock;
use std::time::Duration;

use super::effective::{Effective, effective_timeout};
use super::facts::{Facts, StatedSequence};
use super::finding::{Finding, Rule, RuleRun};
use super::unit_facts::UnitFacts;
use crate::core::layers::LocatedSetting;
use crate::core::sequence::Sequence;

/// The time that Sidekiq asks for between its timeout and a KILL (wiki, "Deployment": `N + 5`).
pub(super) const MARGIN: Duration = Duration::from_secs(5);

/// Every row, in order.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    static TABLE: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
        let mut rows: Vec<&'static Rule> = [
            budget::RULES,
            signals::RULES,
            sequence::RULES,
            timeout::RULES,
            quiet_call::RULES,
            main_process::RULES,
            kill::RULES,
            label::RULES,
            supervision::RULES,
            drain::RULES,
            reading::RULES,
            command::RULES,
            shell::RULES,
        ]
        .into_iter()
        .flatten()
        .collect();
        rows.sort_by_key(|row| row.id);
        rows
    });
    TABLE.iter().copied()
}

/// Asks every rule. Findings come first, the gravest at the top; after them what could not be
/// decided.
pub fn check(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules() {
        let mut said = Vec::new();
        (rule.decide)(facts, &mut RuleRun::new(rule, &mut said));
        findings.extend(said);
    }
    findings.sort_by_key(|finding| (!finding.is_decided(), std::cmp::Reverse(finding.severity)));
    findings
}

/// Asks one rule, by its id.
pub fn ask(rule: &str, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules().filter(|row| row.id == rule) {
        (rule.decide)(facts, &mut RuleRun::new(rule, &mut findings));
    }
    findings
}

/// The row of a rule, by its id in either case.
pub fn explain(rule: &str) -> Option<&'static Rule> {
    rules().find(|row| row.id.eq_ignore_ascii_case(rule))
}

/// A span as a number of seconds: `30`, `2.5`.
fn number(span: Duration) -> f64 {
    span.as_secs_f64()
}

/// Asks `about` for every sequence that can be read; says what is missing where there is none.
fn each_sequence(
    facts: &Facts,
    ruling: &mut RuleRun<'_>,
    mut about: impl FnMut(&StatedSequence, &Sequence, &mut RuleRun<'_>),
) {
    if facts.sequences.is_empty() {
        ruling.undecided("no stop sequence is known");
    }
    for stated in &facts.sequences {
        match &stated.parsed {
            Ok(sequence) => about(stated, sequence, ruling),
            Err(_) => ruling.undecided(format!("`{}` is no stop sequence", stated.text)),
        }
    }
}

/// The timeout of the processes that a sequence is for.
pub(super) fn timeout_of(facts: &Facts, stated: &StatedSequence) -> Effective {
    let process = stated
        .process
        .as_deref()
        .and_then(|process| process.rsplit('/').next());
    let stated = facts.sidekiq.timeouts.iter().map(|located| &located.scope);
    let commands = facts.sidekiq.commands.iter().map(|one| &one.scope);
    let scopes: Vec<Option<&str>> = stated.chain(commands).map(Option::as_deref).collect();
    let known = process.filter(|process| scopes.contains(&Some(process)));
    effective_timeout(&facts.sidekiq, known)
}

/// Asks `about` for every unit; says so where none is known.
fn each_unit(
    facts: &Facts,
    ruling: &mut RuleRun<'_>,
    mut about: impl FnMut(&UnitFacts, &mut RuleRun<'_>),
) {
    if facts.units.is_empty() {
        ruling.undecided("no systemd unit is known");
    }
    for unit in &facts.units {
        about(unit, ruling);
    }
}

/// Speaks for a setting with one text.
fn at_setting(
    unit: &UnitFacts,
    located: &LocatedSetting,
    ruling: &mut RuleRun<'_>,
    name: &str,
    value: &dyn Display,
) {
    ruling.fires(Some(&located.from), &[("unit", &unit.name), (name, value)]);
}
