//! The readers of files of inputs, for `crate::readers`.

use std::path::Path;

use serde_json::Value;

use super::chain::Broken;
use super::film::Film;
use super::line::line;
use super::reading::{End, Recording};
use crate::readers::Reader;

pub(crate) const READERS: &[Reader] = &[
    ("recorder/inputs", through),
    // The same behind the checksums, which no random change of a file passes: each line is JSON
    // without one, and gets the right one.
    ("recorder/lines", |bytes| {
        let rows = bytes.split(|byte| *byte == b'\n');
        let values = rows.filter_map(|row| serde_json::from_slice::<Value>(row).ok());
        through(
            values
                .map(|value| line(&value))
                .collect::<String>()
                .as_bytes(),
        );
    }),
];

/// A file from its first line to the end of its film.
fn through(bytes: &[u8]) {
    let Ok(recording) = Recording::from_bytes(bytes, Path::new("r.inputs")) else {
        return;
    };
    let _end: &End = recording.end();
    let rebuilt = recording.is_rebuilt();
    let folded = recording.fold();
    if let Err(Broken::Hole { .. } | Broken::Unknown { .. }) = rebuilt {
        // A recording that cannot reach the end of the run cannot reach the end of the file either.
        assert!(folded.is_err(), "{rebuilt:?}");
    }
    let _left = recording.left();
    if let Some(mut film) = Film::of(&recording) {
        film.go_to_next_record();
        film.go_to(film.end());
        film.go_to(film.begun());
    }
}
