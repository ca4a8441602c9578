//! How a command starts Sidekiq: which of its words is Sidekiq, and whether a shell stays in front
//! of it. A word counts as a program only where a shell would run it: `pgrep sidekiq` runs none.

mod names;
#[cfg(test)]
mod tests;
mod words;

use self::names::{is_question, is_run, is_script, is_sidekiq, is_task, only_names};
use super::paths::file_name;

pub(super) use self::names::{runs_no_other, starts_one};
pub(super) use self::words::words;

/// How deep commands inside commands are followed.
const DEEPEST: usize = 4;

/// The kinds of program between the service manager and Sidekiq, the least harm first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrapper {
    /// Sidekiq itself, or programs that end by becoming it (`bundle exec`, `env`, `exec`, and
    /// bash for the last simple command of `-c`).
    #[default]
    None,
    /// A template, or a script whose inside is not known.
    Unknown,
    /// `sh -c` without `exec`: dash (Debian, Ubuntu) stays as the parent, bash does not.
    Shell,
    /// A shell that stays as the parent whichever it is: a pipeline, a redirection, a list that
    /// goes on, a script without `exec`.
    ShellStays,
}

/// The part of a command that starts Sidekiq.
#[derive(Debug, Default)]
pub(super) struct Launch {
    /// Every word before it, also of the shells around it.
    pub(super) before: Vec<String>,
    /// The word itself.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// The kind of program in front of it.
    pub(super) wrapper: Wrapper,
    /// Whether the word is a script or a task named after Sidekiq, whose inside is not known.
    pub(super) is_opaque: bool,
}

/// The shell that runs a piece of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// A program starts it directly, or it is not known what does.
    Unknown,
    /// `bash -c`: bash 5.2 puts the last simple command in its own place.
    Bash,
    /// `sh -c`: dash stays, bash does not.
    Sh,
    /// A script: the shell reads on after each command.
    Script,
}

/// Finds the Sidekiq in a command.
pub(super) fn find(command: &str, around: Around) -> Option<Launch> {
    inside(&words(command, around != Around::Unknown), around, 0)
}

fn inside(words: &[String], around: Around, depth: usize) -> Option<Launch> {
    let mut start = 0;
    while start <= words.len() {
        let length = words[start..].iter().position(|word| is_separator(word));
        let end = length.map_or(words.len(), |length| start + length);
        if let Some(mut launch) = segment(&words[start..end], depth) {
            let own = stays(words, start, end, around);
            launch.wrapper = launch.wrapper.max(own);
            launch.before.splice(0..0, words[..start].iter().cloned());
            return Some(launch);
        }
        start = end + 1;
    }
    None
}

/// Finds the Sidekiq in one simple command.
fn segment(words: &[String], depth: usize) -> Option<Launch> {
    let found = |at: usize, is_opaque: bool| Launch {
        before: words[..at].to_vec(),
        program: words[at].clone(),
        arguments: words[at + 1..].to_vec(),
        wrapper: template(&words[..at]),
        is_opaque,
    };
    for (at, word) in words.iter().enumerate() {
        let before = &words[..at];
        let next = words.get(at + 1).map(String::as_str);
        let is_nested = word.contains(char::is_whitespace) || shell_of(before) != Around::Unknown;
        if is_nested && !word.starts_with("<%") {
            if depth < DEEPEST && !only_names(before) {
                let around = shell_of(before);
                let nested = self::words(word, around != Around::Unknown);
                if let Some(mut launch) = inside(&nested, around, depth + 1) {
                    if passes_on(before) {
                        launch.wrapper = Wrapper::None;
                    }
                    launch.before.splice(0..0, before.iter().cloned());
                    return Some(launch);
                }
            }
        } else if is_sidekiq(word) && !only_names(before) && !is_question(next) {
            return Some(found(at, false));
        } else if is_run(before) && (is_script(word) || is_task(before, word)) {
            return Some(found(at, true));
        }
    }
    None
}

/// A template in front of it may hide anything.
fn template(before: &[String]) -> Wrapper {
    let hides = |word: &String| ["<%", "#{", "{{"].iter().any(|open| word.contains(open));
    if before.iter().any(hides) {
        Wrapper::Unknown
    } else {
        Wrapper::None
    }
}

