//! What came up in the place of the processes that a drain has ended, as its journal has it.

use serde::Serialize;

use super::library::Past;
use super::line::Happened;
use crate::core::clean::clean;
use crate::core::drain::Successor;

/// Longest text of a journal in one line.
const LONGEST: usize = 1000;

/// The place of one process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CameUp {
    /// Who came up, `util1:4300`; `None`: nobody.
    pub name: Option<String>,
    /// Its identity.
    pub identity: Option<String>,
    /// Its pid.
    pub pid: Option<u32>,
    /// What is known of it.
    #[serde(flatten)]
    pub successor: Successor,
}

impl CameUp {
    /// One line for people.
    pub fn words(&self) -> String {
        let name = self.name.as_deref().unwrap_or("somebody");
        clean(&self.successor.words(name), LONGEST)
    }
}

/// The places of the processes of `past`, in the order in which something was known of them.
pub(super) fn successors(past: &Past) -> Vec<CameUp> {
    let lines = past.lines.iter().filter_map(|line| {
        let Happened::Successor(successor) = &line.happened else {
            return None;
        };
        Some(CameUp {
            name: line.name(),
            identity: line.identity.clone(),
            pid: line.pid,
            successor: Successor::clone(successor),
        })
    });
    lines.collect()
}
