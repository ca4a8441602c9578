//! Whether the stop of a container, a supervisor or a platform reaches Sidekiq at all. If a shell,
//! a hook or the wrong signal stands in the way, the time before KILL is none for Sidekiq.

use std::fmt;
use std::time::Duration;

use super::behaviour::FirstSignal;
use super::facts::{Facts, Stopper};
use super::stop_command::{AfterTerm, Runner, SentSignal};
use crate::core::layers::Layer;
use crate::core::layers::command_line::{CommandLine, Wrapper};
use crate::core::sequence::{Consequence, Signal};

/// A reason why Sidekiq cannot use the time that a tool gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// `preStop` runs this command first, and it ends Sidekiq at once.
    Hook(String),
    /// The stop begins with this signal, which ends Sidekiq at once.
    FatalSignal(String),
    /// The stop begins with this signal, which makes no Sidekiq stop. KILL comes so long after it.
    DeafSignal(String, Option<Duration>),
    /// TERM goes to a shell in front of Sidekiq.
    Shell {
        /// The consequence of that.
        then: String,
        /// Whether every shell stays in front. If not, bash makes room for Sidekiq and dash
        /// does not.
        is_certain: bool,
    },
}

impl Unheard {
    /// Whether it is so in any case.
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Shell { is_certain, .. } => *is_certain,
            Self::Hook(_) | Self::FatalSignal(_) | Self::DeafSignal(..) => true,
        }
    }
}

impl fmt::Display for Unheard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook(command) => write!(
                out,
                "every job that runs is lost before TERM: preStop runs `{command}`"
            ),
            Self::FatalSignal(signal) => write!(
                out,
                "every job that runs is lost at once: the stop begins with {signal}, and that ends Sidekiq"
            ),
            Self::DeafSignal(signal, Some(after)) => write!(
                out,
                "a job that still runs after {} s is lost: the stop begins with {signal}, and that makes no Sidekiq stop",
                after.as_secs_f64()
            ),
            Self::DeafSignal(signal, None) => write!(
                out,
                "the stop begins with {signal}, and that makes no Sidekiq stop"
            ),
            Self::Shell {
                then,
                is_certain: true,
            } => write!(out, "TERM goes to a shell in front of Sidekiq. {then}"),
            Self::Shell {
                then,
                is_certain: false,
            } => write!(
                out,
                "drawn for an sh that is bash, which makes room for Sidekiq. Where it is dash (Debian, Ubuntu), TERM goes to the shell. {then}"
            ),
        }
    }
}

impl Facts {
    /// The reason why Sidekiq cannot use the time that this tool gives it; `None` if it hears of
    /// the stop.
    pub fn unheard(&self, stopper: &Stopper) -> Option<Unheard> {
        self.fatal_hook(stopper)
            .map(|sent| Unheard::Hook(sent.command.to_owned()))
            .or_else(|| wrong_signal(stopper))
            .or_else(|| self.shell_in_front(stopper))
    }

    /// The command of `preStop` that ends Sidekiq before TERM, or before its timeout is over.
    fn fatal_hook(&self, stopper: &Stopper) -> Option<SentSignal<'_>> {
        let version = self.sidekiq.version;
        let timeout = self.timeout_of(stopper).timeout.span;
        let is_its = |runner: &Runner| *runner == Runner::PreStop(stopper.scope.clone());
        let hooks = self.commands.iter().filter(|hook| is_its(&hook.runner));
        let mut sent = hooks.flat_map(|hook| hook.signals(version));
        sent.find(|sent| {
            let ends = matches!(
                sent.signal.consequence(version),
                Consequence::Kills | Consequence::Destroys
            );
            // The kernel keeps KILL from the first process of a container.
            let is_kept = sent.signal == Signal::Kill
                && sent.to.is_some_and(super::Receiver::is_first_of_container);
            let is_over = matches!(sent.after_term, AfterTerm::Known(after) if after >= timeout);
            ends && !is_kept && !is_over
        })
    }

    /// The shell in front of Sidekiq that gets the TERM of this tool.
    pub(super) fn shell_in_front(&self, stopper: &Stopper) -> Option<Unheard> {
        let line = self.line_of(self.known_of(stopper)?)?;
        let is_certain = match line.wrapper {
            Wrapper::ShellStays => true,
            // Of these dash stays in front of Sidekiq, and bash does not; which one is `sh` is the
            // image's matter.
            Wrapper::Shell => false,
            Wrapper::None | Wrapper::Unknown => return None,
        };
        let then = behind_a_shell(stopper, line)?;
        Some(Unheard::Shell { then, is_certain })
    }
}

