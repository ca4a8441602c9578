//! The processes of this host that belong to the checked application: versions, units, main processes. A
//! Sidekiq of another application says nothing here.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{Uid, User};

use super::sources::ReadSources;
use crate::cli::look::Observer;
use crate::core::check::{Facts, MainProcess, PublishedTimeout, UnitFacts};
use crate::core::config::Settings;
use crate::core::fleet::{HostLook, LocalProcess, Observation, Process, Title};
use crate::core::sequence::Version;
use crate::host::{Scanner, working_directory};

/// How long Redis is waited for.
const WITHIN: Duration = Duration::from_secs(1);

/// No host is expected to run more applications.
const MOST_ROOTS: usize = 8;

/// The Sidekiqs of this host that belong to what is checked.
#[derive(Debug, Default)]
pub(super) struct Live {
    processes: Vec<Process>,
    /// The home in which user units are sought.
    pub(super) home: Option<PathBuf>,
}

impl Live {
    /// Looks at this host, and at Redis if a Sidekiq that belongs here runs.
    pub(super) async fn look(
        settings: &Settings,
        sources: &mut ReadSources,
        units: &[String],
        scan: io::Result<HostLook>,
    ) -> Self {
        let look = match scan {
            Ok(look) => look,
            Err(error) => {
                sources.note("/proc", &format!("cannot be read: {error}"));
                return Self::default();
            }
        };
        // With a named unit the question is about that unit alone.
        if sources.by_default && sources.holds_nothing() && units.is_empty() {
            for root in roots(&look) {
                sources.note(
                    &root.display().to_string(),
                    "a Sidekiq runs here; the working directory holds no application",
                );
                sources.root(root);
            }
        }
        let roots = sources.roots.clone();
        let belongs = |process: &LocalProcess| {
            is_sidekiq(process)
                && (runs_in(process, &roots)
                    || (process.surroundings.unit_name())
                        .is_some_and(|unit| units.iter().any(|known| known == unit)))
        };
        if !look.processes.iter().any(belongs) {
            return Self {
                processes: Vec::new(),
                home: home(Uid::current()),
            };
        }
        let mut observer = Observer::new(settings, WITHIN);
        observer.look().await;
        for trouble in &observer.troubles {
            sources.note("what runs", trouble);
        }
        if observer.fleet.processes.is_empty() {
            observer.fleet.observe(Observation::Host(look));
        }
        let processes: Vec<Process> = observer
            .fleet
            .processes
            .into_values()
            .filter(|process| process.local.as_ref().is_some_and(belongs))
            .collect();
        let uid = processes
            .iter()
            .find_map(|process| Some(process.local.as_ref()?.surroundings.uid));
        Self {
            home: home(uid.map_or_else(Uid::current, Uid::from_raw)),
            processes,
        }
    }

    fn local(&self) -> impl Iterator<Item = &LocalProcess> {
        self.processes
            .iter()
            .filter_map(|process| process.local.as_ref())
    }

    /// The version that all of them have.
    pub(super) fn version(&self) -> Option<Version> {
        let mut versions = self.processes.iter().filter_map(Process::version);
        let first = versions.next()?;
        versions.all(|other| other == first).then_some(first)
    }

    /// The units that they run in.
    pub(super) fn units(&self) -> impl Iterator<Item = String> {
        let mut units: Vec<String> = self
            .local()
            .filter_map(|local| local.surroundings.unit_name().map(str::to_owned))
            .collect();
        units.sort();
        units.dedup();
        units.into_iter()
    }

    /// Adds to `facts` what only running processes tell.
    pub(super) fn add_to(&self, facts: &mut Facts) {
        for unit in &mut facts.units {
            unit.main = self.main_process(unit);
            if unit.is_user_unit == Some(true) {
                unit.lingering = self.lingers(&unit.name);
            }
        }
        let says_reliable = |process: &Process| {
            let info = process.info.as_ref();
            info.is_some_and(|info| info.labels.iter().any(|label| label == "reliable"))
        };
        if self.processes.iter().any(says_reliable) {
            facts.sidekiq.super_fetch = Some(true);
        }
        let published = |process: &Process| {
            let local = process.local.as_ref()?;
            Some(PublishedTimeout {
                who: process.name(),
                label: process.timeout_label(),
                stated: local.surroundings.stated_timeout.clone(),
            })
        };
        if !self.processes.is_empty() {
            let published = self.processes.iter().filter_map(published);
            facts.sidekiq.published = Some(published.collect());
        }
    }

    /// The kind of `MainPID`, if this host shows it.
    fn main_process(&self, unit: &UnitFacts) -> Option<MainProcess> {
        let main: u32 = unit.word("MainPID")?.parse().ok()?;
        let mut inside = self
            .local()
            .filter(|local| local.surroundings.unit_name() == Some(&*unit.name))
            .peekable();
        inside.peek()?;
        Some(match inside.find(|local| local.id.pid == main) {
            Some(local) if local.title == Title::Swarm => MainProcess::Swarm,
            Some(_) => MainProcess::Sidekiq,
            None => MainProcess::Wrapper,
        })
    }

    /// Whether the user of a user unit lingers (loginctl(1) keeps a file per user).
    fn lingers(&self, unit: &str) -> Option<bool> {
        let local = self
            .local()
            .find(|local| local.surroundings.unit_name() == Some(unit));
        let uid = local.map_or_else(Uid::current, |local| Uid::from_raw(local.surroundings.uid));
        let user = User::from_uid(uid).ok()??;
        let file = Path::new("/var/lib/systemd/linger").join(user.name);
        file.try_exists().ok()
    }
}

/// The processes of this host.
pub(super) fn scan() -> io::Result<HostLook> {
    Scanner::new()?.scan(&[])
}

fn home(uid: Uid) -> Option<PathBuf> {
    Some(User::from_uid(uid).ok()??.dir)
}

fn is_sidekiq(process: &LocalProcess) -> bool {
    match process.title {
        Title::Beating { .. } | Title::Booting(_) | Title::Swarm => true,
        Title::Other(_) => false,
    }
}

/// Where the Sidekiqs of this host run.
fn roots(look: &HostLook) -> Vec<PathBuf> {
    let sidekiqs = look.processes.iter().filter(|process| is_sidekiq(process));
    let mut roots: Vec<PathBuf> = sidekiqs
        .filter_map(|process| working_directory(process.id.pid))
        .filter(|root| root.is_dir())
        .collect();
    roots.sort();
    roots.dedup();
    roots.truncate(MOST_ROOTS);
    roots
}

/// Whether a process runs in one of these applications: in the root itself, or in another of the
/// releases that it is one of.
fn runs_in(process: &LocalProcess, roots: &[PathBuf]) -> bool {
    let Some(runs_in) = working_directory(process.id.pid) else {
        return false;
    };
    roots.iter().any(|root| {
        let Ok(root) = root.canonicalize() else {
            return false;
        };
        let releases = |path: &Path| {
            let parent = path.parent()?;
            (parent.file_name()? == "releases").then(|| parent.to_path_buf())
        };
        root == runs_in || releases(&root).is_some_and(|known| releases(&runs_in) == Some(known))
    })
}
