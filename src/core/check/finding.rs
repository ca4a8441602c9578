//! The types of a rule and of a finding. The rows themselves stand in `rules`.

use std::fmt;

use super::facts::Facts;
use crate::core::layers::FilePlace;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A risk.
    Warning,
    /// Jobs will be lost, or the plan cannot work.
    Error,
}

impl Severity {
    /// The word for tables, flags and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Rule {
    /// `D01` to `D61`.
    pub id: &'static str,
    /// How much it matters, unless the case is a graver one.
    pub severity: Severity,
    /// When it speaks, in words.
    pub condition: &'static str,
    /// The message; `{names}` are filled in.
    pub message: &'static str,
    /// Why that matters and what to do.
    pub explanation: &'static str,
    /// Where the fact comes from.
    pub source: &'static str,
    /// Whether it holds.
    pub(super) decide: fn(&Facts, &mut RuleRun<'_>),
}

/// A finding, or a rule that could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// In an operator's words. Empty when undecided.
    pub message: String,
    /// Where the cause is written.
    pub from: Option<FilePlace>,
    /// Why the rule could not be decided; then this is no finding, and shown on request only.
    pub undecided: Option<String>,
}

impl Finding {
    /// Whether the rule was decided, and spoke.
    pub fn is_decided(&self) -> bool {
        self.undecided.is_none()
    }
}

/// The findings of a rule while it is asked.
pub(super) struct RuleRun<'a> {
    rule: &'static Rule,
    findings: &'a mut Vec<Finding>,
}

impl<'a> RuleRun<'a> {
    /// Lets `rule` write its findings to `findings`.
    pub(super) fn new(rule: &'static Rule, findings: &'a mut Vec<Finding>) -> Self {
        Self { rule, findings }
    }

    /// The severity of the row.
    pub(super) fn severity(&self) -> Severity {
        self.rule.severity
    }

    /// The rule speaks.
    pub(super) fn fires(&mut self, from: Option<&FilePlace>, values: &[(&str, &dyn fmt::Display)]) {
        self.fires_as(self.rule.severity, from, values);
    }

    /// The rule speaks, at this severity.
    pub(super) fn fires_as(
        &mut self,
        severity: Severity,
        from: Option<&FilePlace>,
        values: &[(&str, &dyn fmt::Display)],
    ) {
        self.findings.push(Finding {
            rule: self.rule.id,
            severity,
            message: fill(self.rule.message, values),
            from: from.cloned(),
            undecided: None,
        });
    }

    /// A fact is missing.
    pub(super) fn undecided(&mut self, why: impl Into<String>) {
        let why = why.into();
        let known = |finding: &Finding| {
            finding.rule == self.rule.id && finding.undecided.as_ref() == Some(&why)
        };
        if self.findings.iter().any(known) {
            return;
        }
        self.findings.push(Finding {
            rule: self.rule.id,
            severity: self.rule.severity,
            message: String::new(),
            from: None,
            undecided: Some(why),
        });
    }
}

/// Fills a template: `{name}` becomes the value of that name.
fn fill(template: &str, values: &[(&str, &dyn fmt::Display)]) -> String {
    let mut filled = String::with_capacity(template.len() + 40);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let value = values.iter().find(|(known, _)| *known == name);
        filled
            .push_str(&value.map_or_else(|| format!("{{{name}}}"), |(_, value)| value.to_string()));
        rest = after;
    }
    filled.push_str(rest);
    filled
}
