//! The jobs of a past drain with their fates, longest first. What a journal does not say of a
//! job stays unknown.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::Serialize;

use super::later::{FoundLater, end, finds};
use super::library::Past;
use crate::core::drain::{Counts, Event, Fate, Record, named};
use crate::core::moment::Seconds;

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobFate {
    /// Its id; `None` for a thread whose job no source had named.
    pub jid: Option<String>,
    /// Its class.
    pub class: Option<String>,
    /// Its queue.
    pub queue: Option<String>,
    /// Its fate.
    pub fate: Fate,
    /// How that is known.
    pub evidence: String,
    /// The id of the work that it does, whatever its JID; `None`: not known.
    pub work_id: Option<String>,
    /// The JID under which its work goes on.
    pub goes_on_as: Option<String>,
    /// Seconds of work that must be done again; `None`: not known.
    pub cost_s: Option<f64>,
    /// How long it had run when it ended or was interrupted, by its log where that tells it; else a
    /// job that ended by itself ran at least so long.
    pub ran_s: Option<f64>,
    /// How long it ran at most; `None`: not known, or not recorded.
    pub ran_at_most_s: Option<f64>,
    /// How much of the drain had passed by then.
    pub until_t_s: Option<f64>,
    /// The process that ran it.
    pub process: Option<String>,
    /// Where a later look found it, if its fate was unknown and it was looked for.
    pub found_later: Option<FoundLater>,
    /// Whether it was still running when the drain ended: its process had not exited.
    pub still_running: bool,
}

impl JobFate {
    /// How long it may have run, in seconds: what a wait must let through.
    pub fn longest_s(&self) -> Option<f64> {
        self.ran_at_most_s.or(self.ran_s)
    }

    /// How long it ran, in words: `18 s` by its log, `10 to 20 s` by the heartbeats around its end.
    pub(super) fn ran_words(&self) -> String {
        let least = self.ran_s.unwrap_or_default().round();
        let most = self.longest_s().unwrap_or_default().round();
        if most > least {
            format!("{least} to {most} s")
        } else {
            format!("{least} s")
        }
    }

    /// Whether it was cut off: its work is lost, or begins again.
    pub fn was_cut_off(&self) -> bool {
        match self.fate {
            Fate::PushedBack | Fate::Rescued | Fate::Lost => true,
            Fate::Finished | Fate::Checkpointed | Fate::Retried | Fate::Unknown => false,
        }
    }

    /// Its fate, in words.
    pub fn word(&self) -> &'static str {
        if self.still_running {
            "still running"
        } else {
            self.fate.word()
        }
    }

    /// Its class and id, for people.
    pub fn label(&self) -> String {
        named(
            self.class.as_deref().unwrap_or_default(),
            self.jid.as_deref(),
        )
    }
}

