//! The last things that changed something, and what the console has to say to the operator.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::Tone;
use super::view::{View, say};
use crate::console::time_of_day;

/// Draws the last records; a notice takes the place of the last line.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let height = usize::from(area.height);
    let notice = view.console.memory.notice.as_deref();
    let room = height.saturating_sub(usize::from(notice.is_some()));
    let last: Vec<_> = view
        .session
        .journal
        .iter()
        .rev()
        .filter(|record| record.is_public())
        .take(room)
        .collect();
    if last.is_empty() && room > 0 {
        let text = " journal  nothing has been sent";
        say(buffer, area, 0, view.look, Tone::Faint, text);
    }
    for (row, record) in last.iter().rev().enumerate() {
        let lead = if row == 0 { "journal" } else { "" };
        let text = format!(" {lead:<7}  {} {record}", time_of_day(record.at));
        say(buffer, area, row, view.look, Tone::Plain, &text);
    }
    if let Some(notice) = notice
        && height > 0
    {
        let text = format!(" {notice} ");
        say(buffer, area, height - 1, view.look, Tone::Selected, &text);
    }
}
