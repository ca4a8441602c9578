//! Which process of this host registered under which identity. Host name and pid are no proof:
//! another machine, or another container, may have both. The start decides, and what contradicts
//! it; where two identities fit equally well, neither is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::address::RedisAddress;
use super::beat::{HostClock, differs};
use super::key::ProcessKey;
use super::local::{LocalId, LocalProcess, Title};
use super::look::Identity;
use super::process::{Listed, Process};
use crate::core::moment::Moment;
use crate::core::sequence::Version;
use crate::core::timing::HASH_EXPIRES;

/// Sidekiq registers after its boot, so its registered start lies after that of the process. This
/// much before it is rounding: start times are counted in ticks from a boot time in seconds.
const ROUNDING: f64 = 2.0;
/// The heartbeat thread registers the time of its first beat, which is its first act (7.3.2
/// `lib/sidekiq/launcher.rb`, `to_data`). So much later on a busy host, in seconds.
const AT_ITS_THREAD: f64 = 5.0;
/// Starts closer together than this are not told apart. In seconds.
const SAME_START: f64 = 2.0;
/// The threads of a process may change while it runs from this version on.
const CHANGES_CONCURRENCY: Version = Version::new(8, 1, 2);

/// The pairs of identities and processes.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// The identity of each process that has one for certain.
    pub(super) of: BTreeMap<LocalId, Identity>,
    /// Processes that several identities fit, with these identities.
    pub(super) rivals: BTreeMap<LocalId, Vec<Identity>>,
}

/// How well an identity fits a process.
#[derive(Clone, Copy, Debug)]
struct Fit {
    /// Whether its start is that of the heartbeat thread.
    exact: bool,
    /// Seconds between both starts; `None`: the identity has no hash, so it tells no start.
    apart: Option<f64>,
    /// Whether it still beats.
    beats: bool,
    /// Whether the environment of the process names the Redis that is asked, if it can be read.
    names_it: Option<bool>,
}

/// A pair that nothing refutes.
#[derive(Clone, Debug)]
struct Pair {
    fit: Fit,
    process: LocalId,
    identity: Identity,
}

/// Matches the identities that Redis lists with the processes of this host that live. Pairs are
/// taken by how well they fit, each process and each identity at most once.
pub(super) fn identify<'a>(
    locals: &[(LocalId, &LocalProcess)],
    listed: impl Iterator<Item = (&'a Identity, &'a Process)>,
    asked: Option<&RedisAddress>,
    now: Moment,
) -> Matches {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut by_pid: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, (_, local)) in locals.iter().enumerate() {
        let inner = local.surroundings.inner_pid;
        by_pid.entry(inner).or_default().push(index);
    }
    for (identity, process) in listed {
        let here = identity.pid().and_then(|pid| by_pid.get(&pid));
        for index in here.into_iter().flatten() {
            let (id, local) = locals[*index];
            if let Some(fit) = fit(local, identity, process, asked, now) {
                pairs.push(Pair {
                    fit,
                    process: id,
                    identity: identity.clone(),
                });
            }
        }
    }
    drop_those_of_another_redis(&mut pairs);
    pairs.sort_by(|one, other| one.fit.rank().total_cmp(&other.fit.rank()));
    take(&pairs)
}

/// Of several processes with the right start, those leave whose environment names another Redis
/// than the one that is asked, if that of another process names this very one: two containers may
/// have one host name and one pid, and have started together.
fn drop_those_of_another_redis(pairs: &mut Vec<Pair>) {
    let named: BTreeSet<Identity> = pairs
        .iter()
        .filter(|pair| pair.fit.exact && pair.fit.names_it == Some(true))
        .map(|pair| pair.identity.clone())
        .collect();
    pairs.retain(|pair| pair.fit.names_it != Some(false) || !named.contains(&pair.identity));
}

fn take(pairs: &[Pair]) -> Matches {
    let mut matches = Matches::default();
    let mut done: BTreeSet<LocalId> = BTreeSet::new();
    let mut used: BTreeSet<&Identity> = BTreeSet::new();
    for pair in pairs {
        if done.contains(&pair.process) || used.contains(&pair.identity) {
            continue;
        }
        let free = |other: &&Pair| {
            (other.process == pair.process) != (other.identity == pair.identity)
                && !done.contains(&other.process)
                && !used.contains(&other.identity)
                && other.fit.rivals(pair.fit)
        };
        let rivals: Vec<&Pair> = pairs.iter().filter(free).collect();
        if rivals.is_empty() {
            matches.of.insert(pair.process, pair.identity.clone());
        }
        for rival in &rivals {
            // The same identity fits another process as well: that one is left out with it.
            let names = matches.rivals.entry(rival.process).or_default();
            names.push(rival.identity.clone());
            let names = matches.rivals.entry(pair.process).or_default();
            names.push(pair.identity.clone());
        }
        used.extend(rivals.iter().map(|rival| &rival.identity));
        done.extend(rivals.iter().map(|rival| rival.process));
        used.insert(&pair.identity);
        done.insert(pair.process);
    }
    for names in matches.rivals.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    matches
}

impl Fit {
    /// The smaller, the better: a start that is exactly that of the thread first, then the nearest
    /// one, then those without a start.
    fn rank(self) -> f64 {
        match self.apart {
            Some(apart) if self.exact => apart,
            Some(apart) => 1e6 + apart,
            None => f64::MAX,
        }
    }

