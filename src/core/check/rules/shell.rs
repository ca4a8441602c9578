//! D56: a shell between a container's or a supervisor's TERM and Sidekiq.

use super::super::facts::Facts;
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::unheard::Unheard;
use crate::core::layers::Layer;

/// The rows.
pub(super) static RULES: &[Rule] = &[Rule {
    id: "D56",
    severity: Severity::Warning,
    condition: "a shell without exec starts Sidekiq, and TERM goes to that shell",
    message: "{who}: a shell without exec starts Sidekiq, and TERM goes to that shell. {then}. Use exec.",
    explanation: "The first process of a container ignores TERM unless it has a handler for it, and a shell has none. Sidekiq then never hears of the stop, and is killed with all its jobs when the time is over. A shell that is not the first process dies of TERM and leaves Sidekiq without a parent. `exec` puts Sidekiq in the shell's place.",
    source: "pid_namespaces(7); Docker reference, CMD; measured with dash 0.5.12",
    decide: shell_gets_term,
}];

fn shell_gets_term(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.stoppers.is_empty() {
        ruling.undecided("no container and no supervisor that runs Sidekiq is known");
    }
    for stopper in &facts.stoppers {
        let Some(one) = facts.known_of(stopper) else {
            continue;
        };
        let Some(Unheard::Shell { then, is_certain }) = facts.shell_in_front(stopper) else {
            continue;
        };
        let severity = if is_certain && stopper.layer != Layer::Supervisord {
            Severity::Error
        } else {
            Severity::Warning
        };
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("who", &stopper.title()), ("then", &then)];
        ruling.fires_as(severity, Some(&one.from), &values);
    }
}
