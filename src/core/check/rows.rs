//! The answer of `check` as JSON: the layers with the seconds that they state, and the findings.
//! Only what can be serialised stands here; nothing is decided.

use serde::Serialize;

use super::facts::Facts;
use super::finding::{Finding, Severity};
use super::unit_stop::{UnitStop, UnitStopRow, unit_stops};
use crate::core::layers::Located;
use crate::core::moment::Seconds;

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// The stop sequence that will be followed, as written; `null` if none is known.
    pub sequence: Option<String>,
    /// Every place that states a wait.
    pub layers: Vec<LayerRow>,
    /// What was found, the gravest first.
    pub findings: Vec<FindingRow>,
    /// Rules that could not be decided.
    pub undecided: Vec<UndecidedRow>,
    /// What `systemctl stop` does to each unit that runs a Sidekiq.
    pub units: Vec<UnitStopRow>,
}

/// One place that states a wait.
#[derive(Clone, Debug, Serialize)]
pub struct LayerRow {
    /// Which layer.
    pub layer: &'static str,
    /// The setting's own name.
    pub setting: &'static str,
    /// What it belongs to: unit, process, environment section, container.
    pub scope: Option<String>,
    /// Seconds; `null` where it has no end, is no number, or was not evaluated.
    pub seconds: Option<Seconds>,
    /// The same in words (`infinity`, ``60 s unless SIDEKIQ_TIMEOUT is set``).
    pub value: String,
    /// File and line, or the command that told it.
    pub from: String,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingRow {
    /// Which rule.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// In an operator's words.
    pub message: String,
    /// File and line of the cause, if there is one.
    pub from: Option<String>,
}

/// One rule that could not be decided.
#[derive(Clone, Debug, Serialize)]
pub struct UndecidedRow {
    /// Which rule.
    pub rule: &'static str,
    /// What is missing.
    pub why: String,
}

/// Builds the answer.
pub fn rows(facts: &Facts, values: &[Located], findings: &[Finding]) -> CheckRow {
    let mut waits: Vec<&Located> = values
        .iter()
        .filter(|located| located.layer.waits(located.setting))
        .collect();
    waits.sort_by_key(|located| located.layer.tool().acts_at);
    CheckRow {
        sequence: facts.sequences.first().map(|stated| stated.text.clone()),
        layers: waits.into_iter().map(layer_row).collect(),
        findings: findings
            .iter()
            .filter(|finding| finding.is_decided())
            .map(|finding| FindingRow {
                rule: finding.rule,
                severity: finding.severity,
                message: finding.message.clone(),
                from: finding.from.as_ref().map(ToString::to_string),
            })
            .collect(),
        undecided: findings
            .iter()
            .filter_map(|finding| {
                Some(UndecidedRow {
                    rule: finding.rule,
                    why: finding.undecided.clone()?,
                })
            })
            .collect(),
        units: unit_stops(facts).iter().map(UnitStop::row).collect(),
    }
}

fn layer_row(located: &Located) -> LayerRow {
    LayerRow {
        layer: located.layer.word(),
        setting: located.setting,
        scope: located.scope.clone(),
        seconds: located.value.span().map(Seconds),
        value: located.value.to_string(),
        from: located.from.to_string(),
    }
}
