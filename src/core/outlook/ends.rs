//! When the jobs of one process end: by its own timeout, by KILL, by systemd; given the policy,
//! the mode of the run, and whether process and Redis answer.

use std::time::Duration;

use super::known::{self, stilled};
use super::verdict::{Ends, forecast, of_checkpointing};
use super::{Becomes, JobOutlook, Obstacle, Reason, SpanWords, Verdict};
use crate::core::drain::{
    Fate, Hold, Mode, Phase, Plan, Policy, Resume, Run, Standing, StopUnit, Target,
};
use crate::core::fleet::{Fleet, Job, Lineage, Link, Process, ProcessKey};
use crate::core::moment::Moment;
use crate::core::preflight::{Preflight, stops};
use crate::core::sequence::{Budget, Signal, Timeout};
use crate::core::timing::CLEANUP;

/// Sidekiq may interrupt its jobs this much after its time: it polls every 0.5 s.
const LATEST: Duration = Duration::from_secs(1);

/// The facts that an outlook is made from.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The knowledge of all processes.
    pub fleet: &'a Fleet,
    /// The plan that a drain follows, or would follow.
    pub plan: &'a Plan,
    /// The knowledge of the units of the targets.
    pub preflight: &'a Preflight,
    /// The run, while it is not over.
    pub run: Option<&'a Run>,
    /// Now.
    pub now: Moment,
}

/// The assumption of a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// Nothing is touched, and the clock of the drain runs.
    Untouched,
    /// A drain begins now and goes by itself.
    DrainNow,
    /// The hold ends now.
    ResumeNow,
    /// The operator sends TERM now.
    TermNow,
}

/// When the jobs of one process end.
#[derive(Clone, Copy, Debug)]
pub struct ProcessOutlook<'a> {
    situation: Situation<'a>,
    target: Option<(&'a Run, &'a Target)>,
    given: Given,
    /// `None`: the next step waits for the operator, and no TERM is left to come.
    ends: Option<Ends>,
    timeout: Duration,
    budget: Option<Duration>,
}

impl<'a> Situation<'a> {
    /// The outlook for the jobs of `process`.
    pub fn process(self, key: &ProcessKey, process: &Process) -> ProcessOutlook<'a> {
        let target = self.run.and_then(|run| run.ledger().target(key));
        let target = self.run.zip(target);
        let (given, ends) = match target {
            None => (Given::DrainNow, Some(self.before(key, process))),
            Some((run, target)) => in_run(run, target, self),
        };
        let delay = self.delay(process, target);
        let ends = ends.map(|ends| Ends {
            kept: process.keeps_jobs(),
            obstacle: self.obstacle(key, process, target.map(|(_, target)| target)),
            ..delay.moves(ends.reaching(key))
        });
        ProcessOutlook {
            situation: self,
            target,
            given,
            ends,
            timeout: process.timeout(self.plan.timeout.as_ref()).span,
            budget: self.budget(key, process).total(),
        }
    }

    /// The drain budget of a process. Systemd's own KILL may end it, where its stop is certain.
    pub fn budget(self, key: &ProcessKey, process: &Process) -> Budget {
        let timeout = process.timeout(self.plan.timeout.as_ref());
        let limit = self.systemd_kills_after(key);
        let mut budget = self.plan.sequence.budget_within(timeout.span, limit);
        budget.kill = budget.kill.filter(|_| key.local().is_some());
        budget
    }

    /// How long after TERM systemd kills it, where the stop of its unit is certain.
    fn systemd_kills_after(self, key: &ProcessKey) -> Option<Duration> {
        if let Some(target) = self.run.and_then(|run| run.ledger().target(key)) {
            return target.stop.certain()?.limit;
        }
        if self.preflight.systemd.stop != StopUnit::Always {
            return None;
        }
        stops(self.fleet, key, self.plan, self.preflight)
            .ok()??
            .limit
    }

    /// Whether Redis does not answer.
    fn is_blind(self) -> bool {
        matches!(self.fleet.link, Link::Lost { .. })
    }

    /// The ends if a drain began now and went by itself.
    fn before(self, key: &ProcessKey, process: &Process) -> Ends {
        let timeout = process.timeout(self.plan.timeout.as_ref());
        let budget = self.budget(key, process);
        let planned = self.plan.sequence.budget(timeout.span).kill;
        let kill =
            planned.and_then(|kill| unasked(self.plan, kill, budget.interrupt, self.is_blind()));
        Ends {
            interrupt: budget.interrupt,
            // Where systemd kills sooner, it asks for nothing and waits for nothing.
            kill: kill
                .into_iter()
                .chain(budget.kill.filter(|kill| Some(*kill) != planned))
                .min(),
            quiet: (self.plan.sequence.quiet_wait()).filter(|wait| !wait.is_zero()),
            assumed: timeout.is_assumed(),
            kept: false,
            obstacle: None,
            held: false,
        }
    }

    /// The obstacle that keeps `process` from pushing its jobs back.
    fn obstacle(
        self,
        key: &ProcessKey,
        process: &Process,
        target: Option<&Target>,
    ) -> Option<Obstacle> {
        let without_hash = process.beat.is_none() && process.local.is_none();
        if process.exited() || process.gone.is_some() || without_hash {
            return Some(Obstacle::Gone);
        }
        if let Some(pid) = process.suspended_pid() {
            return Some(Obstacle::Suspended(pid));
        }
        let leaves = process.left_in_order().is_some();
        let since = target.and_then(|target| target.last).map(|sent| sent.at);
        match (process.silent(since, self.fleet, self.now), key) {
            (Some(silent), ProcessKey::Local(_)) if !leaves => Some(Obstacle::Hangs(silent)),
            (Some(silent), ProcessKey::Remote(_)) => Some(Obstacle::Silent(silent)),
            _ if self.is_blind() => Some(Obstacle::RedisSilent),
            _ => None,
        }
    }
}

