//! The picture of the README: a frame in the middle of a drain, drawn as SVG from the cells of
//! a terminal in memory. `UPDATE_PICTURE=1 cargo test picture` writes it anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::drawn;
use crate::console::fixture::ImaginedWorld;
use crate::ui::Theme;

const SIZE: (u16, u16) = (110, 30);
/// A cell, and the border around all of them.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const BORDER: f64 = 14.0;

const GROUND: &str = "#14171c";
const PLAIN: &str = "#d5d9e0";
const FAINT: &str = "#7c8592";

/// How a cell looks; a run is drawn at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Paint {
    ink: &'static str,
    ground: &'static str,
    bold: bool,
    underlined: bool,
}

impl Paint {
    fn of(cell: &Cell) -> Self {
        let has = |modifier| cell.modifier.contains(modifier);
        let colours = [(Color::Magenta, "#c58be0"), (Color::Red, "#f1746c")];
        let coloured = colours.iter().find(|(colour, _)| *colour == cell.fg);
        let plain = if has(Modifier::DIM) { FAINT } else { PLAIN };
        let ink = coloured.map_or(plain, |(_, ink)| ink);
        let (ink, ground) = if has(Modifier::REVERSED) {
            (GROUND, ink)
        } else {
            (ink, GROUND)
        };
        Self {
            ink,
            ground,
            bold: has(Modifier::BOLD),
            underlined: has(Modifier::UNDERLINED),
        }
    }
}

/// Cells side by side that look alike and are drawn alike.
struct Stretch {
    column: u16,
    row: u16,
    text: String,
    paint: Paint,
}

impl Stretch {
    fn cells(&self) -> f64 {
        u32::try_from(self.text.chars().count()).map_or(0.0, f64::from)
    }

    fn left(&self) -> f64 {
        BORDER + f64::from(self.column) * WIDTH
    }

    fn top(&self) -> f64 {
        BORDER + f64::from(self.row) * HEIGHT
    }

    /// Whether `character` may stand in the same stretch: lines and bars are drawn, not written,
    /// for no two fonts agree on them.
    fn takes(&self, character: char, paint: Paint) -> bool {
        let last = self.text.chars().last();
        let alike = is_drawn(character) || last.is_some_and(is_drawn);
        self.paint == paint && (!alike || last == Some(character))
    }
}

fn is_drawn(character: char) -> bool {
    "─━│┌┐└┘█░".contains(character)
}

fn stretches(buffer: &Buffer) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for row in 0..SIZE.1 {
        let mut open = false;
        for column in 0..SIZE.0 {
            let cell = &buffer[(column, row)];
            let (character, paint) = (cell.symbol().chars().next().unwrap(), Paint::of(cell));
            match all.last_mut() {
                Some(last) if open && last.takes(character, paint) => last.text.push(character),
                _ => all.push(Stretch {
                    column,
                    row,
                    text: character.into(),
                    paint,
                }),
            }
            open = true;
        }
    }
    all.retain(|stretch| {
        let blank = stretch.text.chars().all(|character| character == ' ');
        !blank || stretch.paint.ground != GROUND
    });
    all
}

fn rect(svg: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
    writeln!(
        svg,
        r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}"/>"#
    )
    .unwrap();
}

/// A line or a bar, from the middle of its cells where it ends there.
fn draw(svg: &mut String, stretch: &Stretch, character: char) {
    let (left, top, ink) = (stretch.left(), stretch.top(), stretch.paint.ink);
    let width = stretch.cells() * WIDTH;
    let middle = (left + WIDTH / 2.0, top + HEIGHT / 2.0);
    match character {
        '─' => rect(svg, (left, middle.1 - 0.5), (width, 1.0), ink),
        '━' => rect(svg, (left, middle.1 - 1.5), (width, 3.0), ink),
        '█' => rect(svg, (left, top + 3.0), (width, HEIGHT - 6.0), ink),
        '░' => rect(svg, (left, top + 3.0), (width, HEIGHT - 6.0), "#2a2f38"),
        '│' => rect(svg, (middle.0 - 0.5, top), (1.0, HEIGHT), ink),
        corner => {
            let right = matches!(corner, '┌' | '└');
            let down = matches!(corner, '┌' | '┐');
            let from = if right { middle.0 } else { left };
            rect(svg, (from, middle.1 - 0.5), (WIDTH / 2.0, 1.0), ink);
            let from = if down { middle.1 } else { top };
            rect(svg, (middle.0 - 0.5, from), (1.0, HEIGHT / 2.0), ink);
        }
    }
}

fn write_text(svg: &mut String, stretch: &Stretch) {
    let lead = stretch.text.len() - stretch.text.trim_start().len();
    let text = stretch.text.trim();
    let cells = u32::try_from(text.chars().count()).map_or(0.0, f64::from);
    let left = stretch.left() + u32::try_from(lead).map_or(0.0, f64::from) * WIDTH;
    let bold = if stretch.paint.bold {
        r#" font-weight="700""#
    } else {
        ""
    };
    let line = if stretch.paint.underlined {
        r#" text-decoration="underline""#
    } else {
        ""
    };
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    writeln!(
        svg,
        r#"<text x="{left:.1}" y="{:.1}" textLength="{:.1}" fill="{}"{bold}{line}>{text}</text>"#,
        stretch.top() + 13.5,
        cells * WIDTH,
        stretch.paint.ink,
    )
    .unwrap();
}

fn svg(buffer: &Buffer) -> String {
    let (width, height) = (
        f64::from(SIZE.0) * WIDTH + 2.0 * BORDER,
        f64::from(SIZE.1) * HEIGHT + 2.0 * BORDER,
    );
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" xml:space="preserve">
<title>drainboard in the middle of a drain</title>
<rect width="{width:.0}" height="{height:.0}" rx="10" fill="{GROUND}"/>
"#
    );
    for stretch in stretches(buffer) {
        if stretch.paint.ground != GROUND {
            let size = (stretch.cells() * WIDTH, HEIGHT);
            let corner = (stretch.left(), stretch.top());
            rect(&mut svg, corner, size, stretch.paint.ground);
        }
        match stretch.text.chars().next() {
            Some(first) if is_drawn(first) => draw(&mut svg, &stretch, first),
            Some(_) | None => write_text(&mut svg, &stretch),
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[test]
fn the_picture_of_the_readme_is_what_the_program_draws() {
    let terminal = drawn(&ImaginedWorld::draining(), SIZE, Theme::default());
    let fresh = svg(terminal.backend().buffer());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/console.svg");
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == fresh,
        "assets/console.svg shows another screen: UPDATE_PICTURE=1 cargo test picture\n{}",
        terminal.backend()
    );
}
