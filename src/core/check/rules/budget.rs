//! D01 to D05: the time after TERM against Sidekiq's own timeout, for the sequence, for systemd
//! and for every other tool that kills.

use std::time::Duration;

use super::super::effective::effective_timeout;
use super::super::facts::Facts;
use super::super::finding::{Rule, Ruling, Severity};
use super::super::unit_facts::StopLimit;
use super::{MARGIN, each_sequence, number, timeout_of};
use crate::core::layers::{Layer, Place};
use crate::core::sequence::Timeout;

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D01",
        severity: Severity::Error,
        condition: "KILL comes sooner after TERM than Sidekiq's own timeout",
        message: "{who} kills {W} s after TERM, but Sidekiq uses up to {T} s ({origin}). Jobs still running at {W} s are lost. {advice}.",
        explanation: "After TERM Sidekiq lets jobs go on for its timeout (-t), and only then pushes back what is left. A KILL before that point takes the jobs with it, and nothing pushes them back.",
        source: "Sidekiq wiki, Deployment; measured on 7.3.2",
        decide: kill_before_timeout,
    },
    Rule {
        id: "D02",
        severity: Severity::Warning,
        condition: "KILL comes less than 5 s after Sidekiq's own timeout",
        message: "{who} kills {W} s after TERM: that leaves {left} s after Sidekiq's {T} s ({origin}) to push jobs back. Sidekiq asks for 5. {advice}.",
        explanation: "At the end of its timeout Sidekiq pushes unfinished jobs back to Redis, waits up to 3 s for ensure blocks, and runs shutdown hooks. A slow Redis or a slow hook needs these seconds.",
        source: "Sidekiq wiki, Deployment (N + 5); sidekiq issue 5109",
        decide: kill_soon_after_timeout,
    },
    Rule {
        id: "D03",
        severity: Severity::Error,
        condition: "systemd kills before Sidekiq's own timeout is over",
        message: "systemd kills {unit} after {S} s, Sidekiq needs up to {T} s ({origin}): jobs still running then are lost, and systemctl still reports success. Set TimeoutStopSec={need}.",
        explanation: "TimeoutStopSec counts from TERM. When it ends first, systemd sends KILL; systemctl stop returns 0 all the same, and after a restart the unit's Result is success.",
        source: "measured on systemd 252 with Sidekiq 7.3.2",
        decide: systemd_before_timeout,
    },
    Rule {
        id: "D04",
        severity: Severity::Warning,
        condition: "systemd kills less than 5 s after Sidekiq's own timeout",
        message: "systemd kills {unit} after {S} s: that leaves {left} s after Sidekiq's {T} s ({origin}) to push jobs back. Set TimeoutStopSec={need}.",
        explanation: "As D02, for systemd: the push-back, ensure blocks and shutdown hooks run after the timeout and before the kill.",
        source: "Sidekiq wiki, Deployment (N + 5)",
        decide: systemd_soon_after_timeout,
    },
    Rule {
        id: "D05",
        severity: Severity::Info,
        condition: "a unit does not set TimeoutStopSec",
        message: "{unit} does not set TimeoutStopSec: the manager's default applies ({loaded}).",
        explanation: "DefaultTimeoutStopSec of the manager is 90 s unless someone changed it. Writing TimeoutStopSec into the unit makes the budget visible and independent of the host.",
        source: "systemd.service(5), systemd-system.conf(5)",
        decide: stop_limit_not_set,
    },
];

/// One KILL after TERM.
struct Kill<'a> {
    who: String,
    after: Duration,
    timeout: &'a Timeout,
    from: Option<&'a Place>,
    /// Whether nobody can make it later.
    is_fixed: bool,
}

