//! Facts that do not change in a process once it has beaten: read once and kept. Nothing here may
//! be a reading that ages.

use std::path::Path;

use super::layers::ProcessContext;
use crate::core::clean::clean_bytes;
use crate::core::fleet::{Above, LocalId, RedisAddress, Title, Unit, Written};
use crate::core::layers::command_line::starts_sidekiq;
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;
use crate::host::proc::environ::ProcessEnvironment;
use crate::host::proc::namespaces::{Namespaces, host_name_within};
use crate::host::proc::status::Status;
use crate::host::proc::{ProcessDirectory, cgroup};
use crate::host::title::title;

/// No command line that starts a Sidekiq is longer.
const COMMAND_LIMIT: usize = 16 * 1024;

/// The stable part of one process.
#[derive(Clone, Debug)]
pub(super) struct StableFacts {
    pub(super) title: Title,
    pub(super) started_at: f64,
    pub(super) unit: Option<Unit>,
    pub(super) hostnames: Vec<String>,
    pub(super) redis_url: Option<RedisAddress>,
    pub(super) stated_timeout: Option<Timeout>,
    pub(super) layers: Written,
    /// The processes above it, and the pid of its parent when they were read.
    pub(super) above: Above,
    pub(super) parent: u32,
    /// Its command line, from the time before its title replaced it.
    pub(super) command: Option<String>,
}

impl StableFacts {
    /// Whether it has become what it will be: a Sidekiq that has beaten replaces its program no
    /// more.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.title, Title::Beating { .. })
    }

    /// The facts that help to find its timeout; `above` is the command line of its parent.
    pub(super) fn about(
        &self,
        id: LocalId,
        status: &Status,
        parent: u32,
        above: Option<String>,
    ) -> ProcessContext<'_> {
        let own = self.command.clone();
        let own = own.map(|command| (format!("the command line of pid {}", id.pid), command));
        let above = above.map(|command| {
            (
                format!("the command line of its parent, pid {parent}"),
                command,
            )
        });
        ProcessContext {
            unit: self.unit.as_ref().map(|unit| unit.name.as_str()),
            uid: status.uid.unwrap_or_default(),
            started_at: self.started_at,
            commands: above.into_iter().chain(own).collect(),
        }
    }
}

/// Where facts are read.
pub(super) struct FactPlace<'a> {
    pub(super) root: &'a Path,
    pub(super) hostname: &'a str,
    pub(super) namespaces: &'a Namespaces,
}

impl FactPlace<'_> {
    /// Reads the facts of a process, except its title, start and timeout.
    pub(super) fn read(
        &self,
        process: &ProcessDirectory,
        status: &Status,
        buffer: &mut Vec<u8>,
    ) -> StableFacts {
        let unit = process.read("cgroup", buffer).ok().and_then(cgroup::unit);
        let mut content = Vec::new();
        let environment =
            ProcessEnvironment(process.read("environ", &mut content).unwrap_or_default());
        StableFacts {
            title: Title::Other(String::new()),
            started_at: 0.0,
            unit,
            hostnames: self.hostnames(process, status, environment, buffer),
            redis_url: environment.redis_url(),
            stated_timeout: None,
            layers: Written::default(),
            above: Above::default(),
            parent: 0,
            command: None,
        }
    }

    /// The names under which it may register (`lib/sidekiq/component.rb`, `hostname`: `DYNO`, else
    /// the host's name): ours if it shares it, else the one of its own namespace, or where that may
    /// not be entered what its own root and environment say.
    fn hostnames(
        &self,
        process: &ProcessDirectory,
        status: &Status,
        environment: ProcessEnvironment<'_>,
        buffer: &mut Vec<u8>,
    ) -> Vec<String> {
        let mut names: Vec<String> = environment.dyno().into_iter().collect();
        // Where the link may not be read: a process with one pid alone is in no container.
        let shares = self.namespaces.share_host_name(process);
        if shares.unwrap_or(status.pids.len() <= 1) {
            names.push(self.hostname.to_owned());
        } else if let Some(name) = host_name_within(process) {
            names.push(clean_bytes(&name, 255));
        } else {
            let inside = process.read("root/etc/hostname", buffer);
            names.extend(inside.ok().map(|name| clean_bytes(name.trim_ascii(), 255)));
            names.extend(environment.hostname());
        }
        let mut seen = Vec::new();
        names.retain(|name| {
            let new = !name.is_empty() && !seen.contains(name);
            seen.push(name.clone());
            new
        });
        names
    }

    /// The command line of its parent, where that starts a Sidekiq: a shell that wraps it, or a
    /// `sidekiqswarm`.
    pub(super) fn parents_command(&self, parent: u32, buffer: &mut Vec<u8>) -> Option<String> {
        let directory = ProcessDirectory::open(self.root, parent).ok()?;
        command(directory.read("cmdline", buffer).ok()?)
    }
}

/// A command line that starts a Sidekiq, as text; `None` for a title.
pub(super) fn command(command_line: &[u8]) -> Option<String> {
    if matches!(title(command_line), Title::Beating { .. }) {
        return None;
    }
    let words: Vec<u8> = command_line
        .iter()
        .map(|byte| if *byte == 0 { b' ' } else { *byte })
        .collect();
    Some(clean_bytes(words.trim_ascii(), COMMAND_LIMIT)).filter(|text| starts_sidekiq(text))
}

/// Ticks after boot in seconds since 1970. The clock's own distance between the two is used: it
/// is finer than the whole seconds of `btime` in `/proc/stat`.
pub(super) fn started_at(at: Moment, start_ticks: u64) -> f64 {
    at.epoch() - at.since_boot().as_secs_f64() + seconds(start_ticks)
}

/// Clock ticks in seconds.
pub(super) fn seconds(ticks: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "ticks since boot stay far below 2^52"
    )]
    let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    seconds
}
