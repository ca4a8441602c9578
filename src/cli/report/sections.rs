//! The sections of a report, once for text and for Markdown: titles, lines and tables.

use crate::cli::table::Column;
use crate::core::drain::{Outcome, QueueServed};
use crate::core::moment::rfc3339;
use crate::report::{
    CameUp, DrainedProcess, Full, JobGroup, LaterNotice, OutsideAct, Repeated, Report,
    SignalEffect, Summary,
};

const SIGNALS: &[Column] = &[
    Column::text("PROCESS").least(12),
    Column::text("SIGNAL"),
    Column::text("SENT"),
    Column::text("RECEIVED"),
    Column::text("EFFECTIVE"),
];

const PROCESSES: &[Column] = &[
    Column::text("PROCESS").least(12),
    Column::number("QUIET"),
    Column::number("EXITED"),
    Column::text("HOW").least(16),
    Column::text("IDENTITY").spare(),
];

const JOBS: &[Column] = &[
    Column::number("JOBS"),
    Column::text("CLASS").least(14),
    Column::text("QUEUE").least(6),
    Column::text("PROCESS").least(10),
    Column::number("RAN"),
    Column::text("JIDS").least(12),
];

/// A section.
pub(super) struct Section {
    /// Its title.
    pub(super) title: String,
    /// Its content.
    pub(super) body: Body,
}

/// The content of a section.
pub(super) enum Body {
    /// Sentences, whole.
    Sentences(Vec<String>),
    /// Steps to be taken one after the other.
    Steps(Vec<String>),
    /// Lines of a log or a trace, cut at the width of a terminal.
    Log(Vec<String>),
    /// A table.
    Table(&'static [Column], Vec<Vec<String>>),
}

impl Body {
    fn is_empty(&self) -> bool {
        match self {
            Self::Sentences(lines) | Self::Steps(lines) | Self::Log(lines) => lines.is_empty(),
            Self::Table(_, rows) => rows.is_empty(),
        }
    }
}

/// The sections of `full` that hold anything, in the order in which they are read. `arrow` stands
/// between time and event.
pub(super) fn sections(full: &Full, arrow: &str) -> Vec<Section> {
    let report = &full.report;
    let mut all = vec![
        sentences("record", report.faults.clone()),
        Section {
            title: "next steps".into(),
            body: Body::Steps(report.next_steps.clone()),
        },
    ];
    all.extend(report.groups().iter().map(of_group));
    all.push(table(
        "processes",
        PROCESSES,
        report.processes.iter().map(process_row).collect(),
    ));
    all.push(table("signals", SIGNALS, signal_rows(report)));
    let timeline = report.timeline.iter();
    let timeline = timeline.map(|line| format!("{} {arrow} {}", line.stamp(), line.text));
    all.push(Section {
        title: "timeline".into(),
        body: Body::Log(timeline.collect()),
    });
    all.push(sentences("check before the first signal", report.checked()));
    all.push(sentences("looked for later", later(report)));
    for backtrace in &report.backtraces {
        let of = backtrace.jid.as_deref().or(backtrace.tid.as_deref());
        all.push(Section {
            title: format!("backtrace of {}", of.unwrap_or("a thread")),
            body: Body::Log(backtrace.frames.clone()),
        });
    }
    let queues = report.queues.iter().flatten().map(QueueServed::words);
    all.push(sentences("queues without a process", queues.collect()));
    let successors = report.successors.iter().map(CameUp::words);
    all.push(sentences("successor", successors.collect()));
    all.push(sentences(
        "failed by being stopped",
        report.interrupted.lines(),
    ));
    let told = report.notified.iter().map(LaterNotice::words);
    all.push(sentences("told", told.collect()));
    all.push(sentences("what remains", report.remains.clone()));
    let advice = report.advice.iter().cloned();
    let advice = advice.chain(repeated_lines(&full.cut_off_repeatedly));
    all.push(sentences("what to change", advice.collect()));
    all.retain(|section| !section.body.is_empty());
    all
}

fn sentences(title: &str, lines: Vec<String>) -> Section {
    Section {
        title: title.into(),
        body: Body::Sentences(lines),
    }
}

fn table(title: &str, columns: &'static [Column], rows: Vec<Vec<String>>) -> Section {
    Section {
        title: title.into(),
        body: Body::Table(columns, rows),
    }
}

/// The jobs of one fate and one kind of evidence.
fn of_group(group: &JobGroup) -> Section {
    let unknown = || "?".to_string();
    let rows = group.rows.iter().map(|row| {
        let longest = row.longest_s.map(|longest| format!("≤ {longest:.0} s"));
        let ran = row.ran.clone().or(longest).unwrap_or_else(unknown);
        vec![
            row.number.to_string(),
            row.class.clone().unwrap_or_else(unknown),
            row.queue.clone().unwrap_or_else(unknown),
            row.process.clone().unwrap_or_else(unknown),
            ran,
            row.jids.join(" "),
        ]
    });
    let rows = rows.collect();
    let title = format!("{} {}: {}", group.fate, group.number(), group.evidence);
    table(&title, JOBS, rows)
}

/// Names and values at the top: who, why, where, how.
pub(super) fn head(report: &Report) -> Vec<(&'static str, String)> {
    let drain = &report.summary;
    let unknown = || "not known".to_string();
    let rehearsal = if drain.rehearsal {
        " (a rehearsal: nothing was sent)"
    } else {
        ""
    };
    let mode = report.mode.map(|mode| format!(", {mode}"));
    let when = drain.at.map_or_else(unknown, rfc3339);
    let mut head = vec![
        ("drain", format!("{}{rehearsal}", drain.run)),
        ("when", when + &mode.unwrap_or_default()),
        ("who", drain.who.clone().unwrap_or_else(unknown)),
    ];
    let mut add = |name, value: Option<String>| head.extend(value.map(|value| (name, value)));
    add("why", drain.why.clone());
    let targets = drain.targets.join(", ");
    add("where", Some(targets).filter(|targets| !targets.is_empty()));
    add("redis", report.redis_words());
    add("sequence", sequence(report));
    let outcome = outcome(drain);
    add(
        "outcome",
        Some(format!("{outcome} after {:.1} s", drain.seconds)),
    );
    add("jobs", Some(report.counted()));
    add("work", report.work_words());
    let payloads = report.saved_in.as_ref();
    let rescue = |file: &String| format!("saved in {file}: drainboard rescue {}", drain.run);
    add("payloads", payloads.map(rescue));
    head
}

/// The sequence with its origin, its budget and Sidekiq's own timeout.
fn sequence(report: &Report) -> Option<String> {
    let sequence = report.summary.sequence.as_ref()?;
    let budget = report
        .budget_s
        .map_or_else(|| "unlimited".into(), |budget| format!("{budget} s"));
    let from = match report.timeout_from.as_str() {
        "assumed" => "assumed".to_owned(),
        place => format!("from {place}"),
    };
    let written = match report.sequence_from.as_deref() {
        None => String::new(),
        Some("default") => " (the default)".into(),
        Some(from) => format!(" from {from}"),
    };
    Some(format!(
        "{sequence}{written}   budget {budget} (-t {} {from})",
        report.timeout_s
    ))
}

/// How it ended, in one word.
pub(super) fn outcome(drain: &Summary) -> &'static str {
    drain.outcome.map_or("no end", Outcome::word)
}

