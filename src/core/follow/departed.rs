//! The jobs that left the table since the first look, and where each went. Looks show those
//! that run again, logs those that ended, and Redis is asked for the rest, a few at a time. Its
//! memory is bounded. It decides nothing: a job that is found nowhere ended or is lost, and only
//! the account of a drain tells these two apart.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::core::fleet::{
    Fleet, Heir, Lineage, Listed, LocalId, Located, Place, ProcessKey, Sought, Work,
};
use crate::core::log::Told;
use crate::core::moment::Moment;
use crate::core::timing::WHOLE_SECOND;

/// Jobs that are remembered; the oldest give way.
const MOST: usize = 500;
/// Jobs that one question is about.
const AT_ONCE: usize = 50;
/// Time from one question to the next at least.
const EVERY: Duration = Duration::from_secs(2);
/// A question that is not answered by then has no answer.
const UNANSWERED: Duration = Duration::from_secs(20);
/// A job that waits somewhere is asked for again after so long: it may have gone on.
const AGAIN: Duration = Duration::from_secs(15);
/// A payload longer than this is not kept; the job is then found by its id alone.
const LONGEST_PAYLOAD: usize = 16 << 10;

/// Where a job went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// It was not looked for yet.
    NotSought,
    /// The log of its process says that it ended by itself.
    Finished,
    /// A beat shows it at work again.
    Runs {
        /// On which process.
        on: String,
    },
    /// A later job does its work.
    GoesOn {
        /// The id of that job.
        jid: String,
        /// Where it was.
        place: String,
    },
    /// Redis was asked.
    At {
        /// The answer.
        place: Place,
        /// When it was asked.
        asked: Moment,
    },
}

/// A job that left.
#[derive(Clone, Debug)]
pub struct Left {
    /// The question that it is searched by.
    pub sought: Sought,
    /// Its class.
    pub class: String,
    /// The process that ran it, by name.
    pub from: String,
    /// When a look missed it first. It left at most one beat before.
    pub at: Moment,
    /// Where it went.
    pub went: Went,
    process: Option<LocalId>,
    started: Option<Moment>,
    /// The work that it did.
    lineage: Option<Lineage>,
}

impl Left {
    /// The words for people; `clock` writes a time.
    pub fn words(&self, clock: impl Fn(Moment) -> String) -> String {
        match &self.went {
            Went::NotSought => "not looked for yet".into(),
            Went::Finished => "finished, by its log".into(),
            Went::Runs { on } if *on == self.from => format!("runs again on {on}"),
            Went::Runs { on } => format!("runs on {on}"),
            Went::GoesOn { jid, place } => format!("goes on as {jid} ({place})"),
            Went::At {
                place: Place::Nowhere {
                    searched_whole: true,
                },
                asked,
            } => format!(
                "nowhere in Redis at {}: it ended, or it is lost",
                clock(*asked)
            ),
            Went::At { place, asked } => format!("{place} at {}", clock(*asked)),
        }
    }

