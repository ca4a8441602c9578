//! drainboard: a terminal console for stopping Sidekiq without losing work.
//!
//! The core is pure and has its clock injected; sources bring observations in, effects go out,
//! and `host` is the only place from which a signal leaves.

pub mod cli;
pub mod clock;
pub mod console;
pub mod core;
pub mod demo;
pub mod host;
pub mod journal;
#[cfg(any(test, fuzzing))]
pub mod readers;
pub mod recorder;
pub mod redis;
pub mod report;
pub mod rescue;
pub mod shell;
pub mod ui;
