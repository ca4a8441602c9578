//! The effect of a command on a Sidekiq: signals and waits, in the order of the command. It reads the
//! commands of `ExecStop=`, `ExecReload=`, `preStop`, Capistrano tasks and scripts. Nothing is run.

mod containers;
mod programs;
mod shell;

use std::collections::BTreeMap;
use std::time::Duration;

pub(super) use self::containers::{SidekiqContainer, containers, in_containers};
use self::shell::Simple;
use crate::core::layers::duration_text;
use crate::core::sequence::Signal;

/// A thing that a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellAct {
    /// Sends a signal to processes.
    Sends {
        /// The signal.
        signal: Signal,
        /// Which processes get it.
        to: Receiver,
        /// The simple command, as written.
        command: String,
    },
    /// Lets so much time go by.
    Waits(Duration),
    /// Runs for a time that is not written here, and does what is not known here.
    Runs(String),
    /// `sidekiqctl quiet` or `stop`, which exists until Sidekiq 5.
    Sidekiqctl {
        /// The seconds between TERM and KILL of `stop`; `None`: it only quiets.
        stops_within: Option<Duration>,
        /// As written.
        command: String,
    },
    /// Sends TERM, and KILL if the process lives on after so long (`docker stop`).
    Stops {
        /// The time between TERM and KILL.
        within: Duration,
        /// Which processes get them.
        to: Receiver,
        /// As written.
        command: String,
    },
    /// `systemctl stop` or `restart`, and what comes to the same: systemd stops the unit.
    StopsUnit(String),
    /// `systemctl reload`: the unit's own `ExecReload=` runs.
    ReloadsUnit(String),
    /// `drainboard drain`, which knows its own limits.
    Drains {
        /// The value of `--sequence`, where it is given.
        sequence: Option<String>,
    },
}

impl ShellAct {
    /// The simple command, as written; a wait in words.
    pub fn command(&self) -> String {
        match self {
            Self::Sends { command, .. }
            | Self::Stops { command, .. }
            | Self::Sidekiqctl { command, .. }
            | Self::Runs(command)
            | Self::StopsUnit(command)
            | Self::ReloadsUnit(command) => command.clone(),
            Self::Waits(span) => format!("sleep {}", span.as_secs_f64()),
            Self::Drains { .. } => "drainboard drain".into(),
        }
    }
}

/// Which processes a signal is sent to, as far as the command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// The text that names them: a pid, a pid file, a pattern, a container.
    Named(String),
    /// A container that was started with a Sidekiq in it.
    Container(String),
    /// The processes of a systemd unit.
    Unit {
        /// The unit as written.
        name: String,
        /// `--kill-who=main`.
        main_only: bool,
    },
}

impl Receiver {
    /// The text that names the processes.
    pub fn text(&self) -> &str {
        match self {
            Self::Named(text) | Self::Container(text) | Self::Unit { name: text, .. } => text,
        }
    }

    /// Whether a Sidekiq is among them, where `is_about_sidekiq` says that the place of the
    /// command (a unit, a container, a task) is Sidekiq's. Another program that is named goes
    /// before the place.
    pub fn is_sidekiq(&self, is_about_sidekiq: bool) -> bool {
        if matches!(self, Self::Container(_)) {
            return true;
        }
        // `grep '[s]idekiq'` does not find itself.
        let text = self.text().to_ascii_lowercase().replace(['[', ']'], "");
        let names = |names: &[&str]| names.iter().any(|name| text.contains(name));
        if names(&["sidekiq"]) {
            return true;
        }
        // A name of a process that every Ruby program has.
        let every_ruby = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .any(|word| word == "ruby");
        every_ruby || is_about_sidekiq && !names(OTHERS)
    }

    /// Whether it is the first process of a container. The kernel keeps KILL and every signal
    /// without a handler from it (`pid_namespaces(7)`).
    pub fn is_first_of_container(&self) -> bool {
        self.text().trim() == "1"
    }
}

/// Programs that are no Sidekiq.
const OTHERS: &[&str] = &[
    "puma",
    "unicorn",
    "nginx",
    "passenger",
    "thin",
    "resque",
    "delayed",
    "clockwork",
    "webpack",
    "redis",
    "node",
    "good_job",
    "solid",
    "shoryuken",
    "rails",
    "rpush",
    "anycable",
    "caddy",
    "apache",
    "httpd",
    "php",
    "python",
    "gunicorn",
    "celery",
];

/// Everything that `command` does, in order.
pub(in crate::core::check) fn acts(command: &str) -> Vec<ShellAct> {
    let mut reader = ActReader::default();
    reader.read(command, 0);
    reader.acts
}

/// How deep a shell in a shell is followed.
const DEEPEST: usize = 4;

/// The acts found so far, with the variables of the shell.
#[derive(Default)]
struct ActReader {
    acts: Vec<ShellAct>,
    variables: BTreeMap<String, String>,
    /// How often the loop around a command is run at most, where that is written.
    rounds: Option<u32>,
}

