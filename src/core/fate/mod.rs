//! The fate of each job. One [`CaseFile`] a process, in it one [`Execution`] for each run of a
//! job on a thread, with timed [`Evidence`]. `judge` gives the fate,
//! [`CaseFile::may_run_unnamed`] how many jobs may run that no source named, [`Stake`] what a KILL
//! costs, [`Missing`] what may be pushed back. Nothing else in the program judges these.

mod account;
mod awaited;
mod cancelled;
mod case_file;
mod cost;
mod count;
mod departure;
mod evidence;
mod execution;
#[expect(
    clippy::module_inception,
    reason = "the fate itself is one word among these files"
)]
mod fate;
mod heirs;
mod judge;
mod log;
mod missing;
mod others;
mod scene;
mod search;
mod stake;
mod subject;
mod threads;
mod why;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use case_file::CaseFile;
pub use cost::{Cost, Ran, Spent};
pub use count::ThreadCount;
pub use departure::left_in_order;
pub use evidence::{Evidence, Fact, FactSource, LogEnd};
pub use execution::Execution;
pub use fate::{Counts, Fate, Ruling, STILL_RUNNING};
pub use missing::{Missing, PushOutcome, Trace};
pub use scene::Scene;
pub use stake::Stake;
pub use subject::{Exit, Signals, Subject};
pub use threads::before_any_signal;
