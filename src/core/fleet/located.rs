//! Where a job was found when Redis was asked for it by its id. An answer is as old as its
//! question.

use std::sync::Arc;

use super::Identity;
use crate::core::moment::Moment;

/// A job to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Its id.
    pub jid: String,
    /// The queue it came from.
    pub queue: String,
    /// Its payload as last seen: what a push-back would put into the queue.
    pub payload: Arc<[u8]>,
}

/// The answer for one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Its id.
    pub jid: String,
    /// Where it stands.
    pub place: Place,
    /// When the question left.
    pub asked: Moment,
}

/// Where a job stands in Redis, a process's work apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a queue.
    Queue {
        /// Its name.
        name: String,
    },
    /// In `retry`.
    Retry,
    /// In `dead`.
    Dead,
    /// In `schedule`.
    Schedule,
    /// In a private list of Sidekiq Pro's `super_fetch`.
    Private {
        /// Whose.
        identity: Identity,
    },
    /// In none of these.
    Nowhere {
        /// Whether everything was searched to the end.
        searched_whole: bool,
    },
    /// Redis could not be asked.
    NotAsked {
        /// Why.
        why: String,
    },
}
