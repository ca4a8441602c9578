//! The process that a record is about. A value only.

use crate::core::fleet::Identity;

/// The process that a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name in Redis.
    pub identity: Option<Identity>,
    /// Its pid here.
    pub pid: Option<u32>,
    /// `util1:4242`, for people.
    pub name: String,
}
