//! What the tests stand on: real servers, started and ended by the test that needs them.

pub(crate) mod real_sidekiq;
pub(crate) mod redis_server;
pub(crate) mod sidekiq_rows;
