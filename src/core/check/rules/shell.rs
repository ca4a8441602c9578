//! D56: a shell between a container's or a supervisor's TERM and Sidekiq.

use super::super::facts::{Facts, KnownSidekiq};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::unheard::Unheard;
use crate::core::layers::Layer;
use crate::core::layers::command_line::Wrapper;

/// The rows.
pub(super) static RULES: &[Rule] = &[Rule {
    id: "D56",
    severity: Severity::Warning,
    condition: "a shell without exec starts Sidekiq, and TERM goes to that shell",
    message: "{who}: a shell without exec starts Sidekiq, and TERM goes to that shell. {then}. Use exec.",
    explanation: "The first process of a container ignores TERM unless it has a handler for it, and a shell has none. Sidekiq then never hears of the stop, and is killed with all its jobs when the time is over. A shell that is not the first process dies of TERM: behind an init (`init: true`, tini) the container then ends at once with all jobs, elsewhere Sidekiq is left without a parent. `exec` puts Sidekiq in the shell's place.",
    source: "pid_namespaces(7); Docker reference, CMD; measured with dash 0.5.12",
    decide: shell_gets_term,
}];

fn shell_gets_term(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.stoppers.is_empty() && !facts.known.iter().any(is_run_script) {
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
    for one in facts.known.iter().filter(|one| is_run_script(one)) {
        let line = facts.line_of(one);
        let has_stopper = facts
            .stoppers
            .iter()
            .any(|stopper| stopper.scope == one.name);
        if !has_stopper && line.is_some_and(|line| line.wrapper == Wrapper::ShellStays) {
            let then = "The shell dies of it, and Sidekiq runs on beside the new one";
            let values: [(&str, &dyn std::fmt::Display); 2] = [("who", &one.name), ("then", &then)];
            ruling.fires(Some(&one.from), &values);
        }
    }
}

/// Whether a script is the `run` of a service of runit or s6, which send TERM to it alone.
fn is_run_script(one: &KnownSidekiq) -> bool {
    let mut parts = one.from.file.rsplit('/');
    let is_run = parts
        .next()
        .is_some_and(|name| name == "run" || name.starts_with("run."));
    let folder = parts.nth(1).unwrap_or_default();
    let folders = ["runit", "s6-rc.d", "service", "services.d", "sv"];
    one.layer == Layer::Script && is_run && folders.contains(&folder)
}
