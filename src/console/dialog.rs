//! A question that stands between a key and an act. Its target and its numbers are frozen when
//! it opens, its default is No, and keys typed ahead of it do not answer it.

use std::time::Duration;

use super::Key;
use super::request::Request;
use super::toll::stake;
use crate::core::drain::{PushBack, UnitCall};
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::follow::CancelTarget;
use crate::core::moment::Moment;
use crate::core::preflight::Grave;
use crate::core::session::Session;

/// Keys that come sooner after the opening were typed before it could have been read.
const TYPED_AHEAD: Duration = Duration::from_millis(400);
/// No count of jobs has more digits.
const DIGITS: usize = 9;
/// The longest answer that is a rule and a number.
const PHRASE: usize = 24;
/// The longest reason.
const REASON: usize = 200;

/// How a drain is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It goes by itself.
    Automatic,
    /// Its first step alone.
    Step,
    /// A KILL of one process, out of turn.
    Kill(LocalId),
}

/// The friction of a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Friction {
    /// The key `y`.
    Yes,
    /// The number of jobs that would be lost, typed out, and Enter.
    Number(u64),
    /// The pid of a process of another application, typed out, and Enter.
    Pid(u32),
    /// This word, typed out, and Enter.
    Word(&'static str),
    /// The grave findings of the check, typed out, and Enter.
    Despite {
        /// The one rule, or how many errors there are.
        errors: String,
        /// The number of jobs that would be lost; where there are any it is typed behind.
        lost: u64,
    },
    /// A reason, typed out, and Enter. It leads to the question whether to begin.
    Reason(Start),
}

impl Friction {
    /// The text to type; `None` where any text will do, or a key.
    pub fn phrase(&self) -> Option<String> {
        match self {
            Self::Yes | Self::Reason(_) => None,
            Self::Number(number) => Some(number.to_string()),
            Self::Pid(pid) => Some(pid.to_string()),
            Self::Word(word) => Some((*word).to_owned()),
            Self::Despite { errors, lost: 0 } => Some(errors.clone()),
            Self::Despite { errors, lost } => Some(format!("{errors} {lost}")),
        }
    }

    /// How many jobs may be lost by a yes.
    pub(super) fn accepted(&self) -> u64 {
        match self {
            Self::Yes | Self::Reason(_) | Self::Pid(_) | Self::Word(_) => 0,
            Self::Number(number) => *number,
            Self::Despite { lost, .. } => *lost,
        }
    }

    /// Whether `character` may stand in an answer that has `length` characters.
    fn takes(&self, character: char, length: usize) -> bool {
        match self {
            Self::Yes => false,
            Self::Number(_) | Self::Pid(_) => character.is_ascii_digit() && length < DIGITS,
            Self::Despite { .. } => {
                (character.is_ascii_alphanumeric() || character == ' ') && length < PHRASE
            }
            Self::Word(_) => character.is_ascii_alphabetic() && length < PHRASE,
            Self::Reason(_) => !character.is_control() && length < REASON,
        }
    }
}

/// The text typed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedEntry {
    /// The text.
    pub text: String,
    /// Whether a wrong one was typed.
    pub wrong: bool,
}

/// The condition under which the dialog stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Premise {
    /// No drain is under way, and all of these live.
    /// And the check finds nothing grave but this.
    Before {
        /// The targets to be.
        targets: Vec<ProcessKey>,
        /// The grave findings when the dialog opened.
        despite: Vec<Grave>,
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
    /// Redis still shows jobs of this process.
    Shown(ProcessKey),
    /// This process can be asked for its backtraces.
    Asks(LocalId),
    /// This job can be cancelled.
    Cancels(CancelTarget),
    /// A drain is under way.
    Draining,
    /// No drain is under way.
    CutOff,
    /// The run that began then is over, and these are what would bring its units back.
    Over {
        /// When the run began.
        run: Moment,
        /// The calls.
        calls: Vec<UnitCall>,
    },
    /// These jobs of the run that began then are still provably nowhere.
    Lost {
        /// When the run began.
        run: Moment,
        /// The jobs.
        jobs: Vec<PushBack>,
    },
}

/// An open dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// The question.
    pub title: String,
    /// The consequences, in numbers.
    pub lines: Vec<String>,
    /// The friction of a yes.
    pub friction: Friction,
    /// The effect of a yes.
    pub requests: Vec<Request>,
    /// The condition under which it stands.
    pub premise: Premise,
    /// When it opened.
    pub opened: Moment,
    /// The text typed so far.
    pub entry: TypedEntry,
}

