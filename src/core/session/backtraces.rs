//! Backtraces of jobs' threads: who is asked for them (TTIN), and what came of it. Beside the
//! run: no countdown, no phase and no gate knows of it, and nothing is asked after TERM, when
//! Sidekiq no longer listens (7.3.9 `lib/sidekiq/cli.rb:126-140`).

use std::time::Duration;

use super::Session;
use crate::core::drain::{ActOutcome, Effect, Event, Phase};
use crate::core::fleet::{LocalId, Process, ProcessKey, RunState};
use crate::core::log::{Backtrace, Milestone};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;

/// A backtrace to which nothing was added for so long is whole.
const SETTLED: Duration = Duration::from_secs(1);
/// A dump that comes later than this is not looked for any more.
const LATEST: Duration = Duration::from_secs(60);
/// Questions that are remembered.
const KEPT: usize = 50;
/// The number of TTIN on Linux (signal(7)).
const TTIN: u32 = 21;

/// How far a question is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It was not sent yet.
    Unsent,
    /// It is on its way.
    UnderWay,
    /// TTIN was sent.
    Sent,
    /// It was not, and why.
    NotSent(String),
}

/// A job whose thread's backtrace is wanted.
#[derive(Clone, Debug)]
pub struct WantedThread {
    /// The thread.
    pub tid: String,
    /// The job on it, if it is known.
    pub jid: Option<String>,
    /// Its class.
    pub class: String,
    /// Its backtrace, once that is whole.
    pub taken: Option<Backtrace>,
    /// How many frames were there, and since when no more.
    growing: Option<(usize, Moment)>,
}

/// A question to one process.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// The process that is asked.
    pub process: LocalId,
    /// The same in its own pid namespace, as it writes itself.
    pub inner_pid: u32,
    /// When.
    pub at: Moment,
    /// How far it is.
    pub asked: Asked,
    /// The threads that matter.
    pub threads: Vec<WantedThread>,
    /// Whether only the drain itself asked for it: an abort takes it back.
    pub automatic: bool,
}

/// All questions of a session.
#[derive(Clone, Debug, Default)]
pub struct Backtraces {
    /// How long after its start a drain asks by itself.
    pub after: Option<Duration>,
    /// Oldest first.
    inquiries: Vec<Inquiry>,
}

impl Backtraces {
    /// The last question to this process.
    pub fn last(&self, process: LocalId) -> Option<&Inquiry> {
        self.inquiries.iter().rfind(|one| one.process == process)
    }

    /// When it has something to do, if nothing else happens.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        let threads = self.inquiries.iter().flat_map(|one| &one.threads);
        let growing = threads.filter(|thread| thread.taken.is_none());
        growing
            .filter_map(|thread| thread.growing)
            .map(|(_, since)| since.after(SETTLED))
            .min()
    }
}

impl Session {
    /// Whether this process can be asked for its backtraces now.
    ///
    /// # Errors
    /// With the reason why not, for people.
    pub fn may_ask(&self, id: LocalId) -> Result<(), String> {
        let kind = self.setting.kind;
        kind.reaches_sidekiq("the processes of the demo write no log")?;
        let key = ProcessKey::Local(id);
        let living = |process: &&Process| !process.exited();
        let Some(process) = self.fleet.get(&key).filter(living) else {
            return Err("it has exited".into());
        };
        if self.was_told_to_stop(id) {
            return Err(format!(
                "{} was told to stop: Sidekiq no longer listens for TTIN",
                process.name()
            ));
        }
        let local = process.local.as_ref();
        if local.is_some_and(|local| local.run_state == RunState::Suspended) {
            return Err(format!("{} is suspended and hears nothing", process.name()));
        }
        match local.and_then(|local| local.caught) {
            Some(caught) if caught.has(TTIN) => Ok(()),
            Some(_) => Err(format!(
                "{} has no handler for TTIN: it still boots or is embedded, and would be suspended",
                process.name()
            )),
            None => Err(format!(
                "whether {} has a handler for TTIN cannot be read",
                process.name()
            )),
        }
    }

