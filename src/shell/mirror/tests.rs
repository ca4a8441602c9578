//! A terminal that is told of moves shows what one shows that is drawn whole.

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::style::{Color, Style};

use super::*;
use crate::shell::frugal::shortened;

const WIDTH: u16 = 40;
const HEIGHT: u16 = 12;
const SIZE: Size = Size {
    width: WIDTH,
    height: HEIGHT,
};

/// A terminal with all that stands before it.
struct Shown {
    terminal: vt100::Parser,
    mirror: Mirror,
    before: Buffer,
}

impl Shown {
    fn new() -> Self {
        let [height, width] = [HEIGHT, WIDTH].map(|cells| NonZeroU16::new(cells).unwrap());
        let mut mirror = Mirror::default();
        mirror.clear(SIZE);
        Self {
            terminal: vt100::Parser::new(height, width, 0),
            mirror,
            before: blank(),
        }
    }

    /// Sends a frame; so many bytes go.
    fn draw(&mut self, next: &Buffer) -> usize {
        let changes = self.before.diff_iter(next);
        let changes = changes.map(|(column, row, cell)| (column, row, cell.clone()));
        let redraw = self.mirror.take(changes.collect());
        let mut bytes = redraw.moves.into_bytes();
        let cells = redraw.cells.iter();
        CrosstermBackend::new(&mut bytes)
            .draw(cells.map(|(column, row, cell)| (*column, *row, cell)))
            .unwrap();
        let bytes = shortened(&bytes, WIDTH);
        self.terminal.process(&bytes);
        self.before = next.clone();
        bytes.len()
    }

    fn cells(&self) -> Vec<String> {
        let screen = self.terminal.screen();
        let places =
            (0..HEIGHT).flat_map(|row| (0..WIDTH).map(move |column| screen.cell(row, column)));
        let cells = places.flatten();
        cells
            .map(|cell| match (cell.contents(), cell.inverse()) {
                ("" | " ", inverse) => format!("{inverse} {:?}", cell.bgcolor()),
                (letter, inverse) => format!("{letter} {inverse} {:?}", cell.fgcolor()),
            })
            .collect()
    }
}

fn blank() -> Buffer {
    Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT))
}

fn screen(rows: &[(String, bool)]) -> Buffer {
    let mut buffer = blank();
    for (at, (text, marked)) in (0..HEIGHT).zip(rows) {
        let style = if *marked {
            Style::new().fg(Color::Red).add_modifier(Modifier::REVERSED)
        } else {
            Style::new()
        };
        buffer.set_string(0, at, text, style);
    }
    buffer
}

fn plain(rows: &[(String, bool)]) -> Buffer {
    let rows: Vec<(String, bool)> = rows.iter().map(|(text, _)| (text.clone(), false)).collect();
    screen(&rows)
}

/// What happens to the rows of a screen.
#[derive(Clone, Debug)]
enum Step {
    Leaves(usize, usize),
    ComesIn(usize, String),
    Changes(usize, String),
    IsMarked(usize),
}

fn step(text: &'static str) -> impl Strategy<Value = Step> {
    let at = || 0..usize::from(HEIGHT);
    prop_oneof![
        3 => (at(), 1_usize..4).prop_map(|(row, number)| Step::Leaves(row, number)),
        3 => (at(), text).prop_map(|(row, text)| Step::ComesIn(row, text)),
        2 => (at(), text).prop_map(|(row, text)| Step::Changes(row, text)),
        1 => at().prop_map(Step::IsMarked),
    ]
}

/// Rows, and the steps of each frame after them.
type Frames = (Vec<(String, bool)>, Vec<Vec<Step>>);

fn frames(text: &'static str) -> impl Strategy<Value = Frames> {
    let rows = prop::collection::vec((text, any::<bool>()), usize::from(HEIGHT));
    let steps = prop::collection::vec(step(text), 1..4);
    (rows, prop::collection::vec(steps, 1..8))
}

/// Draws each frame, and holds the terminal against one on which it is drawn whole.
fn is_shown(
    (mut rows, frames): Frames,
    screen: fn(&[(String, bool)]) -> Buffer,
) -> Result<(), TestCaseError> {
    let mut shown = Shown::new();
    shown.draw(&screen(&rows));
    for steps in &frames {
        for step in steps {
            take(&mut rows, step);
        }
        shown.draw(&screen(&rows));
        let mut whole = Shown::new();
        whole.draw(&screen(&rows));
        prop_assert_eq!(shown.cells(), whole.cells(), "{:?}", rows);
    }
    Ok(())
}

fn take(rows: &mut Vec<(String, bool)>, step: &Step) {
    match step {
        Step::Leaves(row, number) => {
            let number = (*number).min(rows.len() - row);
            rows.drain(*row..row + number);
        }
        Step::ComesIn(row, text) => rows.insert(*row, (text.clone(), false)),
        Step::Changes(row, text) => rows[*row].0.clone_from(text),
        Step::IsMarked(row) => rows[*row].1 ^= true,
    }
    rows.resize_with(HEIGHT.into(), Default::default);
}

proptest! {
    #[test]
    fn the_terminal_shows_each_frame_as_if_it_were_drawn_whole(frames in frames("[a-d ]{0,40}")) {
        is_shown(frames, screen)?;
    }

    // Colours are not held against each other: what a terminal makes of the other half of a wide letter
    // that is written over is its own.
    #[test]
    fn wide_letters_stay_where_they_belong(frames in frames("[a-d]{0,8}[a-d報é]{0,3}[a-d]{0,20}")) {
        is_shown(frames, plain)?;
    }
}

fn listed(rows: &[usize]) -> Buffer {
    let letter = |row: &usize| char::from(b'a' + u8::try_from(*row).unwrap());
    let text = |row: &usize| (letter(row).to_string().repeat(38), false);
    screen(&rows.iter().map(text).collect::<Vec<_>>())
}

#[test]
fn rows_below_one_that_leaves_cost_a_move() {
    let mut shown = Shown::new();
    let all: Vec<usize> = (0..12).collect();
    shown.draw(&listed(&all));
    let without: Vec<usize> = all.iter().copied().filter(|row| *row != 2).collect();
    let bytes = shown.draw(&listed(&without));
    assert!(bytes < 30, "{bytes} bytes");
    let bytes = shown.draw(&listed(&all));
    assert!(bytes < 90, "{bytes} bytes for the row that comes back");
}

#[test]
fn two_panes_move_each_by_its_own() {
    let mut shown = Shown::new();
    shown.draw(&listed(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
    let bytes = shown.draw(&listed(&[1, 2, 3, 4, 5, 20, 8, 9, 10, 11, 21, 22]));
    assert!(bytes < 190, "{bytes} bytes");
}

#[test]
fn colours_of_blanks_are_not_sent() {
    let mut shown = Shown::new();
    let mut frame = listed(&[1, 2]);
    shown.draw(&frame);
    frame.set_style(
        Rect::new(0, 5, WIDTH, 3),
        Style::new().add_modifier(Modifier::DIM),
    );
    assert_eq!(shown.draw(&frame), 0);
}
