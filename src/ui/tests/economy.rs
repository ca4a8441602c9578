//! How little goes to the terminal: bars move by whole cells, and of a running drain only the
//! clocks, the elapsed times and the times left change at each second.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::console::Key;
use crate::console::fixture::ImaginedWorld;
use crate::ui::{Theme, draw};

/// Counts what is written.
#[derive(Clone, Default)]
struct Meter(Rc<RefCell<usize>>);

impl io::Write for Meter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.0.borrow_mut() += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Metered {
    terminal: Terminal<CrosstermBackend<Meter>>,
    meter: Meter,
}

impl Metered {
    fn new() -> Self {
        let meter = Meter::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, 120, 40));
        let backend = CrosstermBackend::new(meter.clone());
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        Self { terminal, meter }
    }

    fn draw(&mut self, world: &ImaginedWorld) -> usize {
        let before = *self.meter.0.borrow();
        self.terminal
            .draw(|frame| {
                draw(
                    frame,
                    &world.session,
                    &world.console,
                    world.now,
                    &Theme::default(),
                );
            })
            .unwrap();
        *self.meter.0.borrow() - before
    }
}

/// A second passes without a look.
fn tick(world: &mut ImaginedWorld) {
    world.now = world.now.after(Duration::from_secs(1));
}

#[test]
fn a_running_countdown_costs_few_bytes() {
    let mut world = ImaginedWorld::draining();
    world.imagined.truncate(3);
    world.imagined[2].jobs.clear();
    world.pass(20);
    assert_eq!(world.console.job_rows(&world.session).len(), 3);
    let mut metered = Metered::new();
    metered.draw(&world);
    let mut bytes = 0;
    for _ in 0..30 {
        world.pass(1);
        bytes += metered.draw(&world);
    }
    // 17 more for the brackets of a synchronized update.
    assert!(bytes / 30 + 17 < 150, "{} bytes a second", bytes / 30);
}

#[test]
fn a_step_of_the_selection_repaints_two_rows() {
    let mut world = ImaginedWorld::crowded(10_000);
    world.press(Key::Tab);
    world.press(Key::Down);
    let mut metered = Metered::new();
    metered.draw(&world);
    world.press(Key::Down);
    let bytes = metered.draw(&world);
    assert!(bytes < 600, "{bytes} bytes");
}

#[test]
fn an_unchanged_frame_changes_no_cell() {
    let world = ImaginedWorld::draining();
    let mut metered = Metered::new();
    metered.draw(&world);
    let bytes = metered.draw(&world);
    assert!(bytes <= 40, "{bytes} bytes");
}

#[test]
fn only_clocks_and_times_of_jobs_tick() {
    let mut world = ImaginedWorld::draining();
    tick(&mut world);
    let frame = |world: &ImaginedWorld| super::text(world, (120, 40));
    let before = frame(&world);
    tick(&mut world);
    let after = frame(&world);
    let heading = before.lines().find(|line| line.contains("ELAPSED"));
    let cells = |column: &str, cells: usize| {
        let heading = heading.unwrap();
        let end = heading[..heading.find(column).unwrap()].chars().count() + column.len();
        end - cells..end
    };
    let times = [cells("ELAPSED", 8), cells("LEFT", 6)];
    let changed = before
        .lines()
        .zip(after.lines())
        .filter(|(one, other)| one != other);
    for (one, other) in changed {
        let columns: Vec<usize> = one
            .chars()
            .zip(other.chars())
            .enumerate()
            .filter(|(_, (one, other))| one != other)
            .map(|(column, _)| column)
            .collect();
        let ticking = one.contains("UTC") || one.contains("this step") || one.contains(" left ");
        assert!(
            ticking
                || columns
                    .iter()
                    .all(|column| times.iter().any(|cells| cells.contains(column))),
            "{one}\n{other}"
        );
    }
}
