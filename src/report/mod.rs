//! What is told of past drains: their journals are read, and each becomes a report with the
//! fate of every job. It only reads; it writes nothing, asks no Redis and signals nobody.

mod advice;
mod checked;
mod drain;
mod full;
mod job;
mod later;
mod library;
mod line;
mod longest;
mod process;
mod repeated;
mod timeline;

#[cfg(test)]
mod tests;

pub use checked::Finding;
pub use drain::{Backtrace, Report, Summary};
pub use full::{Full, LOOKED_THROUGH};
pub use job::JobFate;
pub use later::{FoundLater, InterruptedCount, InterruptedCounts, Notice};
pub use library::{Library, NoSuchDrain, Past};
pub use line::{Happened, Line};
pub use longest::{Longest, Seen};
pub use process::{Effect, Process, Sent};
pub use repeated::{Repeated, repeated};
pub use timeline::Entry;
