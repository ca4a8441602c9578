//! Tests of the screen: frames drawn into memory, at fixed moments.

mod colours;
mod economy;
mod frozen;
mod gallery;
mod screens;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Theme, draw};
use crate::console::fixture::ImaginedWorld;

/// The frame of a world at a size.
fn drawn(world: &ImaginedWorld, (width, height): (u16, u16), look: Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(frame, &world.session, &world.console, world.now, &look))
        .unwrap();
    terminal
}

/// The text of a frame.
fn text(world: &ImaginedWorld, size: (u16, u16)) -> String {
    drawn(world, size, Theme::default()).backend().to_string()
}
