//! systemd's own clock during a drain that is a unit's `ExecStop=`: how much longer the stop may
//! take, and what `systemctl status` says meanwhile. Pure; `host` sends what stands here.
//!
//! A message `EXTEND_TIMEOUT_USEC=` moves the end of `TimeoutStopSec` and never brings it nearer.
//! Each one must come before the last has run out (`sd_notify(3)`, `systemd.service(5)`).

use std::time::Duration;

use super::clean::clean;
use super::drain::{Hold, Phase, Policy, Projection, Run};
use super::fleet::{Fleet, Job};
use super::moment::Moment;
use super::sequence::Signal;

/// How much time one message asks for. A drainboard that dies keeps a stop no longer than this.
const PER_MESSAGE: Duration = Duration::from_secs(15);
/// Between two messages: a late one still comes before the last has run out.
const EVERY: Duration = Duration::from_secs(3);
/// The time asked for beyond the plan's own end where no limit is stated.
const SPARE: Duration = Duration::from_secs(30);
/// How long exits are waited for after KILL, and what Sidekiq needs beyond its own timeout.
const LAST_EXITS: Duration = Duration::from_secs(5);

/// How far systemd's clock may be moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ExtendAtMost {
    /// There is no such clock: this program is not the `ExecStop=` of a unit, or has no socket to
    /// talk to systemd by.
    #[default]
    NoClock,
    /// Until the plan's own end, and 30 s more. A hold does not move that end.
    PlanAndSpare,
    /// Until so long after this program began; zero: systemd is told how the drain stands, and
    /// given no more time.
    Span(Duration),
}

/// A message to systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// From now on the stop may take this long; `None`: as long as systemd thinks.
    pub extend: Option<Duration>,
    /// A sentence for `systemctl status`.
    pub status: String,
}

/// The notices to systemd: the limits that they go by, and the last one.
#[derive(Clone, Debug)]
pub struct StopClock {
    most: ExtendAtMost,
    began: Moment,
    /// Where the plan would have ended when it was last not held.
    plan_end: Moment,
    /// How long this program goes on after the last step (`on_finish`).
    afterwards: Duration,
    told: Option<(Moment, Stand)>,
}

/// As far as a message must follow at once when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Before,
    Counting(usize),
    Held,
    Leaving,
    Over,
}

impl StopClock {
    /// A clock for a program that began `began` and goes on for `afterwards` after the drain.
    pub fn new(most: ExtendAtMost, afterwards: Duration, began: Moment) -> Self {
        Self {
            most,
            began,
            plan_end: began,
            afterwards,
            told: None,
        }
    }

    /// The notice to systemd that is due now.
    pub fn notice(&mut self, run: Option<&Run>, fleet: &Fleet, now: Moment) -> Option<Notice> {
        let stand = stand(run);
        if self
            .told
            .is_some_and(|(at, told)| told == stand && now.since(at) < EVERY)
        {
            return None;
        }
        self.told = Some((now, stand));
        if let Some(end) = run.and_then(|run| own_end(run, now)) {
            self.plan_end = end;
        } else if run.is_none() {
            self.plan_end = now;
        }
        let limit = match self.most {
            ExtendAtMost::NoClock => now,
            ExtendAtMost::PlanAndSpare => self.plan_end.after(self.afterwards + SPARE),
            ExtendAtMost::Span(span) => self.began.after(span),
        };
        let left = limit.since(now);
        let most = match stand {
            // The loop does not come back here while `on_finish` runs.
            Stand::Over => self.afterwards + PER_MESSAGE,
            Stand::Before | Stand::Counting(_) | Stand::Held | Stand::Leaving => PER_MESSAGE,
        };
        let extend = Some(left.min(most)).filter(|extend| !extend.is_zero());
        let mut status = run.map_or_else(
            || "drainboard looks at what runs here".to_owned(),
            |run| sentence(run, fleet, now),
        );
        if extend.is_none() && self.most != ExtendAtMost::Span(Duration::ZERO) {
            status.push_str("; systemd is given no more time (--extend-at-most)");
        }
        Some(Notice { extend, status })
    }

