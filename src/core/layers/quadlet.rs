//! Quadlet files of Podman (`jobs.container`): how long a stop of the unit that Podman makes of one
//! waits for the container, and the signal that it begins with.

use std::time::Duration;

use super::launch::words;
use super::layer::Layer;
use super::paths::{file_name, without_template};
use super::span::{Span, systemd_span};
use super::systemd_unit::{DEFAULT_LIMIT, assignments};
use super::value::{Fault, FilePlace, Reading, Value};

/// How long Podman waits before it kills (Podman 5.0 and later).
pub const STOP_TIMEOUT: &str = "StopTimeout";
/// systemd cuts the stop off after it.
pub const LIMIT: &str = "TimeoutStopSec";
/// The signal that Podman begins with.
pub const STOP_SIGNAL: &str = "StopSignal";
/// Podman's own wait: the unit stops by `podman rm -f` (containers/podman
/// `pkg/systemd/quadlet/quadlet.go`; podman-run(1), `--stop-timeout`).
pub const DEFAULT: Duration = Duration::from_secs(10);

/// Reads one file. The scope of its values is the file's name.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let name = without_template(file_name(file));
    let mut place = FilePlace::new(file, 1);
    let mut wait = Value::Default(DEFAULT);
    let mut limit = (Value::Default(DEFAULT_LIMIT), place.clone());
    for one in assignments(text) {
        let at = FilePlace::new(file, one.line);
        let mut scope = reading.scope(Layer::Quadlet, name);
        match (one.section.as_str(), one.key.as_str()) {
            ("Container", "Exec") => {
                scope.command(&one.value, &at);
            }
            ("Container", STOP_SIGNAL) => scope.found(STOP_SIGNAL, Value::text(&one.value), &at),
            ("Container", STOP_TIMEOUT) => (wait, place) = (seconds(&one.value), at),
            ("Container", "PodmanArgs") => {
                if let Some(stated) = stop_timeout(&one.value) {
                    (wait, place) = (seconds(&stated), at);
                }
            }
            ("Service", LIMIT | "TimeoutSec") => match systemd_span(&one.value) {
                Some(Span::Finite(span)) if !span.is_zero() => limit = (Value::Span(span), at),
                Some(_) => limit = (Value::Infinite, at),
                None => {}
            },
            _ => {}
        }
    }
    // The whole stop is one ExecStop of the unit.
    let cut = limit.0.span().zip(wait.span());
    let (setting, value, place) = match cut {
        Some((most, own)) if most < own => (LIMIT, limit.0, limit.1),
        Some(_) | None => (STOP_TIMEOUT, wait, place),
    };
    reading
        .scope(Layer::Quadlet, name)
        .found(setting, value, &place);
    reading
}

fn seconds(text: &str) -> Value {
    match text.trim().parse::<u32>() {
        Ok(seconds) => Value::Span(Duration::from_secs(u64::from(seconds))),
        Err(_) => Value::Unusable {
            written: crate::core::clean::clean(text, 60),
            fault: Fault::NoBoot,
        },
    }
}

/// `--stop-timeout` among arguments of `podman run`.
fn stop_timeout(arguments: &str) -> Option<String> {
    let words = words(arguments, false);
    let at = words
        .iter()
        .position(|word| word.starts_with("--stop-timeout"))?;
    match words[at].split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => words.get(at + 1).cloned(),
    }
}
