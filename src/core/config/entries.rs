//! The top level of a YAML file as a list of keys and values in their order, each with its
//! line. `serde_yaml` decides what the text means, `granit` only says where it stands; a key
//! that stands twice is kept twice, so that it can be named.

use std::fmt;

use granit_parser::{Event, Parser};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_yaml::Value;

use super::ConfigError;
use crate::core::clean::clean;

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct ConfigEntry {
    /// The key as text, clean.
    pub(super) key: String,
    /// The value behind it.
    pub(super) value: Value,
    /// Line of the key.
    pub(super) line: Option<usize>,
}

/// The entries of a file, or the one error that keeps it from being read at all.
pub(super) fn entries(text: &str) -> Result<Vec<ConfigEntry>, ConfigError> {
    let located = KeyLines::in_text(text);
    if located.nodes == 0 && located.complete {
        return Ok(Vec::new());
    }
    let pairs: KeyPairs = serde_yaml::from_str(text).map_err(|error| unreadable(&error))?;
    let complete = located.lines.len() == pairs.0.len();
    Ok(pairs
        .0
        .into_iter()
        .enumerate()
        .map(|(index, (key, value))| ConfigEntry {
            key: key_text(&key),
            value,
            line: complete.then(|| located.lines[index]),
        })
        .collect())
}

/// The error of a text that is no YAML, or not keys with values.
fn unreadable(error: &serde_yaml::Error) -> ConfigError {
    let place = error.location();
    let message = clean(&error.to_string(), 300);
    let mapping = message.contains("expected keys with values");
    let problem = match &place {
        _ if mapping => "the file does not consist of keys and values".into(),
        Some(place) => format!("column {}: not valid YAML: {message}", place.column()),
        None => format!("not valid YAML: {message}"),
    };
    ConfigError {
        line: place.map(|place| place.line().max(1)),
        path: String::new(),
        problem,
        expected: if mapping {
            "lines such as `timeout: 25`".into()
        } else {
            String::new()
        },
        suggestion: None,
        rejected_sequence: false,
    }
}

/// A key as people wrote it; keys that are no text show their kind.
fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => clean(text, 60),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null => "(no key)".into(),
        Value::Sequence(_) => "(a list)".into(),
        Value::Mapping(_) => "(keys and values)".into(),
        Value::Tagged(_) => "(a tagged value)".into(),
    }
}

/// All keys with their values, in order, twofold ones included.
struct KeyPairs(Vec<(Value, Value)>);

impl<'de> Deserialize<'de> for KeyPairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = KeyPairs;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("keys with values")
    }

    fn visit_unit<E>(self) -> Result<KeyPairs, E> {
        Ok(KeyPairs(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeyPairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(KeyPairs(pairs))
    }
}

/// The lines of the keys at the top level.
struct KeyLines {
    lines: Vec<usize>,
    nodes: usize,
    complete: bool,
}

impl KeyLines {
    fn in_text(text: &str) -> Self {
        let mut located = Self {
            lines: Vec::new(),
            nodes: 0,
            complete: true,
        };
        // Depth 1 is inside the top-level mapping; there keys and values alternate.
        let (mut depth, mut position) = (0_usize, 0_usize);
        for event in Parser::new_from_str(text) {
            let Ok((event, span)) = event else {
                located.complete = false;
                break;
            };
            let opens = matches!(event, Event::MappingStart(..) | Event::SequenceStart(..));
            let closes = matches!(event, Event::MappingEnd | Event::SequenceEnd);
            let stands_alone = matches!(event, Event::Scalar(..) | Event::Alias(..));
            if opens || stands_alone {
                located.nodes += 1;
                if depth == 1 {
                    if position.is_multiple_of(2) {
                        located.lines.push(span.start.line());
                    }
                    position += 1;
                }
            }
            depth = if opens {
                depth + 1
            } else {
                depth.saturating_sub(usize::from(closes))
            };
        }
        located
    }
}
