//! The standing of a target when nothing more is sent to it.

use super::words::time_of_day;
use crate::core::drain::{Standing, Target};
use crate::core::fleet::Unit;
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// The standing of a target when nothing more is sent, with the command that ends it.
pub(super) fn stays(session: &Session, target: &Target) -> String {
    if let Standing::Exited { at, clean, .. } = target.standing {
        let calls = session.unit_calls();
        let call = calls.iter().find(|call| call.target == target.id);
        let start = call.map_or_else(String::new, |call| format!("; {}", call.command()));
        return format!(
            "{} {} at {}{start}",
            target.about.name,
            how_it_ended(target, clean),
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

/// How a process of a drain ended: by a KILL of this run, by itself, or not by this run.
pub(super) fn how_it_ended(target: &Target, clean: Option<bool>) -> &'static str {
    let killed = target.last.is_some_and(|sent| sent.signal == Signal::Kill);
    match (killed, clean) {
        (_, Some(true)) if target.stopped.is_some() => "stopped by itself",
        (_, Some(true)) => "stopped, not by this drain,",
        (true, _) => "was killed by you",
        (false, _) if target.stop.systemd_kills.is_some() => "was killed by systemd, or died,",
        (false, Some(false)) => "DIED (not by us)",
        (false, None) => "exited",
    }
}

fn unit<'a>(session: &'a Session, target: &Target) -> Option<&'a Unit> {
    let local = session.fleet.get(&target.key())?.local.as_ref()?;
    local.surroundings.unit.as_ref()
}
