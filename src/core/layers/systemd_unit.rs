//! systemd unit files and their drop-ins as text, after systemd.service(5) and
//! systemd.syntax(7). It reads what stands on disk, which may not be what is loaded.

use std::time::Duration;

use super::command_line::CommandLine;
use super::layer::Layer;
use super::paths::unit;
use super::span::{Span, systemd_span};
use super::systemd_show::signal_name;
use super::value::{Expression, Fault, FilePlace, Hazard, LocatedSetting, Reading, Value};
use crate::core::clean::clean;
use crate::core::sequence::Signal;

/// systemd's own wait between TERM and KILL (systemd-system.conf(5), `DefaultTimeoutStopSec`).
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(90);

/// The file of variables that a unit names.
pub const ENVIRONMENT_FILE: &str = "EnvironmentFile";

/// The settings of `[Service]` that matter to a drain, with their kind.
const SETTINGS: &[(&str, SettingKind)] = &[
    ("TimeoutStopSec", SettingKind::Timeout),
    ("TimeoutStartSec", SettingKind::Timeout),
    ("TimeoutAbortSec", SettingKind::Timeout),
    ("RestartSec", SettingKind::Span),
    ("WatchdogSec", SettingKind::Span),
    ("KillMode", SettingKind::OneOf(KILL_MODES)),
    ("KillSignal", SettingKind::Signal),
    ("RestartKillSignal", SettingKind::Signal),
    ("FinalKillSignal", SettingKind::Signal),
    ("SendSIGKILL", SettingKind::Flag),
    ("SendSIGHUP", SettingKind::Flag),
    ("Restart", SettingKind::OneOf(RESTARTS)),
    ("Type", SettingKind::OneOf(TYPES)),
    ("NotifyAccess", SettingKind::OneOf(NOTIFY_ACCESS)),
    ("TimeoutStopFailureMode", SettingKind::OneOf(FAILURE_MODES)),
    ("ExecStart", SettingKind::Command),
    ("ExecStartPre", SettingKind::Command),
    ("ExecStop", SettingKind::Command),
    ("ExecStopPost", SettingKind::Command),
    ("ExecReload", SettingKind::Command),
    ("WorkingDirectory", SettingKind::Word),
    ("Environment", SettingKind::Word),
    (ENVIRONMENT_FILE, SettingKind::Word),
    ("PassEnvironment", SettingKind::Word),
];

/// `KillMode=`, systemd.kill(5).
const KILL_MODES: &[&str] = &["control-group", "mixed", "process", "none"];
/// `Restart=`, systemd.service(5).
const RESTARTS: &[&str] = &[
    "no",
    "always",
    "on-success",
    "on-failure",
    "on-abnormal",
    "on-abort",
    "on-watchdog",
];
/// `Type=`, systemd.service(5).
const TYPES: &[&str] = &[
    "simple",
    "exec",
    "forking",
    "oneshot",
    "dbus",
    "notify",
    "notify-reload",
    "idle",
];
/// `NotifyAccess=`, systemd.service(5).
const NOTIFY_ACCESS: &[&str] = &["none", "main", "exec", "all"];
/// `TimeoutStopFailureMode=`, systemd.service(5).
const FAILURE_MODES: &[&str] = &["terminate", "abort", "kill"];

/// How a setting is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SettingKind {
    /// A span in which 0 means no end.
    Timeout,
    /// A span.
    Span,
    /// A word.
    Word,
    /// A word of these, in this case; anything else is ignored by systemd.
    OneOf(&'static [&'static str]),
    /// A signal, by name in capitals or by number.
    Signal,
    /// Yes or no.
    Flag,
    /// A command; an empty one takes back those before it.
    Command,
}

/// An assignment of a unit file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// Reads a unit file or a drop-in. Every assignment is reported in order: of those of one
/// setting the last usable one holds, so drop-ins are read after their unit. The scope of a
/// value is the unit.
pub fn read(file: &str, text: &str) -> Reading {
    let unit = unit(file).unwrap_or_default();
    let mut reading = Reading::default();
    if text.contains("{%") {
        reading.not_read(
            FilePlace::whole(file),
            "a template: which of its lines count is not known here",
        );
    }
    for assignment in assignments(text) {
        let place = FilePlace::new(file, assignment.line);
        let key = assignment.key.as_str();
        if assignment.section != "Service" {
            if matches!(key, "TimeoutStopSec" | "TimeoutSec" | "KillMode") {
                reading.problem(
                    place,
                    format!(
                        "{key} stands in [{}] and is ignored there: it belongs in [Service]",
                        clean(&assignment.section, 40)
                    ),
                );
            }
            continue;
        }
        if key == "TimeoutSec" {
            let written = value(SettingKind::Timeout, &assignment.value);
            reading.found(
                Layer::Systemd,
                "TimeoutSec",
                Some(unit),
                written,
                place.clone(),
            );
            // Sets both, says systemd.service(5).
            for setting in ["TimeoutStartSec", "TimeoutStopSec"] {
                let value = value(SettingKind::Timeout, &assignment.value);
                report(unit, setting, value, &assignment, &place, &mut reading);
            }
        } else if let Some((setting, kind)) = SETTINGS.iter().find(|(name, _)| *name == key) {
            if *kind == SettingKind::Command {
                command(unit, setting, &assignment, &place, &mut reading);
            } else {
                let value = value(*kind, &assignment.value);
                report(unit, setting, value, &assignment, &place, &mut reading);
            }
        }
    }
    reading
}

