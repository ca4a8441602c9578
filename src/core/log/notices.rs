//! What jobs wrote of the end that they were coming to: that they read that they are cancelled, or
//! that they break off.

use std::collections::VecDeque;

use super::entry::Happening;
use crate::core::moment::Moment;

/// Notices that are remembered; the oldest give way.
const MOST: usize = 1000;

/// What one job wrote.
#[derive(Clone, Debug)]
struct Notice {
    /// Its process, id and thread.
    job: (u32, String, String),
    what: Happening,
    at: Moment,
}

/// The notices that were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices(VecDeque<Notice>);

impl Notices {
    /// Takes in what `job`, by process, id and thread, wrote at `at`.
    pub(super) fn take(&mut self, job: (u32, String, String), what: &Happening, at: Moment) {
        let what = what.clone();
        self.0.push_back(Notice { job, what, at });
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// When `job`, by process, id and thread, last wrote `what`.
    pub(super) fn last(&self, what: &Happening, job: (u32, &str, &str)) -> Option<Moment> {
        let is = |known: &&Notice| {
            let (pid, jid, tid) = &known.job;
            known.what == *what && (*pid, &**jid, &**tid) == job
        };
        Some(self.0.iter().rev().find(is)?.at)
    }
}
