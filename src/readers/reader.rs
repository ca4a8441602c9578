//! The rows of the table of readers.

/// A reader by its name, which is that of its file, as a function of bytes.
pub type Reader = (&'static str, fn(&[u8]));
