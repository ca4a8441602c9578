//! The words of the files around one process about its stop, with what the scan made of it: the
//! statements of its timeout in their order, and the files that changed since it started.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::core::interned::KnownName;
use crate::core::layers::LocatedSetting;

/// Everything that was read. As a slice it is the values.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    values: Arc<[LocatedSetting]>,
    timeouts: Arc<[StatedTimeout]>,
    changed: Arc<[String]>,
}

/// A statement of Sidekiq's own timeout that its process reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StatedTimeout {
    /// Which layer: `initializer`, `command line`, `sidekiq.yml`.
    #[serde(deserialize_with = "crate::core::interned::interned")]
    pub layer: KnownName,
    /// The setting's own name there.
    #[serde(deserialize_with = "crate::core::interned::interned")]
    pub setting: KnownName,
    /// Its value; `None` where it is no number or was not evaluated.
    pub span: Option<Duration>,
    /// The same in words.
    pub value: String,
    /// File and line.
    pub from: String,
    /// Whether it is the one that holds.
    pub holds: bool,
    /// Whether its file was changed after the process started.
    pub changed: bool,
}

impl Written {
    /// Values, the statements of the timeout with the one that holds first, and files that
    /// changed.
    pub fn new(
        values: Vec<LocatedSetting>,
        timeouts: Vec<StatedTimeout>,
        changed: Vec<String>,
    ) -> Self {
        Self {
            values: values.into(),
            timeouts: timeouts.into(),
            changed: changed.into(),
        }
    }

    /// The statements of Sidekiq's own timeout, the one that holds first.
    pub fn timeouts(&self) -> &[StatedTimeout] {
        &self.timeouts
    }

    /// Files that were changed after the process started: what they say now is not what it read.
    pub fn changed(&self) -> &[String] {
        &self.changed
    }
}

impl Deref for Written {
    type Target = [LocatedSetting];

    fn deref(&self) -> &[LocatedSetting] {
        &self.values
    }
}

impl From<Vec<LocatedSetting>> for Written {
    fn from(values: Vec<LocatedSetting>) -> Self {
        Self::new(values, Vec::new(), Vec::new())
    }
}

impl FromIterator<LocatedSetting> for Written {
    fn from_iter<I: IntoIterator<Item = LocatedSetting>>(values: I) -> Self {
        Self::from(values.into_iter().collect::<Vec<_>>())
    }
}
