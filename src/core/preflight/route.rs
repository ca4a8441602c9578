//! Which way TERM goes to a target that systemd would start again: to the process, or as the
//! stop of its unit; and what speaks against the latter. Read off what is loaded; pure.

use std::time::Duration;

use super::Preflight;
use super::crash::crashes;
use crate::core::check::{Facts, StopLimit, UnitEnding, UnitFacts, restart_words, starts_again};
use crate::core::drain::{Plan, UnitStop};
use crate::core::fleet::{Fleet, LocalProcess, ProcessKey, Title, Unit, UnitLook, UnitScope};
use crate::core::layers::{Layer, LocatedSetting};

/// Settings by which the stop of one unit is that of another, too (systemd.unit(5)).
const DRAGGED: [&str; 4] = ["RequiredBy", "BoundBy", "ConsistsOf", "PropagatesStopTo"];

/// Everything that was found for a process: in its files, and what systemd has loaded.
pub(super) fn values(local: &LocalProcess, fleet: &Fleet) -> Vec<LocatedSetting> {
    let unit = local.surroundings.unit.as_ref();
    let look = unit.and_then(|unit| fleet.units.get(unit));
    let loaded = look.and_then(|look| look.loaded.as_ref().ok());
    let files = local.surroundings.layers.iter();
    files
        .chain(loaded.into_iter().flat_map(|loaded| loaded.iter()))
        .cloned()
        .collect()
}

/// The facts about the unit of a process, whatever its command looks like: a Sidekiq runs in it.
pub(super) fn about(local: &LocalProcess, fleet: &Fleet, unit: &Unit) -> UnitFacts {
    let of_unit = |located: &LocatedSetting| {
        matches!(located.layer, Layer::Systemd | Layer::SystemdLoaded)
            && located.scope.as_deref() == Some(&*unit.name)
    };
    UnitFacts {
        name: unit.name.clone(),
        settings: values(local, fleet).into_iter().filter(of_unit).collect(),
        is_user_unit: Some(unit.scope != UnitScope::System),
        ..UnitFacts::default()
    }
}

/// The stop of the unit of `local`, where systemd would start it again; `Ok(None)`: there is no
/// need for it.
///
/// # Errors
/// Why it would be of use and cannot be had, and what would help.
pub(super) fn unit_stop(
    fleet: &Fleet,
    local: &LocalProcess,
    plan: &Plan,
    facts: &Facts,
    preflight: &Preflight,
) -> Result<Option<UnitStop>, String> {
    let Some(unit) = &local.surroundings.unit else {
        return Ok(None);
    };
    // Within the unit's own stop systemd starts nothing again, and waits for this very program.
    if preflight.systemd.inside.as_ref() == Some(unit) {
        return Ok(None);
    }
    let about = about(local, fleet, unit);
    // A timeout that is text makes an exception of TERM (D20): Ruby then exits with 1.
    let ended = UnitEnding::Exit(u8::from(crashes(facts)));
    let is_restart = |ending| starts_again(&about, ending) == Some(true);
    let after_term = is_restart(ended);
    let after_kill = plan.sequence.kill().is_some() && is_restart(UnitEnding::Killed);
    if !after_term && !after_kill || already_stops(&about) {
        return Ok(None);
    }
    let look = fleet.units.get(unit);
    let route = possible(fleet, local, &about, look)?;
    Ok(Some(UnitStop {
        unit: unit.clone(),
        route,
        restart: restart_words(&about, &[ended, UnitEnding::Killed]),
        after_term,
        limit: limit(&about),
        first: about.word("ExecStop").map(str::to_owned),
    }))
}

/// How long after its TERM systemd kills; `None`: never.
fn limit(unit: &UnitFacts) -> Option<Duration> {
    match unit.behaviour().kill_limit {
        StopLimit::Known(span, _) => Some(span),
        StopLimit::Infinite(_) => None,
        StopLimit::Default | StopLimit::Unread(..) => Some(StopLimit::DEFAULT),
    }
}

/// Whether it is being stopped already: then systemd starts nothing again.
fn already_stops(unit: &UnitFacts) -> bool {
    unit.word("ActiveState") == Some("deactivating")
}

/// How its unit may be stopped.
fn possible(
    fleet: &Fleet,
    local: &LocalProcess,
    unit: &UnitFacts,
    look: Option<&UnitLook>,
) -> Result<crate::core::fleet::Route, String> {
    let Some(look) = look else {
        return Err("systemd was not asked about it yet".into());
    };
    if let Err(why) = &look.loaded {
        return Err(why.clone());
    }
    if let Some(why) = harm(fleet, local, unit) {
        return Err(why);
    }
    look.may_stop.clone().map_err(|why| why.to_string())
}

/// Why a stop of the unit would do something else than TERM to this process alone.
fn harm(fleet: &Fleet, local: &LocalProcess, unit: &UnitFacts) -> Option<String> {
    let main = unit.word("MainPID").unwrap_or("not known");
    if main != local.id.pid.to_string() {
        return Some(format!("its main process is {main}, not this one"));
    }
    if local.title == Title::Swarm || local.surroundings.swarm().is_some() {
        return Some("a swarm runs in it".into());
    }
    let shares = |(key, process): &(&ProcessKey, &crate::core::fleet::Process)| {
        let other = process.local.as_ref();
        **key != ProcessKey::Local(local.id)
            && !process.exited()
            && other.is_some_and(|other| other.surroundings.unit == local.surroundings.unit)
    };
    if let Some((_, other)) = fleet.processes.iter().find(shares) {
        return Some(format!("{} runs in it, too", other.name()));
    }
    if let Some(why) = unit.behaviour().differs_from_term() {
        return Some(why);
    }
    let dragged = DRAGGED
        .iter()
        .find_map(|setting| Some((setting, unit.word(setting)?)));
    dragged.map(|(setting, names)| format!("it would stop {names}, too ({setting})"))
}
