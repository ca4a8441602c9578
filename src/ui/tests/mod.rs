//! Tests of the screen: frames drawn into memory, at fixed moments.

mod colours;
mod economy;
mod frozen;
mod picture;
mod screens;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Look, draw};
use crate::console::fixture::World;

/// The frame of a world at a size.
fn drawn(world: &World, (width, height): (u16, u16), look: Look) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(frame, &world.session, &world.console, world.now, &look))
        .unwrap();
    terminal
}

/// The text of a frame.
fn text(world: &World, size: (u16, u16)) -> String {
    drawn(world, size, Look::default()).backend().to_string()
}
