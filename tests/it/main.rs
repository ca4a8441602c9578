//! The one integration-test binary.

mod cli;
#[cfg(test)]
mod console_pty;
#[cfg(test)]
mod drain_real;
#[cfg(test)]
mod host_real;
mod redis_source;
mod support;
