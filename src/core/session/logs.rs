//! The logs of a session: milestones become records. A line is evidence and never an act.

use std::time::Duration;

use super::Session;
use crate::core::drain::{About, Effect, Event, Input, Record};
use crate::core::fleet::{LocalId, LogNews, ProcessKey};
use crate::core::moment::Moment;

/// A line that was written longer ago is history: it stood there when the log was found.
const NEWS: Duration = Duration::from_secs(5);

impl Session {
    /// Takes in what logs say. Milestones of a target are part of the drain's record; those of
    /// others are shown and no more.
    pub(super) fn read_logs(&mut self, news: LogNews, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (process, milestone, at) in self.fleet.logs.take(news) {
            if now.since(at) > NEWS {
                continue;
            }
            let event = Event::Logged {
                text: milestone.to_string(),
            };
            effects.extend(self.tell_of(process, event, now));
        }
        for (pid, class, span) in self.fleet.logs.witness.take_times() {
            // Jobs of other applications on this host may go by the same names.
            let mut processes = self.fleet.processes.values();
            if processes.any(|process| process.identity.is_some() && process.pid() == Some(pid)) {
                self.following.took(&class, span);
            }
        }
        effects.extend(self.feed(Input::Observed, now));
        effects.extend(self.follow_backtraces(now));
        effects.extend(self.follow_cancels(now));
        effects
    }

    /// A record about a process: of the run if that has it as a target, else for the pane alone.
    pub(super) fn tell_of(
        &mut self,
        process: LocalId,
        event: Event,
        now: Moment,
    ) -> Option<Effect> {
        let key = ProcessKey::Local(process);
        let run = self.run.as_ref().filter(|run| !run.phase().is_over());
        if let Some((run, target)) = run.and_then(|run| Some((run, run.ledger().target(&key)?))) {
            let record = run.ledger().record(Some(target.about.clone()), event, now);
            let effect = Effect::Note(Box::new(record));
            self.keep(std::slice::from_ref(&effect));
            return Some(effect);
        }
        let known = self.fleet.get(&key)?;
        // Of another application's processes on this host nothing is told without a question.
        if known.identity.is_none() && matches!(event, Event::Logged { .. }) {
            return None;
        }
        let about = About {
            identity: known.identity.clone(),
            pid: Some(process.pid),
            name: known.name(),
        };
        let plan = &self.setting.plan;
        self.pane(Record {
            at: now,
            since_start: Duration::ZERO,
            run: plan.run.clone(),
            rehearsal: plan.rehearsal,
            about: Some(about),
            event,
        });
        None
    }
}
