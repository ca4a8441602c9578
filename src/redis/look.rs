//! One look at all processes in two round trips, and the memory that makes the next one cheap.
//! It asks and decodes; it never reconnects, retries or waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Pipeline, RedisError, Value};

use super::commands::{Keys, Read};
use super::decode::{self, DecodedInfo, Pairs};
use super::link::{Wire, fault};
use super::payload;
use crate::clock;
use crate::core::clean::{clean, clean_bytes};
use crate::core::fleet::{Identity, LinkFault, Look, LookRow, Work};
use crate::core::sequence::Version;

/// The first Sidekiq whose work hash is `<identity>:work` (v6.4.2 `launcher.rb`; before that
/// `<identity>:workers`).
const WORK_RENAMED: Version = Version::new(6, 4, 2);

/// The first Sidekiq with iterable jobs (v7.3.0 `lib/sidekiq/job/iterable.rb`).
const ITERABLE_SINCE: Version = Version::new(7, 3, 0);

const LONGEST_IDENTITY: usize = 300;
/// Jobs that one look asks for their iteration state at most, and the looks from one question for
/// the same job to the next: the state is first written after 5 s, or after one long iteration.
const MOST_ITERATIONS: usize = 200;
const ITERATION_EVERY: u64 = 10;

/// Asks for looks and remembers, per identity, what does not change: which key its work is
/// under, its decoded `info`, its decoded jobs.
#[derive(Debug)]
pub struct Looker {
    keys: Keys,
    known: HashMap<Vec<u8>, Known>,
    /// How many looks were asked.
    looks: u64,
}

/// What is remembered of one identity.
#[derive(Debug)]
struct Known {
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

/// What is known of the iteration state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Iteration {
    /// Nobody has asked.
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

/// A job whose iteration state is asked for: its process and its thread.
type Asked = (Vec<u8>, Vec<u8>);

/// The two names of a work hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WorkKey {
    Workers,
    Work,
}

impl WorkKey {
    fn of(self, identity_key: &[u8]) -> Vec<u8> {
        let suffix: &[u8] = match self {
            Self::Workers => b":workers",
            Self::Work => b":work",
        };
        [identity_key, suffix].concat()
    }
}

impl Looker {
    /// A looker that knows nothing yet.
    pub fn new(keys: Keys) -> Self {
        Self {
            keys,
            known: HashMap::new(),
            looks: 0,
        }
    }

    /// One look: the members and the server's time, then everything about them. The second trip
    /// is left out where there is nobody. Gives the duration of the first trip too.
    pub async fn look(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(Look, Duration), LinkFault> {
        let asked = clock::now();
        let mut first = Pipeline::with_capacity(2);
        first.ignore_errors();
        first.add_command(Read::SetMembers.of(&self.keys.processes()));
        first.add_command(Read::Time.plain());
        let answers = ask(&first, connection).await?;
        let round_trip = clock::now().since(asked);
        let (members, server_time) = members(answers)?;
        self.known.retain(|member, _| members.contains(member));
        self.looks += 1;
        let rows = if members.is_empty() {
            Vec::new()
        } else {
            let mut second = self.questions(&members);
            let asked = self.iterations(&members);
            for (_, jid) in &asked {
                second.add_command(Read::Exists.of(&self.keys.iteration(jid)));
            }
            let mut answers = ask(&second, connection).await?;
            let iterations = answers.split_off(answers.len().saturating_sub(asked.len()));
            let asked = asked.into_iter().map(|(asked, _)| asked);
            self.learn(asked.zip(iterations));
            self.rows(&members, answers)
        };
        let look = Look {
            asked,
            answered: clock::now(),
            server_time,
            rows,
        };
        Ok((look, round_trip))
    }

    /// Three commands for each member: its hash; then its work under both names while nobody
    /// knows which is used, else under that one, with the time its hash has left to live.
    fn questions(&mut self, members: &[Vec<u8>]) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(members.len() * 3);
        pipeline.ignore_errors();
        for member in members {
            let key = self.keys.key(member);
            let mut hash = Read::HashFields.of(&key);
            hash.arg(&decode::FIELDS[..]);
            pipeline.add_command(hash);
            if let Some(work_key) = self.known(member).work_key {
                pipeline.add_command(Read::WholeHash.of(&work_key.of(&key)));
                pipeline.add_command(Read::TimeToLive.of(&key));
            } else {
                pipeline.add_command(Read::WholeHash.of(&WorkKey::Work.of(&key)));
                pipeline.add_command(Read::WholeHash.of(&WorkKey::Workers.of(&key)));
            }
        }
        pipeline
    }

