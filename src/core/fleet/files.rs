//! What the files of a process say, as they were read with it. Values only; reading them is
//! the work of `host`, and nothing is judged here.

use std::ops::Deref;
use std::sync::Arc;

use crate::core::layers::{Located, Place};

/// Every value that was found in the files of a process and its unit's, whether it holds or
/// not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    values: Arc<[Located]>,
    newer: Arc<[String]>,
}

impl Files {
    /// These values; `newer` are the files that were changed after the process started.
    pub fn new(values: Vec<Located>, newer: Vec<String>) -> Self {
        Self {
            values: values.into(),
            newer: newer.into(),
        }
    }

    /// Whether what stands at `place` was changed after the process started.
    pub fn is_newer(&self, place: &Place) -> bool {
        self.newer.iter().any(|file| **file == *place.file)
    }
}

impl Deref for Files {
    type Target = [Located];

    fn deref(&self) -> &[Located] {
        &self.values
    }
}

impl FromIterator<Located> for Files {
    fn from_iter<I: IntoIterator<Item = Located>>(values: I) -> Self {
        Self::new(values.into_iter().collect(), Vec::new())
    }
}
