//! Standard output: written whole, and a reader that has gone is no failure.

use std::io::{self, Write};

use super::Failure;

/// Writes `text` to standard output. A pipe that nobody reads any more is success.
pub(super) fn write(text: &[u8]) -> Result<(), Failure> {
    reached(text).map(drop)
}

/// As [`write`]; tells whether anybody reads.
pub(super) fn reached(text: &[u8]) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Output(error)),
    }
}

/// One JSON object on one line.
pub(super) fn write_json<T: serde::Serialize>(value: &T) -> Result<(), Failure> {
    let mut text = serde_json::to_vec(value).map_err(|error| Failure::Output(error.into()))?;
    text.push(b'\n');
    write(&text)
}

/// One line on standard error; a closed one is no failure.
pub(super) fn tell(line: &str) {
    let told = writeln!(io::stderr().lock(), "{line}");
    drop(told);
}
