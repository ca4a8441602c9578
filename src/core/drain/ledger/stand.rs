//! How the targets stand: what the fleet shows of them, and their exits. It asks and notes; it
//! never acts.

use super::kept::Proof;
use super::{Ledger, RunCall, TELL_LIMIT};
use crate::core::drain::record::Event;
use crate::core::drain::target::{Standing, Target};
use crate::core::fate::left_in_order;
use crate::core::fleet::{ExitStatus, Fleet, Life, Listed, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

impl Ledger {
    /// Brings the targets up to what the fleet shows.
    pub(in crate::core::drain) fn take_in(&mut self, turn: &mut RunCall<'_>) {
        for index in 0..self.targets.len() {
            let process = turn.fleet.get(&self.targets[index].key);
            if let Some(process) = process {
                let subject = self.targets[index].subject();
                self.account
                    .observe(process, &subject, turn.fleet, turn.now);
                let identity = &mut self.targets[index].about.identity;
                *identity = identity.take().or_else(|| process.identity.clone());
            }
            self.comes_back(index, process, turn);
            if self.targets[index].takes_part() {
                match process {
                    Some(process) => self.stand(index, process, turn),
                    // Only what has ended is ever forgotten.
                    None => self.exit(index, turn.now, turn),
                }
            }
        }
        let ended = self.targets.iter().filter(|target| target.exited());
        let ended: Vec<ProcessKey> = ended.map(|target| target.key.clone()).collect();
        self.account.observe_others(&ended, turn.fleet, turn.now);
    }

    /// A process of another host that had counted as ended beats again.
    fn comes_back(&mut self, index: usize, process: Option<&Process>, turn: &mut RunCall<'_>) {
        let target = &self.targets[index];
        let beats = !target.can_be_killed() && process.is_some_and(|process| !process.exited());
        if target.exited() && beats {
            let text = format!(
                "{} beats again: it had not exited, and counts as alive",
                target.about.name
            );
            self.targets[index].standing = Standing::Alive;
            self.note_about(&self.targets[index].key, Event::Remarked { text }, turn);
        }
    }

    fn stand(&mut self, index: usize, process: &Process, turn: &mut RunCall<'_>) {
        if process.exited() {
            let at = match process.life {
                Life::Exited { at, .. } => at,
                Life::Here | Life::Elsewhere => turn.now,
            };
            self.exit(index, at, turn);
            return;
        }
        let target = &self.targets[index];
        if matches!(target.standing, Standing::Alive)
            && let Some(evidence) = self.proof(target, Proof::Quiet, turn.fleet, turn.now)
        {
            self.targets[index].standing = Standing::Quiet { since: turn.now };
            // It heard the signal before that beat at the latest.
            if let Some(beat) = process.beat.as_ref().filter(|beat| beat.quiet) {
                self.targets[index].arrived(beat.at);
            }
            let event = Event::QuietConfirmed { evidence };
            self.note_about(&self.targets[index].key, event, turn);
        }
        if matches!(self.targets[index].standing, Standing::Quiet { .. })
            && self
                .proof(&self.targets[index], Proof::Idle, turn.fleet, turn.now)
                .is_some()
        {
            self.targets[index].standing = Standing::Idle { since: turn.now };
            self.targets[index].stop.idle_before |= self.targets[index].stopped.is_none();
        }
    }

    /// Notes that a target has ended, and asks for a look that shows how it left.
    pub(in crate::core::drain) fn exit(
        &mut self,
        index: usize,
        at: Moment,
        turn: &mut RunCall<'_>,
    ) {
        self.targets[index].standing = Standing::Exited {
            at,
            clean: None,
            told: false,
        };
        turn.asks_now = true;
        self.look_now(turn);
    }

    /// Writes down the exits that are known by now. Those of `waiting` targets come later: a signal is
    /// on its way to them, which may have ended them.
    pub(in crate::core::drain) fn tell_exits(
        &mut self,
        waiting: &[ProcessKey],
        turn: &mut RunCall<'_>,
    ) {
        for index in 0..self.targets.len() {
            if !waiting.contains(&self.targets[index].key) {
                self.tell_exit(index, turn);
            }
        }
    }

    /// Writes the exit down once it is known how the target left, or when that takes too long.
    fn tell_exit(&mut self, index: usize, turn: &mut RunCall<'_>) {
        let target = &self.targets[index];
        let Some(at) = target.untold_exit() else {
            return;
        };
        let process = turn.fleet.get(&target.key);
        let clean = process.and_then(|process| how_it_left(target, process, turn.fleet, at));
        if clean.is_none() && turn.now < at.after(TELL_LIMIT) && turn.fleet.link.is_connected() {
            return;
        }
        self.targets[index].standing = Standing::Exited {
            at,
            clean,
            told: true,
        };
        let target = &self.targets[index];
        let event = Event::Exited {
            clean,
            killed_by_us: killed_by_us(target, clean),
            by_redis: !target.can_be_killed(),
        };
        self.note_about(&target.key, event, turn);
    }
}

/// Whether a KILL of this run ended a target; `None`: one was sent, and how it left is not known.
fn killed_by_us(target: &Target, clean: Option<bool>) -> Option<bool> {
    match target.last {
        Some(sent) if sent.signal == Signal::Kill => clean.map(|clean| !clean),
        Some(_) | None => Some(false),
    }
}

/// Whether an ended process left its registry in order.
fn how_it_left(target: &Target, process: &Process, fleet: &Fleet, exited: Moment) -> Option<bool> {
    if let Life::Exited {
        status: Some(status),
        ..
    } = process.life
    {
        return Some(status == ExitStatus::Code(0));
    }
    if left_in_order(process, &target.subject(), fleet).is_some() {
        return Some(true);
    }
    let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
    let looked = fleet.looked.is_some_and(|looked| looked > exited);
    match process.listed {
        Listed::Yes => looked.then_some(false),
        // Redis never knew it, or it was pruned.
        Listed::Never | Listed::Named | Listed::Removed { .. } => killed.then_some(false),
    }
}
