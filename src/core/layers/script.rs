//! Shell scripts that start a Sidekiq, and those that run the command they are given. A shell
//! reads a script line by line and stays in front of what it starts without `exec`.

use super::command_line::{COMMAND, CommandLine};
use super::deploy_calls::{CALL, may_stop};
use super::launch::words;
use super::layer::Layer;
use super::tool::Seen;
use super::value::{Place, Reading, Value};

/// How a script runs the command that it is given as its arguments.
pub const ARGUMENTS: &str = "arguments";
/// It becomes that command.
pub const BECOMES: &str = "exec";
/// It starts that command and stays in front of it.
pub const STARTS: &str = "start";

/// Whether a file is a shell script that matters: it starts a Sidekiq or what it is given.
pub(super) fn is_one(file: &Seen<'_>) -> bool {
    let first = file.text().lines().next().unwrap_or_default();
    let is_shell = first.starts_with("#!") && first.trim_end().ends_with("sh")
        || first.starts_with("#!") && first.contains("sh -")
        || file.ends(&[".sh", ".bash"]) && !first.starts_with("#!");
    is_shell && (file.has("sidekiq") || file.has("\"$@\"") || file.has("$*"))
}

/// Reads a script. The scope of a value is the script; a command is written as
/// `SCRIPT { COMMAND }`, which a command line knows.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    for (number, code) in commands(text) {
        let place = Place::new(file, number);
        if may_stop(&code) {
            reading.found(
                Layer::Script,
                CALL,
                Some(file),
                Value::text(&code),
                place.clone(),
            );
        }
        let own = words(&code, true);
        if let Some(at) = own
            .iter()
            .position(|word| matches!(word.as_str(), "$@" | "$*"))
        {
            let becomes = own[..at].iter().any(|word| word == "exec");
            let value = Value::text(if becomes { BECOMES } else { STARTS });
            let is_run = own[..at]
                .iter()
                .all(|word| matches!(word.as_str(), "exec" | ";" | "then" | "bundle"));
            if is_run {
                reading.found(Layer::Script, ARGUMENTS, Some(file), value, place);
            }
        } else if CommandLine::read_script(&code).is_some_and(|line| line.opaque.is_none()) {
            let written = format!("{file} {{ {} }}", code.trim());
            let value = Value::text(&written);
            reading.found(Layer::Script, COMMAND, Some(file), value, place);
        }
    }
    reading
}

/// The commands of a script, each with the line it begins on.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let code = line.trim();
        if code.starts_with('#') || code.is_empty() {
            continue;
        }
        let (code, goes_on) = match code.strip_suffix('\\') {
            Some(code) => (code.trim_end(), true),
            None => (code, false),
        };
        match found.last_mut().filter(|_| is_open) {
            Some((_, whole)) => whole.extend([" ", code]),
            None => found.push((index + 1, code.to_owned())),
        }
        is_open = goes_on;
    }
    found
}
