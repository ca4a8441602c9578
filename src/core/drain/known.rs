//! Words of a record that this version may not know.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::core::fate::Fate;

/// A word that this version knows; `None` for any other.
pub(super) fn known_word<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.and_then(|word| word.parse().ok()))
}

/// A fate by its word; a fate that this version does not know is unknown.
pub(super) fn known_fate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fate, D::Error> {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StringDeserializer};
    let word: StringDeserializer<Error> = String::deserialize(deserializer)?.into_deserializer();
    Ok(Fate::deserialize(word).unwrap_or(Fate::Unknown))
}
