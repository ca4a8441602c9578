//! The jobs of a report in groups: by fate, then by the kind of evidence, then by class, queue and
//! process. The evidence stands once for each group.

use super::job::JobFate;
use crate::core::drain::Fate;

/// Jobs of one fate that is known in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct JobGroup {
    /// Their fate: `LOST`, `still running`.
    pub fate: &'static str,
    /// How that is known, with `its process` for the process and `…` for seconds.
    pub evidence: String,
    /// The jobs, the largest row first.
    pub rows: Vec<JobsAlike>,
}

/// Jobs of one class from one queue on one process.
#[derive(Clone, Debug, PartialEq)]
pub struct JobsAlike {
    /// Their class; `None`: not known.
    pub class: Option<String>,
    /// Their queue; `None`: not known.
    pub queue: Option<String>,
    /// The process that ran them.
    pub process: Option<String>,
    /// How many there are.
    pub number: usize,
    /// The JIDs that are known.
    pub jids: Vec<String>,
    /// The longest run time, in seconds: as long as it may have been.
    pub longest_s: Option<f64>,
    /// How long the only one ran, in words; `None`: there are several, or it is not known.
    pub ran: Option<String>,
}

impl JobGroup {
    /// How many jobs it holds.
    pub fn number(&self) -> usize {
        self.rows.iter().map(|row| row.number).sum()
    }
}

/// The groups of `jobs`, the worst fate first.
pub(super) fn groups(jobs: &[JobFate]) -> Vec<JobGroup> {
    let mut groups: Vec<JobGroup> = Vec::new();
    for fate in Fate::ALL {
        for job in jobs.iter().filter(|job| job.fate == fate) {
            let evidence = pattern(job);
            let same = |group: &JobGroup| group.fate == job.word() && group.evidence == evidence;
            let index = groups.iter().position(same).unwrap_or_else(|| {
                groups.push(JobGroup {
                    fate: job.word(),
                    evidence,
                    rows: Vec::new(),
                });
                groups.len() - 1
            });
            groups[index].take(job);
        }
    }
    for group in &mut groups {
        group
            .rows
            .sort_by_key(|row| std::cmp::Reverse((row.number, row.longest_s.map(f64::to_bits))));
    }
    groups
}

impl JobGroup {
    fn take(&mut self, job: &JobFate) {
        let same = |row: &JobsAlike| {
            (&row.class, &row.queue, &row.process) == (&job.class, &job.queue, &job.process)
        };
        let index = self.rows.iter().position(same).unwrap_or_else(|| {
            self.rows.push(JobsAlike {
                class: job.class.clone(),
                queue: job.queue.clone(),
                process: job.process.clone(),
                number: 0,
                jids: Vec::new(),
                longest_s: None,
                ran: None,
            });
            self.rows.len() - 1
        });
        let row = &mut self.rows[index];
        row.number += 1;
        row.jids.extend(job.jid.clone());
        let longest = row.longest_s.into_iter().chain(job.longest_s());
        row.longest_s = longest.reduce(f64::max);
        let only = (row.number == 1).then(|| job.ran_words());
        row.ran = only.filter(|_| job.ran_s.is_some());
    }
}

/// The evidence of a job without what differs between jobs that ended alike: the name of its
/// process, its JID, and how many seconds its log tells.
fn pattern(job: &JobFate) -> String {
    let mut evidence = job.evidence.clone();
    if let Some(process) = &job.process {
        evidence = evidence.replace(process.as_str(), "its process");
    }
    // A JID of Sidekiq has 24 digits; a short one may be part of any word.
    if let Some(jid) = job.jid.as_ref().filter(|jid| jid.len() >= 12) {
        evidence = evidence.replace(jid.as_str(), "its JID");
    }
    for words in ["done in ", "failed after "] {
        if let Some((before, after)) = evidence.split_once(words)
            && let Some((number, rest)) = after.split_once(" s")
            && number.parse::<f64>().is_ok()
        {
            evidence = format!("{before}{words}… s{rest}");
        }
    }
    if evidence.is_empty() {
        evidence = "how is not recorded".into();
    }
    evidence
}
