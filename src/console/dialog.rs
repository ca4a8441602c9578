//! A question that stands between a key and an act. Its target and its numbers are frozen when
//! it opens, its default is No, and keys typed ahead of it do not answer it.

use std::time::Duration;

use super::Key;
use super::judge::running;
use super::request::Request;
use super::toll::stake;
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// Keys that come sooner after the opening were typed before anybody could have read it.
const TYPED_AHEAD: Duration = Duration::from_millis(400);
/// No count of jobs has more digits.
const DIGITS: usize = 9;

/// What a yes takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Friction {
    /// The key `y`.
    Yes,
    /// The number of jobs that would be lost, typed out, and Enter.
    Number(u64),
}

/// What must stay true for the dialog to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Premise {
    /// No drain is under way, and all of these live.
    Before {
        /// The targets to be.
        targets: Vec<LocalId>,
    },
    /// The run that began then stands before this step, with no more at stake than this.
    Step {
        /// When the run began.
        run: Moment,
        /// Position of the signal.
        step: usize,
        /// For KILL: jobs at stake when the dialog opened.
        at_most: Option<u64>,
    },
    /// This process lives, with no more at stake than this.
    Kill {
        /// Which.
        target: LocalId,
        /// Jobs at stake when the dialog opened.
        at_most: u64,
    },
    /// This process can be asked for its backtraces.
    Asks(LocalId),
    /// A drain is under way.
    Draining,
}

/// An open dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// What is asked.
    pub title: String,
    /// The consequences, in numbers.
    pub lines: Vec<String>,
    /// What a yes takes.
    pub friction: Friction,
    /// What a yes does.
    pub requests: Vec<Request>,
    /// What must stay true meanwhile.
    pub premise: Premise,
    /// When it opened.
    pub opened: Moment,
    /// Digits typed so far.
    pub typed: String,
    /// Whether a wrong number was typed.
    pub wrong: bool,
}

/// What a key did to a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It stays open.
    Open,
    /// It closes and does nothing.
    No,
    /// It closes and does what it said.
    Yes,
}

impl Dialog {
    /// A dialog that opens at `now`.
    pub(super) fn new(title: String, lines: Vec<String>, premise: Premise, now: Moment) -> Self {
        Self {
            title,
            lines,
            friction: Friction::Yes,
            requests: Vec::new(),
            premise,
            opened: now,
            typed: String::new(),
            wrong: false,
        }
    }

    /// Takes one key.
    pub(super) fn press(&mut self, key: Key, now: Moment) -> Answer {
        if key == Key::Esc {
            return Answer::No;
        }
        if now.since(self.opened) < TYPED_AHEAD {
            return Answer::Open;
        }
        match (self.friction, key) {
            (_, Key::Char('n' | 'N' | 'q')) | (Friction::Yes, Key::Enter) => Answer::No,
            (Friction::Yes, Key::Char('y' | 'Y')) => Answer::Yes,
            (Friction::Number(number), _) => self.type_number(number, key),
            (Friction::Yes, _) => Answer::Open,
        }
    }

    fn type_number(&mut self, number: u64, key: Key) -> Answer {
        if let Key::Char(digit) = key {
            if digit.is_ascii_digit() && self.typed.len() < DIGITS {
                self.typed.push(digit);
                self.wrong = false;
            }
        } else if key == Key::Backspace {
            self.typed.pop();
        } else if key == Key::Enter {
            if self.typed.is_empty() {
                return Answer::No;
            }
            if self.typed.parse() == Ok(number) {
                return Answer::Yes;
            }
            self.typed.clear();
            self.wrong = true;
        }
        Answer::Open
    }

    /// Why it cannot stand any more, if so.
    pub(super) fn broken(&self, session: &Session, now: Moment) -> Option<String> {
        let run = running(session);
        let grown = |targets: &[LocalId], at_most: u64| {
            let count = stake(session, targets, now).count();
            (count > at_most).then(|| format!("now {count} jobs are at stake, not {at_most}"))
        };
        match &self.premise {
            Premise::Before { .. } if run.is_some() => Some("a drain has begun".into()),
            Premise::Before { targets } => targets
                .iter()
                .find(|id| !lives(session, **id))
                .map(|id| format!("{} has exited", name(session, *id))),
            Premise::Step {
                run: began,
                step,
                at_most,
            } => {
                let same = run.filter(|run| {
                    run.pace().started == *began && run.phase().next_step() == Some(*step)
                });
                let Some(run) = same else {
                    return Some("the step changed meanwhile".into());
                };
                let ids: Vec<LocalId> = run
                    .targets()
                    .iter()
                    .filter(|target| target.takes_part())
                    .map(|target| target.id)
                    .collect();
                at_most.and_then(|at_most| grown(&ids, at_most))
            }
            Premise::Kill { target, .. } if !lives(session, *target) => {
                Some(format!("{} has exited", name(session, *target)))
            }
            Premise::Kill { target, at_most } => grown(&[*target], *at_most),
            Premise::Asks(id) => session.may_ask(*id).err(),
            Premise::Draining => run.is_none().then(|| "the drain is over".into()),
        }
    }
}

fn lives(session: &Session, id: LocalId) -> bool {
    session
        .fleet
        .get(&ProcessKey::Local(id))
        .is_some_and(|process| !process.exited())
}

/// The name of a local process for people.
pub(super) fn name(session: &Session, id: LocalId) -> String {
    session
        .fleet
        .get(&ProcessKey::Local(id))
        .map_or_else(|| id.to_string(), crate::core::fleet::Process::name)
}
