//! Single drains as a table: each line of `cases.txt` tells one drain second by second, and what
//! must be said of its jobs at the end. A run is driven by what it takes in alone: looks, counts
//! of threads, log lines, answers, commands.

mod checks;
mod evidence;
mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};

use stage::StagedDrain;

const CASES: &str = include_str!("cases.txt");

/// A line of the table.
struct TableLine {
    title: &'static str,
    line: usize,
    parts: Vec<String>,
}

/// A title stands at the margin. A line indented by four is a drain, one indented further goes on
/// with it.
fn cases() -> Vec<TableLine> {
    let (mut cases, mut title) = (Vec::<TableLine>::new(), "");
    for (number, line) in (1..).zip(CASES.lines()) {
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        match indent {
            _ if text.is_empty() || text.starts_with('#') => continue,
            0 => {
                title = text;
                continue;
            }
            4 => cases.push(TableLine {
                title,
                line: number,
                parts: Vec::new(),
            }),
            _ => {}
        }
        let case = cases.last_mut().expect("a drain before its second line");
        let text = text.replace("=>", "| =>");
        let parts = text
            .split('|')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        case.parts.extend(parts.map(str::to_owned));
    }
    cases
}

/// What is wrong with a drain.
fn faults(case: &TableLine) -> Vec<String> {
    let mut scene = StagedDrain::new(&case.parts);
    let mut faults = Vec::new();
    for part in &case.parts {
        let told = match part.strip_prefix("=>") {
            Some(expected) => scene.ends(expected),
            None => Vec::from_iter(scene.play(part)),
        };
        faults.extend(told.into_iter().map(|fault| format!("{part}: {fault}")));
    }
    if !faults.is_empty() {
        faults.push(scene.journal());
    }
    faults
}

/// `TIMELINE=words cargo test --lib timeline` plays the drains alone whose line or title has these
/// words in it.
#[test]
fn each_drain_of_the_table_ends_as_its_line_says() {
    let only = std::env::var("TIMELINE").unwrap_or_default();
    let mut failed = 0;
    for case in cases() {
        if !case.title.contains(&only) && !case.parts.join(" | ").contains(&only) {
            continue;
        }
        let faults = catch_unwind(AssertUnwindSafe(|| faults(&case)));
        let faults = faults.unwrap_or_else(|_| vec!["it panicked".into()]);
        if !faults.is_empty() {
            failed += 1;
            let faults = faults.join("\n    ");
            eprintln!("cases.txt:{}: {}\n    {faults}", case.line, case.title);
        }
    }
    assert_eq!(failed, 0, "so many drains did not end as they should");
}
