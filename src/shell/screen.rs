//! The front that is a screen: keys go to the console, frames come from the ui. It draws when
//! something changed, at most once a second while something counts, and writes no byte of a
//! frame that is the same as the last. A terminal that stands still holds no key and no signal up.

mod controls;
mod sight;

use std::io;
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyModifiers};

use self::controls::{Attention, Controls};
use self::sight::FirstLook;
use super::front::Front;
use super::keys::key_of;
use super::own_signals::stop_oneself;
use super::printer::say;
use super::sentences::suspended;
use super::terminal::{TakenTerminal, give_back};
use super::terminal_events::TerminalEvents;
use crate::console::{Console, Key, LeftDrain, Request, call};
use crate::core::choice::Choice;
use crate::core::drain::{Command, Record};
use crate::core::fleet::Link;
use crate::core::moment::Moment;
use crate::core::session::Session;
use crate::ui::{self, Theme};

/// Between two frames that no key asked for.
const FRAME: Duration = Duration::from_secs(1);
/// Between two looks whether a terminal that stands still has taken what was drawn.
const TAKES: Duration = Duration::from_millis(10);

/// A message of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserNotice {
    /// A key was pressed.
    Key(Key),
    /// Escape was pressed and this key right behind it: over a terminal's line that is the same
    /// as the key with Alt.
    Escaped(Key),
    /// The window has another size now, or had one for a moment.
    Resized,
    /// The window came back.
    Changed,
    /// Anything else, pasted text included: it does nothing.
    Nothing,
}

/// The screen.
#[derive(Debug)]
pub struct ScreenFront {
    screen: TakenTerminal,
    events: TerminalEvents,
    console: Console,
    look: Theme,
    drawn: Drawn,
    changed: bool,
    attention: Attention,
    conduct: Piloting,
}

/// The frame that was drawn last.
#[derive(Clone, Copy, Debug, Default)]
struct Drawn {
    at: Option<Moment>,
    /// The dialog in it, by its opening.
    dialog: Option<Moment>,
    sight: FirstLook,
}

/// The one that begins a drain, and that leaves.
#[derive(Clone, Debug)]
pub enum Piloting {
    /// An operator at the keys.
    Keys {
        /// The targets that were named; `None`: none in particular.
        choice: Option<Choice>,
        /// The last drain, where it was left under way.
        left: Option<Box<LeftDrain>>,
    },
    /// It plays itself: it begins once the first frame could have been read, and leaves at
    /// the end. Keys go on working.
    Itself {
        /// When the first frame was there.
        opened: Option<Moment>,
    },
}

/// How long the first frame stands before a demo that plays itself begins.
const FIRST_FRAME: Duration = Duration::from_secs(5);

impl ScreenFront {
    /// A screen with this console, in this look.
    ///
    /// # Errors
    /// If keys cannot be listened to.
    pub fn new(
        screen: TakenTerminal,
        mut console: Console,
        look: Theme,
        mut conduct: Piloting,
    ) -> io::Result<Self> {
        if let Piloting::Keys { left, .. } = &mut conduct {
            console.memory.left = left.take().map(|left| *left);
        }
        Ok(Self {
            screen,
            events: TerminalEvents::listen()?,
            console,
            look,
            drawn: Drawn::default(),
            changed: true,
            attention: Attention::default(),
            conduct,
        })
    }

    /// The drain that was cut off and can be gone on with.
    pub fn cut_off(&self) -> Option<&str> {
        self.console.memory.left.as_ref().map(LeftDrain::run)
    }

    /// The targets that the operator named, once everything was seen for the first time.
    fn choose(&mut self, session: &Session) -> Vec<Request> {
        let fleet = &session.fleet;
        let asked =
            fleet.looked.is_some() || matches!(fleet.link, Link::Lost { .. } | Link::Unused);
        if fleet.scanned.is_none() || !asked {
            return Vec::new();
        }
        let Piloting::Keys { choice, .. } = &mut self.conduct else {
            return Vec::new();
        };
        let Some(choice) = choice.take() else {
            return Vec::new();
        };
        let targets = choice.choose(fleet);
        self.console.memory.targets = Some(targets.iter().cloned().collect());
        self.changed = true;
        vec![Request::Choose { targets }]
    }

