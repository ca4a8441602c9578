//! The result of a rehearsal: which jobs would have been interrupted or lost, how long a deploy
//! would have waited, and what 30 s more or less would have changed. Read off the ends of jobs
//! that were really seen; what still runs counts as running.

use std::time::Duration;

use serde::Serialize;

use super::StandIn;
use super::double::Double;
use crate::core::drain::Record;
use crate::core::moment::{Moment, Seconds, rfc3339};
use crate::core::sequence::Signal;
use crate::core::sidekiq::WorkerEvent;

/// By how much more or less is tried.
const SHIFT: Duration = Duration::from_secs(30);
/// A beat and a bit: as long as the end of a job may go unseen.
const UNSEEN: Duration = Duration::from_secs(12);
/// Longer than any process takes to end by itself once it is told to.
const LONG: Duration = Duration::from_secs(3600);

/// A job by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NamedJob {
    /// Its id.
    pub jid: String,
    /// Its class.
    pub class: String,
    /// Its process, for people.
    pub process: String,
}

/// The result of another wait before TERM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Seconds by which that wait would have been longer.
    pub by_s: i64,
    /// Jobs that would have been pushed back or lost.
    pub interrupted: Vec<NamedJob>,
    /// How long the deploy would have waited; null where a process would not have ended.
    pub waited_s: Option<Seconds>,
}

/// The findings of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// Jobs that would have been pushed back.
    pub pushed_back: Vec<NamedJob>,
    /// Jobs that would have been lost.
    pub lost: Vec<NamedJob>,
    /// How long the deploy would have waited for the last exit; null where there was none.
    pub waited_s: Option<Seconds>,
    /// With 30 s less before TERM.
    pub less: Option<Shift>,
    /// With 30 s more before TERM.
    pub more: Option<Shift>,
}

/// The signals of one run as its doubles got them.
#[derive(Clone, Copy)]
struct Course {
    first: Moment,
    stopped: Moment,
    planned: Moment,
    killed: Option<Moment>,
}

impl StandIn {
    /// The findings of the rehearsal by now.
    pub fn outlook(&self, now: Moment) -> Outlook {
        let back = |double: &Double| -> Vec<NamedJob> {
            let jobs = double.jobs.iter().filter(|job| job.pushed_back.is_some());
            jobs.map(|job| named(double, job.work.jid.as_deref(), &job.work.class))
                .collect()
        };
        let lost = |double: &Double| -> Vec<NamedJob> {
            let jobs = double.lost();
            jobs.map(|job| named(double, job.work.jid.as_deref(), &job.work.class))
                .collect()
        };
        let course = self.course();
        let gone: Option<Vec<Moment>> = self
            .doubles
            .values()
            .map(|double| double.gone.map(|gone| gone.at))
            .collect();
        let end = gone.and_then(|all| all.into_iter().max());
        Outlook {
            pushed_back: sorted(self.doubles.values().flat_map(back)),
            lost: sorted(self.doubles.values().flat_map(lost)),
            waited_s: course
                .zip(end)
                .map(|(course, end)| Seconds(end.since(course.first))),
            less: course.map(|course| self.shift(course, course.less(), -SHIFT_S, now)),
            more: course.map(|course| {
                let stop = course.more(self.idle_at());
                self.shift(course, stop, SHIFT_S, now)
            }),
        }
    }

    /// When it is known what 30 s more would have changed; `None`: it is known by now.
    pub fn known_at(&self, now: Moment) -> Option<Moment> {
        let course = self.course()?;
        let open = |double: &Double| double.jobs.iter().any(|job| job.ended.is_none());
        let doubles = self.doubles.values().filter(|double| open(double));
        let waits = doubles.filter_map(|double| {
            let stop = course.more(None);
            let interrupt = stop.after(double.timeout());
            Some(interrupt.after(UNSEEN)).filter(|at| *at > now)
        });
        waits.max()
    }

    fn course(&self) -> Option<Course> {
        let doubles = || self.doubles.values();
        let first = doubles().filter_map(Double::quiet_since).min()?;
        Some(Course {
            first,
            stopped: doubles().filter_map(Double::stopped).min()?,
            planned: first.after(self.sequence.quiet_wait().unwrap_or_default()),
            killed: doubles().filter_map(Double::killed).min(),
        })
    }

    /// When the last job had ended, if all have.
    fn idle_at(&self) -> Option<Moment> {
        let jobs = self.doubles.values().flat_map(|double| &double.jobs);
        let ends: Option<Vec<Moment>> = jobs.map(|job| job.ended).collect();
        ends.and_then(|ends| ends.into_iter().max())
    }

