//! How the loop takes up a drain that another drainboard left or could not end: its processes are
//! held and locked anew, the record gets what it lacks, and the session is told what is known of
//! the acts that were under way.

use super::Turn;
use crate::core::drain::{ActOutcome, EffectId, Record};
use crate::core::fleet::{Observation, ProcessKey};
use crate::core::moment::Moment;
use crate::core::session::{Session, SessionInput, TakingUp};
use crate::recorder::{ActMarks, CutOff, Recorder};
use crate::shell::arm::Refused;
use crate::shell::front::Front;
use crate::shell::work::ShellWork;

/// The beginning of a session.
#[derive(Debug)]
pub enum SessionStart {
    /// It knows nothing yet.
    New(Box<Session>),
    /// A drain that was cut off, and who takes it up.
    TakeUp(Box<CutOff>, TakingUp),
}

impl SessionStart {
    /// The session as it is before anything happens.
    pub fn session(&self) -> &Session {
        match self {
            Self::New(session) => session,
            Self::TakeUp(cut_off, _) => &cut_off.session,
        }
    }
}

impl From<Session> for SessionStart {
    fn from(session: Session) -> Self {
        Self::New(Box::new(session))
    }
}

/// The history of a drain that is taken up.
pub(super) struct Inherited {
    pub(super) taking_up: TakingUp,
    pub(super) marks: ActMarks,
    pub(super) records: Vec<Record>,
    pub(super) open: Vec<(EffectId, ActOutcome)>,
    pub(super) same_boot: bool,
}

impl Inherited {
    /// The session, the recorder that goes on with it, and all else.
    pub(super) fn of(cut_off: CutOff, taking_up: TakingUp) -> (Session, Recorder, Self) {
        let CutOff {
            session,
            recorder,
            marks,
            records,
            open,
            same_boot,
            last: _,
        } = cut_off;
        let inherited = Self {
            taking_up,
            marks,
            records,
            open,
            same_boot,
        };
        (session, recorder, inherited)
    }
}

impl<F: Front> Turn<F> {
    /// Takes the drain up.
    ///
    /// # Errors
    /// If its processes cannot be held or locked: then nothing was changed.
    pub(super) fn take_up(&mut self, inherited: Inherited, now: Moment) -> Result<(), Refused> {
        let Inherited {
            taking_up,
            marks,
            records,
            open,
            same_boot,
        } = inherited;
        let Some(run) = &self.session.run else {
            return Ok(());
        };
        let alive = run
            .ledger()
            .targets()
            .iter()
            .filter(|target| target.takes_part());
        let alive: Vec<ProcessKey> = alive.map(|target| target.key.clone()).collect();
        let name = run.plan().run.clone();
        // After a start of the machine their pids mean nothing.
        let wanted = if same_boot { alive.as_slice() } else { &[] };
        let (begun, held) = self.world.plugs.take_up(wanted, &self.session)?;
        let written = self.world.plugs.written(&name);
        self.send(begun);
        self.send(ShellWork::Mark(Some(marks)));
        self.after.take_up(&name, &written);
        for record in missing(&records, &name, &written) {
            self.after.take(record);
            self.send(ShellWork::Note(Box::new(record.clone())));
        }
        self.was_draining = true;
        if let Some(state_dir) = self.world.plugs.state_dir() {
            self.receive_visitors(&state_dir, &name, &taking_up.who);
        }
        self.hear(SessionInput::TakenUp(Box::new(taking_up)), now);
        // Of a process of another host only Redis tells whether it has ended.
        let here = alive.iter().filter_map(ProcessKey::local);
        for process in here.filter(|id| !held.contains(id)) {
            let exited = Observation::Exited {
                process,
                at: now,
                status: None,
            };
            self.hear(SessionInput::Observed(exited), now);
        }
        for (id, outcome) in open {
            self.hear(SessionInput::ActEnded(id, outcome), now);
        }
        Ok(())
    }
}

/// The records of `run` that its journal, of which `written` is the text, does not have.
fn missing<'a>(records: &'a [Record], run: &str, written: &str) -> Vec<&'a Record> {
    let lines: std::collections::HashSet<&str> = written.lines().collect();
    let of_run = records.iter().filter(|record| record.run == run);
    of_run
        .filter(|record| !lines.contains(record.json().as_str()))
        .collect()
}
