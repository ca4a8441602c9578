//! Borders, in Unicode or ASCII, and the translation of a finished frame into ASCII.

use ratatui::buffer::Buffer;
use ratatui::symbols::border;
use ratatui::widgets::Block;

use super::look::{Glyphs, Theme};

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// A block with a border all around.
pub(super) fn bordered(look: Theme) -> Block<'static> {
    let set = match look.glyphs {
        Glyphs::Unicode => border::PLAIN,
        Glyphs::Ascii => ASCII,
    };
    Block::bordered().border_set(set)
}

/// Replaces what is not ASCII: the mark of a cut by `~`, everything else by `?`.
pub(super) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let mark = if cell.symbol() == "…" { "~" } else { "?" };
            cell.set_symbol(mark);
        }
    }
}