/// After how long a KILL that is due in `due` really goes to a process with jobs at stake,
/// without an answer from the operator; `blind`: Redis cannot be asked. `None`: never.
fn unasked(
    plan: &Plan,
    due: Duration,
    interrupt: Option<Duration>,
    blind: bool,
) -> Option<Duration> {
    match plan.policy {
        Policy::Ask => None,
        // It never goes where nobody can tell what it costs.
        Policy::WaitForRequeue if blind => None,
        Policy::WaitForRequeue => {
            let last = due + plan.guard.kill_extra;
            // It waits for the push-back itself, not for a time by which that is sure.
            let waits = interrupt.filter(|interrupt| last > *interrupt + LATEST);
            Some(waits.map_or(last, |interrupt| last.max(interrupt + CLEANUP)))
        }
        Policy::Follow => Some(due),
    }
}

/// The ends of the jobs of `target`, and what they suppose.
fn in_run(run: &Run, target: &Target, situation: Situation<'_>) -> (Given, Option<Ends>) {
    let (now, blind) = (situation.now, situation.is_blind());
    let plan = run.plan();
    let manual = run.mode() == Mode::Manual;
    let held = matches!(run.phase(), Phase::Held { why, .. } if !matches!(why, Hold::Redis(..)));
    let ready = matches!(run.phase(), Phase::Ready { .. });
    let given = if target.stopped.is_some() {
        Given::Untouched
    } else if ready || manual {
        Given::TermNow
    } else if held {
        Given::ResumeNow
    } else {
        Given::Untouched
    };
    let projected = run.projected(now);
    let due = |wanted: fn(Signal) -> bool| {
        projected
            .iter()
            .find(|step| wanted(step.signal))
            .map(|step| step.at)
    };
    let term = match given {
        Given::TermNow => stop_to_come(run).then_some(now),
        Given::Untouched | Given::DrainNow | Given::ResumeNow => due(Signal::stops),
    };
    if given == Given::TermNow && term.is_none() && !is_endless(plan) {
        return (given, None);
    }
    let timeout = &target.timeout;
    let interrupt = target
        .interrupt()
        .or_else(|| term.map(|at| at.after(timeout.span)));
    let by_unit = target.stop.systemd_kills.or_else(|| {
        let limit = target
            .stop
            .certain()
            .filter(|_| target.stopped.is_none())?
            .limit?;
        Some(term?.after(limit))
    });
    let from_now = |at: Option<Moment>| at.map(|at| at.since(now));
    // A KILL that waits for the operator, in a hold or by hand, does not come by itself.
    let comes = !manual && (!held || given == Given::ResumeNow);
    let gated = |until: Moment| {
        let waits = interrupt.filter(|interrupt| until > interrupt.after(LATEST));
        waits.map_or(until, |interrupt| interrupt.after(CLEANUP).max(until))
    };
    let kills = |step: usize| plan.sequence.signal(step) == Some(Signal::Kill);
    let kill = if let Phase::Performing(performing) = run.phase()
        && performing.step.is_some_and(kills)
    {
        // Nothing holds it any more.
        Some(now)
    } else if let Phase::Gated { next, until, .. } = run.phase()
        && kills(*next)
    {
        (!blind).then(|| gated(*until))
    } else if comes {
        due(|signal| signal == Signal::Kill)
            .and_then(|at| unasked(plan, at.since(now), from_now(interrupt), blind))
            .map(|left| now.after(left))
    } else {
        None
    };
    let ends = Ends {
        interrupt: from_now(interrupt),
        kill: from_now(by_unit.into_iter().chain(kill).min()),
        quiet: from_now(term.filter(|_| target.stopped.is_none())),
        assumed: Timeout::is_assumed(timeout),
        kept: false,
        obstacle: None,
        held: false,
    };
    (given, Some(ends))
}

