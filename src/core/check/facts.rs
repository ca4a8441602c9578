//! What is known when the rules are asked. Every fact that may be missing is an `Option`: what
//! is not known is never taken for a no. Types and plain questions only.

use std::time::Duration;

use super::unit_facts::UnitFacts;
use crate::core::layers::command_line::CommandLine;
use crate::core::layers::{Layer, Located, Place};
use crate::core::sequence::{GrammarError, Sequence, SequenceOrigin, Version};

/// Everything that the rules may ask for.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The stop sequences found; the first one is the one that will be followed.
    pub sequences: Vec<StatedSequence>,
    /// About Sidekiq itself.
    pub sidekiq: SidekiqFacts,
    /// The systemd units that run it.
    pub units: Vec<UnitFacts>,
    /// Other tools that stop it and kill after a while.
    pub stoppers: Vec<Stopper>,
    /// About the deploy.
    pub deploy: DeployFacts,
    /// About the drain at hand.
    pub drain: DrainFacts,
}

/// A stop sequence as somebody wrote it.
#[derive(Clone, Debug)]
pub struct StatedSequence {
    /// As written.
    pub text: String,
    /// As read.
    pub parsed: Result<Sequence, GrammarError>,
    /// Where it comes from, in words.
    pub origin: SequenceOrigin,
    /// The place, where it stands in a file.
    pub from: Option<Place>,
    /// The process of a manifest that it belongs to.
    pub process: Option<String>,
}

impl StatedSequence {
    /// A sequence with its origin, from no file.
    pub fn new(text: &str, origin: &str) -> Self {
        Self {
            text: text.to_string(),
            parsed: text.parse(),
            origin: SequenceOrigin(origin.to_string()),
            from: None,
            process: None,
        }
    }
}

/// The gem that is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// Open source alone.
    OpenSource,
    /// Sidekiq Pro.
    Pro,
    /// Sidekiq Enterprise (which includes Pro).
    Enterprise,
}

/// About Sidekiq itself.
#[derive(Clone, Debug, Default)]
pub struct SidekiqFacts {
    /// Its version.
    pub version: Option<Version>,
    /// Which edition.
    pub edition: Option<Edition>,
    /// Whether jobs are fetched with `super_fetch`.
    pub super_fetch: Option<bool>,
    /// Every place that states a timeout, whether it holds or not.
    pub timeouts: Vec<Located>,
    /// The Rails environment; `production` where nobody says.
    pub environment: Option<String>,
    /// The command lines that start it, with the unit, process or container that each is of.
    pub commands: Vec<(Option<String>, CommandLine)>,
    /// The longest job that is known of.
    pub longest_job: Option<Duration>,
    /// The job classes, if they were read.
    pub jobs: Option<JobFacts>,
}

impl SidekiqFacts {
    /// Whether `sidekiqswarm` is among the commands; `None` if there is none.
    pub fn swarm(&self) -> Option<bool> {
        let mut commands = self.commands.iter().map(|(_, line)| line.swarm).peekable();
        commands.peek()?;
        Some(commands.any(|swarm| swarm))
    }
}

/// What the code of the job classes says.
#[derive(Clone, Debug, Default)]
pub struct JobFacts {
    /// Classes that start programs.
    pub start_programs: Vec<Located>,
    /// Classes that rescue the shutdown and enqueue again.
    pub rescue_and_enqueue: Vec<Located>,
}

/// A tool other than systemd that stops a Sidekiq and kills it after a while.
#[derive(Clone, Debug)]
pub struct Stopper {
    /// Which.
    pub layer: Layer,
    /// The service, container, program or task.
    pub scope: String,
    /// How long it waits.
    pub limit: Located,
    /// What goes by before TERM (`preStop` of Kubernetes counts against the limit).
    pub before_term: Option<Duration>,
    /// The signal that it begins with, if it is told.
    pub signal: Option<Located>,
}

impl Stopper {
    /// The time between TERM and its KILL; `None` if it cannot be read.
    pub fn after_term(&self) -> Option<Duration> {
        let limit = self.limit.value.span()?;
        Some(limit.saturating_sub(self.before_term.unwrap_or_default()))
    }

    /// Whether its wait is the platform's own and cannot be changed.
    pub fn is_fixed(&self) -> bool {
        let stop = self.layer.tool().stop.as_ref();
        stop.is_some_and(crate::core::layers::Stop::is_fixed)
    }

    /// `Docker Compose (worker)`.
    pub fn title(&self) -> String {
        let tool = self.layer.tool().title;
        if self.scope.is_empty() {
            tool.to_string()
        } else {
            format!("{tool} ({})", self.scope)
        }
    }
}

/// About the deploy.
#[derive(Clone, Debug, Default)]
pub struct DeployFacts {
    /// capistrano-sidekiq with the place that names its version.
    pub capistrano_sidekiq: Option<(Version, Place)>,
    /// `set :sidekiq_timeout`; `None` if deploy files were not read or do not set it.
    pub sidekiq_timeout: Option<Located>,
    /// Calls that quiet through systemctl; `None` if no deploy file was read.
    pub quiet_calls: Option<Vec<Located>>,
    /// `restart_on_deploy` of Sidekiq processes; `None` if no manifest was read.
    pub restart_on_deploy: Option<Vec<Located>>,
    /// How long deploy tools wait for the whole stop.
    pub limits: Vec<DeployLimit>,
}

/// How long something waits for the whole stop plan.
#[derive(Clone, Debug)]
pub struct DeployLimit {
    /// What gives up.
    pub tool: String,
    /// After how long.
    pub span: Duration,
    /// Where that is written.
    pub from: Option<Place>,
}

/// How TERM will reach Sidekiq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermRoute {
    /// Sent to the process.
    Direct,
    /// `systemctl stop`.
    SystemctlStop,
    /// `systemctl restart`.
    SystemctlRestart,
}

/// About the drain at hand.
#[derive(Clone, Debug, Default)]
pub struct DrainFacts {
    /// Whether a person chose to send TSTP.
    pub tstp_by_person: Option<bool>,
    /// How TERM will be sent.
    pub term: Option<TermRoute>,
    /// Whether something will start new processes afterwards.
    pub restart_planned: Option<bool>,
    /// The queues, if Redis was asked.
    pub queues: Option<Vec<QueueFacts>>,
}

/// One queue and who fetches from it.
#[derive(Clone, Debug)]
pub struct QueueFacts {
    /// Its name.
    pub name: String,
    /// Jobs waiting in it, if that is known.
    pub waiting: Option<u64>,
    /// Whether every process that fetches from it is quiet; `None` if that is not known of one.
    pub all_quiet: Option<bool>,
}
