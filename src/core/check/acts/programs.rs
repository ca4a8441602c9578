//! The programs that signal, stop or wait, each with its way to name a signal and a receiver.

use std::time::Duration;

use super::{Receiver, ShellAct, slept, span};
use crate::core::sequence::Signal;

/// The effect of a simple command.
pub(super) enum Doing {
    /// Nothing to a Sidekiq, and at once.
    Nothing,
    /// This.
    Act(ShellAct),
    /// The program is not known here.
    Unknown,
}

/// `sidekiqctl stop` without a number waits so long for the end (Sidekiq 5.2.10 `bin/sidekiqctl`).
const SIDEKIQCTL: Duration = Duration::from_secs(10);
/// `docker stop` without `-t` (docker.com, `docker container stop`).
const DOCKER: Duration = Duration::from_secs(10);

/// Options of `docker rm` that take a container away though it runs.
const FORCES: &[&str] = &["-f", "--force", "-sf", "-fs", "-fv", "-vf"];

/// Programs that end at once and signal nothing.
const QUICK: &[&str] = &[
    ":", "[", "[[", "awk", "basename", "break", "cat", "cd", "chmod", "chown", "continue", "cp",
    "cut", "date", "dirname", "done", "echo", "esac", "export", "false", "fi", "find", "grep",
    "head", "hostname", "id", "let", "ln", "local", "logger", "ls", "mkdir", "mv", "pgrep",
    "pidof", "printf", "ps", "read", "return", "rm", "sed", "set", "shift", "sort", "source",
    "tail", "tee", "test", "touch", "tr", "true", "umask", "uniq", "unset", "wc", "exit", "}",
];

/// The last part of a path, without the marks that systemd takes off a command.
pub(super) fn name(word: &str) -> &str {
    let word = word.trim_start_matches(['-', '@', ':', '+', '!']);
    if word.is_empty() {
        return ":";
    }
    word.rsplit('/').next().unwrap_or(word)
}

pub(super) fn is_shell(program: &str) -> bool {
    matches!(
        program,
        "sh" | "bash" | "dash" | "zsh" | "ash" | "ksh" | "su" | "runuser"
    )
}

/// Takes off what only starts another program: `sudo`, `env`, `timeout`, `docker exec`.
pub(super) fn unwrapped<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    let mut words = words;
    loop {
        let Some(first) = words.first() else {
            return words;
        };
        let second = words.get(1).copied().unwrap_or_default();
        let after = match (name(first), second) {
            ("exec" | "nohup" | "command" | "time" | "setsid", _) => 1,
            ("bundle" | "rbenv" | "asdf" | "mise", "exec") => 2,
            ("rvm", _) if words.get(2) == Some(&"do") => 3,
            ("chruby-exec", _) if words.get(2) == Some(&"--") => 3,
            ("sudo" | "doas" | "env" | "nice" | "ionice" | "stdbuf", _) => {
                options(words, &["-u", "-g", "-n"])
            }
            ("timeout", _) => options(words, &["-s", "-k", "--signal", "--kill-after"]) + 1,
            ("docker" | "podman", "exec") => 1 + options(&words[1..], &["-u", "-e", "-w"]) + 1,
            ("kubectl" | "oc", "exec") => match words.iter().position(|word| *word == "--") {
                Some(at) => at + 1,
                None => return words,
            },
            // Its last word is the command that it runs in a container.
            ("kamal", "app" | "server") => words.len() - 1,
            ("ssh", _) => options(words, &["-i", "-p", "-l", "-o", "-F"]) + 1,
            (_, _) => return words,
        };
        words = words.get(after..).unwrap_or_default();
    }
}

/// The position behind the program's own options; `valued` ones take the next word with them.
/// Assignments (`env A=b`) count as options.
fn options(words: &[&str], valued: &[&str]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        // `sudo -n` takes no value, `nice -n 5` does.
        let takes = valued.contains(word)
            && words
                .get(at + 1)
                .is_some_and(|next| *word != "-n" || next.parse::<i32>().is_ok());
        if takes {
            at += 2;
        } else if word.starts_with('-') || super::assignment(word).is_some() {
            at += 1;
        } else {
            break;
        }
    }
    at
}

