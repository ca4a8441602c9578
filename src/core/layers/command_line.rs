//! Sidekiq command lines, wherever they stand: in a unit, a Procfile, a container, a parent
//! process. Only what follows the word `sidekiq` counts. Nothing is run or expanded.

use std::time::Duration;

use super::erb::Untagged;
use super::tool::Layer;
use super::value::{Expression, Fault, Hazard, Place, Reading, Value};
use crate::core::clean::clean;

/// The setting's name in tables.
pub const TIMEOUT: &str = "-t";
/// The setting under which every layer reports what it runs.
pub const COMMAND: &str = "command";

/// What stands between the service manager and Sidekiq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// Sidekiq itself, or programs that end by becoming it (`bundle exec`, `env`, `exec`).
    None,
    /// A shell without `exec`: it may stay as the parent.
    Shell,
    /// A template, or a script whose inside is not known.
    Unknown,
}

/// A command line that starts a Sidekiq.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// `sidekiqswarm` instead of `sidekiq`.
    pub swarm: bool,
    /// The last `-t`.
    pub timeout: Option<Value>,
    /// The file that `-C` names.
    pub config: Option<String>,
    /// The environment that `-e` names, or an assignment before the command.
    pub environment: Option<String>,
    /// What starts it.
    pub wrapper: Wrapper,
}

impl CommandLine {
    /// Reads a command; `None` if it starts no Sidekiq. Flags as in Sidekiq 7.3.9
    /// `lib/sidekiq/cli.rb:345-385`.
    pub fn read(command: &str) -> Option<Self> {
        let untagged = Untagged::new(command);
        let words = words(&untagged.text)
            .into_iter()
            .map(|word| untagged.restore(&word))
            .collect();
        let words = flatten(words, 0);
        let at = words.iter().position(|word| is_sidekiq(word))?;
        let (before, after) = words.split_at(at);
        let mut line = Self {
            swarm: name(&after[0]) == "sidekiqswarm",
            timeout: None,
            config: None,
            environment: assigned_environment(before),
            wrapper: wrapper(before),
        };
        let mut rest = after[1..].iter().map(String::as_str);
        while let Some(word) = rest.next() {
            if matches!(word, ";" | "&&" | "||" | "|" | "&") || word.starts_with('>') {
                break;
            }
            if let Some(value) = flag(word, "-t", ("timeout", 2), &mut rest) {
                line.timeout = Some(timeout(value));
            } else if let Some(value) = flag(word, "-C", ("config", 4), &mut rest) {
                line.config = Some(clean(value, 300));
            } else if let Some(value) = flag(word, "-e", ("environment", 1), &mut rest) {
                line.environment = Some(clean(value, 80));
            }
        }
        Some(line)
    }

    /// The `-t` as a located value.
    pub fn report(&self, scope: Option<&str>, place: &Place, reading: &mut Reading) {
        if let Some(value) = &self.timeout {
            reading.found(
                Layer::CommandLine,
                TIMEOUT,
                scope,
                value.clone(),
                place.clone(),
            );
        }
    }
}

/// Whether `text` is a command that starts a Sidekiq.
pub fn starts_sidekiq(text: &str) -> bool {
    CommandLine::read(text).is_some()
}

/// The value of a flag in one of its forms: `-t 60`, `-t60`, `--timeout 60`, `--timeout=60`,
/// and the shortenings that Ruby's `OptionParser` takes (`--time=60`): those that no other flag
/// of Sidekiq begins with. `long` is the name and the length of its shortest form.
fn flag<'a>(
    word: &'a str,
    short: &str,
    (long, shortest): (&str, usize),
    rest: &mut impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    if let Some(name) = word.strip_prefix("--") {
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        if name.len() < shortest || !long.starts_with(name) {
            return None;
        }
        return Some(value.or_else(|| rest.next()).unwrap_or(""));
    }
    let value = word.strip_prefix(short)?;
    Some(if value.is_empty() {
        rest.next().unwrap_or("")
    } else {
        value
    })
}

/// The value of `-t`: `Integer(arg)` in Ruby, and above 0; everything else does not boot.
pub fn timeout(text: &str) -> Value {
    if text.contains(['$', '`']) || text.contains("<%") || text.contains("#{") {
        return Value::Expression(expansion(text));
    }
    let digits = text.trim().replace('_', "");
    // `Integer("010")` is 8 in Ruby, and `Integer("0x3c")` 60.
    let (digits, radix) = match digits.strip_prefix('0') {
        Some(rest) if rest.starts_with(['x', 'X']) => (&rest[1..], 16),
        Some(rest) if !rest.is_empty() => (rest, 8),
        Some(_) | None => (digits.as_str(), 10),
    };
    match u32::from_str_radix(digits, radix) {
        Ok(seconds) if seconds > 0 => Value::Span(Duration::from_secs(u64::from(seconds))),
        Ok(_) | Err(_) => Value::Unusable {
            written: clean(text, 60),
            fault: Fault::NoBoot,
        },
    }
}

