//! Colours, apart from the text: what calls for the eye, and that nothing rests on them alone.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::drawn;
use crate::console::Key;
use crate::console::fixture::World;
use crate::ui::{Colours, Look};

const SIZE: (u16, u16) = (120, 40);

/// The first cell of `part` in the frame.
fn cell_of(world: &World, look: Look, part: &str) -> Cell {
    let terminal = drawn(world, SIZE, look);
    let buffer = terminal.backend().buffer();
    for y in 0..SIZE.1 {
        let row: String = (0..SIZE.0).map(|x| buffer[(x, y)].symbol()).collect();
        if let Some(at) = row.find(part) {
            let x = u16::try_from(row[..at].chars().count()).unwrap();
            return buffer[(x, y)].clone();
        }
    }
    panic!("{part} is nowhere in\n{}", terminal.backend());
}

fn monochrome() -> Look {
    Look {
        colours: Colours::Monochrome,
        ..Look::default()
    }
}

#[test]
fn verdicts_have_their_colours() {
    let world = World::new();
    let colour = |part| cell_of(&world, Look::default(), part).fg;
    assert_eq!(colour("pushed back if"), Color::Yellow);
    assert_eq!(colour("fits"), Color::Green);
    let question = World::questioned();
    let overdue = cell_of(&question, Look::default(), "NOT BACK YET");
    assert_eq!(overdue.fg, Color::Red);
    let called = cell_of(&question, Look::default(), "KILL waits for your");
    assert_eq!(called.fg, Color::Red);
}

#[test]
fn only_sixteen_colours_are_used() {
    for world in [World::new(), World::questioned(), World::lost()] {
        let terminal = drawn(&world, SIZE, Look::default());
        for cell in terminal.backend().buffer().content() {
            for colour in [cell.fg, cell.bg] {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)));
            }
        }
    }
}

#[test]
fn without_colour_the_weight_stays() {
    let mut worlds = vec![
        World::new(),
        World::draining(),
        World::questioned(),
        World::lost(),
    ];
    let mut dialog = World::questioned();
    dialog.press(Key::Char('n'));
    worlds.push(dialog);
    for world in &worlds {
        let terminal = drawn(world, SIZE, monochrome());
        for cell in terminal.backend().buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
    }
    let overdue = cell_of(&worlds[2], monochrome(), "NOT BACK YET");
    assert!(
        overdue
            .modifier
            .contains(Modifier::BOLD | Modifier::UNDERLINED)
    );
    let selected = cell_of(&worlds[0], monochrome(), "▸*");
    assert!(selected.modifier.contains(Modifier::REVERSED));
}

#[test]
fn old_readings_are_grey_and_then_marked() {
    let mut world = World::new();
    world.imagined[1].beat_age = 14;
    world.imagined[2].beat_age = 18;
    world.forget();
    world.look();
    let late = cell_of(&world, Look::default(), "util1:4243");
    assert!(late.modifier.contains(Modifier::DIM));
    let text = drawn(&world, SIZE, Look::default()).backend().to_string();
    assert!(text.contains("late 10 s"), "{text}");
    assert!(text.contains("none 15 s"), "{text}");
}
