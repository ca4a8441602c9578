//! How a job stands, for the screen: the verdict of the core, or what is already known of it.
//! For eyes only: nothing here moves a signal.

use std::collections::HashSet;
use std::time::Duration;

use super::rows::{JobRow, is_target, stilled};
use super::words::time_of_day;
use crate::core::drain::{Execution, Fate, Phase, Run};
use crate::core::fleet::{LocalId, Process, ProcessKey};
use crate::core::moment::{Moment, clock_face};
use crate::core::session::Session;
use crate::core::stuck::Stuck;
use crate::core::verdict::{self, Blind, Ends, Verdict};

/// What a push-back takes after the interrupt, at most.
const CLEANUP: Duration = Duration::from_secs(5);

/// What is said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// What will become of it.
    Verdict(Verdict),
    /// Its process is no target.
    NotDrained,
    /// It still runs and is back in its queue already.
    Back,
    /// Its process has exited and this became of it.
    Ended(Fate),
    /// Its push-back was due and it was not seen back yet.
    Overdue,
    /// Its process has exited and the search goes on.
    Sought,
}

impl Said {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Verdict(verdict) => verdict.word(),
            Self::NotDrained => "not drained",
            Self::Back => "back",
            Self::Ended(fate) => fate.word(),
            Self::Overdue => "NOT BACK YET",
            Self::Sought => "searching",
        }
    }
}

/// How one job stands.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict, or what is known.
    pub said: Said,
    /// The reason in words; may be empty.
    pub why: String,
    /// Time until its process is interrupted or killed; `None`: no end, or not known.
    pub left: Option<Duration>,
    /// The whole drain budget of its process; `None`: unlimited, or it is not drained.
    pub budget: Option<Duration>,
}

impl Judgement {
    /// What is said of it, with the reason.
    pub fn words(&self) -> String {
        let word = self.said.word();
        match self.why.as_str() {
            "" => word.into(),
            why if why.starts_with("if ") => format!("{word} {why}"),
            why => format!("{word}: {why}"),
        }
    }
}

/// The jobs of the targets by what becomes of them if nobody touches anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Expected to end in time.
    pub fits: u64,
    /// May end in time.
    pub at_risk: u64,
    /// Pushed back if they run so long.
    pub pushed_back: u64,
    /// Lost if they run so long.
    pub lost: u64,
    /// Nothing can be said.
    pub unknown: u64,
}

impl Tally {
    /// All of them.
    pub fn total(self) -> u64 {
        self.fits + self.at_risk + self.pushed_back + self.lost + self.unknown
    }
}

/// What ends the jobs of a target; `None`: the run waits for the operator.
fn ends(session: &Session, key: &ProcessKey, process: &Process, now: Moment) -> Option<Ends> {
    let plan = &session.setting.plan;
    let Some((run, target)) = running(session).and_then(|run| Some((run, run.target(key)?))) else {
        let mut ends = plan.ends_before(&session.timeout(process));
        ends.kept = process.keeps_jobs();
        let budget = session.budget(key, process);
        if budget.kill != ends.kill {
            // systemd kills sooner, and waits for no push-back.
            let both = budget.kill.zip(budget.interrupt);
            ends.push_back_safe &= both.is_none_or(|(kill, interrupt)| kill >= interrupt + CLEANUP);
            ends.kill = budget.kill;
        }
        return Some(ends);
    };
    // Where nothing is due though the sequence has an end, that end waits for somebody.
    let endless = plan
        .sequence
        .first_stop()
        .or(plan.sequence.kill())
        .is_none();
    run.ends(target, now)
        .filter(|ends| endless || ends.interrupt.or(ends.kill).is_some())
        .map(|mut ends| {
            ends.kept = process.keeps_jobs();
            ends
        })
}

/// The run, while it is not over.
pub(super) fn running(session: &Session) -> Option<&Run> {
    session.run.as_ref().filter(|run| !run.phase().is_over())
}