/// Adds one value; one that systemd ignores is said as well, and one of Jinja or Go.
fn report(
    unit: &str,
    setting: &'static str,
    value: Value,
    assignment: &Assignment,
    place: &FilePlace,
    reading: &mut Reading,
) {
    if matches!(value, Value::Unusable { .. }) {
        reading.problem(
            place.clone(),
            format!(
                "{}=`{}` is ignored by systemd: an earlier value or the default holds",
                clean(&assignment.key, 40),
                clean(&assignment.value, 60)
            ),
        );
    }
    let is_curly = matches!(&value, Value::Expression(code) if code.code.contains("{{"));
    if is_curly && Layer::Systemd.waits(setting) {
        let text = format!("a template: {setting} is {value}");
        reading.not_read(place.clone(), text);
    }
    reading.found(Layer::Systemd, setting, Some(unit), value, place.clone());
}

/// Takes back the commands of a unit that a later, empty line of the same setting resets: in the
/// same file, or in a drop-in.
pub fn take_back(reading: &mut Reading) {
    let is_reset = |located: &LocatedSetting| {
        located.layer == Layer::Systemd && located.value.as_text() == Some("")
    };
    while let Some(at) = reading.values.iter().position(is_reset) {
        let reset = reading.values.remove(at);
        let mut index = 0;
        reading.values.retain(|located| {
            let is_before = index < at;
            index += 1;
            let is_flag = located.layer == Layer::CommandLine && reset.setting == "ExecStart";
            let is_same = located.layer == Layer::Systemd && located.setting == reset.setting;
            // Two whole files of one name are two units: only a drop-in changes another file.
            let reaches = reset.from.file.contains(".d/") || located.from.file == reset.from.file;
            let is_of_it = located.scope == reset.scope && reaches;
            !(is_before && (is_flag || is_same) && is_of_it)
        });
    }
}

/// Adds a command and, for `ExecStart`, the `-t` in it. An empty one is kept as the mark of a reset.
fn command(
    unit: &str,
    setting: &'static str,
    assignment: &Assignment,
    place: &FilePlace,
    reading: &mut Reading,
) {
    let text = assignment.value.trim();
    reading.found(
        Layer::Systemd,
        setting,
        Some(unit),
        Value::text(text),
        place.clone(),
    );
    if setting == "ExecStart"
        && let Some(line) = CommandLine::read(text)
    {
        line.report(Some(unit), place, reading);
    }
}

/// A value of a kind.
fn value(kind: SettingKind, text: &str) -> Value {
    let text = text.trim();
    if ["<%", "{{", "{%", "${"]
        .iter()
        .any(|open| text.contains(open))
    {
        return Value::Expression(Expression {
            code: clean(text, 200),
            default: None,
            variable: None,
            hazard: Hazard::None,
        });
    }
    match kind {
        SettingKind::Timeout | SettingKind::Span => match systemd_span(text) {
            Some(Span::Infinite) => Value::Infinite,
            Some(Span::Finite(Duration::ZERO)) if kind == SettingKind::Timeout => Value::Infinite,
            Some(Span::Finite(span)) => Value::Span(span),
            None => ignored(text),
        },
        SettingKind::Flag => match text.to_ascii_lowercase().as_str() {
            "1" | "yes" | "y" | "true" | "t" | "on" => Value::Flag(true),
            "0" | "no" | "n" | "false" | "f" | "off" => Value::Flag(false),
            _ => ignored(text),
        },
        SettingKind::OneOf(words) if !words.contains(&text) => ignored(text),
        SettingKind::Signal if !is_signal(text) => ignored(text),
        SettingKind::Word | SettingKind::Command if text.is_empty() => ignored(text),
        SettingKind::Signal => Value::text(&signal_name(text)),
        SettingKind::Word | SettingKind::Command | SettingKind::OneOf(_) => Value::text(text),
    }
}

/// Whether systemd reads this as a signal (`signal_from_string`, checked against 252): in
/// capitals with or without `SIG`, a number, or a real-time signal.
fn is_signal(text: &str) -> bool {
    let name = text.strip_prefix("SIG").unwrap_or(text);
    let is_known = |known: &Signal| known.name() == name;
    text.parse::<u8>()
        .is_ok_and(|number| (1..=64).contains(&number))
        || name.starts_with("RTMIN")
        || name.starts_with("RTMAX")
        || Signal::ALL.iter().any(is_known)
}

fn ignored(text: &str) -> Value {
    Value::Unusable {
        written: clean(text, 60),
        fault: Fault::Ignored,
    }
}

/// The assignments of a unit file: comments are whole lines, a `\` at the end continues a line
/// (comment lines in between do not end it), and what follows a value is part of it.
pub(super) fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut pending: Option<(String, usize)> = None;
    for (index, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let (mut whole, start) = pending.take().unwrap_or((String::new(), index + 1));
        if let Some(open) = line.strip_suffix('\\') {
            whole.push_str(open);
            whole.push(' ');
            pending = Some((whole, start));
            continue;
        }
        whole.push_str(line);
        accept(&whole, start, &mut section, &mut found);
    }
    if let Some((whole, start)) = pending {
        accept(&whole, start, &mut section, &mut found);
    }
    found
}

/// Takes one whole line: a section or an assignment.
fn accept(line: &str, number: usize, section: &mut String, found: &mut Vec<Assignment>) {
    let line = line.trim();
    if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
        *section = name.to_string();
    } else if let Some((key, value)) = line.split_once('=') {
        found.push(Assignment {
            section: section.clone(),
            key: key.trim().to_string(),
            value: value.trim().to_string(),
            line: number,
        });
    }
}