    /// Its group in the line that counts, one of [`GROUPS`]. `None`: it was not found out yet.
    fn group(&self) -> Option<&'static str> {
        Some(match &self.went {
            Went::NotSought => return None,
            Went::Finished => "finished",
            Went::Runs { on } if *on == self.from => "running again",
            Went::Runs { .. } => "on another process",
            Went::GoesOn { .. } => "gone on under another JID",
            Went::At { place, .. } => match place {
                Place::Work { .. } => "on another process",
                Place::Queue { .. } | Place::Private { .. } => "back in a queue",
                Place::Retry => "in retry",
                Place::Dead => "dead",
                Place::Schedule => "scheduled",
                Place::Nowhere {
                    searched_whole: true,
                } => "gone",
                Place::Nowhere {
                    searched_whole: false,
                } => "not found",
                Place::NotAsked { .. } => return None,
            },
        })
    }

    /// Where Redis has it, or the later job that does its work.
    fn found(&self, located: Located) -> Went {
        let Located {
            place,
            asked,
            heirs,
            ..
        } = located;
        let began = self.started.map(|at| at.before(WHOLE_SECOND).epoch());
        let follows = |heir: &&Heir| {
            let later = heir.created.zip(began);
            later.is_none_or(|(made, began)| made >= began)
                && heir.may_follow(self.lineage.as_ref())
        };
        let heir = heirs.iter().find(follows);
        match heir.filter(|_| matches!(place, Place::Nowhere { .. })) {
            Some(heir) => Went::GoesOn {
                jid: heir.jid.clone(),
                place: heir.place.clone(),
            },
            None => Went::At { place, asked },
        }
    }

    /// Whether its library lets it break off at checkpoints: Sidekiq's log then says `done` too.
    fn may_break_off(&self) -> bool {
        let lineage = self.lineage.as_ref();
        lineage.is_some_and(|lineage| lineage.checkpoints().is_some())
    }

    /// Whether Redis is to be asked for it now.
    fn is_open(&self, now: Moment) -> bool {
        match &self.went {
            Went::NotSought => true,
            Went::Finished | Went::Runs { .. } | Went::GoesOn { .. } => false,
            Went::At { place, asked } => match place {
                Place::Nowhere {
                    searched_whole: true,
                }
                | Place::Dead => false,
                Place::Work { .. }
                | Place::Queue { .. }
                | Place::Private { .. }
                | Place::Retry
                | Place::Schedule
                | Place::Nowhere {
                    searched_whole: false,
                }
                | Place::NotAsked { .. } => now.since(*asked) >= AGAIN,
            },
        }
    }
}

/// The groups that are counted together, in the order of the words.
const GROUPS: [&str; 10] = [
    "finished",
    "gone",
    "on another process",
    "running again",
    "gone on under another JID",
    "back in a queue",
    "in retry",
    "scheduled",
    "dead",
    "not found",
];

/// A job that a look shows.
#[derive(Clone, Debug)]
struct RunningJob {
    work: std::sync::Arc<Work>,
    on: String,
    process: Option<LocalId>,
    started: Option<Moment>,
}

/// All that left.
#[derive(Clone, Debug, Default)]
pub struct Departed {
    since: Option<Moment>,
    running: HashMap<String, RunningJob>,
    /// Oldest first, each job once.
    jobs: VecDeque<Left>,
    /// Whether some had to give way.
    more: bool,
    /// When the last question left, and whether its answer is awaited.
    question: Option<(Moment, bool)>,
}

impl Departed {
    /// Takes in what a look shows.
    pub(super) fn observe(&mut self, fleet: &Fleet, now: Moment) {
        self.since.get_or_insert(now);
        let running = running(fleet);
        let before = std::mem::take(&mut self.running);
        for (jid, job) in before {
            match running.get(&jid) {
                None => self.leave(job, Went::NotSought, now),
                Some(still) if still.on != job.on => {
                    let on = still.on.clone();
                    self.leave(job, Went::Runs { on }, now);
                }
                Some(_) => {}
            }
        }
        for left in &mut self.jobs {
            if let Some(again) = running.get(&left.sought.jid) {
                let on = again.on.clone();
                left.went = Went::Runs { on };
            }
        }
        self.running = running;
        self.read_logs(fleet);
    }

    fn leave(&mut self, job: RunningJob, went: Went, now: Moment) {
        let RunningJob {
            work,
            on,
            process,
            started,
        } = job;
        let Some(jid) = work.jid.clone() else { return };
        self.jobs.retain(|left| left.sought.jid != jid);
        if self.jobs.len() == MOST {
            self.jobs.pop_front();
            self.more = true;
        }
        let payload = if work.payload.len() <= LONGEST_PAYLOAD {
            work.payload.clone()
        } else {
            Vec::new().into()
        };
        self.jobs.push_back(Left {
            sought: Sought {
                jid,
                queue: work.queue.clone(),
                payload,
                class: None,
            },
            class: work.class.clone(),
            from: on,
            at: now,
            went,
            process,
            started,
            lineage: work.lineage.clone(),
        });
    }

