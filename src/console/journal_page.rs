//! The page of the journal: every record that this session keeps, with its time, whole.

use super::page_line::{LineWeight, PageLine};
use super::words::{short_ids, time_of_day};
use crate::core::session::Session;

/// The lines of the page, the newest first. `filter` is a word that a line must contain.
pub(super) fn lines(session: &Session, filter: &str) -> Vec<PageLine> {
    let filter = filter.to_lowercase();
    let records = session.journal.iter().rev();
    let lines = records
        .filter(|record| record.is_public())
        .map(|record| (time_of_day(record.at), record.to_string()))
        .filter(|(_, text)| text.to_lowercase().contains(&filter))
        .map(|(at, text)| PageLine::fact(&at, short_ids(&text)));
    let mut lines: Vec<PageLine> = lines.collect();
    if lines.is_empty() {
        let text = match filter.as_str() {
            "" => "Nothing has been sent in this session.",
            _ => "No line holds the filter; Esc clears it.",
        };
        lines.push(PageLine::new(LineWeight::Faint, text));
    }
    lines
}
