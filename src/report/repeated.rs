//! Jobs that several drains in a row cut off: the candidates for smaller jobs. Read off the
//! journals; a drain that does not mention a job says nothing about it.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::drain::Report;
use crate::core::drain::Fate;

/// A job, or a class, that was cut off again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// The job's id; `None` for a class as a whole.
    pub jid: Option<String>,
    /// Its class.
    pub class: String,
    /// The drains that cut it off, the earliest first.
    pub runs: Vec<String>,
}

#[derive(Default)]
struct Streak {
    class: String,
    runs: Vec<String>,
}

impl Streak {
    fn cut_off(&mut self, run: &str) {
        if self.runs.last().is_none_or(|last| last != run) {
            self.runs.push(run.to_owned());
        }
    }
}

/// The jobs and classes that at least two drains in a row cut off, the most often first.
/// `reports` are in the order of time. A job that ended in between begins anew; a class whose
/// jobs all ended in a drain does too.
pub fn repeated(reports: &[Report]) -> Vec<Repeated> {
    let mut jobs: HashMap<String, Streak> = HashMap::new();
    let mut classes: BTreeMap<String, Streak> = BTreeMap::new();
    for report in reports.iter().filter(|report| !report.summary.rehearsal) {
        let run = &report.summary.run;
        let mut ended: BTreeMap<&str, bool> = BTreeMap::new();
        for job in &report.fates {
            let Some(class) = job.class.as_deref() else {
                continue;
            };
            let whole = ended.entry(class).or_insert(true);
            *whole &= job.fate == Fate::Finished;
            if job.was_cut_off() {
                classes.entry(class.to_owned()).or_default().cut_off(run);
            }
            let Some(jid) = &job.jid else { continue };
            if job.was_cut_off() {
                let streak = jobs.entry(jid.clone()).or_default();
                class.clone_into(&mut streak.class);
                streak.cut_off(run);
            } else if job.fate == Fate::Finished {
                jobs.remove(jid);
            }
        }
        for (class, _) in ended.into_iter().filter(|(_, whole)| *whole) {
            classes.remove(class);
        }
    }
    let jobs = jobs.into_iter().map(|(jid, streak)| Repeated {
        jid: Some(jid),
        class: streak.class,
        runs: streak.runs,
    });
    let classes = classes.into_iter().map(|(class, streak)| Repeated {
        jid: None,
        class,
        runs: streak.runs,
    });
    let mut all: Vec<Repeated> = jobs
        .chain(classes)
        .filter(|repeated| repeated.runs.len() > 1)
        .collect();
    all.sort_by(|one, other| {
        (other.runs.len().cmp(&one.runs.len()))
            .then_with(|| one.class.cmp(&other.class))
            .then_with(|| one.jid.cmp(&other.jid))
    });
    all
}
