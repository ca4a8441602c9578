//! A drain without a screen that has nothing to say still says what it waits for: a log that stays
//! silent looks like a program that hangs, and some CI systems end it.

use std::time::Duration;

use crate::core::drain::{Event, Longest, Phase, Record, Run};
use crate::core::fleet::Job;
use crate::core::moment::{Moment, Seconds};
use crate::core::session::Session;

/// The longest silence.
const AT_MOST: Duration = Duration::from_secs(15);

/// Since when nothing was said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    since: Option<Moment>,
}

impl Silence {
    /// Something was said.
    pub(super) fn printed(&mut self, at: Moment) {
        self.since = Some(at);
    }

    /// When it has lasted too long.
    pub(super) fn ends(&self) -> Option<Moment> {
        self.since.map(|since| since.after(AT_MOST))
    }

    /// The line that breaks it, once it has lasted too long.
    pub(super) fn broken(&mut self, run: &Run, session: &Session, now: Moment) -> Option<Record> {
        let since = *self.since.get_or_insert(now);
        if now.since(since) < AT_MOST {
            return None;
        }
        self.since = Some(now);
        let event = waiting(run, session, now)?;
        Some(run.record(None, event, now))
    }
}

/// What the drain under way waits for. `None`: it does not wait.
fn waiting(run: &Run, session: &Session, now: Moment) -> Option<Event> {
    let next = run.projected(now).first().copied();
    let until = match run.phase() {
        Phase::Leaving { until } | Phase::Settling { until, .. } => Some(*until),
        Phase::Waiting { .. } | Phase::Gated { .. } | Phase::Held { .. } => {
            next.map(|next| next.at)
        }
        Phase::Ready { .. } => None,
        Phase::Performing(_) | Phase::Ending { .. } | Phase::Over { .. } => return None,
    };
    let targets = run.targets().iter().filter(|target| target.takes_part());
    let processes = targets.filter_map(|target| session.fleet.get(&target.key()));
    let jobs: Vec<&Job> = processes.flat_map(|process| &process.jobs).collect();
    let longest = jobs.iter().max_by_key(|job| job.elapsed(now));
    Some(Event::Waiting {
        until: until.map(|until| until.wall().to_string()),
        signal: next.map(|next| next.signal),
        running: jobs.len() as u64,
        longest: longest.map(|job| Longest {
            jid: job.work.jid.clone(),
            class: job.work.class.clone(),
            elapsed_s: job.elapsed(now).map(Seconds),
        }),
    })
}
