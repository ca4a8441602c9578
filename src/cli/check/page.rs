//! The answer of `check` as text for people: layers, stops, findings, problems, and on request
//! what was looked at.

use std::fmt::Write;

use super::known::sidekiqs;
use super::sources::{ReadSources, trouble};
use super::stops::Paper;
use crate::cli::listing::Room;
use crate::cli::table::{Column, table};
use crate::core::check::{DrawnGlyphs, Facts, Finding, LayerRow, Recommendation, Severity, rows};
use crate::core::clean::clean;
use crate::core::layers::{Remark, Weight};
use crate::host::files::ReadOutcome;

const LAYERS: [Column; 5] = [
    Column::text("LAYER"),
    Column::text("SETTING").least(10),
    Column::text("OF").least(3),
    Column::text("VALUE").least(5),
    Column::text("FROM"),
];

/// Lines of drawings where there is no terminal.
const WIDTH: usize = 100;

/// The page that is printed.
pub(super) struct Page<'a> {
    pub(super) facts: &'a Facts,
    pub(super) sources: &'a ReadSources,
    pub(super) findings: &'a [Finding],
    pub(super) room: Room,
    pub(super) verbose: bool,
}

impl Page<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let glyphs = if self.room.ascii {
            DrawnGlyphs::Ascii
        } else {
            DrawnGlyphs::Unicode
        };
        let paper = Paper {
            width: self.room.width.clamp(40, WIDTH),
            glyphs,
        };
        let mut text = sidekiqs(self.facts, paper);
        text.push_str(&self.layers());
        text.push_str(&self.found());
        text.push_str(&self.problems());
        if self.verbose {
            text.push_str(&self.undecided());
            text.push_str(&self.looked_at());
        }
        text
    }

    /// Every place that states a wait of a Sidekiq; with `-v` those of other programs, too.
    fn layers(&self) -> String {
        let row = rows(self.facts, &self.sources.values, self.findings);
        let shown: Vec<&LayerRow> = row
            .layers
            .iter()
            .filter(|layer| self.verbose || self.facts.is_of_a_sidekiq(layer))
            .collect();
        if shown.is_empty() {
            return String::new();
        }
        let cells: Vec<Vec<String>> = shown
            .iter()
            .map(|layer| {
                vec![
                    layer.layer.to_owned(),
                    layer.setting.to_owned(),
                    layer.scope.clone().unwrap_or_else(|| "-".into()),
                    layer.value.clone(),
                    layer.from.clone(),
                ]
            })
            .collect();
        let width = self.room.width;
        format!(
            "where the waits are written, in the order in which they act\n\n{}\n",
            table(&LAYERS, &cells, width, self.room.ascii)
        )
    }

    fn found(&self) -> String {
        let decided: Vec<&Finding> = self.findings.iter().filter(|f| f.is_decided()).collect();
        let count = |severity: Severity| decided.iter().filter(|f| f.severity == severity).count();
        let mut text = format!(
            "findings: {}, {}, {}\n",
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning"),
            counted(count(Severity::Info), "note")
        );
        for finding in decided {
            let severity = finding.severity.word();
            line(
                &mut text,
                format_args!("  {severity:<7}  {}  {}", finding.rule, finding.message),
            );
            if let Some(from) = &finding.from {
                line(&mut text, format_args!("                at {from}"));
            }
        }
        text
    }

    fn problems(&self) -> String {
        // A place that was not read is a finding.
        let wanted = |remark: &&Remark| {
            remark.weight == Weight::Problem || self.verbose && remark.weight == Weight::Note
        };
        let remarks: Vec<&Remark> = self.sources.remarks.iter().filter(wanted).collect();
        if remarks.is_empty() {
            return String::new();
        }
        let mut text = String::from("\nread with trouble:\n");
        if self.verbose {
            text = String::from("\nremarks:\n");
        }
        for remark in remarks {
            line(
                &mut text,
                format_args!("  {}: {}", remark.from, remark.text),
            );
        }
        text
    }

    fn undecided(&self) -> String {
        let mut text = String::from("\nnot decided:\n");
        for finding in self.findings {
            if let Some(why) = &finding.undecided {
                line(&mut text, format_args!("  {}  {why}", finding.rule));
            }
        }
        text
    }

    fn looked_at(&self) -> String {
        let mut text = String::from("\nlooked at:\n");
        for (path, outcome) in &self.sources.looked_at {
            let what = match outcome {
                ReadOutcome::Read(_) => "read".to_owned(),
                ReadOutcome::Unrelated => "nothing for any reader in it".to_owned(),
                ReadOutcome::ForDevelopment => "for developers: no deploy uses it".to_owned(),
                ReadOutcome::Missing
                | ReadOutcome::NotAFile
                | ReadOutcome::TooLarge(_)
                | ReadOutcome::Refused(_) => trouble(outcome).unwrap_or_default(),
            };
            line(&mut text, format_args!("  {}: {what}", clean(path, 300)));
        }
        text
    }
}

/// Where a line goes on that is broken: below the message of a finding, else a little further in.
pub(super) fn hang(line: &str) -> usize {
    let severities = [Severity::Error, Severity::Warning, Severity::Info];
    let is_finding = severities.iter().any(|severity| {
        line.trim_start()
            .starts_with(&format!("{:<7}  D", severity.word()))
    });
    let indent = line.len() - line.trim_start().len();
    if is_finding {
        16
    } else if is_step(line) {
        STEP
    } else {
        indent + 2
    }
}

/// Where the third column of a time line begins.
const STEP: usize = 22;

/// Whether a line is a row of a time line: a time, a signal, and what it does.
fn is_step(line: &str) -> bool {
    let (time, rest) = line.split_at_checked(11).unwrap_or((line, ""));
    let is_time = time.trim().is_empty() || time.ends_with(" s  ");
    let has_columns = rest.get(9..11) == Some("  ") && !rest.starts_with(' ');
    is_time && has_columns && line.starts_with("   ")
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes every text");
}

/// Recommended settings, those that change something first.
pub(super) fn advice(advice: &[Recommendation]) -> String {
    let mut text = String::new();
    let (changes, kept): (Vec<_>, Vec<_>) = advice.iter().partition(|one| one.is_change());
    for one in changes {
        line(&mut text, format_args!("{}", one.paste));
        if let Some(place) = &one.place {
            line(&mut text, format_args!("  in {place}"));
        }
        if let Some(current) = &one.current {
            line(&mut text, format_args!("  now: {}", clean(current, 200)));
        }
        if let Some(saves) = one.saves {
            line(
                &mut text,
                format_args!("  saves up to {} s a deploy", saves.as_secs_f64()),
            );
        }
        line(&mut text, format_args!("  because {}\n", one.reason));
    }
    for one in kept {
        let place = one.place.as_ref().map(|place| format!(" at {place}"));
        line(
            &mut text,
            format_args!(
                "keep `{}`{}: {}",
                one.paste,
                place.unwrap_or_default(),
                one.reason
            ),
        );
    }
    if text.is_empty() {
        text.push_str("nothing to recommend: no layer was found\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::hang;

    #[test]
    fn a_broken_line_goes_on_below_its_own_text() {
        for (line, column) in [
            ("     60 s  KILL       ends it at once: what is not", 22),
            ("           wait       60 s, less once every process", 22),
            ("  error    D01  The sequence kills", 16),
            ("  drain budget 25 s: so long a job", 4),
            ("jobs, compose.yaml:4: bundle exec sidekiq", 2),
        ] {
            assert_eq!(hang(line), column, "{line}");
        }
    }
}
