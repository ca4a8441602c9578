//! A report as text for people. Words and tables; what they say was settled before.

use std::fmt::Write;

use super::repeated_lines;
use crate::cli::listing::Room;
use crate::cli::table::{Column, cut, table};
use crate::core::drain::Fate;
use crate::core::moment::rfc3339;
use crate::report::{
    CameUp, DrainedProcess, JobFate, Notice, Repeated, Report, SignalEffect, Summary,
};

const DRAINS: [Column; 7] = [
    Column::text("DRAIN"),
    Column::text("WHO").least(10),
    Column::text("OUTCOME"),
    Column::number("SECONDS"),
    Column::text("TARGETS").least(10),
    Column::text("JOBS").least(14),
    Column::text("WHY").least(6).spare(),
];

const SIGNALS: [Column; 5] = [
    Column::text("PROCESS").least(12),
    Column::text("SIGNAL"),
    Column::text("SENT"),
    Column::text("RECEIVED"),
    Column::text("EFFECTIVE"),
];

const PROCESSES: [Column; 5] = [
    Column::text("PROCESS").least(12),
    Column::number("QUIET"),
    Column::number("EXITED"),
    Column::text("HOW"),
    Column::text("IDENTITY").spare(),
];

const JOBS: [Column; 7] = [
    Column::text("CLASS").least(14),
    Column::text("JID").least(12),
    Column::text("QUEUE").least(6),
    Column::number("RAN"),
    Column::number("UNTIL"),
    Column::text("FATE"),
    Column::text("EVIDENCE").least(16),
];

/// The list of past drains.
pub(super) fn list(drains: &[Summary], cut_off: &[Repeated], older: usize, room: Room) -> String {
    if drains.is_empty() {
        return "no drain is recorded here yet\n".into();
    }
    let rows: Vec<Vec<String>> = drains.iter().map(drain_row).collect();
    let mut text = table(&DRAINS, &rows, room.width, room.ascii);
    if older > 0 {
        line(&mut text, &format!("({older} older ones are not shown)"));
    }
    section(
        &mut text,
        "cut off again and again",
        repeated_lines(cut_off),
        room,
    );
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

/// How it ended, in one word.
pub(super) fn outcome(drain: &Summary) -> &'static str {
    drain
        .outcome
        .map_or("no end", crate::core::drain::Outcome::word)
}

/// One drain.
pub(super) fn report(report: &Report, cut_off: &[Repeated], room: Room) -> String {
    let mut text = String::new();
    for (name, value) in head(report) {
        line(&mut text, &format!("{name:<9} {value}"));
    }
    let whole = Room {
        width: usize::MAX,
        ..room
    };
    section(&mut text, "record", report.faults.iter().cloned(), whole);
    section(
        &mut text,
        "check before the first signal",
        report.checked(),
        whole,
    );
    let timeline = report
        .timeline
        .iter()
        .map(|entry| format!("{} {} {}", entry.stamp(), arrow(room), entry.text));
    section(&mut text, "timeline", timeline, room);
    let signals = signal_rows(report);
    if !signals.is_empty() {
        line(&mut text, "\nsignals");
        text.push_str(&table(&SIGNALS, &signals, room.width, room.ascii));
    }
    if !report.processes.is_empty() {
        line(&mut text, "\nprocesses");
        let rows: Vec<Vec<String>> = report.processes.iter().map(process_row).collect();
        text.push_str(&table(&PROCESSES, &rows, room.width, room.ascii));
    }
    if !report.fates.is_empty() {
        line(&mut text, "\njobs, longest first");
        let rows: Vec<Vec<String>> = report.fates.iter().map(job_row).collect();
        text.push_str(&table(&JOBS, &rows, room.width, room.ascii));
    }
    section(&mut text, "looked for later", later(report), whole);
    for backtrace in &report.backtraces {
        let of = backtrace.jid.as_deref().or(backtrace.tid.as_deref());
        let title = format!("backtrace of {}", of.unwrap_or("a thread"));
        section(&mut text, &title, backtrace.frames.iter().cloned(), room);
    }
    section(
        &mut text,
        "successor",
        report.successors.iter().map(CameUp::words),
        whole,
    );
    section(
        &mut text,
        "failed by being stopped",
        report.interrupted.lines(),
        whole,
    );
    let told = report.notified.iter().map(Notice::words);
    section(&mut text, "told", told, whole);
    section(
        &mut text,
        "what remains",
        report.remains.iter().cloned(),
        room,
    );
    let repeated: Vec<String> = repeated_lines(cut_off).collect();
    section(
        &mut text,
        "what to change",
        report.advice.iter().cloned().chain(repeated),
        whole,
    );
    text
}

