//! The looks that the first frame waits for: those at Redis and at this host.

use crate::core::fleet::Fleet;

/// The state of the first look: whether Redis and this host were looked at, and how the link is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FirstLook {
    looked: bool,
    scanned: bool,
    link: &'static str,
}

impl FirstLook {
    pub(super) fn of(fleet: &Fleet) -> Self {
        Self {
            looked: fleet.looked.is_some(),
            scanned: fleet.scanned.is_some(),
            link: fleet.link.word(),
        }
    }
}
