//! The configuration, one value at a time: the YAML value in, the thing it stands for or what
//! is wrong with it out. Nothing here knows a key's name.

use std::path::PathBuf;
use std::time::Duration;

use serde_yaml::Value;

use super::UnknownWord;
use crate::core::clean::clean;
use crate::core::fleet::RedisAddress;
use crate::core::sequence::Sequence;

/// Why a value cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    /// The fault.
    pub(super) problem: String,
    /// The right form.
    pub(super) expected: &'static str,
    /// The likely meaning.
    pub(super) suggestion: Option<String>,
    /// Whether the grammar of stop sequences rejects it.
    pub(super) rejected_sequence: bool,
}

impl Rejection {
    pub(super) fn new(problem: impl Into<String>, expected: &'static str) -> Self {
        Self {
            problem: problem.into(),
            expected,
            suggestion: None,
            rejected_sequence: false,
        }
    }
}

impl From<UnknownWord> for Rejection {
    fn from(unknown: UnknownWord) -> Self {
        Self {
            suggestion: unknown.nearest.map(str::to_owned),
            ..Self::new(
                format!("`{}` is not known here", unknown.word),
                unknown.expected,
            )
        }
    }
}

/// A text that is no number of seconds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}; expected {SECONDS}", .meant.as_ref().map(|m| format!(": did you mean `{m}`?")).unwrap_or_default())]
pub struct NotSeconds {
    /// The fault.
    pub problem: String,
    /// The number that was probably meant.
    pub meant: Option<String>,
}

const SECONDS: &str = "seconds as a number without a unit, such as 25 or 7.5";

/// The longest span taken: as many seconds as a wait of a sequence may have.
const LONGEST: f64 = 4_294_967_295.0;

/// Seconds from a flag's text: a number, possibly with a fraction, never negative.
pub fn seconds_from_text(text: &str) -> Result<Duration, NotSeconds> {
    let shown = clean(text, 40);
    let text = text.trim();
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b".-+".contains(&b));
    match text.parse::<f64>() {
        Ok(seconds) if plain => span(seconds, &shown),
        _ => Err(NotSeconds {
            problem: if text.is_empty() {
                "nothing stands here".into()
            } else {
                format!("`{shown}` is not a number")
            },
            meant: with_unit(text),
        }),
    }
}

/// The span of so many seconds, if it is one.
fn span(seconds: f64, shown: &str) -> Result<Duration, NotSeconds> {
    let problem = if seconds.is_nan() || seconds.is_infinite() || seconds > LONGEST {
        "is more than can be waited"
    } else if seconds < 0.0 {
        "is less than nothing"
    } else {
        return Ok(Duration::from_secs_f64(seconds));
    };
    Err(NotSeconds {
        problem: format!("`{shown}` {problem}"),
        meant: None,
    })
}

/// The number of seconds that `60s`, `2m`, `1h` or `500ms` stand for.
fn with_unit(text: &str) -> Option<String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let factor = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "ms" => 0.001,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    };
    let seconds = digits.parse::<f64>().ok()? * factor;
    (0.0..=LONGEST)
        .contains(&seconds)
        .then(|| seconds.to_string())
}