    /// The jobs whose iteration state this look asks for, with their ids: those of the looks
    /// before, on a Sidekiq that has iterable jobs.
    fn iterations(&self, members: &[Vec<u8>]) -> Vec<(Asked, String)> {
        let known = members
            .iter()
            .filter_map(|member| Some((member, self.known.get(member)?)));
        let able = known.filter(|(_, known)| known.has_iterable_jobs());
        let due = able.flat_map(|(member, known)| {
            known.work.iter().filter_map(move |(tid, entry)| {
                let jid = entry.work.jid.clone()?;
                let due = entry.iteration.is_due(self.looks);
                due.then(|| ((member.clone(), tid.clone()), jid))
            })
        });
        due.take(MOST_ITERATIONS).collect()
    }

    fn learn(&mut self, answers: impl Iterator<Item = (Asked, Value)>) {
        for ((member, tid), answer) in answers {
            let known = self.known.get_mut(&member);
            if let Some(entry) = known.and_then(|known| known.work.get_mut(&tid)) {
                entry.iteration = if answer == Value::Int(1) {
                    Iteration::Seen
                } else {
                    Iteration::Missing(self.looks)
                };
            }
        }
    }

    fn known(&mut self, member: &[u8]) -> &mut Known {
        self.known
            .entry(member.to_vec())
            .or_insert_with(|| Known::new(member))
    }

    fn rows(&mut self, members: &[Vec<u8>], answers: Vec<Value>) -> Vec<LookRow> {
        let mut answers = answers.into_iter();
        let mut rows = Vec::with_capacity(members.len());
        for member in members {
            let mut next = || answers.next().unwrap_or(Value::Nil);
            let three = [next(), next(), next()];
            rows.push(self.known(member).row(three));
        }
        rows
    }
}

/// One round trip. An error of one command stays in its place among the answers.
async fn ask(
    pipeline: &Pipeline,
    connection: &mut impl ConnectionLike,
) -> Result<Vec<Value>, LinkFault> {
    let answers: Vec<Value> = pipeline
        .query_async(connection)
        .await
        .map_err(|error: RedisError| fault(&error, Wire::Established))?;
    // Where nothing at all may be asked, it is the link's fault and no row's.
    let refusal = |answer: &Value| {
        let Value::ServerError(error) = answer else {
            return None;
        };
        Some(fault(&error.clone().into(), Wire::Established))
    };
    let refusals: Option<Vec<LinkFault>> = answers.iter().map(refusal).collect();
    if let Some(why @ (LinkFault::Denied(_) | LinkFault::Loading)) =
        refusals.and_then(|all| all.into_iter().next())
    {
        return Err(why);
    }
    Ok(answers)
}

/// Who is registered, in the order of their names, and the server's time.
fn members(answers: Vec<Value>) -> Result<(Vec<Vec<u8>>, f64), LinkFault> {
    for answer in &answers {
        if let Value::ServerError(error) = answer {
            return Err(fault(&error.clone().into(), Wire::Established));
        }
    }
    let strange = || LinkFault::NotRedis("SMEMBERS and TIME are answered strangely".into());
    let mut answers = answers.into_iter();
    let (Some(members), Some(time)) = (answers.next(), answers.next()) else {
        return Err(strange());
    };
    let mut members = decode::list(members).map_err(|_| strange())?;
    members.sort();
    members.dedup();
    Ok((members, decode::server_time(time).ok_or_else(strange)?))
}

impl Known {
    fn new(member: &[u8]) -> Self {
        Self {
            identity: Identity::new(&clean_bytes(member, LONGEST_IDENTITY)),
            work_key: None,
            info: None,
            work: HashMap::new(),
        }
    }

    /// One row from the three answers about this identity.
    fn row(&mut self, [hash, second, third]: [Value; 3]) -> LookRow {
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

    fn has_iterable_jobs(&self) -> bool {
        let info = self.info.as_ref().map(|(_, decoded)| decoded);
        info.and_then(|decoded| decoded.info.version)
            .is_some_and(|version| version >= ITERABLE_SINCE)
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
