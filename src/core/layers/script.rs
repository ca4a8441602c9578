//! Shell scripts that start a Sidekiq, and those that run the command they are given. A shell
//! reads a script line by line and stays in front of what it starts without `exec`.

use super::command_line::{COMMAND, CommandLine};
use super::deploy_calls::{CALL, may_stop};
use super::launch::words;
use super::layer::Layer;
use super::paths::joined_lines;
use super::process_variables::ProcessVariables;
use super::tool::SeenFile;
use super::value::{FilePlace, Reading, Value};

/// The labels of the arm of `case "$1"` that a command stands in.
pub const ARM: &str = "arm";
/// How a script runs the command that it is given as its arguments.
pub const ARGUMENTS: &str = "arguments";
/// It becomes that command.
pub const BECOMES: &str = "exec";
/// It starts that command and stays in front of it; a trap for TERM stands behind this word.
pub const STARTS: &str = "start";

/// The words that stand for all arguments of a script.
const ARGUMENT_WORDS: &[&str] = &["$@", "$*", "${@}", "${*}"];

/// Whether a file is a shell script that matters: it starts a Sidekiq or what it is given.
pub(super) fn is_one(file: &SeenFile<'_>) -> bool {
    let first = file.text().lines().next().unwrap_or_default();
    let is_shell = first.starts_with("#!") && first.trim_end().ends_with("sh")
        || first.starts_with("#!") && first.contains("sh -")
        || file.ends(&[".sh", ".bash"]) && !first.starts_with("#!");
    let runs_arguments = || ARGUMENT_WORDS.iter().any(|word| file.has(word));
    let is_about = || file.has("sidekiq") || file.path.contains("sidekiq");
    is_shell && (is_about() || runs_arguments())
}

/// Reads a script. The scope of a value is the script; a command is written as
/// `SCRIPT { COMMAND }`, which a command line knows.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let lines = joined_lines(text);
    let trap = Trap::of(&lines);
    let mut arms = Arms::default();
    let mut variables = ProcessVariables::default();
    let mut loops = Loops::default();
    let mut has_stopped = false;
    for (number, code) in lines {
        let place = FilePlace::new(file, number);
        let code = arms.inside(&code).to_owned();
        // A command behind a stop goes by before the next signal.
        if may_stop(&code) || has_stopped && is_command(&code) {
            has_stopped = true;
            let filled = variables.filled(&loops.around(&code));
            let mut script = reading.scope(Layer::Script, file);
            script.found(CALL, Value::text(&filled), &place);
        }
        loops.take(&code);
        variables.take(&code);
        if let Some(becomes) = runs_arguments(&code) {
            let value = match &trap {
                _ if becomes => Value::text(BECOMES),
                Some(trap) => Value::text(&format!("{STARTS} {}; ", trap.text())),
                None => Value::text(STARTS),
            };
            reading.found(Layer::Script, ARGUMENTS, Some(file), value, place);
        } else if CommandLine::read_script(&code).is_some_and(|line| line.opaque.is_none()) {
            let code = match &trap {
                Some(trap) => format!("{}; {code}", trap.text()),
                None => code.clone(),
            };
            let written = format!("{file} {{ {} }}", code.trim());
            let value = Value::text(&written);
            if let Some(labels) = &arms.labels {
                let mut script = reading.scope(Layer::Script, file);
                script.found(ARM, Value::text(labels), &place);
            }
            reading.found(Layer::Script, COMMAND, Some(file), value, place);
        }
        arms.end(&code);
    }
    reading
}

/// Whether a line runs what the script is given, and whether the script becomes that. One that
/// hands its arguments on to another program (`exec sidekiq "$@"`) runs that program.
fn runs_arguments(code: &str) -> Option<bool> {
    let own = words(code, true);
    let is_all = |word: &String| ARGUMENT_WORDS.contains(&word.as_str());
    let at = own.iter().position(is_all)?;
    let is_plain = |word: &String| matches!(word.as_str(), "exec" | ";" | "then" | "bundle");
    let becomes = own[..at].iter().any(|word| word == "exec");
    own[..at].iter().all(is_plain).then_some(becomes)
}

/// Whether a line is more than the begin or the end of a loop or a function.
fn is_command(code: &str) -> bool {
    let first = code.trim().split([' ', ';']).next().unwrap_or_default();
    !matches!(first, "for" | "while" | "until" | "do" | "done") && !code.ends_with('{')
}

/// The arm of `case "$1" in` that lines stand in.
#[derive(Default)]
struct Arms {
    is_open: bool,
    /// As written: `worker|jobs`.
    labels: Option<String>,
    /// Whether the line ends its arm.
    ends: bool,
}

