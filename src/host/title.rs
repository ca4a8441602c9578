//! Command lines, read: what a process says it is, and the timeout that it was given. Pure; a
//! title is what a process chose to write, so it is shown and joined, never proof of identity.

mod keeper;
mod words;

#[cfg(test)]
mod tests;

use crate::core::clean::clean_bytes;
use crate::core::fleet::Title;

pub(super) use keeper::keeper;
use words::{Program, first_argument, program};

/// A title is cut at this many characters.
const TITLE_LIMIT: usize = 400;

/// The meaning of a command line (`/proc/PID/cmdline`: arguments ended by NULs, or the title that
/// the process wrote over them) says.
pub fn title(command_line: &[u8]) -> Title {
    if let Some(title) = beating(first_argument(command_line)) {
        return title;
    }
    match program(command_line) {
        Some(Program::Swarm) => Title::Swarm,
        Some(Program::Sidekiq) => Title::Booting(printed(command_line)),
        None => Title::Other(printed(command_line)),
    }
}

/// A command line for people: arguments with blanks between them.
pub(super) fn printed(command_line: &[u8]) -> String {
    let line = command_line.trim_ascii_end();
    let end = line.iter().rposition(|byte| *byte != 0);
    let spaced: Vec<u8> = line[..end.map_or(0, |end| end + 1)]
        .iter()
        .map(|byte| if *byte == 0 { b' ' } else { *byte })
        .collect();
    clean_bytes(&spaced, TITLE_LIMIT)
}

/// `sidekiq VERSION TAG [B of C busy] stopping` (`lib/sidekiq/launcher.rb`, `PROCTITLES`, joined
/// by blanks: an empty tag leaves two). The tag may hold anything, so the count is sought from the
/// right; an application may add words of its own behind it.
fn beating(line: &[u8]) -> Option<Title> {
    let rest = line.strip_prefix(b"sidekiq ")?;
    let blank = rest.iter().position(|byte| *byte == b' ')?;
    let (version, rest) = rest.split_at(blank);
    if !is_version(version) {
        return None;
    }
    let (tag, busy, concurrency, after) = split_at_count(&rest[1..])?;
    Some(Title::Beating {
        version: clean_bytes(version, 40),
        tag: clean_bytes(tag.strip_suffix(b" ").unwrap_or(tag), 200),
        busy,
        concurrency,
        stopping: after
            .split(|byte| *byte == b' ')
            .any(|word| word == b"stopping"),
    })
}

/// Digits, a dot, and whatever a gem version may hold after them (`8.0.0.beta1`).
fn is_version(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && word.get(digits) == Some(&b'.')
}

/// Splits at the last `[B of C busy]`: what stands before, B, C, and what stands behind.
fn split_at_count(text: &[u8]) -> Option<(&[u8], u64, u64, &[u8])> {
    const END: &[u8] = b" busy]";
    let mut searched = text;
    loop {
        let end = searched.windows(END.len()).rposition(|part| part == END)?;
        let open = searched[..end].iter().rposition(|byte| *byte == b'[')?;
        if let Some((busy, concurrency)) = count(&searched[open + 1..end]) {
            return Some((&text[..open], busy, concurrency, &text[end + END.len()..]));
        }
        searched = &searched[..end];
    }
}

/// `B of C`.
fn count(text: &[u8]) -> Option<(u64, u64)> {
    let (busy, concurrency) = std::str::from_utf8(text).ok()?.split_once(" of ")?;
    Some((busy.parse().ok()?, concurrency.parse().ok()?))
}