    fn shift(&self, course: Course, stop: Moment, by_s: i64, now: Moment) -> Shift {
        let mut signals = vec![(Signal::Tstp, course.first), (Signal::Term, stop)];
        let kill = course
            .killed
            .map(|killed| stop.after(killed.since(course.stopped)));
        signals.extend(kill.map(|at| (Signal::Kill, at)));
        let mut interrupted = Vec::new();
        let mut waited = Some(Duration::ZERO);
        for double in self.doubles.values() {
            let mut exited = None;
            for (at, event) in double.otherwise(&signals, now.after(LONG)) {
                match event {
                    WorkerEvent::PushedBack { task, .. } | WorkerEvent::JobLost(task) => {
                        interrupted.push(named(double, Some(&task.jid), &task.class));
                    }
                    WorkerEvent::Exited(_) => exited = Some(at.since(course.first)),
                    WorkerEvent::JobStarted(_)
                    | WorkerEvent::JobFinished(_)
                    | WorkerEvent::JobFailed(_)
                    | WorkerEvent::BrokeOff { .. }
                    | WorkerEvent::Beat(_)
                    | WorkerEvent::LeftRegistry => {}
                }
            }
            waited = waited.zip(exited).map(|(one, other)| one.max(other));
        }
        interrupted.sort();
        interrupted.dedup();
        Shift {
            by_s,
            interrupted,
            waited_s: waited.map(whole_seconds),
        }
    }
}

const SHIFT_S: i64 = 30;

impl Course {
    /// TERM with 30 s less before it. One that came early anyway may have come before that.
    fn less(self) -> Moment {
        let planned = self.planned.max(self.stopped).before(SHIFT);
        planned.min(self.stopped).max(self.first)
    }

    /// TERM with 30 s more before it, or as soon as nothing runs any more.
    fn more(self, idle_at: Option<Moment>) -> Moment {
        if self.stopped < self.planned {
            return self.stopped;
        }
        let latest = self.stopped.after(SHIFT);
        idle_at.map_or(latest, |idle| idle.clamp(self.stopped, latest))
    }
}

fn sorted(jobs: impl Iterator<Item = NamedJob>) -> Vec<NamedJob> {
    let mut jobs: Vec<NamedJob> = jobs.collect();
    jobs.sort();
    jobs
}

fn whole_seconds(span: Duration) -> Seconds {
    Seconds(Duration::from_secs(span.as_secs()))
}

fn named(double: &Double, jid: Option<&str>, class: &str) -> NamedJob {
    NamedJob {
        jid: jid.unwrap_or_default().to_owned(),
        class: class.to_owned(),
        process: double.name.clone(),
    }
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    t_s: Seconds,
    run: &'a str,
    event: &'static str,
    #[serde(flatten)]
    outlook: &'a Outlook,
    rehearsal: bool,
}

impl Outlook {
    /// As one line of JSON, dated like the last record of its run.
    pub fn json(&self, last: &Record) -> String {
        let line = Line {
            at: rfc3339(last.at.wall()),
            t_s: Seconds(last.since_start),
            run: &last.run,
            event: "rehearsed",
            outlook: self,
            rehearsal: true,
        };
        serde_json::to_string(&line).unwrap_or_else(|error| {
            format!("{{\"event\":\"remarked\",\"text\":\"not serialised: {error}\"}}")
        })
    }

    /// For people, one thought a line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.push(match self.waited_s {
            Some(waited) => format!(
                "rehearsed: a deploy would have waited {} s",
                waited.0.as_secs()
            ),
            None => "rehearsed: not every process would have ended".into(),
        });
        lines.extend(list("would have been pushed back", &self.pushed_back));
        lines.extend(list("would have been LOST", &self.lost));
        if self.pushed_back.is_empty() && self.lost.is_empty() {
            lines.push("no job would have been interrupted".into());
        }
        let now = self.pushed_back.len() + self.lost.len();
        for shift in [&self.less, &self.more].into_iter().flatten() {
            lines.push(shift.sentence(now));
        }
        lines
    }
}

impl Shift {
    fn sentence(&self, now: usize) -> String {
        let what = if self.by_s < 0 { "less" } else { "more" };
        let waited = self.waited_s.map_or_else(
            || "no end in sight".into(),
            |waited| format!("{} s in all", waited.0.as_secs()),
        );
        let count = self.interrupted.len();
        let change = match count.cmp(&now) {
            std::cmp::Ordering::Equal if count == 0 => "none interrupted either".to_owned(),
            std::cmp::Ordering::Equal => format!("the same {count} interrupted"),
            std::cmp::Ordering::Less | std::cmp::Ordering::Greater => {
                let names: Vec<&str> = self
                    .interrupted
                    .iter()
                    .map(|job| job.class.as_str())
                    .collect();
                let names = if names.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", names.join(", "))
                };
                format!("{count} interrupted in the place of {now}{names}")
            }
        };
        let seconds = self.by_s.unsigned_abs();
        format!("with {seconds} s {what} before TERM: {change}, {waited}")
    }
}

fn list(words: &str, jobs: &[NamedJob]) -> Vec<String> {
    jobs.iter()
        .map(|job| format!("{words}: {} {} on {}", job.class, job.jid, job.process))
        .collect()
}
