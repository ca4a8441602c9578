//! Containers that `docker run` and `podman run` start with a Sidekiq in them: the name under which a
//! later `docker stop` reaches them, how long that waits, and the signal that it begins with.

use std::time::Duration;

use super::programs::{name, option, signal, unwrapped};
use super::{DEEPEST, Receiver, ShellAct, shell, span};
use crate::core::layers::command_line::starts_sidekiq;
use crate::core::sequence::Signal;

/// A container that runs a Sidekiq.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::core::check) struct SidekiqContainer {
    /// `--name`.
    name: Option<String>,
    /// `--stop-timeout`: how long a stop waits that does not say so itself.
    wait: Option<Duration>,
    /// `--stop-signal`, where that does not stop a Sidekiq.
    signal: Option<Signal>,
}

/// The containers with a Sidekiq that a command starts.
pub(in crate::core::check) fn containers(command: &str) -> Vec<SidekiqContainer> {
    let mut found = Vec::new();
    started(command, 0, &mut found);
    found
}

fn started(text: &str, depth: usize, found: &mut Vec<SidekiqContainer>) {
    for command in shell::commands(text) {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        let words = unwrapped(&words);
        if let [text] = words
            && text.contains(' ')
            && depth < DEEPEST
        {
            started(text, depth + 1, found);
        } else if is_tool(words)
            && words.iter().any(|word| matches!(*word, "run" | "create"))
            && starts_sidekiq(&words.join(" "))
        {
            let own = option(words, &["--stop-signal"]).and_then(signal);
            found.push(SidekiqContainer {
                name: option(words, &["--name"]).map(str::to_owned),
                wait: option(words, &["--stop-timeout"]).and_then(span),
                signal: own.filter(|signal| !signal.stops()),
            });
        }
    }
}

fn is_tool(words: &[&str]) -> bool {
    let first = words.first().map(|word| name(word));
    matches!(first, Some("docker" | "podman" | "nerdctl"))
}

impl SidekiqContainer {
    /// Whether a command stops this container by its name, or whatever it stops where a unit runs
    /// nothing else.
    fn is_reached(&self, words: &[&str], is_whole_unit: bool) -> bool {
        let named = |name: &String| words.iter().any(|word| word == name);
        is_whole_unit || self.name.as_ref().is_some_and(named)
    }

    /// The acts on this container that follow from `act`, which reaches it.
    fn reached(&self, act: ShellAct, words: &[&str]) -> Vec<ShellAct> {
        let to = || Receiver::Container(words.join(" "));
        match act {
            ShellAct::Sends {
                signal, command, ..
            } => vec![ShellAct::Sends {
                signal,
                to: to(),
                command,
            }],
            ShellAct::Stops {
                within, command, ..
            } => {
                let is_stated = option(words, &["-t", "--time", "--timeout"]).is_some();
                let own = self.wait.filter(|_| !is_stated);
                let within = own.unwrap_or(within);
                let sends = |signal| ShellAct::Sends {
                    signal,
                    to: to(),
                    command: command.clone(),
                };
                match self.signal {
                    Some(first) => vec![sends(first), ShellAct::Waits(within), sends(Signal::Kill)],
                    None => vec![ShellAct::Stops {
                        within,
                        to: to(),
                        command,
                    }],
                }
            }
            other @ (ShellAct::Waits(_)
            | ShellAct::Runs(_)
            | ShellAct::Sidekiqctl { .. }
            | ShellAct::StopsUnit(_)
            | ShellAct::ReloadsUnit(_)
            | ShellAct::Drains { .. }) => vec![other],
        }
    }
}

/// The same acts, where those that stop or signal one of `containers` are told as that.
/// `is_whole_unit`: they are of a unit that runs one container.
pub(in crate::core::check) fn in_containers(
    act: ShellAct,
    containers: &[SidekiqContainer],
    is_whole_unit: bool,
) -> Vec<ShellAct> {
    let command = act.command();
    let words: Vec<&str> = command.split_whitespace().collect();
    let reached = |one: &&SidekiqContainer| one.is_reached(&words, is_whole_unit);
    match containers.iter().find(reached) {
        Some(container) if is_tool(&words) => container.reached(act, &words),
        Some(_) | None => vec![act],
    }
}

#[cfg(test)]
mod tests {
    use super::super::acts;
    use super::{containers, in_containers};

    /// The acts of `stop` where `run` has started a Sidekiq.
    fn shown(run: &str, stop: &str) -> Vec<String> {
        let started = containers(run);
        let all = acts(stop).into_iter();
        let all = all.flat_map(|act| in_containers(act, &started, false));
        all.map(|act| format!("{act:?}")).collect()
    }

    #[test]
    fn a_container_is_known_by_its_name_and_keeps_its_own_wait() {
        let run = "sudo docker run -d --name jobs --stop-timeout 60 shop bundle exec sidekiq";
        let kept = shown(run, "docker stop jobs");
        assert!(
            kept.len() == 1 && kept[0].contains("60s") && kept[0].contains("Container"),
            "{kept:?}"
        );
        let stated = shown(run, "docker stop -t 20 jobs");
        assert!(stated[0].contains("20s"), "{stated:?}");
        let other = shown(run, "docker stop jobs2");
        assert!(other[0].contains("Named"), "{other:?}");
        let remote = shown(
            "ssh app1 'docker run --name=jobs shop sidekiq'",
            "docker rm -f jobs",
        );
        assert!(remote[0].contains("Container"), "{remote:?}");
        assert_eq!(containers("docker run --name web shop puma"), []);
        assert_eq!(containers("docker stop sidekiq"), []);
    }

    #[test]
    fn a_stop_begins_with_the_signal_of_the_container() {
        let quit = shown(
            "podman run --name jobs --stop-signal SIGQUIT shop sidekiq",
            "podman stop jobs",
        );
        assert!(
            quit.len() == 3 && quit[0].contains("Quit") && quit[1].contains("10s"),
            "{quit:?}"
        );
        let int = shown(
            "podman run --name jobs --stop-signal SIGINT shop sidekiq",
            "podman stop jobs",
        );
        assert!(int.len() == 1 && int[0].contains("Stops"), "{int:?}");
    }
}
