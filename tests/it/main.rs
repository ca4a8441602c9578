//! The one integration-test binary.

mod cli;
mod host_real;
mod redis_source;
mod support;
