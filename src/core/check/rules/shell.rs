//! D56: a shell between a container's or a supervisor's TERM and Sidekiq.

use super::super::facts::{Facts, Stopper};
use super::super::finding::{Rule, Ruling, Severity};
use crate::core::layers::Layer;
use crate::core::layers::command_line::{CommandLine, Wrapper};

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

fn shell_gets_term(facts: &Facts, ruling: &mut Ruling<'_>) {
    if facts.stoppers.is_empty() {
        ruling.undecided("no container and no supervisor that runs Sidekiq is known");
    }
    for stopper in &facts.stoppers {
        let Some(one) = facts.known_of(stopper) else {
            continue;
        };
        let Some(line) = facts.line_of(one) else {
            continue;
        };
        let Some(then) = consequence(stopper, line) else {
            continue;
        };
        // Of these dash stays in front of Sidekiq, and bash does not; which one is `sh` is the
        // image's matter.
        let severity = match line.wrapper {
            Wrapper::Shell => Severity::Warning,
            Wrapper::ShellStays if stopper.layer == Layer::Supervisord => Severity::Warning,
            Wrapper::ShellStays => Severity::Error,
            Wrapper::None | Wrapper::Unknown => continue,
        };
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("who", &stopper.title()), ("then", &then)];
        ruling.fires_as(severity, Some(&one.from), &values);
    }
}

/// The consequence when a shell gets the TERM of this tool; `None` where every process gets it.
fn consequence(stopper: &Stopper, line: &CommandLine) -> Option<String> {
    if stopper.layer == Layer::Supervisord {
        return Some("The shell dies of it, and Sidekiq runs on beside the new one (stopasgroup=true would reach it, too)".into());
    }
    if matches!(
        stopper.layer,
        Layer::Heroku | Layer::Upstart | Layer::Foreman
    ) {
        return None;
    }
    if let Some(trap) = &line.trap {
        return Some(format!(
            "It runs `{trap}` then, and that does not both hand TERM on and wait: the shell ends, and with it the container and all jobs, or Sidekiq never hears of the stop"
        ));
    }
    let limit = stopper.limit.value.span();
    let limit = limit.map_or_else(String::new, |span| {
        format!(" after {} s", span.as_secs_f64())
    });
    Some(format!(
        "As the first process of a container a shell passes TERM over: Sidekiq never hears of the stop and is killed{limit} with all its jobs"
    ))
}
