//! The acts of operators that belong to no drain: the jobs that were cancelled outside one.

use serde::Serialize;

use super::Past;
use crate::core::drain::{CancelStage, Event, Record};

/// Acts that a list shows: the newest.
const SHOWN: usize = 20;

/// A job that was cancelled outside a drain, and how far that is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutsideAct {
    /// When it was last heard of, as RFC 3339 in UTC.
    pub at: String,
    /// The id of the job.
    pub jid: String,
    /// Its class.
    pub class: String,
    /// Its queue.
    pub queue: String,
    /// The process that ran it.
    pub identity: Option<String>,
    /// How far it is; null: as far as a stage that this version does not know.
    pub stage: Option<CancelStage>,
    /// The same in words.
    pub words: String,
}

impl OutsideAct {
    /// The newest acts of the record `past`, the last first; of each job its last stage.
    pub fn of(past: &Past) -> Vec<Self> {
        let past = past.shown();
        let mut acts: Vec<Self> = Vec::new();
        for act in past.records.iter().rev().filter_map(of) {
            if acts.len() == SHOWN {
                break;
            }
            if !acts.iter().any(|known| known.jid == act.jid) {
                acts.push(act);
            }
        }
        acts
    }
}

fn of(record: &Record) -> Option<OutsideAct> {
    let Event::Cancellation(step) = &record.event else {
        return None;
    };
    let identity = record
        .about
        .as_ref()
        .and_then(|about| about.identity.as_ref());
    Some(OutsideAct {
        at: record.at.rfc3339(),
        jid: step.jid.clone(),
        class: step.class.clone(),
        queue: step.queue.clone(),
        identity: identity.map(|identity| identity.as_str().to_owned()),
        stage: step.stage,
        words: record.to_string(),
    })
}
