//! A drain that was left under way by a hang-up or by its operator: what the first screen says of
//! it while one of its processes lives.

use super::words::time_of_day;
use crate::core::drain::{Phase, Run, Target};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// A drain that was left under way.
#[derive(Clone, Debug)]
pub struct LeftDrain {
    words: String,
    targets: Vec<LocalId>,
}

impl LeftDrain {
    /// The drain of `session`, as it was when it was left at `last`. `None`: nothing was sent in it,
    /// or it was over.
    pub fn of(session: &Session, last: Moment) -> Option<Self> {
        let run = session.run.as_ref().filter(|run| !run.phase().is_over())?;
        let first = run.pace().first_signal?;
        let sent = run.targets().iter().filter_map(|target| target.last);
        let sent = sent.max_by_key(|sent| sent.at)?;
        Some(Self {
            words: format!(
                "a drain of {} was cut off after {}{}; `drainboard resume` goes on with it and repeats nothing",
                time_of_day(first),
                sent.signal,
                remained(run, last)
            ),
            targets: run
                .targets()
                .iter()
                .map(|target: &Target| target.id)
                .collect(),
        })
    }

    /// What the first screen says; `None` once no process of it lives.
    pub fn says(&self, session: &Session) -> Option<&str> {
        let lives = |id: &LocalId| {
            let process = session.fleet.get(&ProcessKey::Local(*id));
            process.is_some_and(|process| !process.exited())
        };
        (session.run.is_none() && self.targets.iter().any(lives)).then_some(&self.words)
    }
}

/// What was left of the wait that ran.
fn remained(run: &Run, last: Moment) -> String {
    let Phase::Waiting { next, until, .. } = run.phase() else {
        return String::new();
    };
    let signal = run.plan().sequence.signal(*next);
    signal.map_or_else(String::new, |signal| {
        format!(", {} s before {signal}", until.since(last).as_secs())
    })
}
