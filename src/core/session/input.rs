//! Everything that can change a session, as one value. The loop hands each of them in by
//! [`Session::apply`]; a session that takes in the same inputs at the same times is the same.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::core::drain::{
    ActOutcome, By, CallOutcome, Command, Effect, EffectId, Event, Input, Missing, Mode, PushBack,
    PushOutcome, Trace, UnitCall, WaitingSignal,
};
use crate::core::fleet::{Link, LocalId, Located, Observation, ProcessKey, Unit};
use crate::core::follow::{CancelAnswer, CancelTarget};
use crate::core::moment::Moment;
use crate::core::stop_clock::ExtendAtMost;

/// An input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SessionInput {
    /// A source has looked.
    Observed(Observation),
    /// Time has passed.
    Ticked,
    /// An operator, or this program for one, commands.
    Commanded(Command),
    /// An act has ended.
    ActEnded(EffectId, ActOutcome),
    /// Redis has said where jobs are.
    Answered(EffectId, Vec<Located>),
    /// A search for missing jobs has ended.
    Searched(EffectId, Vec<(Missing, Trace)>),
    /// A push-back has ended.
    PushEnded(EffectId, PushOutcome),
    /// A signal was taken out of Redis by its process, or else it expired there.
    SignalTaken(WaitingSignal, bool),
    /// Processes were chosen to be drained.
    Chosen(Vec<ProcessKey>),
    /// A run begins. It is held and locked already.
    Begun(Beginning),
    /// Payloads of jobs of a process were saved: id, class and queue of each.
    PayloadsSaved(ProcessKey, Vec<[String; 3]>),
    /// systemd is about to be told something of a unit, or has been.
    UnitCalled(UnitCall, Option<CallOutcome>),
    /// Backtraces of these threads of a process are wanted.
    BacktracesWanted(LocalId, Vec<String>),
    /// The process was asked for its backtraces, or was not.
    BacktracesAsked(LocalId, ActOutcome),
    /// An operator wants this job cancelled.
    CancelWanted(CancelTarget),
    /// It was marked in Redis, or was not.
    CancelAnswered(CancelTarget, CancelAnswer),
    /// Lost jobs are to be looked for once the run is over.
    LostWanted,
    /// An operator wants these lost jobs pushed back.
    LostPushed(Vec<PushBack>),
    /// Where a process works.
    DirectoryRead(LocalId, Option<String>),
    /// Redis has said where jobs went that left the table.
    DepartedFound(Vec<Located>),
    /// Payloads were saved under this name because an operator wanted it: id, class and queue of
    /// each.
    SavedOnDemand(String, Vec<[String; 3]>),
    /// Something was learned beside the run, or after it.
    Noted(Box<Event>),
    /// This visitor has the controls, or nobody but who began the run.
    Driven(Option<String>),
    /// Another drainboard takes the run up.
    TakenUp(Box<TakingUp>),
}

/// The beginning of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Beginning {
    /// Its name.
    pub run: String,
    /// The targets.
    pub targets: Vec<ProcessKey>,
    /// Whether it then runs by itself.
    pub mode: Mode,
    /// The one that begins it.
    pub by: By,
}

/// The changes for a run that another drainboard takes up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakingUp {
    /// The one that takes it up.
    pub who: String,
    /// The unit in whose control group that drainboard runs.
    pub inside: Option<Unit>,
    /// How far it may move systemd's clock.
    pub extend: ExtendAtMost,
}

impl Session {
    /// Takes one input in and says what is to be done. A run that cannot begin changes nothing;
    /// [`Session::begin`] says why.
    #[must_use]
    pub fn apply(&mut self, input: SessionInput, now: Moment) -> Vec<Effect> {
        match input {
            SessionInput::Observed(observation) => self.observe(observation, now),
            SessionInput::Ticked => self.tick(now),
            SessionInput::Commanded(command) => self.command(command, now),
            SessionInput::ActEnded(id, outcome) => self.outcome(id, outcome, now),
            SessionInput::Answered(id, answers) => self.answer(id, answers, now),
            SessionInput::Searched(id, traces) => self.searched(id, traces, now),
            SessionInput::PushEnded(id, outcome) => self.pushed_back(id, outcome, now),
            SessionInput::SignalTaken(waiting, taken) => {
                self.feed(Input::Taken(waiting, taken), now)
            }
            SessionInput::Chosen(targets) => {
                self.choose(targets);
                Vec::new()
            }
            SessionInput::Begun(beginning) => self.begin_as(beginning, now).unwrap_or_default(),
            SessionInput::PayloadsSaved(process, jobs) => self.saved(&process, &jobs, now),
            SessionInput::UnitCalled(call, outcome) => {
                self.unit_called(&call, outcome.as_ref(), now)
            }
            SessionInput::BacktracesWanted(process, tids) => {
                self.ask_backtraces(process, &tids, now)
            }
            SessionInput::BacktracesAsked(process, outcome) => self.asked(process, outcome, now),
            SessionInput::CancelWanted(target) => {
                self.cancel(target, now);
                Vec::new()
            }
            SessionInput::CancelAnswered(target, answer) => {
                self.cancel_answered(&target, answer, now)
            }
            SessionInput::LostWanted => self.look_for_lost(now),
            SessionInput::LostPushed(jobs) => self.push_lost(&jobs, now),
            SessionInput::DirectoryRead(process, directory) => {
                if let Some(watch) = &mut self.afterwards.watch {
                    watch.tell(process, directory);
                }
                Vec::new()
            }
            SessionInput::DepartedFound(found) => {
                self.following.departed.answered(found);
                Vec::new()
            }
            SessionInput::SavedOnDemand(run, jobs) => self.saved_on_demand(&run, &jobs, now),
            SessionInput::Noted(event) => self.note(*event, now),
            SessionInput::Driven(visitor) => {
                if let Some(run) = &mut self.run {
                    run.driven_by(visitor);
                }
                Vec::new()
            }
            SessionInput::TakenUp(taking_up) => self.take_up(*taking_up, now),
        }
    }

    /// Another drainboard goes on with the run. What it has seen of Redis is old.
    fn take_up(&mut self, taking_up: TakingUp, now: Moment) -> Vec<Effect> {
        self.preflight.systemd.inside = taking_up.inside;
        self.preflight.systemd.extend = taking_up.extend;
        if self.fleet.link != Link::Unused {
            self.fleet.link = Link::Connecting { since: now };
        }
        self.setting.operator.who.clone_from(&taking_up.who);
        let mut effects = self.take_up_cancels(now);
        let Some(run) = &mut self.run else {
            return effects;
        };
        let of_run = run.take_up(&taking_up.who, &self.fleet, now);
        self.keep(&of_run);
        effects.extend(of_run);
        effects
    }

    /// Begins a run under a name: see [`Session::begin`].
    ///
    /// # Errors
    /// As [`Session::begin`].
    pub fn begin_as(
        &mut self,
        beginning: Beginning,
        now: Moment,
    ) -> Result<Vec<Effect>, super::NotBegun> {
        let Beginning {
            run,
            targets,
            mode,
            by,
        } = beginning;
        self.settle(&targets);
        self.setting.plan.run = run;
        self.setting.plan.mode = mode;
        self.begin(&targets, Some(by), now)
    }
}