/// `$X`, `${X}`, `${X:-60}` and `${X-60}` as far as they are plain.
fn expansion(text: &str) -> Expression {
    let inner = text.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
    let (variable, default) = match inner {
        Some(inner) => match inner.split_once(":-").or_else(|| inner.split_once('-')) {
            Some((variable, default)) => (Some(variable), default.parse::<u32>().ok()),
            None => (Some(inner), None),
        },
        None => (text.strip_prefix('$'), None),
    };
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let variable = variable.filter(is_name);
    Expression {
        code: clean(text, 200),
        default: default.map(|seconds| Duration::from_secs(u64::from(seconds))),
        variable: variable.map(str::to_string),
        hazard: if variable.is_some() && default.is_none() {
            Hazard::NoBoot
        } else {
            Hazard::None
        },
    }
}

/// The last part of a path.
fn name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_sidekiq(word: &str) -> bool {
    matches!(name(word), "sidekiq" | "sidekiqswarm")
}

fn is_shell(word: &str) -> bool {
    matches!(name(word), "sh" | "bash" | "dash" | "zsh" | "ash")
}

/// What the words before `sidekiq` make of it.
fn wrapper(before: &[String]) -> Wrapper {
    let any = |test: fn(&str) -> bool| before.iter().any(|word| test(word));
    if any(|word| word.contains("<%") || word.contains("#{")) {
        return Wrapper::Unknown;
    }
    if any(|word| word == "exec") && last_shell_word_is_exec(before) {
        return Wrapper::None;
    }
    if any(is_shell) {
        return Wrapper::Shell;
    }
    if any(|word| matches!(word, "&&" | ";" | "cd")) {
        return Wrapper::Unknown;
    }
    Wrapper::None
}

/// Whether the command that starts Sidekiq begins with the shell's `exec` (which is not the
/// `exec` of `bundle exec`).
fn last_shell_word_is_exec(before: &[String]) -> bool {
    let start = before
        .iter()
        .rposition(|word| matches!(word.as_str(), "&&" | ";" | "||"))
        .map_or_else(
            || {
                before
                    .iter()
                    .rposition(|word| {
                        is_shell(word) || word.starts_with('-') && word.ends_with('c')
                    })
                    .map_or(0, |at| at + 1)
            },
            |at| at + 1,
        );
    before[start..]
        .iter()
        .find(|word| !word.contains('=') && !word.starts_with('-'))
        .is_some_and(|word| word == "exec")
}

/// `RAILS_ENV=production` and the like before the command. Sidekiq 7.3.9 `cli.rb:234` asks
/// `APP_ENV`, `RAILS_ENV`, `RACK_ENV` in that order.
fn assigned_environment(before: &[String]) -> Option<String> {
    ["APP_ENV=", "RAILS_ENV=", "RACK_ENV="]
        .iter()
        .find_map(|name| before.iter().find_map(|word| word.strip_prefix(name)))
        .filter(|value| !value.contains(['$', '<', '#']))
        .map(|value| clean(value, 80))
}

/// Splits as a shell does: blanks, quotes, backslashes; separators stand alone.
pub fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = command.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (_, '#') if characters.peek() == Some(&'{') => {
                // A Ruby interpolation stays in one piece.
                let word = word.get_or_insert_default();
                word.push(character);
                for inside in characters.by_ref() {
                    word.push(inside);
                    if inside == '}' {
                        break;
                    }
                }
            }
            (Some(open), _) if open == character => quote = None,
            (Some('"') | None, '\\') => {
                let next = characters.next().unwrap_or('\\');
                if next != '\n' {
                    word.get_or_insert_default().push(next);
                }
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, ';' | '|' | '&') => {
                words.extend(word.take());
                let mut separator = character.to_string();
                if character != ';' && characters.peek() == Some(&character) {
                    separator.extend(characters.next());
                }
                words.push(separator);
            }
            (_, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Opens a word that is itself a command (`bash -lc 'exec sidekiq -t 60'`).
fn flatten(words: Vec<String>, depth: usize) -> Vec<String> {
    let nested = |word: &str| {
        word.contains(char::is_whitespace)
            && !word.starts_with("<%")
            && self::words(word).iter().any(|part| is_sidekiq(part))
    };
    words
        .into_iter()
        .flat_map(|word| {
            if depth < 3 && nested(&word) {
                flatten(self::words(&word), depth + 1)
            } else {
                vec![word]
            }
        })
        .collect()
}
