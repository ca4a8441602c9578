//! The process that a case file is about: which signals reached it, whether it has ended, and until
//! when it has interrupted nothing for sure. Read off for one judgement; it keeps nothing.

use std::time::Duration;

use crate::core::fleet::{Mark, ProcessKey};
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;
use crate::core::timing::{CLOCKS_APART, INTERRUPT_MARGIN};

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When it was noticed.
    pub at: Moment,
    /// Whether it left its registry in order; `None`: not known.
    pub clean: Option<bool>,
}

/// A process at the moment of a judgement.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The process.
    pub key: &'a ProcessKey,
    /// Its name for people.
    pub name: &'a str,
    /// Its own timeout `T`.
    pub timeout: &'a Timeout,
    /// The signals that reached it.
    pub signals: Signals,
    /// Its end; `None`: it lives.
    pub exit: Option<Exit>,
}

/// The signals that a process received from this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals {
    /// The knowledge of the process when the first signal left; `None`: none was sent.
    pub mark: Option<Mark>,
    /// When TERM or INT was sent first.
    pub stopped: Option<Moment>,
    /// Whether the last one was KILL.
    pub killed: bool,
    /// Whether the process was proven idle before TERM or INT: then no job was interrupted.
    pub idle_before: bool,
}

impl Subject<'_> {
    /// Its pid on this host; `None`: it runs on another one.
    pub fn pid(&self) -> Option<u32> {
        self.key.local().map(|id| id.pid)
    }

    /// When Sidekiq interrupts its jobs; `None` before TERM.
    pub fn interrupt(&self) -> Option<Moment> {
        self.signals
            .stopped
            .map(|stopped| stopped.after(self.timeout.span))
    }

    /// Until when it has interrupted nothing for sure; `None`: TERM was not sent. A signal through
    /// Redis arrives later than it was sent, never sooner. Where its timeout
    /// is only assumed nothing is sure from TERM on.
    pub fn safe_until(&self) -> Option<Moment> {
        if self.timeout.is_assumed() {
            return self.signals.stopped;
        }
        let margin = match self.key {
            ProcessKey::Local(_) => INTERRUPT_MARGIN,
            ProcessKey::Remote(_) => INTERRUPT_MARGIN + CLOCKS_APART,
        };
        self.interrupt().map(|interrupt| interrupt.before(margin))
    }

    /// How it ended, where it did not stop by itself.
    pub(super) fn ended_words(&self) -> &'static str {
        if self.signals.killed {
            "KILL ended its process"
        } else {
            "its process died"
        }
    }

    /// Whether `at` (seconds since 1970 on this host's clock) lies before any interrupt.
    pub fn is_safe_at(&self, at: f64) -> bool {
        self.safe_until().is_none_or(|safe| at < safe.epoch())
    }

    /// Whether it may have interrupted its jobs and pushed them back before it ended.
    pub fn may_have_interrupted(&self) -> bool {
        let Some(exit) = self.exit else { return true };
        self.safe_until().is_some_and(|safe| exit.at >= safe)
    }

    /// Whether it has ended and left in order, as far as known: then nothing was on its threads.
    pub fn left_in_order(&self) -> bool {
        self.exit.is_some_and(|exit| exit.clean == Some(true))
    }

    /// Whether it ended before it would have interrupted anything, if its timeout is as assumed.
    pub fn died_in_time(&self) -> bool {
        let in_time = |exit: Exit| {
            self.interrupt()
                .is_some_and(|interrupt| exit.at < interrupt)
        };
        self.timeout.is_assumed() && self.exit.is_some_and(in_time)
    }

    /// How long before its interrupt time it left in order at `left`, where that time is known and
    /// more than the margin away: then it interrupted nothing.
    pub fn early_by(&self, left: Option<Moment>) -> Option<Duration> {
        let safe = self.safe_until()?;
        let left = left.filter(|left| *left < safe)?;
        self.interrupt().map(|interrupt| interrupt.since(left))
    }
}
