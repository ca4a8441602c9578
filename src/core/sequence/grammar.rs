//! The grammar `signal, seconds, signal, seconds, …`: text in, a sequence or one located
//! problem out. It never guesses: what it cannot read it names.

use std::fmt;
use std::str::FromStr;

use super::{Sequence, Signal, Step};
use crate::core::clean::clean;

/// A rejected sequence: which item, where it stands, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrammarError {
    /// Number of the item, from 1; 0 when there is no item at all.
    pub item: usize,
    /// Column of the item's first character in the text, from 1.
    pub column: usize,
    /// The fault.
    pub problem: Problem,
}

/// The faults of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing between two commas, or nothing at all.
    Empty,
    /// A signal was due and these seconds stand there.
    SecondsForSignal(String),
    /// Seconds were due and this signal stands there.
    SignalForSeconds(Signal),
    /// A word that names no signal.
    UnknownSignal {
        /// The word as written.
        word: String,
        /// The signal that was probably meant.
        nearest: Option<Signal>,
    },
    /// Not a whole number of seconds.
    NotSeconds {
        /// The word as written.
        word: String,
        /// The number of seconds that was probably meant (`2m` is 120).
        meant: Option<u64>,
    },
    /// More seconds than can be waited.
    TooLong(String),
    /// The sequence ends with a wait.
    EndsWithWait,
    /// Something stands after KILL.
    AfterKill(String),
}

impl TryFrom<String> for Sequence {
    type Error = GrammarError;

    fn try_from(text: String) -> Result<Self, GrammarError> {
        text.parse()
    }
}

impl From<Sequence> for String {
    fn from(sequence: Sequence) -> Self {
        sequence.to_string()
    }
}

impl GrammarError {
    /// The problem alone, as a sentence without the place.
    pub fn reason(&self) -> String {
        match &self.problem {
            Problem::Empty if self.item == 0 => "the sequence is empty".into(),
            Problem::Empty => "nothing stands here".into(),
            Problem::SecondsForSignal(word) => format!("`{word}` stands where a signal is due"),
            Problem::SignalForSeconds(signal) => {
                format!(
                    "`{}` stands where seconds are due",
                    signal.name().to_lowercase()
                )
            }
            Problem::UnknownSignal { word, nearest } => match nearest {
                Some(signal) => {
                    format!(
                        "unknown signal `{word}`: did you mean `{}`?",
                        signal.name().to_lowercase()
                    )
                }
                None => format!("unknown signal `{word}`"),
            },
            Problem::NotSeconds { word, meant } => match meant {
                Some(seconds) => {
                    format!("`{word}` is not a whole number of seconds: did you mean `{seconds}`?")
                }
                None => format!("`{word}` is not a whole number of seconds"),
            },
            Problem::TooLong(word) => format!("`{word}` seconds are more than can be waited"),
            Problem::EndsWithWait => "the sequence ends with a wait that nothing follows".into(),
            Problem::AfterKill(word) => {
                format!("nothing after KILL can run, and `{word}` follows it")
            }
        }
    }

    /// The right word at this place.
    pub fn expected(&self) -> &'static str {
        match self.problem {
            Problem::AfterKill(_) => "the end of the sequence",
            Problem::EndsWithWait => "a signal after it",
            Problem::SignalForSeconds(_) | Problem::NotSeconds { .. } | Problem::TooLong(_) => {
                "whole seconds, such as 30"
            }
            Problem::Empty if self.item > 0 && self.item.is_multiple_of(2) => {
                "whole seconds, such as 30"
            }
            Problem::Empty | Problem::SecondsForSignal(_) | Problem::UnknownSignal { .. } => {
                "a signal, such as tstp, term or kill"
            }
        }
    }
}

impl fmt::Display for GrammarError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "item {}, column {}: {}; expected {} (signals and whole seconds alternate: tstp, 120, term, 30, kill)",
            self.item.max(1),
            self.column,
            self.reason(),
            self.expected()
        )
    }
}

impl std::error::Error for GrammarError {}

impl FromStr for Sequence {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Self, GrammarError> {
        if text.trim().is_empty() {
            return Err(GrammarError {
                item: 0,
                column: 1,
                problem: Problem::Empty,
            });
        }
        let mut steps = Vec::new();
        let mut before = 0;
        for (index, raw) in text.split(',').enumerate() {
            let word = raw.trim();
            let leading = raw.len() - raw.trim_start().len();
            let blanks = if word.is_empty() { 0 } else { leading };
            let column = before + raw[..blanks].chars().count() + 1;
            before += raw.chars().count() + 1;
            let step =
                read(word, index % 2 == 0, steps.last()).map_err(|problem| GrammarError {
                    item: index + 1,
                    column,
                    problem,
                })?;
            steps.push((step, column));
        }
        if let Some((Step::Wait(_), column)) = steps.last() {
            return Err(GrammarError {
                item: steps.len(),
                column: *column,
                problem: Problem::EndsWithWait,
            });
        }
        Ok(Self::from_steps(
            steps.into_iter().map(|(step, _)| step).collect(),
        ))
    }
}

/// Reads one item, given whether a signal is due and what stood before it.
fn read(word: &str, signal_due: bool, last: Option<&(Step, usize)>) -> Result<Step, Problem> {
    let shown = || clean(word, 40);
    if let Some((Step::Signal(Signal::Kill), _)) = last {
        return Err(Problem::AfterKill(shown()));
    }
    if word.is_empty() {
        return Err(Problem::Empty);
    }
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    if signal_due {
        if digits {
            return Err(Problem::SecondsForSignal(shown()));
        }
        return word
            .parse()
            .map(Step::Signal)
            .map_err(|unknown: super::UnknownSignal| Problem::UnknownSignal {
                word: unknown.word,
                nearest: unknown.nearest,
            });
    }
    if !digits {
        return Err(word.parse().map_or_else(
            |_| Problem::NotSeconds {
                word: shown(),
                meant: with_suffix(word),
            },
            Problem::SignalForSeconds,
        ));
    }
    // A wait above 136 years is a slip, and its sums could overflow.
    word.parse::<u32>()
        .map(|seconds| Step::Wait(u64::from(seconds)))
        .map_err(|_| Problem::TooLong(shown()))
}

/// The seconds that `2m`, `30s` or `1h` stand for in other tools' syntax.
fn with_suffix(word: &str) -> Option<u64> {
    let unit = match word.chars().last()?.to_ascii_lowercase() {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return None,
    };
    let number: u32 = word[..word.len() - 1].trim().parse().ok()?;
    Some(u64::from(number) * unit)
}
