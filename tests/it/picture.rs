//! The picture of the README: one moment of the film that `replay --demo` plays, drawn as SVG from the
//! asciicast that `--export` writes of it. `UPDATE_PICTURE=1 cargo test --test it picture` writes it
//! anew. The film itself is a drain of the demo, recorded as a real one is.

use std::fmt::Write;
use std::fs;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use drainboard::core::choice::Choice;
use drainboard::core::drain::{Ask, Outcome, Policy, Trace};
use drainboard::core::fleet::{Located, ProcessKey, Sought};
use drainboard::core::moment::Moment;
use drainboard::core::session::{Kind, Session};
use drainboard::demo::{self, Script};
use drainboard::journal::Journal;
use drainboard::recorder::{self, Film, Recording};
use drainboard::shell::{
    self, LinesErrand, LinesFront, Plugs, Printed, Printer, Refused, ShellWork, Suspect,
};
use futures_util::future::BoxFuture;
use serde_json::Value;
use vt100::{Cell, Color, Parser, Screen};

use crate::cli::{code, err, run};

/// The moment of the film that the picture shows.
const AT: &str = "0:09";
const SIZE: (u16, u16) = (120, 40);
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
        let colours = [(Color::Idx(5), "#c58be0"), (Color::Idx(1), "#f1746c")];
        let coloured = colours.iter().find(|(colour, _)| *colour == cell.fgcolor());
        let plain = if cell.dim() { FAINT } else { PLAIN };
        let ink = coloured.map_or(plain, |(_, ink)| ink);
        let (ink, ground) = if cell.inverse() {
            (GROUND, ink)
        } else {
            (ink, GROUND)
        };
        Self {
            ink,
            ground,
            bold: cell.bold(),
            underlined: cell.underline(),
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

fn stretches(screen: &Screen) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for row in 0..SIZE.1 {
        let mut open = false;
        for column in 0..SIZE.0 {
            let cell = screen.cell(row, column).unwrap();
            let (character, paint) = (
                cell.contents().chars().next().unwrap_or(' '),
                Paint::of(cell),
            );
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

fn svg(screen: &Screen) -> String {
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
    for stretch in stretches(screen) {
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

/// The first screen of the film from `at` on, as an asciicast shows it.
fn screen_at(at: &str) -> Parser {
    let place = tempfile::tempdir().unwrap();
    let cast = place.path().join("demo.cast");
    let output = run(&[
        "replay",
        "--demo",
        "--at",
        at,
        "--export",
        cast.to_str().unwrap(),
    ]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = fs::read_to_string(cast).unwrap();
    let frame: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let cells = |number| NonZeroU16::new(number).unwrap();
    let mut parser = Parser::new(cells(SIZE.1), cells(SIZE.0), 0);
    parser.process(frame[2].as_str().unwrap().as_bytes());
    parser
}

#[test]
fn the_picture_of_the_readme_is_a_moment_of_the_demos_film() {
    let parser = screen_at(AT);
    let fresh = svg(parser.screen());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/console.svg");
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == fresh,
        "assets/console.svg shows another screen: UPDATE_PICTURE=1 cargo test --test it picture\n{}",
        parser.screen().contents()
    );
}

/// Where the film is kept: it is built in.
fn kept_film() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo.inputs")
}

#[test]
fn the_film_of_the_demo_is_one_of_its_own_drains_to_the_end() {
    let path = kept_film();
    let recording = Recording::from_bytes(&fs::read(&path).unwrap(), &path).unwrap();
    let mut film = Film::of(&recording).unwrap();
    film.go_to(film.end());
    assert_eq!(film.broken(), None);
    let drain = film.session().run.as_ref().unwrap();
    assert_eq!(drain.outcome().map(Outcome::word), Some("requeued"));
    let plan = &film.session().setting.plan;
    assert_eq!(
        plan.sequence.to_string(),
        demo::SEQUENCE,
        "the demo drains otherwise now: record it anew"
    );
}

/// The demo, but for a record: a film of it is wanted.
struct Recorded {
    demo: Box<dyn Plugs>,
    state_dir: PathBuf,
}

impl Plugs for Recorded {
    fn begin(
        &mut self,
        targets: &[ProcessKey],
        session: &mut Session,
        now: Moment,
    ) -> Result<ShellWork, Refused> {
        let begun = self.demo.begin(targets, session, now)?;
        let ShellWork::Begin { held, licence, .. } = begun else {
            return Ok(begun);
        };
        let journal = Journal::begin(&self.state_dir, &session.setting.plan.run, now);
        Ok(ShellWork::Begin {
            held,
            journal: journal.map(Some).map_err(|error| error.to_string()),
            licence,
            locks: None,
        })
    }

    fn state_dir(&self) -> Option<PathBuf> {
        Some(self.state_dir.clone())
    }

    fn revoke(&self) {
        self.demo.revoke();
    }

    fn ask(&self, ask: Ask) -> Option<BoxFuture<'static, Vec<Located>>> {
        self.demo.ask(ask)
    }

    fn glance(&self, sought: Vec<Sought>) -> Option<BoxFuture<'static, Vec<Located>>> {
        self.demo.glance(sought)
    }

    fn search(
        &self,
        suspects: Vec<Suspect>,
        gone: Vec<String>,
    ) -> Option<BoxFuture<'static, Vec<Trace>>> {
        self.demo.search(suspects, gone)
    }

    fn over(&mut self) {
        self.demo.over();
    }
}

#[tokio::test]
#[ignore = "writes assets/demo.inputs anew, in 90 s: cargo test --test it picture -- --ignored"]
async fn the_demo_is_filmed() {
    let script = Script {
        program: env!("CARGO_BIN_EXE_drainboard").into(),
        policy: Policy::WaitForRequeue,
        attended: false,
        ..Script::default()
    };
    let place = tempfile::tempdir().unwrap();
    let mut session = demo::session(&script).unwrap();
    // A session of the demo is written down nowhere.
    session.setting.kind = Kind::Live;
    let mut world = demo::world(&script).unwrap();
    world.plugs = Box::new(Recorded {
        demo: world.plugs,
        state_dir: place.path().to_owned(),
    });
    let errand = LinesErrand {
        choice: Choice::default(),
        allow_empty: false,
        may_ask: false,
        confirm: false,
        successor: false,
    };
    let front = LinesFront::new(Printer(Printed::LinesOnly), errand);
    let (session, ..) = shell::run(session, front, world).await.unwrap();
    assert_eq!(
        session.run.as_ref().unwrap().outcome().map(Outcome::word),
        Some("requeued")
    );
    let film = recorder::place(place.path(), &session.setting.plan.run);
    fs::copy(film, kept_film()).unwrap();
}
