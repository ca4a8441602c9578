//! TERM by way of systemd in the dialogs: which way it would go, what that means in numbers, and
//! the choice between the two. Words and requests; nothing is sent here.

use super::dialog::{Dialog, Friction, Premise};
use super::request::Request;
use super::toll::{at_work, in_numbers, stake, taking_part};
use super::words::time_of_day;
use crate::core::drain::{Command, StopUnit, Target, UnitStop, UnitVerb};
use crate::core::fleet::{ProcessKey, Unit};
use crate::core::moment::Moment;
use crate::core::session::Session;

/// A target whose unit may be stopped in TERM's place.
struct Stoppable<'a> {
    target: &'a Target,
    stop: &'a UnitStop,
    /// Whether it is proven idle now.
    is_idle: bool,
}

/// Units of the run that were not told to stop yet.
fn stoppable(session: &Session, now: Moment) -> Vec<Stoppable<'_>> {
    let Some(run) = session.active_run() else {
        return Vec::new();
    };
    let open = |target: &&Target| target.takes_part() && target.stopped.is_none();
    let targets = run.ledger().targets().iter().filter(open);
    targets
        .filter_map(|target| Stoppable::of(target, session, now))
        .collect()
}

impl<'a> Stoppable<'a> {
    fn of(target: &'a Target, session: &Session, now: Moment) -> Option<Self> {
        let proof = || {
            let process = session.fleet.get(&target.key)?;
            session
                .fleet
                .proof_of_idle(process, target.mark.as_ref()?, now)
        };
        Some(Self {
            target,
            stop: target.stop.unit.as_ref()?,
            is_idle: proof().is_some(),
        })
    }

    fn goes_by_unit(&self, when: StopUnit) -> bool {
        match when {
            StopUnit::Always => true,
            StopUnit::Never => false,
            StopUnit::Idle => self.stop.after_term && self.is_idle,
        }
    }

    /// Whether systemd's own KILL may come before Sidekiq has pushed back what runs.
    fn may_lose(&self) -> bool {
        let forced = crate::core::drain::Stop {
            unit: Some(self.stop.clone()),
            when: StopUnit::Always,
            ..crate::core::drain::Stop::default()
        };
        !self.is_idle && !forced.leaves_time(&self.target.timeout)
    }

    fn lines(&self, session: &Session, by_unit: bool, now: Moment, lines: &mut Vec<String>) {
        let unit = &self.stop.unit;
        let key = &self.target.key;
        if !by_unit {
            if self.stop.after_term {
                lines.push(format!(
                    "{}: plain TERM, and systemd starts {unit} again (Restart={}).",
                    session.name_of(key),
                    self.stop.restart
                ));
            }
            return;
        }
        lines.push(format!(
            "{}: {} takes TERM's place, and it stays down.",
            session.name_of(key),
            unit.command("stop")
        ));
        if let Some(first) = &self.stop.first {
            lines.push(format!("Its ExecStop runs first: {first}."));
        }
        if self.is_idle {
            return;
        }
        match self.stop.limit {
            Some(limit) => {
                lines.push(format!(
                    "systemd kills at {}; this cannot be held.",
                    time_of_day(now.after(limit))
                ));
                let cost = in_numbers(
                    &stake(session, std::slice::from_ref(key), now),
                    &session.fleet,
                );
                let lost = if self.may_lose() {
                    "; that leaves no time to push back"
                } else {
                    ""
                };
                lines.push(format!("{cost}{lost}. Payloads are saved first."));
            }
            None => lines.push("systemd does not kill it, however long that takes.".into()),
        }
    }
}

/// Adds to the dialog of a stop which way it goes, as `choice` or as the run has it, and fixes
/// that: what is confirmed is what happens.
pub(super) fn choose(
    session: &Session,
    choice: Option<StopUnit>,
    now: Moment,
    dialog: &mut Dialog,
) {
    let all = stoppable(session, now);
    let Some(first) = all.first() else {
        return;
    };
    let when = choice.unwrap_or(first.target.stop.when);
    let ways: Vec<bool> = all.iter().map(|one| one.goes_by_unit(when)).collect();
    for (one, by_unit) in all.iter().zip(&ways) {
        one.lines(session, *by_unit, now, &mut dialog.lines);
    }
    let losing = all.iter().zip(&ways);
    let losing: Vec<ProcessKey> = losing
        .filter(|(one, by_unit)| **by_unit && one.may_lose())
        .map(|(one, _)| one.target.key.clone())
        .collect();
    let lost = stake(session, &losing, now).count();
    if lost > 0 {
        dialog.friction = Friction::Number(lost);
        if let Premise::Step { at_most, .. } = &mut dialog.premise {
            *at_most = Some(stake(session, &taking_part(session), now).count());
        }
    }
    let fixed = if ways.iter().all(|by_unit| *by_unit) {
        StopUnit::Always
    } else if ways.iter().any(|by_unit| *by_unit) {
        StopUnit::Idle
    } else {
        StopUnit::Never
    };
    dialog.lines.push(
        match fixed {
            StopUnit::Never => "u: by systemctl stop instead.",
            StopUnit::Always | StopUnit::Idle => "u: plain TERM instead.",
        }
        .into(),
    );
    dialog
        .requests
        .insert(0, Request::Command(Command::StopBy(fixed)));
}

