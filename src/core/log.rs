//! What Sidekiq's own log says: lines in, jobs that started and ended, milestones and
//! backtraces out. Pure, for lines of 5.x to 8.x and of formatters that nobody knows; nothing
//! may depend on a log being there.

mod dump;
mod entry;
mod header;
mod structured;
mod witness;

#[cfg(test)]
mod tests;

pub use dump::{Backtrace, Dumps, is_of_application};
pub use entry::{Entry, Happening, Milestone, read};
pub use witness::{Testimony, Told, Witness};

use crate::core::moment::Moment;

/// One line of a log as it was read.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// The process whose log it stands in. Several may write one file: who wrote the line is
    /// known only if it says so ([`Entry::pid`]).
    pub pid: u32,
    /// The line without its end.
    pub text: String,
    /// When it was read, or when the journal took it.
    pub at: Moment,
}
