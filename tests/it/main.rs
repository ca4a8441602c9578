//! The one integration-test binary.

mod redis_source;
mod support;
