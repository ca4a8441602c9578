//! Requests to the loop by a person, or by this program's own signals.

use super::{Counted, Ended, Turn};
use crate::console::Request;
use crate::core::drain::{Command, Event, Mode};
use crate::core::fleet::ProcessKey;
use crate::core::moment::Moment;
use crate::core::preflight::Consent;
use crate::core::session::{Beginning, SessionInput};
use crate::shell::elsewhere::RedisLocks;
use crate::shell::front::Front;
use crate::shell::work::{Claimed, Reply, ShellWork};
use crate::shell::world::HangUp;

impl<F: Front> Turn<F> {
    /// Meets requests in their order. What follows a run that could not begin was meant for it.
    pub(super) fn requests(&mut self, requests: Vec<Request>, now: Moment) {
        let mut requests = requests.into_iter();
        while let Some(request) = requests.next() {
            match request {
                Request::Begin { targets, consent } => {
                    let rest = requests.collect();
                    return self.claim(targets, consent, rest, now);
                }
                Request::Choose { targets } => self.hear(SessionInput::Chosen(targets), now),
                Request::Command(command) => self.command(command, now),
                Request::CallUnits(calls) => self.call_units(calls, now),
                Request::Backtrace { process, tids } => {
                    self.hear(SessionInput::BacktracesWanted(process, tids), now);
                }
                Request::Cancel(target) => self.hear(SessionInput::CancelWanted(target), now),
                Request::Quit => {
                    if self.session.is_draining() {
                        self.command(Command::Leave, now);
                    }
                    self.leaving = Some(Ended::Quit);
                }
                Request::TakeUp => self.leaving = Some(Ended::TakesUp),
                Request::Save { process, tid } => self.save(&process, tid.as_deref(), now),
                Request::LookForLost => self.hear(SessionInput::LostWanted, now),
                Request::PushBack { jobs } => self.hear(SessionInput::LostPushed(jobs), now),
                Request::Redraw => self.front.show_anew(),
                Request::Suspend => self.front.suspend(&self.session, now),
            }
        }
    }

    /// Begins a run and meets the requests behind that. Where targets of other hosts are to be locked
    /// first, it begins once they are.
    fn claim(
        &mut self,
        targets: Vec<ProcessKey>,
        consent: Option<Consent>,
        rest: Vec<Request>,
        at: Moment,
    ) {
        let Some(claiming) = self.world.plugs.claim(&targets, &self.session, at) else {
            return self.begin_with(&targets, consent, (rest, None), at);
        };
        let answers = self.world.answers.clone();
        self.world.questions.spawn(async move {
            let claimed = Claimed {
                at,
                targets,
                consent,
                rest,
                locks: claiming.await,
            };
            drop(answers.send(Reply::Claimed(Box::new(claimed))));
        });
    }

    /// Begins the run for which targets of other hosts were locked.
    pub(super) fn claimed(&mut self, claimed: Claimed) {
        let Claimed {
            at,
            targets,
            consent,
            rest,
            locks,
        } = claimed;
        match locks {
            Ok(locks) => self.begin_with(&targets, consent, (rest, Some(locks)), at),
            Err(refused) => {
                let why = refused.join("; ");
                self.front.refused(&why, &self.session, at);
            }
        }
    }

    fn begin_with(
        &mut self,
        targets: &[ProcessKey],
        consent: Option<Consent>,
        (rest, locks): (Vec<Request>, Option<RedisLocks>),
        at: Moment,
    ) {
        // The record says how the drain began: by itself, or step by step.
        let automatic = Request::Command(Command::Automatic);
        self.session.setting.plan.mode = if rest.first() == Some(&automatic) {
            Mode::Automatic
        } else {
            Mode::Manual
        };
        if self.begin(targets, consent, locks.clone(), at) {
            self.requests(rest, at);
        } else if let Some(locks) = locks {
            self.world.questions.spawn(locks.release());
        }
    }

