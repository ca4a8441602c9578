//! The answer of `check` as JSON: the layers with the seconds that they state, and the findings.
//! Only what can be serialised stands here; nothing is decided.

use serde::Serialize;

use super::facts::Facts;
use super::finding::{Finding, Severity};
use super::unit_stop::{UnitStop, UnitStopRow, unit_stops};
use crate::core::layers::{
    Layer, Located, app_json, cloud66, command_line, compose, deploy_rb, initializer, kamal,
    kubernetes, nomad, sidekiq_yml, supervisord, upstart,
};
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
        .filter(|located| WAITS.contains(&located.setting))
        .collect();
    waits.sort_by_key(|located| acts_at(located.layer));
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

/// Settings that say how long something waits at a stop.
const WAITS: &[&str] = &[
    app_json::KILL_AFTER,
    cloud66::STOP_SEQUENCE,
    cloud66::STOP_SEQUENCE_LIST,
    command_line::TIMEOUT,
    compose::STOP_GRACE_PERIOD,
    deploy_rb::SIDEKIQ_TIMEOUT,
    initializer::IN_CLIENT,
    initializer::TIMEOUT,
    kamal::DRAIN_TIMEOUT,
    kamal::STOP_TIMEOUT,
    kamal::STOP_WAIT_TIME,
    kubernetes::GRACE,
    kubernetes::PRE_STOP_SLEEP,
    nomad::KILL_TIMEOUT,
    sidekiq_yml::IN_CAPSULE,
    sidekiq_yml::TIMEOUT,
    supervisord::STOP_WAIT_SECONDS,
    upstart::KILL_TIMEOUT,
    "TimeoutStopSec",
    "TimeoutAbortSec",
];

/// The order in which layers act at a stop: who sends first, who kills last.
fn acts_at(layer: Layer) -> u8 {
    match layer {
        Layer::Given => 0,
        Layer::Cloud66 | Layer::Capistrano => 1,
        Layer::Initializer => 2,
        Layer::CommandLine | Layer::Procfile => 3,
        Layer::SidekiqYml => 4,
        Layer::Systemd => 5,
        Layer::SystemdLoaded => 6,
        Layer::GemfileLock
        | Layer::Kamal
        | Layer::Compose
        | Layer::Kubernetes
        | Layer::Supervisord
        | Layer::Upstart
        | Layer::Nomad
        | Layer::Heroku
        | Layer::JobClass => 7,
    }
}