impl Kill<'_> {
    fn is_early(&self) -> bool {
        self.after < self.timeout.span
    }

    fn is_close(&self) -> bool {
        !self.is_early() && self.after < self.timeout.span + MARGIN
    }

    fn say(&self, ruling: &mut Ruling<'_>) {
        let left = self.after.saturating_sub(self.timeout.span);
        ruling.fires(
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
        if self.is_fixed {
            let room = self.after.saturating_sub(MARGIN);
            format!("That limit is fixed: set -t to {} or less", number(room))
        } else {
            format!("Set at least {} s", number(self.timeout.span + MARGIN))
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

fn kill_before_timeout(facts: &Facts, ruling: &mut Ruling<'_>) {
    each_kill(facts, ruling, |kill, ruling| {
        if kill.is_early() {
            kill.say(ruling);
        }
    });
}

fn kill_soon_after_timeout(facts: &Facts, ruling: &mut Ruling<'_>) {
    each_kill(facts, ruling, |kill, ruling| {
        if kill.is_close() {
            kill.say(ruling);
        }
    });
}

/// Every KILL that follows a TERM: of the sequences, and of tools other than systemd.
fn each_kill(
    facts: &Facts,
    ruling: &mut Ruling<'_>,
    mut about: impl FnMut(&Kill<'_>, &mut Ruling<'_>),
) {
    if !facts.sequences.is_empty() || facts.stoppers.is_empty() {
        each_sequence(facts, ruling, |stated, sequence, ruling| {
            let Some(after) = sequence.stop_wait() else {
                return;
            };
            let effective = timeout_of(facts, stated);
            match effective.decided() {
                Ok(_) => about(
                    &Kill {
                        who: "The sequence".into(),
                        after,
                        timeout: &effective.timeout,
                        from: stated.from.as_ref(),
                        is_fixed: false,
                    },
                    ruling,
                ),
                Err(why) => ruling.undecided(why),
            }
        });
    }
    for stopper in &facts.stoppers {
        let effective = effective_timeout(&facts.sidekiq, Some(&stopper.scope));
        match (stopper.after_term(), effective.decided()) {
            (Some(after), Ok(_)) => about(
                &Kill {
                    who: stopper.title(),
                    after,
                    timeout: &effective.timeout,
                    from: Some(&stopper.limit.from),
                    is_fixed: stopper.is_fixed(),
                },
                ruling,
            ),
            (Some(_), Err(why)) => ruling.undecided(why),
            (None, _) => ruling.undecided(format!(
                "{} says {}, which was not evaluated",
                stopper.limit.from, stopper.limit.value
            )),
        }
    }
}

fn systemd_before_timeout(facts: &Facts, ruling: &mut Ruling<'_>) {
    each_systemd_kill(facts, ruling, |kill, ruling| {
        if kill.is_early() {
            kill_by_systemd(kill, ruling);
        }
    });
}

fn systemd_soon_after_timeout(facts: &Facts, ruling: &mut Ruling<'_>) {
    each_systemd_kill(facts, ruling, |kill, ruling| {
        if kill.is_close() {
            kill_by_systemd(kill, ruling);
        }
    });
}

fn kill_by_systemd(kill: &Kill<'_>, ruling: &mut Ruling<'_>) {
    ruling.fires(
        kill.from,
        &[
            ("unit", &kill.who),
            ("S", &number(kill.after)),
            ("T", &number(kill.timeout.span)),
            ("origin", &origin(kill.timeout)),
            (
                "left",
                &number(kill.after.saturating_sub(kill.timeout.span)),
            ),
            ("need", &number(kill.timeout.span + MARGIN)),
        ],
    );
}

/// Every unit whose TERM comes from systemd with nothing that drains before it.
fn each_systemd_kill(
    facts: &Facts,
    ruling: &mut Ruling<'_>,
    mut about: impl FnMut(&Kill<'_>, &mut Ruling<'_>),
) {
    if facts.units.is_empty() {
        ruling.undecided("no systemd unit is known");
    }
    for unit in &facts.units {
        let behaviour = unit.behaviour();
        if behaviour.waiting_exec_stop().is_some() {
            continue;
        }
        let limit = behaviour.kill_limit;
        let effective = effective_timeout(&facts.sidekiq, Some(&unit.name));
        match (&limit, effective.decided()) {
            (StopLimit::Infinite(_), _) => {}
            (StopLimit::Unread(place, text), _) => {
                ruling.undecided(format!("TimeoutStopSec at {place} is {text}"));
            }

            (StopLimit::Known(..) | StopLimit::Default, Err(why)) => ruling.undecided(why),
            (StopLimit::Known(..) | StopLimit::Default, Ok(_)) => about(
                &Kill {
                    who: unit.name.clone(),
                    after: limit.span().unwrap_or(StopLimit::DEFAULT),
                    timeout: &effective.timeout,
                    from: limit.place(),
                    is_fixed: false,
                },
                ruling,
            ),
        }
    }
}

fn stop_limit_not_set(facts: &Facts, ruling: &mut Ruling<'_>) {
    if facts.units.is_empty() {
        ruling.undecided("no systemd unit is known");
    }
    for unit in &facts.units {
        let written = unit.settings.iter().any(|l| {
            l.layer == Layer::Systemd && l.value.is_usable() && l.setting == "TimeoutStopSec"
        });
        let has_file = unit.settings.iter().any(|l| l.layer == Layer::Systemd);
        if !has_file {
            ruling.undecided(format!("no unit file of {} was read", unit.name));
        } else if !written {
            let loaded = match unit.stop_limit() {
                StopLimit::Known(span, _) => format!("{} s, as systemctl show says", number(span)),
                StopLimit::Infinite(_) => "infinity, as systemctl show says".into(),
                StopLimit::Default | StopLimit::Unread(..) => "normally 90 s".to_string(),
            };
            let file = unit.settings.iter().find(|l| l.layer == Layer::Systemd);
            let from = file.map(|l| Place::whole(&l.from.file));
            ruling.fires(from.as_ref(), &[("unit", &unit.name), ("loaded", &loaded)]);
        }
    }
}
