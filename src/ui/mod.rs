//! The screen: draws the session and the console, and changes neither. The only part that
//! knows ratatui; it asks no clock and writes to no terminal itself.

mod dialog;
mod fit;
mod footer;
mod frame;
mod header;
mod jobs;
mod journal;
mod look;
mod main_screen;
mod page;
mod processes;
mod queues;
mod strip;
mod view;

#[cfg(test)]
mod tests;

pub use look::{Colours, Glyphs, Theme};

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::console::{Console, Screen};
use crate::core::moment::Moment;
use crate::core::session::Session;
use look::Tone;
use view::{View, say};

/// The smallest screen that is legible.
const LEAST: (u16, u16) = (40, 15);

/// Draws everything. [`Console::follow`] is to be called before.
pub fn draw(
    frame: &mut Frame<'_>,
    session: &Session,
    console: &Console,
    now: Moment,
    look: &Theme,
) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let view = View::new(session, console, now, *look);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(buffer, area, &view);
        return;
    }
    if console.screen == Screen::Main {
        main_screen::draw(buffer, area, &view);
    } else {
        page_screen(buffer, area, &view);
    }
    if let Some(open) = &console.dialog {
        dialog::draw(buffer, area, open, &view);
    }
    if look.glyphs == Glyphs::Ascii {
        frame::to_ascii(buffer);
    }
}

/// A page of text between the header and the keys.
fn page_screen(buffer: &mut ratatui::buffer::Buffer, area: Rect, view: &View<'_>) {
    let top = Rect { height: 1, ..area };
    header::draw(buffer, top, view);
    let rows = footer::height(view, usize::from(area.width), 2);
    let rows = u16::try_from(rows).unwrap_or(1);
    let bottom = Rect {
        y: area.bottom() - rows,
        height: rows,
        ..area
    };
    footer::draw(buffer, bottom, view);
    // A notice has a row of its own: it covers nothing of the page.
    let notice = view.console.memory.notice.as_ref();
    let middle = Rect {
        y: area.y + 1,
        height: area.height - 1 - rows - u16::from(notice.is_some()),
        ..area
    };
    page::draw(buffer, middle, view);
    if let Some(notice) = notice {
        let last = Rect {
            y: middle.bottom(),
            height: 1,
            ..middle
        };
        say(
            buffer,
            last,
            0,
            view.look,
            Tone::Selected,
            &format!(" {notice} "),
        );
    }
}

/// The notice on a screen that is too small; a drain can still be stopped there.
fn too_small(buffer: &mut ratatui::buffer::Buffer, area: Rect, view: &View<'_>) {
    let kind = view.session.setting.kind.word();
    let text = format!("too small: needs {}x{}   {kind}", LEAST.0, LEAST.1);
    say(buffer, area, 0, view.look, Tone::Strong, &text);
    if let Some(open) = &view.console.dialog {
        say(
            buffer,
            area,
            2,
            view.look,
            Tone::Plain,
            "a dialog is open: Esc closes it",
        );
        say(buffer, area, 3, view.look, Tone::Plain, &open.title);
    }
    if view.session.is_draining() {
        say(
            buffer,
            area,
            1,
            view.look,
            Tone::Plain,
            "a drain runs: x stops here",
        );
    }
}
