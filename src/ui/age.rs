//! The age of what a process said last, in steps of its beat.

use crate::console::span;
use crate::core::fleet::Process;
use crate::core::moment::Moment;

/// A beat shows up this much after it was due: the period, and the look that reads it.
const LATE: std::time::Duration = std::time::Duration::from_secs(2);

/// How old a reading is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Age {
    /// Whole beats by which it is late: past one it is grey, past two it is marked.
    pub(super) beats: u128,
    /// In words; `!` stands before one that is past two beats.
    pub(super) words: String,
}

/// The age of the last beat of `process`.
pub(super) fn age(process: &Process, now: Moment) -> Age {
    let Some(beat) = &process.beat else {
        return Age {
            beats: 0,
            words: "none".into(),
        };
    };
    let period = process.beat_period();
    let beats = beat.age(now).saturating_sub(LATE).as_millis() / period.as_millis().max(1);
    let steps = u32::try_from(beats.min(6)).unwrap_or(6);
    let words = match beats {
        0 => format!("<{} s", period.as_secs()),
        1 => format!(">{} s", period.as_secs()),
        2..6 => format!("!>{}", span(period * steps)),
        _ => format!("!{}", span(beat.age(now).max(period * 6))),
    };
    Age { beats, words }
}