/// Whether a TERM or INT of the sequence was not sent yet.
pub(super) fn stop_to_come(run: &Run) -> bool {
    let next = if let Phase::Held {
        resume: Resume::Failed { step, .. },
        ..
    } = run.phase()
    {
        Some(*step)
    } else if let Phase::Performing(performing) = run.phase() {
        performing.step
    } else {
        run.phase().next_step()
    };
    let stop = run.plan().sequence.first_stop();
    stop.zip(next).is_some_and(|(stop, next)| next <= stop)
}

/// Whether no step of the sequence ends a process.
fn is_endless(plan: &Plan) -> bool {
    plan.sequence
        .first_stop()
        .or(plan.sequence.kill())
        .is_none()
}

impl<'a> ProcessOutlook<'a> {
    /// The whole drain budget of the process. `None`: unlimited.
    pub fn budget(&self) -> Option<Duration> {
        self.budget
    }

    /// The obstacle that keeps the process from pushing its jobs back.
    pub fn obstacle(&self) -> Option<Obstacle> {
        self.ends.and_then(|ends| ends.obstacle)
    }

    /// Time until Sidekiq pushes back what still runs. `None`: it will not.
    pub fn interrupt(&self) -> Option<Duration> {
        self.ends.and_then(|ends| ends.interrupt)
    }

    /// Time until a KILL that waits for no answer. `None`: no such KILL comes.
    pub fn kill(&self) -> Option<Duration> {
        self.ends.and_then(|ends| ends.kill)
    }

    /// Whether the time that its jobs have left hangs on a `-t` that is only assumed.
    pub fn is_assumed(&self) -> bool {
        self.ends.is_some_and(|ends| ends.is_assumed())
    }

    /// Whether it lives, takes part and is not proven idle.
    pub(super) fn may_run(&self) -> bool {
        let idle = |target: &Target| stilled(target).is_some() || !target.takes_part();
        self.obstacle() != Some(Obstacle::Gone)
            && !self.target.is_some_and(|(_, target)| idle(target))
    }

    /// When its jobs end. `None`: the next step waits for the operator, and no TERM is to come.
    pub(super) fn ends(&self) -> Option<Ends> {
        self.ends
    }

    /// The run with the process in it, if it takes part in one.
    pub(super) fn target(&self) -> Option<(&'a Run, &'a Target)> {
        self.target
    }

    /// Sidekiq's own timeout.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The assumption of the forecasts of its jobs.
    pub fn given(&self) -> Given {
        self.given
    }

    /// How the times of its jobs are printed.
    pub fn clock(&self) -> SpanWords {
        match self.given {
            Given::Untouched => SpanWords::Runs(self.situation.now),
            Given::DrainNow | Given::ResumeNow | Given::TermNow => SpanWords::Stands,
        }
    }

    /// Whether it has ended, and did not stop by itself.
    fn died(&self) -> bool {
        let standing = self.target.map(|(_, target)| &target.standing);
        matches!(standing, Some(Standing::Exited { clean, .. }) if *clean != Some(true))
    }

    /// Whether it reacts to nothing, and a KILL comes by itself.
    fn is_killed_while_stuck(&self) -> bool {
        let stuck = self.obstacle().is_some_and(Obstacle::is_stuck);
        stuck && self.kill().is_some()
    }

    /// The outlook of `job`.
    pub fn job(&self, job: &Job) -> JobOutlook<'a> {
        let now = self.situation.now;
        let known = self
            .target
            .and_then(|(run, target)| known::of(run, target, job, now));
        if let Some((becomes, reason)) = known
            && !(becomes == Becomes::Overdue && self.is_killed_while_stuck())
        {
            let sought = matches!(becomes, Becomes::Sought | Becomes::Ended(Fate::Unknown));
            let open = becomes == Becomes::Overdue || sought && self.died();
            let obstacle = self.obstacle().filter(|_| open).map(Reason::CannotPushBack);
            return JobOutlook {
                becomes,
                reason: obstacle.unwrap_or(reason),
                given: Given::Untouched,
                left: None,
                budget: self.budget,
            };
        }
        let (verdict, reason) = match self.ends {
            None => (Verdict::Unknown, Reason::WaitsForOperator),
            Some(ends) => {
                let plain = forecast(job.elapsed(now), ends);
                let library = job.work.lineage.as_ref().and_then(Lineage::checkpoints);
                if job.iterable || library.is_some() {
                    let quiets = self.situation.plan.sequence.quiets();
                    of_checkpointing(plain, library, quiets)
                } else {
                    plain
                }
            }
        };
        JobOutlook {
            becomes: Becomes::Expected(verdict),
            reason,
            given: self.given,
            left: self.ends.and_then(|ends| ends.left()),
            budget: self.budget,
        }
    }
}
