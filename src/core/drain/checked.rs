//! The findings of the lint before a drain's first signal, as the record of the drain keeps it. It
//! judges nothing: what is grave was decided before.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A finding of the lint that concerned the drain when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedFinding {
    /// Which rule: `D01`.
    pub rule: Cow<'static, str>,
    /// `error`, `warning` or `info`.
    #[serde(default)]
    pub severity: Cow<'static, str>,
    /// In an operator's words.
    #[serde(default)]
    pub message: String,
    /// File and line of the cause, if there is one.
    pub from: Option<String>,
    /// Whether it would have kept the drain from beginning, and the operator let it begin all the
    /// same: by `--despite`, or by typing it out on the screen.
    #[serde(default)]
    pub set_aside: bool,
}

impl CheckedFinding {
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

/// The line for people: `check: D01 set aside; 1 error, 2 warnings`.
pub(super) fn summary(findings: &[CheckedFinding], trouble: Option<&str>) -> String {
    let trouble = trouble.map(|trouble| format!("set aside: {trouble}; "));
    let aside = findings.iter().filter(|finding| finding.set_aside);
    let mut aside: Vec<&str> = aside.map(|finding| finding.rule.as_ref()).collect();
    aside.dedup();
    let aside = match aside.as_slice() {
        [] => String::new(),
        some => format!("{} set aside; ", some.join(", ")),
    };
    let mut counts = Vec::new();
    for severity in ["error", "warning"] {
        let number = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        match number {
            0 => {}
            1 => counts.push(format!("1 {severity}")),
            several => counts.push(format!("{several} {severity}s")),
        }
    }
    let counts = match counts.as_slice() {
        [] => "no warnings".into(),
        some => some.join(", "),
    };
    format!("check: {}{aside}{counts}", trouble.unwrap_or_default())
}
