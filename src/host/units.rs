//! The task that asks systemd about the units of this host's Sidekiqs: what is loaded of each,
//! and whether it may be stopped from here. It asks when a unit is seen first, when another
//! process runs in it, and from time to time; it changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::privilege;
use super::systemctl::{self, Verb};
use crate::clock;
use crate::core::fleet::{HostLook, NoRoute, Observation, Route, Unit, UnitLook};

/// After so long it asks again.
const AGAIN: Duration = Duration::from_secs(60);
/// No host has more; a stranger's control groups must not keep systemd busy.
const MOST: usize = 200;

/// The units that Sidekiqs run in, each with their pids.
pub type Running = BTreeSet<(Unit, u32)>;

/// The units of a scan.
pub(super) fn running(look: &HostLook) -> Running {
    let units = look.processes.iter().filter_map(|process| {
        let unit = process.surroundings.unit.clone()?;
        Some((unit, process.id.pid))
    });
    units.take(MOST).collect()
}

/// The source of what systemd says.
#[derive(Debug)]
pub struct UnitSource {
    /// The units that are asked about.
    pub running: watch::Receiver<Running>,
    /// Where observations go; closing it ends the task.
    pub observations: mpsc::Sender<Observation>,
    /// Whether it is asked who may stop them: it is not needed where nothing may be done.
    pub may_act: bool,
}

impl UnitSource {
    /// Asks until its listener is gone, or no more units can come.
    pub async fn run(mut self) {
        loop {
            let running = self.running.borrow_and_update().clone();
            let mut units: Vec<Unit> = running.into_iter().map(|(unit, _)| unit).collect();
            units.dedup();
            for unit in units {
                let look = look_at_unit(unit, self.may_act).await;
                if self
                    .observations
                    .send(Observation::Unit(look))
                    .await
                    .is_err()
                {
                    return;
                }
            }
            tokio::select! {
                () = self.observations.closed() => return,
                changed = self.running.changed() => if changed.is_err() {
                    // The scanner has ended; the known units stay known.
                    return self.observations.closed().await;
                },
                () = sleep(AGAIN) => {}
            }
        }
    }
}

/// The state of `unit` in systemd now; with `may_act` also whether it may be stopped from here.
pub async fn look_at_unit(unit: Unit, may_act: bool) -> UnitLook {
    let at = clock::now();
    let loaded = if unit.is_sound() {
        systemctl::show_by(unit.scope, &unit.name).await
    } else {
        Err(systemctl::NotShown::NotLoaded(
            "its name is none that systemctl takes".into(),
        ))
    };
    let may_stop = match &loaded {
        Ok(_) => may_stop(&unit, may_act).await,
        Err(error) => Err(NoRoute::NotLoaded(error.to_string())),
    };
    UnitLook {
        unit,
        at,
        loaded: loaded
            .map(|reading| reading.values.into())
            .map_err(|error| error.to_string()),
        may_stop,
    }
}

async fn may_stop(unit: &Unit, may_act: bool) -> Result<Route, NoRoute> {
    if !may_act {
        return Err(NoRoute::ReadOnly);
    }
    let route = privilege::route(Verb::Stop, unit).await;
    route.map_err(NoRoute::NotPermitted)
}
