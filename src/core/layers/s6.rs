//! s6 and s6-rc: files of a service that hold one value each, beside its `run` script. Text in.

use std::time::Duration;

use super::layer::Layer;
use super::paths::{file_name, folder_of};
use super::value::{Fault, FilePlace, Reading, Value};

/// How long s6 waits before it kills, in milliseconds; for ever where the file is not there
/// (s6-supervise, "timeout-kill").
pub const TIMEOUT_KILL: &str = "timeout-kill";
/// The signal of a stop, by name or number; TERM unless the file is there ("down-signal").
pub const DOWN_SIGNAL: &str = "down-signal";

/// Reads such a file. The scope of its value is the `run` script beside it.
pub fn read(file: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let place = FilePlace::new(file, 1);
    let run = format!("{}/run", folder_of(file));
    let mut service = reading.scope(Layer::S6, &run);
    let written = text.trim();
    if file_name(file) == DOWN_SIGNAL {
        service.found(DOWN_SIGNAL, Value::text(written), &place);
        return reading;
    }
    let value = match written.parse::<u32>() {
        Ok(0) => Value::Infinite,
        Ok(milliseconds) => Value::Span(Duration::from_millis(milliseconds.into())),
        Err(_) => Value::Unusable {
            written: crate::core::clean::clean(written, 60),
            fault: Fault::Ignored,
        },
    };
    service.found(TIMEOUT_KILL, value, &place);
    reading
}
