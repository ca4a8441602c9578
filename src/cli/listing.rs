//! `ps` as text for people: the link, a table of processes, a table of busy jobs, and what else
//! must be said of them.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::rows::{JobLine, Picture, ProcessRow, PsRow};
use super::table::{Column, cut, table};
use crate::console::Alarm;
use crate::core::choice::Choice;
use crate::core::fleet::{Fleet, Link, Process};
use crate::core::moment::{Seconds, clock_face};

/// How wide lines may be, and of what characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Cells of a line.
    pub(super) width: usize,
    /// ASCII alone.
    pub(super) ascii: bool,
}

const PROCESSES: [Column; 8] = [
    Column::text("PROCESS").least(16),
    Column::text("VERSION"),
    Column::text("STATE"),
    Column::number("BUSY"),
    Column::text("HEARTBEAT"),
    Column::number("RSS"),
    Column::text("UNIT").least(6),
    Column::text("-t").least(12),
];

const JOBS: [Column; 8] = [
    Column::text("CLASS").least(16),
    Column::text("QUEUE").least(7),
    Column::text("PROCESS").least(12),
    Column::number("ELAPSED"),
    Column::number("BUDGET"),
    Column::text("BECOMES"),
    Column::text("WHY").spare(),
    Column::text("JID").spare(),
];

/// The whole listing.
pub(super) fn listing(picture: Picture<'_>, rows: &PsRow, origin: &str, room: Room) -> String {
    let mut text = head(picture, rows, origin);
    if rows.processes.is_empty() {
        text.push_str(if rows.choice.asked {
            "no Sidekiq process is as asked for\n"
        } else {
            nobody(picture.fleet)
        });
    } else {
        text.push_str(&processes(&rows.processes, room));
    }
    if !rows.jobs.is_empty() {
        text.push('\n');
        text.push_str(&jobs(&rows.jobs, room));
    }
    let work = rows.drain_now.as_ref().and_then(|now| now.words.as_ref());
    if let Some(work) = work {
        writeln!(text, "\nif drained now: {work}").expect("a String takes every text");
    }
    let mut notes = alarms(&rows.processes);
    notes.extend(timeouts(rows));
    notes.extend(notes_of(picture.fleet, &rows.choice));
    if !notes.is_empty() {
        text.push('\n');
        for note in notes {
            text.extend([&note, "\n"]);
        }
    }
    text
}

/// Where the rows come from, when, and what the verdicts go by.
fn head(picture: Picture<'_>, rows: &PsRow, origin: &str) -> String {
    let link = match &picture.fleet.link {
        Link::Connected { round_trip, .. } => {
            format!("connected, {:.1} ms", round_trip.as_secs_f64() * 1e3)
        }
        Link::Lost { why, .. } => why.to_string(),
        Link::Unused => "not asked".into(),
        Link::Connecting { .. } => "connecting".into(),
    };
    let settings = picture.settings;
    let mut text = String::new();
    let title = format!("{}   {}", rows.at, picture.fleet.hostname);
    writeln!(text, "{}", title.trim_end()).expect("a String takes every text");
    if let Some(url) = picture.url {
        writeln!(text, "{url} ({origin})   {link}").expect("a String takes every text");
    }
    writeln!(
        text,
        "{}   ({})\n",
        settings.sequence, settings.sequence_origin.0
    )
    .expect("a String takes every text");
    text
}

fn nobody(fleet: &Fleet) -> &'static str {
    match (fleet.link.is_connected(), fleet.scanned.is_some()) {
        (true, true) => "no Sidekiq process in this Redis or on this host\n",
        (true, false) => "no Sidekiq process in this Redis\n",
        (false, _) => "no Sidekiq process found on this host\n",
    }
}

fn processes(rows: &[ProcessRow], room: Room) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                format!("{} {}", row.name, row.tag).trim_end().to_owned(),
                known(row.version.clone()),
                row.stands.word.to_owned(),
                format!("{}/{}", known(row.busy), known(row.concurrency)),
                row.heartbeat.clone(),
                row.rss_kb
                    .map_or_else(|| known::<u64>(None), |kb| format!("{} M", kb / 1024)),
                row.unit.clone().unwrap_or_else(|| "-".into()),
                timeout(row.timeout_s, &row.timeout_from),
            ]
        })
        .collect();
    table(&PROCESSES, &cells, room.width, room.ascii)
}

/// The faults of the processes of this host, in the words of the console.
fn alarms(rows: &[ProcessRow]) -> Vec<String> {
    let wrong = rows.iter().filter(|row| row.stands.alarm == Alarm::Danger);
    let words = wrong.map(|row| {
        let saved = if row.stands.saves {
            "; in the console s saves what Redis still shows of them"
        } else {
            ""
        };
        format!(
            "{} {}: {}{saved}",
            row.name, row.stands.word, row.stands.remark
        )
    });
    words.collect()
}

