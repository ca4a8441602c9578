//! A report as text for people.

use std::fmt::Write;

use super::ListRow;
use super::sections::{Body, head, outcome, outside_lines, repeated_lines, sections};
use crate::cli::listing::Room;
use crate::cli::table::{Column, cut, table};
use crate::report::{Full, Summary};

const DRAINS: [Column; 7] = [
    Column::text("DRAIN"),
    Column::text("WHO").least(10),
    Column::text("OUTCOME"),
    Column::number("SECONDS"),
    Column::text("TARGETS").least(10),
    Column::text("JOBS").least(14),
    Column::text("WHY").least(6).spare(),
];

/// The list of past drains.
pub(super) fn list(row: &ListRow, room: Room) -> String {
    let mut text = if row.drains.is_empty() {
        "no drain is recorded here yet\n".into()
    } else {
        let rows: Vec<Vec<String>> = row.drains.iter().map(drain_row).collect();
        table(&DRAINS, &rows, room.width, room.ascii)
    };
    if row.older > 0 {
        line(
            &mut text,
            &format!("({} older ones are not shown)", row.older),
        );
    }
    let acts: Vec<String> = outside_lines(&row.acts).collect();
    if !acts.is_empty() {
        line(&mut text, "\ncancelled outside a drain");
        lines(&mut text, &acts);
    }
    let cut_off: Vec<String> = repeated_lines(&row.cut_off_repeatedly).collect();
    if !cut_off.is_empty() {
        line(&mut text, "\ncut off again and again");
        lines(&mut text, &cut_off);
    }
    text
}

fn drain_row(drain: &Summary) -> Vec<String> {
    let rehearsal = if drain.rehearsal { " (rehearsal)" } else { "" };
    let targets = match drain.targets.as_slice() {
        [] => "-".into(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    };
    vec![
        drain.run.clone(),
        drain.who.clone().unwrap_or_else(|| "?".into()),
        format!("{}{rehearsal}", outcome(drain)),
        format!("{:.1}", drain.seconds),
        targets,
        drain.counted(),
        drain.why.clone().unwrap_or_default(),
    ]
}

/// A drain.
pub(super) fn report(full: &Full, room: Room) -> String {
    let mut text = String::new();
    for (name, value) in head(&full.report) {
        line(&mut text, &format!("{name:<9} {value}"));
    }
    let arrow = if room.ascii { "->" } else { "→" };
    for section in sections(full, arrow) {
        line(&mut text, &format!("\n{}", section.title));
        match section.body {
            Body::Sentences(all) => lines(&mut text, &all),
            Body::Steps(steps) => {
                for (index, step) in steps.iter().enumerate() {
                    line(&mut text, &format!("  {}. {step}", index + 1));
                }
            }
            Body::Log(all) => {
                for one in all {
                    let short = cut(&format!("  {one}"), room.width, room.ascii);
                    line(&mut text, &short);
                }
            }
            Body::Table(columns, rows) => {
                text.push_str(&table(columns, &rows, room.width, room.ascii));
            }
        }
    }
    text
}

fn lines(text: &mut String, all: &[String]) {
    for one in all {
        line(text, &format!("  {one}"));
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes every text");
}
