//! The link to Redis against a real one.

mod links;
mod looks;
mod places;
mod reached;
mod rights;
mod secured;
mod sentinels;
mod steady;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisFuture, Value};

/// A connection that counts its round trips.
struct Counting<C> {
    inner: C,
    trips: usize,
}

impl<C: ConnectionLike> ConnectionLike for Counting<C> {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.trips += 1;
        self.inner.req_packed_command(command)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.trips += 1;
        self.inner.req_packed_commands(pipeline, offset, count)
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}
