//! The one integration-test binary.

#[cfg(test)]
mod host_real;
