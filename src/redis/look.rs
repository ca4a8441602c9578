//! A look at all processes, and the memory that makes the next one cheap. A first look takes two
//! round trips (more for thousands of members) and two commands a process. A later one asks for the
//! beat alone, and for the jobs of those processes that have beaten since. It never reconnects,
//! retries or waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use redis::aio::ConnectionLike;
use tokio::task::yield_now;

use super::commands::{Keys, Read};
use super::decode;
use super::extent::Extent;
use super::known::Known;
use super::link::{Wire, fault};
use super::server::{Asking, Said};
use super::trip::{AT_ONCE, ask, refused};
use super::work_read::WorkKey;
use crate::clock;
use crate::core::fleet::{DeadMembers, LinkFault, Look, LookRow};

/// Jobs that one look asks for their iteration state at most.
const MOST_ITERATIONS: usize = 200;

/// A member of `processes`, byte for byte.
type Member = Arc<[u8]>;

/// Asks for looks and remembers, per identity, what does not change: which key its work is
/// under, its decoded `info`, its decoded jobs.
#[derive(Debug)]
pub struct Looker {
    keys: Keys,
    /// In the order of the members, so that a look walks through both and seeks nothing.
    known: BTreeMap<Member, Known>,
    /// How many looks were asked.
    looks: u64,
    /// How many identities were met, the forgotten ones included.
    met: u64,
    /// How the server is asked who it is.
    asking: Asking,
    extent: Extent,
    /// The members that have no rows.
    dead: DeadMembers,
}

/// The answers of the first trip.
struct First {
    round_trip: Duration,
    members: Vec<Member>,
    said: Result<Said, Asking>,
    counter: Option<bool>,
}

impl Looker {
    /// A looker that knows nothing yet.
    pub fn new(keys: Keys) -> Self {
        Self {
            keys,
            known: BTreeMap::new(),
            looks: 0,
            met: 0,
            asking: Asking::default(),
            extent: Extent::ONCE,
            dead: DeadMembers::default(),
        }
    }

