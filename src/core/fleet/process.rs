//! A process as all sources together show it. It never decides anything: ages are read
//! off here, states in `state`, proofs in `proof`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::ExitStatus;
use super::beat::{Beat, HostClock, Job, differs};
use super::local::{LocalProcess, RunState, Title};
use super::look::{Identity, Info, LookRow};
use super::mark::Mark;
use crate::core::moment::Moment;
use crate::core::sequence::Version;
use crate::core::timing::{HASH_GONE, HASH_LIVES};

/// The label of `super_fetch`.
const RELIABLE: &str = "reliable";

/// Whether the process is listed in `processes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// No look has shown it.
    Never,
    /// No look has shown it, and its own environment names this very Redis.
    Named,
    /// The last look showed it.
    Yes,
    /// It was there and is not any more: it left cleanly, or it was pruned.
    Removed {
        /// The look that missed it first.
        at: Moment,
    },
}

impl Listed {
    /// A process that no look has shown; `named`: its own environment names this Redis.
    pub(super) fn of_named(named: bool) -> Self {
        if named { Self::Named } else { Self::Never }
    }
}

/// Whether the process lives, as this host knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Not on this host, so not known.
    Elsewhere,
    /// Seen by the last scan.
    Here,
    /// Ended.
    Exited {
        /// When that was noticed.
        at: Moment,
        /// How, where the kernel tells it.
        status: Option<ExitStatus>,
    },
}

/// A Sidekiq process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its name in Redis.
    pub identity: Option<Identity>,
    /// The constant part of its hash.
    pub info: Option<Arc<Info>>,
    /// Its last beat.
    pub beat: Option<Beat>,
    /// The jobs that it was last seen running.
    pub jobs: Vec<Job>,
    /// The last reading of `/proc`.
    pub local: Option<LocalProcess>,
    /// Whether Redis lists it.
    pub listed: Listed,
    /// Whether it lives.
    pub life: Life,
    /// The parts of it that could not be read.
    pub faults: Vec<String>,
    /// Identities in Redis that fit this process equally well: which one is its own is not known,
    /// so none of them is evidence about it.
    pub rivals: Vec<Identity>,
    /// The scan that first did not show the process of an identity of this host. It proves
    /// nothing: another machine may have this host's name.
    pub gone: Option<Moment>,
    /// The first scan from which on no worker thread was left beside the heartbeat thread.
    pub(super) without_threads: Option<Moment>,
    /// Whether it beat although no scan showed its process: it runs where no scan looks.
    pub(super) beats_unseen: bool,
    /// Whether it is drained from another host: it stays in the fleet until its end is known.
    pub(super) is_kept: bool,
}

impl Process {
    pub(super) fn from_local(local: LocalProcess) -> Self {
        Self {
            identity: None,
            info: None,
            beat: None,
            jobs: Vec::new(),
            life: Life::Here,
            local: Some(local),
            listed: Listed::Never,
            faults: Vec::new(),
            rivals: Vec::new(),
            gone: None,
            without_threads: None,
            beats_unseen: false,
            is_kept: false,
        }
    }

    pub(super) fn from_identity(identity: Identity) -> Self {
        Self {
            identity: Some(identity),
            info: None,
            beat: None,
            jobs: Vec::new(),
            local: None,
            listed: Listed::Yes,
            life: Life::Elsewhere,
            faults: Vec::new(),
            rivals: Vec::new(),
            gone: None,
            without_threads: None,
            beats_unseen: false,
            is_kept: false,
        }
    }

