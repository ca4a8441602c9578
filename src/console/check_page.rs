//! The findings of the check for the processes that would be drained: the page, and the
//! few words of the header. Nothing is decided here.

use super::page_line::{LineWeight, PageLine};
use super::words::{count, few};
use crate::core::check::{Finding, Severity, explain};
use crate::core::preflight::PlanSeen;
use crate::core::session::Session;

/// Names of targets that are spelled out.
const NAMED: usize = 8;

/// The result of the check in a few words with their weight; `None` while there is no process to
/// drain.
pub fn check_words(session: &Session) -> Option<(LineWeight, String)> {
    if session.preflight.targets(&session.fleet).is_empty() && session.active_run().is_none() {
        return None;
    }
    let (weight, words) = in_numbers(&session.preflight.seen);
    Some((weight, format!("check: {words}")))
}

/// `1 error, 2 warnings`, with the weight of the gravest.
fn in_numbers(seen: &PlanSeen) -> (LineWeight, String) {
    let mut words = Vec::new();
    if seen.trouble.is_some() {
        words.push("no sequence settled".to_owned());
    }
    let counted = [
        (Severity::Error, "error", LineWeight::Bad),
        (Severity::Warning, "warning", LineWeight::Warn),
    ];
    let mut weight = LineWeight::Faint;
    for (severity, noun, of) in counted.into_iter().rev() {
        let number = seen.count(severity) as u64;
        if number > 0 {
            weight = of;
            words.insert(usize::from(seen.trouble.is_some()), count(number, noun));
        }
    }
    if seen.trouble.is_some() {
        weight = LineWeight::Bad;
    }
    if words.is_empty() {
        return (LineWeight::Faint, "no warnings".into());
    }
    (weight, words.join(", "))
}

/// The lines of the page.
pub(super) fn lines(session: &Session) -> Vec<PageLine> {
    let seen = &session.preflight.seen;
    let (weight, words) = in_numbers(seen);
    let mut lines = vec![PageLine::new(
        weight,
        format!("The check of this drain: {words}"),
    )];
    lines.extend(about(session));
    if let Some(trouble) = &seen.trouble {
        lines.push(PageLine {
            weight: LineWeight::Bad,
            ..PageLine::fact("not settled", trouble.clone())
        });
    }
    if let Some(asked) = asked(session) {
        lines.push(PageLine::fact("to begin", asked));
    }
    let mut explained = Vec::new();
    for finding in seen.found() {
        lines.push(PageLine::gap());
        lines.extend(told(finding));
        // Once a rule, however many processes it speaks of.
        if !explained.contains(&finding.rule) {
            explained.push(finding.rule);
            lines.extend(why(finding.rule));
        }
    }
    lines.extend(undecided(seen));
    lines
}

/// The rules that could not be decided, by what is missing.
fn undecided(seen: &PlanSeen) -> Vec<PageLine> {
    let mut missing: Vec<(&str, Vec<&str>)> = Vec::new();
    for (rule, why) in seen.undecided() {
        match missing.iter_mut().find(|(known, _)| *known == why) {
            Some((_, rules)) => rules.push(rule),
            None => missing.push((why, vec![rule])),
        }
    }
    if missing.is_empty() {
        return Vec::new();
    }
    let heading = [PageLine::gap(), PageLine::heading("Not checked")];
    let lines = missing.into_iter().map(|(why, mut rules)| {
        rules.sort_unstable();
        rules.dedup();
        PageLine::new(LineWeight::Faint, format!("{}: {why}", rules.join(", ")))
    });
    heading.into_iter().chain(lines).collect()
}

/// Why a rule matters.
fn why(rule: &str) -> Option<PageLine> {
    let row = explain(rule)?;
    Some(PageLine {
        weight: LineWeight::Faint,
        ..PageLine::fact("  why", row.explanation)
    })
}

/// The subject of the check: which processes, and which sequence from where.
fn about(session: &Session) -> Vec<PageLine> {
    let targets = match session.active_run() {
        Some(run) => run
            .ledger()
            .targets()
            .iter()
            .map(|target| target.key.clone())
            .collect(),
        None => session.preflight.targets(&session.fleet),
    };
    let names: Vec<String> = targets.iter().map(|id| session.name_of(id)).collect();
    let whom = if names.is_empty() {
        "no process: none here is chosen".to_owned()
    } else {
        let number = count(names.len() as u64, "process");
        format!("{number}: {}", few(&names, NAMED))
    };
    let setting = &session.setting;
    vec![
        PageLine::fact("for", whom),
        PageLine::fact("sequence", setting.plan.sequence.to_string()),
        PageLine::fact("found in", setting.sequence_from.0.clone()),
    ]
}

/// The friction of a beginning where a finding is grave.
fn asked(session: &Session) -> Option<&'static str> {
    if session.active_run().is_some() {
        return None;
    }
    match session.preflight.seen.grave().count() {
        0 => None,
        1 => Some("the error must be typed out before the first signal"),
        _ => Some("the number of errors must be typed out before the first signal"),
    }
}

/// A finding: what, and where.
fn told(finding: &Finding) -> Vec<PageLine> {
    let weight = match finding.severity {
        Severity::Error => LineWeight::Bad,
        Severity::Warning => LineWeight::Warn,
        Severity::Info => LineWeight::Plain,
    };
    let label = format!("{} {}", finding.rule, finding.severity);
    let mut lines = vec![PageLine {
        weight,
        ..PageLine::fact(&label, finding.message.clone())
    }];
    if let Some(place) = &finding.from {
        lines.push(PageLine::fact("  at", place.to_string()));
    }
    lines
}
