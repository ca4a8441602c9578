//! The name of a process in the fleet: what it is called by everywhere.

use std::fmt;

use super::local::LocalId;
use super::look::Identity;

/// The name of a process here: the process itself where it runs on this host, else its identity.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(from = "WrittenKey")]
pub enum ProcessKey {
    /// A process of this machine.
    Local(LocalId),
    /// A process that only Redis tells of.
    Remote(Identity),
}

impl ProcessKey {
    /// The process of this host that it is; `None`: only Redis tells of it.
    pub fn local(&self) -> Option<LocalId> {
        match self {
            Self::Local(id) => Some(*id),
            Self::Remote(_) => None,
        }
    }
}

impl From<LocalId> for ProcessKey {
    fn from(id: LocalId) -> Self {
        Self::Local(id)
    }
}

/// A key as it may be written down. Recordings of earlier versions hold targets as the bare
/// [`LocalId`].
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum WrittenKey {
    Bare(LocalId),
    Named(NamedKey),
}

#[derive(serde::Deserialize)]
enum NamedKey {
    Local(LocalId),
    Remote(Identity),
}

impl From<WrittenKey> for ProcessKey {
    fn from(written: WrittenKey) -> Self {
        match written {
            WrittenKey::Bare(id) | WrittenKey::Named(NamedKey::Local(id)) => Self::Local(id),
            WrittenKey::Named(NamedKey::Remote(identity)) => Self::Remote(identity),
        }
    }
}

impl fmt::Display for ProcessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(id) => id.fmt(formatter),
            Self::Remote(identity) => formatter.write_str(identity.short()),
        }
    }
}
