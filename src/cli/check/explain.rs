//! `check --explain RULE`: one row of the table of rules as text.

use crate::cli::Failure;
use crate::core::check::{explain, rules};
use crate::core::clean::clean;
use crate::core::sequence::nearest;

/// The rule for people.
pub(super) fn explained(rule: &str) -> Result<String, Failure> {
    let Some(row) = explain(rule.trim()) else {
        return Err(Failure::Usage(unknown(rule)));
    };
    Ok(format!(
        "{} ({})  when {}\n\n  says: {}\n\n  {}\n\n  source: {}\n",
        row.id, row.severity, row.condition, row.message, row.explanation, row.source
    ))
}

/// The ids of rules that are named by an option.
pub(in crate::cli) fn rules_named(
    option: &str,
    names: &[String],
) -> Result<Vec<&'static str>, Failure> {
    let read = |name: &String| {
        let row = explain(name.trim());
        let id = row.map(|row| row.id);
        id.ok_or_else(|| Failure::Usage(format!("{option}: {}", unknown(name))))
    };
    names.iter().map(read).collect()
}

/// Names the rule that was probably meant.
fn unknown(rule: &str) -> String {
    let upper = rule.trim().to_ascii_uppercase();
    let meant = nearest(&upper, rules().map(|row| row.id))
        .map(|id| format!(": did you mean `{id}`?"))
        .unwrap_or_default();
    format!(
        "`{}` is no rule; there are D01 to D57{meant}",
        clean(rule, 40)
    )
}
