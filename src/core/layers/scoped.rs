//! The findings of a reader about one process, unit, container or service, put into its reading.

use std::time::Duration;

use super::command_line::{COMMAND, CommandLine};
use super::layer::Layer;
use super::value::{Fault, FilePlace, Reading, Value};
use crate::core::clean::clean;

impl Reading {
    /// Leaves out what is of these processes of a layer, and the flags of their commands.
    pub fn leave_out(&mut self, layer: Layer, names: &[String]) {
        if names.is_empty() {
            return;
        }
        self.values.retain(|located| {
            let is_of = located.layer == layer || located.layer == Layer::CommandLine;
            !(is_of
                && located
                    .scope
                    .as_ref()
                    .is_some_and(|scope| names.contains(scope)))
        });
    }

    /// Adds what is of one process, unit, container or service of a layer.
    pub(super) fn scope<'a>(&'a mut self, layer: Layer, name: &'a str) -> Scoped<'a> {
        Scoped {
            reading: self,
            layer,
            name,
        }
    }
}

/// A reading in which everything is of one layer and one process, unit, container or service.
#[derive(Debug)]
pub(super) struct Scoped<'a> {
    reading: &'a mut Reading,
    layer: Layer,
    name: &'a str,
}

impl Scoped<'_> {
    /// Adds a value.
    pub(super) fn found(&mut self, setting: &'static str, value: Value, from: &FilePlace) {
        self.reading
            .found(self.layer, setting, Some(self.name), value, from.clone());
    }

    /// Adds what is run, and the `-t` in it if that is a Sidekiq.
    pub(super) fn command(&mut self, text: &str, from: &FilePlace) -> Option<CommandLine> {
        self.found(COMMAND, Value::command(text), from);
        let line = CommandLine::read(text)?;
        line.report(Some(self.name), from, self.reading);
        Some(line)
    }

    /// Adds a number of whole seconds, or what becomes of something else.
    pub(super) fn seconds(
        &mut self,
        setting: &'static str,
        text: &str,
        fault: Fault,
        from: &FilePlace,
    ) {
        let value = match text.parse::<u32>() {
            Ok(seconds) => Value::Span(Duration::from_secs(u64::from(seconds))),
            Err(_) => Value::Unusable {
                written: clean(text, 60),
                fault,
            },
        };
        self.found(setting, value, from);
    }
}