    fn draw(&mut self, session: &Session, now: Moment) -> io::Result<()> {
        self.console.follow(session, now);
        let (console, look) = (&self.console, &self.look);
        self.screen
            .draw(|frame| ui::draw(frame, session, console, now, look))?;
        self.drawn.at = Some(now);
        self.drawn.sight = FirstLook::of(&session.fleet);
        self.changed = false;
        Ok(())
    }

    /// A dialog is open from when the terminal has taken its frame, and over a slow line that takes
    /// a while: keys that were typed meanwhile were typed ahead of it.
    fn open(&mut self, now: Moment) {
        match &mut self.console.dialog {
            Some(dialog) if self.drawn.dialog != Some(dialog.opened) => {
                dialog.opened = now;
                if !self.changed && self.screen.is_free() {
                    self.drawn.dialog = Some(now);
                }
            }
            Some(_) => {}
            None => self.drawn.dialog = None,
        }
    }

    /// Whether a dialog waits for a terminal that has not taken it yet.
    fn dialog_waits(&self) -> bool {
        let dialog = self.console.dialog.as_ref();
        dialog.is_some_and(|dialog| self.drawn.dialog != Some(dialog.opened))
    }

    /// Calls the operator once for each new reason, and takes the title back when it is gone.
    fn call(&mut self, session: &Session) -> io::Result<()> {
        let why = call(session);
        if why == self.attention.called {
            return Ok(());
        }
        match &why {
            Some(why) => self.screen.call(&format!("! drainboard {why}"))?,
            None => self.screen.title("drainboard")?,
        }
        self.attention.called = why;
        Ok(())
    }
}

impl Front for ScreenFront {
    type Event = UserNotice;

    async fn event(&mut self) -> Option<UserNotice> {
        match self.events.next().await {
            Some(TerminalEvent::Key(key)) => Some(told_of(key)),
            Some(TerminalEvent::Resize(..)) => Some(UserNotice::Resized),
            Some(TerminalEvent::FocusGained) => Some(UserNotice::Changed),
            Some(TerminalEvent::Paste(_) | TerminalEvent::FocusLost | TerminalEvent::Mouse(_)) => {
                Some(UserNotice::Nothing)
            }
            // The terminal is gone.
            None => None,
        }
    }

    fn take(&mut self, told: UserNotice, session: &Session, now: Moment) -> Vec<Request> {
        self.open(now);
        match told {
            UserNotice::Key(key) => {
                self.changed = true;
                self.press(key, session, now)
            }
            UserNotice::Escaped(key) => {
                self.changed = true;
                let mut requests = self.press(Key::Esc, session, now);
                requests.extend(self.press(key, session, now));
                requests
            }
            UserNotice::Resized => {
                // Also where its size is the same again: what it showed was cut meanwhile. A
                // terminal that is gone shows at the next frame.
                drop(self.screen.forget());
                self.changed = true;
                Vec::new()
            }
            UserNotice::Changed => {
                self.changed = true;
                Vec::new()
            }
            UserNotice::Nothing => Vec::new(),
        }
    }

    fn answer(&mut self, session: &Session, now: Moment) -> Vec<Request> {
        let chosen = self.choose(session);
        let Piloting::Itself { opened } = self.conduct else {
            return chosen;
        };
        if session.run.is_some() || session.fleet.looked.is_none() {
            return Vec::new();
        }
        let opened = opened.unwrap_or(now);
        self.conduct = Piloting::Itself {
            opened: Some(opened),
        };
        if now.since(opened) < FIRST_FRAME {
            return Vec::new();
        }
        let targets = session.default_targets();
        vec![
            Request::Begin {
                targets,
                consent: None,
            },
            Request::Command(Command::Automatic),
        ]
    }