impl Arms {
    /// The command of a line, without the label and the end of its arm.
    fn inside<'a>(&mut self, code: &'a str) -> &'a str {
        let text = code.trim();
        let is_case = text.starts_with("case ") && (text.contains("$1") || text.contains("${1"));
        self.is_open |= is_case;
        if !self.is_open || is_case {
            return code;
        }
        let is_label = |label: &str| {
            let is_part = |c: char| c.is_alphanumeric() || " *-_|\"'".contains(c);
            !label.is_empty() && label.chars().all(is_part)
        };
        let arm = text
            .split_once(')')
            .filter(|(label, _)| self.labels.is_none() && is_label(label));
        let own = match arm {
            Some((labels, rest)) => {
                self.labels = Some(labels.to_owned());
                rest
            }
            None => text,
        };
        let inside = own.trim().strip_suffix(";;");
        self.ends = inside.is_some();
        inside.unwrap_or(own).trim()
    }

    /// Goes on to the next line.
    fn end(&mut self, code: &str) {
        if self.ends {
            self.labels = None;
            self.ends = false;
        }
        if code.trim() == "esac" {
            *self = Self::default();
        }
    }
}

/// Whether a call of a script with this first argument goes into an arm.
pub(super) fn is_arm_of(labels: &str, argument: Option<&str>) -> bool {
    let mut all = labels.split('|').map(|label| {
        let label = label.trim();
        label.trim_matches(['"', '\''])
    });
    all.any(|label| label == "*" || Some(label) == argument)
}

/// The loops that lines stand in. A script is read line by line, and a pause in a loop is none of
/// so many seconds.
#[derive(Default)]
struct Loops(Vec<String>);

impl Loops {
    /// Goes on to a line.
    fn take(&mut self, code: &str) {
        let code = code.trim();
        let first = code.split(' ').next().unwrap_or_default();
        if matches!(first, "for" | "while" | "until") {
            let head = code.split("; do").next().unwrap_or(code);
            self.0.push(head.to_owned());
        }
        if code.split([' ', ';', '\t']).any(|word| word == "done") {
            self.0.pop();
        }
    }

    /// A command with the innermost loop around it, where it waits.
    fn around(&self, code: &str) -> String {
        let code = code.trim().trim_start_matches("do ");
        match self.0.last() {
            Some(head) if code.starts_with("sleep") => format!("{head}; do {code}; done"),
            Some(_) | None => code.to_owned(),
        }
    }
}

/// The commands that a script runs at TERM.
struct Trap {
    /// The commands of the trap; a function stands with its inside.
    body: String,
    /// Whether the script waits for Sidekiq again after the trap: `wait` returns once a trap has
    /// run, and a script that ends there ends its container with all that runs in it.
    waits_again: bool,
}

impl Trap {
    fn of(lines: &[(usize, String)]) -> Option<Self> {
        let body = lines.iter().find_map(|(_, code)| {
            let words = words(code, true);
            let at = words.iter().position(|word| word == "trap")?;
            let signals = words[at + 1..].iter().skip(1);
            let mut signals = signals.take_while(|word| *word != ";");
            let is_term = |word: &String| matches!(word.as_str(), "TERM" | "SIGTERM" | "15");
            let body = words.get(at + 1).filter(|body| *body != "-")?;
            signals.any(is_term).then(|| body.clone())
        })?;
        let body = inside_of_function(lines, &body).unwrap_or(body);
        let waits = |text: &str| words(text, true).iter().any(|word| word == "wait");
        let outside = lines
            .iter()
            .filter(|(_, code)| !code.contains("trap ") && waits(code));
        let in_loop = lines.iter().any(|(_, code)| code.starts_with("while"));
        let waits_again = waits(&body) || outside.count() > 1 || in_loop;
        Some(Self { body, waits_again })
    }

    /// The trap as one command in front of the others.
    fn text(&self) -> String {
        let is_short = self.waits_again && !self.body.contains("wait");
        let again = if is_short { "; wait" } else { "" };
        format!("trap '{}{again}' TERM", self.body.replace('\'', ""))
    }
}

/// The commands of a function of a script, in one line.
fn inside_of_function(lines: &[(usize, String)], name: &str) -> Option<String> {
    let is_head = |code: &str| {
        let rest = code.strip_prefix("function ").unwrap_or(code);
        rest.strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with(['(', '{']))
    };
    let mut own = lines
        .iter()
        .map(|(_, code)| code.as_str())
        .skip_while(|code| !is_head(code));
    let head = own.next()?;
    let first = head.split_once('{').map_or("", |(_, rest)| rest);
    if let Some(whole) = first.trim_end().strip_suffix('}') {
        return Some(whole.trim_matches([' ', ';']).to_owned());
    }
    let rest = own.take_while(|code| *code != "}");
    let all: Vec<&str> = std::iter::once(first.trim()).chain(rest).collect();
    Some(all.join("; ").trim_matches([' ', ';']).to_owned())
}
