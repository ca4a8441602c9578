//! The messages of terminals that watch from outside, as the loop takes them in.

use std::path::Path;

use super::Turn;
use crate::core::drain::Event;
use crate::core::moment::Moment;
use crate::core::session::SessionInput;
use crate::shell::front::Front;
use crate::shell::visitors::{FromVisitor, Visit};
use crate::shell::world::HangUp;

impl<F: Front> Turn<F> {
    /// Lets terminals watch the drain from outside; without a socket it goes on without them.
    pub(super) fn receive_visitors(&mut self, state_dir: &Path, run: &str, own: &str) {
        if let Err(error) = self.world.visitors.listen(state_dir, run, own) {
            tracing::warn!(%error, "nobody can attach to this drain");
        }
    }

    /// Takes in what a visitor brings.
    pub(super) fn visited(&mut self, heard: FromVisitor, now: Moment) {
        let dark = self.world.hang_up == HangUp::Continued;
        let asks_first = self.front.gives_controls_itself() && !dark;
        let visit = self.world.visitors.take(heard, asks_first);
        self.visit(visit, now);
    }

    /// The front gives the controls to who asked for them, or takes them back.
    pub(super) fn turn_over(&mut self, now: Moment) {
        let visit = self.world.visitors.turn_over();
        self.visit(visit, now);
    }

    fn visit(&mut self, visit: Visit, now: Moment) {
        match visit {
            Visit::Ask(who) => self.front.asked_for_controls(&who),
            Visit::Driver(who) => {
                let elsewhere = self.world.visitors.drive();
                self.front.driven_by(elsewhere.then_some(who.as_str()));
                let visitor = elsewhere.then(|| who.clone());
                self.hear(SessionInput::Driven(visitor), now);
                let text = format!("{who} has the controls");
                self.note(Event::Remarked { text }, now);
            }
            Visit::Command(command) if self.session.is_draining() => self.command(command, now),
            // It came too late.
            Visit::Command(_) | Visit::Nothing => {}
        }
    }
}
