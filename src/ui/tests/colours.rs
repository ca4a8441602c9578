//! Colours, apart from the text: what calls for the eye, and that nothing rests on them alone.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::drawn;
use crate::console::Key;
use crate::console::fixture::ImaginedWorld;
use crate::ui::{Colours, Theme};

const SIZE: (u16, u16) = (120, 40);

/// The first cell of `part` in the frame.
fn cell_of(world: &ImaginedWorld, look: Theme, part: &str) -> Cell {
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

fn monochrome() -> Theme {
    Theme {
        colours: Colours::Monochrome,
        ..Theme::default()
    }
}

#[test]
fn verdicts_have_their_colours() {
    let world = ImaginedWorld::new();
    let colour = |part| cell_of(&world, Theme::default(), part).fg;
    assert_eq!(colour("pushed back if"), Color::Yellow);
    assert_eq!(colour("fits"), Color::Green);
    let question = ImaginedWorld::questioned();
    let overdue = cell_of(&question, Theme::default(), "NOT BACK YET");
    assert_eq!(overdue.fg, Color::Red);
    let called = cell_of(&question, Theme::default(), "KILL waits for your");
    assert_eq!(called.fg, Color::Red);
}

#[test]
fn only_sixteen_colours_are_used() {
    for world in [
        ImaginedWorld::new(),
        ImaginedWorld::questioned(),
        ImaginedWorld::lost(),
    ] {
        let terminal = drawn(&world, SIZE, Theme::default());
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
        ImaginedWorld::new(),
        ImaginedWorld::draining(),
        ImaginedWorld::questioned(),
        ImaginedWorld::lost(),
    ];
    let mut dialog = ImaginedWorld::questioned();
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
    let mut world = ImaginedWorld::new();
    world.imagined[1].beat_age = 14;
    world.imagined[2].beat_age = 18;
    world.forget();
    world.look();
    let late = cell_of(&world, Theme::default(), "util1:4243");
    assert!(late.modifier.contains(Modifier::DIM));
    let text = drawn(&world, SIZE, Theme::default()).backend().to_string();
    assert!(text.contains("late 10 s"), "{text}");
    assert!(text.contains("none 15 s"), "{text}");
}
