//! Reports of past drains: their journals are read, and each becomes a report with the fate of
//! every job. It only reads: it writes nothing, asks no Redis and sends no signal.

mod advice;
mod drain;
mod full;
mod group;
mod job;
mod later;
mod library;
mod longest;
mod next;
mod outside;
mod process;
mod repeated;
mod successor;
mod summary;
mod timeline;
mod work;

#[cfg(test)]
mod tests;

pub use drain::{Report, TakenBacktrace};
pub use full::{Full, LOOKED_THROUGH};
pub use group::{JobGroup, JobsAlike};
pub use job::JobFate;
pub use later::{FoundLater, InterruptedCount, InterruptedCounts, LaterNotice};
pub use library::{Library, NoSuchDrain, Past};
pub use longest::{LongestJob, LongestPast};
pub use outside::OutsideAct;
pub use process::{DrainedProcess, ProcessEnd, ReportedSignal, SignalEffect};
pub use repeated::{Repeated, repeated};
pub use successor::CameUp;
pub use summary::Summary;
pub use timeline::TimelineLine;
