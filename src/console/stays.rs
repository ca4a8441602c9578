//! The standing of a target when nothing more is sent to it.

use super::words::time_of_day;
use crate::core::drain::{Event, Mode, Policy, Run, Standing, Target};
use crate::core::fleet::Unit;
use crate::core::sequence::Signal;
use crate::core::session::{Kind, Session};

/// The standing of a target when nothing more is sent, with the command that ends it.
pub(super) fn stays(session: &Session, target: &Target) -> String {
    if let Standing::Exited { at, clean, .. } = target.standing {
        let calls = session.unit_calls();
        let call = calls.iter().find(|call| call.target == target.key);
        let start = call.map_or_else(String::new, |call| format!("; {}", call.command()));
        let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
        let early = target
            .interrupt()
            .filter(|push_back| killed && *push_back > at);
        let early = early.map_or_else(String::new, |push_back| {
            format!(", {} s before its push-back", push_back.since(at).as_secs())
        });
        let would = |run: &Run| run.plan().rehearsal;
        let would = if session.run.as_ref().is_some_and(would) {
            "in the rehearsal: "
        } else {
            ""
        };
        return format!(
            "{}: {would}{} at {}{early}{start}",
            target.about.name,
            how_it_ended(session, target, clean),
            time_of_day(at)
        );
    }
    let text = target.epitaph(&time_of_day);
    let only_quiet = target
        .last
        .is_some_and(|sent| sent.signal == Signal::Tstp && target.stopped.is_none());
    match unit(session, target).filter(|_| only_quiet) {
        Some(unit) => format!("{text}: {}", unit.command("restart")),
        None => text,
    }
}

/// How a process of a drain ended: by a KILL of the operator or of this run, by itself, or not by
/// this run.
pub(super) fn how_it_ended(
    session: &Session,
    target: &Target,
    clean: Option<bool>,
) -> &'static str {
    let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
    match (killed, clean) {
        (_, Some(true)) if target.stopped.is_some() => "stopped by itself",
        (_, Some(true)) => "stopped, not by this drain,",
        (true, _) if killed_by_operator(session, target) => match session.setting.kind {
            // Whoever looks at a film, or at the drain of another, has pressed no key.
            Kind::Replay | Kind::Watching => "killed by the operator",
            Kind::Live | Kind::ReadOnly | Kind::Rehearsal | Kind::Demo => "killed by you",
        },
        (true, _) => "killed by this drain",
        (false, _) if target.stop.systemd_kills.is_some() => "killed by systemd, or died,",
        (false, Some(false)) => "DIED (not by us)",
        (false, None) => "exited",
    }
}

/// Whether a person sent the KILL of `target`: out of turn, by hand, or as the answer to a
/// question. A KILL that asks goes by itself only where no job is at stake.
fn killed_by_operator(session: &Session, target: &Target) -> bool {
    let Some(run) = &session.run else {
        return false;
    };
    let kill = session.journal.iter().rev().find_map(|record| {
        let of_target = record.name() == Some(target.about.name.as_str());
        let Event::SignalSent {
            signal: Signal::Kill,
            step,
            at_stake,
            ..
        } = record.event
        else {
            return None;
        };
        of_target.then(|| (step, at_stake.unwrap_or_default()))
    });
    let asks = run.plan().policy == Policy::Ask;
    match kill {
        Some((None, _)) => true,
        Some((Some(_), at_stake)) => run.mode() == Mode::Manual || asks && at_stake > 0,
        None => false,
    }
}

fn unit<'a>(session: &'a Session, target: &Target) -> Option<&'a Unit> {
    let local = session.fleet.get(&target.key)?.local.as_ref()?;
    local.surroundings.unit.as_ref()
}
