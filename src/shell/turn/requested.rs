//! What a person, or this program's own signals, ask the loop for.

use super::{Counted, Ended, Turn};
use crate::console::Request;
use crate::core::drain::{Command, Mode};
use crate::core::fleet::LocalId;
use crate::core::moment::Moment;
use crate::core::preflight::Consent;
use crate::shell::front::Front;

impl<F: Front> Turn<F> {
    /// Meets requests in their order. What follows a run that could not begin was meant for it.
    pub(super) fn requests(&mut self, requests: Vec<Request>, now: Moment) {
        let mut requests = requests.into_iter().peekable();
        while let Some(request) = requests.next() {
            match request {
                Request::Begin { targets, consent } => {
                    // The record says how the drain began: by itself, or step by step.
                    let automatic = Request::Command(Command::Automatic);
                    self.session.setting.plan.mode = match requests.peek() {
                        Some(next) if *next == automatic => Mode::Automatic,
                        Some(_) | None => Mode::Manual,
                    };
                    if !self.begin(&targets, consent, now) {
                        return;
                    }
                }
                Request::Choose { targets } => self.session.choose(targets),
                Request::Command(command) => self.command(command, now),
                Request::CallUnits(calls) => self.call_units(calls, now),
                Request::Backtrace { process, tids } => {
                    let effects = self.session.ask_backtraces(process, &tids, now);
                    self.dispatch(effects);
                }
                Request::Quit => {
                    if self.session.is_draining() {
                        self.command(Command::Leave, now);
                    }
                    self.leaving = Some(Ended::Quit);
                }
                Request::Save { targets } => self.save(&targets, now),
                Request::LookForLost => {
                    let effects = self.session.look_for_lost(now);
                    self.dispatch(effects);
                }
                Request::PushBack { jobs } => {
                    let effects = self.session.push_lost(&jobs, now);
                    self.dispatch(effects);
                }
                Request::Redraw => self.front.show_anew(),
                Request::Suspend => self.front.suspend(),
            }
        }
    }

    pub(super) fn command(&mut self, command: Command, now: Moment) {
        if matches!(
            command,
            Command::StopHere | Command::StopUnanswered | Command::HangUp | Command::Leave
        ) {
            self.world.plugs.revoke();
        }
        tracing::info!(?command, "command");
        let effects = self.session.command(command, now);
        self.dispatch(effects);
    }

    /// Begins a run; says whether it did.
    pub(super) fn begin(
        &mut self,
        targets: &[LocalId],
        consent: Option<Consent>,
        now: Moment,
    ) -> bool {
        if self.session.is_draining() {
            return false;
        }
        if let Err(why) = self.session.prepare(targets, consent.as_ref()) {
            self.front.refused(&why, &self.session, now);
            return false;
        }
        let begun = match self.world.plugs.begin(targets, &mut self.session, now) {
            Ok(begun) => begun,
            Err(refused) => {
                self.front.refused(&refused.to_string(), &self.session, now);
                return false;
            }
        };
        let mut by = self.session.setting.operator.clone();
        by.why = consent.and_then(|consent| consent.why).or(by.why);
        match self.session.begin(targets, Some(by), now) {
            Ok(effects) => {
                self.after.begin(&self.session.setting.plan.run);
                self.tell_directories();
                self.send(begun);
                self.dispatch(effects);
                self.count(Counted::Before);
                self.was_draining = true;
                true
            }
            Err(error) => {
                self.world.plugs.over();
                self.front.refused(&error.to_string(), &self.session, now);
                false
            }
        }
    }

    pub(super) fn interrupt(&mut self, now: Moment) {
        if self.session.is_draining() {
            self.command(Command::StopHere, now);
        } else {
            self.leaving = Some(Ended::Quit);
        }
    }

    pub(super) fn hang_up(&mut self, now: Moment) {
        if self.session.is_draining() {
            self.command(Command::HangUp, now);
        }
        self.leaving = Some(Ended::HangUp);
    }
}
