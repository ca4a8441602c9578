//! The outlook of each job if nothing is touched: one answer for `ps`, `plan`, the console and
//! the lines of a drain without a screen. It is for eyes only: no forecast ever moves a signal.

mod cost;
mod delay;
mod ends;
mod known;
mod reason;
mod targets;
mod verdict;

pub use cost::{If, Toll};
pub use delay::Delay;
pub use ends::{Given, ProcessOutlook, Situation};
pub use known::{Stilled, back_already, stilled};
pub use reason::{Obstacle, Reason, SpanWords};
pub use targets::{Outlooks, Tally};
pub use verdict::{Ends, Verdict};

use std::time::Duration;

use super::fate::Fate;

/// The statement about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// A forecast.
    Expected(Verdict),
    /// Its process is no target.
    NotDrained,
    /// It still runs, and is back in its queue or in a private list already.
    Back,
    /// It has ended this way.
    Ended(Fate),
    /// Its push-back was due, and it was not seen back yet.
    Overdue,
    /// Its process runs nothing more, and the search for it goes on.
    Sought,
}

impl Becomes {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Expected(verdict) => verdict.word(),
            Self::NotDrained => "not drained",
            Self::Back => "pushed back",
            Self::Ended(fate) => fate.word(),
            Self::Overdue => "NOT BACK YET",
            Self::Sought => "searching",
        }
    }
}

/// The outlook of one job, and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobOutlook<'a> {
    /// The statement about it.
    pub becomes: Becomes,
    /// The reason.
    pub reason: Reason<'a>,
    /// The assumption of the forecast.
    pub given: Given,
    /// Time until its process is interrupted or killed. `None`: no end, or not known.
    pub left: Option<Duration>,
    /// The whole drain budget of its process. `None`: unlimited, or not drained.
    pub budget: Option<Duration>,
}

impl JobOutlook<'_> {
    /// The outlook for a job of a process that is no target; `dead`: it died with it.
    pub fn not_drained(dead: bool) -> Self {
        let gone = Reason::CannotPushBack(Obstacle::Gone);
        Self {
            becomes: Becomes::NotDrained,
            reason: if dead { gone } else { Reason::Nothing },
            given: Given::Untouched,
            left: None,
            budget: None,
        }
    }

    /// The word on the screen: in danger, what may happen and not that it is unknown.
    pub fn word(&self) -> &'static str {
        let open = matches!(
            self.becomes,
            Becomes::Expected(Verdict::Unknown)
                | Becomes::Ended(Fate::Unknown)
                | Becomes::Sought
                | Becomes::NotDrained
        );
        if open && self.is_in_danger() {
            return "may be lost";
        }
        if self.reason == Reason::TermWaitsForRedis {
            return "runs on";
        }
        self.becomes.word()
    }

    /// The word with its reason.
    pub fn words(&self, clock: SpanWords) -> String {
        let word = self.word();
        let why = self.reason.words(clock);
        match (self.becomes, self.given, self.reason) {
            (Becomes::Expected(_), Given::TermNow, Reason::IfItRunsAt(left)) => {
                format!("{word} {} after TERM", super::moment::clock_face(left))
            }
            _ if why.is_empty() => word.into(),
            _ if why.starts_with("if ") => format!("{word} {why}"),
            _ => format!("{word}: {why}"),
        }
    }

    /// Whether it may be lost because nothing can push it back.
    pub fn is_in_danger(&self) -> bool {
        matches!(self.reason, Reason::CannotPushBack(_))
    }

    /// Whether only the operator's next key makes it true.
    pub fn is_what_if(&self) -> bool {
        self.given == Given::TermNow
    }
}
