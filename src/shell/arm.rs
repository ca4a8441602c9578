//! The checks before a first signal: each target is held, of a kind that the sequence cannot
//! harm, may be signalled, and is locked. Either all of that is true for every target, or the
//! run does not begin and no process was signalled.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::core::drain::Plan;
use crate::core::fleet::{Fleet, LocalId, LocalProcess, Process, ProcessKey, RunState, Title};
use crate::core::sequence::Signal;
use crate::host::{Held, HeldError, Lock, LockError, SendError};

/// Every target, held and locked.
#[derive(Debug, Default)]
pub struct Armed {
    /// The held processes.
    pub held: HashMap<LocalId, Arc<Held>>,
    /// Their locks.
    pub locks: Vec<Lock>,
    /// The remarks about them, to be written down.
    pub remarks: Vec<String>,
}

/// Why a run does not begin, or is not taken up: every reason, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub Vec<String>);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Refused {}

/// Holds, checks and locks `targets`. One that has ended meanwhile is left out: an exit is no
/// failure.
///
/// # Errors
/// With every reason that speaks against the drain.
pub fn arm(
    targets: &[ProcessKey],
    fleet: &Fleet,
    plan: &Plan,
    forced: &[Signal],
    state_dir: Option<&Path>,
) -> Result<Armed, Refused> {
    let mut reasons = objections(targets, fleet, plan, forced);
    let mut armed = Armed::default();
    armed.hold(targets, fleet, &mut reasons);
    if !reasons.is_empty() {
        return Err(Refused(reasons));
    }
    armed.lock(&plan.run, state_dir)
}

/// Holds and locks `targets` again for a run that is taken up. One that has ended meanwhile, or
/// whose pid another process has, is left out.
///
/// # Errors
/// With every reason that speaks against going on.
pub(super) fn take_up(
    targets: &[ProcessKey],
    fleet: &Fleet,
    run: &str,
    state_dir: Option<&Path>,
) -> Result<Armed, Refused> {
    let (mut armed, mut reasons) = (Armed::default(), Vec::new());
    armed.hold(targets, fleet, &mut reasons);
    if !reasons.is_empty() {
        return Err(Refused(reasons));
    }
    armed.lock(run, state_dir)
}

impl Armed {
    /// Holds those of `targets` that live.
    fn hold(&mut self, targets: &[ProcessKey], fleet: &Fleet, reasons: &mut Vec<String>) {
        for local in targets.iter().filter_map(|key| local_process(key, fleet)) {
            match hold(local.id, local.surroundings.uid) {
                Ok(Some(held)) => drop(self.held.insert(local.id, held)),
                Ok(None) => {}
                Err(reason) => reasons.push(reason),
            }
        }
    }

    /// Locks what is held.
    fn lock(mut self, run: &str, state_dir: Option<&Path>) -> Result<Self, Refused> {
        let mut reasons = Vec::new();
        for id in self.held.keys().copied().collect::<Vec<_>>() {
            match Lock::take(id, run, state_dir) {
                Ok(lock) => {
                    if let Some(holder) = lock.passed() {
                        let text = format!(
                            "{id} is locked by {holder}, which is no drainboard: passed by as root"
                        );
                        self.remarks.push(text);
                    }
                    self.locks.push(lock);
                }
                Err(LockError::Gone(_)) => drop(self.held.remove(&id)),
                Err(
                    error @ (LockError::HeldBy { .. }
                    | LockError::Blocked { .. }
                    | LockError::Failed { .. }),
                ) => {
                    let shown = matches!(error, LockError::HeldBy { .. });
                    let hint = if shown {
                        "; `drainboard attach` shows it"
                    } else {
                        ""
                    };
                    reasons.push(format!("{error}{hint}"));
                }
            }
        }
        if reasons.is_empty() {
            Ok(self)
        } else {
            Err(Refused(reasons))
        }
    }
}

