//! The result of a look at the plan of a drain: in words, in numbers, and as its record keeps it.

use crate::core::check::{Finding, Severity};
use crate::core::drain::{CheckedFinding, Event};

/// The result of a look at the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanSeen {
    /// Why the sequence that the targets ask for was not taken.
    pub trouble: Option<String>,
    /// The findings, the gravest first; behind it the rules that could not be decided.
    pub findings: Vec<Finding>,
}

/// A reason that keeps a drain from beginning until it is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grave {
    /// The rule; `None` where no sequence could be settled.
    pub rule: Option<&'static str>,
    /// In words, with the rule and the place.
    pub text: String,
}

/// Signals that destroy work are refused by themselves, unless `--force-signal` names them.
const FORCED: [&str; 2] = ["D06", "D08"];

impl PlanSeen {
    /// The findings, without rules that could not be decided.
    pub fn found(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_decided())
    }

    /// The rules that could not be decided, with what is missing.
    pub fn undecided(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.findings
            .iter()
            .filter_map(|finding| Some((finding.rule, finding.undecided.as_deref()?)))
    }

    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.found()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    /// The reasons that keep a drain from beginning until they are set aside.
    pub fn grave(&self) -> impl Iterator<Item = Grave> + '_ {
        let sequence = self.trouble.iter().map(|trouble| Grave {
            rule: None,
            text: trouble.clone(),
        });
        let graver = self.found().filter(|finding| is_grave(finding));
        sequence.chain(graver.map(|finding| Grave {
            rule: Some(finding.rule),
            text: told(finding),
        }))
    }

    /// Warnings before a drain without a screen, one a line.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        let above = |finding: &&Finding| finding.severity > Severity::Info;
        self.found().filter(above).map(told)
    }

    /// The record of this look for a drain that begins now: every grave finding was set aside
    /// for it to begin.
    pub fn checked(&self, sequence_from: &str) -> Event {
        let row = |finding: &Finding| CheckedFinding {
            rule: finding.rule.into(),
            severity: finding.severity.word().into(),
            message: finding.message.clone(),
            from: finding.from.as_ref().map(ToString::to_string),
            set_aside: is_grave(finding),
        };
        Event::Checked {
            sequence_from: Some(sequence_from.to_owned()),
            trouble: self.trouble.clone(),
            findings: self.found().map(row).collect(),
        }
    }
}

/// Whether a finding keeps a drain from beginning until it is set aside.
fn is_grave(finding: &Finding) -> bool {
    finding.severity == Severity::Error && !FORCED.contains(&finding.rule)
}

/// `D01 The sequence kills …, at .cloud66/manifest.yml:3`.
fn told(finding: &Finding) -> String {
    let message = finding.message.trim_end_matches('.');
    match &finding.from {
        Some(place) => format!("{} {message} (at {place})", finding.rule),
        None => format!("{} {message}", finding.rule),
    }
}
