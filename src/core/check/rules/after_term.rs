//! A KILL that follows TERM, and what is said of it: how much time it leaves, and what would help.

use std::time::Duration;

use super::super::finding::{RuleRun, Severity};
use super::{MARGIN, number};
use crate::core::layers::FilePlace;
use crate::core::sequence::Timeout;

/// A KILL after TERM.
pub(super) struct Kill<'a> {
    pub(super) who: String,
    pub(super) after: Duration,
    pub(super) timeout: &'a Timeout,
    pub(super) from: Option<&'a FilePlace>,
    /// The time that goes by before TERM and counts against the limit.
    pub(super) before: Duration,
    pub(super) limit: Scope,
    /// The longest limit that can be set.
    pub(super) longest: Option<Duration>,
}

/// Whether anything can be done about the time between TERM and KILL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// It can be set.
    Settable,
    /// The platform does not let it be changed.
    Fixed,
    /// It is drainboard's own default, which is followed because nothing else is written.
    OurDefault,
}

impl Kill<'_> {
    pub(super) fn is_early(&self) -> bool {
        self.after < self.timeout.span
    }

    pub(super) fn is_close(&self) -> bool {
        !self.is_early() && self.after < self.timeout.span + MARGIN
    }

    pub(super) fn say(&self, ruling: &mut RuleRun<'_>) {
        let left = self.after.saturating_sub(self.timeout.span);
        // A plan that is followed only where drainboard drains loses nothing at a deploy.
        let severity = match self.limit {
            Scope::OurDefault => Severity::Info,
            Scope::Settable | Scope::Fixed => ruling.severity(),
        };
        ruling.fires_as(
            severity,
            self.from,
            &[
                ("who", &self.who),
                ("W", &number(self.after)),
                ("T", &number(self.timeout.span)),
                ("origin", &origin(self.timeout)),
                ("left", &number(left)),
                ("advice", &self.advice()),
            ],
        );
    }

    fn advice(&self) -> String {
        let needed = self.timeout.span + MARGIN;
        match self.limit {
            Scope::Fixed => {
                let room = self.after.saturating_sub(MARGIN);
                format!("That limit is fixed: set -t to {} or less", number(room))
            }
            Scope::OurDefault => format!(
                "Write a stop sequence, or give it: --sequence \"tstp, 120, term, {}, kill\"",
                number(needed).ceil()
            ),
            Scope::Settable if self.longest.is_some_and(|most| most < needed + self.before) => {
                let most = self.longest.unwrap_or_default();
                let room = most.saturating_sub(MARGIN + self.before);
                format!(
                    "At most {} s can be set there: set -t to {} or less",
                    number(most),
                    number(room)
                )
            }
            Scope::Settable if self.before.is_zero() => {
                format!("Set at least {} s", number(needed))
            }
            Scope::Settable => format!(
                "Set at least {} s: {} s that go by before TERM, {} s for Sidekiq, 5 s to push jobs back",
                number(needed + self.before),
                number(self.before),
                number(self.timeout.span)
            ),
        }
    }
}

/// `from config/sidekiq.yml:3` or `assumed`.
pub(super) fn origin(timeout: &Timeout) -> String {
    if timeout.is_assumed() {
        "assumed".into()
    } else {
        format!("from {}", timeout.origin.text())
    }
}
