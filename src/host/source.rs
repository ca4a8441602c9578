//! The task that reports this host: a scan every period, and the end of each held process as it
//! happens. It looks and reports; it never signals and never decides.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use super::exits::exited;
use super::held::Held;
use super::logs::Logging;
use super::scan::Scanner;
use super::units::{Running, running};
use crate::core::fleet::{HostLook, Observation};

/// The wishes for the scans; a change is followed by a scan at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Listed whatever they are.
    pub pids: Vec<u32>,
    /// From the end of one scan to the begin of the next.
    pub period: Duration,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            pids: Vec::new(),
            period: Duration::from_secs(1),
        }
    }
}

/// The source of observations of this host.
#[derive(Debug)]
pub struct HostSource {
    /// The scanner.
    pub scanner: Scanner,
    /// The wishes for it.
    pub wanted: watch::Receiver<Wanted>,
    /// Processes whose end is to be reported.
    pub held: mpsc::Receiver<Arc<Held>>,
    /// Where observations go; closing it ends the task.
    pub observations: mpsc::Sender<Observation>,
    /// The receiver of the units that Sidekiqs run in, whenever they change.
    pub units: watch::Sender<Running>,
    /// The processes whose logs are to be followed.
    pub logging: watch::Sender<Vec<Logging>>,
}

/// A scanner with what it saw.
type Scanned = (Scanner, io::Result<HostLook>);

impl HostSource {
    /// Reports until its listener is gone. A scan that fails is left out: what was seen before
    /// grows old. An exit that cannot be watched for is an error.
    pub async fn run(self) -> io::Result<()> {
        let Self {
            scanner,
            mut wanted,
            mut held,
            observations,
            units,
            logging,
        } = self;
        let mut idle = Some(scanner);
        let mut exits = JoinSet::new();
        let mut scans: JoinSet<Scanned> = JoinSet::new();
        let mut pause = Box::pin(sleep(Duration::ZERO));
        loop {
            let observation = tokio::select! {
                biased;
                () = observations.closed() => return Ok(()),
                Some(exit) = exits.join_next() => Some(joined(exit)??),
                Some(process) = held.recv() => {
                    exits.spawn(exited(process));
                    None
                }
                Ok(()) = wanted.changed() => {
                    pause.set(sleep(Duration::ZERO));
                    None
                }
                Some(scan) = scans.join_next() => {
                    let (scanner, look) = joined(scan)?;
                    idle = Some(scanner);
                    pause.set(sleep(wanted.borrow().period));
                    if let Ok(look) = &look {
                        let running = running(look);
                        units.send_if_modified(|known| {
                            let changed = *known != running;
                            *known = running;
                            changed
                        });
                    }
                    look.ok().map(|look| {
                        tell(&logging, &look);
                        Observation::Host(look)
                    })
                }
                () = &mut pause, if idle.is_some() => {
                    let pids = wanted.borrow_and_update().pids.clone();
                    if let Some(mut scanner) = idle.take() {
                        scans.spawn_blocking(move || {
                            let look = scanner.scan(&pids);
                            (scanner, look)
                        });
                    }
                    None
                }
            };
            if let Some(observation) = observation
                && observations.send(observation).await.is_err()
            {
                return Ok(());
            }
        }
    }
}

/// Says whose logs are to be followed, if those are others than before.
fn tell(logging: &watch::Sender<Vec<Logging>>, look: &HostLook) {
    let these = Logging::of(look);
    logging.send_if_modified(|before| {
        let ids = |all: &[Logging]| all.iter().map(|one| one.id).collect::<Vec<_>>();
        let changed = ids(before) != ids(&these);
        if changed {
            *before = these;
        }
        changed
    });
}

/// The result of a task; its panic goes on here, so that it ends the program.
fn joined<T>(result: Result<T, JoinError>) -> io::Result<T> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => io::Error::other(error),
    })
}
