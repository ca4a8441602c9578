//! What does not change in a process once it has beaten: read once and kept. Nothing here may be
//! a reading that ages.

use std::path::Path;

use crate::core::clean::clean_bytes;
use crate::core::fleet::{RedisAddress, Title};
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;
use crate::host::proc::environ::Environment;
use crate::host::proc::namespaces::Namespaces;
use crate::host::proc::status::Status;
use crate::host::proc::{ProcessDirectory, cgroup};
use crate::host::title::stated_span;

/// The stable part of one process.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) title: Title,
    pub(super) started_at: f64,
    pub(super) unit: Option<String>,
    pub(super) hostnames: Vec<String>,
    pub(super) redis_url: Option<RedisAddress>,
    pub(super) stated_timeout: Option<Timeout>,
}

impl Facts {
    /// Whether it has become what it will be: a Sidekiq that has beaten replaces its program no
    /// more.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.title, Title::Beating { .. })
    }
}

/// Where facts are read.
pub(super) struct Place<'a> {
    pub(super) root: &'a Path,
    pub(super) hostname: &'a str,
    pub(super) namespaces: &'a Namespaces,
}

impl Place<'_> {
    /// Reads the facts of a process, except its title, start and timeout.
    pub(super) fn read(
        &self,
        process: &ProcessDirectory,
        status: &Status,
        buffer: &mut Vec<u8>,
    ) -> Facts {
        let unit = process.read("cgroup", buffer).ok().and_then(cgroup::unit);
        let mut content = Vec::new();
        let environment = Environment(process.read("environ", &mut content).unwrap_or_default());
        Facts {
            title: Title::Other(String::new()),
            started_at: 0.0,
            unit,
            hostnames: self.hostnames(process, status, environment, buffer),
            redis_url: environment.redis_url(),
            stated_timeout: None,
        }
    }

    /// The names under which it may register (`lib/sidekiq/component.rb`, `hostname`: `DYNO`, else
    /// the host's name): ours if it shares it, else what its own root and environment say.
    fn hostnames(
        &self,
        process: &ProcessDirectory,
        status: &Status,
        environment: Environment<'_>,
        buffer: &mut Vec<u8>,
    ) -> Vec<String> {
        let mut names: Vec<String> = environment.dyno().into_iter().collect();
        // Where the link may not be read: a process with one pid alone is in no container.
        let shares = self.namespaces.share_host_name(process);
        if shares.unwrap_or(status.pids.len() <= 1) {
            names.push(self.hostname.to_owned());
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

    /// `-t` on the command line of its parent: a shell that wraps it, or a `sidekiqswarm`.
    pub(super) fn parents_timeout(&self, parent: u32, buffer: &mut Vec<u8>) -> Option<Timeout> {
        let directory = ProcessDirectory::open(self.root, parent).ok()?;
        let span = stated_span(directory.read("cmdline", buffer).ok()?)?;
        Some(Timeout::stated(
            span,
            format!("command line of its parent, pid {parent}"),
        ))
    }
}

/// `-t` on its own command line.
pub(super) fn own_timeout(command_line: &[u8], pid: u32) -> Option<Timeout> {
    let span = stated_span(command_line)?;
    Some(Timeout::stated(span, format!("command line of pid {pid}")))
}

/// Ticks after boot in seconds since 1970. The clock's own distance between the two is used: it
/// is finer than the whole seconds of `btime` in `/proc/stat`.
pub(super) fn started_at(at: Moment, start_ticks: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "ticks since boot stay far below 2^52"
    )]
    let after_boot = start_ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    at.epoch() - at.since_boot().as_secs_f64() + after_boot
}