/// The jobs of `past`, longest first: by the time they ran, else by the time of the drain that
/// they took.
pub(super) fn jobs(past: &Past) -> Vec<JobFate> {
    let mut jobs: Vec<JobFate> = Vec::new();
    let mut by_jid: HashMap<(String, Option<String>), usize> = HashMap::new();
    let mut exits: HashMap<&str, f64> = HashMap::new();
    for record in &past.records {
        if let (Event::Exited { .. }, Some(process)) = (&record.event, record.name()) {
            exits.insert(process, record.t_s());
        }
        if let Event::RescueEnded {
            jid,
            back: Some(true),
            result,
            ..
        } = &record.event
        {
            rescued(&mut jobs, jid, result);
        }
        let Some(job) = told(record) else {
            continue;
        };
        let key = job.jid.clone().map(|jid| (jid, job.process.clone()));
        if let Some(index) = key.as_ref().and_then(|key| by_jid.get(key)) {
            jobs[*index].learn(job);
        } else {
            by_jid.extend(key.map(|key| (key, jobs.len())));
            jobs.push(job);
        }
    }
    let mut finds = finds(past);
    let ended = end(past).is_some();
    for job in &mut jobs {
        if job.fate == Fate::Unknown {
            job.found_later = job.jid.as_ref().and_then(|jid| finds.remove(jid));
        }
        let exit = job.process.as_deref().and_then(|name| exits.get(name));
        job.until_t_s = job.until_t_s.or(exit.copied());
        let lives = job.process.is_some() && exit.is_none();
        let found = job.found_later.as_ref();
        let found = found.is_some_and(|found| found.fate.is_some());
        job.still_running =
            ended && lives && !found && job.fate == Fate::Unknown && job.jid.is_some();
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

impl JobFate {
    /// Takes over a later record of the same job. The run time of a job that ended by itself is the
    /// shortest that any record has: old records count up to the heartbeat that missed the job.
    fn learn(&mut self, later: Self) {
        let known = std::mem::replace(self, later);
        self.queue = self.queue.take().or(known.queue);
        self.class = self.class.take().or(known.class);
        self.until_t_s = known.until_t_s;
        let ended = matches!(self.fate, Fate::Finished | Fate::Retried);
        self.ran_s = match (self.ran_s, known.ran_s) {
            (Some(one), Some(other)) if ended => Some(one.min(other)),
            (later, known) => later.or(known),
        };
    }
}

/// The end of a job by a record; `None`: it tells none.
fn told(record: &Record) -> Option<JobFate> {
    let seconds = Seconds::number;
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events are about no job's end"
    )]
    match &record.event {
        Event::JobFinished {
            jid,
            class,
            queue,
            elapsed_s,
            elapsed_at_most_s,
            evidence,
        } => Some(JobFate {
            jid: Some(jid.clone()),
            class: Some(class.clone()).filter(|class| !class.is_empty()),
            queue: queue.clone(),
            fate: Fate::Finished,
            evidence: evidence.clone().unwrap_or_default(),
            work_id: None,
            goes_on_as: None,
            cost_s: None,
            ran_s: by_log(evidence.as_deref().unwrap_or_default()).or(elapsed_s.map(seconds)),
            ran_at_most_s: by_log(evidence.as_deref().unwrap_or_default())
                .or(elapsed_at_most_s.map(seconds)),
            until_t_s: Some(record.t_s()),
            process: record.name().map(str::to_owned),
            found_later: None,
            still_running: false,
        }),
        Event::Reconciled {
            jid,
            class,
            queue,
            elapsed_s,
            elapsed_at_most_s,
            fate,
            evidence,
            work_id,
            goes_on_as,
            cost_s,
        } => Some(JobFate {
            jid: jid.clone(),
            class: class.clone(),
            queue: queue.clone(),
            fate: *fate,
            evidence: evidence.clone(),
            work_id: work_id.clone(),
            goes_on_as: goes_on_as.clone(),
            cost_s: cost_s.map(seconds),
            ran_s: by_log(evidence).or(elapsed_s.map(seconds)),
            ran_at_most_s: by_log(evidence).or(elapsed_at_most_s.map(seconds)),
            until_t_s: None,
            process: record.name().map(str::to_owned),
            found_later: None,
            still_running: false,
        }),
        _ => None,
    }
}

/// Takes over that a lost job, or one of unknown fate, was pushed back after all.
pub(super) fn rescued(jobs: &mut [JobFate], jid: &str, result: &str) {
    let open = |job: &&mut JobFate| {
        job.jid.as_deref() == Some(jid) && matches!(job.fate, Fate::Lost | Fate::Unknown)
    };
    for job in jobs.iter_mut().filter(open) {
        job.fate = Fate::Rescued;
        job.still_running = false;
        result.clone_into(&mut job.evidence);
    }
}

/// The run time in evidence that quotes Sidekiq's log: `done in 22.0 s`, `failed after 24.0 s`.
fn by_log(evidence: &str) -> Option<f64> {
    let after = ["done in ", "failed after "]
        .into_iter()
        .find_map(|words| evidence.split_once(words))?;
    let number = after.1.split_once(" s")?.0;
    number.parse().ok().filter(|seconds: &f64| *seconds >= 0.0)
}

/// The jobs by fate.
pub(super) fn counts(jobs: &[JobFate]) -> Counts {
    let mut counts = Counts::default();
    for job in jobs {
        counts.add(Some(job.fate));
    }
    counts
}
