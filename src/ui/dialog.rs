//! The box of an open dialog. What answers it always shows, whatever else must be cut.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::widgets::{Clear, Widget};

use super::fit;
use super::frame::bordered;
use super::look::Tone;
use super::view::{View, say};
use crate::console::{Dialog, Friction};

/// The widest box that reads well.
const WIDEST: usize = 76;

/// Draws `dialog` in the middle of `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, dialog: &Dialog, view: &View<'_>) {
    let width = usize::from(area.width).saturating_sub(2).min(WIDEST);
    let cells = width.saturating_sub(4);
    let answer = answer(dialog, view, cells);
    let mut lines: Vec<String> = dialog
        .lines
        .iter()
        .flat_map(|line| fit::wrap(line, cells))
        .collect();
    let room = usize::from(area.height).saturating_sub(3 + answer.len());
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        lines.push("…".into());
    }
    let height = lines.len() + answer.len() + 3;
    let size = |cells: usize| Constraint::Length(u16::try_from(cells).unwrap_or(u16::MAX));
    let outer = area.centered(size(width), size(height));
    let rows = Rect {
        x: area.x,
        width: area.width,
        ..outer
    };
    Clear.render(rows, buffer);
    let loses = dialog.friction.phrase().is_some();
    let tone = if loses { Tone::Bad } else { Tone::Strong };
    let title = format!(" {} ", fit::cut(&dialog.title, cells));
    let block = bordered(view.look)
        .title(view.span(tone, title))
        .border_style(view.look.style(tone));
    let inner = block.inner(outer);
    block.render(outer, buffer);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    for (row, line) in lines.iter().enumerate() {
        say(buffer, inner, row, view.look, Tone::Plain, line);
    }
    for (row, line) in answer.iter().enumerate() {
        say(
            buffer,
            inner,
            lines.len() + 1 + row,
            view.look,
            Tone::Strong,
            line,
        );
    }
}

/// The possible answers, in lines of `cells` cells.
fn answer(dialog: &Dialog, view: &View<'_>, cells: usize) -> Vec<String> {
    let entry = &dialog.entry;
    let wrong = |words: &str| entry.wrong.then(|| words.to_string());
    let esc = || "Esc: no".to_string();
    let mut pieces: Vec<String> = match &dialog.friction {
        Friction::Yes => vec!["y: yes".into(), "Enter, Esc: no".into()],
        Friction::Reason(_) => {
            // The end of a long line is what is being typed.
            let room = cells.saturating_sub("Why: [_]".len());
            let typed = format!("Why: [{}_]", fit::end(&entry.text, room));
            let said = wrong("A reason is needed.").into_iter();
            said.chain([typed, "Enter: go on".into(), esc()]).collect()
        }
        typed @ (Friction::Number(_)
        | Friction::Pid(_)
        | Friction::Word(_)
        | Friction::Despite { .. }) => {
            let phrase = typed.phrase().unwrap_or_default();
            let said = match typed {
                Friction::Pid(_) => wrong("That is not its pid."),
                Friction::Number(_) => wrong("That is not the number."),
                Friction::Yes
                | Friction::Reason(_)
                | Friction::Word(_)
                | Friction::Despite { .. } => wrong(&format!("That is not {phrase}.")),
            };
            let type_it = format!("Yes: type {phrase} and Enter: [{}_]", entry.text);
            said.into_iter().chain([type_it, esc()]).collect()
        }
    };
    if view.session.is_draining() {
        pieces.push("x: stop".into());
    }
    let widths: Vec<usize> = pieces.iter().map(|piece| fit::width(piece)).collect();
    fit::lay(&widths, 3, cells)
        .into_iter()
        .map(|row| {
            let row: Vec<&str> = row
                .into_iter()
                .map(|index| pieces[index].as_str())
                .collect();
            row.join("   ")
        })
        .collect()
}
