//! A past drain as a report: what a screen, a text, Markdown and JSON all show.

use serde::Serialize;

use super::advice::{Shown, advice};
use super::group::{JobGroup, groups};
use super::job::{JobFate, counts, jobs, rescued};
use super::later::{InterruptedCounts, LaterNotice, end, notices};
use super::library::Past;
use super::next::next_steps;
use super::process::{DrainedProcess, processes};
use super::successor::{CameUp, successors};
use super::summary::{Began, Summary, last_of_drain, summary};
use super::timeline::{TimelineLine, timeline};
use super::work::Effort;
use crate::core::drain::{CheckedFinding, Event, Mode, Outcome, QueueServed, Record};
use crate::core::moment::Seconds;
use crate::core::sequence::{Sequence, Timeout};

/// A drain, with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The operator, the times, the outcome.
    #[serde(flatten)]
    pub summary: Summary,
    /// How it began: by itself, or step by step; `None`: not recorded.
    pub mode: Option<Mode>,
    /// The Redis of the drain, without user and password; `None`: not recorded, or none was used.
    pub redis: Option<String>,
    /// The prefix of its keys.
    pub namespace: Option<String>,
    /// Seconds of work that ended, or goes on from a checkpoint, at least; `None`: not known.
    pub work_kept_s: Option<f64>,
    /// Seconds of work that must be done again, or is lost, at most; `None`: not known.
    pub work_redone_s: Option<f64>,
    /// Where the sequence was found; `None`: not recorded.
    pub sequence_from: Option<String>,
    /// The findings of the lint that concerned the drain when it began; `None`: not recorded.
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
    /// The events.
    pub timeline: Vec<TimelineLine>,
    /// Backtraces that were taken.
    pub backtraces: Vec<TakenBacktrace>,
    /// The standing of processes that did not exit.
    pub remains: Vec<String>,
    /// The next steps, in this order.
    pub next_steps: Vec<String>,
    /// The changes to make.
    pub advice: Vec<String>,
    /// The file in which payloads were saved; `None`: none were, or it is not recorded.
    pub saved_in: Option<String>,
    /// The faults of the record itself.
    pub faults: Vec<String>,
    /// Jobs in `retry` and `dead` that failed by an interrupt, before and after.
    pub interrupted: InterruptedCounts,
    /// The program that was given the report.
    pub notified: Vec<LaterNotice>,
    /// The processes that came up in their place.
    pub successors: Vec<CameUp>,
    /// The queues of the targets, and how long no process took jobs from each until the drain
    /// ended; `None`: not recorded, or not known.
    pub queues: Option<Vec<QueueServed>>,
}

/// The file in which payloads were saved last.
fn saved_in(past: &Past) -> Option<String> {
    let mut records = past.records.iter().rev();
    records.find_map(|record| {
        if let Event::PayloadSaved { file, .. } = &record.event {
            file.clone()
        } else {
            None
        }
    })
}

/// The queues as the end of the drain has them; the last one, where it was resumed.
fn queues(past: &Past) -> Option<Vec<QueueServed>> {
    let mut records = past.records.iter().rev();
    records.find_map(|record| {
        if let Event::Finished { queues, .. } = &record.event {
            Some(queues.clone())
        } else {
            None
        }
    })?
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

impl Report {
    /// The report of `past`.
    pub fn of(past: &Past) -> Self {
        let past = &*past.shown();
        let fates = jobs(past);
        let timeout = stated_timeout(past);
        let mut processes = processes(past);
        for process in &mut processes {
            process.settle_end(Seconds(timeout.span).number());
        }
        let began = Began::of(past);
        let summary = summary(past, &began, &processes, &fates);
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
        };
        let (sequence_from, findings, trouble) = checked(past);
        let work = Effort::counted(past, &fates);
        let mut report = Self {
            mode: began.mode,
            redis: began.redis,
            namespace: began.namespace,
            work_kept_s: work.kept_s,
            work_redone_s: work.redone_s,
            next_steps: Vec::new(),
            sequence_from,
            findings,
            trouble,
            timeout_s: Seconds(timeout.span).number(),
            timeout_from: timeout.origin.text().to_owned(),
            budget_s: budget.map(|budget| Seconds(budget).number()),
            timeline: timeline(past),
            backtraces: backtraces(past),
            remains: processes
                .iter()
                .filter_map(|process| process.remains.clone())
                .collect(),
            advice: advice(&shown),
            saved_in: saved_in(past),
            faults: faults(past, summary.outcome),
            interrupted: InterruptedCounts::of(past),
            notified: notices(past),
            successors: successors(past),
            queues: queues(past),
            processes,
            fates,
            summary,
        };
        report.next_steps = next_steps(&report);
        report
    }

    /// Takes over that `drainboard rescue` pushed this job back after the drain.
    pub fn rescued_later(&mut self, jid: &str, result: &str) {
        rescued(&mut self.fates, jid, result);
        self.summary.jobs = counts(&self.fates);
        self.next_steps = next_steps(self);
    }

    /// Its jobs in groups, the worst fate first.
    pub fn groups(&self) -> Vec<JobGroup> {
        groups(&self.fates)
    }

    /// Which Redis it used, in words; `None`: not recorded.
    pub fn redis_words(&self) -> Option<String> {
        let redis = self.redis.as_ref()?;
        Some(match &self.namespace {
            Some(namespace) => format!("{redis}, namespace {namespace}"),
            None => redis.clone(),
        })
    }

    /// The work that was kept and the work that was thrown away, in words; `None`: no job ran.
    pub fn work_words(&self) -> Option<String> {
        let work = Effort {
            kept_s: self.work_kept_s,
            redone_s: self.work_redone_s,
        };
        work.words(&self.fates)
    }

    /// The findings of the lint, one line each; one line where there is none.
    pub fn checked(&self) -> Vec<String> {
        let trouble = self.trouble.iter();
        let trouble = trouble.map(|trouble| format!("set aside: {trouble}"));
        let mut lines: Vec<String> = trouble.collect();
        if let Some(findings) = &self.findings {
            lines.extend(findings.iter().map(CheckedFinding::words));
            if lines.is_empty() {
                lines.push("no warnings".into());
            }
        }
        lines
    }

    /// The fates of the jobs, in one line.
    pub fn counted(&self) -> String {
        let found = |job: &&JobFate| {
            let found = job.found_later.as_ref();
            found.is_some_and(|found| found.fate.is_some())
        };
        let running = self.fates.iter().filter(|job| job.still_running).count() as u64;
        let mut jobs = self.summary.jobs;
        jobs.unknown -= running.min(jobs.unknown);
        let counted = match (running, jobs.total()) {
            (0, _) => jobs.words(),
            (running, 0) => format!("{running} still running"),
            (running, _) => format!("{running} still running, {}", jobs.words()),
        };
        match self.fates.iter().filter(found).count() {
            0 => counted,
            found => format!("{counted} ({found} of these found later)"),
        }
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

/// The questions that a record without an end leaves open.
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
