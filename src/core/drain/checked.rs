//! What the lint found before a drain's first signal, as the record of the drain keeps it. It
//! judges nothing: what is grave was decided before.

use std::fmt;

use serde::Serialize;

/// One finding of the lint that concerned the drain when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedFinding {
    /// Which rule: `D01`.
    pub rule: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// In an operator's words.
    pub message: String,
    /// File and line of the cause, if there is one.
    pub from: Option<String>,
    /// Whether it would have kept the drain from beginning, and somebody let it begin all the
    /// same: by `--despite`, or by typing it out on the screen.
    pub set_aside: bool,
}

/// The line for people: `check: D01 set aside; 1 error, 2 warnings`.
pub(super) fn write(
    formatter: &mut fmt::Formatter<'_>,
    findings: &[CheckedFinding],
    trouble: Option<&str>,
) -> fmt::Result {
    formatter.write_str("check: ")?;
    if let Some(trouble) = trouble {
        write!(formatter, "set aside: {trouble}; ")?;
    }
    let aside = findings.iter().filter(|finding| finding.set_aside);
    let mut aside: Vec<&str> = aside.map(|finding| finding.rule).collect();
    aside.dedup();
    if !aside.is_empty() {
        write!(formatter, "{} set aside; ", aside.join(", "))?;
    }
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
    if counts.is_empty() {
        return formatter.write_str("nothing found");
    }
    formatter.write_str(&counts.join(", "))
}
