//! Payloads of jobs that a KILL could lose: saved to disk byte for byte beforehand, found again
//! afterwards, and pushed back where they are provably nowhere. What cannot be proven is never
//! pushed back by itself.

mod base64;
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

pub use ending::ending;
pub use judge::{Circumstances, Ending, Sight, State, Tried, judge};
pub use prove::{Suspect, prove};
#[cfg(any(test, fuzzing))]
pub(crate) use readers::READERS;
pub use saved::{Payload, SavedJob, Stopping, in_flight};
pub use store::{Entry, SaveError, Store, jobs};
pub use survey::{Rescued, Surveyed, push_back, survey};
