//! One look at all processes in two round trips, and the memory that makes the next one cheap.
//! It asks and decodes; it never reconnects, retries or waits.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Pipeline, RedisError, Value};

use super::commands::{Keys, Read};
use super::decode;
use super::known::{Known, WorkKey};
use super::link::{Wire, fault};
use super::server::{Asking, Said};
use crate::clock;
use crate::core::fleet::{LinkFault, Look, LookRow};

/// Jobs that one look asks for their iteration state at most.
const MOST_ITERATIONS: usize = 200;

/// Asks for looks and remembers, per identity, what does not change: which key its work is
/// under, its decoded `info`, its decoded jobs.
#[derive(Debug)]
pub struct Looker {
    keys: Keys,
    known: HashMap<Vec<u8>, Known>,
    /// How many looks were asked.
    looks: u64,
    /// How the server is asked who it is.
    asking: Asking,
}

/// A job whose iteration state is asked for: its process and its thread.
type Asked = (Vec<u8>, Vec<u8>);

impl Looker {
    /// A looker that knows nothing yet.
    pub fn new(keys: Keys) -> Self {
        Self {
            keys,
            known: HashMap::new(),
            looks: 0,
            asking: Asking::default(),
        }
    }

    /// One look: the members and the server's time, then everything about them. The second trip
    /// is left out where there is nobody. Gives the duration of the first trip too.
    pub async fn look(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(Look, Duration), LinkFault> {
        let asked = clock::now();
        let mut first = Pipeline::with_capacity(3);
        first.ignore_errors();
        first.add_command(Read::SetMembers.of(&self.keys.processes()));
        for command in self.asking.commands() {
            first.add_command(command);
        }
        let mut answers = ask(&first, connection).await?;
        let round_trip = clock::now().since(asked);
        let of_server = answers.split_off(1.min(answers.len()));
        let members = members(answers)?;
        let said = self.asking.read(of_server)?;
        self.known.retain(|member, _| members.contains(member));
        self.looks += 1;
        let (rows, said) = self.second(&members, said, connection).await?;
        let look = Look {
            asked,
            answered: clock::now(),
            server_time: said.time,
            server: said.identity,
            rows,
        };
        Ok((look, round_trip))
    }

    /// The second trip: everything about the members, and the server once more where it did not
    /// answer the first question.
    async fn second(
        &mut self,
        members: &[Vec<u8>],
        said: Result<Said, Asking>,
        connection: &mut impl ConnectionLike,
    ) -> Result<(Vec<LookRow>, Said), LinkFault> {
        let mut second = self.questions(members);
        let asked = self.iterations(members);
        for (_, jid) in &asked {
            second.add_command(Read::Exists.of(&self.keys.iteration(jid)));
        }
        if let Err(asking) = said {
            for command in asking.commands() {
                second.add_command(command);
            }
        }
        let mut answers = if second.is_empty() {
            Vec::new()
        } else {
            ask(&second, connection).await?
        };
        let mut iterations = answers.split_off(answers.len().min(members.len() * 3));
        let of_server = iterations.split_off(iterations.len().min(asked.len()));
        if let Some(why) = refused(&answers) {
            return Err(why);
        }
        let asked = asked.into_iter().map(|(asked, _)| asked);
        self.learn(asked.zip(iterations));
        let rows = self.rows(members, answers);
        Ok((rows, self.said(said, of_server)?))
    }

    /// What the server said at first, or when it was asked otherwise.
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
        match asking.read(answers)? {
            Ok(said) => Ok(said),
            // The next look asks for the time alone.
            Err(poorer) => {
                self.asking = poorer;
                Err(LinkFault::NotRedis("INFO is answered strangely".into()))
            }
        }
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
            if let Some(work_key) = self.known(member).work_key() {
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
            let due = known.due(self.looks);
            due.map(move |(tid, jid)| ((member.clone(), tid), jid))
        });
        due.take(MOST_ITERATIONS).collect()
    }

    fn learn(&mut self, answers: impl Iterator<Item = (Asked, Value)>) {
        for ((member, tid), answer) in answers {
            if let Some(known) = self.known.get_mut(&member) {
                known.learn(&tid, answer == Value::Int(1), self.looks);
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
    pipeline
        .query_async(connection)
        .await
        .map_err(|error: RedisError| fault(&error, Wire::Established))
}

/// Where nothing at all may be asked about the members, it is the link's fault and no row's.
fn refused(answers: &[Value]) -> Option<LinkFault> {
    let refusal = |answer: &Value| {
        let Value::ServerError(error) = answer else {
            return None;
        };
        Some(fault(&error.clone().into(), Wire::Established))
    };
    let refusals: Option<Vec<LinkFault>> = answers.iter().map(refusal).collect();
    let first = refusals?.into_iter().next()?;
    matches!(first, LinkFault::Denied(_) | LinkFault::Loading).then_some(first)
}

/// Who is registered, in the order of their names.
fn members(answers: Vec<Value>) -> Result<Vec<Vec<u8>>, LinkFault> {
    let answer = answers.into_iter().next().unwrap_or(Value::Nil);
    if let Value::ServerError(error) = answer {
        return Err(fault(&error.into(), Wire::Established));
    }
    let strange = |_| LinkFault::NotRedis("SMEMBERS is answered strangely".into());
    let mut members = decode::list(answer).map_err(strange)?;
    members.sort();
    members.dedup();
    Ok(members)
}
