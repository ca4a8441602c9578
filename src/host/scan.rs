//! One pass over `/proc`: the processes that look like a Sidekiq and those asked for by pid. It
//! reads and nothing else; what may not be read is left out or unknown, never guessed.

mod above;
mod facts;
mod layers;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Dir, Mode, OFlags, open};

use self::facts::StableFacts;
use super::proc::namespaces::Namespaces;
use super::proc::stat;
use super::proc::status::{self, Status};
use super::proc::{ProcessDirectory, read_at, threads};
use super::title::{printed, title};
use crate::clock;
use crate::core::fleet::{HostLook, LocalId, LocalProcess, RunState, Surroundings, Title, Unit};
use crate::core::moment::Moment;

/// The children of `drainboard demo` call themselves so (15 characters); they are no processes
/// of this host's Sidekiqs.
const DEMO: &[u8] = b"drainboard-demo";

/// As much of a command line as is read: more than any title.
const COMMAND_LINE_LIMIT: u64 = 16 * 1024;

/// The command line of a process that is no Sidekiq is read again so long after: it may become one.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Scans this host again and again. What cannot change in a process is read once.
#[derive(Debug)]
pub struct Scanner {
    root: PathBuf,
    directory: OwnedFd,
    hostname: String,
    namespaces: Namespaces,
    known: HashMap<u32, (LocalId, StableFacts)>,
    /// The pids that were no Sidekiqs, and since when they are counted.
    others: (Moment, HashSet<u32>),
    command_line: Vec<u8>,
    buffer: Vec<u8>,
}

impl Scanner {
    /// A scanner of this host.
    pub fn new() -> io::Result<Self> {
        let hostname = nix::unistd::gethostname().map_err(io::Error::from)?;
        Self::of(Path::new("/proc"), &hostname.to_string_lossy())
    }

