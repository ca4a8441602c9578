//! What the processes of the table are grouped by, and the name of the group of each.

use std::collections::BTreeSet;

use crate::core::fleet::Process;

/// What the processes are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// They are not.
    #[default]
    None,
    /// The host that they run on.
    Host,
    /// Their tag.
    Tag,
    /// The queues that they take jobs from, in any order.
    Queues,
    /// Their version of Sidekiq.
    Version,
    /// Their unit of systemd.
    Unit,
    /// The names of their capsules.
    Capsules,
}

impl Grouping {
    /// The next one.
    #[must_use]
    pub(super) fn next(self) -> Self {
        match self {
            Self::None => Self::Host,
            Self::Host => Self::Tag,
            Self::Tag => Self::Queues,
            Self::Queues => Self::Version,
            Self::Version => Self::Unit,
            Self::Unit => Self::Capsules,
            Self::Capsules => Self::None,
        }
    }

    /// Its words on the screen; `None`: the processes stand one by one.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Host => Some("host"),
            Self::Tag => Some("tag"),
            Self::Queues => Some("queues"),
            Self::Version => Some("version"),
            Self::Unit => Some("unit"),
            Self::Capsules => Some("capsules"),
        }
    }

    /// The name of the group of `process`. What is not known is a group of its own.
    pub(super) fn name_of(self, process: &Process) -> String {
        let or = |name: Option<String>, none: &str| {
            let name = name.filter(|name| !name.is_empty());
            name.unwrap_or_else(|| none.to_owned())
        };
        let listed = |names: &[String]| {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            let names: Vec<&str> = names.into_iter().collect();
            names.join(", ")
        };
        let info = process.info.as_ref();
        match self {
            Self::None => String::new(),
            Self::Host => or(host(process), "host not known"),
            Self::Tag => or(Some(process.tag().to_owned()), "no tag"),
            Self::Queues => or(Some(listed(process.queues())), "queues not known"),
            Self::Version => {
                let version = process.version_text().map(str::to_owned);
                or(version, "version not known")
            }
            Self::Unit => match &process.local {
                Some(local) => or(local.surroundings.unit_name().map(str::to_owned), "no unit"),
                None => "unit not known: on another host".into(),
            },
            Self::Capsules => or(
                info.map(|info| listed(&info.capsules)),
                "capsules not known",
            ),
        }
    }
}

fn host(process: &Process) -> Option<String> {
    if let Some(identity) = &process.identity {
        return Some(identity.hostname().to_owned());
    }
    let local = process.local.as_ref()?;
    local.surroundings.hostnames.first().cloned()
}
