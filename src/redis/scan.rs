//! Steps through a sorted set. It builds commands and reads answers; the search decides how far
//! to go.

use redis::{Cmd, Value};

use super::commands::Read;
use super::decode::{bulk, list};
use super::pages::Piece;

/// Members per step through a set that Redis compares by itself.
pub(super) const STEP: usize = 1_000;

/// A way through a sorted set.
pub(super) struct Scan {
    cursor: Vec<u8>,
    pattern: Option<String>,
    piece: Piece,
}

impl Scan {
    pub(super) fn new(pattern: Option<String>) -> Self {
        Self {
            cursor: b"0".to_vec(),
            pattern,
            piece: Piece::first(),
        }
    }

    pub(super) fn step(&self) -> usize {
        if self.pattern.is_some() {
            STEP
        } else {
            self.piece.size()
        }
    }

    pub(super) fn command(&self, key: &[u8]) -> Cmd {
        let mut command = Read::SortedSetScan.of(key);
        command.arg(&self.cursor);
        if let Some(pattern) = &self.pattern {
            command.arg("MATCH").arg(pattern);
        }
        command.arg("COUNT").arg(self.step());
        command
    }

    pub(super) fn goes_on(&mut self, cursor: Vec<u8>, members: usize, bytes: usize) -> bool {
        self.piece.weighed(members, bytes);
        self.cursor = cursor;
        self.cursor != b"0"
    }
}

/// A pattern for everything that holds this id; what Redis would read as a wildcard is escaped.
pub(super) fn pattern(jid: &str) -> String {
    let mut pattern = String::with_capacity(jid.len() + 2);
    pattern.push('*');
    for character in jid.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

/// The next cursor and the members of one step; their scores are left out.
pub(super) fn step(answer: Value) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let mut parts = parts.into_iter();
    let cursor = bulk(parts.next()?)?;
    let members = list(parts.next()?).ok()?.into_iter().step_by(2).collect();
    Some((cursor, members))
}
