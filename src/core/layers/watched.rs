//! Supervisors that watch a process from outside: god, Eye and Bluepill. Each is set up by Ruby that
//! is read line by line, never run. What stops a process is put into words of a shell: its command,
//! or its signals with the pauses between them.

use super::command_line::is_named_sidekiq;
use super::layer::Layer;
use super::ruby;
use super::value::{FilePlace, Reading, Value};

/// The setting under which the stop of a watched process is reported, where none is written.
pub const OWN_STOP: &str = "default stop";
/// The signals that stop it.
pub const STOP_SIGNALS: &str = "stop_signals";
/// The command that stops it.
pub const STOP_COMMAND: &str = "stop command";
/// The command that restarts it.
pub const RESTART_COMMAND: &str = "restart command";
/// Marks a Sidekiq that is watched.
pub const WATCHES: &str = "watches";

/// god (`lib/god/process.rb` 0.13.7, `call_action` and `ensure_stop`): KILL follows so many seconds
/// after TERM or after the stop command.
pub fn god(file: &str, text: &str) -> Reading {
    read(Layer::God, file, text)
}

/// Eye (`lib/eye/process/config.rb` and `commands.rb` 0.10): without a stop of its own a process
/// gets KILL half a second after TERM.
pub fn eye(file: &str, text: &str) -> Reading {
    read(Layer::Eye, file, text)
}

/// Bluepill (`lib/bluepill/process.rb`): the signals with the pauses between them, else TERM.
pub fn bluepill(file: &str, text: &str) -> Reading {
    read(Layer::Bluepill, file, text)
}

/// A process as it is set up.
#[derive(Default)]
struct WatchedProcess {
    name: String,
    at: Option<FilePlace>,
    start: Option<(String, FilePlace)>,
    /// Setting, command and place of what stops and restarts it.
    stops: Vec<(&'static str, String, FilePlace)>,
    signal: Option<String>,
    /// Seconds between TERM and KILL of god.
    timeout: Option<(String, FilePlace)>,
}

fn read(layer: Layer, file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut process = WatchedProcess::default();
    for (number, code) in ruby::code_lines(text) {
        let place = FilePlace::new(file, number);
        let code = code.trim();
        if let Some(name) = opened(layer, code) {
            std::mem::take(&mut process).report(layer, &mut reading);
            name.clone_into(&mut process.name);
            process.at = Some(place);
        } else if let Some((key, value)) = setting(code) {
            process.set(key, value, place, &mut reading);
        }
    }
    process.report(layer, &mut reading);
    reading
}

/// The name of the process that a line begins to set up; god names it in a line of its own.
fn opened(layer: Layer, code: &str) -> Option<&str> {
    if layer == Layer::God {
        return code.starts_with("God.watch").then_some("");
    }
    let at = code.find("process")?;
    let rest = code[at + "process".len()..].trim_start_matches(['(', ' ']);
    let is_call = code.contains(" do") && (at == 0 || code[..at].ends_with('.'));
    let rest = rest.trim_start_matches([':', '"', '\'']);
    let end = rest.find(['"', '\'', ')', ' ', ',']).unwrap_or(rest.len());
    is_call.then(|| &rest[..end])
}

/// `w.stop = "…"`, `process.stop_command = "…"`, `stop_command "…"`.
fn setting(code: &str) -> Option<(&str, &str)> {
    let (receiver, rest) = match code.split_once('.') {
        Some((receiver, rest))
            if receiver
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_') =>
        {
            (receiver, rest)
        }
        Some(_) | None => ("", code),
    };
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let value = rest[end..].trim_start();
    let value = match value.strip_prefix('=') {
        Some(value) => value,
        None if receiver.is_empty() => value,
        None => return None,
    };
    let value = value.trim().trim_matches(['(', ')']);
    (!value.is_empty()).then(|| (&rest[..end], value))
}

impl WatchedProcess {
    fn set(&mut self, key: &str, value: &str, place: FilePlace, reading: &mut Reading) {
        let (setting, is_signals) = match key {
            "name" => {
                value.trim_matches(['"', '\'']).clone_into(&mut self.name);
                self.at = Some(place);
                return;
            }
            "start" | "start_command" => {
                self.start = text(value).map(|text| (text, place));
                return;
            }
            "stop_signal" => {
                self.signal = Some(value.trim_matches([':', '"', '\'']).to_owned());
                return;
            }
            "stop_timeout" => {
                self.timeout = Some((value.to_owned(), place));
                return;
            }
            "stop_signals" => (STOP_SIGNALS, true),
            "stop" | "stop_command" => (STOP_COMMAND, false),
            "restart" | "restart_command" => (RESTART_COMMAND, false),
            _ => return,
        };
        let command = if is_signals {
            signals(value)
        } else {
            text(value)
        };
        match command {
            Some(command) => self.stops.push((setting, command, place)),
            None => reading.not_read(
                place,
                format!("`{key}` is code: what it does to a Sidekiq is not known"),
            ),
        }
    }