/// Whether the shell around a simple command stays in front of it (measured with bash 5.2.15 and
/// dash 0.5.12; the table stands in the tests).
fn stays(words: &[String], start: usize, end: usize, around: Around) -> Wrapper {
    if around == Around::Unknown {
        let has_list = start > 0 || words.first().is_some_and(|word| word == "cd");
        let execs = first_program(&words[start..end]).is_some_and(|word| word == "exec");
        return if has_list && !execs {
            Wrapper::Unknown
        } else {
            Wrapper::None
        };
    }
    let is_behind = words.get(end).is_some_and(|word| word == "&");
    if is_behind && trap(&words[..start]).is_some_and(|body| hands_on(&body)) {
        return Wrapper::Unknown;
    }
    let piped = |at: Option<usize>| {
        at.and_then(|at| words.get(at))
            .is_some_and(|word| word == "|")
    };
    let behind = words.get(end).map(String::as_str);
    let in_pipe = piped(start.checked_sub(1)) || piped(Some(end));
    let own = &words[start..end];
    let program = first_program(own);
    if in_pipe || behind == Some("&") || program.is_some_and(|word| word == "(") {
        return Wrapper::ShellStays;
    }
    if program.is_some_and(|word| word == "exec") {
        return Wrapper::None;
    }
    let is_last = words[end..].iter().all(|word| word == ";");
    let compound =
        |word: &String| COMPOUND.contains(&word.as_str()) || word.starts_with(['(', '{']);
    let is_redirected = own
        .iter()
        .any(|word| word.contains('>') && !word.contains("<%"));
    if !is_last || is_redirected || words[..end].iter().any(compound) {
        return Wrapper::ShellStays;
    }
    match around {
        Around::Bash => Wrapper::None,
        Around::Sh | Around::Unknown => Wrapper::Shell,
        Around::Script => Wrapper::ShellStays,
    }
}

/// The commands that a shell runs when it gets TERM, if it has a trap for it.
pub(super) fn trap(before: &[String]) -> Option<String> {
    let at = before.iter().position(|word| word == "trap")?;
    let body = before.get(at + 1).filter(|body| *body != "-")?;
    let signals = before[at + 2..]
        .iter()
        .take_while(|word| !is_separator(word));
    let is_term = |word: &String| matches!(word.as_str(), "TERM" | "SIGTERM" | "15");
    signals.clone().any(is_term).then(|| body.clone())
}

/// Whether a trap sends Sidekiq TERM or INT, and waits for its end: `wait` returns as soon as a
/// trap has run, and a shell that ends there ends its container with all that runs in it.
fn hands_on(body: &str) -> bool {
    let words = words(body, true);
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let is_other = |word: &&String| {
        let signal = word.strip_prefix('-').unwrap_or_default();
        let signal = signal.strip_prefix("SIG").unwrap_or(signal);
        !matches!(signal, "" | "-" | "TERM" | "INT" | "15" | "2" | "s" | "f")
    };
    (has("kill") || has("pkill")) && has("wait") && !words.iter().any(|word| is_other(&word))
}

/// Words that make a shell wait for what follows.
const COMPOUND: &[&str] = &[
    "!", "case", "do", "eval", "for", "if", "then", "time", "trap", "until", "while",
];

/// The first word that is no assignment.
fn first_program(words: &[String]) -> Option<&String> {
    let is_assignment = |word: &&String| word.contains('=') && !word.starts_with(['-', '=']);
    words
        .iter()
        .find(|word| !is_assignment(word) && !is_option(word))
}

fn is_option(word: &str) -> bool {
    word.starts_with('-')
}

/// Whether an init process in front hands each signal to every process below it.
fn passes_on(before: &[String]) -> bool {
    let at = |wanted: &str| before.iter().position(|word| file_name(word) == wanted);
    let next = |at: usize| before.get(at + 1).map(String::as_str);
    let to_all =
        at("dumb-init").is_some_and(|at| !matches!(next(at), Some("-c" | "--single-child")));
    to_all || at("tini").is_some_and(|at| next(at) == Some("-g"))
}

/// The shell that runs the word behind `before` as a command.
fn shell_of(before: &[String]) -> Around {
    let takes_command =
        |word: &String| is_option(word) && !word.starts_with("--") && word.ends_with('c');
    let shell = before
        .iter()
        .rev()
        .skip_while(|word| takes_command(word) || is_option(word));
    let is_command = before.last().is_some_and(takes_command);
    match shell.map(|word| file_name(word)).next() {
        Some("bash") if is_command => Around::Bash,
        Some("sh" | "dash" | "ash" | "zsh" | "ksh") if is_command => Around::Sh,
        _ => Around::Unknown,
    }
}

fn is_separator(word: &str) -> bool {
    matches!(word, ";" | "&&" | "||" | "|" | "&")
}
