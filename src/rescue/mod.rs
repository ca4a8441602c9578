//! Payloads of jobs that a KILL could lose: saved to disk byte for byte beforehand, found again
//! afterwards, and pushed back where they are provably nowhere. A job without proof is pushed back
//! only if it is named, and only into the Redis that it came from.

mod base64;
mod beats;
mod ending;
mod judge;
mod prove;
#[cfg(any(test, fuzzing))]
mod readers;
mod saved;
mod store;
mod survey;

#[cfg(test)]
mod tests;

pub use ending::{ending, exited};
pub use judge::{Ending, NotBeaten, SavedState, Sight, judge};
pub use prove::{Suspect, prove};
#[cfg(any(test, fuzzing))]
pub(crate) use readers::READERS;
pub use saved::{Payload, SavedFrom, SavedJob, Stopping, in_flight, shown_by};
pub use store::{RescueEntry, SaveError, Store, jobs};
pub use survey::{Surveyed, push_back, survey};