/// Seconds, possibly with a fraction.
pub(super) fn seconds(value: &Value) -> Result<Duration, Rejection> {
    let read = match value {
        Value::Number(number) => span(number.as_f64().unwrap_or(f64::NAN), &number.to_string()),
        // A number in quotes is a text; saying so is of more use than guessing.
        Value::String(text) => match seconds_from_text(text) {
            Ok(_) => Err(NotSeconds {
                problem: format!("`\"{}\"` is a text", clean(text, 40)),
                meant: Some(clean(text.trim(), 40)),
            }),
            Err(wrong) => Err(wrong),
        },
        Value::Null
        | Value::Bool(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Tagged(_) => Err(NotSeconds {
            problem: found(value),
            meant: None,
        }),
    };
    read.map_err(|wrong| Rejection {
        suggestion: wrong.meant,
        ..Rejection::new(wrong.problem, SECONDS)
    })
}

/// Seconds between two refreshes.
pub(super) fn refresh(value: &Value) -> Result<Duration, Rejection> {
    let span = seconds(value)?;
    if (0.2..=3600.0).contains(&span.as_secs_f64()) {
        return Ok(span);
    }
    Err(Rejection::new(
        format!("{} is out of range", span.as_secs_f64()),
        "0.2 to 3600 seconds",
    ))
}

/// `true` or `false`.
pub(super) fn truth(value: &Value) -> Result<bool, Rejection> {
    if let Value::Bool(truth) = value {
        return Ok(*truth);
    }
    let meant = value
        .as_str()
        .and_then(|text| match text.to_lowercase().as_str() {
            "yes" | "on" | "y" | "true" => Some("true"),
            "no" | "off" | "n" | "false" => Some("false"),
            _ => None,
        });
    Err(Rejection {
        suggestion: meant.map(str::to_owned),
        ..Rejection::new(found(value), "true or false")
    })
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Result<&str, Rejection> {
    match value.as_str() {
        Some(text) if !text.trim().is_empty() => Ok(text),
        Some(_) => Err(Rejection::new("an empty text", "a text")),
        None => Err(Rejection::new(found(value), "a text")),
    }
}

/// A word out of a few.
pub(super) fn word<T: std::str::FromStr<Err = UnknownWord>>(value: &Value) -> Result<T, Rejection> {
    let read = value.as_str().unwrap_or_default().parse();
    read.map_err(|unknown: UnknownWord| match value.as_str() {
        Some(_) => Rejection::from(unknown),
        None => Rejection::new(found(value), unknown.expected),
    })
}

/// A path from the root: a relative one would mean another place in each working directory.
pub(super) fn path(value: &Value) -> Result<PathBuf, Rejection> {
    const EXPECTED: &str = "a path that begins with /";
    let text = value
        .as_str()
        .ok_or_else(|| Rejection::new(found(value), EXPECTED))?;
    let path = PathBuf::from(text);
    if path.is_absolute() {
        return Ok(path);
    }
    let problem = if text.starts_with('~') {
        format!("`{}`: `~` is not expanded here", clean(text, 120))
    } else {
        format!("`{}` is relative", clean(text, 120))
    };
    Err(Rejection::new(problem, EXPECTED))
}

/// A program with its arguments. No shell reads them, so that nothing in a job's name can ever be
/// a command; a relative path would mean another program in each working directory.
pub(super) fn program(value: &Value) -> Result<Vec<String>, Rejection> {
    const EXPECTED: &str = "a list of words that begins with the path of a program, such as [/usr/local/bin/post, drain]";
    let Value::Sequence(items) = value else {
        return Err(Rejection::new(found(value), EXPECTED));
    };
    let word = |item: &Value| match item {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null
        | Value::Bool(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Tagged(_) => Err(Rejection::new(found(item), EXPECTED)),
    };
    let words = items.iter().map(word).collect::<Result<Vec<_>, _>>()?;
    match words.first() {
        Some(program) if program.starts_with('/') => Ok(words),
        Some(program) => Err(Rejection::new(
            format!("`{}` is no path from the root", clean(program, 120)),
            EXPECTED,
        )),
        None => Err(Rejection::new("an empty list", EXPECTED)),
    }
}

/// An address of Redis. What was written is never repeated: it may hold a password.
pub(super) fn address(value: &Value) -> Result<RedisAddress, Rejection> {
    const EXPECTED: &str =
        "an address such as redis://127.0.0.1:6379/0, rediss://, unix:/PATH or sentinel://";
    let Some(text) = value.as_str() else {
        return Err(Rejection::new("not a text", EXPECTED));
    };
    if is_address(text) {
        return Ok(RedisAddress::new(text.trim()));
    }
    Err(Rejection::new("not an address of a Redis", EXPECTED))
}

/// Whether `text` begins like an address of a Redis: a scheme, or the path of a socket.
pub fn is_address(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    [
        "/",
        "redis://",
        "rediss://",
        "unix:/",
        "redis+unix:/",
        "sentinel://",
        "sentinels://",
        "redis+sentinel://",
        "rediss+sentinel://",
    ]
    .iter()
    .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
}

/// A stop sequence as text, or as a list (the second value then says so).
pub(super) fn sequence(value: &Value) -> Result<(Sequence, bool), (Option<usize>, Rejection)> {
    let listed = value.as_sequence().is_some();
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Sequence(items) => joined(items)?,
        Value::Null | Value::Bool(_) | Value::Mapping(_) | Value::Tagged(_) => {
            return Err((
                None,
                Rejection::new(found(value), "a text such as tstp, 120, term, 30, kill"),
            ));
        }
    };
    let read: Result<Sequence, _> = text.parse();
    read.map(|sequence| (sequence, listed)).map_err(|error| {
        let place = if listed {
            format!("item {}", error.item.max(1))
        } else {
            format!("item {}, column {}", error.item.max(1), error.column)
        };
        let rejection = Rejection {
            rejected_sequence: true,
            ..Rejection::new(format!("{place}: {}", error.reason()), error.expected())
        };
        (None, rejection)
    })
}

/// The items of a list as the text of a sequence.
fn joined(items: &[Value]) -> Result<String, (Option<usize>, Rejection)> {
    let mut words = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        words.push(match item {
            Value::String(text) => text.replace(',', ";"),
            Value::Number(number) => number.to_string(),
            Value::Null
            | Value::Bool(_)
            | Value::Sequence(_)
            | Value::Mapping(_)
            | Value::Tagged(_) => {
                let rejection = Rejection::new(found(item), "a signal or whole seconds");
                return Err((Some(index), rejection));
            }
        });
    }
    Ok(words.join(", "))
}

/// The value there, in words.
fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing stands here".into(),
        Value::Bool(truth) => format!("found {truth}"),
        Value::Number(number) => format!("found the number {number}"),
        Value::String(text) => format!("found the text `{}`", clean(text, 60)),
        Value::Sequence(_) => "found a list".into(),
        Value::Mapping(_) => "found keys and values".into(),
        Value::Tagged(_) => "found a tagged value".into(),
    }
}