/// The other choice, where a dialog offers one.
pub(super) fn other(dialog: &Dialog) -> Option<StopUnit> {
    let Request::Command(Command::StopBy(way)) = dialog.requests.first()? else {
        return None;
    };
    Some(match way {
        StopUnit::Never => StopUnit::Always,
        StopUnit::Always | StopUnit::Idle => StopUnit::Never,
    })
}

/// The effect of a drain that goes by itself on the units of `targets`.
pub(super) fn by_itself(session: &Session, targets: &[ProcessKey]) -> Vec<String> {
    let preflight = &session.preflight;
    let plan = &session.setting.plan;
    let mut lines = Vec::new();
    for id in targets {
        let way = crate::core::preflight::stops(&session.fleet, id, plan, preflight);
        let when = preflight.systemd.stop;
        match way {
            Ok(Some(stop)) if stop.after_term || when == StopUnit::Always => {
                let unit = &stop.unit;
                lines.push(match when {
                    StopUnit::Idle => format!(
                        "{unit}: once proven idle {} takes TERM's place; else systemd starts it again.",
                        unit.command("stop")
                    ),
                    StopUnit::Always => format!(
                        "{unit}: {} takes TERM's place{}.",
                        unit.command("stop"),
                        stop.limit.map_or_else(String::new, |limit| format!(
                            "; systemd kills {} s later, which cannot be held",
                            limit.as_secs()
                        ))
                    ),
                    StopUnit::Never => format!("{unit}: systemd starts it again after TERM."),
                });
            }
            Err(why) => lines.push(format!(
                "{}: systemd starts it again after TERM; systemctl stop cannot be used: {why}.",
                session.name_of(id)
            )),
            Ok(_) => {}
        }
    }
    lines
}

/// Brings back to work what the run left quiet or down.
pub(super) fn bring_back(session: &Session, now: Moment) -> Option<Dialog> {
    let calls = session.unit_calls();
    let run = session.run.as_ref().filter(|_| !calls.is_empty())?;
    let mut lines = Vec::new();
    let mut friction = Friction::Yes;
    for call in &calls {
        lines.push(format!(
            "{}: {}",
            session.name_of(&call.target),
            call.command()
        ));
        if call.verb == UnitVerb::Start {
            continue;
        }
        let Some(target) = run.ledger().target(&call.target) else {
            continue;
        };
        let cost = stake(session, std::slice::from_ref(&call.target), now);
        if cost.is_nothing() {
            continue;
        }
        lines.push(format!(
            "{}; what still runs {} s later is pushed back. Payloads are saved first.",
            at_work(&cost, &session.fleet),
            target.timeout.span.as_secs()
        ));
        if let Some(limit) = limit(session, &call.unit)
            && limit < target.timeout.span + std::time::Duration::from_secs(5)
        {
            lines.push(format!(
                "systemd kills after {} s, which leaves no time to push back.",
                limit.as_secs()
            ));
            friction = Friction::Number(cost.count());
        }
    }
    let premise = Premise::Over {
        run: run.pace().started,
        calls: calls.clone(),
    };
    Some(Dialog {
        friction,
        requests: vec![Request::CallUnits(calls)],
        ..Dialog::new("Bring the units back to work?".into(), lines, premise, now)
    })
}

/// `TimeoutStopSec` of a unit as it is loaded.
fn limit(session: &Session, unit: &Unit) -> Option<std::time::Duration> {
    let loaded = session.fleet.units.get(unit)?.loaded.as_ref().ok()?;
    let limit = loaded
        .iter()
        .find(|value| value.setting == "TimeoutStopSec");
    limit?.value.span()
}
