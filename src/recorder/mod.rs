//! The recorder: every input of a session, appended to a file beside the record of its drain
//! before the session takes it in. The same inputs rebuild the same session. It decides nothing.
//!
//! A file `drains/RUN.inputs` (0600) holds lines `CHECKSUM JSON`: first the session's outset, then
//! one line an input, numbered, each as the difference from the one before of its kind; between
//! them marks of acts (about to be done; done, with the result) and of the end. Arguments of jobs,
//! passwords and the texts of logs are not in it.

mod chain;
mod cut_off;
mod delta;
mod film;
mod line;
mod looks;
#[cfg(any(test, fuzzing))]
mod readers;
mod reading;
mod scrubbed;
mod tail;
mod writing;

#[cfg(test)]
mod tests;

pub use chain::Broken;
pub use cut_off::{CutOff, NotTakenUp};
pub use film::Film;
#[cfg(any(test, fuzzing))]
pub(crate) use readers::READERS;
pub use reading::{ActMark, End, Recording, Unreadable};
pub use tail::{NotFollowed, Tail};
pub use writing::{ActMarks, Recorder};

use std::path::{Path, PathBuf};

/// The version of the format. A newer one is refused; fields that a newer version adds to an input
/// do not change it.
const FORMAT: u32 = 1;

/// The ending of a file's name.
const ENDING: &str = "inputs";

/// Where the inputs of `run` are below `state_dir`.
pub fn place(state_dir: &Path, run: &str) -> PathBuf {
    state_dir.join("drains").join(format!("{run}.{ENDING}"))
}
