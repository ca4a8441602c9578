//! The work hash of one identity from look to look: an entry that did not change is decoded once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use redis::Value;

use super::{decode, payload};
use crate::core::clean::clean;
use crate::core::fleet::Work;

/// The two names of a work hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkKey {
    Workers,
    Work,
}

impl WorkKey {
    pub(super) fn of(self, identity_key: &[u8]) -> Vec<u8> {
        let suffix: &[u8] = match self {
            Self::Workers => b":workers",
            Self::Work => b":work",
        };
        [identity_key, suffix].concat()
    }
}

/// The work hash of an identity, as it was last read.
#[derive(Debug, Default)]
pub(super) struct WorkRead {
    /// Its name, where that is known.
    pub(super) key: Option<WorkKey>,
    /// Whether it has to be read again.
    pub(super) due: bool,
    /// By thread id.
    pub(super) entries: HashMap<Vec<u8>, KnownEntry>,
    /// The same, the oldest first.
    pub(super) sorted: Vec<Arc<Work>>,
    pub(super) fault: Option<String>,
    /// Whether there was more than is read.
    pub(super) is_cut: bool,
    hasher: RandomState,
}

/// The memory of one entry of a work hash.
#[derive(Debug)]
pub(super) struct KnownEntry {
    /// The hash of its bytes.
    digest: u64,
    /// The decoded entry.
    pub(super) work: Arc<Work>,
    pub(super) iteration: Iteration,
}

/// The iteration state of a job, as far as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Iteration {
    /// It was not asked for yet.
    New,
    /// It was not there at this look.
    Missing(u64),
    /// It was there.
    Seen,
}

impl WorkRead {
    /// Decodes the entries, `most` of them at most; one that did not change is the same `Arc`.
    pub(super) fn take(&mut self, answer: Value, most: usize) {
        let mut entries = match decode::pairs(answer) {
            Ok(entries) => entries,
            Err(why) => {
                let why = format!("its work cannot be read: {why}");
                self.fault = Some(clean(&why, 300));
                return;
            }
        };
        let count = entries.len();
        self.is_cut = count > most;
        self.fault = (count > most).then(|| {
            format!("its work holds {count} entries, more than any Sidekiq: {most} are read")
        });
        if count > most {
            // The same ones at each look, in whatever order they come.
            entries.sort_unstable();
            entries.truncate(most);
        }
        let mut before = std::mem::take(&mut self.entries);
        self.entries.reserve(entries.len());
        self.sorted = Vec::with_capacity(entries.len());
        for (tid, bytes) in entries {
            let digest = self.hasher.hash_one(&bytes);
            let entry = match before.remove(&tid) {
                Some(entry) if entry.digest == digest => entry,
                _ => KnownEntry {
                    work: Arc::new(payload::work(&tid, &bytes)),
                    digest,
                    iteration: Iteration::New,
                },
            };
            self.sorted.push(Arc::clone(&entry.work));
            self.entries.insert(tid, entry);
        }
        let start = |work: &Work| work.run_at.unwrap_or(f64::INFINITY);
        self.sorted.sort_by(|a, b| {
            start(a)
                .total_cmp(&start(b))
                .then_with(|| a.tid.cmp(&b.tid))
        });
    }
}