    /// Puts a Sidekiq into the reading, with what its supervisor does where nothing is written.
    fn report(mut self, layer: Layer, reading: &mut Reading) {
        let Some(at) = self.at.take() else {
            return;
        };
        let start = self.start.as_ref().map(|(text, _)| text.as_str());
        let is_sidekiq = start.is_some_and(super::command_line::starts_sidekiq);
        if !is_sidekiq && !is_named_sidekiq(&self.name) {
            return;
        }
        self.add_own_stop(layer, &at);
        let mut scope = reading.scope(layer, &self.name);
        if let Some((text, place)) = &self.start {
            scope.command(text, place);
        }
        for (setting, command, place) in &self.stops {
            scope.found(setting, Value::command(command), place);
        }
        scope.found(WATCHES, Value::Flag(true), &at);
    }

    fn add_own_stop(&mut self, layer: Layer, at: &FilePlace) {
        let is_stop = |(setting, ..): &(&str, String, FilePlace)| *setting != RESTART_COMMAND;
        let own = self.stops.iter_mut().find(|one| is_stop(one));
        match (layer, own) {
            (Layer::God, own) => {
                let stated = self.timeout.take();
                let (wait, place) = match &stated {
                    Some((text, place)) => (seconds(text), place.clone()),
                    None => ("10".into(), at.clone()),
                };
                let signal = self.signal.as_deref().unwrap_or("TERM");
                let kill = format!("; sleep {wait}; kill -KILL PID");
                if let Some((_, command, _)) = own {
                    command.push_str(&kill);
                } else {
                    let stop = format!("kill -{signal} PID{kill}");
                    self.stops.push((OWN_STOP, stop, place));
                }
            }
            (Layer::Eye, None) => {
                let stop = "kill -TERM PID; sleep 0.5; kill -KILL PID".to_owned();
                self.stops.push((OWN_STOP, stop, at.clone()));
            }
            (_, None) => self
                .stops
                .push((OWN_STOP, "kill -TERM PID".into(), at.clone())),
            (_, Some(_)) => {}
        }
    }
}

/// The text of a string; `None` where it is other code.
fn text(value: &str) -> Option<String> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = value.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inside.replace("\\\"", "\"").replace("\\'", "'"))
}

/// `[:quit, 30.seconds, :term, 5, :kill]` as commands.
fn signals(value: &str) -> Option<String> {
    let inside = value.strip_prefix('[')?.strip_suffix(']')?;
    let parts: Vec<String> = inside
        .split(',')
        .map(str::trim)
        .map(|part| {
            let name = part.trim_start_matches(':').trim_matches(['"', '\'']);
            if part.starts_with(|c: char| c.is_ascii_digit()) {
                format!("sleep {}", seconds(part))
            } else {
                format!("kill -{} PID", name.to_ascii_uppercase())
            }
        })
        .collect();
    Some(parts.join("; "))
}

/// `30.seconds`, `2.minutes` or `30` as `sleep` takes it; other code stays as it is.
fn seconds(value: &str) -> String {
    for (ending, unit) in [
        (".seconds", "s"),
        (".second", "s"),
        (".minutes", "m"),
        (".minute", "m"),
    ] {
        if let Some(number) = value.strip_suffix(ending) {
            return format!("{number}{unit}");
        }
    }
    value.replace(' ', "")
}

/// A command without the tags of a template: one that names a program of Sidekiq's becomes that
/// program, and every other one a single word.
pub(super) fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("<%").into_iter().chain(rest.find("{{")).min() {
        let close = if rest[open..].starts_with("<%") {
            "%>"
        } else {
            "}}"
        };
        let Some(length) = rest[open..].find(close) else {
            break;
        };
        let tag = &rest[open..open + length + 2];
        plain.push_str(&rest[..open]);
        if tag.contains(":sidekiqctl]") {
            plain.push_str("sidekiqctl");
        } else if tag.contains(":sidekiq]") {
            plain.push_str("sidekiq");
        } else {
            plain.extend(
                tag.chars()
                    .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')),
            );
        }
        rest = &rest[open + length + 2..];
    }
    plain.push_str(rest);
    plain
}
