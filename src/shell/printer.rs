//! Printing: a dated line for people on standard error, an object a line on standard output. A
//! closed stream is no failure, and nothing here waits for anybody.

use std::io::{self, Write};

use crate::core::drain::Record;
use crate::core::moment::Moment;

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    /// A dated line on standard error.
    Lines,
    /// An object a line on standard output.
    Json,
}

/// Prints records. A closed stream is no failure: the drain goes on.
#[derive(Clone, Copy, Debug)]
pub struct Printer(pub Printed);

impl Printer {
    /// Prints one record.
    pub fn record(self, record: &Record) {
        if !record.is_public() {
            return;
        }
        match self.0 {
            Printed::Json => self.line(&record.json()),
            Printed::Lines => say(&format!("{} {record}", stamp(record.at))),
        }
    }

    /// Prints one line on standard output.
    pub fn line(self, line: &str) {
        drop(writeln!(io::stdout().lock(), "{line}"));
    }
}

/// A line on standard error.
pub fn say(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// The time of day in front of a line for people.
pub(super) fn stamp(at: Moment) -> String {
    format!("{:.0}", at.wall())
}
