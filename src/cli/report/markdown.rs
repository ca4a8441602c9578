//! A report in Markdown, for a ticket or a deploy log. What a journal says cannot leave its
//! cell: it stands as code or is escaped.

use std::fmt::Write;

use super::page::{head, job_row, later, outcome, process_row, signal_rows};
use super::repeated_lines;
use crate::report::{Notice, Repeated, Report, Summary};

/// The list of past drains.
pub(super) fn list(drains: &[Summary], cut_off: &[Repeated]) -> String {
    let rows = drains.iter().map(|drain| {
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
    table(&mut text, &heads, rows);
    section(
        &mut text,
        "Cut off again and again",
        repeated_lines(cut_off),
    );
    text
}

/// One drain.
pub(super) fn report(report: &Report, cut_off: &[Repeated]) -> String {
    let drain = &report.summary;
    let mut text = format!("# Drain {}: {}\n\n", escaped(&drain.run), outcome(drain));
    for (name, value) in head(report).into_iter().skip(1) {
        line(&mut text, &format!("- **{name}**: {}", escaped(&value)));
    }
    section(&mut text, "Record", report.faults.iter().cloned());
    let checked = report.checked().into_iter();
    section(&mut text, "Check before the first signal", checked);
    if !report.timeline.is_empty() {
        text.push_str("\n## Timeline\n\n```\n");
        for entry in &report.timeline {
            let what = entry.text.replace("```", "'''");
            line(&mut text, &format!("{} → {what}", entry.stamp()));
        }
        text.push_str("```\n");
    }
    let signals = signal_rows(report);
    if !signals.is_empty() {
        text.push_str("\n## Signals\n");
        let heads = ["Process", "Signal", "Sent", "Received", "Effective"];
        table(&mut text, &heads, signals.into_iter());
    }
    if !report.processes.is_empty() {
        text.push_str("\n## Processes\n");
        let heads = ["Process", "Quiet", "Exited", "How", "Identity"];
        table(&mut text, &heads, report.processes.iter().map(process_row));
    }
    if !report.fates.is_empty() {
        text.push_str("\n## Jobs, longest first\n");
        let heads = ["Class", "JID", "Queue", "Ran", "Until", "Fate", "Evidence"];
        table(&mut text, &heads, report.fates.iter().map(job_row));
    }
    section(&mut text, "Looked for later", later(report).into_iter());
    for backtrace in &report.backtraces {
        let of = backtrace.jid.as_deref().or(backtrace.tid.as_deref());
        line(
            &mut text,
            &format!(
                "\n## Backtrace of {}\n\n```",
                escaped(of.unwrap_or("a thread"))
            ),
        );
        for frame in &backtrace.frames {
            line(&mut text, &frame.replace("```", "'''"));
        }
        text.push_str("```\n");
    }
    let interrupted = report.interrupted.lines().into_iter();
    section(&mut text, "Failed by being stopped", interrupted);
    let told = report.notified.iter().map(Notice::words);
    section(&mut text, "Told", told);
    section(&mut text, "What remains", report.remains.iter().cloned());
    let changes = report.advice.iter().cloned();
    section(
        &mut text,
        "What to change",
        changes.chain(repeated_lines(cut_off)),
    );
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes every text");
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    line(text, &format!("\n## {title}\n"));
    for one in lines {
        line(text, &format!("- {}", escaped(&one)));
    }
}

fn table(text: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    line(text, &format!("\n| {} |", heads.join(" | ")));
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
