//! The times of a sequence: when each signal is due, how long a job may go on, and the
//! deadlines of one process. Arithmetic only; a number that is not known stays `None`.

use std::fmt;
use std::time::Duration;

use super::Signal;

/// An item of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this.
    Signal(Signal),
    /// Wait so many whole seconds.
    Wait(u64),
}

/// A parsed stop sequence: signals and waits alternate, it begins and ends with a signal, and
/// nothing follows KILL. Made by parsing alone (`"tstp, 120, term, 30, kill".parse()`).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sequence {
    steps: Vec<Step>,
}

impl Default for Sequence {
    /// The sequence where none is stated.
    fn default() -> Self {
        super::DEFAULT_SEQUENCE
            .parse()
            .expect("the default sequence is a sequence")
    }
}

impl Sequence {
    pub(super) fn from_steps(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    /// The signals in order. Their positions are the step numbers of records and JSON.
    pub fn signals(&self) -> impl Iterator<Item = Signal> + '_ {
        self.steps.iter().filter_map(|step| match step {
            Step::Signal(signal) => Some(*signal),
            Step::Wait(_) => None,
        })
    }

    /// How many signals there are.
    pub fn len(&self) -> usize {
        self.steps.len().div_ceil(2)
    }

    /// Never: a sequence holds at least one signal.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The signal at position `index`.
    pub fn signal(&self, index: usize) -> Option<Signal> {
        self.signals().nth(index)
    }

    /// The wait after the signal at position `index`; `None` after the last.
    pub fn wait_after(&self, index: usize) -> Option<Duration> {
        match self.steps.get(index * 2 + 1) {
            Some(Step::Wait(seconds)) => Some(Duration::from_secs(*seconds)),
            Some(Step::Signal(_)) | None => None,
        }
    }

    /// Every signal with its time after the start, when nothing is held, moved or cut short.
    pub fn timeline(&self) -> Vec<(Duration, Signal)> {
        let mut at = Duration::ZERO;
        self.signals()
            .enumerate()
            .map(|(index, signal)| {
                let due = at;
                at += self.wait_after(index).unwrap_or_default();
                (due, signal)
            })
            .collect()
    }

    /// Position of the first TERM or INT.
    pub fn first_stop(&self) -> Option<usize> {
        self.signals().position(Signal::stops)
    }

    /// Position of KILL.
    pub fn kill(&self) -> Option<usize> {
        self.signals().position(|signal| signal == Signal::Kill)
    }

    /// Whether it quiets a Sidekiq before anything kills it: TSTP, TERM or INT comes first.
    pub fn quiets(&self) -> bool {
        let ends = |signal: &Signal| *signal == Signal::Tstp || signal.stops();
        let first = self
            .signals()
            .find(|signal| ends(signal) || *signal == Signal::Kill);
        first.as_ref().is_some_and(ends)
    }

    /// `Q`: the sum of the waits before the first TERM or INT; `None` without one.
    pub fn quiet_wait(&self) -> Option<Duration> {
        self.first_stop().map(|index| self.timeline()[index].0)
    }

    /// `W`: the sum of the waits from the first TERM or INT to KILL; `None` is unlimited.
    pub fn stop_wait(&self) -> Option<Duration> {
        let timeline = self.timeline();
        Some(timeline[self.kill()?].0.saturating_sub(self.quiet_wait()?))
    }

    /// When KILL is due after the start; `None` without one.
    pub fn kill_at(&self) -> Option<Duration> {
        self.kill().map(|index| self.timeline()[index].0)
    }

    /// The sum of all waits.
    pub fn whole(&self) -> Duration {
        self.timeline().last().map_or(Duration::ZERO, |(at, _)| *at)
    }

    /// The drain budget under Sidekiq's timeout `T`.
    pub fn budget(&self, timeout: Duration) -> Budget {
        let interrupt = self.quiet_wait().map(|quiet| quiet + timeout);
        Budget {
            interrupt,
            kill: self.kill_at(),
        }
    }

    /// The same where another program kills `limit` after the first TERM or INT: `W` is the
    /// smaller of the two.
    pub fn budget_within(&self, timeout: Duration, limit: Option<Duration>) -> Budget {
        let budget = self.budget(timeout);
        let other = self
            .quiet_wait()
            .zip(limit)
            .map(|(quiet, limit)| quiet + limit);
        Budget {
            kill: budget.kill.into_iter().chain(other).min(),
            ..budget
        }
    }
}

impl fmt::Display for Sequence {
    /// The normal form: `tstp, 120, term, 30, kill`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            match step {
                Step::Signal(signal) => formatter.write_str(&signal.name().to_lowercase())?,
                Step::Wait(seconds) => write!(formatter, "{seconds}")?,
            }
        }
        Ok(())
    }
}

/// How long a job that runs when the drain starts may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// `Q + T`: when Sidekiq interrupts it; `None` without TERM or INT.
    pub interrupt: Option<Duration>,
    /// When KILL is due; `None` without one.
    pub kill: Option<Duration>,
}

impl Budget {
    /// `Q + min(T, W)`; without TERM the time until KILL; `None` is unlimited.
    pub fn total(self) -> Option<Duration> {
        match (self.interrupt, self.kill) {
            (Some(interrupt), Some(kill)) => Some(interrupt.min(kill)),
            (one, other) => one.or(other),
        }
    }
}

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Origin {
    /// Not stated; the default of the version holds.
    Assumed,
    /// Stated here: `--timeout`, `config/sidekiq.yml:3`.
    Stated(String),
}

impl Origin {
    /// The text for JSON: `assumed` or the place.
    pub fn text(&self) -> &str {
        match self {
            Self::Assumed => "assumed",
            Self::Stated(place) => place,
        }
    }
}

/// The flag that states the timeout of every process.
const FLAG: &str = "--timeout";

/// Sidekiq's own timeout (`-t`, `T`) with its origin. Sidekiq itself publishes it nowhere, so it is
/// never shown without saying where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Timeout {
    /// Counted from TERM.
    pub span: Duration,
    /// Where it was found.
    pub origin: Origin,
}

impl Timeout {
    /// The default of `version` (25 s when that is not known), marked as assumed.
    pub fn assumed(version: Option<super::Version>) -> Self {
        Self {
            span: Duration::from_secs(version.map_or(25, super::Version::default_timeout_seconds)),
            origin: Origin::Assumed,
        }
    }

    /// A value that is stated at `place`.
    pub fn stated(span: Duration, place: impl Into<String>) -> Self {
        Self {
            span,
            origin: Origin::Stated(place.into()),
        }
    }

    /// Whether it is not stated.
    pub fn is_assumed(&self) -> bool {
        self.origin == Origin::Assumed
    }

    /// A value that `--timeout` states for every process.
    pub fn by_flag(span: Duration) -> Self {
        Self::stated(span, FLAG)
    }

    /// Whether `--timeout` states it.
    pub fn is_by_flag(&self) -> bool {
        self.origin.text() == FLAG
    }
}

impl fmt::Display for Timeout {
    /// `60 s from config/sidekiq.yml:3` or `25 s assumed`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.span.as_secs_f64();
        match &self.origin {
            Origin::Assumed => write!(formatter, "{seconds} s assumed"),
            Origin::Stated(place) => write!(formatter, "{seconds} s from {place}"),
        }
    }
}

/// Where the sequence itself was found, in words (`--sequence`, `config.yml:4`, `default`).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SequenceOrigin(pub String);

impl SequenceOrigin {
    /// Whether the sequence is not stated.
    pub fn is_default(&self) -> bool {
        self.0 == "default"
    }
}
