//! The memory of one identity from look to look, and its row. A part that did not change is
//! neither asked for nor decoded again.

use std::time::Duration;

use redis::Value;

use super::decode::{self, DecodedInfo};
use super::work_read::{Iteration, KnownEntry, WorkKey, WorkRead};
use crate::core::fleet::{Heartbeat, Identity, LookRow};
use crate::core::sequence::Version;

/// The first Sidekiq whose work hash is `<identity>:work` (v6.4.2 `launcher.rb`; before that
/// `<identity>:workers`).
const WORK_RENAMED: Version = Version::new(6, 4, 2);

/// The first Sidekiq with iterable jobs (v7.3.0 `lib/sidekiq/job/iterable.rb`).
const ITERABLE_SINCE: Version = Version::new(7, 3, 0);

/// Looks from one question for the iteration state of a job to the next: the state is first
/// written after 5 s, or after one long iteration.
const ITERATION_EVERY: u64 = 10;

/// Looks from one question for a member without a hash to the next, and from one measurement of a
/// host's clock to the next. Each member has its turn, so that a look asks for a few of them.
const DEAD_EVERY: u64 = 10;
const CLOCK_EVERY: u64 = 60;

/// The memory of one identity.
#[derive(Debug)]
pub(super) struct Known {
    identity: Identity,
    /// Its number among all: it decides when its turn is.
    number: u64,
    info: Option<DecodedInfo>,
    hash: Hash,
    /// Whether it ever had more than its name.
    had_more: bool,
    work: WorkRead,
    clock: ClockByExpiry,
}

/// The hash of an identity, as it was last read.
#[derive(Debug)]
enum Hash {
    /// It was not asked for yet, or its `info` was not.
    New,
    /// There was none.
    Missing,
    /// It was there; what could not be read of its beat is said.
    There(Option<Heartbeat>, Vec<String>),
    /// It cannot be read, and why.
    Refused(String),
}

/// How far a host's clock runs ahead of the server's, by the time that its hash has left to live.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ClockByExpiry {
    Unmeasured,
    /// Its hash has no limit, so that nothing can be measured.
    Unmeasurable,
    /// In seconds.
    Ahead(f64),
}

impl Known {
    pub(super) fn new(member: &[u8], number: u64) -> Self {
        Self {
            identity: decode::identity(member),
            number,
            info: None,
            hash: Hash::New,
            had_more: false,
            work: WorkRead::default(),
            clock: ClockByExpiry::Unmeasured,
        }
    }

    /// Whether it is asked for its whole hash and for its work.
    pub(super) fn is_new(&self) -> bool {
        match self.hash {
            Hash::New | Hash::Refused(_) => true,
            Hash::There(..) => self.info.is_none(),
            Hash::Missing => false,
        }
    }

    /// The identity where it is all that there is, and all that there was while it was watched.
    pub(super) fn merely_listed(&self) -> Option<&Identity> {
        let merely = matches!(self.hash, Hash::Missing) && !self.had_more;
        merely.then_some(&self.identity)
    }

    /// Whether this look asks for the changing part of its hash: of a member without one only in
    /// its turn.
    pub(super) fn is_asked_for_its_beat(&self, look: u64) -> bool {
        match self.hash {
            Hash::There(..) => self.info.is_some(),
            Hash::Missing => self.has_its_turn(look, DEAD_EVERY),
            Hash::New | Hash::Refused(_) => false,
        }
    }

    /// Whether the age of its beat is measured with it.
    pub(super) fn is_asked_for_its_age(&self, look: u64) -> bool {
        matches!(self.hash, Hash::There(..))
            && (self.clock == ClockByExpiry::Unmeasured || self.has_its_turn(look, CLOCK_EVERY))
    }

    fn has_its_turn(&self, look: u64, every: u64) -> bool {
        (look + self.number).is_multiple_of(every)
    }

    /// Has its work read again.
    pub(super) fn read_again(&mut self) {
        self.work.due = true;
    }

    /// Whether its work has to be read.
    pub(super) fn is_asked_for_its_work(&self) -> bool {
        matches!(self.hash, Hash::There(..)) && self.work.due
    }

    /// The key to read its work from first.
    pub(super) fn work_key(&self) -> WorkKey {
        self.work.key.unwrap_or(WorkKey::Work)
    }

    /// Whether its jobs may stand under the older name: it says that it has some, and nothing
    /// says which Sidekiq it is.
    pub(super) fn may_be_older(&self) -> bool {
        let busy = self.heartbeat().is_some_and(|beat| beat.busy > 0);
        self.work.key.is_none() && busy && self.work.sorted.is_empty()
    }

    fn heartbeat(&self) -> Option<&Heartbeat> {
        match &self.hash {
            Hash::There(heartbeat, _) => heartbeat.as_ref(),
            Hash::New | Hash::Missing | Hash::Refused(_) => None,
        }
    }

    /// Takes in the changing part of its hash.
    pub(super) fn take_beat(&mut self, hash: Value) {
        let Some(info) = self.info.clone() else {
            // It has come back: all of it is read in the second trip.
            match decode::fields(hash) {
                Ok(Some(_)) => self.hash = Hash::New,
                Ok(None) => {}
                Err(why) => self.hash = Hash::Refused(why),
            }
            return;
        };
        self.take_fields(hash, |_| info);
    }

