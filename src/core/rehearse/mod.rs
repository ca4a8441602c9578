//! The stand-in of a rehearsal, between observations and fleet: from live data and recorded acts
//! it reports what a drained fleet would show. Everything that it shows of a process with a
//! recorded act is assumed, not seen. It sends nothing and asks nothing.

mod double;
mod outlook;

#[cfg(test)]
mod tests;

pub use outlook::{NamedJob, Outlook, Shift};

use std::collections::BTreeMap;

use self::double::Double;
use super::drain::{Act, ActKind, ActOutcome};
use super::fleet::{
    ExitStatus, Fleet, HostLook, Located, Look, LookRow, Observation, Place, ProcessKey,
};
use super::moment::Moment;
use super::sequence::{Sequence, Signal, Timeout};
use super::sidekiq::WorkerEnding;

/// Stands in for the processes that were signalled in the record alone.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// The live source.
    live: Fleet,
    doubles: BTreeMap<ProcessKey, Double>,
    timeout: Option<Timeout>,
    sequence: Sequence,
}

impl StandIn {
    /// A stand-in for a rehearsal of `sequence`, with `T` as stated by flag or configuration.
    pub fn new(sequence: Sequence, timeout: Option<Timeout>) -> Self {
        Self {
            live: Fleet::default(),
            doubles: BTreeMap::new(),
            timeout,
            sequence,
        }
    }

    /// Whether what is shown of this process is assumed.
    pub fn is_assumed(&self, key: &ProcessKey) -> bool {
        self.doubles.contains_key(key)
    }

    /// Forgets every recorded act: a new run of `sequence` begins.
    pub fn begin(&mut self, sequence: Sequence) {
        self.doubles.clear();
        self.sequence = sequence;
    }

    /// Records an act in the place of doing it.
    pub fn act(&mut self, act: &Act, now: Moment) -> ActOutcome {
        let process = self.live.get(&act.target);
        let Some(process) = process.filter(|process| !process.exited()) else {
            return ActOutcome::Gone;
        };
        let stated = self.timeout.as_ref();
        let double = self
            .doubles
            .entry(act.target.clone())
            .or_insert_with(|| Double::of(act.target.clone(), process, stated));
        double.settle(now);
        if double.gone.is_some() {
            return ActOutcome::Gone;
        }
        double.signals.push((act.kind.signal(), now));
        if let ActKind::StopUnit(stop) = &act.kind
            && let Some(limit) = stop.limit
        {
            // systemd's own KILL: it comes only if the process lives so long.
            double.signals.push((Signal::Kill, now.after(limit)));
        }
        double.settle(now);
        ActOutcome::Sent
    }

    /// The observation to show in the place of a live observation.
    pub fn observe(&mut self, live: Observation, now: Moment) -> Vec<Observation> {
        self.live.observe(live.clone());
        let shown = match live {
            Observation::Look(look) => Observation::Look(self.look(look, now)),
            Observation::Host(host) => Observation::Host(self.host(host, now)),
            live @ (Observation::Exited { .. }
            | Observation::Link(_)
            | Observation::Queues(_)
            | Observation::Unit(_)
            | Observation::Logged(_)) => live,
        };
        let mut all = self.tick(now);
        all.push(shown);
        all
    }

    fn look(&mut self, look: Look, now: Moment) -> Look {
        let mut rows = Vec::new();
        for row in look.rows {
            rows.extend(self.row(row, now));
        }
        Look { rows, ..look }
    }

    fn row(&mut self, row: LookRow, now: Moment) -> Option<LookRow> {
        let process = self
            .live
            .processes
            .iter()
            .find(|(_, process)| process.identity.as_ref() == Some(&row.identity));
        let double = match process {
            Some((key, _)) => self.doubles.get_mut(key),
            None => None,
        };
        let Some(double) = double else {
            return Some(row);
        };
        double.settle(now);
        double.see(&row, now);
        double.row(row, now)
    }

    fn host(&mut self, host: HostLook, now: Moment) -> HostLook {
        let shown = |live| {
            let local: super::fleet::LocalProcess = live;
            match self.doubles.get_mut(&local.id.into()) {
                Some(double) => {
                    double.settle(now);
                    double.local(local, now)
                }
                None => Some(local),
            }
        };
        HostLook {
            processes: host.processes.into_iter().filter_map(shown).collect(),
            ..host
        }
    }

    /// Exits that would have been noticed by now.
    pub fn tick(&mut self, now: Moment) -> Vec<Observation> {
        let mut exits = Vec::new();
        for double in self.doubles.values_mut() {
            double.settle(now);
            let Some(gone) = double.gone.as_mut().filter(|gone| !gone.told) else {
                continue;
            };
            gone.told = true;
            let status = match gone.ending {
                WorkerEnding::InOrder => ExitStatus::Code(0),
                WorkerEnding::Signal(Signal::Kill) => ExitStatus::Signal(9),
                // Which number does not matter: it did not leave in order.
                WorkerEnding::Signal(_) => ExitStatus::Code(1),
            };
            // Of a process of another host only Redis tells, by its row.
            let exit = double.key.local().map(|process| Observation::Exited {
                process,
                at: gone.at,
                status: Some(status),
            });
            exits.extend(exit);
        }
        exits
    }

    /// When a double does something next.
    pub fn next_event(&self, now: Moment) -> Option<Moment> {
        let going = self.doubles.values().filter(|double| double.gone.is_none());
        let next = |double: &Double| {
            let sent = double.signals.iter().map(|(_, at)| *at);
            let worker = double.worker(now).0;
            sent.filter(|at| *at > now).chain(worker.next_event()).min()
        };
        going.filter_map(next).min()
    }

    /// The answers that would have come: a job that would have been pushed back stands in its
    /// queue, one that would have died is nowhere.
    pub fn locate(&mut self, live: Vec<Located>, now: Moment) -> Vec<Located> {
        for double in self.doubles.values_mut() {
            double.settle(now);
        }
        live.into_iter()
            .map(|located| Located {
                place: self.place(&located.jid).unwrap_or(located.place),
                ..located
            })
            .collect()
    }

    fn place(&self, jid: &str) -> Option<Place> {
        let is = |work: &super::fleet::Work| work.jid.as_deref() == Some(jid);
        for double in self.doubles.values() {
            let back = double
                .jobs
                .iter()
                .find(|job| is(&job.work) && job.pushed_back.is_some());
            if let Some(job) = back {
                let name = job.work.queue.clone();
                return Some(Place::Queue { name });
            }
            if double.lost().any(|job| is(&job.work)) {
                return Some(Place::Nowhere {
                    searched_whole: true,
                });
            }
        }
        None
    }
}