    fn gives_controls_itself(&self) -> bool {
        true
    }

    fn asked_for_controls(&mut self, who: &str) {
        self.changed = true;
        self.attention.controls = Controls::Asked;
        self.console
            .say(format!("{who} asks for the controls: Y gives them"));
    }

    fn driven_by(&mut self, who: Option<&str>) {
        self.changed = true;
        self.console.dialog = None;
        if let Some(who) = who {
            let text = format!("{who} drives: Y takes the controls back");
            self.console.say(text);
            self.attention.controls = Controls::Given(who.to_owned());
        } else {
            self.console.say("the controls are back here");
            self.attention.controls = Controls::Here;
        }
    }

    fn turns_controls_over(&mut self) -> bool {
        if self.attention.controls == Controls::Turning {
            self.attention.controls = Controls::Here;
            return true;
        }
        false
    }

    fn note(&mut self, _record: &Record) {
        self.changed = true;
    }

    fn tell(&mut self, text: &str) {
        self.console.memory.notice = Some(text.to_owned());
        self.changed = true;
    }

    fn refused(&mut self, why: &str, _session: &Session, _now: Moment) {
        self.tell(&format!("not begun: {why}"));
    }

    fn show(&mut self, session: &Session, now: Moment) -> io::Result<()> {
        self.call(session)?;
        let due = self.drawn.at.is_none_or(|drawn| now.since(drawn) >= FRAME);
        let news = self.drawn.sight != FirstLook::of(&session.fleet);
        // A frame drawn while the terminal stands still would be old when it moves on.
        self.changed |= due || news;
        if self.changed && self.screen.is_free() {
            self.draw(session, now)?;
        }
        self.open(now);
        Ok(())
    }

    fn show_anew(&mut self) {
        // A terminal that is gone shows at the next frame.
        drop(self.screen.take_again());
        self.changed = true;
    }

    fn suspend(&mut self, session: &Session, now: Moment) {
        give_back();
        if let Some(text) = suspended(session, now) {
            say(&text);
        }
        stop_oneself();
        self.show_anew();
    }

    fn leave(&mut self) {
        give_back();
        say("on_finish runs; Ctrl-C leaves it to itself");
    }

    fn next_show(&self, _session: &Session, now: Moment) -> Option<Moment> {
        if self.changed || self.dialog_waits() {
            return Some(now.after(TAKES));
        }
        Some(self.drawn.at.map_or(now, |drawn| drawn.after(FRAME)))
    }

    fn shows_departed(&self) -> bool {
        true
    }

    fn is_attended(&self) -> bool {
        true
    }

    fn is_done(&self, session: &Session) -> bool {
        matches!(self.conduct, Piloting::Itself { .. })
            && session
                .run
                .as_ref()
                .is_some_and(|run| run.phase().is_over())
    }
}

/// The meaning of a key event.
fn told_of(key: KeyEvent) -> UserNotice {
    let with_alt = key.modifiers.contains(KeyModifiers::ALT);
    match key_of(key) {
        None => UserNotice::Nothing,
        Some(key) if with_alt => UserNotice::Escaped(key),
        Some(key) => UserNotice::Key(key),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;

    #[test]
    fn a_key_right_behind_escape_is_a_key_of_its_own() {
        let told = |modifiers| told_of(KeyEvent::new(KeyCode::Char('q'), modifiers));
        assert_eq!(told(KeyModifiers::NONE), UserNotice::Key(Key::Char('q')));
        assert_eq!(told(KeyModifiers::ALT), UserNotice::Escaped(Key::Char('q')));
        let both = KeyModifiers::ALT | KeyModifiers::CONTROL;
        assert_eq!(told(both), UserNotice::Escaped(Key::Ctrl('q')));
        let unknown = KeyEvent::new(KeyCode::F(1), KeyModifiers::ALT);
        assert_eq!(told_of(unknown), UserNotice::Nothing);
    }
}