/// The effect of `words`; `resolved` fills in variables of the shell.
pub(super) fn act(
    program: &str,
    words: &[&str],
    input: &str,
    resolved: &dyn Fn(&str) -> String,
) -> Doing {
    let rest = &words[1..];
    let command = words.join(" ");
    match program {
        "kill" | "pkill" | "killall" | "skill" => {
            signal_program(program, rest, "", resolved, command)
        }
        "xargs" => match rest
            .iter()
            .position(|word| matches!(name(word), "kill" | "pkill"))
        {
            Some(at) => {
                let whole = format!("{} | {command}", input.trim());
                signal_program("kill", &rest[at + 1..], input, resolved, whole)
            }
            None => Doing::Nothing,
        },
        "sleep" => {
            let words: Vec<String> = rest.iter().map(|word| resolved(word)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match slept(&words) {
                Some(span) => Doing::Act(ShellAct::Waits(span)),
                None => Doing::Unknown,
            }
        }
        "sidekiqctl" => sidekiqctl(rest, command),
        "systemctl" => systemctl(rest, command),
        "stop" | "restart" if rest.len() == 1 => Doing::Act(ShellAct::StopsUnit(command)),
        "supervisorctl" => match rest {
            [.., "signal", signal, of] | ["signal", signal, of, ..] => {
                sent(signal, Receiver::Named((*of).to_owned()), command)
            }
            _ => by_verb(rest, command),
        },
        "service" | "initctl" | "invoke-rc.d" | "monit" | "sv" => by_verb(rest, command),
        "start-stop-daemon" => start_stop_daemon(rest, command),
        "docker" | "podman" | "nerdctl" | "docker-compose" => docker(rest, resolved, command),
        "kubectl" | "oc" => kubectl(rest, command),
        "drainboard" if rest.contains(&"drain") => Doing::Act(ShellAct::Drains {
            sequence: option(rest, &["--sequence"]).map(str::to_owned),
        }),
        "drainboard" => Doing::Nothing,
        quick if QUICK.contains(&quick) => Doing::Nothing,
        _ => Doing::Unknown,
    }
}

/// A signal by name or by number.
pub(super) fn signal(word: &str) -> Option<Signal> {
    let number = match word {
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "6" => "ABRT",
        "9" => "KILL",
        "10" => "USR1",
        "12" => "USR2",
        "15" => "TERM",
        "18" => "CONT",
        "19" => "STOP",
        "20" => "TSTP",
        "21" => "TTIN",
        name => name,
    };
    number.parse().ok()
}

fn sent(word: &str, to: Receiver, command: String) -> Doing {
    match signal(word) {
        Some(signal) => Doing::Act(ShellAct::Sends {
            signal,
            to,
            command,
        }),
        // `kill -0` asks whether a process lives.
        None if word == "0" => Doing::Nothing,
        None => Doing::Unknown,
    }
}

/// `kill`, `pkill`, `killall`: a signal in one of its forms, and the rest names the processes.
fn signal_program(
    program: &str,
    rest: &[&str],
    input: &str,
    resolved: &dyn Fn(&str) -> String,
    command: String,
) -> Doing {
    let mut named: Option<&str> = None;
    let mut receivers: Vec<&str> = Vec::new();
    let mut words = rest.iter().copied().peekable();
    while let Some(word) = words.next() {
        match word {
            "-s" | "-n" | "--signal" => named = words.next().or(named),
            "-l" | "-L" | "--list" | "-?" | "--help" => return Doing::Nothing,
            "--" => receivers.extend(words.by_ref()),
            _ if word.starts_with('>') || word.starts_with("2>") || word.starts_with("&>") => {
                if word.ends_with('>') {
                    words.next();
                }
            }
            _ => match word.strip_prefix('-') {
                Some(option) => {
                    let option = option.strip_prefix("-signal=").unwrap_or(option);
                    if option == "0" || signal(option).is_some() {
                        named = Some(option);
                    } else if program != "kill" && matches!(word, "-u" | "-U" | "-P" | "-g" | "-t")
                    {
                        words.next();
                    }
                }
                None => receivers.push(word),
            },
        }
    }
    let text = format!("{} {input}", receivers.join(" "));
    let to = Receiver::Named(resolved(text.trim()));
    if program == "pkill" && receivers.is_empty() && input.is_empty() {
        return Doing::Nothing;
    }
    sent(named.unwrap_or("TERM"), to, command)
}

/// `sidekiqctl quiet PIDFILE` and `sidekiqctl stop PIDFILE [SECONDS]`.
fn sidekiqctl(rest: &[&str], command: String) -> Doing {
    let plain: Vec<&str> = rest
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let stops_within = match plain.first() {
        Some(&"stop") => {
            let stated = plain
                .get(2..)
                .into_iter()
                .flatten()
                .find_map(|word| span(word));
            Some(stated.unwrap_or(SIDEKIQCTL))
        }
        Some(_) | None => None,
    };
    Doing::Act(ShellAct::Sidekiqctl {
        stops_within,
        command,
    })
}

fn systemctl(rest: &[&str], command: String) -> Doing {
    let mut named = None;
    let mut main_only = false;
    let mut plain: Vec<&str> = Vec::new();
    let mut words = rest.iter().copied();
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, None),
        };
        match option {
            "-s" | "--signal" => named = value.or_else(|| words.next()),
            "--kill-who" | "--kill-whom" => {
                main_only = value.or_else(|| words.next()) == Some("main");
            }
            _ if word.starts_with("-s") && !word.starts_with("--") => named = Some(&word[2..]),
            _ if word.starts_with('-') => {}
            _ => plain.push(word),
        }
    }
    let Some((verb, units)) = plain.split_first() else {
        return Doing::Nothing;
    };
    match *verb {
        "kill" => {
            let to = Receiver::Unit {
                name: units.join(" "),
                main_only,
            };
            sent(named.unwrap_or("TERM"), to, command)
        }
        "stop" | "restart" | "try-restart" | "condrestart" => {
            Doing::Act(ShellAct::StopsUnit(command))
        }
        "reload" | "reload-or-restart" => Doing::Act(ShellAct::ReloadsUnit(command)),
        _ => Doing::Nothing,
    }
}