    /// Measures the clock of its host by the time that its hash has left to live.
    pub(super) fn measure(&mut self, time_to_live: Option<Value>, server_time: Option<f64>) {
        let (Some(time_to_live), Some(now)) = (time_to_live, server_time) else {
            return;
        };
        let age = decode::beat_age(&time_to_live);
        let beat = self.heartbeat().map(|heartbeat| heartbeat.beat);
        self.clock = match (age, beat) {
            (Some(age), Some(beat)) => ClockByExpiry::Ahead(beat - (now - age.as_secs_f64())),
            (_, _) => ClockByExpiry::Unmeasurable,
        };
    }

    /// Takes in its whole hash.
    pub(super) fn take_hash(&mut self, hash: Value) {
        self.take_fields(hash, |bytes| match bytes {
            Some(bytes) => decode::info(&bytes),
            None => DecodedInfo {
                fault: Some("its hash holds no info".into()),
                ..DecodedInfo::default()
            },
        });
    }

    fn take_fields(&mut self, hash: Value, info: impl FnOnce(Option<Vec<u8>>) -> DecodedInfo) {
        let before = self.heartbeat().map(|heartbeat| heartbeat.beat);
        self.hash = match decode::fields(hash) {
            Ok(Some(mut fields)) => {
                let info = info(fields.info.take());
                let said = info.fault.iter().chain(&info.excess);
                let mut faults: Vec<String> = said.cloned().collect();
                let heartbeat = decode::heartbeat(&fields, &info, &mut faults);
                // A malformed entry may be a write under way: it is read again.
                self.info = info.fault.is_none().then_some(info);
                Hash::There(heartbeat, faults)
            }
            Ok(None) => {
                // Its work has expired with it.
                self.work = WorkRead::default();
                Hash::Missing
            }
            Err(why) => Hash::Refused(why),
        };
        self.had_more |= !matches!(self.hash, Hash::Missing);
        if self.heartbeat().map(|heartbeat| heartbeat.beat) != before {
            self.work.due = true;
        }
        let version = self.heartbeat().and_then(|beat| beat.info.version);
        if let Some(version) = version {
            self.work.key.get_or_insert(if version < WORK_RENAMED {
                WorkKey::Workers
            } else {
                WorkKey::Work
            });
        }
    }

    /// Takes in the answer for [`Self::work_key`], and so many jobs at most.
    pub(super) fn take_work(&mut self, answer: Value, most: usize) {
        self.work.take(answer, most);
        if !self.work.sorted.is_empty() {
            self.work.key.get_or_insert(WorkKey::Work);
        }
        self.work_is_read(most);
    }

    /// Takes in the answer for the older name.
    pub(super) fn take_older_work(&mut self, answer: Value, most: usize) {
        let fault = self.work.fault.clone();
        self.work.take(answer, most);
        if self.work.sorted.is_empty() {
            self.work.fault = fault.or(self.work.fault.take());
        } else {
            self.work.key = Some(WorkKey::Workers);
        }
        self.work_is_read(most);
    }

    /// It is read again while it holds fewer jobs than the beat: 6.4.2 to 7.2.2 rewrite it in
    /// steps, and a look can fall between them.
    fn work_is_read(&mut self, most: usize) {
        let busy = self.heartbeat().map_or(0, |heartbeat| heartbeat.busy);
        let is_short = (self.work.sorted.len() as u64) < busy.min(most as u64);
        // A hash that is too large stays so until the next beat.
        let failed = self.work.fault.is_some() && !self.work.is_cut;
        self.work.due = is_short || failed;
    }

    /// Its row, at this time of the server.
    pub(super) fn row(&self, server_time: f64) -> LookRow {
        let mut faults = match &self.hash {
            Hash::There(_, faults) => faults.clone(),
            Hash::Refused(why) => vec![why.clone()],
            Hash::New | Hash::Missing => Vec::new(),
        };
        faults.extend(self.work.fault.clone());
        let heartbeat = self.heartbeat().cloned();
        let age = |heartbeat: &Heartbeat| match self.clock {
            ClockByExpiry::Ahead(ahead) => {
                let age = (server_time - heartbeat.beat + ahead).max(0.0);
                Duration::try_from_secs_f64(age).ok()
            }
            ClockByExpiry::Unmeasured | ClockByExpiry::Unmeasurable => None,
        };
        let seen = |entry: &&KnownEntry| entry.iteration == Iteration::Seen;
        let iterating = self.work.entries.values().filter(seen);
        LookRow {
            identity: self.identity.clone(),
            beat_age: heartbeat.as_ref().and_then(age),
            heartbeat,
            work: self.work.sorted.clone(),
            iterating: iterating
                .filter_map(|entry| entry.work.jid.clone())
                .collect(),
            faults,
        }
    }

    pub(super) fn has_iterable_jobs(&self) -> bool {
        let info = self.info.as_ref();
        info.and_then(|decoded| decoded.info.version)
            .is_some_and(|version| version >= ITERABLE_SINCE)
    }

    /// The jobs whose iteration state is due at this look: their threads and their ids.
    pub(super) fn due(&self, look: u64) -> impl Iterator<Item = (Vec<u8>, String)> {
        self.work.entries.iter().filter_map(move |(tid, entry)| {
            let due = match entry.iteration {
                Iteration::New => true,
                Iteration::Missing(asked) => look >= asked + ITERATION_EVERY,
                Iteration::Seen => false,
            };
            let jid = entry.work.jid.clone()?;
            due.then(|| (tid.clone(), jid))
        })
    }

    /// Takes in whether the iteration state of the job of `tid` was there at this look.
    pub(super) fn learn(&mut self, tid: &[u8], seen: bool, look: u64) {
        if let Some(entry) = self.work.entries.get_mut(tid) {
            entry.iteration = if seen {
                Iteration::Seen
            } else {
                Iteration::Missing(look)
            };
        }
    }
}
