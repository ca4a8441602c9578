//! The values that systemd has loaded, from `systemctl show` or `busctl get-property`: the truth
//! about a unit, in the names of the unit file. Text in; nothing here calls systemctl.

use std::time::Duration;

use super::command_line::CommandLine;
use super::layer::Layer;
use super::span::{Span, busctl_span, systemd_span};
use super::value::{FilePlace, Reading, Value};
use crate::core::clean::clean;

/// The properties that `systemctl show -p …` is asked for.
pub const PROPERTIES: &[&str] = &[
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "MainPID",
    "ControlGroup",
    "NRestarts",
    "NeedDaemonReload",
    "CanReload",
    "FragmentPath",
    "DropInPaths",
    "TimeoutStopUSec",
    "TimeoutAbortUSec",
    "RestartUSec",
    "WatchdogUSec",
    "KillMode",
    "KillSignal",
    "RestartKillSignal",
    "FinalKillSignal",
    "SendSIGKILL",
    "SendSIGHUP",
    "Restart",
    "SuccessExitStatus",
    "RestartPreventExitStatus",
    "RestartForceExitStatus",
    "Type",
    "NotifyAccess",
    "TimeoutStopFailureMode",
    "ExecMainCode",
    "ExecMainStatus",
    "ExecStart",
    "ExecStop",
    "ExecReload",
    "RequiredBy",
    "BoundBy",
    "ConsistsOf",
    "PropagatesStopTo",
];

/// Properties that hold spans, with the setting of the unit file that they come from.
const SPANS: &[(&str, &str)] = &[
    ("TimeoutStopUSec", "TimeoutStopSec"),
    ("TimeoutAbortUSec", "TimeoutAbortSec"),
    ("TimeoutStartUSec", "TimeoutStartSec"),
    ("RestartUSec", "RestartSec"),
    ("WatchdogUSec", "WatchdogSec"),
];

/// Reads the output for one or several units (an empty line stands between them). `asked` names
/// the unit where the output does not. A unit that is not loaded gives a problem and no values:
/// systemctl answers for it with success and a believable 90 s.
pub fn read(asked: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut block: Vec<(usize, &str, &str)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            unit(asked, &std::mem::take(&mut block), &mut reading);
        } else if let Some((key, value)) = line.split_once('=') {
            block.push((index + 1, key.trim(), value.trim()));
        }
    }
    unit(asked, &block, &mut reading);
    reading
}

/// Reads the properties of one unit.
fn unit(asked: &str, block: &[(usize, &str, &str)], reading: &mut Reading) {
    let property = |name: &str| {
        block
            .iter()
            .find(|(_, key, _)| *key == name)
            .map(|(_, _, value)| *value)
    };
    if block.is_empty() {
        return;
    }
    let id = property("Id").filter(|id| !id.is_empty()).unwrap_or(asked);
    let source = FilePlace::whole(&format!("systemctl show {}", clean(id, 120)));
    if let Some(state @ ("not-found" | "error" | "bad-setting" | "masked")) = property("LoadState")
    {
        reading.problem(
            source,
            format!(
                "systemd has no unit {} loaded ({state}): the values that systemctl prints for it are its defaults",
                clean(id, 120)
            ),
        );
        return;
    }
    for (_, key, text) in block {
        if let Some((setting, value)) = value(key, text) {
            reading.found(
                Layer::SystemdLoaded,
                setting,
                Some(id),
                value,
                source.clone(),
            );
        }
        if *key == "ExecStart"
            && let Some(line) = CommandLine::read(&argv(text))
        {
            line.report(Some(id), &source, reading);
        }
    }
}

/// The value of one property under its setting's name; `None` for those that say nothing.
fn value(key: &str, text: &str) -> Option<(&'static str, Value)> {
    if let Some((_, setting)) = SPANS.iter().find(|(name, _)| *name == key) {
        return Some((setting, span(key, text)?));
    }
    let setting = PROPERTIES.iter().find(|name| **name == key)?;
    let text = unwrapped(text);
    if text.is_empty() {
        return None;
    }
    Some((
        setting,
        match *setting {
            "SendSIGKILL" | "SendSIGHUP" | "NeedDaemonReload" | "CanReload" => match text {
                "yes" | "true" => Value::Flag(true),
                "no" | "false" => Value::Flag(false),
                _ => return None,
            },
            "KillSignal" | "RestartKillSignal" | "FinalKillSignal" => {
                Value::text(&signal_name(text))
            }
            "ExecStart" | "ExecStop" | "ExecReload" => Value::text(&argv(text)),
            _ => Value::text(text),
        },
    ))
}

/// A span of either form. A watchdog of 0 is none.
fn span(key: &str, text: &str) -> Option<Value> {
    let span = busctl_span(text).or_else(|| systemd_span(text))?;
    Some(match span {
        Span::Infinite => Value::Infinite,
        Span::Finite(Duration::ZERO) if key.starts_with("Timeout") => Value::Infinite,
        Span::Finite(span) => Value::Span(span),
    })
}

/// A value without the type that busctl prints before it (`s "mixed"`, `b false`, `i 15`).
fn unwrapped(text: &str) -> &str {
    match text.split_once(' ') {
        Some(("s" | "o", rest)) if rest.starts_with('"') => rest.trim_matches('"'),
        Some(("b" | "i" | "u" | "t", rest)) if !rest.contains(' ') => rest,
        _ => text,
    }
}

/// The command in `{ path=/bin/kill ; argv[]=/bin/kill -TERM $MAINPID ; ignore_errors=no ; … }`,
/// several of them joined.
fn argv(text: &str) -> String {
    if !text.contains("argv[]=") {
        return text.to_string();
    }
    text.split("argv[]=")
        .skip(1)
        .map(|rest| {
            rest.split(" ; ignore_errors=")
                .next()
                .unwrap_or(rest)
                .trim()
        })
        .collect::<Vec<_>>()
        .join(" && ")
}

/// The name of a signal number of Linux on the usual machines; others stay numbers.
pub(super) fn signal_name(text: &str) -> String {
    let name = match text {
        "1" => "SIGHUP",
        "2" => "SIGINT",
        "3" => "SIGQUIT",
        "6" => "SIGABRT",
        "9" => "SIGKILL",
        "10" => "SIGUSR1",
        "12" => "SIGUSR2",
        "14" => "SIGALRM",
        "15" => "SIGTERM",
        "18" => "SIGCONT",
        "19" => "SIGSTOP",
        "20" => "SIGTSTP",
        "21" => "SIGTTIN",
        "28" => "SIGWINCH",
        _ => text,
    };
    name.to_string()
}
