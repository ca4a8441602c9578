//! A drain that was left under way by a hang-up, or left or stopped by its operator: what the screen
//! says of it while one of its processes lives.

use super::dialog::{Dialog, Premise};
use super::request::Request;
use super::words::time_of_day;
use crate::core::drain::{Mode, Outcome, Phase, Run, Target};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::{Kind, Session};

/// A drain that was left or stopped under way.
#[derive(Clone, Debug)]
pub struct LeftDrain {
    run: String,
    words: String,
    began: Moment,
    /// The step that the wait leads to, and when it is due: the clock of the drain has gone on.
    due: Option<(Signal, Moment)>,
    by_hand: bool,
    targets: Vec<ProcessKey>,
}

impl LeftDrain {
    /// The drain of `session`, as it was when it was left at `last`. `None`: nothing was sent in it,
    /// or it was over.
    pub fn of(session: &Session, last: Moment) -> Option<Self> {
        let run = session.run.as_ref().filter(|run| !run.phase().is_over())?;
        let first = run.pace().first_signal?;
        let sent = run
            .ledger()
            .targets()
            .iter()
            .filter_map(|target| target.last);
        let sent = sent.max_by_key(|sent| sent.at)?;
        let due = due(run);
        let remained = due.map_or_else(String::new, |(signal, at)| {
            format!(", {} s before {signal}", at.since(last).as_secs())
        });
        Some(Self {
            run: run.plan().run.clone(),
            words: format!(
                "a drain of {} was cut off after {}{remained}; r resumes it",
                time_of_day(first),
                sent.signal,
            ),
            began: first,
            due,
            by_hand: run.mode() == Mode::Manual,
            targets: run
                .ledger()
                .targets()
                .iter()
                .map(|target: &Target| target.key.clone())
                .collect(),
        })
    }

    /// Its name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Asks whether to go on with it.
    pub(super) fn take_up(&self, now: Moment) -> Dialog {
        let mut lines = vec![
            "It goes on where it was cut off, with its own sequence and targets. Nothing that was done is repeated."
                .to_owned(),
        ];
        lines.extend(self.due.map(|(signal, at)| {
            let (due, left) = (time_of_day(at), at.since(now).as_secs());
            if at > now {
                format!("{signal} goes by itself at {due}, in {left} s.")
            } else if signal == Signal::Kill {
                format!("KILL was due at {due}: it waits for your answer.")
            } else {
                format!("{signal} was due at {due}: it goes by itself at once.")
            }
        }));
        if self.by_hand {
            lines.push("Each step waits for you.".into());
        }
        Dialog {
            requests: vec![Request::TakeUp],
            ..Dialog::new(
                format!("Resume the drain of {}?", time_of_day(self.began)),
                lines,
                Premise::CutOff,
                now,
            )
        }
    }

    /// What the screen says of it; `None` once no process of it lives, while another drain is or was
    /// there, and where nothing is real.
    pub fn says(&self, session: &Session) -> Option<&str> {
        let open = (session.run.as_ref()).is_none_or(|run| {
            run.plan().run == self.run && run.outcome() == Some(Outcome::Stopped)
        });
        let lives = |id: &ProcessKey| {
            let process = session.fleet.get(id);
            process.is_some_and(|process| !process.exited())
        };
        let real = session.setting.kind == Kind::Live;
        (real && open && self.targets.iter().any(lives)).then_some(&self.words)
    }
}

/// The signal that the wait that ran leads to, and when.
fn due(run: &Run) -> Option<(Signal, Moment)> {
    let Phase::Waiting { next, until, .. } = run.phase() else {
        return None;
    };
    Some((run.plan().sequence.signal(*next)?, *until))
}