    /// Whether TERM or INT reached it, or is on its way, or its own log says so.
    fn was_told_to_stop(&self, id: LocalId) -> bool {
        let key = ProcessKey::Local(id);
        let run = self.run.as_ref();
        let target = run.and_then(|run| run.ledger().target(&key));
        let under_way = run.is_some_and(|run| match run.phase() {
            Phase::Performing(performing) => {
                let signal = performing
                    .step
                    .and_then(|step| run.plan().sequence.signal(step));
                performing.acts.values().any(|target| *target == key)
                    && signal.is_none_or(|signal| signal.stops() || signal == Signal::Kill)
            }
            Phase::Ready { .. }
            | Phase::Waiting { .. }
            | Phase::Held { .. }
            | Phase::Gated { .. }
            | Phase::Leaving { .. }
            | Phase::Ending { .. }
            | Phase::Settling { .. }
            | Phase::Over { .. } => false,
        });
        let milestones = self.fleet.logs.witness.milestones(id.pid);
        let logged = |(milestone, _): &(Milestone, Moment)| *milestone == Milestone::ShuttingDown;
        under_way
            || target.is_some_and(|target| target.stopped.is_some())
            || milestones.iter().any(logged)
    }

    /// Asks a process for its backtraces; `tids` are the threads that matter, all of those with a
    /// job if there are none. What is to be sent is taken by [`Session::questions`].
    #[must_use]
    pub fn ask_backtraces(&mut self, id: LocalId, tids: &[String], now: Moment) -> Vec<Effect> {
        self.inquire(id, tids, false, now)
    }

    fn inquire(
        &mut self,
        id: LocalId,
        tids: &[String],
        automatic: bool,
        now: Moment,
    ) -> Vec<Effect> {
        let process = self.fleet.get(&ProcessKey::Local(id));
        let jobs = process.map_or(&[][..], |process| process.jobs.as_slice());
        let wanted = jobs
            .iter()
            .filter(|job| tids.is_empty() || tids.contains(&job.work.tid));
        let threads = wanted.map(|job| WantedThread {
            tid: job.work.tid.clone(),
            jid: job.work.jid.clone(),
            class: job.work.class.clone(),
            taken: None,
            growing: None,
        });
        let local = process.and_then(|process| process.local.as_ref());
        let inquiry = Inquiry {
            process: id,
            inner_pid: local.map_or(id.pid, |local| local.surroundings.inner_pid),
            at: now,
            asked: self.may_ask(id).err().map_or(Asked::Unsent, Asked::NotSent),
            threads: threads.collect(),
            automatic,
        };
        let event = match &inquiry.asked {
            Asked::NotSent(why) => Event::Remarked {
                text: format!("no backtrace is taken: {why}"),
            },
            Asked::Unsent | Asked::UnderWay | Asked::Sent => Event::SignalIntended {
                signal: Signal::Ttin,
                step: None,
            },
        };
        self.backtraces.inquiries.push(inquiry);
        if self.backtraces.inquiries.len() > KEPT {
            self.backtraces.inquiries.remove(0);
        }
        self.tell_of(id, event, now).into_iter().collect()
    }

    /// The processes to be asked now, and whether only the drain wants it; each is given
    /// once.
    #[must_use]
    pub fn questions(&mut self) -> Vec<(LocalId, bool)> {
        let unsent = |one: &&mut Inquiry| one.asked == Asked::Unsent;
        let inquiries = self.backtraces.inquiries.iter_mut().filter(unsent);
        inquiries
            .map(|one| {
                one.asked = Asked::UnderWay;
                (one.process, one.automatic)
            })
            .collect()
    }

