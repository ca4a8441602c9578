//! Printing: a dated line for people on standard error, an object a line on standard output. A
//! closed stream is no failure, and nothing here waits for a reader.

use super::outlet::{errors, output};
use crate::core::drain::Record;
use crate::core::moment::Moment;

/// How records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    /// A dated line on standard error.
    Lines,
    /// The same, of a drain that keeps no record.
    LinesOnly,
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
            Printed::Lines | Printed::LinesOnly => say(&spoken(record)),
        }
    }

    /// Prints the last record of a drain; for people with the command that shows all of it, and with
    /// the file in which payloads were saved.
    pub fn last(self, record: &Record, saved: Option<&str>) {
        match self.0 {
            // A rehearsal keeps no record.
            Printed::Lines if !record.rehearsal => {
                say(&last_words(record, saved));
            }
            Printed::Json | Printed::Lines | Printed::LinesOnly => self.record(record),
        }
    }

    /// Prints one line on standard output.
    pub fn line(self, line: &str) {
        output().line(line);
    }
}

/// A record as a dated line for people; one of a rehearsal says so, for it reads like the real one.
fn spoken(record: &Record) -> String {
    let rehearsal = if record.rehearsal { "REHEARSAL " } else { "" };
    format!("{} {rehearsal}{record}", stamp(record.at))
}

/// The last line of a drain: how it ended, and the commands that tell more.
fn last_words(record: &Record, saved: Option<&str>) -> String {
    let run = &record.run;
    let saved = saved.map_or_else(String::new, |file| {
        format!("; payloads are saved in {file}: drainboard rescue {run}")
    });
    format!("{}; drainboard report {run}{saved}", spoken(record))
}

/// A line on standard error.
pub fn say(text: &str) {
    errors().line(text);
}

/// The time of day in front of a line for people.
pub(super) fn stamp(at: Moment) -> String {
    format!("{:.0}", at.wall())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::core::drain::Outcome;

    #[test]
    fn the_last_line_names_the_report_and_the_file_of_the_payloads() {
        let record = Record::unbegun(Outcome::Drained, "nothing to do", "r", clock::now());
        let words = |saved| last_words(&record, saved);
        assert!(words(None).ends_with("; drainboard report r"));
        let saved = "; payloads are saved in /x/r.jsonl: drainboard rescue r";
        assert!(words(Some("/x/r.jsonl")).ends_with(saved));
    }

    #[test]
    fn each_line_of_a_rehearsal_says_so() {
        let mut record = Record::unbegun(Outcome::Drained, "nothing to do", "r", clock::now());
        assert!(!spoken(&record).contains("REHEARSAL"));
        record.rehearsal = true;
        assert!(
            spoken(&record).contains("Z REHEARSAL drained after"),
            "{}",
            spoken(&record)
        );
    }
}