/// `service NAME stop`, `supervisorctl stop NAME`, `monit stop NAME`, `sv stop NAME`.
fn by_verb(rest: &[&str], command: String) -> Doing {
    let has = |verbs: &[&str]| rest.iter().any(|word| verbs.contains(word));
    if has(&["kill", "force-stop", "force-shutdown"]) {
        let to = Receiver::Named(rest.join(" "));
        sent("KILL", to, command)
    } else if has(&["stop", "restart", "down", "force-restart"]) {
        Doing::Act(ShellAct::StopsUnit(command))
    } else if has(&["reload"]) {
        Doing::Act(ShellAct::ReloadsUnit(command))
    } else {
        Doing::Nothing
    }
}

/// The value of an option in one of its forms: `-t 5`, `--timeout=5`.
pub(super) fn option<'a>(rest: &[&'a str], names: &[&str]) -> Option<&'a str> {
    rest.iter().enumerate().find_map(|(at, word)| {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (*word, rest.get(at + 1).copied()),
        };
        value.filter(|_| names.contains(&option))
    })
}

/// `start-stop-daemon --stop --signal QUIT --pidfile FILE`; with `--retry 10` or
/// `--retry TERM/10/KILL/5` it waits and kills (start-stop-daemon(8)).
fn start_stop_daemon(rest: &[&str], command: String) -> Doing {
    if !rest.iter().any(|word| matches!(*word, "--stop" | "-K")) {
        return Doing::Nothing;
    }
    let to = Receiver::Named(rest.join(" "));
    let named = option(rest, &["--signal", "-s"]).unwrap_or("TERM");
    let schedule = option(rest, &["--retry", "-R"]).unwrap_or_default();
    let parts: Vec<&str> = schedule.split('/').collect();
    let (first, within) = match parts[..] {
        [within] => (named, span(within)),
        [first, within, "KILL" | "9", ..] => (first.trim_start_matches('-'), span(within)),
        _ => (named, None),
    };
    match (within, signal(first)) {
        (Some(within), Some(first)) if first.stops() => Doing::Act(ShellAct::Stops {
            within,
            to,
            command,
        }),
        (_, _) => sent(first, to, command),
    }
}

/// `kubectl delete pod --grace-period=5`: 0 kills at once (kubectl(1), delete).
fn kubectl(rest: &[&str], command: String) -> Doing {
    let grace = option(rest, &["--grace-period"]).and_then(|text| text.parse().ok());
    let to = Receiver::Named(rest.join(" "));
    match grace {
        Some(0) if rest.contains(&"delete") => sent("KILL", to, command),
        Some(seconds) if rest.contains(&"delete") => Doing::Act(ShellAct::Stops {
            within: Duration::from_secs(seconds),
            to,
            command,
        }),
        Some(_) | None => Doing::Nothing,
    }
}

/// `docker kill`, `docker stop -t`, `docker rm -f`, and the same of Compose.
fn docker(rest: &[&str], resolved: &dyn Fn(&str) -> String, command: String) -> Doing {
    let plain = rest.iter().copied().filter(|word| !word.starts_with('-'));
    let plain: Vec<&str> = plain.collect();
    let is_compose = plain.first() == Some(&"compose") || command.contains("docker-compose");
    let is_podman = command.split(' ').next().map(name) == Some("podman");
    let verb = plain
        .iter()
        .find(|word| !matches!(**word, "compose" | "container"))
        .copied();
    let to = || Receiver::Named(rest.join(" "));
    match verb {
        Some("kill") => {
            let signal = option(rest, &["-s", "--signal"]).unwrap_or("KILL");
            sent(signal, to(), command)
        }
        Some("rm") if !rest.iter().any(|word| FORCES.contains(word)) => Doing::Nothing,
        // Podman stops it first (podman-rm(1), `--time`), Docker kills it at once.
        Some("rm") if !is_podman => sent("KILL", to(), command),
        Some("stop" | "restart") if is_compose && option(rest, &["-t", "--timeout"]).is_none() => {
            Doing::Act(ShellAct::StopsUnit(command))
        }
        Some("stop" | "restart" | "rm") => {
            let stated = option(rest, &["-t", "--time", "--timeout"]).map(resolved);
            let within = stated.map_or(Some(DOCKER), |stated| span(&stated));
            Doing::Act(match within {
                Some(within) => ShellAct::Stops {
                    within,
                    to: to(),
                    command,
                },
                // A variable that is not known here.
                None => ShellAct::StopsUnit(command),
            })
        }
        _ => Doing::Nothing,
    }
}
