//! The source of every panel: the session, the console and the rows, gathered once per
//! frame. Nothing in it changes while a frame is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fit;
use super::look::{Theme, Tone};
use crate::console::{Console, Folded, JobRow, TableRow, folded, job_rows, table_rows};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::outlook::Outlooks;
use crate::core::session::Session;

/// A frame's worth of everything.
pub(super) struct View<'a> {
    /// The knowledge so far.
    pub(super) session: &'a Session,
    /// Where the operator is.
    pub(super) console: &'a Console,
    /// The moment of this frame.
    pub(super) now: Moment,
    /// How it looks.
    pub(super) look: Theme,
    /// The processes that are drained, or would be.
    pub(super) targets: Vec<ProcessKey>,
    /// The outlook of their jobs.
    pub(super) outlooks: Outlooks<'a>,
    /// The rows of the process table.
    pub(super) processes: Vec<TableRow<'a>>,
    /// The rows that the table folds into one line.
    pub(super) folded: Folded,
    /// The rows of the job table.
    pub(super) jobs: Vec<JobRow<'a>>,
}

impl<'a> View<'a> {
    /// Gathers what a frame needs.
    pub(super) fn new(
        session: &'a Session,
        console: &'a Console,
        now: Moment,
        look: Theme,
    ) -> Self {
        let targets = console.targets(session);
        let listing = &console.listing;
        Self {
            processes: table_rows(session, &targets, listing),
            folded: folded(session, &targets, listing),
            jobs: job_rows(session, &targets, listing),
            outlooks: Outlooks::new(session.situation(now), &targets),
            targets,
            session,
            console,
            now,
            look,
        }
    }

    /// A piece of text in a tone.
    pub(super) fn span(&self, tone: Tone, text: impl Into<String>) -> Span<'static> {
        self.look.span(tone, text)
    }
}

/// The first cell of a row: that of the selected one points to it, dim where the keys move in the
/// other table.
pub(super) fn cursor_of(view: &View<'_>, selected: bool, focused: bool) -> Span<'static> {
    let tone = if focused { Tone::Selected } else { Tone::Faint };
    let cursor = view.look.glyph('▸', '>').to_string();
    view.span(tone, if selected { cursor } else { " ".into() })
}

/// Draws `line` in row `row` of `area`, cut at its right edge.
pub(super) fn put(buffer: &mut Buffer, area: Rect, row: usize, line: &Line<'_>) {
    if let Ok(row) = u16::try_from(row)
        && row < area.height
    {
        buffer.set_line(area.x, area.y + row, line, area.width);
    }
}

/// Draws `text` in a tone in row `row` of `area`, cut with a mark at its right edge.
pub(super) fn say(
    buffer: &mut Buffer,
    area: Rect,
    row: usize,
    look: Theme,
    tone: Tone,
    text: &str,
) {
    let text = fit::cut(text, usize::from(area.width));
    put(buffer, area, row, &Line::from(look.span(tone, text)));
}

/// The rows of a table that a window of `height` rows shows, such that `selected` is among
/// them. The window moves by whole pages: a step inside it repaints two rows, not all.
pub(super) fn window(selected: usize, rows: usize, height: usize) -> std::ops::Range<usize> {
    if height == 0 {
        return 0..0;
    }
    let first = (selected / height * height).min(rows.saturating_sub(height));
    first..rows.min(first + height)
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn the_window_holds_the_selection_and_moves_by_pages() {
        assert_eq!(window(0, 3, 10), 0..3);
        assert_eq!(window(9, 10_000, 10), 0..10);
        assert_eq!(window(10, 10_000, 10), 10..20);
        assert_eq!(window(9_999, 10_000, 10), 9_990..10_000);
        assert_eq!(window(11, 12, 10), 2..12);
        assert_eq!(window(5, 12, 0), 0..0);
    }
}
