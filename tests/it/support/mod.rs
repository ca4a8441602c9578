//! What the tests stand on: real servers, started and ended by the test that needs them.

pub(crate) mod calls;
pub(crate) mod certificates;
pub(crate) mod container;
pub(crate) mod drain;
pub(crate) mod ended;
pub(crate) mod endless;
pub(crate) mod imitation;
pub(crate) mod instructions;
pub(crate) mod jobs;
pub(crate) mod json_schema;
pub(crate) mod parent;
pub(crate) mod patience;
pub(crate) mod pipes;
pub(crate) mod real_sidekiq;
pub(crate) mod real_unit;
pub(crate) mod recorded;
pub(crate) mod redis_server;
pub(crate) mod scene;
pub(crate) mod sentinel;
pub(crate) mod sidekiq;
pub(crate) mod sidekiq_rows;
pub(crate) mod signal;
pub(crate) mod swarm;
pub(crate) mod systemd;
pub(crate) mod terminal;
pub(crate) mod trace;