    /// Takes over what a look showed of it.
    pub(super) fn look(&mut self, row: LookRow, asked: Moment, server_time: f64) {
        self.identity = Some(row.identity.clone());
        self.listed = Listed::Yes;
        let clock = match &self.local {
            Some(_) => HostClock::ours(asked),
            None => HostClock::read(asked, server_time, &row),
        };
        let newer = match (&self.beat, &row.heartbeat) {
            (Some(old), Some(new)) => differs(old.written, new.beat),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let whole = row
            .heartbeat
            .as_ref()
            .is_some_and(|heartbeat| row.work.len() as u64 >= heartbeat.busy);
        if row.is_ghost() && self.local.is_none() {
            // Its hash has expired: it beats no more. How long ago it did, tells of a target its end.
            self.beat = self.beat.take().filter(|_| self.is_kept);
            for job in &mut self.jobs {
                job.until.get_or_insert(job.seen);
            }
        }
        if let Some(heartbeat) = &row.heartbeat {
            if newer && self.local.is_none() {
                // It had not ended, whatever its silence seemed to say.
                self.life = Life::Elsewhere;
            }
            self.info = Some(Arc::clone(&heartbeat.info));
            // The first estimate of a beat's time stands; a later look adds only noise.
            let fresh = clock.beat(heartbeat, self.beat.as_ref());
            let known = self.beat.take().filter(|_| !newer);
            self.beat = Some(Beat {
                at: known.as_ref().map_or(fresh.at, |known| known.at.min(asked)),
                host_time: known.map_or(fresh.host_time, |known| known.host_time),
                ..fresh
            });
        }
        self.take_jobs(&row, clock, newer && whole);
        self.faults = row.faults;
    }

    /// Replaces the jobs by those of a look. One that is missing there is dropped only if the
    /// look is of a newer beat and whole: 6.4.2 to 7.2.2 rewrite the work hash in steps, and a
    /// look can fall between them.
    fn take_jobs(&mut self, row: &LookRow, clock: HostClock, dependable: bool) {
        let beat = self.beat.as_ref().map_or(0.0, |beat| beat.host_time);
        let seen = clock.moment(f64::INFINITY);
        // A thread may have been seen with several jobs, but only with few.
        let mut by_thread: HashMap<&str, Vec<&Job>> = HashMap::new();
        for job in &self.jobs {
            by_thread.entry(&job.work.tid).or_default().push(job);
        }
        let iterating: HashSet<&str> = row.iterating.iter().map(String::as_str).collect();
        let before = self.jobs.iter().filter(|job| job.iterable);
        let before: HashSet<&str> = before.filter_map(|job| job.work.jid.as_deref()).collect();
        let jobs: Vec<Job> = row
            .work
            .iter()
            .map(|work| {
                let known = by_thread.get(work.tid.as_str());
                let known = known.and_then(|jobs| jobs.iter().find(|job| job.is(work)));
                let jid = work.jid.as_deref();
                Job {
                    work: Arc::clone(work),
                    started: known
                        .and_then(|job| job.started)
                        .or_else(|| work.run_at.map(|run_at| clock.moment(run_at))),
                    seen,
                    until: None,
                    beat,
                    iterable: jid
                        .is_some_and(|jid| before.contains(jid) || iterating.contains(jid)),
                }
            })
            .collect();
        let before = std::mem::replace(&mut self.jobs, jobs);
        if !dependable {
            let threads: HashSet<&str> = row.work.iter().map(|work| work.tid.as_str()).collect();
            let jids = row.work.iter().filter_map(|work| work.jid.as_deref());
            let jids: HashSet<&str> = jids.collect();
            let missing = before.into_iter().filter(|job| {
                let jid = job.work.jid.as_deref();
                !threads.contains(job.work.tid.as_str())
                    && !jid.is_some_and(|jid| jids.contains(jid))
            });
            self.jobs.extend(missing);
        }
    }

    /// Whether its Redis is the connected one: a look has shown it, or its own environment names
    /// that very Redis.
    pub fn is_ours(&self) -> bool {
        self.rivals.is_empty() && (self.identity.is_some() || self.listed == Listed::Named)
    }

    /// Its version, from Redis or from its title.
    pub fn version(&self) -> Option<Version> {
        self.version_text().and_then(Version::parse)
    }

    /// Its version as written.
    pub fn version_text(&self) -> Option<&str> {
        if let Some(text) = self
            .info
            .as_ref()
            .and_then(|info| info.version_text.as_deref())
        {
            return Some(text);
        }
        match &self.local.as_ref()?.title {
            Title::Beating { version, .. } => Some(version),
            Title::Booting(_) | Title::Swarm | Title::Other(_) => None,
        }
    }

    /// Its tag.
    pub fn tag(&self) -> &str {
        if let Some(info) = &self.info {
            return &info.tag;
        }
        match self.local.as_ref().map(|local| &local.title) {
            Some(Title::Beating { tag, .. }) => tag,
            Some(Title::Booting(_) | Title::Swarm | Title::Other(_)) | None => "",
        }
    }

    /// Seconds between its beats.
    pub fn beat_period(&self) -> Duration {
        Duration::from_secs(self.version().map_or(10, Version::beat_seconds))
    }

    /// Host name and pid, for people: `util1:4242`.
    pub fn name(&self) -> String {
        match (&self.identity, &self.local) {
            (Some(identity), _) => identity.short().to_string(),
            (None, Some(local)) => match local.surroundings.hostnames.first() {
                Some(host) => format!("{host}:{}", local.id.pid),
                None => format!("pid {}", local.id.pid),
            },
            (None, None) => "unknown".into(),
        }
    }

    /// Its pid on this host.
    pub fn pid(&self) -> Option<u32> {
        self.local.as_ref().map(|local| local.id.pid)
    }

    /// Its queues; empty while not known.
    pub fn queues(&self) -> &[String] {
        self.info.as_ref().map_or(&[], |info| &info.queues)
    }

    /// Whether it may fetch from `queue`: it names it, or what it names cannot be read.
    pub fn may_serve(&self, queue: &str) -> bool {
        self.info.as_ref().is_some_and(|info| info.may_serve(queue))
    }

    /// Number of its threads.
    pub fn concurrency(&self) -> Option<u64> {
        let titled = || match &self.local.as_ref()?.title {
            Title::Beating { concurrency, .. } => Some(*concurrency),
            Title::Booting(_) | Title::Swarm | Title::Other(_) => None,
        };
        self.beat
            .as_ref()
            .and_then(|beat| beat.concurrency)
            .or_else(titled)
    }

    /// Jobs it runs, as far as is stated.
    pub fn busy(&self) -> Option<u64> {
        let titled = || match &self.local.as_ref()?.title {
            Title::Beating { busy, .. } => Some(*busy),
            Title::Booting(_) | Title::Swarm | Title::Other(_) => None,
        };
        self.beat
            .as_ref()
            .map(|beat| beat.busy.max(self.jobs.len() as u64))
            .or_else(titled)
    }

    /// Resident memory in KB: what `/proc` says now, else what the last beat said.
    pub fn rss_kb(&self) -> Option<u64> {
        let local = self.local.as_ref().and_then(|local| local.rss_kb);
        local.or_else(|| self.beat.as_ref().and_then(|beat| beat.rss_kb))
    }

    /// Whether Sidekiq Pro's `super_fetch` keeps its jobs in private lists, by the label that it
    /// writes (sidekiq/sidekiq issues 2998, 4778). Without the label it is not known: then a KILL
    /// loses them.
    pub fn keeps_jobs(&self) -> bool {
        let info = self.info.as_ref();
        info.is_some_and(|info| info.labels.iter().any(|label| label == RELIABLE))
    }

    /// Whether it still lives, as far as this host knows.
    pub fn exited(&self) -> bool {
        matches!(self.life, Life::Exited { .. })
            || self
                .local
                .as_ref()
                .is_some_and(|local| local.run_state == RunState::Ended)
    }

    /// When a look first missed it in `processes`, if it took itself out: its last beat was too
    /// young then to be pruned (7.3.9 `lib/sidekiq/api.rb`: only without a hash).
    pub fn left_in_order(&self) -> Option<Moment> {
        let Listed::Removed { at } = self.listed else {
            return None;
        };
        let young = |beat: &Beat| at.since(beat.at) < HASH_LIVES;
        self.beat.as_ref().is_some_and(young).then_some(at)
    }

    /// Takes in what the look that was `asked` then says of the end of a process of another host: it is
    /// listed no more, and its hash has expired, which a heartbeat would have written anew. One that
    /// is still listed may be suspended, or cut off from Redis.
    pub(super) fn end_elsewhere(&mut self, asked: Moment) {
        if self.life != Life::Elsewhere || !self.is_kept {
            return;
        }
        let removed = matches!(self.listed, Listed::Removed { .. });
        let beat = self.beat.as_ref();
        if removed && beat.is_some_and(|beat| asked > beat.at.after(HASH_GONE)) {
            let status = None;
            self.life = Life::Exited { at: asked, status };
        }
    }

    /// Whether it said itself that it fetches no more. That never goes back.
    pub fn says_quiet(&self) -> bool {
        self.beat.as_ref().is_some_and(|beat| beat.quiet)
    }

    /// Whether Redis lists it and has nothing else of it, and it is none of this host.
    pub fn is_ghost(&self) -> bool {
        self.beat.is_none() && self.local.is_none() && self.faults.is_empty()
    }

    /// When the beat was that showed `job` last, on our clock; `None` before the first.
    pub(crate) fn shown(&self, job: &Job) -> Option<Moment> {
        let beat = self.beat.as_ref()?;
        let before = Duration::try_from_secs_f64(beat.host_time - job.beat).unwrap_or_default();
        Some(beat.at.before(before))
    }

    /// The knowledge of it at the moment before a signal.
    pub fn mark(&self, at: Moment) -> Mark {
        Mark {
            about_to: at,
            at,
            beat: self.beat.as_ref().map(|beat| beat.host_time),
            quiet: self.says_quiet(),
            threads: self.local.as_ref().and_then(|local| local.threads),
        }
    }
}
