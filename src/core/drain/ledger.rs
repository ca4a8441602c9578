//! The ledger of a drain: its targets, what is known of the jobs on them, and the records of both.
//! It decides nothing about the steps, and sends nothing.

mod fates;
mod kept;
mod missing;
mod signals;
mod stand;
mod units;

pub(super) use kept::Proof;

use std::time::Duration;

use super::record::{About, Event, Record};
use super::target::Target;
use super::{Ask, Effect, EffectId};
use crate::core::fate::{Account, Stake};
use crate::core::fleet::{Fleet, Link, ProcessKey};
use crate::core::moment::Moment;

/// How long a look after an exit is waited for.
pub(super) const TELL_LIMIT: Duration = Duration::from_secs(2);

/// A call of a run: what is known, when it is, and what is to be done.
pub(super) struct RunCall<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) now: Moment,
    pub(super) effects: Vec<Effect>,
    /// Whether it is to be asked at once where the jobs are.
    pub(super) asks_now: bool,
}

impl<'a> RunCall<'a> {
    pub(super) fn new(fleet: &'a Fleet, now: Moment) -> Self {
        Self {
            fleet,
            now,
            effects: Vec::new(),
            asks_now: false,
        }
    }
}

/// The targets of a drain, and the account of their jobs.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The name of the run.
    run: String,
    rehearsal: bool,
    began: Moment,
    targets: Vec<Target>,
    account: Account,
    next_id: u64,
}

impl Ledger {
    /// A ledger without a line.
    pub(super) fn new(run: String, rehearsal: bool, targets: Vec<Target>, began: Moment) -> Self {
        Self {
            run,
            rehearsal,
            began,
            targets,
            account: Account::default(),
            next_id: 0,
        }
    }

    /// The targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The target that is this process.
    pub fn target(&self, key: &ProcessKey) -> Option<&Target> {
        self.targets.iter().find(|target| target.key == *key)
    }

    /// The same, to be changed.
    pub(super) fn target_mut(&mut self, key: &ProcessKey) -> Option<&mut Target> {
        self.targets.iter_mut().find(|target| target.key == *key)
    }

    /// The jobs that it accounts for.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The same, to be changed.
    pub(super) fn account_mut(&mut self) -> &mut Account {
        &mut self.account
    }

    /// The targets that take part and that `wanted` names.
    pub(super) fn taking_part(&self, wanted: impl Fn(&Target) -> bool) -> Vec<ProcessKey> {
        let taking = self.targets.iter().filter(|target| target.takes_part());
        taking
            .filter(|t| wanted(t))
            .map(|t| t.key.clone())
            .collect()
    }

    /// The cost of a KILL now: of `only` one target, or of all that take part and that it reaches.
    pub fn stake(&self, only: Option<&ProcessKey>, fleet: &Fleet, now: Moment) -> Stake {
        let reached = |target: &&Target| target.takes_part() && target.can_be_killed();
        let chosen = |target: &&Target| only.is_none_or(|key| *key == target.key);
        let targets = self.targets.iter().filter(reached).filter(chosen);
        self.running(targets, fleet, now)
    }

    fn running<'a>(
        &self,
        targets: impl Iterator<Item = &'a Target>,
        fleet: &Fleet,
        now: Moment,
    ) -> Stake {
        let mut stake = Stake::default();
        for target in targets {
            let key = &target.key;
            if let Some(file) = self.account.file(key) {
                stake.add(file, fleet.get(key), &target.subject(), fleet, now);
            }
        }
        stake
    }

    /// How many jobs are known to run whose push-back would fail now, because Redis does not
    /// answer. An old look alone proves nothing: looks may be wanted rarely.
    pub fn stranded(&self, fleet: &Fleet, now: Moment) -> u64 {
        if !matches!(fleet.link, Link::Lost { .. }) {
            return 0;
        }
        let targets = self.targets.iter().filter(|target| target.takes_part());
        self.running(targets, fleet, now).running.len() as u64
    }

    pub(super) fn look_now(&mut self, turn: &mut RunCall<'_>) {
        turn.effects.push(Effect::Ask(self.new_id(), Ask::LookNow));
    }

    pub(super) fn new_id(&mut self) -> EffectId {
        self.next_id += 1;
        EffectId(self.next_id)
    }

    pub(super) fn note(&self, event: Event, turn: &mut RunCall<'_>) {
        turn.effects
            .push(Effect::Note(Box::new(self.record(None, event, turn.now))));
    }

    pub(super) fn note_about(&self, target: &ProcessKey, event: Event, turn: &mut RunCall<'_>) {
        let about = self
            .targets
            .iter()
            .find(|known| known.key == *target)
            .map(|known| known.about.clone());
        turn.effects
            .push(Effect::Note(Box::new(self.record(about, event, turn.now))));
    }

    /// A record of this run.
    pub fn record(&self, about: Option<About>, event: Event, now: Moment) -> Record {
        Record {
            at: now,
            since_start: now.since(self.began),
            run: self.run.clone(),
            rehearsal: self.rehearsal,
            about,
            event,
        }
    }
}