/// The reasons against the drain as far as looking tells: no process is held or locked.
pub(super) fn objections(
    targets: &[ProcessKey],
    fleet: &Fleet,
    plan: &Plan,
    forced: &[Signal],
) -> Vec<String> {
    let processes = targets.iter().filter_map(|id| fleet.get(id));
    let versions: Vec<_> = processes
        .map(crate::core::fleet::Process::version)
        .collect();
    let refusals = plan.refusals(&versions, forced);
    let mut reasons: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    for id in targets {
        let process = fleet.get(id);
        match (id, process, local_process(id, fleet)) {
            (ProcessKey::Local(_), _, Some(local)) => reasons.extend(unfit(local, plan)),
            (ProcessKey::Remote(_), Some(process), _) => {
                reasons.extend(unfit_elsewhere(process, plan));
            }
            (ProcessKey::Local(_), _, None) | (ProcessKey::Remote(_), None, _) => {
                reasons.push(format!("{id} is not known here"));
            }
        }
    }
    reasons
}

fn local_process<'a>(key: &ProcessKey, fleet: &'a Fleet) -> Option<&'a LocalProcess> {
    fleet.get(key)?.local.as_ref()
}

/// Why the sequence must not be begun on this process.
fn unfit(local: &LocalProcess, plan: &Plan) -> Option<String> {
    let id = local.id;
    match &local.title {
        Title::Other(line) => return Some(format!("{id} is no Sidekiq: `{line}`")),
        Title::Beating { .. } | Title::Booting(_) | Title::Swarm => {}
    }
    if local.run_state == RunState::Suspended {
        return Some(format!(
            "{id} is suspended and hears nothing: wake it with kill -CONT {}, then try again",
            id.pid
        ));
    }
    for signal in plan.sequence.signals() {
        let Some(number) = trapped_number(signal) else {
            continue;
        };
        match local.caught {
            Some(caught) if caught.has(number) => {}
            Some(_) => {
                return Some(format!(
                    "{id} has no handler for {signal} yet: it still boots (or is embedded in another program), and the signal \
                     would suspend it; wait until it has booted"
                ));
            }
            None => {
                return Some(format!(
                    "whether {id} would survive {signal} cannot be read: run as its user or as root"
                ));
            }
        }
    }
    None
}

/// Why the sequence must not be begun on this process of another host.
fn unfit_elsewhere(process: &Process, plan: &Plan) -> Option<String> {
    let name = process.name();
    if process.info.as_ref().is_some_and(|info| info.embedded) {
        // Sidekiq's own API refuses it as well (7.3.9 `lib/sidekiq/api.rb`, `Process#stop!`).
        return Some(format!(
            "{name} is embedded in another program: a signal through Redis would go to that program"
        ));
    }
    if process.beat.is_none() {
        return Some(format!(
            "{name} has no heartbeat: it would not take a signal out of Redis"
        ));
    }
    let carried = |signal: &Signal| {
        matches!(
            signal,
            Signal::Tstp | Signal::Ttin | Signal::Term | Signal::Kill
        )
    };
    let refused = plan.sequence.signals().find(|signal| !carried(signal));
    refused.map(|signal| {
        format!(
            "{signal} is not sent through Redis, and {name} runs on another host: TSTP, TTIN and TERM are"
        )
    })
}

/// The numbers of the signals that suspend a process without a handler (signal(7)).
fn trapped_number(signal: Signal) -> Option<u32> {
    if signal == Signal::Tstp {
        return Some(20);
    }
    (signal == Signal::Ttin).then_some(21)
}

fn hold(id: LocalId, uid: u32) -> Result<Option<Arc<Held>>, String> {
    let held = match Held::open(id, uid) {
        Ok(held) => held,
        Err(HeldError::Gone(_) | HeldError::Reused(_)) => return Ok(None),
        Err(
            error @ (HeldError::OtherUser { .. } | HeldError::NoPidfd | HeldError::Failed { .. }),
        ) => {
            return Err(error.to_string());
        }
    };
    match held.may_signal() {
        Ok(()) => Ok(Some(Arc::new(held))),
        Err(SendError::Gone(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
