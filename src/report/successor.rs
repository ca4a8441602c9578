//! The processes that came up in the place of those that a drain has ended, as its journal has
//! them.

use serde::Serialize;

use super::library::Past;
use crate::core::drain::{Event, Successor};

/// The place of one process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CameUp {
    /// The process that came up, `util1:4300`; `None`: there is none.
    pub name: Option<String>,
    /// Its identity.
    pub identity: Option<String>,
    /// Its pid.
    pub pid: Option<u32>,
    /// The facts about it.
    #[serde(flatten)]
    pub successor: Successor,
}

impl CameUp {
    /// A line for people.
    pub fn words(&self) -> String {
        let name = self.name.as_deref().filter(|_| self.successor.found);
        self.successor.sentence().with(name.unwrap_or_default())
    }
}

/// The places of the processes of `past`, in the order in which something was known of them. Of one
/// place the last word holds: a process may have come up after it was written that none had.
pub(super) fn successors(past: &Past) -> Vec<CameUp> {
    let records = past.records.iter().filter_map(|record| {
        let Event::Successor(successor) = &record.event else {
            return None;
        };
        let about = record.about.as_ref();
        let identity = about.and_then(|about| about.identity.as_ref());
        Some(CameUp {
            name: record.name().map(str::to_owned),
            identity: identity.map(ToString::to_string),
            pid: about.and_then(|about| about.pid),
            successor: Successor::clone(successor),
        })
    });
    let mut places: Vec<CameUp> = Vec::new();
    for place in records {
        let same = |known: &CameUp| known.successor.replaces == place.successor.replaces;
        places.retain(|known| !same(known));
        places.push(place);
    }
    places
}