    /// A scanner of the tree under `root`, laid out as `/proc`, on a host called `hostname`.
    pub fn of(root: &Path, hostname: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            root: root.to_owned(),
            directory: open(root, flags, Mode::empty())?,
            hostname: hostname.to_owned(),
            namespaces: Namespaces::own(root),
            known: HashMap::new(),
            others: (clock::now(), HashSet::new()),
            command_line: Vec::new(),
            buffer: Vec::new(),
        })
    }

    /// A whole scan. `wanted_pids` are listed whatever they are. An error means that nothing is
    /// known, not that nothing runs.
    pub fn scan(&mut self, wanted_pids: &[u32]) -> io::Result<HostLook> {
        let at = clock::now();
        if at.since(self.others.0) >= READ_AGAIN {
            self.others = (at, HashSet::new());
        }
        let mut processes = Vec::new();
        for entry in Dir::read_from(&self.directory)? {
            let entry = entry?;
            let Some(pid) = entry.file_name().to_str().ok().and_then(|n| n.parse().ok()) else {
                continue;
            };
            let wanted = wanted_pids.contains(&pid);
            if !wanted && !self.is_worth_a_look(pid) {
                continue;
            }
            processes.extend(self.look(pid, wanted, at));
        }
        self.known
            .retain(|_, (id, _)| processes.iter().any(|process| process.id == *id));
        processes.sort_by_key(|process| process.id);
        Ok(HostLook {
            at,
            hostname: self.hostname.clone(),
            processes,
        })
    }

    /// Whether the name occurs in the command line, or the process was one a scan ago.
    fn is_worth_a_look(&mut self, pid: u32) -> bool {
        if self.known.contains_key(&pid) {
            return true;
        }
        if self.others.1.contains(&pid) {
            return false;
        }
        let path = format!("{pid}/cmdline");
        let base = self.directory.as_fd();
        let is = read_at(base, &path, COMMAND_LINE_LIMIT, &mut self.command_line).is_ok()
            && mentions_sidekiq(&self.command_line);
        if !is {
            self.others.1.insert(pid);
        }
        is
    }

    /// Reads one process through its directory, so that all of it belongs to the same one.
    fn look(&mut self, pid: u32, wanted: bool, at: Moment) -> Option<LocalProcess> {
        let process = ProcessDirectory::open(&self.root, pid).ok()?;
        let stat = stat::parse(process.read("stat", &mut self.buffer).ok()?)?;
        if stat.comm == DEMO {
            return None;
        }
        let (run_state, parent) = (stat.run_state, stat.parent);
        let id = LocalId {
            pid,
            start_ticks: stat.start_ticks,
        };
        let comm = String::from_utf8_lossy(stat.comm).into_owned();
        let base = process.as_fd();
        read_at(base, "cmdline", COMMAND_LINE_LIMIT, &mut self.command_line).ok()?;
        let known = self.known.get(&pid).filter(|(known, _)| *known == id);
        let title = settle(
            &self.command_line,
            known.map(|(_, facts)| &facts.title),
            &comm,
        );
        if matches!(title, Title::Other(_)) && !wanted {
            return None;
        }
        let status = status::parse(process.read("status", &mut self.buffer).ok()?);
        let uid = status.uid?;
        let facts = self.facts(&process, id, title, at, &status, parent);
        let counted = (run_state != RunState::Ended)
            .then(|| threads::count(&process, clock::now(), &mut self.buffer))
            .flatten();
        let beats_since = counted.and_then(|counted| counted.beats_since);
        Some(LocalProcess {
            id,
            started_at: facts.started_at,
            title: facts.title,
            run_state,
            rss_kb: status.rss_kb,
            caught: status.caught,
            surroundings: Surroundings {
                uid,
                unit: facts.unit,
                above: facts.above,
                inner_pid: status.pids.last().copied().unwrap_or(pid),
                hostnames: facts.hostnames,
                redis_url: facts.redis_url,
                beats_since: beats_since.and_then(|ticks| {
                    let later = facts::seconds(ticks.saturating_sub(id.start_ticks));
                    Duration::try_from_secs_f64(facts.started_at + later).ok()
                }),
                stated_timeout: facts.stated_timeout,
                layers: facts.layers,
            },
            threads: counted.map(|counted| counted.threads),
        })
    }

    /// The facts about it, read again until it has settled: a process that boots may still
    /// replace its program, user and environment.
    fn facts(
        &mut self,
        process: &ProcessDirectory,
        id: LocalId,
        title: Title,
        at: Moment,
        status: &Status,
        parent: u32,
    ) -> StableFacts {
        let old = self.known.remove(&id.pid).filter(|(known, _)| *known == id);
        let mut facts = match old {
            Some((_, facts)) if facts.is_settled() => facts,
            old => {
                let earlier = old.map(|(_, facts)| facts);
                let place = facts::FactPlace {
                    root: &self.root,
                    hostname: &self.hostname,
                    namespaces: &self.namespaces,
                };
                let mut read = place.read(process, status, &mut self.buffer);
                read.started_at = earlier.as_ref().map_or_else(
                    || facts::started_at(at, id.start_ticks),
                    |facts| facts.started_at,
                );
                read.command = facts::command(&self.command_line)
                    .or_else(|| earlier.as_ref().and_then(|facts| facts.command.clone()));
                let settles = matches!(title, Title::Beating { .. });
                let was_read =
                    |facts: &StableFacts| !settles && !matches!(facts.title, Title::Other(_));
                match earlier.filter(was_read) {
                    // Read when it was seen first, and once more when it beats.
                    Some(earlier) => {
                        read.layers = earlier.layers;
                        read.stated_timeout = earlier.stated_timeout;
                    }
                    None if matches!(title, Title::Other(_)) => {}
                    None => {
                        let above = place.parents_command(parent, &mut self.buffer);
                        let found = layers::found(process, &read.about(id, status, parent, above));
                        read.layers = found.written;
                        read.stated_timeout = found.timeout;
                    }
                }
                read
            }
        };
        // A process whose parent has ended gets another one.
        if facts.parent != parent || !facts.is_settled() {
            facts.above = above::above(&self.root, (id.pid, parent), &mut self.buffer);
            facts.parent = parent;
        }
        facts.title = title;
        self.known.insert(id.pid, (id, facts.clone()));
        facts
    }
}

/// The title, steadied: while a Sidekiq rewrites its title it may be read half written, and once
/// it ends its command line is empty; what it said last holds then.
fn settle(command_line: &[u8], last: Option<&Title>, comm: &str) -> Title {
    let now = title(command_line);
    match (&now, last) {
        (Title::Booting(_), Some(last @ Title::Beating { .. })) => last.clone(),
        (Title::Other(text), last) if text.is_empty() => last.cloned().unwrap_or_else(|| {
            // As ps(1) shows a process without a command line.
            Title::Other(printed(format!("[{comm}]").as_bytes()))
        }),
        _ => now,
    }
}

/// Where a process works; `None` where that may not be read, or is not to be seen from here.
pub fn working_directory(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// The unit in whose control group this program itself runs: within a unit's `ExecStop` that
/// very unit.
pub fn own_unit() -> Option<Unit> {
    super::proc::cgroup::unit(&std::fs::read("/proc/self/cgroup").ok()?)
}

fn mentions_sidekiq(command_line: &[u8]) -> bool {
    const NAME: &[u8] = b"sidekiq";
    command_line
        .windows(NAME.len())
        .any(|window| window == NAME)
}
