//! What is known before a drain's first signal: the stop sequence that its targets' files ask
//! for, and the findings of the lint that concern this very drain. Pure: files were read with
//! the processes, and nothing is sent from here.

mod concern;
mod found;
mod route;

#[cfg(test)]
mod tests;

use super::check::Finding;
use super::choice::Choice;
use super::drain::{CheckedFinding, Event, StopUnit};
use super::fleet::{Fleet, LocalId, Unit};

pub use concern::{findings, stops};
pub use found::{Found, Unsettled, found_sequence, found_timeout};

/// How a session looks at its plan before it begins, and what it saw.
#[derive(Clone, Debug, Default)]
pub struct Preflight {
    /// Whether nobody stated a sequence: then the targets' files may.
    pub is_open: bool,
    /// The process of a manifest, where somebody named one.
    pub process: Option<String>,
    /// What it has to do with systemd.
    pub systemd: Systemd,
    /// Who is drained if nobody chooses anew.
    pub choice: Choice,
    /// Rules that somebody set aside by name; `None` where a person confirms instead.
    pub despite: Option<Vec<&'static str>>,
    /// Signals that were forced.
    pub forced: Vec<super::sequence::Signal>,
    /// Why the targets' own sequence was not taken.
    pub trouble: Option<String>,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

/// What a drain has to do with systemd.
#[derive(Clone, Debug, Default)]
pub struct Systemd {
    /// The unit in whose control group this program itself runs.
    pub inside: Option<Unit>,
    /// When the stop of its unit takes TERM's place.
    pub stop: StopUnit,
}

/// Signals that destroy work are refused by themselves, unless `--force-signal` names them.
const FORCED: [&str; 2] = ["D06", "D08"];

impl Preflight {
    /// Whom a drain would have as its targets now.
    pub fn targets(&self, fleet: &Fleet) -> Vec<LocalId> {
        self.choice.choose(fleet)
    }

    /// Why the drain must not begin: the findings of severity error that nobody set aside.
    pub fn objections(&self) -> Vec<String> {
        let Some(despite) = &self.despite else {
            return Vec::new();
        };
        let sequence = self.trouble.iter().cloned();
        let graver = self
            .findings
            .iter()
            .filter(|finding| is_grave(finding) && !despite.contains(&finding.rule));
        let graver = graver.map(|finding| {
            format!(
                "{}; to drain all the same: --despite {}",
                told(finding),
                finding.rule
            )
        });
        sequence.chain(graver).collect()
    }

    /// What the record of a drain that begins now says of it: the findings, and which of the
    /// grave ones were set aside for it to begin.
    pub fn checked(&self, sequence_from: &str) -> Event {
        let row = |finding: &Finding| CheckedFinding {
            rule: finding.rule,
            severity: finding.severity.word(),
            message: finding.message.clone(),
            from: finding.from.as_ref().map(ToString::to_string),
            set_aside: is_grave(finding),
        };
        Event::Checked {
            sequence_from: sequence_from.to_owned(),
            trouble: self.trouble.clone(),
            findings: self.findings.iter().map(row).collect(),
        }
    }

    /// The findings that are no reason to stop, one a line.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        let above = |finding: &&Finding| finding.severity > super::check::Severity::Info;
        self.findings.iter().filter(above).map(told)
    }
}

/// Whether a finding keeps a drain from beginning until somebody sets it aside.
fn is_grave(finding: &Finding) -> bool {
    finding.severity == super::check::Severity::Error && !FORCED.contains(&finding.rule)
}

/// `D01 The sequence kills …, at .cloud66/manifest.yml:3`.
fn told(finding: &Finding) -> String {
    let message = finding.message.trim_end_matches('.');
    match &finding.from {
        Some(place) => format!("{} {message} (at {place})", finding.rule),
        None => format!("{} {message}", finding.rule),
    }
}
