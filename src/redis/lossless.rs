//! Bytes as a text from which they come back: JSON readers want UTF-8, and a payload must be
//! kept byte for byte all the same. Bytes that are no UTF-8 pass as characters that nobody
//! writes.

use std::borrow::Cow;

/// The first of the characters that stand for bytes: the end of the last private plane.
const FIRST: u32 = 0x0010_FF00;

/// A text that holds bytes without loss.
pub(super) struct Lossless<'a> {
    text: Cow<'a, str>,
    /// Whether characters stand for bytes.
    replaced: bool,
}

impl<'a> Lossless<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self {
                text: text.into(),
                replaced: false,
            };
        }
        let mut text = String::with_capacity(bytes.len() * 2);
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                match stands_for(character) {
                    // It is one of those characters itself: its bytes pass one by one.
                    Some(_) => {
                        let mut buffer = [0; 4];
                        let own = character.encode_utf8(&mut buffer);
                        text.extend(own.bytes().map(stand_in));
                    }
                    None => text.push(character),
                }
            }
            text.extend(chunk.invalid().iter().copied().map(stand_in));
        }
        Self {
            text: text.into(),
            replaced: true,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of a part of the text, or of what a JSON reader made of it.
    pub(super) fn bytes(&self, part: &str) -> Vec<u8> {
        if !self.replaced {
            return part.as_bytes().to_vec();
        }
        let mut bytes = Vec::with_capacity(part.len());
        for character in part.chars() {
            if let Some(byte) = stands_for(character) {
                bytes.push(byte);
            } else {
                let mut buffer = [0; 4];
                bytes.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            }
        }
        bytes
    }
}

fn stand_in(byte: u8) -> char {
    char::from_u32(FIRST + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn stands_for(character: char) -> Option<u8> {
    u8::try_from(u32::from(character).checked_sub(FIRST)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..60), text in "\\PC{0,10}") {
            let mut whole = bytes;
            whole.extend_from_slice(text.as_bytes());
            whole.extend_from_slice("\u{10ff80}\u{10ffff}".as_bytes());
            let lossless = Lossless::of(&whole);
            prop_assert_eq!(lossless.bytes(lossless.as_str()), whole);
        }
    }
}
