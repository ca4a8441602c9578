//! The knowledge of a process when the first signal left for it. A value only.

use super::local::Threads;
use crate::core::moment::Moment;

/// The knowledge of a process when a signal left for it.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// When it was about to leave: from then on it may have been heard.
    pub about_to: Moment,
    /// When it had left for certain.
    pub at: Moment,
    /// The last beat read before, on the host's own clock.
    pub beat: Option<f64>,
    /// Whether that beat said that it was quiet: then another program had quieted it.
    pub quiet: bool,
    /// Its threads as last counted before.
    pub threads: Option<Threads>,
}
