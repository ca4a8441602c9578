//! What the lint had found when a drain began, as its journal has it: the findings of the
//! preflight and what was set aside. It judges nothing again.

use serde::{Deserialize, Serialize};

use super::library::Past;
use super::line::Happened;
use crate::core::clean::clean;

/// Longest text of a journal in one line.
const LONGEST: usize = 500;

/// One finding, as a line of a journal has it and as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: String,
    /// `error`, `warning` or `info`.
    #[serde(default)]
    pub severity: String,
    /// In an operator's words.
    #[serde(default)]
    pub message: String,
    /// File and line of the cause, if there is one.
    #[serde(default)]
    pub from: Option<String>,
    /// Whether it would have kept the drain from beginning, and somebody let it begin.
    #[serde(default)]
    pub set_aside: bool,
}

impl Finding {
    /// `D01 error, set aside: KILL comes … (config/sidekiq.yml:3)`.
    pub fn words(&self) -> String {
        let aside = if self.set_aside { ", set aside" } else { "" };
        let from = self.from.as_ref().map(|from| format!(" ({from})"));
        format!(
            "{} {}{aside}: {}{}",
            self.rule,
            self.severity,
            self.message,
            from.unwrap_or_default()
        )
    }
}

/// The preflight of a drain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    /// Where the sequence was found.
    pub(super) sequence_from: Option<String>,
    /// The findings, the gravest first; `None` where nobody looked, or that was not recorded.
    pub(super) findings: Option<Vec<Finding>>,
    /// Why the sequence that the targets ask for was not taken.
    pub(super) trouble: Option<String>,
}

impl Checked {
    /// The one that stands in `past`.
    pub(super) fn of(past: &Past) -> Self {
        let found = past.lines.iter().find_map(|line| {
            let Happened::Checked {
                sequence_from,
                trouble,
                findings,
            } = &line.happened
            else {
                return None;
            };
            let text = |text: &Option<String>| text.as_deref().map(|text| clean(text, LONGEST));
            let shown = findings.iter().map(|finding| Finding {
                rule: clean(&finding.rule, 20),
                severity: clean(&finding.severity, 20),
                message: clean(&finding.message, LONGEST),
                from: text(&finding.from),
                set_aside: finding.set_aside,
            });
            Some(Self {
                sequence_from: text(sequence_from),
                findings: Some(shown.collect()),
                trouble: text(trouble),
            })
        });
        found.unwrap_or_default()
    }
}
