//! A session: what is known, what is planned, and the run, if there is one. A screen and a
//! headless run drive the same. It performs nothing: effects go out, outcomes come back.

mod backtraces;
mod cancels;
mod input;
mod kept;
mod kind;
mod logs;
mod outset;
mod prepare;
mod salvage;
mod served;
mod succession;
mod units;

use std::time::Duration;

use super::drain::{
    ActOutcome, By, Command, Effect, EffectId, Event, Input, Missing, Plan, PushOutcome, Record,
    Run, Trace,
};
use super::fleet::{Fleet, Located, Observation, Process, ProcessKey, State};
use super::follow::Following;
use super::moment::Moment;
use super::outlook::Situation;
use super::preflight::{Preflight, stops};
use super::sequence::{SequenceOrigin, Timeout};
use super::successor::Watch;

pub use backtraces::{Asked, Backtraces, Inquiry, WantedThread};
pub use input::{Beginning, SessionInput, TakingUp};
pub use kept::{KeptRecords, StepDone};
pub use kind::Kind;
pub use outset::Outset;
pub use salvage::{LateSearch, Salvage, payload_file};

/// The subject of a session and the source of its settings.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Setting {
    /// Live, read-only, rehearsal or demo.
    pub kind: Kind,
    /// The plan.
    pub plan: Plan,
    /// Where the sequence was found.
    pub sequence_from: SequenceOrigin,
    /// The address of Redis without secrets, and where it was found; `None`: it is not used.
    pub redis: Option<(String, String)>,
    /// The prefix of its keys, where one is stated.
    pub namespace: Option<String>,
    /// The operator, and the reason where one was given.
    pub operator: By,
    /// How long after a drain is watched for what comes up in its place; `None`: not at all.
    pub successor: Option<Duration>,
    /// The folder in which payloads are saved; `None`: none are.
    #[serde(default)]
    pub saved_in: Option<String>,
}

/// Everything that a screen shows and a run needs.
#[derive(Clone, Debug)]
pub struct Session {
    /// The knowledge so far.
    pub fleet: Fleet,
    /// The run, once one was begun.
    pub run: Option<Run>,
    /// The subject.
    pub setting: Setting,
    /// The last records, and the steps that they told of.
    pub journal: KeptRecords,
    /// The notes on the plan before it begins.
    pub preflight: Box<Preflight>,
    /// The memory from look to look.
    pub following: Following,
    /// The search for lost jobs after the run.
    pub afterwards: LateSearch,
    /// The backtraces that were asked for.
    pub backtraces: Box<Backtraces>,
}

/// Why a run was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// Acts do not exist here.
    #[error("this session is read-only: nothing can be sent")]
    ReadOnly,
    /// There is one already.
    #[error("a drain is already under way")]
    AlreadyBegun,
    /// None of the targets lives.
    #[error("there is nothing to drain")]
    NoTarget,
}

impl Session {
    /// A session that knows nothing yet.
    pub fn new(setting: Setting) -> Self {
        Self {
            fleet: Fleet::default(),
            run: None,
            setting,
            journal: KeptRecords::default(),
            preflight: Box::default(),
            following: Following::default(),
            afterwards: LateSearch::default(),
            backtraces: Box::default(),
        }
    }

    /// Takes an observation in.
    #[must_use]
    pub fn observe(&mut self, observation: Observation, now: Moment) -> Vec<Effect> {
        let observation = match observation {
            Observation::Logged(news) => return self.read_logs(news, now),
            Observation::Look(_)
            | Observation::Host(_)
            | Observation::Exited { .. }
            | Observation::Link(_)
            | Observation::Queues(_)
            | Observation::Unit(_) => observation,
        };
        let concerns_plan = matches!(
            observation,
            Observation::Host(_)
                | Observation::Look(_)
                | Observation::Unit(_)
                | Observation::Queues(_)
        );
        let was_connected = self.fleet.link.is_connected();
        self.fleet.observe(observation);
        self.fleet.claim();
        self.following.observe(&self.fleet, now);
        if concerns_plan && !self.is_draining() {
            self.look_at_plan();
        }
        let mut effects = self.feed(Input::Observed, now);
        effects.extend(self.look_again(was_connected, now));
        effects.extend(self.succeed(now));
        effects.extend(self.follow_backtraces(now));
        effects.extend(self.follow_cancels(now));
        effects
    }