/// A row for each signal: when it was sent, by when it was received for sure, what it did.
fn signal_rows(report: &Report) -> Vec<Vec<String>> {
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

fn process_row(process: &DrainedProcess) -> Vec<String> {
    vec![
        process.name.clone(),
        at(process.quiet_t_s),
        at(process.exited_t_s),
        process.how(),
        process.identity.clone().unwrap_or_default(),
    ]
}

/// Where a later look found jobs of unknown fate.
fn later(report: &Report) -> Vec<String> {
    let looked = report.fates.iter();
    let looked = looked.filter_map(|job| Some((job, job.found_later.as_ref()?)));
    looked
        .map(|(job, found)| format!("{}: {}", job.label(), found.words()))
        .collect()
}

/// Work that was cut off again and again, one line for each class; for a job alone only where its
/// class as a whole was not.
pub(super) fn repeated_lines(cut_off: &[Repeated]) -> impl Iterator<Item = String> + '_ {
    let of_class = |class: &str| {
        let whole = |other: &Repeated| other.jid.is_none() && other.class == class;
        cut_off.iter().any(whole)
    };
    let shown = cut_off
        .iter()
        .filter(move |repeated| repeated.jid.is_none() || !of_class(&repeated.class));
    shown.map(|repeated| {
        let what = match &repeated.jid {
            Some(jid) => format!("{} {jid}", repeated.class),
            None => format!("jobs of {}", repeated.class),
        };
        format!(
            "{what}: cut off by {} drains in a row, a candidate for smaller jobs or for checkpoints",
            repeated.runs.len()
        )
    })
}

/// Jobs that were cancelled outside a drain.
pub(super) fn outside_lines(acts: &[OutsideAct]) -> impl Iterator<Item = String> + '_ {
    acts.iter().map(|act| format!("{}  {}", act.at, act.words))
}

/// `T+4s`.
fn at(t_s: Option<f64>) -> String {
    t_s.map_or_else(|| "-".into(), |t_s| format!("T+{}s", t_s.max(0.0).floor()))
}
