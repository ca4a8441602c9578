//! A Redis that gives the answers that bytes hold, whatever it is asked.

use std::io::Cursor;

use redis::aio::ConnectionLike;
use redis::{Cmd, Parser, Pipeline, RedisError, RedisFuture, Value};

/// The answers to come, one after the other, as Redis sends them (RESP 2 or 3). After the last one
/// the connection is lost.
pub(super) struct Answering<'a> {
    parser: Parser,
    left: Cursor<&'a [u8]>,
}

impl<'a> Answering<'a> {
    /// A Redis that sends `bytes` and no more.
    pub(super) fn with(bytes: &'a [u8]) -> Self {
        Self {
            parser: Parser::new(),
            left: Cursor::new(bytes),
        }
    }

    fn next(&mut self) -> Result<Value, RedisError> {
        self.parser.parse_value(&mut self.left)
    }
}

impl ConnectionLike for Answering<'_> {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        let answer = self.next();
        Box::pin(async move { answer })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let answers: Result<Vec<Value>, RedisError> = (0..count).map(|_| self.next()).collect();
        Box::pin(async move { answers })
    }

    fn get_db(&self) -> i64 {
        0
    }
}
