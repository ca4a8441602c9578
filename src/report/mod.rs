//! Reports of past drains: their journals are read, and each becomes a report with the fate of
//! every job. It only reads: it writes nothing, asks no Redis and sends no signal.

mod advice;
mod drain;
mod full;
mod job;
mod later;
mod library;
mod longest;
mod process;
mod repeated;
mod successor;
mod timeline;

#[cfg(test)]
mod tests;

pub use drain::{Report, Summary, TakenBacktrace};
pub use full::{Full, LOOKED_THROUGH};
pub use job::JobFate;
pub use later::{FoundLater, InterruptedCount, InterruptedCounts, Notice};
pub use library::{Library, NoSuchDrain, Past};
pub use longest::{Longest, LongestJob};
pub use process::{DrainedProcess, SentSignal, SignalEffect};
pub use repeated::{Repeated, repeated};
pub use successor::CameUp;
pub use timeline::TimelineLine;
