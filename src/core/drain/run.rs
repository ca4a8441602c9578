//! A drain of fixed targets: one cursor, one clock. It is told everything and does nothing by
//! itself; each call starts at most one step.

mod advance;
mod aftermath;
mod call;
mod command;
mod gate;
mod intake;
mod kept;
mod outcome;
mod perform;
mod projection;
mod rescue;
mod settle;
mod take_up;
mod unit;

pub use projection::Projection;
pub use rescue::SEARCH_WITHIN;

use std::time::Duration;

use super::by::Drivers;
use super::cursor::{Cursor, Pace};
use super::phase::Phase;
use super::plan::{Mode, Plan};
use super::record::{About, By, Event, Outcome, Record};
use super::target::Target;
use super::{Ask, Effect, EffectId, Input};
use crate::core::fate::Account;
use crate::core::fleet::{Fleet, LocalId, ProcessKey};
use crate::core::moment::{Moment, Seconds};

/// Between two questions for the same jobs.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long an answer is waited for before the question is put again.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long a look after an exit is waited for.
const TELL_LIMIT: Duration = Duration::from_secs(2);

/// The questions under way.
#[derive(Clone, Copy, Debug, Default)]
struct Asks {
    pending: Option<(EffectId, Moment)>,
    last: Option<Moment>,
    at_once: bool,
    /// When there will be something to ask, if nothing else happens.
    next: Option<Moment>,
}

impl Asks {
    fn want_now(&mut self) {
        self.at_once = true;
    }
}

/// A call of a run: what is known, when it is, and what is to be done.
struct RunCall<'a> {
    fleet: &'a Fleet,
    now: Moment,
    effects: Vec<Effect>,
}

impl<'a> RunCall<'a> {
    fn new(fleet: &'a Fleet, now: Moment) -> Self {
        Self {
            fleet,
            now,
            effects: Vec::new(),
        }
    }
}

/// A drain.
#[derive(Clone, Debug)]
pub struct Run {
    plan: Plan,
    targets: Vec<Target>,
    cursor: Cursor,
    account: Account,
    asks: Asks,
    drivers: Drivers,
    next_id: u64,
}

impl Run {
    /// A run on these processes of the fleet. It has sent nothing: its first step waits for
    /// [`super::Command::Automatic`] or for its confirmation.
    pub fn new(
        plan: Plan,
        targets: &[LocalId],
        fleet: &Fleet,
        by: Option<By>,
        now: Moment,
    ) -> (Self, Vec<Effect>) {
        let targets: Vec<Target> = targets
            .iter()
            .filter_map(|id| {
                let process = fleet.get(&ProcessKey::Local(*id))?;
                let timeout = process.timeout(plan.timeout.as_ref());
                let local = process.local.as_ref();
                let name = process.name();
                let mut target = Target::new(*id, name, process.identity.clone(), timeout);
                target.stop.runs_in = local.and_then(|local| local.surroundings.unit.clone());
                target.stop.keeper = local.and_then(|local| local.surroundings.above.keeper);
                Some(target)
            })
            .collect();
        let mode = plan.mode;
        let mut run = Self {
            plan,
            targets,
            cursor: Cursor::new(now),
            account: Account::default(),
            asks: Asks::default(),
            drivers: Drivers::default(),
            next_id: 0,
        };
        let mut turn = RunCall::new(fleet, now);
        let longest = run.targets.iter().map(|target| &target.timeout);
        let longest = longest.max_by_key(|timeout| timeout.span);
        let by = by.unwrap_or_default();
        run.drivers.own.clone_from(&by.who);
        let event = Event::Started {
            sequence: run.plan.sequence.to_string(),
            targets: run.targets.len(),
            mode: Some(mode),
            by: Some(by.who).filter(|who| !who.is_empty()),
            reason: by.why,
            timeout_s: longest.map(|timeout| Seconds(timeout.span)),
            timeout_from: longest.map(|timeout| timeout.origin.text().to_owned()),
            redis: None,
            namespace: None,
        };
        run.note(event, &mut turn);
        run.take_in(&mut turn);
        (run, turn.effects)
    }

    /// Who has the controls.
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

    /// Its targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Where it stands.
    pub fn phase(&self) -> &Phase {
        &self.cursor.phase
    }

    /// Whether the operator or time moves it on.
    pub fn mode(&self) -> Mode {
        self.cursor.mode
    }

    /// The jobs it accounts for.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Its clock.
    pub fn pace(&self) -> Pace {
        self.cursor.pace
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        if let Phase::Over { outcome, .. } = self.cursor.phase {
            return Some(outcome);
        }
        None
    }

    /// The target that is this process.
    pub fn target(&self, key: &ProcessKey) -> Option<&Target> {
        self.targets
            .iter()
            .find(|target| ProcessKey::Local(target.id) == *key)
    }

    /// Takes one input in and says what is to be done.
    #[must_use]
    pub fn handle(&mut self, input: Input, fleet: &Fleet, now: Moment) -> Vec<Effect> {
        let mut turn = RunCall::new(fleet, now);
        if self.cursor.phase.is_over() {
            return turn.effects;
        }
        self.take_in(&mut turn);
        match input {
            Input::Observed | Input::Tick => {}
            Input::Command(command) => self.command(command, &mut turn),
            Input::Outcome(id, outcome) => self.outcome_of(id, outcome, &mut turn),
            Input::Answer(id, answers) => self.answer(id, &answers, &mut turn),
            Input::Searched(id, traces) => self.searched(id, traces, &mut turn),
            Input::PushedBack(id, outcome) => self.pushed(id, &outcome, &mut turn),
        }
        if !self.cursor.phase.is_over() {
            self.judge(true, &mut turn);
            self.advance(&mut turn);
        }
        if !self.cursor.phase.is_over() {
            self.ask(&mut turn);
        }
        turn.effects
    }

    /// When it wants to be called again, if nothing else happens.
    pub fn next_deadline(&self) -> Option<Moment> {
        let phase = match &self.cursor.phase {
            Phase::Waiting { until, .. }
            | Phase::Gated { until, .. }
            | Phase::Leaving { until }
            | Phase::Ending { until, .. }
            | Phase::Settling { until, .. } => Some(*until),
            Phase::Over { .. } => return None,
            Phase::Ready { .. } | Phase::Performing(_) | Phase::Held { .. } => None,
        };
        let untold = self.targets.iter().filter_map(Target::untold_exit);
        let untold = untold.map(|at| at.after(TELL_LIMIT));
        untold.chain(phase).chain(self.asks.next).min()
    }

    fn look_now(&mut self, turn: &mut RunCall<'_>) {
        turn.effects.push(Effect::Ask(self.new_id(), Ask::LookNow));
    }

    fn new_id(&mut self) -> EffectId {
        self.next_id += 1;
        EffectId(self.next_id)
    }

    fn note(&self, event: Event, turn: &mut RunCall<'_>) {
        turn.effects
            .push(Effect::Note(Box::new(self.record(None, event, turn.now))));
    }

    fn note_about(&self, target: LocalId, event: Event, turn: &mut RunCall<'_>) {
        let about = self
            .targets
            .iter()
            .find(|known| known.id == target)
            .map(|known| known.about.clone());
        turn.effects
            .push(Effect::Note(Box::new(self.record(about, event, turn.now))));
    }

    /// A record of this run.
    pub fn record(&self, about: Option<About>, event: Event, now: Moment) -> Record {
        Record {
            at: now,
            since_start: now.since(self.cursor.pace.started),
            run: self.plan.run.clone(),
            rehearsal: self.plan.rehearsal,
            about,
            event,
        }
    }
}