    /// Whether this one may be right as well as `better`, which ranks before it.
    fn rivals(self, better: Self) -> bool {
        if better.exact != self.exact {
            return false;
        }
        match (better.apart, self.apart) {
            // Where the one that fits best is silent, its process may hang, or may have replaced
            // itself and have registered anew.
            (Some(best), Some(apart)) => {
                apart - best < SAME_START || self.beats && !better.beats && !better.exact
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// How well `identity` fits `local`; `None` if something refutes it.
fn fit(
    local: &LocalProcess,
    identity: &Identity,
    process: &Process,
    asked: Option<&RedisAddress>,
    now: Moment,
) -> Option<Fit> {
    let named = |name: &String| name == identity.hostname();
    if !local.surroundings.hostnames.iter().any(named) {
        return None;
    }
    let names_it = names_it(local, asked);
    let beats = process
        .beat
        .as_ref()
        .is_some_and(|beat| beat.age(now) < process.beat_period() * 2);
    let Some(started) = process.info.as_ref().and_then(|info| info.started_at) else {
        // Only a process that has beaten long enough can have lost its hash.
        let since = beats_since(local).unwrap_or(local.started_at);
        let beaten = matches!(local.title, Title::Beating { .. });
        return (beaten && now.epoch() - since > HASH_EXPIRES.as_secs_f64()).then_some(Fit {
            exact: false,
            apart: None,
            beats: false,
            names_it,
        });
    };
    if started <= local.started_at - ROUNDING {
        return None;
    }
    if let Some(since) = beats_since(local) {
        // It registers after its thread has started; before that is rounding alone.
        let fits = started >= since - ROUNDING && started <= since + AT_ITS_THREAD;
        return fits.then_some(Fit {
            exact: true,
            apart: Some((started - since).abs()),
            beats,
            names_it,
        });
    }
    // Its code may take another Redis than its environment names, so this refutes only what the
    // start of its thread does not prove.
    if is_refuted(local, process) || names_it == Some(false) {
        return None;
    }
    Some(Fit {
        exact: false,
        apart: Some((started - local.started_at).max(0.0)),
        beats,
        names_it,
    })
}

/// Whether the environment of `local` names the Redis that is asked; `None` if it names none, or
/// cannot be read.
fn names_it(local: &LocalProcess, asked: Option<&RedisAddress>) -> Option<bool> {
    asked?.is_same(local.surroundings.redis_url.as_ref()?)
}

fn beats_since(local: &LocalProcess) -> Option<f64> {
    Some(local.surroundings.beats_since?.as_secs_f64())
}

/// Whether something that the process shows of itself contradicts what Redis says.
fn is_refuted(local: &LocalProcess, process: &Process) -> bool {
    let heartbeat = local.threads.is_some_and(|threads| threads.heartbeat);
    let info = process.info.as_deref();
    match &local.title {
        // Its title changes with its first beat: it has not registered yet.
        Title::Booting(_) => return !heartbeat,
        Title::Swarm => return true,
        Title::Other(_) => {}
        Title::Beating {
            version,
            tag,
            concurrency,
            ..
        } => {
            let known = info.and_then(|info| info.version_text.as_ref());
            if known.is_some_and(|known| known != version) {
                return true;
            }
            let other_tag = |known: &str| {
                // A long one is cut.
                let (known, tag) = (known.trim_end_matches('…').trim(), tag.trim());
                !known.starts_with(tag) && !tag.starts_with(known)
            };
            if info.is_some_and(|info| other_tag(&info.tag)) {
                return true;
            }
            let fixed = Version::parse(version).is_none_or(|own| own < CHANGES_CONCURRENCY);
            let threads = process.beat.as_ref().and_then(|beat| beat.concurrency);
            if fixed && threads.is_some_and(|threads| threads != *concurrency) {
                return true;
            }
        }
    }
    false
}

impl Process {
    /// Takes over what Redis shows of an identity that is its own. `looked`: when it did.
    pub(super) fn take_over(&mut self, remote: Self, looked: Moment) {
        *self = Self {
            local: self.local.take(),
            life: self.life,
            gone: None,
            without_threads: self.without_threads,
            beats_unseen: false,
            ..remote
        };
        // Until now its times were estimates on the clock of some other host.
        let clock = HostClock::ours(looked);
        if let Some(beat) = &mut self.beat {
            let shift = beat.host_time - beat.written;
            for job in &mut self.jobs {
                let is_last = !differs(job.beat, beat.host_time);
                job.beat = if is_last {
                    beat.written
                } else {
                    job.beat - shift
                };
            }
            beat.host_time = beat.written;
            beat.at = clock.moment(beat.written);
        }
        for job in &mut self.jobs {
            job.started = job.work.run_at.map(|run_at| clock.moment(run_at));
        }
    }

    /// Gives up its identity and all that Redis shows of it; `None` if it has none.
    pub(super) fn part(&mut self) -> Option<(ProcessKey, Self)> {
        let identity = self.identity.take()?;
        let remote = Self {
            info: self.info.take(),
            beat: self.beat.take(),
            jobs: std::mem::take(&mut self.jobs),
            listed: std::mem::replace(&mut self.listed, Listed::Never),
            faults: std::mem::take(&mut self.faults),
            ..Self::from_identity(identity.clone())
        };
        Some((ProcessKey::Remote(identity), remote))
    }

    /// Whether it is one of this host's that the Redis that is asked knows: its identity is
    /// listed there, or its own environment names this very Redis. One that several identities fit
    /// is not.
    pub fn is_known(&self, asked: Option<&RedisAddress>) -> bool {
        if !self.rivals.is_empty() {
            return false;
        }
        let Some(local) = &self.local else {
            return self.identity.is_some();
        };
        // Up to 6.x a namespace may part two applications in one Redis, and no environment names
        // it (7.0 dropped redis-namespace).
        let whole = self.version().is_some_and(|version| version.major >= 7);
        let beats = matches!(local.title, Title::Beating { .. });
        self.identity.is_some() || (whole && beats && names_it(local, asked) == Some(true))
    }
}
