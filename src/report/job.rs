//! The jobs of a past drain with their fates, longest first. What a journal does not say of a
//! job stays unknown.

use std::collections::HashMap;

use serde::Serialize;

use super::later::{FoundLater, finds};
use super::library::Past;
use super::line::Happened;
use crate::core::clean::clean;
use crate::core::drain::{Counts, Fate};

/// Longest text of a journal that is shown in one cell.
const LONGEST: usize = 300;

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobFate {
    /// Its id; `None` for a thread whose job nobody had seen.
    pub jid: Option<String>,
    /// Its class.
    pub class: Option<String>,
    /// Its queue.
    pub queue: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// How that is known.
    pub evidence: String,
    /// How long it had run when it ended or was interrupted.
    pub ran_s: Option<f64>,
    /// How much of the drain had passed by then.
    pub until_t_s: Option<f64>,
    /// The process that ran it.
    pub process: Option<String>,
    /// Where a later look found it, if its fate was unknown and somebody looked.
    pub found_later: Option<FoundLater>,
}

impl JobFate {
    /// Whether it was cut off: it will have to run again, or nobody knows.
    pub fn was_cut_off(&self) -> bool {
        match self.fate {
            Fate::PushedBack | Fate::Rescued | Fate::Lost => true,
            Fate::Finished | Fate::Retried | Fate::Unknown => false,
        }
    }

    /// Its class and id, for people.
    pub fn label(&self) -> String {
        let class = self.class.as_deref().unwrap_or("a job nobody had seen");
        match &self.jid {
            Some(jid) => format!("{class} {jid}"),
            None => class.to_owned(),
        }
    }
}

/// The jobs of `past`, longest first: by the time they ran, else by the time of the drain that
/// they took.
pub(super) fn jobs(past: &Past) -> Vec<JobFate> {
    let mut jobs: Vec<JobFate> = Vec::new();
    let mut by_jid: HashMap<(String, Option<String>), usize> = HashMap::new();
    let mut exits: HashMap<String, f64> = HashMap::new();
    for line in &past.lines {
        let process = line.name().map(|name| clean(&name, LONGEST));
        if let (Happened::Exited { .. }, Some(process)) = (&line.happened, &process) {
            exits.insert(process.clone(), line.t_s);
        }
        let Some(mut job) = of(&line.happened, process, line.t_s) else {
            continue;
        };
        let key = job.jid.clone().map(|jid| (jid, job.process.clone()));
        if let Some(index) = key.as_ref().and_then(|key| by_jid.get(key)) {
            let known = &mut jobs[*index];
            job.queue = job.queue.or_else(|| known.queue.take());
            job.class = job.class.or_else(|| known.class.take());
            job.ran_s = job.ran_s.or(known.ran_s);
            job.until_t_s = known.until_t_s;
            *known = job;
        } else {
            by_jid.extend(key.map(|key| (key, jobs.len())));
            jobs.push(job);
        }
    }
    let mut finds = finds(past);
    for job in &mut jobs {
        if job.fate == Fate::Unknown {
            job.found_later = job.jid.as_ref().and_then(|jid| finds.remove(jid));
        }
        let exit = job.process.as_ref().and_then(|name| exits.get(name));
        job.until_t_s = job.until_t_s.or(exit.copied());
    }
    let weight = |job: &JobFate| {
        let none = f64::NEG_INFINITY;
        (job.ran_s.unwrap_or(none), job.until_t_s.unwrap_or(none))
    };
    jobs.sort_by(|one, other| {
        let (one, other) = (weight(one), weight(other));
        (other.0.total_cmp(&one.0)).then(other.1.total_cmp(&one.1))
    });
    jobs
}

fn of(happened: &Happened, process: Option<String>, t_s: f64) -> Option<JobFate> {
    let text = |text: &Option<String>| text.as_deref().map(|text| clean(text, LONGEST));
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events are about no job's end"
    )]
    match happened {
        Happened::JobFinished {
            jid,
            class,
            queue,
            elapsed_s,
        } => Some(JobFate {
            jid: Some(clean(jid, LONGEST)),
            class: text(class),
            queue: text(queue),
            fate: Fate::Finished,
            evidence: String::new(),
            ran_s: *elapsed_s,
            until_t_s: Some(t_s),
            process,
            found_later: None,
        }),
        Happened::Reconciled {
            jid,
            class,
            queue,
            elapsed_s,
            fate,
            evidence,
        } => Some(JobFate {
            jid: text(jid),
            class: text(class),
            queue: text(queue),
            fate: *fate,
            evidence: clean(evidence, LONGEST),
            ran_s: *elapsed_s,
            until_t_s: None,
            process,
            found_later: None,
        }),
        _ => None,
    }
}

/// The jobs by fate.
pub(super) fn counts(jobs: &[JobFate]) -> Counts {
    let mut counts = Counts::default();
    for job in jobs {
        let count = match job.fate {
            Fate::Finished => &mut counts.finished,
            Fate::PushedBack => &mut counts.pushed_back,
            Fate::Retried => &mut counts.retried,
            Fate::Rescued => &mut counts.rescued,
            Fate::Lost => &mut counts.lost,
            Fate::Unknown => &mut counts.unknown,
        };
        *count += 1;
    }
    counts
}