/// How the job of `row` stands.
pub fn judge(session: &Session, row: &JobRow<'_>, now: Moment) -> Judgement {
    let unjudged = |said, why: &str| Judgement {
        said,
        why: why.into(),
        left: None,
        budget: None,
    };
    if !row.drained {
        return unjudged(Said::NotDrained, "");
    }
    let run = running(session);
    let budget = session.budget(row.key, row.process).total();
    if let Some((said, why)) = run.and_then(|run| known(run, row, now)) {
        return Judgement {
            budget,
            ..unjudged(said, &why)
        };
    }
    let elapsed = row.elapsed(now);
    let (verdict, why) = match ends(session, row.key, row.process, now) {
        None => verdict::blind(Blind::WaitsForYou),
        Some(ends) => verdict::verdict(elapsed, ends, |left| {
            if clock_runs(run, row.key) {
                time_of_day(now.after(left))
            } else {
                format!("+{}", clock_face(left))
            }
        }),
    };
    let (verdict, why) = if row.job.iterable {
        verdict::iterable((verdict, why), session.setting.plan.sequence.quiets())
    } else {
        (verdict, why)
    };
    let left = match run {
        Some(_) => session
            .deadlines(row.key, now)
            .and_then(|deadlines| deadlines.left(now)),
        None => budget,
    };
    Judgement {
        said: Said::Verdict(verdict),
        why,
        left,
        budget,
    }
}

/// Why the job of `row` looks stuck, the heaviest reason first.
pub fn stuck(session: &Session, row: &JobRow<'_>, now: Moment) -> Vec<Stuck> {
    if row.is_done() {
        return Vec::new();
    }
    let budget = session.budget(row.key, row.process).total();
    let spans = (row.elapsed(now), budget.filter(|_| row.drained));
    let place = (row.key, row.process);
    session
        .following
        .reasons(&session.fleet, place, row.job, spans, now)
}

/// Whether the end of the jobs of `key` is a time of day: before the start, and while the clock
/// stands before its TERM, it moves on with the time.
fn clock_runs(run: Option<&Run>, key: &ProcessKey) -> bool {
    run.is_some_and(|run| {
        let stands = matches!(run.phase(), Phase::Held { .. } | Phase::Ready { .. });
        !stands
            || run
                .target(key)
                .is_some_and(|target| target.stopped.is_some())
    })
}

/// What a run already knows of a job.
fn known(run: &Run, row: &JobRow<'_>, now: Moment) -> Option<(Said, String)> {
    let target = run.target(row.key)?;
    let jid = row.job.work.jid.as_deref();
    let tracked = run
        .account()
        .of(&target.key())
        .find(|execution| Some(execution.jid()) == jid);
    if row.stilled.is_some() {
        let ruling = tracked.and_then(|execution| execution.ruling().cloned());
        return Some(match ruling {
            Some(ruling) => (Said::Ended(ruling.fate), ruling.why),
            None if target.exited() => (Said::Sought, "its process has exited".into()),
            None => (Said::Sought, "its process runs nothing more".into()),
        });
    }
    if tracked?.is_back() {
        return Some((Said::Back, "it was seen back in its queue".into()));
    }
    let due = target.interrupt().filter(|due| *due <= now)?;
    let why = format!("push-back was due {}", time_of_day(due));
    Some((Said::Overdue, why))
}

/// The jobs of `targets` by what becomes of them.
pub fn tally(session: &Session, targets: &[LocalId], now: Moment) -> Tally {
    let (back, stilled) = (back_already(session), stilled(session));
    let quiets = session.setting.plan.sequence.quiets();
    let mut tally = Tally::default();
    for (key, process) in &session.fleet.processes {
        let still = matches!(key, ProcessKey::Local(id) if stilled.contains_key(id));
        if !is_target(key, targets) || process.exited() || still {
            continue;
        }
        let ends = ends(session, key, process, now);
        for job in &process.jobs {
            let verdict = match ends {
                _ if job
                    .work
                    .jid
                    .as_deref()
                    .is_some_and(|jid| back.contains(jid)) =>
                {
                    Verdict::PushedBack
                }
                Some(ends) => {
                    let said = verdict::verdict(job.elapsed(now), ends, |_| String::new());
                    if job.iterable {
                        verdict::iterable(said, quiets).0
                    } else {
                        said.0
                    }
                }
                None => Verdict::Unknown,
            };
            *match verdict {
                Verdict::Fits => &mut tally.fits,
                Verdict::AtRisk => &mut tally.at_risk,
                Verdict::PushedBack => &mut tally.pushed_back,
                Verdict::Lost => &mut tally.lost,
                Verdict::Unknown => &mut tally.unknown,
            } += 1;
        }
    }
    tally
}

/// The jobs that still run and are back already.
pub(super) fn back_already(session: &Session) -> HashSet<&str> {
    let Some(run) = running(session) else {
        return HashSet::new();
    };
    run.account()
        .executions()
        .filter(|execution| execution.is_back())
        .map(Execution::jid)
        .collect()
}
