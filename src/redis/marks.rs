//! The facts for a rescue beside the places of jobs: which executions were pushed back before,
//! which processes keep private lists, and what queues there are. It only reads.

use redis::aio::ConnectionLike;
use redis::{Pipeline, RedisError, Value};

use super::commands::{Keys, Read};
use super::decode::list;
use super::link::{Wire, fault};
use crate::core::clean::clean_bytes;
use crate::core::fleet::{Identity, LinkFault};

/// The marks of rescues in Redis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// For each execution asked for, in order: whether this program pushed its job back before.
    pub rescued: Vec<bool>,
    /// Processes whose jobs `super_fetch` keeps in private lists.
    pub super_processes: Vec<Identity>,
    /// The names of all queues, as they are.
    pub queues: Vec<String>,
    /// Whether a name of a queue is no text: that queue cannot be searched.
    pub nameless_queue: bool,
}

/// Reads the marks of these executions, in one round trip. A command that the server refuses is a
/// fault: what may not be read proves nothing.
pub async fn marks(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    executions: &[String],
) -> Result<Marks, LinkFault> {
    let mut pipeline = Pipeline::with_capacity(executions.len() + 2);
    pipeline.add_command(Read::SetMembers.of(&keys.key("super_processes")));
    pipeline.add_command(Read::SetMembers.of(&keys.queues()));
    for execution in executions {
        let mut score = Read::Score.of(&keys.rescued());
        score.arg(execution);
        pipeline.add_command(score);
    }
    let answers: Vec<Value> = pipeline
        .query_async(connection)
        .await
        .map_err(|error: RedisError| fault(&error, Wire::Established))?;
    let mut answers = answers.into_iter();
    let mut members = || list(answers.next().unwrap_or(Value::Nil)).map_err(LinkFault::Refused);
    let (processes, queues) = (members()?, members()?);
    let shown = |process: &Vec<u8>| Identity::new(&clean_bytes(process, 300));
    let all = queues.len();
    let queues = queues.into_iter().map(String::from_utf8);
    let queues: Vec<String> = queues.filter_map(Result::ok).collect();
    Ok(Marks {
        rescued: answers.map(|answer| answer != Value::Nil).collect(),
        super_processes: processes.iter().map(shown).collect(),
        nameless_queue: queues.len() < all,
        queues,
    })
}
