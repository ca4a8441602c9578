//! The one integration-test binary.

#[cfg(test)]
mod cli;
mod host_real;
mod redis_source;
mod support;
