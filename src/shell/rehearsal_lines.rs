//! The front of a rehearsal without a screen: the lines of a drain, and before the last one what
//! the rehearsal found. For that it watches the live jobs a little longer than the drain lasts.

use std::io;
use std::time::Duration;

use super::front::Front;
use super::lines::LinesFront;
use super::printer::{Printed, Printer, say};
use super::rehearsal::SharedStandIn;
use crate::console::Request;
use crate::core::drain::{Event, Outcome, Record};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// Between two looks at whether enough was seen.
const AGAIN: Duration = Duration::from_secs(1);

/// The front of `rehearse --auto`.
#[derive(Debug)]
pub struct RehearsalFront {
    lines: LinesFront,
    printer: Printer,
    stand_in: SharedStandIn,
    /// The last record, while the jobs that go on are watched.
    last: Option<Record>,
    watched: bool,
}

impl RehearsalFront {
    /// A front around that of a drain.
    pub fn new(lines: LinesFront, printer: Printer, stand_in: SharedStandIn) -> Self {
        Self {
            lines,
            printer,
            stand_in,
            last: None,
            watched: false,
        }
    }

    /// Ends: what was found and the last line, where they were not printed yet.
    pub fn close(&mut self, session: &Session, now: Moment) -> Outcome {
        self.tell_all(now);
        self.lines.close(session, now)
    }

    fn tell_all(&mut self, now: Moment) {
        let Some(last) = self.last.take() else {
            return;
        };
        let outlook = self.stand_in.lock().outlook(now);
        if self.printer.0 == Printed::Json {
            self.printer.line(&outlook.json(&last));
        }
        for line in outlook.lines() {
            say(&line);
        }
        self.printer.record(&last);
    }

    /// Whether what 30 s more would change is still open; says once that it is waited for.
    fn is_watching(&mut self, now: Moment) -> bool {
        if self.last.is_none() {
            return false;
        }
        let Some(until) = self.stand_in.lock().known_at(now) else {
            return false;
        };
        if !self.watched {
            let seconds = until.since(now).as_secs() + 1;
            say(&format!(
                "the drain would be over; up to {seconds} s more show what 30 s more would have changed (Ctrl-C: not needed)"
            ));
            self.watched = true;
        }
        true
    }
}

impl Front for RehearsalFront {
    type Event = String;

    async fn event(&mut self) -> Option<String> {
        self.lines.event().await
    }

    fn take(&mut self, line: String, session: &Session, now: Moment) -> Vec<Request> {
        self.lines.take(line, session, now)
    }

    fn answer(&mut self, session: &Session, now: Moment) -> Vec<Request> {
        let requests = self.lines.answer(session, now);
        if self.last.is_some() && !self.is_watching(now) {
            self.tell_all(now);
        }
        requests
    }

    fn note(&mut self, record: &Record) {
        // The last line stays the last.
        if matches!(record.event, Event::Finished { .. }) {
            self.last = Some(record.clone());
        } else {
            self.lines.note(record);
        }
    }

    fn tell(&mut self, text: &str) {
        self.lines.tell(text);
    }

    fn refused(&mut self, why: &str, session: &Session, now: Moment) {
        self.lines.refused(why, session, now);
    }

    fn show(&mut self, session: &Session, now: Moment) -> io::Result<()> {
        self.lines.show(session, now)
    }

    fn show_anew(&mut self) {
        self.lines.show_anew();
    }

    fn suspend(&mut self, session: &Session, now: Moment) {
        self.lines.suspend(session, now);
    }

    fn next_show(&self, session: &Session, now: Moment) -> Option<Moment> {
        if self.last.is_some() {
            return Some(now.after(AGAIN));
        }
        self.lines.next_show(session, now)
    }

    fn is_attended(&self) -> bool {
        self.lines.is_attended()
    }

    fn is_done(&self, session: &Session) -> bool {
        self.last.is_none() && self.lines.is_done(session)
    }
}
