//! The answer of `check` as JSON: the layers with the seconds that they state, and the findings.
//! Only what can be serialised stands here; nothing is decided.

use serde::Serialize;

use super::behaviour::Before;
use super::effective::effective_timeout;
use super::facts::{Facts, KnownSidekiq, Stopper};
use super::finding::{Finding, Severity};
use super::known::KnownStop;
use super::stop_command::{AfterTerm, StopCommand};
use super::unit_stop::{UnitForecast, UnitStopRow, unit_stops};
use crate::core::layers::{Layer, LocatedSetting, TOOLS};
use crate::core::moment::Seconds;
use crate::core::sequence::{Sequence, Signal};

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// The stop sequence that will be followed, as written; `null` if none is known.
    pub sequence: Option<String>,
    /// Every place that states a wait.
    pub layers: Vec<LayerRow>,
    /// The findings, the gravest first.
    pub findings: Vec<FindingRow>,
    /// Rules that could not be decided.
    pub undecided: Vec<UndecidedRow>,
    /// The forecast of `systemctl stop` for each unit that runs a Sidekiq.
    pub units: Vec<UnitStopRow>,
    /// Every Sidekiq that was recognised.
    pub sidekiqs: Vec<SidekiqRow>,
    /// Sidekiq's own timeout where no process, unit or container has another.
    pub timeout_s: Seconds,
    /// Where it is written, or `assumed`.
    pub timeout_from: String,
    /// Places that may say how Sidekiq is stopped and were not understood.
    pub not_read: Vec<NotReadRow>,
}

/// A Sidekiq that was recognised.
#[derive(Clone, Debug, Serialize)]
pub struct SidekiqRow {
    /// Its unit, process, container, program or service.
    pub name: String,
    /// The layer that starts it.
    pub layer: &'static str,
    /// The command that starts it; `null` if it is known by its name alone.
    pub command: Option<String>,
    /// File and line.
    pub from: String,
    /// Its own timeout.
    pub timeout_s: Seconds,
    /// Where that is written, or `assumed`.
    pub timeout_from: String,
    /// The stops that are known; `null` if that is not written in what was read.
    pub stop: Option<Vec<StopRow>>,
}

/// A tool, a unit or a sequence that stops a Sidekiq.
#[derive(Clone, Debug, Serialize)]
pub struct StopRow {
    /// `sequence`, `systemd` or the layer of another tool.
    pub by: &'static str,
    /// The stop sequence, as written; `null` for a tool.
    pub sequence: Option<String>,
    /// How long after TERM its KILL comes; `null` if never, or if it is not known.
    pub kill_after_s: Option<Seconds>,
    /// The time that goes by before TERM; `null` if that is not known.
    pub before_term_s: Option<Seconds>,
    /// Where it is written; `null` if a default holds.
    pub from: Option<String>,
    /// Why Sidekiq does not hear of this stop, or may not, and has none of that time; `null` if it
    /// does.
    pub unheard: Option<String>,
}

/// A place that was not understood.
#[derive(Clone, Debug, Serialize)]
pub struct NotReadRow {
    /// Why.
    pub why: String,
    /// File and line.
    pub from: String,
}

/// A place that states a wait.
#[derive(Clone, Debug, Serialize)]
pub struct LayerRow {
    /// Which layer.
    pub layer: &'static str,
    /// The setting's own name.
    pub setting: &'static str,
    /// Its owner: unit, process, environment section, container.
    pub scope: Option<String>,
    /// Seconds; `null` where it has no end, is no number, or was not evaluated.
    pub seconds: Option<Seconds>,
    /// The same in words (`infinity`, ``60 s unless SIDEKIQ_TIMEOUT is set``).
    pub value: String,
    /// File and line, or the command that told it.
    pub from: String,
}

/// A finding.
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

/// A rule that could not be decided.
#[derive(Clone, Debug, Serialize)]
pub struct UndecidedRow {
    /// Which rule.
    pub rule: &'static str,
    /// The missing fact.
    pub why: String,
}

/// Builds the answer.
pub fn rows(facts: &Facts, values: &[LocatedSetting], findings: &[Finding]) -> CheckRow {
    let mut waits: Vec<&LocatedSetting> = values
        .iter()
        .filter(|located| located.layer.waits(located.setting))
        .collect();
    waits.sort_by_key(|located| located.layer.tool().acts_at);
    let whole = effective_timeout(&facts.sidekiq, None);
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
        units: unit_stops(facts).iter().map(UnitForecast::row).collect(),
        sidekiqs: facts.known.iter().map(|one| sidekiq(facts, one)).collect(),
        timeout_s: Seconds(whole.timeout.span),
        timeout_from: whole.timeout.origin.text().to_owned(),
        not_read: facts
            .not_read
            .iter()
            .map(|remark| NotReadRow {
                why: remark.text.clone(),
                from: remark.from.to_string(),
            })
            .collect(),
    }
}

impl CheckRow {
    /// Takes in the answer about another application of the same repository.
    pub fn extend(&mut self, other: Self) {
        self.sequence = self.sequence.take().or(other.sequence);
        self.layers.extend(other.layers);
        self.findings.extend(other.findings);
        self.findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.undecided.extend(other.undecided);
        self.units.extend(other.units);
        self.sidekiqs.extend(other.sidekiqs);
        self.not_read.extend(other.not_read);
    }
}

