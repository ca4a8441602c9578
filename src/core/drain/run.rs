//! A drain of fixed targets: one cursor, one clock. It is told everything and does nothing by
//! itself; each call starts at most one step.

mod advance;
mod aftermath;
mod arrival;
mod command;
mod container;
mod outcome;
mod perform;
mod projection;
mod rescue;
mod settle;
mod take_up;

pub use projection::Projection;
pub use rescue::SEARCH_WITHIN;

use super::asks::Asks;
use super::by::Drivers;
use super::cursor::{Cursor, Pace};
use super::gate::Gates;
use super::ledger::{Ledger, RunCall, TELL_LIMIT};
use super::phase::Phase;
use super::plan::{Mode, Plan};
use super::record::{By, Event, Outcome};
use super::target::Target;
use super::unit_call::UnitCall;
use super::unit_stop::{StopUnit, UnitStop};
use super::{Effect, Input};
use crate::core::fleet::{Fleet, ProcessKey};
use crate::core::moment::{Moment, Seconds};

/// A drain.
#[derive(Clone, Debug)]
pub struct Run {
    plan: Plan,
    cursor: Cursor,
    ledger: Ledger,
    asks: Asks,
    drivers: Drivers,
}

impl Run {
    /// A run on these processes of the fleet. It has sent nothing: its first step waits for
    /// [`super::Command::Automatic`] or for its confirmation.
    pub fn new(
        plan: Plan,
        targets: &[ProcessKey],
        fleet: &Fleet,
        by: Option<By>,
        now: Moment,
    ) -> (Self, Vec<Effect>) {
        let targets: Vec<Target> = targets
            .iter()
            .filter_map(|key| {
                let process = fleet.get(key)?;
                let timeout = process.timeout(plan.timeout.as_ref());
                let local = process.local.as_ref();
                let name = process.name();
                let mut target = Target::new(key.clone(), name, process.identity.clone(), timeout);
                target.stop.runs_in = local.and_then(|local| local.surroundings.unit.clone());
                target.stop.keeper = local.and_then(|local| local.surroundings.above.keeper);
                Some(target)
            })
            .collect();
        let mode = plan.mode;
        let mut run = Self {
            ledger: Ledger::new(plan.run.clone(), plan.rehearsal, targets, now),
            plan,
            cursor: Cursor::new(now),
            asks: Asks::default(),
            drivers: Drivers::default(),
        };
        let mut turn = RunCall::new(fleet, now);
        let longest = run.ledger.targets().iter().map(|target| &target.timeout);
        let longest = longest.max_by_key(|timeout| timeout.span);
        let by = by.unwrap_or_default();
        run.drivers.own.clone_from(&by.who);
        let event = Event::Started {
            sequence: run.plan.sequence.to_string(),
            targets: run.ledger.targets().len(),
            mode: Some(mode),
            by: Some(by.who).filter(|who| !who.is_empty()),
            reason: by.why,
            timeout_s: longest.map(|timeout| Seconds(timeout.span)),
            timeout_from: longest.map(|timeout| timeout.origin.text().to_owned()),
            redis: None,
            namespace: None,
        };
        run.ledger.note(event, &mut turn);
        run.ledger.take_in(&mut turn);
        if turn.asks_now {
            run.asks = Asks::at_once();
        }
        (run, turn.effects)
    }

    /// The targets, and the account of their jobs.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The people who have the controls.
    pub fn drivers(&self) -> &Drivers {
        &self.drivers
    }

    /// Gives the controls to a visitor, or back to who began it.
    pub fn driven_by(&mut self, visitor: Option<String>) {
        self.drivers.visitor = visitor;
    }

    /// The decisions before it began.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where it stands.
    pub fn phase(&self) -> &Phase {
        self.cursor.phase()
    }

    /// Whether the operator or time moves it on.
    pub fn mode(&self) -> Mode {
        self.cursor.mode()
    }

    /// Its clock.
    pub fn pace(&self) -> Pace {
        self.cursor.pace()
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        if let Phase::Over { outcome, .. } = self.cursor.phase() {
            return Some(*outcome);
        }
        None
    }

    /// The calls that bring the units back to work that this run, once over, left quiet or down.
    pub fn unit_calls(&self, fleet: &Fleet) -> Vec<UnitCall> {
        let outcome = self.outcome();
        outcome.map_or_else(Vec::new, |outcome| self.ledger.unit_calls(outcome, fleet))
    }

    /// Takes over which targets may be stopped through their units, before the first signal.
    pub(crate) fn take_units(
        &mut self,
        when: StopUnit,
        units: impl FnMut(&ProcessKey) -> Option<UnitStop>,
    ) {
        self.ledger.take_units(when, units);
    }

    /// Takes in that an operator marked a job of a target as cancelled.
    pub fn mark_cancelled(&mut self, process: &ProcessKey, jid: &str, by: &str, at: Moment) {
        self.ledger
            .account_mut()
            .mark_cancelled(process, jid, by, at);
    }

    /// The gates before its steps, as they stand at this call.
    fn gates<'a>(&'a self, turn: &RunCall<'a>) -> Gates<'a> {
        Gates::new(&self.plan, &self.ledger, turn.fleet, turn.now)
    }

    /// Takes one input in and says what is to be done.
    #[must_use]
    pub fn handle(&mut self, input: Input, fleet: &Fleet, now: Moment) -> Vec<Effect> {
        let mut turn = RunCall::new(fleet, now);
        if self.cursor.phase().is_over() {
            return turn.effects;
        }
        self.ledger.take_in(&mut turn);
        match input {
            Input::Observed | Input::Tick => {}
            Input::Command(command) => self.command(command, &mut turn),
            Input::Outcome(id, outcome) => self.outcome_of(id, outcome, &mut turn),
            Input::Answer(id, answers) => {
                if self.asks.end(id) {
                    self.ledger.answer(&answers, &turn);
                } else {
                    let text = "an answer came to a question that is not awaited any more".into();
                    self.ledger.note(Event::Remarked { text }, &mut turn);
                }
            }
            Input::Searched(id, traces) => self.searched(id, traces, &mut turn),
            Input::PushedBack(id, outcome) => self.pushed(id, &outcome, &mut turn),
            Input::Taken(waiting, taken) => self.taken(&waiting, taken, &mut turn),
        }
        if !self.cursor.phase().is_over() {
            // It may have been heard already: its outcome tells from when on.
            let waiting = self.cursor.under_way();
            self.ledger.tell_exits(&waiting, &mut turn);
            self.ledger.judge(true, &waiting, &mut turn);
            self.advance(&mut turn);
        }
        if !self.cursor.phase().is_over() {
            self.asks
                .ask(&self.plan, &self.cursor, &mut self.ledger, &mut turn);
        }
        turn.effects
    }

    /// When it wants to be called again, if nothing else happens.
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.cursor.phase().is_over() {
            return None;
        }
        let untold = self.ledger.targets().iter().filter_map(Target::untold_exit);
        let untold = untold.map(|at| at.after(TELL_LIMIT));
        untold
            .chain(self.cursor.deadline())
            .chain(self.asks.next())
            .min()
    }
}
