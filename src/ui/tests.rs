//! x
use super::*;
use crate::console::fixture::World;
use ratatui::{Terminal, backend::TestBackend};
pub(super) fn drawn(world: &World, width: u16, height: u16, look: Look) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| draw(frame, &world.session, &world.console, world.now, &look))
        .unwrap();
    terminal
}
#[test]
fn peek() {
    for world in [
        World::empty(),
        World::new(),
        World::draining(),
        World::questioned(),
    ] {
        for (w, h) in [(80, 24), (120, 40), (40, 15)] {
            eprintln!(
                "{w}x{h}\n{}",
                drawn(&world, w, h, Look::default()).backend()
            );
        }
    }
}