fn timeout(span: Seconds, from: &str) -> String {
    let seconds = span.0.as_secs_f64();
    if from == "assumed" {
        format!("{seconds} assumed")
    } else {
        format!("{seconds} from {from}")
    }
}

/// The table of busy jobs. Where reasons find no room in it, each stands below once.
pub(super) fn jobs(rows: &[JobLine], room: Room) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.class.clone(),
                row.queue.clone(),
                row.process.clone(),
                face(row.elapsed_s),
                row.budget_s
                    .map_or_else(|| "none".into(), |budget| face(Some(budget))),
                row.becomes.to_owned(),
                row.why.clone(),
                known(row.jid.clone()),
            ]
        })
        .collect();
    let mut text = table(&JOBS, &cells, room.width, room.ascii);
    if !text.lines().next().is_some_and(|head| head.contains("WHY")) {
        let reasons: BTreeSet<String> = rows
            .iter()
            .map(|row| format!("  {}: {}\n", row.becomes, row.why))
            .collect();
        text.extend(reasons);
    }
    text
}

fn face(span: Option<Seconds>) -> String {
    span.map_or_else(|| known::<u64>(None), |Seconds(span)| clock_face(span))
}

fn known<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "?".into(), |value| value.to_string())
}

/// Timeouts that differ between the files of a process, and files that changed under it.
fn timeouts(rows: &PsRow) -> Vec<String> {
    let mut notes = Vec::new();
    for row in &rows.processes {
        let name = &row.name;
        let others: Vec<String> = row
            .timeout_layers
            .iter()
            .flatten()
            .filter(|layer| !layer.holds && layer.seconds != Some(row.timeout_s))
            .map(|layer| format!("{} at {}", layer.value, layer.from))
            .collect();
        if !others.is_empty() {
            notes.push(format!(
                "{name}: -t is {}; not gone by: {}",
                timeout(row.timeout_s, &row.timeout_from),
                others.join(", ")
            ));
        }
        let changed = row.changed_files.as_deref().unwrap_or_default();
        if !changed.is_empty() {
            notes.push(format!(
                "{name}: changed since it started: {}",
                changed.join(", ")
            ));
        }
    }
    notes
}

/// Notes beside the tables: processes that this Redis does not know, and malformed rows.
fn notes_of(fleet: &Fleet, choice: &Choice) -> Vec<String> {
    let mut notes = Vec::new();
    let processes = fleet.processes.values();
    for process in processes.filter(|process| choice.covers(process)) {
        if !process.rivals.is_empty() {
            notes.push(ambiguous(process));
        } else if !process.is_ours() && fleet.link.is_connected() {
            notes.push(stranger(process));
        }
        for fault in &process.faults {
            notes.push(format!("{}: {fault}", process.name()));
        }
        for job in &process.jobs {
            if let Some(fault) = &job.work.fault {
                let (name, class) = (process.name(), &job.work.class);
                notes.push(format!("{name}, job {class}: {fault}"));
            }
        }
    }
    notes
}

/// A process that several identities fit.
fn ambiguous(process: &Process) -> String {
    let name = process.name();
    let pid = process.local.as_ref().map_or(0, |local| local.id.pid);
    let rivals = process.rivals.iter().map(ToString::to_string);
    let rivals: Vec<String> = rivals.collect();
    format!(
        "{name} is not told apart: {} in Redis may be its own, so nothing there is taken for its \
         state; --pid {pid} drains it on local evidence",
        rivals.join(" and ")
    )
}

fn stranger(process: &Process) -> String {
    let address = process
        .local
        .as_ref()
        .and_then(|local| local.surroundings.redis_url.as_ref());
    let name = process.name();
    match address {
        Some(address) => {
            format!("{name} is not known to this Redis; its environment names {address}")
        }
        None => format!("{name} is not known to this Redis"),
    }
}

/// Jobs that run longer than they should, for `--over`.
pub(super) fn overlong(rows: &[JobLine], limit: &str, room: Room) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let noun = if rows.len() == 1 {
        "job runs"
    } else {
        "jobs run"
    };
    format!(
        "{} {noun} longer than {limit}\n\n{}",
        rows.len(),
        jobs(rows, room)
    )
}

/// At most `lines` lines of the width there is; the last one says how many are missing.
pub(super) fn top(text: &str, lines: usize, room: Room) -> String {
    let count = text.lines().count();
    let kept = if count <= lines {
        count
    } else {
        lines.saturating_sub(1)
    };
    let mut shown = String::new();
    for line in text.lines().take(kept) {
        shown.push_str(&cut(line, room.width, room.ascii));
        shown.push('\n');
    }
    if kept < count {
        writeln!(shown, "({} more lines)", count - kept).expect("a String takes every text");
    }
    shown
}
