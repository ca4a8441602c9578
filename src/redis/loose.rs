//! A JSON value of whatever kind: Sidekiq's fields changed their kinds over the versions (a
//! number became a string, seconds became milliseconds), and none of that may spoil a row.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A scalar, borrowed where it can be. Lists and objects are read over.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Loose<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Flag(bool),
    #[default]
    Nothing,
}

impl Loose<'_> {
    /// A text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Flag(_) | Self::Nothing => None,
        }
    }

    /// A finite number, also one written as a text.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Flag(_) | Self::Nothing => None,
        }
        .filter(|number: &f64| number.is_finite())
    }

    /// Seconds since 1970. Sidekiq 8 writes milliseconds where 7 wrote seconds (8.1.7
    /// `lib/sidekiq/job_util.rb:61-66`), and both stand side by side during an upgrade: in
    /// seconds 1e11 is the year 5138, in milliseconds 1973.
    pub(super) fn epoch(&self) -> Option<f64> {
        self.number()
            .map(|time| if time > 1e11 { time / 1000.0 } else { time })
    }

    /// A whole number, zero or more.
    pub(super) fn count(&self) -> Option<u64> {
        self.number().and_then(whole)
    }

    /// Whether it is `true`, also as a text.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Text(text) => text == "true",
            Self::Number(_) | Self::Nothing => false,
        }
    }
}

/// A count from a number; `None` below zero and beyond what a count can be.
pub(super) fn whole(number: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the condition"
    )]
    (0.0..1e15).contains(&number).then_some(number as u64)
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Loose<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Loose::Flag(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "times and counts of any real process fit"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "times and counts of any real process fit"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Nothing)
    }
}