impl ActReader {
    fn read(&mut self, text: &str, depth: usize) {
        let mut loops = false;
        for command in shell::commands(text) {
            if command.is_repeated && !loops && self.rounds.is_none() {
                self.acts.push(ShellAct::Runs("a loop".into()));
            }
            if loops && !command.is_repeated {
                self.rounds = None;
            }
            loops = command.is_repeated;
            self.simple(&command, depth);
        }
    }

    fn simple(&mut self, command: &Simple, depth: usize) {
        let mut words: &[String] = &command.words;
        loop {
            let Some(first) = words.first() else {
                return;
            };
            match first.as_str() {
                "do" | "then" | "else" | "elif" | "if" | "!" | "{" | "while" | "until" => {
                    words = &words[1..];
                }
                "for" => {
                    if let [_, name, "in", values @ ..] =
                        &*words.iter().map(String::as_str).collect::<Vec<_>>()
                    {
                        self.variables.insert((*name).to_owned(), values.join(" "));
                        self.rounds = rounds(values);
                        // Of a loop in a loop the length is not counted.
                        if command.is_repeated {
                            self.rounds = None;
                            self.acts.push(ShellAct::Runs("a loop".into()));
                        }
                    }
                    return;
                }
                word => match assignment(word) {
                    Some((name, value)) => {
                        self.variables.insert(name.to_owned(), value.to_owned());
                        words = &words[1..];
                    }
                    None => break,
                },
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = programs::unwrapped(&words);
        // `ssh HOST "…"`: a shell on the other side runs that text.
        if let [text] = words
            && text.contains(' ')
            && depth < DEEPEST
        {
            return self.read(text, depth + 1);
        }
        let Some(program) = words.first().map(|word| programs::name(word)) else {
            return;
        };
        if programs::is_shell(program) {
            self.shell(words, command, depth);
            return;
        }
        let input = &command.input;
        let act = programs::act(program, words, input, &|text| self.resolved(text));
        match act {
            programs::Doing::Nothing => {}
            // A loop has no known length; the pauses in it are part of that.
            programs::Doing::Act(ShellAct::Waits(span)) if command.is_repeated => {
                let whole = self.rounds.map(|rounds| span.saturating_mul(rounds));
                self.acts.extend(whole.map(ShellAct::Waits));
            }
            programs::Doing::Act(act) => self.acts.push(act),
            programs::Doing::Unknown => {
                let known = self.acts.iter().any(|act| matches!(act, ShellAct::Runs(_)));
                if !(command.is_repeated && known) {
                    self.acts.push(ShellAct::Runs(words.join(" ")));
                }
            }
        }
    }

    /// `sh -c TEXT`: what stands in the text. A script: not known.
    fn shell(&mut self, words: &[&str], command: &Simple, depth: usize) {
        let inline = words.iter().position(|word| {
            word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
        });
        match inline.and_then(|at| words.get(at + 1)) {
            Some(text) if depth < DEEPEST => self.read(text, depth + 1),
            Some(_) | None => self.acts.push(ShellAct::Runs(command.text())),
        }
    }

    /// `text` with the variables that were set before it.
    fn resolved(&self, text: &str) -> String {
        let mut resolved = text.to_owned();
        for (name, value) in &self.variables {
            for form in [format!("${{{name}}}"), format!("${name}")] {
                if resolved.contains(&form) {
                    resolved = resolved.replace(&form, value);
                }
            }
        }
        resolved
    }
}

/// How often `for NAME in VALUES` runs: over `$(seq 30)`, `{1..30}` or words.
fn rounds(values: &[&str]) -> Option<u32> {
    let [one] = values else {
        let is_word = |word: &&str| !word.contains(['$', '`', '*']);
        return values
            .iter()
            .all(is_word)
            .then(|| values.len().try_into().ok())?;
    };
    if let Some((first, last)) = one
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}')?.split_once(".."))
    {
        return between(first, last);
    }
    let inside = one
        .strip_prefix("$(")
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| one.strip_prefix('`')?.strip_suffix('`'))?;
    match *inside.split_whitespace().collect::<Vec<_>>() {
        ["seq", last] => between("1", last),
        ["seq", first, last] => between(first, last),
        _ => None,
    }
}

fn between(first: &str, last: &str) -> Option<u32> {
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    last.checked_add(1)?.checked_sub(first)
}

/// `NAME=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((name, value))
}

/// The spans of a `sleep`: their sum; `None` where one of them is no plain number.
fn slept(words: &[&str]) -> Option<Duration> {
    let spans: Option<Vec<Duration>> = words.iter().map(|word| span(word)).collect();
    let sum = spans?
        .into_iter()
        .fold(Duration::ZERO, Duration::saturating_add);
    Some(sum)
}

/// `30`, `1.5`, `2m`, `30s`.
fn span(word: &str) -> Option<Duration> {
    match word.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => duration_text(word),
    }
}

#[cfg(test)]
mod tests;