fn sidekiq(facts: &Facts, one: &KnownSidekiq) -> SidekiqRow {
    let timeout = one.timeout(facts).timeout;
    let all = facts
        .sequences
        .iter()
        .filter(|stated| stated.process.is_none());
    let stops: Vec<StopRow> = all
        .map(KnownStop::Sequence)
        .chain(one.stops(facts))
        .map(|stop| stop_row(facts, stop))
        .collect();
    SidekiqRow {
        name: one.name.clone(),
        layer: one.layer.word(),
        command: one.command.clone(),
        from: one.from.to_string(),
        timeout_s: Seconds(timeout.span),
        timeout_from: timeout.origin.text().to_owned(),
        stop: (!stops.is_empty()).then_some(stops),
    }
}

fn stop_row(facts: &Facts, stop: KnownStop<'_>) -> StopRow {
    match stop {
        KnownStop::Sequence(stated) => {
            let parsed = stated.parsed.as_ref().ok();
            StopRow {
                by: "sequence",
                sequence: Some(stated.text.clone()),
                kill_after_s: parsed.and_then(Sequence::stop_wait).map(Seconds),
                before_term_s: parsed.and_then(Sequence::quiet_wait).map(Seconds),
                from: stated.from.as_ref().map(ToString::to_string),
                unheard: None,
            }
        }
        KnownStop::Unit(unit) => {
            let behaviour = unit.behaviour();
            let timeout = effective_timeout(&facts.sidekiq, Some(&unit.name)).timeout;
            let before = match behaviour.before_signal(facts.sidekiq.version, timeout.span) {
                Before::Waits(span) | Before::Stops(span) => Some(span),
                Before::Kills(..) | Before::Unknown => None,
            };
            StopRow {
                by: Layer::Systemd.word(),
                sequence: None,
                kill_after_s: behaviour.kill_limit.span().map(Seconds),
                before_term_s: before.map(Seconds),
                from: behaviour.kill_limit.place().map(ToString::to_string),
                unheard: match behaviour.before_signal(facts.sidekiq.version, timeout.span) {
                    Before::Kills(_, command) => Some(format!("`{command}` ends it before TERM")),
                    Before::Waits(_) | Before::Stops(_) | Before::Unknown => None,
                },
            }
        }
        KnownStop::Command(command) => command_row(facts, command),
        KnownStop::Tool(stopper) => {
            let is_known = stopper.unknown_before.is_none();
            let before = stopper.before_term.unwrap_or_default();
            StopRow {
                by: stopper.layer.word(),
                sequence: None,
                kill_after_s: stopper.after_term().filter(|_| is_known).map(Seconds),
                before_term_s: is_known.then_some(Seconds(before)),
                from: Some(stopper.limit.from.to_string()),
                unheard: facts.unheard(stopper).map(|one| one.to_string()),
            }
        }
    }
}

fn command_row(facts: &Facts, command: &StopCommand) -> StopRow {
    let version = facts.sidekiq.version;
    let layer = command.runner.watched().map(|(layer, _)| layer);
    let by = layer.unwrap_or(Layer::Script).word();
    let sent = command.signals(version);
    let kill = sent.iter().find(|sent| sent.signal == Signal::Kill);
    let is_blind = kill.filter(|kill| kill.after_term == AfterTerm::NoTerm);
    StopRow {
        by,
        sequence: command.sequence(version).map(|one| one.to_string()),
        kill_after_s: kill.and_then(|kill| match kill.after_term {
            AfterTerm::Known(span) => Some(Seconds(span)),
            AfterTerm::NoTerm | AfterTerm::Unknown => None,
        }),
        before_term_s: command.before_term().ok().map(Seconds),
        from: command.place().map(ToString::to_string),
        unheard: is_blind.map(|kill| format!("`{}` kills it without TERM", kill.command)),
    }
}

impl Facts {
    /// Whether a row is about a Sidekiq, and not about another service of the same file.
    pub fn is_of_a_sidekiq(&self, row: &LayerRow) -> bool {
        let scope = row.scope.as_deref();
        let of_tool = |stopper: &Stopper| {
            stopper.layer.word() == row.layer && Some(stopper.scope.as_str()) == scope
        };
        let is_tool = TOOLS
            .iter()
            .any(|tool| tool.word == row.layer && tool.stop.is_some());
        let is_unit =
            row.layer == Layer::Systemd.word() || row.layer == Layer::SystemdLoaded.word();
        if is_unit {
            return self
                .units
                .iter()
                .any(|unit| Some(unit.name.as_str()) == scope);
        }
        let of_layer = |stopper: &Stopper| stopper.layer.word() == row.layer;
        match scope {
            _ if !is_tool => true,
            Some(_) => self.stoppers.iter().any(of_tool),
            None => self.stoppers.iter().any(of_layer),
        }
    }
}

fn layer_row(located: &LocatedSetting) -> LayerRow {
    LayerRow {
        layer: located.layer.word(),
        setting: located.setting,
        scope: located.scope.clone(),
        seconds: located.value.span().map(Seconds),
        value: located.value.to_string(),
        from: located.from.to_string(),
    }
}