    /// Time has passed.
    #[must_use]
    pub fn tick(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = self.feed(Input::Tick, now);
        effects.extend(self.succeed(now));
        effects.extend(self.follow_backtraces(now));
        effects.extend(self.follow_cancels(now));
        effects
    }

    /// A command.
    #[must_use]
    pub fn command(&mut self, command: Command, now: Moment) -> Vec<Effect> {
        if self.setting.kind == Kind::ReadOnly {
            return Vec::new();
        }
        self.feed(Input::Command(command), now)
    }

    /// An act has ended.
    #[must_use]
    pub fn outcome(&mut self, id: EffectId, outcome: ActOutcome, now: Moment) -> Vec<Effect> {
        self.feed(Input::Outcome(id, outcome), now)
    }

    /// An answer has come.
    #[must_use]
    pub fn answer(&mut self, id: EffectId, answers: Vec<Located>, now: Moment) -> Vec<Effect> {
        self.feed(Input::Answer(id, answers), now)
    }

    /// A search for missing jobs has ended.
    #[must_use]
    pub fn searched(
        &mut self,
        id: EffectId,
        traces: Vec<(Missing, Trace)>,
        now: Moment,
    ) -> Vec<Effect> {
        if self.is_draining() {
            return self.feed(Input::Searched(id, traces), now);
        }
        self.found_lost(id, traces, now)
    }

    /// A push has ended.
    #[must_use]
    pub fn pushed_back(&mut self, id: EffectId, outcome: PushOutcome, now: Moment) -> Vec<Effect> {
        if self.is_draining() {
            return self.feed(Input::PushedBack(id, outcome), now);
        }
        self.pushed_lost(id, &outcome, now)
    }

    /// Begins a run on `targets` in manual mode: it has sent nothing yet. A run that is over
    /// makes way for a new one.
    ///
    /// # Errors
    /// If acts do not exist here, a run is under way, or no target lives.
    pub fn begin(
        &mut self,
        targets: &[ProcessKey],
        by: Option<By>,
        now: Moment,
    ) -> Result<Vec<Effect>, NotBegun> {
        if self.setting.kind == Kind::ReadOnly {
            return Err(NotBegun::ReadOnly);
        }
        if self.run.as_ref().is_some_and(|run| !run.phase().is_over()) {
            return Err(NotBegun::AlreadyBegun);
        }
        let alive = |id: &&ProcessKey| self.fleet.get(id).is_some_and(|process| !process.exited());
        let targets: Vec<ProcessKey> = targets.iter().filter(alive).cloned().collect();
        if targets.is_empty() {
            return Err(NotBegun::NoTarget);
        }
        self.fleet.keep(&targets);
        let (watched, unwatched) = self.watched(&targets);
        let stated = self.setting.plan.timeout.as_ref();
        let watch = |span| Watch::new(&self.fleet, &watched, stated, span, now);
        self.afterwards.watch = self.setting.successor.map(watch);
        let plan = self.setting.plan.clone();
        let (mut run, mut effects) = Run::new(plan, &targets, &self.fleet, by, now);
        self.name_redis(&mut effects);
        let plan = &self.setting.plan;
        run.take_units(self.preflight.systemd.stop, |id| {
            stops(&self.fleet, id, plan, &self.preflight).ok()?
        });
        if let Some(unit) = unwatched.filter(|_| self.afterwards.watch.is_some()) {
            let text = format!(
                "what comes up in {unit} after this drain is not watched: this runs inside it"
            );
            let event = Event::Remarked { text };
            effects.push(Effect::Note(Box::new(
                run.ledger().record(None, event, now),
            )));
        }
        for text in self.wrapped(&run) {
            let record = run.ledger().record(None, Event::Remarked { text }, now);
            effects.push(Effect::Note(Box::new(record)));
        }
        let checked = self.preflight.seen.checked(&self.setting.sequence_from.0);
        let checked = Effect::Note(Box::new(run.ledger().record(None, checked, now)));
        // Behind the record of its beginning.
        effects.insert(effects.len().min(1), checked);
        self.run = Some(run);
        self.begin_queues();
        self.afterwards.salvage = Salvage::default();
        self.afterwards.saved = None;
        self.keep(&effects);
        Ok(effects)
    }

