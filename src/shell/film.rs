//! Plays a film on the console: the real screens of then. Keys of the film go before those of the
//! console, and what the console would do is not done.

use std::io::{self, Write};
use std::time::Duration;

use color_eyre::eyre::Result;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::json;

use super::keyboard::{Keyboard, Pressed};
use super::terminal::{Gathered, TakenTerminal};
use crate::clock;
use crate::console::{Console, Key, Request};
use crate::core::moment::{Moment, clock_face};
use crate::core::session::Kind;
use crate::recorder::Film;
use crate::ui::{self, Theme};

/// How far one key jumps.
const JUMP: Duration = Duration::from_secs(10);
/// Between two frames: at least, and while nothing plays at most.
const FRAME: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// The slowest and the fastest.
pub const SPEEDS: (f64, f64) = (0.1, 100.0);

/// A film under way.
#[derive(Debug)]
pub struct Player {
    film: Film,
    console: Console,
    look: Theme,
    speed: f64,
    plays: bool,
}

impl Player {
    /// A player that shows `film` with `console`, at `speed` seconds a second.
    pub fn new(film: Film, console: Console, look: Theme, speed: f64) -> Self {
        Self {
            film,
            console,
            look,
            speed,
            plays: true,
        }
    }

    /// Plays until somebody leaves, or the terminal is gone.
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub async fn play(mut self, mut screen: TakenTerminal) -> Result<()> {
        let mut keyboard = Keyboard::listen()?;
        let mut before = clock::now();
        loop {
            let now = clock::now();
            self.pass(now.since(before));
            before = now;
            if self.draw(&mut screen).is_err() {
                return Ok(());
            }
            let pause = if self.plays { FRAME.0 } else { FRAME.1 };
            let pressed = tokio::select! {
                biased;
                pressed = keyboard.next(&mut screen) => pressed?,
                () = tokio::time::sleep(pause) => Pressed::Nothing,
            };
            let leaves = match pressed {
                Pressed::Key(key) => self.press(key),
                Pressed::Nothing => false,
                Pressed::Gone => true,
            };
            if leaves {
                return Ok(());
            }
        }
    }

    /// So much real time has passed.
    fn pass(&mut self, real: Duration) {
        if self.plays {
            let to = self.film.now().after(real.mul_f64(self.speed));
            self.film.go_to(to);
            self.plays = self.film.now() < self.film.end();
        }
    }

