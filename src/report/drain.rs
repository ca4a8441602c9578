//! One past drain as a report: what a screen, a text, Markdown and JSON all show.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::advice::{Shown, advice};
use super::job::{JobFate, counts, jobs};
use super::later::{InterruptedCounts, Notice, end, notices};
use super::library::Past;
use super::process::{DrainedProcess, processes};
use super::successor::{CameUp, successors};
use super::timeline::{TimelineLine, timeline};
use crate::core::clean::clean;
use crate::core::drain::{CheckedFinding, Counts, Event, Outcome, Record};
use crate::core::moment::rfc3339;
use crate::core::sequence::{Sequence, Timeout};

/// One line of the list of drains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The drain's name.
    pub run: String,
    /// When it began; `None` if nothing of its record can be read.
    #[serde(serialize_with = "time")]
    pub at: Option<Timestamp>,
    /// Who: `root (sudo by alice) on util1, pts/3`.
    pub who: Option<String>,
    /// Why, as far as anybody said.
    pub why: Option<String>,
    /// The processes, `util1:4242`.
    pub targets: Vec<String>,
    /// The sequence.
    pub sequence: Option<String>,
    /// Whether nothing was really sent.
    pub rehearsal: bool,
    /// How it ended; `None`: its record has no end.
    pub outcome: Option<Outcome>,
    /// How long it took; without an end, up to its last line.
    pub seconds: f64,
    /// Jobs by fate.
    pub jobs: Counts,
}

/// One drain, with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Who, when, how it ended.
    #[serde(flatten)]
    pub summary: Summary,
    /// Where the sequence was found; `None`: not recorded.
    pub sequence_from: Option<String>,
    /// What the lint had found that concerned the drain when it began; `None`: not recorded.
    pub findings: Option<Vec<CheckedFinding>>,
    /// Why the sequence that the targets ask for was not taken, if so.
    pub trouble: Option<String>,
    /// Sidekiq's own timeout as the drain took it.
    pub timeout_s: f64,
    /// Where that was found, or `assumed`.
    pub timeout_from: String,
    /// How long a job could go on; `None` is unlimited or not known.
    pub budget_s: Option<f64>,
    /// Each process: signals, quiet, exit.
    pub processes: Vec<DrainedProcess>,
    /// Each job, longest first.
    pub fates: Vec<JobFate>,
    /// What happened.
    pub timeline: Vec<TimelineLine>,
    /// Backtraces that were taken.
    pub backtraces: Vec<TakenBacktrace>,
    /// What stays true of processes that did not exit.
    pub remains: Vec<String>,
    /// What to change.
    pub advice: Vec<String>,
    /// What is wrong with the record itself.
    pub faults: Vec<String>,
    /// Jobs in `retry` and `dead` that failed by an interrupt, before and after.
    pub interrupted: InterruptedCounts,
    /// Who was given the report.
    pub notified: Vec<Notice>,
    /// What came up in the place of the processes.
    pub successors: Vec<CameUp>,
}

/// The backtrace of a job's thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenBacktrace {
    /// The job.
    pub jid: Option<String>,
    /// The thread.
    pub tid: Option<String>,
    /// Its frames, the application's first.
    pub frames: Vec<String>,
}

#[expect(clippy::ref_option, reason = "the signature serde asks for")]
fn time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(serializer)
}

impl Report {
    /// The report of `past`.
    pub fn of(past: &Past) -> Self {
        let past = &*past.shown();
        let fates = jobs(past);
        let processes = processes(past);
        let timeout = stated_timeout(past);
        let summary = summary(past, &processes, &fates);
        let sequence: Option<Sequence> =
            (summary.sequence.as_deref()).and_then(|sequence| sequence.parse().ok());
        let budget = sequence
            .as_ref()
            .and_then(|sequence| sequence.budget(timeout.span).total());
        let shown = Shown {
            sequence: sequence.as_ref(),
            timeout: &timeout,
            jobs: &fates,
            extended_s: extended(past),
            run: &past.run,
        };
        let (sequence_from, findings, trouble) = checked(past);
        Self {
            sequence_from,
            findings,
            trouble,
            timeout_s: timeout.span.as_secs_f64(),
            timeout_from: timeout.origin.text().to_owned(),
            budget_s: budget.map(|budget| budget.as_secs_f64()),
            timeline: timeline(past),
            backtraces: backtraces(past),
            remains: processes
                .iter()
                .filter_map(|process| process.remains.clone())
                .collect(),
            advice: advice(&shown),
            faults: faults(past, summary.outcome),
            interrupted: InterruptedCounts::of(past),
            notified: notices(past),
            successors: successors(past),
            processes,
            fates,
            summary,
        }
    }

    /// What the lint had found, one line each; one line where it found nothing.
    pub fn checked(&self) -> Vec<String> {
        let trouble = self.trouble.iter();
        let trouble = trouble.map(|trouble| format!("set aside: {trouble}"));
        let mut lines: Vec<String> = trouble.collect();
        if let Some(findings) = &self.findings {
            lines.extend(findings.iter().map(CheckedFinding::words));
            if lines.is_empty() {
                lines.push("nothing that concerns this drain".into());
            }
        }
        lines
    }

