//! Why a command ends without doing what it was asked for: each with its exit code and words
//! that the reader can act on.

use std::io;
use std::path::PathBuf;

use super::rejected::Rejected;
use crate::core::config::ConfigErrors;

/// A failure of a command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line is wrong; clap says how. Help and version come this way too.
    #[error("{0}")]
    CommandLine(#[from] clap::Error),
    /// The command line is wrong in a way that clap does not see.
    #[error("{0}")]
    Usage(String),
    /// The grammar rejects the stop sequence.
    #[error("{0}")]
    Rejected(#[from] Rejected),
    /// The configuration has errors.
    #[error("{0}")]
    Configuration(#[from] ConfigErrors),
    /// The source that names the address of Redis is wrong.
    #[error("{0}")]
    Address(String),
    /// A file cannot be read.
    #[error("cannot read {what} {}: {why}", path.display())]
    Unreadable {
        /// The kind.
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {why}", path.display())]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The drain to be told of is not recorded, or its record cannot be read.
    #[error("{0}")]
    Record(String),
    /// Standard output takes no more.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// Any other error.
    #[error("{0:?}")]
    Unexpected(#[from] color_eyre::Report),
}

impl Failure {
    /// The exit code of the contract.
    pub fn code(&self) -> u8 {
        match self {
            Self::CommandLine(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Usage(_) | Self::Rejected(_) => 2,
            Self::Configuration(errors) if errors.reject_a_sequence() => 2,
            Self::Configuration(_)
            | Self::Address(_)
            | Self::Unreadable { .. }
            | Self::Unwritable { .. }
            | Self::Record(_)
            | Self::Output(_)
            | Self::Unexpected(_) => 1,
        }
    }
}
