//! Standard output: written whole, and a reader that has gone is no failure.

use std::io::{self, IsTerminal, Write};

use super::Failure;
use super::listing::Room;
use crate::core::clean::clean_lines;
use crate::core::config::Settings;

/// Writes `text` to standard output. A pipe without a reader is success.
pub(super) fn write(text: &[u8]) -> Result<(), Failure> {
    reached(text).map(drop)
}

/// As [`write()`]; tells whether there is a reader.
pub(super) fn reached(text: &[u8]) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Output(error)),
    }
}

/// A JSON object on one line.
pub(super) fn write_json<T: serde::Serialize>(value: &T) -> Result<(), Failure> {
    let mut text = serde_json::to_vec(value).map_err(|error| Failure::Output(error.into()))?;
    text.push(b'\n');
    write(&text)
}

/// The terminal's width; elsewhere lines are as long as they are.
pub(super) fn room(settings: &Settings) -> Room {
    let width = if io::stdout().is_terminal() {
        crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns))
    } else {
        usize::MAX
    };
    Room {
        width,
        ascii: settings.appearance.ascii,
    }
}

/// A line on standard error, or several; a closed one is no failure. Names of files may stand in it,
/// which hold whatever somebody wrote into them.
pub(super) fn tell(text: &str) {
    let told = writeln!(io::stderr().lock(), "{}", clean_lines(text));
    drop(told);
}
