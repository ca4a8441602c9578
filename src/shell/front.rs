//! The front as the loop sees it: it turns the acts of a person into requests and shows the state.
//! It never acts by itself and is never awaited while anything is due.

use std::future::Future;
use std::io;

use crate::console::Request;
use crate::core::drain::Record;
use crate::core::moment::Moment;
use crate::core::session::Session;

/// A screen, lines for people, or lines of JSON.
pub trait Front {
    /// An event from outside: a key, a line.
    type Event;

    /// The next event; `None` once the way in is closed for good (the terminal is gone). A front
    /// without an operator never answers.
    fn event(&mut self) -> impl Future<Output = Option<Self::Event>>;

    /// The request of an event.
    fn take(&mut self, event: Self::Event, session: &Session, now: Moment) -> Vec<Request>;

    /// The request of the session's state where no operator can answer; once after each change.
    fn answer(&mut self, session: &Session, now: Moment) -> Vec<Request>;

    /// A record was written.
    fn note(&mut self, record: &Record);

    /// Something could not be done.
    fn tell(&mut self, text: &str);

    /// A run was not begun, and no process was signalled.
    fn refused(&mut self, why: &str, session: &Session, now: Moment);

    /// Shows what is, if that has changed.
    ///
    /// # Errors
    /// If what it shows on is gone.
    fn show(&mut self, session: &Session, now: Moment) -> io::Result<()>;

    /// The terminal may hold anything by now: show all of it again.
    fn show_anew(&mut self);

    /// Gives the terminal back, stops this program until it is continued, takes it again.
    fn suspend(&mut self, session: &Session, now: Moment);

    /// When it wants to show again although nothing happens.
    fn next_show(&self, session: &Session, now: Moment) -> Option<Moment>;

    /// All is over but for what is told of it: the terminal is given back, if it was taken.
    fn leave(&mut self) {}

    /// Whether it shows where jobs went that left the table.
    fn shows_departed(&self) -> bool {
        false
    }

    /// Whether somebody at this very terminal is to be asked before a visitor gets the controls.
    fn gives_controls_itself(&self) -> bool {
        false
    }

    /// A visitor asks for the controls.
    fn asked_for_controls(&mut self, who: &str) {
        let _ = who;
    }

    /// A visitor drives now; `None`: nobody but this front does.
    fn driven_by(&mut self, who: Option<&str>) {
        let _ = who;
    }

    /// Whether the last event gives the controls to who asked for them, or takes them back.
    fn turns_controls_over(&mut self) -> bool {
        false
    }

    /// Whether an operator is there who can answer a question.
    fn is_attended(&self) -> bool;

    /// Whether the loop is to end.
    fn is_done(&self, session: &Session) -> bool;
}