fn arrow(room: Room) -> &'static str {
    if room.ascii { "->" } else { "→" }
}

/// Who, why, where, how: names and values.
pub(super) fn head(report: &Report) -> Vec<(&'static str, String)> {
    let drain = &report.summary;
    let unknown = || "not known".to_string();
    let rehearsal = if drain.rehearsal {
        " (a rehearsal: nothing was sent)"
    } else {
        ""
    };
    let mut head = vec![
        ("drain", format!("{}{rehearsal}", drain.run)),
        ("when", drain.at.map_or_else(unknown, rfc3339)),
        ("who", drain.who.clone().unwrap_or_else(unknown)),
        (
            "why",
            drain.why.clone().unwrap_or_else(|| "not said".into()),
        ),
        ("where", drain.targets.join(", ")),
    ];
    if let Some(sequence) = &drain.sequence {
        let budget = report
            .budget_s
            .map_or_else(|| "unlimited".into(), |budget| format!("{budget} s"));
        let from = match report.timeout_from.as_str() {
            "assumed" => "assumed".to_owned(),
            place => format!("from {place}"),
        };
        head.push((
            "sequence",
            format!(
                "{sequence}{}   budget {budget} (-t {} {from})",
                written(report.sequence_from.as_deref()),
                report.timeout_s
            ),
        ));
    }
    head.push((
        "outcome",
        format!("{} after {:.1} s", outcome(drain), drain.seconds),
    ));
    head.push(("jobs", report.counted()));
    head
}

/// Where a sequence was written: ` from FILE:LINE`.
fn written(from: Option<&str>) -> String {
    match from {
        None => String::new(),
        Some("default") => " (the default)".into(),
        Some(from) => format!(" from {from}"),
    }
}

/// A row for each signal: when it was sent, by when it was received for sure, what it did.
pub(super) fn signal_rows(report: &Report) -> Vec<Vec<String>> {
    let all = report.processes.iter().flat_map(|process| {
        let signals = process.signals.iter();
        signals.map(move |sent| {
            let doubt = if sent.certain { "" } else { " perhaps" };
            let by = |t_s| format!("by {}", at(Some(t_s)));
            let did = |effect: SignalEffect| format!("{} {}", effect.what, at(Some(effect.t_s)));
            let unseen = || "not seen".to_string();
            vec![
                process.name.clone(),
                sent.signal.clone(),
                format!("{}{doubt}", at(Some(sent.t_s))),
                sent.received_by_t_s.map_or_else(unseen, by),
                sent.effect.map_or_else(unseen, did),
            ]
        })
    });
    all.collect()
}

/// A row of the processes.
pub(super) fn process_row(process: &DrainedProcess) -> Vec<String> {
    let how = match (process.exited_t_s, process.clean) {
        (None, _) => "still there",
        (Some(_), Some(true)) => "in order",
        (Some(_), Some(false)) => "died",
        (Some(_), None) => "not known",
    };
    vec![
        process.name.clone(),
        at(process.quiet_t_s),
        at(process.exited_t_s),
        how.into(),
        process.identity.clone().unwrap_or_default(),
    ]
}

/// A row of the jobs.
pub(super) fn job_row(job: &JobFate) -> Vec<String> {
    let unknown = || "?".to_string();
    vec![
        job.class.clone().unwrap_or_else(unknown),
        job.jid.clone().unwrap_or_else(unknown),
        job.queue.clone().unwrap_or_else(unknown),
        job.ran_s.map_or_else(unknown, |ran| format!("{ran:.0} s")),
        at(job.until_t_s),
        fate(job.fate).into(),
        job.evidence.clone(),
    ]
}

/// Where a later look found jobs of unknown fate.
pub(super) fn later(report: &Report) -> Vec<String> {
    let looked = report.fates.iter();
    let looked = looked.filter_map(|job| Some((job, job.found_later.as_ref()?)));
    looked
        .map(|(job, found)| format!("{}: {}", job.label(), found.words()))
        .collect()
}

fn fate(fate: Fate) -> &'static str {
    fate.word()
}

/// `T+4s`.
fn at(t_s: Option<f64>) -> String {
    t_s.map_or_else(|| "-".into(), |t_s| format!("T+{}s", t_s.max(0.0).floor()))
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes every text");
}

/// A heading and its lines, if there are any.
fn section(text: &mut String, title: &str, lines: impl IntoIterator<Item = String>, room: Room) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return;
    }
    line(text, &format!("\n{title}"));
    for one in lines {
        line(text, &cut(&format!("  {one}"), room.width, room.ascii));
    }
}
