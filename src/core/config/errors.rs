//! The errors of a configuration: each with its place, what was expected and what
//! was probably meant. Texts from the file are clean before they get here.

use std::fmt;

/// An error in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Line from 1; `None` if it could not be told.
    pub line: Option<usize>,
    /// The key, or the item in its list (`sequence[2]`); empty for the whole file.
    pub path: String,
    /// The fault.
    pub problem: String,
    /// The right form.
    pub expected: String,
    /// The likely meaning.
    pub suggestion: Option<String>,
    /// Whether it is a stop sequence that its grammar rejects.
    pub rejected_sequence: bool,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.problem)?;
        if let Some(suggestion) = &self.suggestion {
            write!(formatter, ": did you mean `{suggestion}`?")?;
        }
        if !self.expected.is_empty() {
            write!(formatter, "; expected {}", self.expected)?;
        }
        Ok(())
    }
}

/// Every error of one file, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file, for people.
    pub file: String,
    /// The errors.
    pub errors: Vec<ConfigError>,
}

impl ConfigErrors {
    /// Whether one of them is a stop sequence that its grammar rejects.
    pub fn reject_a_sequence(&self) -> bool {
        self.errors.iter().any(|error| error.rejected_sequence)
    }
}

impl fmt::Display for ConfigErrors {
    /// A heading, then one line an error: `FILE:LINE: key: problem; expected …`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len();
        let noun = if count == 1 { "error" } else { "errors" };
        write!(
            formatter,
            "the configuration {} has {count} {noun}",
            self.file
        )?;
        for error in &self.errors {
            write!(formatter, "\n  {}:", self.file)?;
            if let Some(line) = error.line {
                write!(formatter, "{line}:")?;
            }
            write!(formatter, " {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