    /// A process was asked, or was not.
    #[must_use]
    pub fn asked(&mut self, id: LocalId, outcome: ActOutcome, now: Moment) -> Vec<Effect> {
        let under_way = |one: &&mut Inquiry| one.process == id && one.asked == Asked::UnderWay;
        let Some(inquiry) = self.backtraces.inquiries.iter_mut().find(under_way) else {
            return Vec::new();
        };
        let (signal, step) = (Signal::Ttin, None);
        let failed = match outcome {
            ActOutcome::Sent => None,
            ActOutcome::Gone => Some("it has exited".to_owned()),
            ActOutcome::Revoked => Some("the drain was stopped".to_owned()),
            ActOutcome::Failed { why, .. } => Some(why),
        };
        inquiry.asked = failed.clone().map_or(Asked::Sent, Asked::NotSent);
        let event = match failed {
            None => Event::SignalSent {
                signal,
                step,
                at_stake: None,
                blind: None,
            },
            Some(error) => Event::SignalFailed {
                signal,
                step,
                error,
                may_have_happened: false,
            },
        };
        self.tell_of(id, event, now).into_iter().collect()
    }

    /// Takes the backtraces that are whole by now, and asks for those that are due by themselves.
    pub(super) fn follow_backtraces(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = self.ask_by_itself(now);
        let dumps = &self.fleet.logs.witness.dumps;
        let mut taken = Vec::new();
        for inquiry in &mut self.backtraces.inquiries {
            let open = matches!(inquiry.asked, Asked::Sent | Asked::UnderWay);
            if !open {
                continue;
            }
            let (pid, inner, at) = (inquiry.process.pid, inquiry.inner_pid, inquiry.at);
            let wanted = inquiry.threads.iter_mut().filter(|one| one.taken.is_none());
            for thread in wanted {
                let found = dumps.find(pid, inner, &thread.tid, at);
                // A backtrace that never came is looked for no more, one that has begun is ended.
                let found = found.filter(|found| found.at.since(at) < LATEST);
                if let Some(found) = found.filter(|found| thread.is_whole(found, now)) {
                    let event = Event::Backtrace {
                        jid: thread.jid.clone(),
                        class: thread.class.clone(),
                        tid: thread.tid.clone(),
                        frames: found.frames.clone(),
                    };
                    thread.taken = Some(found.clone());
                    taken.push((inquiry.process, event));
                }
            }
        }
        for (process, event) in taken {
            effects.extend(self.tell_of(process, event, now));
        }
        effects
    }

    /// Once in a drain, if it was asked to: each target that still runs jobs.
    fn ask_by_itself(&mut self, now: Moment) -> Vec<Effect> {
        let Some(due) = self.backtraces_due().filter(|due| *due <= now) else {
            return Vec::new();
        };
        self.backtraces.after = None;
        let Some(run) = &self.run else {
            return Vec::new();
        };
        let long: Vec<(LocalId, Vec<String>)> = run
            .ledger()
            .targets()
            .iter()
            .filter(|target| target.takes_part())
            .filter_map(|target| {
                let here = target.key.local()?;
                let process = self.fleet.get(&target.key)?;
                let ended = |jid: &Option<String>| {
                    let mut jobs = run.ledger().account().of(&target.key);
                    jobs.any(|job| Some(job.jid()) == jid.as_deref() && job.ruling().is_some())
                };
                let jobs = process.jobs.iter().filter(|job| !ended(&job.work.jid));
                // A job that began later does not keep this drain waiting.
                let older = jobs.filter(|job| job.started.is_none_or(|at| at <= due));
                let tids: Vec<String> = older.map(|job| job.work.tid.clone()).collect();
                (!tids.is_empty()).then_some((here, tids))
            })
            .collect();
        let mut effects = Vec::new();
        for (target, tids) in long {
            effects.extend(self.inquire(target, &tids, true, now));
        }
        effects
    }

    /// When the drain asks by itself.
    pub(super) fn backtraces_due(&self) -> Option<Moment> {
        let run = self.run.as_ref().filter(|run| !run.phase().is_over())?;
        Some(run.pace().started.after(self.backtraces.after?))
    }
}

impl WantedThread {
    /// Whether nothing will be added to its backtrace any more.
    fn is_whole(&mut self, found: &Backtrace, now: Moment) -> bool {
        let count = found.frames.len();
        let since = match self.growing {
            Some((before, since)) if before == count => since,
            Some(_) | None => now,
        };
        self.growing = Some((count, since));
        found.whole || found.cut || now.since(since) >= SETTLED
    }
}
