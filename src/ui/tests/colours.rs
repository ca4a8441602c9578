//! Colours, apart from the text: what calls for the eye, and that nothing rests on them alone.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::{drawn, gallery};
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
fn bars_have_the_colours_and_words_do_not() {
    let world = ImaginedWorld::new();
    let colour = |part| cell_of(&world, Theme::default(), part).fg;
    assert_eq!(colour("pushed back if"), Color::Reset);
    assert_eq!(colour("fits"), Color::Reset);
    // That of the first job, which is pushed back.
    assert_eq!(colour("█"), Color::Magenta);
    let question = ImaginedWorld::questioned();
    let overdue = cell_of(&question, Theme::default(), "NOT BACK YET");
    assert_eq!(overdue.fg, Color::Red);
    let called = cell_of(&question, Theme::default(), "KILL waits for your");
    assert_eq!(called.fg, Color::Red);
}

/// The red and the magenta of two palettes, as most terminals have them: xterm's and Tango's.
const PALETTES: [[(Color, [f64; 3]); 2]; 2] = [
    [
        (Color::Red, [205.0, 0.0, 0.0]),
        (Color::Magenta, [205.0, 0.0, 205.0]),
    ],
    [
        (Color::Red, [204.0, 0.0, 0.0]),
        (Color::Magenta, [117.0, 80.0, 123.0]),
    ],
];
const BLACK: [f64; 3] = [0.0; 3];
const WHITE: [f64; 3] = [255.0; 3];

/// Relative luminance as WCAG 2 defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let part = |value: f64| {
        let value = value / 255.0;
        if value <= 0.039_28 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let [red, green, blue] = colour.map(part);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// How much a cell stands out on `ground`: its text, and whatever lies behind that.
fn stands_out(cell: &Cell, palette: &[(Color, [f64; 3])], ground: [f64; 3]) -> f64 {
    let plain = if ground == BLACK { WHITE } else { BLACK };
    let known = palette.iter().find(|(colour, _)| *colour == cell.fg);
    let is_plain = cell.fg == Color::Reset;
    assert!(
        is_plain || known.is_some(),
        "{:?} is legible nowhere",
        cell.fg
    );
    let ink = known.map_or(plain, |(_, ink)| *ink);
    // A terminal draws dim text half-way to its ground; a reversed cell swaps both.
    let dim = cell.modifier.contains(Modifier::DIM);
    let mixed = [0, 1, 2].map(|part| f64::midpoint(ink[part], ground[part]));
    contrast(if dim { mixed } else { ink }, ground)
}

#[test]
fn all_of_every_screen_is_legible_on_light_and_on_dark_backgrounds() {
    for (name, world) in gallery::all() {
        let terminal = drawn(&world, SIZE, Theme::default());
        for cell in terminal.backend().buffer().content() {
            assert_eq!(cell.bg, Color::Reset);
            if cell.symbol() == " " {
                continue;
            }
            let is_text = cell.symbol().chars().all(char::is_alphanumeric);
            if is_text {
                let plain = matches!(cell.fg, Color::Reset | Color::Red);
                assert!(plain, "{name}: {cell:?}");
            }
            for (palette, ground) in [(0, BLACK), (0, WHITE), (1, BLACK), (1, WHITE)] {
                let ratio = stands_out(cell, &PALETTES[palette], ground);
                // WCAG 2: 3:1 for bold text and for graphics.
                assert!(
                    ratio >= 3.0,
                    "{name}: {ratio:.1} for {cell:?} on {ground:?}"
                );
            }
        }
    }
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
    assert!(text.contains("none 18 s"), "{text}");
}

#[test]
fn the_selected_row_is_dim_where_the_keys_move_in_the_other_table() {
    let mut world = ImaginedWorld::new();
    let cursor = |world: &ImaginedWorld, row| cell_of(world, monochrome(), row).modifier;
    let (process, job) = ("▸* util1:4242", "▸◆ReportBuild");
    assert!(cursor(&world, process).contains(Modifier::REVERSED));
    assert!(cursor(&world, job).contains(Modifier::DIM));
    world.press(Key::Tab);
    assert!(cursor(&world, process).contains(Modifier::DIM));
    assert!(cursor(&world, job).contains(Modifier::REVERSED));
}