fn wrong_signal(stopper: &Stopper) -> Option<Unheard> {
    let written = stopper.signal.as_ref()?.value.as_text()?.to_owned();
    match FirstSignal::read(&written) {
        FirstSignal::Stops | FirstSignal::NotKnown => None,
        FirstSignal::Destroys => Some(Unheard::FatalSignal(written)),
        FirstSignal::Quiets | FirstSignal::PassedOver => {
            Some(Unheard::DeafSignal(written, stopper.after_term()))
        }
    }
}

/// The consequence when a shell gets the TERM of this tool; `None` where every process gets it.
fn behind_a_shell(stopper: &Stopper, line: &CommandLine) -> Option<String> {
    if matches!(stopper.layer, Layer::Supervisord | Layer::S6) {
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
        "As the first process of its container that shell ignores TERM: Sidekiq never hears of the stop and is killed{limit} with all its jobs (behind an init, as `init: true` or tini, the shell dies of TERM, and the container ends at once with all jobs)"
    ))
}

#[cfg(test)]
mod tests {
    use crate::core::check::tests::facts_of;

    /// What stands in the way of each tool's stop in a file, or `hears`.
    fn shown(path: &str, text: &str) -> Vec<String> {
        let facts = facts_of(path, text);
        let all = facts.stoppers.iter().map(|stopper| facts.unheard(stopper));
        all.map(|one| one.map_or_else(|| "hears".into(), |one| one.to_string()))
            .collect()
    }

    #[test]
    fn a_stop_that_sidekiq_does_not_hear_of_is_told_by_its_cause() {
        let service = |lines: &str| format!("services:\n  jobs:\n    command: {lines}\n");
        for (lines, begins) in [
            ("sidekiq", "hears"),
            ("sidekiq\n    stop_signal: SIGINT", "hears"),
            (
                "sidekiq\n    stop_signal: SIGQUIT",
                "every job that runs is lost at once: the stop begins with SIGQUIT",
            ),
            (
                "sidekiq\n    stop_signal: SIGTSTP",
                "a job that still runs after 10 s is lost: the stop begins with SIGTSTP",
            ),
            (
                "sh -c 'sidekiq | tee log'",
                "TERM goes to a shell in front of Sidekiq",
            ),
            ("sh -c 'exec sidekiq'", "hears"),
            (
                "sh -c sidekiq",
                "drawn for an sh that is bash, which makes room for Sidekiq",
            ),
        ] {
            let shown = shown("compose.yaml", &service(lines));
            assert!(
                shown.len() == 1 && shown[0].starts_with(begins),
                "{lines}: {shown:?}"
            );
        }
    }

    #[test]
    fn a_shell_below_a_supervisor_dies_of_term_and_one_of_upstart_does_not_matter() {
        let program = "[program:jobs]\ncommand=sh -c 'sidekiq | tee log'\n";
        let under = shown("supervisord.conf", program);
        assert!(
            under.len() == 1 && under[0].contains("The shell dies of it"),
            "{under:?}"
        );
        let job = "start on runlevel [2345]\nexec sh -c 'sidekiq | tee log'\n";
        assert_eq!(shown("etc/init/jobs.conf", job), ["hears"]);
    }

    #[test]
    fn a_hook_that_ends_sidekiq_comes_before_term() {
        let pod = |hook: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: jobs\n    command: [sidekiq]\n    lifecycle: {{preStop: {{exec: {{command: [sh, -c, \"{hook}\"]}}}}}}\n"
            )
        };
        for (hook, expected) in [
            ("kill -TSTP 1; sleep 3", "hears"),
            // The kernel keeps it from the first process.
            ("kill -9 1", "hears"),
            ("kill -TERM 1; sleep 25; pkill -9 ruby", "hears"),
            (
                "kill -TERM 1; sleep 24; pkill -9 ruby",
                "every job that runs is lost before TERM: preStop runs `pkill -9 ruby`",
            ),
            (
                "pkill -USR1 ruby",
                "every job that runs is lost before TERM: preStop runs `pkill -USR1 ruby`",
            ),
        ] {
            assert_eq!(shown("k8s/jobs.yaml", &pod(hook)), [expected], "{hook}");
        }
    }
}
