//! Round trips: commands go out together, and answers come back in their order.

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, Value};

use super::link::{Wire, fault};
use crate::core::fleet::LinkFault;

/// So many commands share one round trip at most.
pub(super) const AT_ONCE: usize = 3_000;

/// The answers to these commands; no round trip for none, and one for so many as [`AT_ONCE`]: each
/// is waited for by itself, so that a look at very many members is slow and not without an answer.
/// An error of one command stays in its place among the answers.
pub(super) async fn ask(
    commands: Vec<Cmd>,
    connection: &mut impl ConnectionLike,
) -> Result<Vec<Value>, LinkFault> {
    let mut answers = Vec::with_capacity(commands.len());
    let mut commands = commands.into_iter().peekable();
    while commands.peek().is_some() {
        let mut pipeline = Pipeline::new();
        for command in commands.by_ref().take(AT_ONCE) {
            pipeline.add_command(command);
        }
        pipeline.ignore_errors();
        let asked = pipeline.query_async::<Vec<Value>>(connection).await;
        answers.extend(asked.map_err(|error: RedisError| fault(&error, Wire::Established))?);
    }
    Ok(answers)
}

/// Where nothing at all may be asked about the members, it is the link's fault and no row's.
pub(super) fn refused(answers: &[Value]) -> Option<LinkFault> {
    let mut first = None;
    for answer in answers {
        let Value::ServerError(error) = answer else {
            return None;
        };
        first = first.or(Some(error));
    }
    let why = fault(&first?.clone().into(), Wire::Established);
    matches!(why, LinkFault::Denied(_) | LinkFault::Loading).then_some(why)
}