    /// Takes what the logs say of jobs that are not at work again.
    fn read_logs(&mut self, fleet: &Fleet) {
        for left in &mut self.jobs {
            let Some(id) = left.process.filter(|_| left.went == Went::NotSought) else {
                continue;
            };
            let said = fleet.logs.witness.of(id.pid, &left.sought.jid);
            let done = said.filter(|said| said.what == Told::Done);
            // A start is known to the second.
            let begun = left.started.map(|at| at.before(Duration::from_secs(2)));
            if !left.may_break_off()
                && done.is_some_and(|done| begun.is_none_or(|begun| done.at >= begun))
            {
                left.went = Went::Finished;
            }
        }
    }

    /// The jobs that Redis is to be asked for now, those first that were not looked for yet.
    #[must_use]
    pub fn to_ask(&mut self, now: Moment) -> Vec<Sought> {
        let pause = match self.question {
            Some((_, true)) => UNANSWERED,
            Some((_, false)) => EVERY,
            None => Duration::ZERO,
        };
        if self.question.is_some_and(|(at, _)| now.since(at) < pause) {
            return Vec::new();
        }
        let open = self.jobs.iter().filter(|left| left.is_open(now));
        let (new, old): (Vec<&Left>, Vec<&Left>) =
            open.partition(|left| left.went == Went::NotSought);
        let all = new.into_iter().chain(old).take(AT_ONCE);
        let sought: Vec<Sought> = all.map(|left| left.sought.clone()).collect();
        if !sought.is_empty() {
            self.question = Some((now, true));
        }
        sought
    }

    /// Takes an answer in. What it says of a job that has left again since is out of date.
    pub fn answered(&mut self, answers: Vec<Located>) {
        if let Some((_, awaited)) = &mut self.question {
            *awaited = false;
        }
        for located in answers {
            let mut jobs = self.jobs.iter_mut();
            let found = jobs.find(|left| left.sought.jid == located.jid);
            let Some(left) = found.filter(|left| left.at <= located.asked) else {
                continue;
            };
            if matches!(left.went, Went::NotSought | Went::At { .. }) {
                left.went = left.found(located);
            }
        }
    }

    /// The facts about one job.
    pub fn of(&self, jid: &str) -> Option<&Left> {
        self.jobs.iter().find(|left| left.sought.jid == jid)
    }

    /// The jobs that left the process of this name, the last one first.
    pub fn from<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Left> {
        self.jobs.iter().rev().filter(move |left| left.from == name)
    }

    /// How many went where, in words; `None` while that is known of none. `clock` writes a time.
    pub fn line(&self, clock: impl Fn(Moment) -> String) -> Option<String> {
        let since = self.since?;
        let head = if self.more {
            format!("of the last {MOST}")
        } else {
            format!("since {}", clock(since))
        };
        let counts = GROUPS.into_iter().filter_map(|group| {
            let jobs = self.jobs.iter();
            let number = jobs.filter(|left| left.group() == Some(group)).count();
            (number > 0).then(|| format!("{number} {group}"))
        });
        let counts: Vec<_> = counts.collect();
        (!counts.is_empty()).then(|| format!("{head}: {}", counts.join(", ")))
    }
}

/// The jobs that the last look shows at work, by id. What an ended process was last seen doing
/// runs no more.
fn running(fleet: &Fleet) -> HashMap<String, RunningJob> {
    let living = fleet
        .processes
        .iter()
        .filter(|(_, process)| !process.exited() && process.listed == Listed::Yes);
    let jobs = living.flat_map(|(key, process)| {
        let process_id = match key {
            ProcessKey::Local(id) => Some(*id),
            ProcessKey::Remote(_) => None,
        };
        process.jobs.iter().filter_map(move |job| {
            let running = RunningJob {
                work: job.work.clone(),
                on: process.name(),
                process: process_id,
                started: job.started,
            };
            Some((job.work.jid.clone()?, running))
        })
    });
    jobs.collect()
}

#[cfg(test)]
mod tests;
