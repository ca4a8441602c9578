//! A recorded drain as a film: the session at any moment of it. Nothing is asked, and nothing is
//! sent.

use super::chain::Broken;
use super::reading::{Recording, step};
use crate::core::moment::Moment;
use crate::core::session::{Session, SessionInput};

/// A film, at one of its moments.
#[derive(Debug)]
pub struct Film {
    /// Which drain.
    pub run: String,
    first: Session,
    inputs: Vec<(SessionInput, Moment)>,
    session: Session,
    /// How many inputs were taken in.
    taken: usize,
    now: Moment,
    begun: Moment,
    /// Why it leads no further than its last input.
    broken: Option<Broken>,
}

impl Film {
    /// The film of `recording`, at its begin; `None` if no drain began in it.
    pub fn of(recording: &Recording) -> Option<Self> {
        let (mut inputs, mut broken) = (Vec::new(), None);
        for input in recording.inputs() {
            match input {
                Ok(input) => inputs.push(input),
                Err(why) => broken = Some(why),
            }
        }
        let begins = |(input, _): &&(SessionInput, Moment)| matches!(input, SessionInput::Begun(beginning) if beginning.run == recording.run);
        let begun = inputs.iter().find(begins)?.1;
        let first = recording.outset();
        let mut film = Self {
            run: recording.run.clone(),
            session: first.clone(),
            first,
            inputs,
            taken: 0,
            now: begun,
            begun,
            broken,
        };
        film.go_to(begun);
        Some(film)
    }

    /// The session at the moment that is shown.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The same, to be marked before it is drawn.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The moment that is shown.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// When its drain began.
    pub fn begun(&self) -> Moment {
        self.begun
    }

    /// When its last input came.
    pub fn end(&self) -> Moment {
        self.inputs.last().map_or(self.begun, |(_, at)| *at)
    }

    /// Why it leads no further, if its file is damaged there.
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// Shows another moment: from its begin to its end.
    pub fn go_to(&mut self, moment: Moment) {
        let moment = moment.clamp(self.begun, self.end());
        if moment < self.now {
            (self.session, self.taken) = (self.first.clone(), 0);
        }
        while self
            .inputs
            .get(self.taken)
            .is_some_and(|(_, at)| *at <= moment)
        {
            self.take();
        }
        self.now = moment;
    }

    /// When the next input after the moment that is shown comes.
    pub fn next_input(&self) -> Option<Moment> {
        self.inputs.get(self.taken).map(|(_, at)| *at)
    }

    /// Shows the next moment at which something was written into the record; the end if there is
    /// none.
    pub fn go_to_next_record(&mut self) {
        while let Some((_, at)) = self.inputs.get(self.taken) {
            self.now = self.now.max(*at);
            if self.take() {
                return;
            }
        }
        self.now = self.end();
    }

    /// Takes the next input in; whether that gave a record.
    fn take(&mut self) -> bool {
        let (input, at) = self.inputs[self.taken].clone();
        self.taken += 1;
        !step(&mut self.session, input, at).is_empty()
    }
}
