//! The stop sequence: its grammar, its timeline and the budget that follows from it. Pure text
//! and arithmetic; nothing here knows a process.

mod grammar;
mod label;
mod signal;
mod timeline;
mod version;

#[cfg(test)]
mod tests;

pub use grammar::{GrammarError, Problem};
pub use label::TimeoutLabel;
pub use signal::{Consequence, Signal, UnknownSignal, nearest};
pub use timeline::{Budget, Origin, Sequence, SequenceOrigin, Step, Timeout};
pub use version::Version;

/// The sequence where none is stated.
pub const DEFAULT_SEQUENCE: &str = "tstp, 120, term, 30, kill";
