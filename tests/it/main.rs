//! The one integration-test binary.

mod cli;
#[cfg(test)]
mod host_real;
#[cfg(test)]
mod logs_real;
mod redis_source;
#[cfg(test)]
mod rescue;
mod support;
