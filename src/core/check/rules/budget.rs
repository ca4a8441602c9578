//! D01 to D05: the time after TERM against Sidekiq's own timeout, for each thing that kills.

use std::time::Duration;

use super::super::behaviour::Before;
use super::super::effective::effective_timeout;
use super::super::facts::{Facts, StatedSequence};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::stop_command::{AfterTerm, Runner};
use super::super::unit_facts::StopLimit;
use super::after_term::{Kill, Scope, origin};
use super::{MARGIN, each_sequence, number, timeout_of};
use crate::core::layers::{FilePlace, Layer};
use crate::core::sequence::{DEFAULT_SEQUENCE, Sequence, Signal};

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
        explanation: "TimeoutStopSec counts from TERM. When it ends first, systemd sends KILL; systemctl stop still returns 0, and after a restart the unit's Result is success.",
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

fn kill_before_timeout(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_kill(facts, ruling, |kill, ruling| {
        if kill.is_early() {
            kill.say(ruling);
        }
    });
}

fn kill_soon_after_timeout(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_kill(facts, ruling, |kill, ruling| {
        if kill.is_close() {
            kill.say(ruling);
        }
    });
}

/// Every KILL that follows a TERM: of the sequences, and of tools other than systemd.
fn each_kill(
    facts: &Facts,
    ruling: &mut RuleRun<'_>,
    mut about: impl FnMut(&Kill<'_>, &mut RuleRun<'_>),
) {
    if !facts.sequences.is_empty() || facts.stoppers.is_empty() {
        each_sequence(facts, ruling, |stated, sequence, ruling| {
            kill_of_sequence(facts, stated, sequence, Scope::Settable, ruling, &mut about);
        });
    }
    if facts.nothing_stops() {
        let ours = StatedSequence::new(DEFAULT_SEQUENCE, "default");
        if let Ok(sequence) = &ours.parsed {
            let limit = Scope::OurDefault;
            kill_of_sequence(facts, &ours, sequence, limit, ruling, &mut about);
        }
    }
    for stopper in &facts.stoppers {
        let effective = facts.timeout_of(stopper);
        let (after, timeout) = match (stopper.after_term(), effective.decided()) {
            (Some(after), Ok(timeout)) => (after, timeout),
            (Some(_), Err(why)) => {
                ruling.undecided(why);
                continue;
            }
            (None, _) => {
                ruling.undecided(format!(
                    "{} says {}, which was not evaluated",
                    stopper.limit.from, stopper.limit.value
                ));
                continue;
            }
        };
        // How much of the limit is left after a command of unknown length is not known.
        if let Some(unknown) = &stopper.unknown_before
            && after >= timeout
        {
            ruling.undecided(format!(
                "how long `{unknown}` takes before TERM is not known"
            ));
            continue;
        }
        let kill = Kill {
            who: stopper.title(),
            after,
            timeout: &effective.timeout,
            from: Some(&stopper.limit.from),
            before: stopper.before_term.unwrap_or_default(),
            longest: stopper.longest,
            limit: if stopper.is_fixed() {
                Scope::Fixed
            } else {
                Scope::Settable
            },
        };
        about(&kill, ruling);
    }
    each_kill_of_a_command(facts, ruling, about);
}

/// The KILL of a sequence.
fn kill_of_sequence(
    facts: &Facts,
    stated: &StatedSequence,
    sequence: &Sequence,
    limit: Scope,
    ruling: &mut RuleRun<'_>,
    about: &mut impl FnMut(&Kill<'_>, &mut RuleRun<'_>),
) {
    let Some(after) = sequence.stop_wait() else {
        return;
    };
    let effective = timeout_of(facts, stated);
    if let Err(why) = effective.decided() {
        return ruling.undecided(why);
    }
    let who = match limit {
        Scope::OurDefault => format!(
            "drainboard's own default sequence, {DEFAULT_SEQUENCE}, which `drainboard drain` follows here because no other stop is written,"
        ),
        Scope::Settable | Scope::Fixed => "The sequence".into(),
    };
    let kill = Kill {
        who,
        after,
        timeout: &effective.timeout,
        from: stated.from.as_ref(),
        before: Duration::ZERO,
        limit,
        longest: None,
    };
    about(&kill, ruling);
}

/// The KILLs of `ExecStop`, hooks and tasks that come after a TERM of the same command.
fn each_kill_of_a_command(
    facts: &Facts,
    ruling: &mut RuleRun<'_>,
    mut about: impl FnMut(&Kill<'_>, &mut RuleRun<'_>),
) {
    for command in &facts.commands {
        let of = match &command.runner {
            Runner::ExecStop(name)
            | Runner::ExecReload(name)
            | Runner::PreStop(name)
            | Runner::Watcher { scope: name, .. } => Some(name),
            Runner::ExecStartPre(_)
            | Runner::ExecStopPost(_)
            | Runner::Task(_)
            | Runner::Script(_) => None,
        };
        let effective = effective_timeout(&facts.sidekiq, of.map(String::as_str));
        for sent in command.signals(facts.sidekiq.version) {
            if sent.signal != Signal::Kill {
                continue;
            }
            match (sent.after_term, effective.decided()) {
                (AfterTerm::NoTerm, _) => {}
                (AfterTerm::Unknown, _) => ruling.undecided(format!(
                    "how long `{}` ({}) comes after TERM is not known",
                    sent.command, command.runner
                )),
                (AfterTerm::Known(_), Err(why)) => ruling.undecided(why),
                (AfterTerm::Known(after), Ok(_)) => {
                    let kill = Kill {
                        who: format!("`{}` ({})", sent.command, command.runner),
                        after,
                        timeout: &effective.timeout,
                        from: Some(sent.place),
                        before: Duration::ZERO,
                        limit: Scope::Settable,
                        longest: None,
                    };
                    about(&kill, ruling);
                }
            }
        }
    }
}

fn systemd_before_timeout(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_systemd_kill(facts, ruling, |kill, ruling| {
        if kill.is_early() {
            kill_by_systemd(kill, ruling);
        }
    });
}

fn systemd_soon_after_timeout(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_systemd_kill(facts, ruling, |kill, ruling| {
        if kill.is_close() {
            kill_by_systemd(kill, ruling);
        }
    });
}

fn kill_by_systemd(kill: &Kill<'_>, ruling: &mut RuleRun<'_>) {
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
    ruling: &mut RuleRun<'_>,
    mut about: impl FnMut(&Kill<'_>, &mut RuleRun<'_>),
) {
    if facts.units.is_empty() {
        ruling.undecided("no systemd unit is known");
    }
    for unit in &facts.units {
        let behaviour = unit.behaviour();
        let effective = effective_timeout(&facts.sidekiq, Some(&unit.name));
        // An ExecStop that does more than signals and plain waits may end Sidekiq in time.
        match behaviour.before_signal(facts.sidekiq.version, effective.timeout.span) {
            Before::Waits(_) => {}
            Before::Stops(_) if behaviour.waiting_exec_stop().is_none() => {}
            Before::Stops(_) | Before::Kills(..) | Before::Unknown => continue,
        }
        let limit = behaviour.kill_limit;
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
                    before: Duration::ZERO,
                    limit: Scope::Settable,
                    longest: None,
                },
                ruling,
            ),
        }
    }
}

fn stop_limit_not_set(facts: &Facts, ruling: &mut RuleRun<'_>) {
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
            let from = file.map(|l| FilePlace::whole(&l.from.file));
            ruling.fires(from.as_ref(), &[("unit", &unit.name), ("loaded", &loaded)]);
        }
    }
}
