//! One past drain as a report: what a screen, a text, Markdown and JSON all show.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::advice::{Seen, advice};
use super::checked::{Checked, Finding};
use super::job::{JobFate, counts, jobs};
use super::later::{InterruptedCounts, Notice, end, notices};
use super::library::Past;
use super::line::{Happened, Line};
use super::process::{Process, processes};
use super::timeline::{Entry, timeline};
use crate::core::clean::clean;
use crate::core::drain::{Counts, Outcome};
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
    pub findings: Option<Vec<Finding>>,
    /// Why the sequence that the targets ask for was not taken, if so.
    pub trouble: Option<String>,
    /// Sidekiq's own timeout as the drain took it.
    pub timeout_s: f64,
    /// Where that was found, or `assumed`.
    pub timeout_from: String,
    /// How long a job could go on; `None` is unlimited or not known.
    pub budget_s: Option<f64>,
    /// Each process: signals, quiet, exit.
    pub processes: Vec<Process>,
    /// Each job, longest first.
    pub fates: Vec<JobFate>,
    /// What happened.
    pub timeline: Vec<Entry>,
    /// Backtraces that were taken.
    pub backtraces: Vec<Backtrace>,
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
}

/// The backtrace of a job's thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backtrace {
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
        let fates = jobs(past);
        let processes = processes(past);
        let timeout = stated_timeout(past);
        let summary = summary(past, &processes, &fates);
        let sequence: Option<Sequence> =
            (summary.sequence.as_deref()).and_then(|sequence| sequence.parse().ok());
        let budget = sequence
            .as_ref()
            .and_then(|sequence| sequence.budget(timeout.span).total());
        let seen = Seen {
            sequence: sequence.as_ref(),
            timeout: &timeout,
            jobs: &fates,
            extended_s: extended(past),
            run: &past.run,
        };
        let checked = Checked::of(past);
        Self {
            sequence_from: checked.sequence_from,
            findings: checked.findings,
            trouble: checked.trouble,
            timeout_s: timeout.span.as_secs_f64(),
            timeout_from: timeout.origin.text().to_owned(),
            budget_s: budget.map(|budget| budget.as_secs_f64()),
            timeline: timeline(past),
            backtraces: backtraces(past),
            remains: processes
                .iter()
                .filter_map(|process| process.remains.clone())
                .collect(),
            advice: advice(&seen),
            faults: faults(past, summary.outcome),
            interrupted: InterruptedCounts::of(past),
            notified: notices(past),
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
            lines.extend(findings.iter().map(Finding::words));
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
        let counted = counted(self.summary.jobs);
        match self.fates.iter().filter(found).count() {
            0 => counted,
            found => format!("{counted} ({found} of these found later)"),
        }
    }
}

/// Jobs by fate in words, those that there are.
pub(super) fn counted(jobs: Counts) -> String {
    let all = [
        (jobs.finished, "finished"),
        (jobs.pushed_back, "pushed back"),
        (jobs.retried, "to be retried"),
        (jobs.rescued, "rescued"),
        (jobs.lost, "LOST"),
        (jobs.unknown, "unknown"),
    ];
    let some: Vec<String> = all
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if some.is_empty() {
        return "no jobs".into();
    }
    some.join(", ")
}

impl Summary {
    /// What became of the jobs, in one line.
    pub fn counted(&self) -> String {
        counted(self.jobs)
    }
}

fn summary(past: &Past, processes: &[Process], fates: &[JobFate]) -> Summary {
    let first = past.lines.first();
    let mut summary = Summary {
        run: past.run.clone(),
        at: first.map(|line| line.at),
        who: None,
        why: None,
        targets: processes
            .iter()
            .map(|process| process.name.clone())
            .collect(),
        sequence: None,
        rehearsal: past.lines.iter().any(|line| line.rehearsal),
        outcome: end(past).map(|(_, outcome)| outcome),
        seconds: lasted(past),
        jobs: counts(fates),
    };
    for line in &past.lines {
        began(&mut summary, line);
    }
    summary
}

/// Seconds up to its end, else up to the last line that tells of it.
fn lasted(past: &Past) -> f64 {
    let last = past.lines.iter().rev().find(|line| !line.is_later());
    let end = end(past).map(|(line, _)| line).or(last);
    end.map_or(0.0, |line| line.t_s)
}

/// Takes over what the first record says. `by` is `OPERATOR: REASON`.
fn began(summary: &mut Summary, line: &Line) {
    let Happened::Started {
        sequence,
        by,
        reason,
        ..
    } = &line.happened
    else {
        return;
    };
    let (who, why) = match by.as_deref().map(|by| by.split_once(": ").ok_or(by)) {
        Some(Ok((who, why))) => (Some(who), Some(why)),
        Some(Err(who)) => (Some(who), None),
        None => (None, None),
    };
    summary.sequence.get_or_insert_with(|| clean(sequence, 300));
    summary.who = who.map(|who| clean(who, 200));
    summary.why = (reason.as_deref().or(why)).map(|why| clean(why, 500));
}

fn stated_timeout(past: &Past) -> Timeout {
    let stated = past.lines.iter().find_map(|line| {
        if let Happened::Started {
            timeout_s: Some(seconds),
            timeout_from,
            ..
        } = &line.happened
        {
            let span = std::time::Duration::try_from_secs_f64(*seconds).ok()?;
            let from = timeout_from.as_deref().filter(|from| *from != "assumed")?;
            return Some(Timeout::stated(span, clean(from, 200)));
        }
        None
    });
    stated.unwrap_or_else(|| Timeout::assumed(None))
}

fn extended(past: &Past) -> i64 {
    let by = past.lines.iter().filter_map(|line| {
        if let Happened::Extended { by_s } = line.happened {
            return Some(by_s);
        }
        None
    });
    by.fold(0, i64::saturating_add)
}

fn backtraces(past: &Past) -> Vec<Backtrace> {
    let taken = past.lines.iter().filter_map(|line| {
        let Happened::Backtrace { jid, tid, frames } = &line.happened else {
            return None;
        };
        let text = |text: &Option<String>| text.as_deref().map(|text| clean(text, 64));
        Some(Backtrace {
            jid: text(jid),
            tid: text(tid),
            frames: frames.iter().map(|frame| clean(frame, 500)).collect(),
        })
    });
    taken.collect()
}

/// What a record without an end leaves open.
fn unended(past: &Past) -> String {
    let last = past.lines.iter().rev().find(|line| !line.is_later());
    let until = last.map_or(0.0, |line| line.t_s);
    format!(
        "its record has no end: the drain is still under way, or the program ended at T+{:.0}s or later without another word. The jobs that ran then have no fate here",
        until.floor()
    )
}

/// Whether it was the loss of a terminal that stopped it.
fn is_left(past: &Past) -> bool {
    past.lines
        .iter()
        .rev()
        .any(|line| matches!(&line.happened, Happened::Held { why } if why.starts_with("hang-up")))
        && matches!(end(past), Some((_, Outcome::Stopped)))
}

fn faults(past: &Past, outcome: Option<Outcome>) -> Vec<String> {
    let mut faults = Vec::new();
    if past.lines.is_empty() {
        faults.push("nothing of its record can be read".into());
    } else if outcome.is_none() {
        faults.push(unended(past));
    } else if is_left(past) {
        faults.push(
            "it was left by a hang-up: nothing more was sent, and nobody saw what came of it"
                .into(),
        );
    }
    if past.torn {
        faults.push("the last line of its record was cut off".into());
    }
    if past.unreadable > 0 {
        faults.push(format!(
            "{} line(s) of its record cannot be read",
            past.unreadable
        ));
    }
    faults
}
