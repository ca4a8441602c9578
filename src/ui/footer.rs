//! The keys that do something now. What does not fit is left to help, whose key always stands
//! here; the order is that of the table of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fit;
use super::look::Tone;
use super::view::{View, put, say};
use crate::console::{BINDINGS, Binding, Group, KeyAct, Screen};

/// Blanks between two keys.
const GAP: usize = 2;

/// The keys of the footer in lines of `cells` cells, at most `most` of them.
fn rows(view: &View<'_>, cells: usize, most: usize) -> Vec<Vec<&'static Binding>> {
    let possible: Vec<&Binding> = BINDINGS
        .iter()
        .filter(|binding| binding.label.is_some())
        .filter(|binding| (binding.possible)(view.session, view.console))
        .collect();
    let mut shown = possible;
    loop {
        let widths: Vec<usize> = shown.iter().map(|binding| width(binding)).collect();
        let laid = fit::lay(&widths, GAP, cells.saturating_sub(lead(cells)));
        if laid.len() <= most || shown.len() < 2 {
            return laid
                .into_iter()
                .take(most)
                .map(|row| row.into_iter().map(|index| shown[index]).collect())
                .collect();
        }
        shown.remove(least(&shown));
    }
}

/// Which of the keys gives way first: the last that finds one's way, then leaving, then the
/// last that moves the drain. Help stays.
fn least(shown: &[&Binding]) -> usize {
    let last = |wanted: fn(&Binding) -> bool| shown.iter().rposition(|binding| wanted(binding));
    last(|binding| binding.group == Group::Find)
        .or_else(|| last(|binding| binding.act == KeyAct::Quit))
        .or_else(|| last(|binding| !matches!(binding.act, KeyAct::Help | KeyAct::StopHere)))
        .unwrap_or(0)
}

/// Blanks before the first key.
fn lead(cells: usize) -> usize {
    usize::from(cells >= 60)
}

fn width(binding: &Binding) -> usize {
    key(binding).len() + 1 + binding.label.map_or(0, fit::width)
}

fn key(binding: &Binding) -> String {
    binding.keys[0].to_string()
}

/// How many lines the footer takes.
pub(super) fn height(view: &View<'_>, cells: usize, most: usize) -> usize {
    if view.console.listing.typing {
        return 1;
    }
    rows(view, cells, most).len().max(1)
}

/// Draws the keys, or the filter while it is typed.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    let listing = &view.console.listing;
    if listing.typing {
        let filter = if view.console.screen == Screen::Journal {
            &listing.journal
        } else {
            &listing.filter
        };
        let line = Line::from(vec![
            view.span(Tone::Strong, format!(" /{filter}")),
            view.span(Tone::Selected, " "),
            view.span(Tone::Plain, "   Enter keep   Esc clear"),
        ]);
        put(buffer, area, 0, &line);
        return;
    }
    if view.console.dialog.is_some() {
        let text = " the other keys wait for your answer";
        say(buffer, area, 0, view.look, Tone::Faint, text);
        return;
    }
    let rows = rows(view, usize::from(area.width), usize::from(area.height));
    for (row, bindings) in rows.iter().enumerate() {
        let mut spans: Vec<Span<'static>> =
            vec![view.span(Tone::Plain, " ".repeat(lead(usize::from(area.width))))];
        for binding in bindings {
            if spans.len() > 1 {
                spans.push(view.span(Tone::Plain, " ".repeat(GAP)));
            }
            let label = binding.label.unwrap_or_default();
            spans.push(view.span(Tone::Strong, key(binding)));
            spans.push(view.span(Tone::Plain, format!(" {label}")));
        }
        put(buffer, area, row, &Line::from(spans));
    }
}
