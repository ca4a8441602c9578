//! A report in Markdown, for a ticket or a deploy log. What a journal says cannot leave its
//! cell: it stands as code or is escaped.

use std::fmt::Write;

use super::ListRow;
use super::sections::{Body, head, outcome, outside_lines, repeated_lines, sections};
use crate::cli::table::Column;
use crate::report::Full;

/// The list of past drains.
pub(super) fn list(row: &ListRow) -> String {
    let rows = row.drains.iter().map(|drain| {
        vec![
            drain.run.clone(),
            drain.who.clone().unwrap_or_default(),
            outcome(drain).into(),
            format!("{:.1}", drain.seconds),
            drain.targets.join(", "),
            drain.counted(),
            drain.why.clone().unwrap_or_default(),
        ]
    });
    let heads = [
        "Drain", "Who", "Outcome", "Seconds", "Targets", "Jobs", "Why",
    ];
    let mut text = String::from("# Drains\n");
    table(&mut text, &heads.map(str::to_owned), rows);
    let acts: Vec<String> = outside_lines(&row.acts).collect();
    if !acts.is_empty() {
        line(&mut text, "\n## Cancelled outside a drain\n");
        lines(&mut text, "- ", &acts);
    }
    let cut_off: Vec<String> = repeated_lines(&row.cut_off_repeatedly).collect();
    if !cut_off.is_empty() {
        line(&mut text, "\n## Cut off again and again\n");
        lines(&mut text, "- ", &cut_off);
    }
    text
}

/// A drain.
pub(super) fn report(full: &Full) -> String {
    let drain = &full.report.summary;
    let mut text = format!("# Drain {}: {}\n\n", escaped(&drain.run), outcome(drain));
    for (name, value) in head(&full.report).into_iter().skip(1) {
        line(&mut text, &format!("- **{name}**: {}", escaped(&value)));
    }
    for section in sections(full, "→") {
        line(
            &mut text,
            &format!("\n## {}\n", titled(&escaped(&section.title))),
        );
        match section.body {
            Body::Sentences(all) => lines(&mut text, "- ", &all),
            Body::Steps(steps) => lines(&mut text, "1. ", &steps),
            Body::Log(all) => {
                line(&mut text, "```");
                for one in all {
                    line(&mut text, &one.replace("```", "'''"));
                }
                line(&mut text, "```");
            }
            Body::Table(columns, rows) => {
                let heads = columns.iter().map(Column::head);
                let heads: Vec<String> = heads.map(|head| titled(&head.to_lowercase())).collect();
                table(&mut text, &heads, rows.into_iter());
            }
        }
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes every text");
}

fn lines(text: &mut String, mark: &str, all: &[String]) {
    for one in all {
        line(text, &format!("{mark}{}", escaped(one)));
    }
}

/// The text with a capital at its beginning.
fn titled(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

fn table(text: &mut String, heads: &[String], rows: impl Iterator<Item = Vec<String>>) {
    line(text, &format!("| {} |", heads.join(" | ")));
    line(text, &format!("|{}", " --- |".repeat(heads.len())));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        line(text, &format!("| {} |", cells.join(" | ")));
    }
}

/// Text that Markdown takes as text; what stands between backticks in our own words stays code.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(
            character,
            '|' | '<' | '>' | '*' | '_' | '[' | ']' | '\\' | '#'
        ) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
