//! The one integration-test binary.

mod cli;
mod redis_source;
mod support;