    /// Takes a key; whether it leaves.
    fn press(&mut self, key: Key) -> bool {
        let now = self.film.now();
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other keys are those of the console"
        )]
        match key {
            Key::Char(' ') if self.film.now() == self.film.end() => {
                self.film.go_to(self.film.begun());
                self.plays = true;
            }
            Key::Char(' ') => self.plays = !self.plays,
            Key::Char('.') => {
                self.plays = false;
                self.film.go_to_next_record();
            }
            Key::Char(']') => self.film.go_to(now.after(JUMP)),
            Key::Char('[') => self.film.go_to(now.before(JUMP)),
            Key::Char('+') => self.speed = (self.speed * 2.0).min(SPEEDS.1),
            Key::Char('-') => self.speed = (self.speed / 2.0).max(SPEEDS.0),
            Key::Ctrl('c') => return true,
            other => {
                self.mark(true);
                let requests = self.console.press(other, self.film.session(), now);
                self.mark(false);
                // Leaving a film needs no confirmation; other dialogs lead nowhere here.
                let asks = self.console.dialog.take().is_some();
                return requests.contains(&Request::Quit) || asks && other == Key::Char('q');
            }
        }
        false
    }

    /// Marks the session as a film while it is shown; its own kind is what it goes on by.
    fn mark(&mut self, shown: bool) {
        let kind = if shown { Kind::Replay } else { Kind::Live };
        self.film.session_mut().setting.kind = kind;
    }

    fn draw(&mut self, screen: &mut TakenTerminal) -> io::Result<()> {
        self.console.say(self.status());
        self.shown(|film, console, look| {
            screen.draw(|frame| ui::draw(frame, film.session(), console, film.now(), look))
        })
    }

    fn shown<T>(&mut self, draw: impl FnOnce(&Film, &Console, &Theme) -> T) -> T {
        self.mark(true);
        self.console.follow(self.film.session(), self.film.now());
        let drawn = draw(&self.film, &self.console, &self.look);
        self.mark(false);
        drawn
    }

    fn status(&self) -> String {
        let (begun, now, end) = (self.film.begun(), self.film.now(), self.film.end());
        let state = match (self.plays, now == end, self.film.broken()) {
            (true, ..) => "plays".to_owned(),
            (false, true, None) => "at its end".to_owned(),
            (false, true, Some(why)) => format!("leads no further: {why}"),
            (false, false, _) => "paused".to_owned(),
        };
        format!(
            "film {} of {}, speed {}, {state}: space . [ ] + - q",
            clock_face(now.since(begun)),
            clock_face(end.since(begun)),
            self.speed
        )
    }

    /// Writes the film as an asciicast (asciinema's format, version 2): a frame for each of its
    /// seconds, from the moment it shows on.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn export(mut self, out: &mut impl Write, size: (u16, u16)) -> io::Result<()> {
        let head = json!({
            "version": 2, "width": size.0, "height": size.1,
            "timestamp": self.film.now().wall().as_second(),
            "title": format!("drainboard, drain {}", self.film.run),
        });
        writeln!(out, "{head}")?;
        let frame = Gathered::default();
        let area = Rect::new(0, 0, size.0, size.1);
        let viewport = Viewport::Fixed(area);
        let backend = CrosstermBackend::new(frame.clone());
        let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        let first = self.film.now();
        let mut next: Option<Moment> = Some(first);
        while let Some(moment) = next {
            self.film.go_to(moment);
            self.shown(|film, console, look| {
                terminal
                    .draw(|frame| ui::draw(frame, film.session(), console, film.now(), look))
                    .map(drop)
            })?;
            let bytes = frame.take();
            let at = moment.since(first).div_f64(self.speed).as_secs_f64();
            let hidden = if moment == first { "\u{1b}[?25l" } else { "" };
            let text = format!("{hidden}{}", String::from_utf8_lossy(&bytes));
            writeln!(out, "{}", json!([at, "o", text]))?;
            let end = self.film.end();
            next = (moment < end).then(|| moment.after(FRAME.1).min(end));
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::recorder::Recording;

    fn player() -> Player {
        let demo = include_bytes!("../../assets/demo.inputs");
        let recording = Recording::from_bytes(demo, Path::new("demo.inputs")).unwrap();
        let film = Film::of(&recording).unwrap();
        Player::new(film, Console::new(None, false), Theme::default(), 1.0)
    }

    impl Player {
        /// The time since the drain began.
        fn at(&self) -> Duration {
            self.film.now().since(self.film.begun())
        }

        fn type_keys(&mut self, keys: &str) -> bool {
            keys.chars().any(|key| self.press(Key::Char(key)))
        }
    }

    #[test]
    fn keys_pause_step_jump_and_change_the_speed() {
        let second = Duration::from_secs(1);
        let mut player = player();
        player.pass(second);
        player.type_keys("+++");
        player.pass(second);
        assert_eq!((player.at(), player.speed), (second * 9, 8.0));
        player.type_keys("]]");
        assert_eq!(player.at(), second * 29);
        player.type_keys("[- ");
        player.pass(second);
        assert_eq!((player.at(), player.speed), (second * 19, 4.0));
        let records = player.film.session().run.clone();
        player.type_keys(".");
        assert!(player.at() > second * 19 && player.at() < second * 40);
        assert_ne!(
            format!("{records:?}"),
            format!("{:?}", player.film.session().run)
        );
        // Those that act do nothing.
        let stands = player.at();
        assert!(!player.type_keys("anxK"));
        assert_eq!(player.at(), stands);
        assert!(player.type_keys("q"));
    }

    #[test]
    fn a_film_ends_and_begins_anew() {
        let mut player = player();
        player.pass(Duration::from_hours(1));
        assert_eq!(player.film.now(), player.film.end());
        assert!(
            player.status().contains("at its end"),
            "{}",
            player.status()
        );
        player.type_keys(" ");
        assert_eq!((player.at(), player.plays), (Duration::ZERO, true));
    }
}
