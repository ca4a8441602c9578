//! A page of text in a box: help, result, one job, one process.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::fit;
use super::frame::bordered;
use super::look::Tone;
use super::view::{View, put};
use crate::console::{PageLine, lines, title};
use crate::core::session::Kind;

/// Cells for the names of values.
const LABEL: usize = 16;

/// Draws the page that is shown.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let all = lines(view.session, view.console, view.now);
    let scroll = view.console.scroll.min(all.len().saturating_sub(1));
    let rehearsal = match view.session.setting.kind {
        Kind::Rehearsal => "REHEARSAL: ",
        Kind::Live | Kind::ReadOnly | Kind::Demo | Kind::Replay | Kind::Watching => "",
    };
    let block = bordered(view.look).title(format!(" {rehearsal}{} ", title(view.console)));
    let inner = block.inner(area);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let height = usize::from(inner.height);
    let mut row = 0;
    let mut shown = scroll;
    for line in &all[scroll..] {
        for text in set(line, usize::from(inner.width), view) {
            put(buffer, inner, row, &text);
            row += 1;
        }
        if row > height {
            break;
        }
        shown += 1;
    }
    let block = if shown < all.len() || scroll > 0 {
        let note = format!(" {} of {}, j and k move ", shown.min(all.len()), all.len());
        block.title_bottom(note)
    } else {
        block
    };
    block.render(area, buffer);
}

/// A line, wrapped, with its name beside it.
fn set(line: &PageLine, cells: usize, view: &View<'_>) -> Vec<Line<'static>> {
    let tone = Tone::from(line.weight);
    if line.label.is_empty() {
        let wrapped = fit::wrap(&line.text, cells);
        return wrapped
            .into_iter()
            .map(|text| Line::from(view.span(tone, text)))
            .collect();
    }
    let label = fit::width(&line.label).clamp(LABEL.min(cells / 3), cells / 2);
    let wrapped = fit::wrap(&line.text, cells.saturating_sub(label + 1));
    let label_tone = if tone == Tone::Faint {
        tone
    } else {
        Tone::Strong
    };
    wrapped
        .into_iter()
        .enumerate()
        .map(|(index, text)| {
            let name = if index == 0 { line.label.as_str() } else { "" };
            Line::from(vec![
                view.span(label_tone, fit::left(name, label)),
                view.span(tone, format!(" {text}")),
            ])
        })
        .collect()
}