    /// What became of the jobs, in one line.
    pub fn counted(&self) -> String {
        let found = |job: &&JobFate| {
            let found = job.found_later.as_ref();
            found.is_some_and(|found| found.fate.is_some())
        };
        let counted = self.summary.jobs.words();
        match self.fates.iter().filter(found).count() {
            0 => counted,
            found => format!("{counted} ({found} of these found later)"),
        }
    }
}

impl Summary {
    /// What became of the jobs, in one line.
    pub fn counted(&self) -> String {
        self.jobs.words()
    }
}

/// Where the sequence was found, what the lint found, and why the sequence that the targets ask
/// for was not taken.
type CheckedPlan = (Option<String>, Option<Vec<CheckedFinding>>, Option<String>);

fn checked(past: &Past) -> CheckedPlan {
    let found = past.records.iter().find_map(|record| {
        let Event::Checked {
            sequence_from,
            trouble,
            findings,
        } = &record.event
        else {
            return None;
        };
        Some((
            sequence_from.clone(),
            Some(findings.clone()),
            trouble.clone(),
        ))
    });
    found.unwrap_or_default()
}

fn summary(past: &Past, processes: &[DrainedProcess], fates: &[JobFate]) -> Summary {
    let names = processes.iter().map(|process| process.name.clone());
    let mut summary = Summary {
        run: clean(&past.run, 120),
        at: past.records.first().map(|record| record.at.wall()),
        who: None,
        why: None,
        targets: names.collect(),
        sequence: None,
        rehearsal: past.records.iter().any(|record| record.rehearsal),
        outcome: end(past).map(|(_, outcome)| outcome),
        seconds: lasted(past),
        jobs: counts(fates),
    };
    for record in &past.records {
        began(&mut summary, record);
    }
    summary
}

/// Seconds up to its end, else up to the last record of the drain itself.
fn lasted(past: &Past) -> f64 {
    let end = end(past).map(|(record, _)| record);
    end.or(last_of_drain(past)).map_or(0.0, Record::t_s)
}

fn last_of_drain(past: &Past) -> Option<&Record> {
    past.records.iter().rev().find(|record| !record.is_later())
}

/// Takes over what the first record says. In records of early versions `by` is `OPERATOR: REASON`.
fn began(summary: &mut Summary, record: &Record) {
    let Event::Started {
        sequence,
        by,
        reason,
        ..
    } = &record.event
    else {
        return;
    };
    let (who, why) = match by.as_deref().map(|by| by.split_once(": ").ok_or(by)) {
        Some(Ok((who, why))) => (Some(who), Some(why)),
        Some(Err(who)) => (Some(who), None),
        None => (None, None),
    };
    summary.sequence.get_or_insert_with(|| sequence.clone());
    summary.who = who.map(str::to_owned);
    summary.why = reason.as_deref().or(why).map(str::to_owned);
}

fn stated_timeout(past: &Past) -> Timeout {
    let stated = past.records.iter().find_map(|record| {
        if let Event::Started {
            timeout_s: Some(seconds),
            timeout_from,
            ..
        } = &record.event
        {
            let from = timeout_from.as_deref().filter(|from| *from != "assumed")?;
            return Some(Timeout::stated(seconds.0, from));
        }
        None
    });
    stated.unwrap_or_else(|| Timeout::assumed(None))
}

/// Seconds by which the waits were made longer.
fn extended(past: &Past) -> i64 {
    let by = past.records.iter().filter_map(|record| {
        if let Event::Extended { by_s } = record.event {
            return Some(by_s);
        }
        None
    });
    by.fold(0, i64::saturating_add)
}

fn backtraces(past: &Past) -> Vec<TakenBacktrace> {
    let taken = past.records.iter().filter_map(|record| {
        let Event::Backtrace {
            jid, tid, frames, ..
        } = &record.event
        else {
            return None;
        };
        Some(TakenBacktrace {
            jid: jid.clone(),
            tid: Some(tid.clone()).filter(|tid| !tid.is_empty()),
            frames: frames.clone(),
        })
    });
    taken.collect()
}

/// What a record without an end leaves open.
fn unended(past: &Past) -> String {
    let until = last_of_drain(past).map_or(0.0, Record::t_s);
    format!(
        "its record has no end: the drain is still under way, or the program ended at T+{:.0}s or later without another word. The jobs that ran then have no fate here",
        until.floor()
    )
}

/// Whether it was the loss of a terminal that stopped it.
fn is_left(past: &Past) -> bool {
    let hung_up = |record: &Record| matches!(&record.event, Event::Held { why } if why.starts_with("hang-up"));
    past.records.iter().any(hung_up) && matches!(end(past), Some((_, Outcome::Stopped)))
}

fn faults(past: &Past, outcome: Option<Outcome>) -> Vec<String> {
    let mut faults = Vec::new();
    if past.records.is_empty() {
        faults.push("nothing of its record can be read".into());
    } else if outcome.is_none() {
        faults.push(unended(past));
    } else if is_left(past) {
        faults.push(
            "it was left by a hang-up: nothing more was sent, and its end was not watched".into(),
        );
    }
    if past.torn {
        faults.push("the last line of its record was cut off".into());
    }
    match past.unreadable {
        0 => {}
        1 => faults.push("1 line of its record cannot be read".into()),
        several => faults.push(format!("{several} lines of its record cannot be read")),
    }
    faults
}
