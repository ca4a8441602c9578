//! What is remembered of one identity from look to look, and its row from the answers about it.
//! What did not change is not decoded again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::decode::{self, DecodedInfo, Pairs};
use super::payload;
use crate::core::clean::{clean, clean_bytes};
use crate::core::fleet::{Identity, LookRow, Work};
use crate::core::sequence::Version;

/// The first Sidekiq whose work hash is `<identity>:work` (v6.4.2 `launcher.rb`; before that
/// `<identity>:workers`).
const WORK_RENAMED: Version = Version::new(6, 4, 2);

/// The first Sidekiq with iterable jobs (v7.3.0 `lib/sidekiq/job/iterable.rb`).
const ITERABLE_SINCE: Version = Version::new(7, 3, 0);

const LONGEST_IDENTITY: usize = 300;

/// Looks from one question for the iteration state of a job to the next: the state is first
/// written after 5 s, or after one long iteration.
const ITERATION_EVERY: u64 = 10;

/// What is remembered of one identity.
#[derive(Debug)]
pub(super) struct Known {
    identity: Identity,
    work_key: Option<WorkKey>,
    info: Option<(Vec<u8>, DecodedInfo)>,
    /// By thread id.
    work: HashMap<Vec<u8>, Entry>,
}

/// What is remembered of one entry of a work hash.
#[derive(Debug)]
struct Entry {
    /// As it was.
    bytes: Vec<u8>,
    /// What it decoded to.
    work: Arc<Work>,
    iteration: Iteration,
}

/// The iteration state of a job, as far as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Iteration {
    /// It was not asked for yet.
    New,
    /// It was not there at this look.
    Missing(u64),
    /// It was there.
    Seen,
}

impl Iteration {
    fn is_due(self, look: u64) -> bool {
        match self {
            Self::New => true,
            Self::Missing(asked) => look >= asked + ITERATION_EVERY,
            Self::Seen => false,
        }
    }
}

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

impl Known {
    pub(super) fn new(member: &[u8]) -> Self {
        Self {
            identity: Identity::new(&clean_bytes(member, LONGEST_IDENTITY)),
            work_key: None,
            info: None,
            work: HashMap::new(),
        }
    }

    /// One row from the three answers about this identity.
    pub(super) fn row(&mut self, [hash, second, third]: [Value; 3]) -> LookRow {
        let mut faults = Vec::new();
        let heartbeat = match decode::fields(hash) {
            Ok(Some(mut fields)) => {
                let decoded = self.info(fields.info.take());
                faults.extend(decoded.fault.clone());
                decode::heartbeat(&fields, &decoded, &mut faults)
            }
            Ok(None) => None,
            Err(why) => {
                faults.push(why);
                None
            }
        };
        let (entries, beat_age) = self.entries(second, third, &mut faults);
        if let Some(version) = heartbeat.as_ref().and_then(|beat| beat.info.version) {
            self.work_key.get_or_insert(if version < WORK_RENAMED {
                WorkKey::Workers
            } else {
                WorkKey::Work
            });
        }
        let work = self.decoded(entries);
        let seen = |entry: &&Entry| entry.iteration == Iteration::Seen;
        let iterating = self.work.values().filter(seen);
        LookRow {
            identity: self.identity.clone(),
            heartbeat,
            beat_age,
            work,
            iterating: iterating
                .filter_map(|entry| entry.work.jid.clone())
                .collect(),
            faults,
        }
    }

    pub(super) fn has_iterable_jobs(&self) -> bool {
        let info = self.info.as_ref().map(|(_, decoded)| decoded);
        info.and_then(|decoded| decoded.info.version)
            .is_some_and(|version| version >= ITERABLE_SINCE)
    }

    /// Which key its work is under; `None` while that is not known.
    pub(super) fn work_key(&self) -> Option<WorkKey> {
        self.work_key
    }

    /// The jobs whose iteration state is due at this look: their threads and their ids.
    pub(super) fn due(&self, look: u64) -> impl Iterator<Item = (Vec<u8>, String)> {
        self.work.iter().filter_map(move |(tid, entry)| {
            let jid = entry.work.jid.clone()?;
            let due = entry.iteration.is_due(look);
            due.then(|| (tid.clone(), jid))
        })
    }

    /// Takes in whether the iteration state of the job of `tid` was there at this look.
    pub(super) fn learn(&mut self, tid: &[u8], seen: bool, look: u64) {
        if let Some(entry) = self.work.get_mut(tid) {
            entry.iteration = if seen {
                Iteration::Seen
            } else {
                Iteration::Missing(look)
            };
        }
    }

    /// `info`, decoded once for as long as it stays the same.
    fn info(&mut self, bytes: Option<Vec<u8>>) -> DecodedInfo {
        let Some(bytes) = bytes else {
            return DecodedInfo {
                fault: Some("its hash holds no info".into()),
                ..DecodedInfo::default()
            };
        };
        match &self.info {
            Some((same, decoded)) if *same == bytes => decoded.clone(),
            _ => {
                let decoded = decode::info(&bytes);
                self.info = Some((bytes, decoded.clone()));
                decoded
            }
        }
    }

    /// The entries of the work hash and the age of the beat. The key that holds something is
    /// the one in use from then on.
    fn entries(
        &mut self,
        second: Value,
        third: Value,
        faults: &mut Vec<String>,
    ) -> (Pairs, Option<Duration>) {
        let mut hash = |answer| match decode::pairs(answer) {
            Ok(entries) => entries,
            Err(why) => {
                faults.push(clean(&format!("its work cannot be read: {why}"), 300));
                Vec::new()
            }
        };
        if self.work_key.is_some() {
            return (hash(second), decode::beat_age(&third));
        }
        let (work, workers) = (hash(second), hash(third));
        if !work.is_empty() {
            self.work_key = Some(WorkKey::Work);
            return (work, None);
        }
        if !workers.is_empty() {
            self.work_key = Some(WorkKey::Workers);
        }
        (workers, None)
    }

    /// The entries decoded, the oldest first; an entry that did not change is the same `Arc`.
    fn decoded(&mut self, entries: Pairs) -> Vec<Arc<Work>> {
        let mut before = std::mem::take(&mut self.work);
        let mut all = Vec::with_capacity(entries.len());
        for (tid, bytes) in entries {
            let entry = match before.remove(&tid) {
                Some(entry) if entry.bytes == bytes => entry,
                _ => Entry {
                    work: Arc::new(payload::work(&tid, &bytes)),
                    bytes,
                    iteration: Iteration::New,
                },
            };
            all.push(Arc::clone(&entry.work));
            self.work.insert(tid, entry);
        }
        let start = |work: &Work| work.run_at.unwrap_or(f64::INFINITY);
        all.sort_by(|a, b| {
            start(a)
                .total_cmp(&start(b))
                .then_with(|| a.tid.cmp(&b.tid))
        });
        all
    }
}
