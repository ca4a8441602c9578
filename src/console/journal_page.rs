//! The page of the journal: every record that this session keeps, with its time, whole.

use super::filter::Filter;
use super::page_line::{LineWeight, PageLine};
use super::words::{short_ids, time_of_day};
use crate::core::session::Session;

/// The lines of the page, the newest first. `filter`: words that a line must contain.
pub(super) fn lines(session: &Session, filter: &str) -> Vec<PageLine> {
    let filter = Filter::of(filter);
    let records = session.journal.iter().rev();
    let lines = records
        .filter(|record| record.is_public())
        .map(|record| (time_of_day(record.at), record.to_string()))
        .filter(|(_, text)| filter.fits(&[text]))
        .map(|(at, text)| PageLine::fact(&at, short_ids(&text)));
    let mut lines: Vec<PageLine> = lines.collect();
    if lines.is_empty() {
        let text = if filter.is_empty() {
            "Nothing has been sent in this session."
        } else {
            "No line fits the filter; Esc clears it."
        };
        lines.push(PageLine::new(LineWeight::Faint, text));
    }
    lines
}