    /// Payloads of these jobs of `target` (id, class, queue) were saved before a KILL.
    #[must_use]
    pub fn saved(&mut self, target: &ProcessKey, jobs: &[[String; 3]], now: Moment) -> Vec<Effect> {
        let Some(run) = &self.run else {
            return Vec::new();
        };
        let about = run
            .ledger()
            .target(target)
            .map(|target| target.about.clone());
        let file = self.saved_file(&run.plan().run);
        let saved = jobs.iter().map(|job| {
            let event = salvage::payload_saved(job, file.clone());
            Effect::Note(Box::new(run.ledger().record(about.clone(), event, now)))
        });
        let effects: Vec<Effect> = saved.collect();
        self.afterwards.saved = file;
        self.keep(&effects);
        effects
    }

    /// Something was learned beside the run, or after it.
    pub fn note(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        let Some(run) = &self.run else {
            return Vec::new();
        };
        let effects = vec![Effect::Note(Box::new(
            run.ledger().record(None, event, now),
        ))];
        self.keep(&effects);
        effects
    }

    fn feed(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        let Some(run) = &mut self.run else {
            return Vec::new();
        };
        let mut effects = run.handle(input, &self.fleet, now);
        self.follow_queues(&mut effects, now);
        self.keep(&effects);
        effects
    }

    fn keep(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Note(record) = effect {
                self.pane(Record::clone(record));
            }
        }
    }

    fn pane(&mut self, record: Record) {
        self.journal.take(record, &self.setting.plan.sequence);
    }

    /// The processes that are drained when none is chosen: those of this host whose Redis is the
    /// connected one. Children of a swarm are among them; their parent would start them again.
    pub fn default_targets(&self) -> Vec<ProcessKey> {
        let asked = self.fleet.vantage.redis.as_ref();
        let is_ours = |process: &Process| process.is_known(asked) || process.is_ours();
        let ours = |(key, process): (&ProcessKey, &Process)| match key {
            ProcessKey::Local(_) if is_ours(process) && !process.exited() => Some(key.clone()),
            ProcessKey::Local(_) | ProcessKey::Remote(_) => None,
        };
        self.fleet.processes.iter().filter_map(ours).collect()
    }

    /// The state of a process, with what this session knows of it.
    pub fn state(&self, key: &ProcessKey, process: &Process, now: Moment) -> State {
        let stopping = self
            .run
            .as_ref()
            .and_then(|run| run.ledger().target(key))
            .is_some_and(|target| target.stopped.is_some());
        process.state(stopping, &self.fleet.link, now)
    }

    /// Its own timeout.
    pub fn timeout(&self, process: &Process) -> Timeout {
        process.timeout(self.setting.plan.timeout.as_ref())
    }

    /// The run, while it is not over.
    pub fn active_run(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.phase().is_over())
    }

    /// The source of the outlook for every job.
    pub fn situation(&self, now: Moment) -> Situation<'_> {
        Situation {
            fleet: &self.fleet,
            plan: &self.setting.plan,
            preflight: &self.preflight,
            run: self.active_run(),
            now,
        }
    }

    /// The name of a process for people.
    pub fn name_of(&self, key: &ProcessKey) -> String {
        let process = self.fleet.get(key);
        process.map_or_else(|| key.to_string(), Process::name)
    }

    /// When something is due, if nothing else happens.
    pub fn next_deadline(&self) -> Option<Moment> {
        let run = self.run.as_ref().and_then(Run::next_deadline);
        // Processes that come up afterwards are watched for once the run is over.
        let run = run.or_else(|| self.afterwards.watch.as_ref()?.deadline());
        let backtraces = [self.backtraces.next_deadline(), self.backtraces_due()];
        run.into_iter()
            .chain(backtraces.into_iter().flatten())
            .min()
    }

    /// Whether a run is under way.
    pub fn is_draining(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !run.phase().is_over())
    }
}