    /// When the next message is due.
    pub fn next(&self) -> Option<Moment> {
        self.told.map(|(at, _)| at.after(EVERY))
    }
}

fn stand(run: Option<&Run>) -> Stand {
    let Some(run) = run else {
        return Stand::Before;
    };
    match run.phase() {
        Phase::Held { .. } => Stand::Held,
        Phase::Leaving { .. } | Phase::Settling { .. } | Phase::Ending { .. } => Stand::Leaving,
        Phase::Over { .. } => Stand::Over,
        Phase::Ready { .. }
        | Phase::Waiting { .. }
        | Phase::Gated { .. }
        | Phase::Performing(_) => Stand::Counting(run.phase().next_step().unwrap_or(usize::MAX)),
    }
}

/// When the run is over if nobody touches anything; `None` while it waits for somebody.
fn own_end(run: &Run, now: Moment) -> Option<Moment> {
    match run.phase() {
        Phase::Leaving { until } | Phase::Ending { until, .. } | Phase::Settling { until, .. } => {
            return Some(*until);
        }
        Phase::Over { .. } => return Some(now),
        Phase::Held { .. } => return None,
        Phase::Ready { .. }
        | Phase::Waiting { .. }
        | Phase::Gated { .. }
        | Phase::Performing(_) => {}
    }
    let last = run.projected(now).last().copied()?;
    Some(last.at.after(tail(run, &last)))
}

/// How long a run goes on after its last signal.
fn tail(run: &Run, last: &Projection) -> Duration {
    let plan = run.plan();
    let timeouts = run
        .ledger()
        .targets()
        .iter()
        .map(|target| target.timeout.span);
    let longest = timeouts.max().unwrap_or_default();
    let more = if last.signal == Signal::Kill && plan.policy == Policy::WaitForRequeue {
        plan.guard.kill_extra
    } else if last.signal.stops() {
        longest
    } else {
        Duration::ZERO
    };
    more + LAST_EXITS
}

/// The processes that the drain waits for, and which signal comes when.
fn sentence(run: &Run, fleet: &Fleet, now: Moment) -> String {
    if let Some(outcome) = run.outcome() {
        return format!("the drain is over: {}", outcome.word());
    }
    let mut jobs: Vec<(&Job, &str)> = Vec::new();
    for target in run
        .ledger()
        .targets()
        .iter()
        .filter(|target| target.takes_part())
    {
        if let Some(process) = fleet.get(&target.key) {
            jobs.extend(
                process
                    .jobs
                    .iter()
                    .map(|job| (job, target.about.name.as_str())),
            );
        }
    }
    let count = match jobs.len() {
        1 => "1 job runs".to_owned(),
        count => format!("{count} jobs run"),
    };
    // The one that began first; a job whose start is not known is none.
    let oldest = jobs.iter().filter(|(job, _)| job.started.is_some());
    let holds = oldest
        .min_by_key(|(job, _)| job.started)
        .map(|(job, name)| {
            let class = clean(&job.work.class, 60);
            format!(", {class} on {name} the longest")
        });
    format!(
        "draining: {count}{}{}",
        holds.unwrap_or_default(),
        coming(run, now)
    )
}

/// The next signal, in words.
fn coming(run: &Run, now: Moment) -> String {
    if let Phase::Held { why, .. } = run.phase() {
        if matches!(why, Hold::Operator(_)) {
            return ", held by the operator".into();
        }
        return format!(", held: {}", clean(&why.words(run.ledger().targets()), 200));
    }
    if let Some(next) = run.projected(now).first() {
        return format!(", {} in {} s", next.signal, next.at.since(now).as_secs());
    }
    match run.phase() {
        Phase::Ready { .. } => ", waits for a confirmation".into(),
        Phase::Settling { .. } => ", asks what became of the jobs".into(),
        Phase::Waiting { .. }
        | Phase::Performing(_)
        | Phase::Held { .. }
        | Phase::Gated { .. }
        | Phase::Leaving { .. }
        | Phase::Ending { .. }
        | Phase::Over { .. } => ", waits for the exits".into(),
    }
}

#[cfg(test)]
mod tests;
