//! D58, D60 and D61: the label by which a process publishes its own timeout: in the code that
//! sets it, and on running processes.

use super::super::effective::{Effective, effective_timeout};
use super::super::facts::{Facts, PublishedTimeout};
use super::super::finding::{Rule, RuleRun, Severity};
use super::number;
use crate::core::layers::initializer;
use crate::core::sequence::TimeoutLabel;

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D58",
        severity: Severity::Warning,
        condition: "a label states another timeout than the one that holds",
        message: "The label timeout={N} at {place} contradicts {T} s, the timeout of {who} ({origin}). The latter holds, but drainboard and Sidekiq's web page show the label of a running process: publish settings[:timeout] itself.",
        explanation: "A process may publish its timeout as the label timeout=N, and drainboard then takes N for its T. A number that is written there by hand stays behind when the timeout changes.",
        source: "drainboard; Sidekiq lib/sidekiq/launcher.rb (labels)",
        decide: label_contradicts,
    },
    Rule {
        id: "D60",
        severity: Severity::Warning,
        condition: "a running process publishes another timeout than is stated for it",
        message: "{who} publishes timeout={N} as its label, and {T} s is stated for it ({origin}). {holds}",
        explanation: "The label timeout=N of a running process is what that process itself read at its start. A file that says otherwise was changed since, or is not the one that it reads. --timeout beats the label; the configuration of drainboard does not.",
        source: "drainboard; Sidekiq lib/sidekiq/launcher.rb (labels)",
        decide: running_differs,
    },
    Rule {
        id: "D61",
        severity: Severity::Warning,
        condition: "the label of a running process about its timeout cannot be used",
        message: "{who} has the label {label}: it states no seconds, so it is not used.",
        explanation: "A process may publish its timeout as the label timeout=N, with N seconds above 0. Several labels that differ state nothing either.",
        source: "drainboard; Sidekiq lib/sidekiq/launcher.rb (labels)",
        decide: label_is_unusable,
    },
];

fn label_contradicts(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let labels = || {
        let all = facts.sidekiq.timeouts.iter();
        all.filter(|located| {
            located.setting == initializer::LABEL && located.value.span().is_some()
        })
    };
    if labels().next().is_none() {
        return ruling.undecided("no label that states a timeout is known");
    }
    let named = facts.known.iter();
    let mut all: Vec<(&str, Effective)> = named
        .map(|one| (one.name.as_str(), one.timeout(facts)))
        .collect();
    if all.is_empty() {
        all.push(("Sidekiq", effective_timeout(&facts.sidekiq, None)));
    }
    for label in labels() {
        let mut told = Vec::new();
        for (who, effective) in &all {
            if let Some(why) = &effective.unread {
                ruling.undecided(why.clone());
                continue;
            }
            let timeout = &effective.timeout;
            let origin = super::after_term::origin(timeout);
            if label.value.span() == Some(timeout.span) || told.contains(&origin) {
                continue;
            }
            let stated = label.value.span().unwrap_or_default();
            let values: [(&str, &dyn std::fmt::Display); 5] = [
                ("N", &number(stated)),
                ("place", &label.from),
                ("T", &number(timeout.span)),
                ("who", who),
                ("origin", &origin),
            ];
            ruling.fires(Some(&label.from), &values);
            told.push(origin);
        }
    }
}

fn published<'a>(facts: &'a Facts, ruling: &mut RuleRun<'_>) -> &'a [PublishedTimeout] {
    let published = facts.sidekiq.published.as_deref();
    published.unwrap_or_else(|| {
        ruling.undecided("no running process was looked at");
        &[]
    })
}

fn running_differs(facts: &Facts, ruling: &mut RuleRun<'_>) {
    for one in published(facts, ruling) {
        let Some((label, stated)) = one.label.span().zip(one.stated.as_ref()) else {
            continue;
        };
        if stated.is_assumed() || label == stated.span {
            continue;
        }
        let holds = if stated.is_by_flag() {
            "The flag holds here, but the process interrupts its jobs by what it publishes."
        } else {
            "The label holds."
        };
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("who", &one.who),
            ("N", &number(label)),
            ("T", &number(stated.span)),
            ("origin", &super::after_term::origin(stated)),
            ("holds", &holds),
        ];
        ruling.fires(None, &values);
    }
}

fn label_is_unusable(facts: &Facts, ruling: &mut RuleRun<'_>) {
    for one in published(facts, ruling) {
        match &one.label {
            TimeoutLabel::Unusable(written) => {
                ruling.fires(None, &[("who", &one.who), ("label", written)]);
            }
            TimeoutLabel::Absent | TimeoutLabel::States(_) => {}
        }
    }
}
