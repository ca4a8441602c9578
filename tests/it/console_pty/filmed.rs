//! The film of a drain that was driven on a screen: its screens are those of then.

use std::cell::RefCell;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::rc::Rc;
use std::time::Duration;

use drainboard::console::Console;
use drainboard::core::moment::Moment;
use drainboard::recorder::{Film, Recording};
use drainboard::ui::{self, Theme};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal as Drawn, TerminalOptions, Viewport};
use serde_json::json;
use vt100::{Color, Parser};

use crate::support::recorded::journals;
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};
use crate::support::terminal::Terminal;

const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// From the drawing of a frame until its last byte was read, on a machine that does much else.
const AT_MOST: Duration = Duration::from_millis(500);
/// Between two moments of the film that are looked at.
const STEP: Duration = Duration::from_millis(5);

#[derive(Clone, Default)]
struct FrameBytes(Rc<RefCell<Vec<u8>>>);

impl Write for FrameBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn parser() -> Parser {
    let size = |cells| NonZeroU16::new(cells).unwrap();
    Parser::new(size(ROWS), size(COLUMNS), 0)
}

/// A cell as a person sees it: a blank has no ink.
#[derive(Debug, PartialEq)]
struct SeenCell {
    text: String,
    ground: Color,
    marks: [bool; 2],
    ink: Option<(Color, [bool; 2])>,
}

fn cell(cell: &vt100::Cell) -> SeenCell {
    let text = cell.contents();
    let is_blank = text.trim().is_empty();
    SeenCell {
        text: if is_blank { " ".into() } else { text.into() },
        ground: cell.bgcolor(),
        marks: [cell.inverse(), cell.underline()],
        ink: (!is_blank).then(|| (cell.fgcolor(), [cell.bold(), cell.dim()])),
    }
}

/// Every cell of the screen.
fn cells(parser: &Parser) -> Vec<SeenCell> {
    let places = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
    places
        .map(|(row, column)| cell(parser.screen().cell(row, column).unwrap()))
        .collect()
}

/// A film, drawn as the console draws a session.
struct FilmScreen {
    film: Film,
    console: Console,
    written: FrameBytes,
    terminal: Drawn<CrosstermBackend<FrameBytes>>,
    parser: Parser,
}

impl FilmScreen {
    fn of(film: Film) -> Self {
        let written = FrameBytes::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, COLUMNS, ROWS));
        let backend = CrosstermBackend::new(written.clone());
        Self {
            film,
            console: Console::new(None, false),
            written,
            terminal: Drawn::with_options(backend, TerminalOptions { viewport }).unwrap(),
            parser: parser(),
        }
    }

    fn at(&mut self, moment: Moment) -> Vec<SeenCell> {
        self.film.go_to(moment);
        let (session, now) = (self.film.session(), self.film.now());
        self.console.follow(session, now);
        let (console, look) = (&self.console, Theme::default());
        self.terminal
            .draw(|frame| ui::draw(frame, session, console, now, &look))
            .unwrap();
        self.parser.process(&self.written.0.take());
        cells(&self.parser)
    }

    /// Goes on until the screen is `wanted`, at the latest until `end`; whether it ever is.
    fn reaches(&mut self, wanted: &[SeenCell], end: Moment) -> bool {
        let mut moment = self.film.now().max(end.before(AT_MOST));
        loop {
            if self.at(moment) == wanted {
                return true;
            }
            if moment >= end {
                return false;
            }
            // A frame that an input gave was drawn before the next second began.
            let input = self.film.next_input().unwrap_or(end);
            moment = moment.after(STEP).min(input).min(end);
        }
    }
}

/// Every frame of the console from the first signal on, cell by cell.
#[test]
fn the_film_of_a_drain_shows_the_screens_of_then() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy("SleepJob", &json!([600]));
    scene.busy_until_released();
    let by = [
        "--sequence",
        "tstp, 12, term, 14, kill",
        "--timeout",
        TIMEOUT,
    ];
    let mut live = Terminal::console(&scene, &by);
    live.begin_automatic();
    live.wait_for("quiet 1/1");
    scene.release();
    live.wait_for("the process has exited");
    live.wait_for("pushed back 1");
    sidekiq.wait_for_end();
    let frames = live.frames();
    live.send("q");
    live.end(3);
    let journals = journals(&scene.state_dir());
    let run = journals[0].file_stem().unwrap().to_str().unwrap();
    let recording = Recording::read(&scene.state_dir(), run).unwrap();
    let film = Film::of(&recording).unwrap();
    let begun = film.begun();
    let mut shown = FilmScreen::of(film);
    let mut seen = parser();
    let mut compared = 0;
    for (bytes, come) in frames {
        seen.process(&bytes);
        if come < begun || seen.screen().contents().contains("Start automatic drain?") {
            continue;
        }
        assert!(
            shown.reaches(&cells(&seen), come),
            "{:?} after the begin: then\n{}\nin the film\n{}",
            come.since(begun),
            seen.screen().contents(),
            shown.parser.screen().contents()
        );
        compared += 1;
    }
    assert!(compared > 15, "{compared} frames");
}