    /// One that follows so much.
    #[must_use]
    pub fn within(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// A look. Gives the duration of its first round trip too.
    ///
    /// # Errors
    /// If the members, the server's time or all of the processes cannot be read.
    pub async fn look(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(Look, Duration), LinkFault> {
        let asked = clock::now();
        self.looks += 1;
        let first = self.first(connection).await?;
        // Each step goes through all of them: what else waits for this thread comes in between.
        yield_now().await;
        self.meet(&first.members);
        yield_now().await;
        self.many_new(connection).await?;
        let said = self.second(first.said, connection).await?;
        self.older_work(connection).await?;
        yield_now().await;
        let rows = self.rows(said.time);
        let look = Look {
            asked,
            rows,
            dead: self.dead.clone(),
            answered: clock::now(),
            server_time: said.time,
            server: said.identity,
            counter: first.counter,
        };
        Ok((look, first.round_trip))
    }

    /// The rows, at this time of the server. Dead members have none where they are too many.
    fn rows(&mut self, server_time: f64) -> Vec<LookRow> {
        let known = self.known.values();
        let dead = known.clone().filter_map(Known::merely_listed);
        let counts = dead.clone().count() > self.extent.dead;
        let counted = dead.filter(|_| counts).cloned().collect();
        self.dead = self.dead.followed_by(counted);
        let has_row = |known: &&Known| !counts || known.merely_listed().is_none();
        known
            .filter(has_row)
            .map(|known| known.row(server_time))
            .collect()
    }

    /// Has the next look read the work of all, beaten or not: a process writes its work just
    /// before its beat, and where a job is at stake that moment counts.
    pub fn read_all_again(&mut self) {
        for known in self.known.values_mut() {
            known.read_again();
        }
    }

    /// The members, the server, and the beats of those that are known.
    async fn first(&mut self, connection: &mut impl ConnectionLike) -> Result<First, LinkFault> {
        let mut commands = Vec::with_capacity(self.known.len() + 3);
        commands.push(Read::SetMembers.of(&self.keys.processes()));
        let of_server = self.asking.commands();
        let mut before = 1 + of_server.len();
        for command in of_server {
            commands.push(command);
        }
        // The first look has no other to be held against.
        let counts = self.looks > 1;
        if counts {
            commands.push(Read::Exists.of(&self.keys.counter()));
            before += 1;
        }
        let mut asked: Vec<(Member, bool)> = Vec::with_capacity(self.known.len());
        for (member, known) in &self.known {
            if !known.is_asked_for_its_beat(self.looks) {
                continue;
            }
            let key = self.keys.key(member);
            let mut hash = Read::HashFields.of(&key);
            hash.arg(&decode::BEAT_FIELDS[..]);
            commands.push(hash);
            let with_age = known.is_asked_for_its_age(self.looks);
            if with_age {
                commands.push(Read::TimeToLive.of(&key));
            }
            asked.push((Arc::clone(member), with_age));
        }
        let sent = clock::now();
        let mut answers = ask(commands, connection).await?;
        let round_trip = clock::now().since(sent);
        let beats = answers.split_off(before.min(answers.len()));
        let mut of_server = answers.split_off(1.min(answers.len()));
        let counter = counts.then(|| of_server.pop()).flatten();
        let members = members(answers)?;
        let said = self.asking.read(of_server)?;
        if let Some(why) = refused(&beats) {
            return Err(why);
        }
        let server_time = said.as_ref().ok().map(|said| said.time);
        let mut beats = beats.into_iter();
        let mut next = || beats.next().unwrap_or(Value::Nil);
        for (member, with_age) in asked {
            let (hash, age) = (next(), with_age.then(&mut next));
            if let Some(known) = self.known.get_mut(&member) {
                known.take_beat(hash);
                known.measure(age, server_time);
            }
        }
        Ok(First {
            round_trip,
            members,
            said,
            counter: counter.as_ref().and_then(is_there),
        })
    }

    /// Forgets those that are not listed any more, and takes in the new ones. `members` are in order.
    fn meet(&mut self, members: &[Member]) {
        let mut listed = members.iter().peekable();
        self.known.retain(|member, _| {
            while listed.next_if(|listed| *listed < member).is_some() {}
            listed.peek().is_some_and(|listed| *listed == member)
        });
        let mut known = self.known.keys().peekable();
        let is_new = |member: &&Member| known.next_if_eq(member).is_none();
        let new: Vec<&Member> = members.iter().filter(is_new).collect();
        for member in new {
            self.met += 1;
            let known = Known::new(member, self.met);
            self.known.insert(Arc::clone(member), known);
        }
    }

    /// Where very many are new, their hashes come first: most of them are dead, and the work of a dead
    /// one is not asked for.
    async fn many_new(&mut self, connection: &mut impl ConnectionLike) -> Result<(), LinkFault> {
        let is_new = |(_, known): &(&Member, &Known)| known.is_new();
        let new = self.known.iter().filter(is_new);
        let new: Vec<Member> = new.map(|(member, _)| Arc::clone(member)).collect();
        // Two commands each.
        if new.len() * 2 <= AT_ONCE {
            return Ok(());
        }
        let hash = |member: &Member| {
            let mut hash = Read::HashFields.of(&self.keys.key(member));
            hash.arg(&decode::FIELDS[..]);
            hash
        };
        let answers = ask(new.iter().map(hash).collect(), connection).await?;
        if let Some(why) = refused(&answers) {
            return Err(why);
        }
        for (member, answer) in new.into_iter().zip(answers) {
            if let Some(known) = self.known.get_mut(&member) {
                known.take_hash(answer);
            }
        }
        Ok(())
    }

    /// The second trip: the hashes of the new ones, the jobs of those that have beaten since, and
    /// the server once more where it did not answer the first question. It is left out where
    /// there is nothing to ask.
    async fn second(
        &mut self,
        said: Result<Said, Asking>,
        connection: &mut impl ConnectionLike,
    ) -> Result<Said, LinkFault> {
        let mut commands = Vec::new();
        let mut asked: Vec<(Member, bool, bool)> = Vec::new();
        for (member, known) in &self.known {
            let (is_new, has_work) = (known.is_new(), known.is_asked_for_its_work());
            if !is_new && !has_work {
                continue;
            }
            let key = self.keys.key(member);
            let with_age = is_new && known.is_asked_for_its_age(self.looks);
            if is_new {
                let mut hash = Read::HashFields.of(&key);
                hash.arg(&decode::FIELDS[..]);
                commands.push(hash);
            }
            if with_age {
                commands.push(Read::TimeToLive.of(&key));
            }
            commands.push(Read::WholeHash.of(&known.work_key().of(&key)));
            asked.push((Arc::clone(member), is_new, with_age));
        }
        let of_members = commands.len();
        let iterations = self.iterations();
        for (_, _, jid) in &iterations {
            commands.push(Read::Exists.of(&self.keys.iteration(jid)));
        }
        if let Err(asking) = said {
            for command in asking.commands() {
                commands.push(command);
            }
        }
        let mut answers = ask(commands, connection).await?;
        let mut states = answers.split_off(of_members.min(answers.len()));
        let of_server = states.split_off(iterations.len().min(states.len()));
        // Where the jobs alone were asked for, each row says what could not be read.
        let with_hashes = asked.iter().any(|(_, is_new, _)| *is_new);
        if let Some(why) = refused(&answers).filter(|_| with_hashes) {
            return Err(why);
        }
        let server_time = said.as_ref().ok().map(|said| said.time);
        self.take(asked, answers, server_time);
        for ((member, tid, _), state) in iterations.into_iter().zip(states) {
            if let Some(known) = self.known.get_mut(&member) {
                known.learn(&tid, state == Value::Int(1), self.looks);
            }
        }
        self.said(said, of_server)
    }

    /// Takes in the hashes, ages and jobs that a second trip brought.
    fn take(
        &mut self,
        asked: Vec<(Member, bool, bool)>,
        answers: Vec<Value>,
        server_time: Option<f64>,
    ) {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or(Value::Nil);
        for (member, is_new, with_age) in asked {
            let hash = is_new.then(&mut next);
            let age = with_age.then(&mut next);
            let work = next();
            if let Some(known) = self.known.get_mut(&member) {
                if let Some(hash) = hash {
                    known.take_hash(hash);
                }
                known.measure(age, server_time);
                known.take_work(work, self.extent.jobs);
            }
        }
    }

    /// A third trip, for those that show jobs and no `<identity>:work`: Sidekiq before 6.4.2 has
    /// them under `<identity>:workers`, and no version before 7.0.2 says which it is.
    async fn older_work(&mut self, connection: &mut impl ConnectionLike) -> Result<(), LinkFault> {
        let mut commands = Vec::new();
        let is_asked = |(_, known): &(&Member, &Known)| known.may_be_older();
        let asked = self.known.iter().filter(is_asked);
        let asked: Vec<Member> = asked.map(|(member, _)| Arc::clone(member)).collect();
        for member in &asked {
            let key = WorkKey::Workers.of(&self.keys.key(member));
            commands.push(Read::WholeHash.of(&key));
        }
        let answers = ask(commands, connection).await?;
        for (member, answer) in asked.into_iter().zip(answers) {
            if let Some(known) = self.known.get_mut(&member) {
                known.take_older_work(answer, self.extent.jobs);
            }
        }
        Ok(())
    }

    /// The server's words at first, or when it was asked otherwise.
    fn said(
        &mut self,
        first: Result<Said, Asking>,
        answers: Vec<Value>,
    ) -> Result<Said, LinkFault> {
        let asking = match first {
            Ok(said) => return Ok(said),
            Err(asking) => asking,
        };
        self.asking = asking;
        let strange = |_| LinkFault::NotRedis("INFO is answered strangely".into());
        asking.read(answers)?.map_err(strange)
    }

    /// The jobs whose iteration state this look asks for, by process and thread: those of the
    /// looks before, on a Sidekiq that has iterable jobs.
    fn iterations(&self) -> Vec<(Member, Vec<u8>, String)> {
        let able = self
            .known
            .iter()
            .filter(|(_, known)| known.has_iterable_jobs());
        let due = able.flat_map(|(member, known)| {
            let due = known.due(self.looks);
            due.map(move |(tid, jid)| (Arc::clone(member), tid, jid))
        });
        due.take(MOST_ITERATIONS).collect()
    }
}

/// The answer to `EXISTS`; `None` where it was refused.
fn is_there(answer: &Value) -> Option<bool> {
    if let Value::Int(count) = answer {
        return Some(*count > 0);
    }
    None
}

/// The members, in the order of their names.
fn members(answers: Vec<Value>) -> Result<Vec<Member>, LinkFault> {
    let answer = answers.into_iter().next().unwrap_or(Value::Nil);
    if let Value::ServerError(error) = answer {
        return Err(fault(&error.into(), Wire::Established));
    }
    let strange = |_| LinkFault::NotRedis("SMEMBERS is answered strangely".into());
    let mut members = decode::list(answer).map_err(strange)?;
    members.sort();
    members.dedup();
    Ok(members.into_iter().map(Member::from).collect())
}
