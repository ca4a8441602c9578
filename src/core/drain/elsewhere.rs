//! Which jobs of a run another process runs by now. It only reads what a look showed.

use std::collections::HashMap;

use super::account::Account;
use super::target::MARGIN;
use super::tracked::Tracked;
use crate::core::fleet::{Fleet, Life, Process, ProcessKey};
use crate::core::moment::Moment;

/// A job in the work of some process.
struct Elsewhere<'a> {
    key: &'a ProcessKey,
    process: &'a Process,
    started: Moment,
    /// The beat that showed it last.
    shown: Moment,
}

impl Account {
    /// Notes which open jobs another process runs; once per look.
    pub(super) fn look_elsewhere(&mut self, fleet: &Fleet) {
        let open = |tracked: &Tracked| tracked.fate.is_none() && tracked.returned.is_none();
        if fleet.looked == self.looked || !self.jobs().iter().any(open) {
            return;
        }
        self.looked = fleet.looked;
        let mut iterable = Vec::new();
        let mut running: HashMap<&str, Vec<Elsewhere<'_>>> = HashMap::new();
        for (key, process) in &fleet.processes {
            for job in &process.jobs {
                if let (Some(jid), Some(started)) = (job.work.jid.as_deref(), job.started)
                    && let Some(shown) = process.shown(job)
                {
                    let place = Elsewhere {
                        key,
                        process,
                        started,
                        shown,
                    };
                    running.entry(jid).or_default().push(place);
                }
                iterable.extend(job.work.jid.clone().filter(|_| job.iterable));
            }
        }
        for tracked in self.jobs_mut().iter_mut().filter(|tracked| open(tracked)) {
            let own = ProcessKey::Local(tracked.target);
            let exit = exit_of(fleet, &own);
            let later = |place: &&Elsewhere<'_>| *place.key != own && place.is_after(tracked, exit);
            let places = running.get(tracked.jid.as_str()).into_iter().flatten();
            let mut later = places.filter(later);
            tracked.returned = later.next().map(|place| {
                (
                    format!("runs again on {}", place.process.name()),
                    place.started,
                )
            });
        }
        self.iterable.extend(iterable);
    }
}

impl Elsewhere<'_> {
    /// Whether it began after the execution of `tracked`, whose process has exited at `exit`. A
    /// beat names whole seconds: of two executions in the same one only that went on which a beat
    /// from after that exit shows.
    fn is_after(&self, tracked: &Tracked, exit: Option<Moment>) -> bool {
        let Some(began) = tracked.started else {
            return false;
        };
        let later = self.started > began.after(MARGIN / 2);
        let same = self.started >= began.before(MARGIN);
        let survived = exit.is_some_and(|exit| self.shown > exit.after(MARGIN / 2));
        // Where it ran just before it began here, only a beat from before that shows it.
        self.shown >= began.after(MARGIN) && (later || same && survived)
    }
}

fn exit_of(fleet: &Fleet, key: &ProcessKey) -> Option<Moment> {
    match fleet.get(key)?.life {
        Life::Exited { at, .. } => Some(at),
        Life::Here | Life::Elsewhere => None,
    }
}
