//! Names that the program knows by heart, read back from a file: each is kept once, and few of
//! them, so that a file cannot fill the memory with new ones.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// More names than any version of this program has.
const MOST: usize = 2000;
/// The longest of them.
const LONGEST: usize = 200;

/// A name that is kept once. Written so, serde does not take it for a part of what it reads.
pub type KnownName = &'static str;

static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The one copy of `name`; `None` if it is too long, or there are too many.
pub fn intern(name: &str) -> Option<&'static str> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.get(name) {
        return Some(known);
    }
    if name.len() > LONGEST || known.len() >= MOST {
        return None;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    known.insert(kept);
    Some(kept)
}

/// Reads such a name.
///
/// # Errors
/// If it is none.
pub fn interned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let name = String::deserialize(deserializer)?;
    intern(&name).ok_or_else(|| D::Error::custom("no name that this program knows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_a_long_one_not_at_all() {
        let first = intern("TimeoutStopSec").unwrap();
        assert!(std::ptr::eq(first, intern("TimeoutStopSec").unwrap()));
        assert_eq!(intern(&"x".repeat(LONGEST + 1)), None);
    }
}