    pub(super) fn command(&mut self, command: Command, now: Moment) {
        if matches!(
            command,
            Command::StopHere | Command::StopUnanswered | Command::HangUp | Command::Leave
        ) {
            self.world.plugs.revoke();
        }
        tracing::info!(?command, "command");
        self.hear(SessionInput::Commanded(command), now);
    }

    /// Begins a run; says whether it did.
    pub(super) fn begin(
        &mut self,
        targets: &[ProcessKey],
        consent: Option<Consent>,
        held_elsewhere: Option<RedisLocks>,
        now: Moment,
    ) -> bool {
        if self.session.is_draining() {
            return false;
        }
        if let Err(why) = self.session.prepare(targets, consent.as_ref()) {
            self.front.refused(&why, &self.session, now);
            return false;
        }
        let mut begun = match self.world.plugs.begin(targets, &mut self.session, now) {
            Ok(begun) => begun,
            Err(refused) => {
                self.front.refused(&refused.to_string(), &self.session, now);
                return false;
            }
        };
        if let ShellWork::Begin { locks, .. } = &mut begun {
            *locks = held_elsewhere.map(Box::new);
        }
        let mut by = self.session.setting.operator.clone();
        by.why = consent.and_then(|consent| consent.why).or(by.why);
        let beginning = Beginning {
            run: self.session.setting.plan.run.clone(),
            targets: targets.to_vec(),
            mode: self.session.setting.plan.mode,
            by,
        };
        self.record(&begun, &beginning, now);
        match self.session.begin_as(beginning, now) {
            Ok(effects) => {
                self.after.begin(&self.session.setting.plan.run);
                self.tell_directories(now);
                self.send(begun);
                self.dispatch(effects);
                for text in self.world.plugs.remarks() {
                    let effects = self.session.note(Event::Remarked { text }, now);
                    self.dispatch(effects);
                }
                self.count(Counted::Before);
                self.was_draining = true;
                true
            }
            Err(error) => {
                self.world.plugs.over();
                self.front.refused(&error.to_string(), &self.session, now);
                false
            }
        }
    }

    /// Opens the file of inputs beside the journal of a run, and takes its beginning down.
    fn record(&mut self, begun: &ShellWork, beginning: &Beginning, now: Moment) {
        let (
            Some(recorder),
            ShellWork::Begin {
                journal: Ok(Some(journal)),
                ..
            },
        ) = (&mut self.recorder, begun)
        else {
            return;
        };
        let opened = recorder.begin(journal.state_dir(), &beginning.run, now);
        let marks = opened.map_err(|error| error.to_string());
        let taken = recorder.take(&SessionInput::Begun(beginning.clone()), now);
        match marks.and_then(|marks| taken.map(|()| marks)) {
            Ok(marks) => {
                self.send(ShellWork::Mark(Some(marks)));
                let state_dir = journal.state_dir().to_owned();
                self.receive_visitors(&state_dir, &beginning.run, &beginning.by.who);
            }
            Err(why) => {
                self.send(ShellWork::Mark(None));
                self.front
                    .tell(&format!("this drain cannot be resumed or replayed: {why}"));
            }
        }
    }

    pub(super) fn interrupt(&mut self, now: Moment) {
        if self.session.is_draining() {
            self.command(Command::StopHere, now);
        } else {
            self.leaving = Some(Ended::Quit);
        }
    }

    /// The terminal is gone: the drain is held, or goes on without it.
    pub(super) fn hang_up(&mut self, now: Moment) {
        match self.world.hang_up {
            HangUp::Continues if self.session.is_draining() => {
                self.world.hang_up = HangUp::Continued;
                let text = "the terminal is gone: the drain goes on without it, and `drainboard attach` shows it";
                self.note(Event::Remarked { text: text.into() }, now);
            }
            HangUp::Continued => {}
            HangUp::Holds | HangUp::Continues => self.terminate(now),
        }
    }

    /// This program is to end: nothing more is sent.
    pub(super) fn terminate(&mut self, now: Moment) {
        if self.session.is_draining() {
            self.command(Command::HangUp, now);
        }
        self.leaving = Some(Ended::HangUp);
    }
}