/// The effect of a key on a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It stays open.
    Open,
    /// It stays open: the key was typed before the dialog could be read.
    TooSoon,
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
            entry: TypedEntry::default(),
        }
    }

    /// Says in the title and in the first line that it is a rehearsal, if it is one.
    pub(super) fn pretend(&mut self, rehearsal: bool) {
        if rehearsal {
            self.title = format!("REHEARSAL: {}", self.title);
            let line =
                "Nothing is sent. The screen shows what would happen with the jobs that run now.";
            self.lines.insert(0, line.into());
        }
    }

    /// Takes one key.
    pub(super) fn press(&mut self, key: Key, now: Moment) -> Answer {
        if key == Key::Esc {
            return Answer::No;
        }
        if now.since(self.opened) < TYPED_AHEAD {
            return Answer::TooSoon;
        }
        match (&self.friction, key) {
            // Any letter may be part of these.
            (Friction::Reason(_) | Friction::Word(_), _) => self.type_in(key),
            (_, Key::Char('n' | 'N' | 'q')) | (Friction::Yes, Key::Enter) => Answer::No,
            (Friction::Yes, Key::Char('y' | 'Y')) => Answer::Yes,
            (Friction::Number(_) | Friction::Pid(_) | Friction::Despite { .. }, _) => {
                self.type_in(key)
            }
            (Friction::Yes, _) => Answer::Open,
        }
    }

    fn type_in(&mut self, key: Key) -> Answer {
        let entry = &mut self.entry;
        if let Key::Char(character) = key {
            if self.friction.takes(character, entry.text.chars().count()) {
                entry.text.push(character);
                entry.wrong = false;
            }
            return Answer::Open;
        }
        if key == Key::Backspace {
            entry.text.pop();
        }
        if key != Key::Enter {
            return Answer::Open;
        }
        let words: Vec<&str> = entry.text.split_whitespace().collect();
        let typed = words.join(" ");
        match self.friction.phrase() {
            Some(_) if typed.is_empty() => return Answer::No,
            Some(phrase) if is_meant(&typed, &phrase) => return Answer::Yes,
            None if !typed.is_empty() => return Answer::Yes,
            Some(_) | None => {}
        }
        entry.text.clear();
        entry.wrong = true;
        Answer::Open
    }

    /// Why it cannot stand any more, if so.
    pub(super) fn broken(&self, session: &Session, now: Moment) -> Option<String> {
        let run = session.active_run();
        let grown = |targets: &[ProcessKey], at_most: u64| {
            let count = stake(session, targets, now).count();
            (count > at_most).then(|| format!("now {count} jobs are at stake, not {at_most}"))
        };
        match &self.premise {
            Premise::CutOff if session.is_draining() => Some("a drain has begun".into()),
            Premise::CutOff => None,
            Premise::Before { .. } if run.is_some() => Some("a drain has begun".into()),
            Premise::Before { targets, despite } => targets
                .iter()
                .find(|key| !lives(session, key))
                .map(|key| format!("{} has exited", session.name_of(key)))
                .or_else(|| graver(session, targets, despite)),
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
                let ids: Vec<ProcessKey> = run
                    .ledger()
                    .targets()
                    .iter()
                    .filter(|target| target.takes_part())
                    .map(|target| target.key.clone())
                    .collect();
                at_most.and_then(|at_most| grown(&ids, at_most))
            }
            Premise::Kill { target, .. } if !lives(session, &(*target).into()) => {
                Some(format!("{} has exited", session.name_of(&(*target).into())))
            }
            Premise::Kill { target, at_most } => grown(&[(*target).into()], *at_most),
            Premise::Lost { run: began, jobs } => {
                let run = session.run.as_ref();
                let same = run.is_some_and(|run| run.pace().started == *began);
                let nowhere = &session.afterwards.salvage.nowhere;
                let known = same && jobs.iter().all(|job| nowhere.contains(job));
                (!known).then(|| "what is known of the jobs has changed".into())
            }
            Premise::Shown(key) => {
                let process = session.fleet.get(key);
                let shown = process.is_some_and(|process| !process.jobs.is_empty());
                (!shown).then(|| "Redis shows no job of it any more".into())
            }
            Premise::Asks(id) => session.may_ask(*id).err(),
            Premise::Cancels(target) => super::cancel::broken(session, target),
            Premise::Draining => run.is_none().then(|| "the drain is over".into()),
            Premise::Over { run: began, calls } => {
                let known = session.run.as_ref();
                let same = known.is_some_and(|run| run.pace().started == *began)
                    && session.unit_calls() == *calls;
                (!same).then(|| "the processes changed meanwhile".into())
            }
        }
    }
}

/// Whether `typed` is what was asked for: digits are compared as numbers, a rule in either case.
fn is_meant(typed: &str, phrase: &str) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    let same = |(typed, phrase): (&str, &str)| {
        typed.eq_ignore_ascii_case(phrase)
            || number(typed).is_some() && number(typed) == number(phrase)
    };
    typed.split(' ').count() == phrase.split(' ').count()
        && typed.split(' ').zip(phrase.split(' ')).all(same)
}

/// The findings of the check by now that were not among `despite`.
fn graver(session: &Session, targets: &[ProcessKey], despite: &[Grave]) -> Option<String> {
    let (_, seen) = session.looked_at(targets);
    let fresh = seen.grave().find(|grave| !despite.contains(grave))?;
    Some(format!("the check finds an error by now: {}", fresh.text))
}

fn lives(session: &Session, key: &ProcessKey) -> bool {
    session
        .fleet
        .get(key)
        .is_some_and(|process| !process.exited())
}
