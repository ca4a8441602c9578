//! The statements of Sidekiq's own log: lines in, jobs that started and ended, milestones and
//! backtraces out. Pure. A line is evidence only in the exact form of a formatter of Sidekiq 5 to
//! 8 (`form`); what an application logs proves nothing, whatever it says. Nothing may depend on a
//! log being there.

mod dump;
mod entry;
mod form;
mod notices;
mod structured;
mod witness;

#[cfg(test)]
mod tests;

pub use dump::{Backtrace, Dumps, is_of_application};
pub use entry::{Entry, Happening, Milestone, read};
pub use form::Form;
pub use notices::Notice;
pub use witness::{Begun, Testimony, Told, Witness};

use crate::core::moment::Moment;

/// Where a line stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LineOrigin {
    /// The process in whose log the line stands.
    pub pid: u32,
    /// The same in its own pid namespace, as it writes itself.
    pub inner_pid: u32,
    /// Whether other Sidekiqs write there too. Then a line that does not name its writer belongs
    /// to none of them.
    pub shared: bool,
}

impl LineOrigin {
    /// Whether an entry that says it was written by `writer` is this process's own.
    pub fn wrote(self, writer: Option<u32>) -> bool {
        match writer {
            Some(writer) => writer == self.inner_pid,
            None => !self.shared,
        }
    }
}

/// A line of a log as it was read.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct LogLine {
    /// Whose log it stood in.
    pub origin: LineOrigin,
    /// Its message.
    pub entry: Entry,
    /// When it was read, or when the journal took it.
    pub at: Moment,
}

impl LogLine {
    /// A line without its end, read at `at`.
    pub fn new(origin: LineOrigin, text: &str, at: Moment) -> Self {
        Self {
            origin,
            entry: read(text),
            at,
        }
    }

    /// The same line without texts of the application, which may hold arguments of jobs. Frames of
    /// backtraces stay.
    #[must_use]
    pub fn without_text(&self) -> Self {
        Self {
            entry: self.entry.without_text(),
            ..self.clone()
        }
    }
}
