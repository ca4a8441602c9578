//! Text from outside, made safe for a terminal. Everything that Redis, `/proc` or a log says
//! passes through here before it is kept; nothing else may decide what is printable.

use std::borrow::Cow;

/// Longest name of a queue, a class or a tag that is shown, in characters.
pub const LONGEST_SHOWN: usize = 200;

/// The text without control characters, escape sequences and bidirectional marks, cut at
/// `limit` characters (a `…` stands for the rest).
pub fn clean(text: &str, limit: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(limit));
    let mut characters = text.chars();
    let mut count = 0;
    while let Some(character) = characters.next() {
        if character == '\u{1b}' || character == '\u{9b}' {
            skip_escape(character, &mut characters);
            continue;
        }
        if hides(character) {
            continue;
        }
        if count == limit {
            kept.push('…');
            break;
        }
        kept.push(if character.is_whitespace() {
            ' '
        } else {
            character
        });
        count += 1;
    }
    kept
}

/// As [`clean`], from bytes that need not be UTF-8.
pub fn clean_bytes(bytes: &[u8], limit: usize) -> String {
    let text: Cow<'_, str> = String::from_utf8_lossy(bytes);
    clean(&text, limit)
}

/// As [`clean`] for a text of several lines, which stay apart. Nothing is cut.
pub fn clean_lines(text: &str) -> String {
    let lines = text.split('\n').map(|line| clean(line, usize::MAX));
    lines.collect::<Vec<_>>().join("\n")
}

/// Drops the rest of an escape sequence: CSI up to its final byte, OSC and the like up to BEL
/// or ST, anything else one character.
fn skip_escape(first: char, characters: &mut std::str::Chars<'_>) {
    let kind = if first == '\u{9b}' {
        Some('[')
    } else {
        characters.next()
    };
    match kind {
        Some('[') => {
            for character in characters.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&character) {
                    break;
                }
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let mut escaped = false;
            for character in characters.by_ref() {
                if character == '\u{7}' || character == '\u{9c}' || (escaped && character == '\\') {
                    break;
                }
                escaped = character == '\u{1b}';
            }
        }
        _ => {}
    }
}

/// Whether a terminal would act on this character, or show nothing or something else for it.
fn hides(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t' | '\r'))
        || matches!(character,
            '\u{61c}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_stay_apart_and_are_clean() {
        let told = clean_lines("one\x1b[31m\n  two\u{7}\r\n");
        assert_eq!(told, "one\n  two \n");
    }

    #[test]
    fn escape_sequences_leave_nothing() {
        assert_eq!(
            clean("Re\u{1b}[2Jport\u{1b}]0;owned\u{7}Job", 80),
            "ReportJob"
        );
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{9b}31md", 80), "abcd");
        assert_eq!(clean("two\nlines\tand", 80), "two lines and");
        assert_eq!(clean("abcdef", 3), "abc…");
        assert_eq!(clean_bytes(b"tag\xff", 80), "tag\u{fffd}");
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_obeys_survives(text in "\\PC*|[\\x00-\\x20\\x7f-\\x9f\u{200e}\u{202e}]*|.*") {
            let cleaned = clean(&text, 200);
            prop_assert!(!cleaned.chars().any(|c| c.is_control() || hides(c)));
            prop_assert!(cleaned.chars().count() <= 201);
        }
    }
}
