//! Sidekiq command lines, wherever they stand: in a unit, a Procfile, a container, a parent
//! process. Only what follows the word `sidekiq` counts. Nothing is run or expanded.

use std::time::Duration;

use super::erb::Untagged;
use super::launch::{self, Around};
use super::layer::Layer;
use super::paths::file_name;
use super::value::{Expression, Fault, FilePlace, Hazard, Reading, Value};
use super::variables::ENVIRONMENTS;
use crate::core::clean::clean;

pub use super::launch::Wrapper;

/// The setting's name in tables.
pub const TIMEOUT: &str = "-t";
/// The setting under which every layer reports what it runs.
pub const COMMAND: &str = "command";

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
    /// The kind of program that starts it.
    pub wrapper: Wrapper,
    /// The script or task that starts it, if only its name says so: its flags are not known.
    pub opaque: Option<String>,
    /// The command that the shell in front of it runs at TERM, where it has a trap.
    pub trap: Option<String>,
}

impl CommandLine {
    /// Reads a command; `None` if it starts no Sidekiq. Flags as in Sidekiq 7.3.9
    /// `lib/sidekiq/cli.rb:345-385`.
    pub fn read(command: &str) -> Option<Self> {
        match script_of(command) {
            Some((_, inside)) => Self::read_in(inside, Around::Script),
            None => Self::read_in(command, Around::Unknown),
        }
    }

    /// Reads what a shell script starts.
    pub(super) fn read_script(script: &str) -> Option<Self> {
        Self::read_in(script, Around::Script)
    }

    fn read_in(command: &str, around: Around) -> Option<Self> {
        let untagged = Untagged::of_any(command);
        let launch = launch::find(&untagged.text, around)?;
        let restored = |words: Vec<String>| -> Vec<String> {
            words.iter().map(|word| untagged.restore(word)).collect()
        };
        let before = restored(launch.before);
        let is_template = before
            .iter()
            .any(|word| word.contains("<%") || word.contains("{{"));
        let least = if is_template || launch.is_opaque {
            Wrapper::Unknown
        } else {
            Wrapper::None
        };
        let mut line = Self {
            swarm: file_name(&launch.program) == "sidekiqswarm",
            timeout: None,
            config: None,
            environment: assigned_environment(&before),
            wrapper: launch.wrapper.max(least),
            opaque: launch
                .is_opaque
                .then(|| clean(&untagged.restore(&launch.program), 200)),
            trap: launch::trap(&before).map(|body| clean(&body, 200)),
        };
        if launch.is_opaque {
            return Some(line);
        }
        let arguments = restored(launch.arguments);
        let mut rest = arguments.iter().map(String::as_str);
        let mut before = "";
        while let Some(word) = rest.next() {
            if word.contains('>') && !word.contains("<%") {
                break;
            }
            let is_value = before.starts_with('-') && !before.contains('=');
            before = word;
            if let Some(more) = more_flags(word).filter(|_| !is_value) {
                if is_begun(word) {
                    rest.by_ref().find(|next| next.ends_with('}'));
                }
                line.timeout = line.timeout.or(Some(Value::Expression(more)));
            } else if let Some(value) = flag(word, "-t", ("timeout", 2), &mut rest) {
                line.timeout = Some(timeout(value));
                before = value;
            } else if let Some(value) = flag(word, "-C", ("config", 4), &mut rest) {
                line.config = Some(clean(value, 300));
                before = value;
            } else if let Some(value) = flag(word, "-e", ("environment", 1), &mut rest) {
                let plain = Some(value).filter(|value| is_plain(value));
                line.environment = plain.map(|value| clean(value, 80)).or(line.environment);
                before = value;
            }
        }
        Some(line)
    }

    /// The `-t` as a located value.
    pub fn report(&self, scope: Option<&str>, place: &FilePlace, reading: &mut Reading) {
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

/// Whether a service, container, program or process of this name is a Sidekiq, where its command
/// does not tell: `shop-sidekiq` is one, `sidekiq-exporter` looks after one.
pub fn is_named_sidekiq(name: &str) -> bool {
    launch::starts_one(name)
}

/// Whether a command runs a script whose inside is not known and whose name does not tell.
pub fn is_unknown_script(text: &str) -> bool {
    let words = launch::words(text, false);
    let runners = [
        "exec",
        "sh",
        "bash",
        "/bin/sh",
        "/bin/bash",
        "tini",
        "dumb-init",
        "--",
    ];
    let program = words.iter().find(|word| !runners.contains(&word.as_str()));
    program.is_some_and(|program| {
        let name = file_name(program);
        let says_start = ["start", "run", "entrypoint", "launch", "worker", "boot"];
        program.contains('/') && says_start.iter().any(|part| name.contains(part))
            || [".sh", ".bash"]
                .iter()
                .any(|end| name.strip_suffix(end).is_some())
    })
}

/// Whether a command runs a program that is no Sidekiq, whatever its unit is named: a log shipper,
/// `curl`.
pub fn is_other_program(text: &str) -> bool {
    launch::runs_no_other(&launch::words(text, false))
}

/// The script and the command in it, of a text `SCRIPT { COMMAND }`.
fn script_of(text: &str) -> Option<(&str, &str)> {
    let (script, inside) = text.split_once(" { ")?;
    let inside = inside.strip_suffix(" }")?;
    (!script.contains(char::is_whitespace)).then_some((script, inside))
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
    let is_code = ["<%", "{{", "#{"].iter().any(|open| text.contains(open));
    if is_code || text.contains(['$', '`']) {
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

/// The variable, or the code of a template, that a word of flags is (`sidekiq $SIDEKIQ_ARGS`,
/// `sidekiq <%= args %>`): a `-t` may stand in it.
fn more_flags(word: &str) -> Option<Expression> {
    let is_code = word.starts_with("{{") || word.starts_with("<%");
    if is_code || is_begun(word) {
        return Some(Expression {
            code: clean(word, 200),
            default: None,
            variable: None,
            hazard: Hazard::None,
        });
    }
    // Compose hands `$$X` on to the shell as `$X`.
    let one = word.strip_prefix('$').filter(|rest| rest.starts_with('$'));
    let expression = expansion(one.unwrap_or(word));
    let is_word = word.starts_with('$') && expression.variable.is_some();
    let has_default = word.contains('-');
    (is_word && !has_default).then_some(Expression {
        hazard: Hazard::None,
        ..expression
    })
}

/// Whether a variable goes on in the next word: `${ARGS:--t 60}`.
fn is_begun(word: &str) -> bool {
    word.starts_with("${") && !word.ends_with('}')
}

/// The `-t` in flags that stand by themselves (`-e production -t 60`).
pub(super) fn timeout_in(flags: &str) -> Option<Value> {
    CommandLine::read(&format!("sidekiq {flags}"))?.timeout
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

/// `RAILS_ENV=production` and the like before the command. Sidekiq 7.3.9 `cli.rb:234` asks
/// `APP_ENV`, `RAILS_ENV`, `RACK_ENV` in that order.
fn assigned_environment(before: &[String]) -> Option<String> {
    let assigned = |name: &&str| {
        let mut words = before.iter();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let value = ENVIRONMENTS.iter().find_map(assigned);
    value
        .filter(|value| is_plain(value))
        .map(|value| clean(value, 80))
}

/// Whether a word is no variable and no code.
pub fn is_plain(word: &str) -> bool {
    !word.contains(['$', '<', '#', '{'])
}
