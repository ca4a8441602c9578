//! The facts that the rules are asked about. Every fact that may be missing is an `Option`: an
//! unknown fact is never taken for a no. Types and plain questions only.

use std::sync::Arc;
use std::time::Duration;

use super::stop_command::StopCommand;
use super::unit_facts::UnitFacts;
use crate::core::layers::command_line::CommandLine;
use crate::core::layers::{FilePlace, Layer, LocatedSetting, Remark, nested};
use crate::core::sequence::{
    GrammarError, Sequence, SequenceOrigin, Timeout, TimeoutLabel, Version,
};

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
    /// Commands of units, hooks and deploy tasks that touch it.
    pub commands: Vec<StopCommand>,
    /// Every Sidekiq that was recognised in a file.
    pub known: Vec<KnownSidekiq>,
    /// Places that may say how Sidekiq is stopped and were not understood.
    pub not_read: Vec<Remark>,
    /// About the deploy.
    pub deploy: DeployFacts,
    /// About the drain at hand.
    pub drain: DrainFacts,
}

/// A stop sequence as it is written.
#[derive(Clone, Debug)]
pub struct StatedSequence {
    /// As written.
    pub text: String,
    /// As read.
    pub parsed: Result<Sequence, GrammarError>,
    /// Where it comes from, in words.
    pub origin: SequenceOrigin,
    /// The place, where it stands in a file.
    pub from: Option<FilePlace>,
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

/// A command line that starts a Sidekiq.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartCommand {
    /// The unit, process or container that it is of.
    pub scope: Option<String>,
    /// The file in which it stands; `None` where it was seen on a running process.
    pub file: Option<Arc<str>>,
    /// The line as read.
    pub line: CommandLine,
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
    pub timeouts: Vec<LocatedSetting>,
    /// The files that may state one.
    pub files: TimeoutFiles,
    /// The Rails environment of all of them, where it was chosen; else each has its own.
    pub environment: Option<String>,
    /// The command lines that start it.
    pub commands: Vec<StartCommand>,
    /// The longest job that is known of.
    pub longest_job: Option<Duration>,
    /// The job classes, if they were read.
    pub jobs: Option<JobFacts>,
    /// The labels of running processes about their timeout; `None` if no process was looked at.
    pub published: Option<Vec<PublishedTimeout>>,
}

/// The label of a running process about its timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTimeout {
    /// The process.
    pub who: String,
    /// What its labels say.
    pub label: TimeoutLabel,
    /// What else is stated for it.
    pub stated: Option<Timeout>,
}

/// The files that may state a timeout of Sidekiq.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeoutFiles {
    /// The files of Sidekiq's own configuration that were read, whether they state one or not.
    pub read: Vec<String>,
    /// The files of Sidekiq's own configuration and the initializers that are there, and could not
    /// be read, and folders of such files.
    pub unread: Vec<String>,
}

impl SidekiqFacts {
    /// Whether `sidekiqswarm` is among the commands; `None` if there is none.
    pub fn swarm(&self) -> Option<bool> {
        let mut commands = self.commands.iter().map(|one| one.line.swarm).peekable();
        commands.peek()?;
        Some(commands.any(|swarm| swarm))
    }
}

/// Facts from the code of the job classes.
#[derive(Clone, Debug, Default)]
pub struct JobFacts {
    /// Classes that start programs.
    pub start_programs: Vec<LocatedSetting>,
    /// Classes that rescue the shutdown and enqueue again.
    pub rescue_and_enqueue: Vec<LocatedSetting>,
}

/// A Sidekiq that a file starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSidekiq {
    /// Its unit, process, container, program or service.
    pub name: String,
    /// The layer that starts it.
    pub layer: Layer,
    /// The command that starts it; `None` if it is known by its name alone.
    pub command: Option<String>,
    /// Whether the command itself names Sidekiq. If not, only the name of the service does.
    pub is_certain: bool,
    /// Where it is written.
    pub from: FilePlace,
}

/// A tool other than systemd that stops a Sidekiq and kills it after a while.
#[derive(Clone, Debug)]
pub struct Stopper {
    /// Which.
    pub layer: Layer,
    /// The program by its name, where several are of that layer.
    pub program: Option<String>,
    /// The service, container, program or task.
    pub scope: String,
    /// How long it waits.
    pub limit: LocatedSetting,
    /// The time that goes by before TERM (`preStop` of Kubernetes counts against the limit).
    pub before_term: Option<Duration>,
    /// A command before TERM that takes a time which is not known, and counts against the limit.
    pub unknown_before: Option<String>,
    /// The signal that it begins with, if it is told.
    pub signal: Option<LocatedSetting>,
    /// The longest limit that can be set there.
    pub longest: Option<Duration>,
}

impl Stopper {
    /// The time between TERM and its KILL, at most if a command of unknown length comes before
    /// TERM; `None` if it cannot be read.
    pub fn after_term(&self) -> Option<Duration> {
        let limit = self.limit.value.span()?;
        Some(limit.saturating_sub(self.before_term.unwrap_or_default()))
    }

    /// The layer in which the commands stand that it stops.
    pub fn runs(&self) -> Layer {
        let stop = self.layer.tool().stop.as_ref();
        stop.map_or(self.layer, |stop| stop.runs)
    }

    /// Whether its wait is the platform's own and cannot be changed.
    pub fn is_fixed(&self) -> bool {
        let stop = self.layer.tool().stop.as_ref();
        stop.is_some_and(crate::core::layers::ToolStop::is_fixed)
    }

    /// `Docker Compose (worker)`; `What runs supervisord (worker)` where that one's wait counts.
    pub fn title(&self) -> String {
        let of_layer = self.layer.tool().title;
        let mut tool = self.program.as_deref().unwrap_or(of_layer).to_owned();
        if self.limit.setting == nested::OUTER {
            tool.insert_str(0, "What runs ");
        }
        if self.scope.is_empty() {
            tool
        } else {
            format!("{tool} ({})", self.scope)
        }
    }
}

/// About the deploy.
#[derive(Clone, Debug, Default)]
pub struct DeployFacts {
    /// capistrano-sidekiq with the place that names its version.
    pub capistrano_sidekiq: Option<(Version, FilePlace)>,
    /// `set :sidekiq_timeout`; `None` if deploy files were not read or do not set it.
    pub sidekiq_timeout: Option<LocatedSetting>,
    /// Whether a deploy file was read.
    pub was_read: bool,
    /// Whether the Capfile loads capistrano-sidekiq and installs its tasks; `None` if no deploy file was read.
    pub gem_tasks: Option<GemTasks>,
    /// `restart_on_deploy` of Sidekiq processes; `None` if no manifest was read.
    pub restart_on_deploy: Option<Vec<LocatedSetting>>,
    /// How long deploy tools wait for the whole stop.
    pub limits: Vec<DeployLimit>,
    /// The signals that images of a Sidekiq state for their stop, where no tool that stops one of
    /// them is known for sure to send it.
    pub images: Vec<ImageSignal>,
}

/// `STOPSIGNAL` of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSignal {
    /// The signal as written, with its place.
    pub signal: LocatedSetting,
    /// Whose stop would begin with it, if it runs this image; `None`: the image starts a Sidekiq by
    /// itself.
    pub if_of: Option<String>,
}

/// Whether the tasks of capistrano-sidekiq are part of a deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GemTasks {
    /// The Capfile does not load the gem.
    NotLoaded,
    /// It is loaded, and its tasks run with each deploy.
    Loaded,
    /// It is loaded, and a line that 2.0 and later need is missing.
    Missing {
        /// Where it is loaded.
        place: FilePlace,
        /// The missing line.
        missing: String,
    },
}

/// How long something waits for the whole stop plan.
#[derive(Clone, Debug)]
pub struct DeployLimit {
    /// The tool that gives up.
    pub tool: String,
    /// After how long.
    pub span: Duration,
    /// Where that is written.
    pub from: Option<FilePlace>,
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
    /// Processes whose queues are not known.
    pub queues_unread: Vec<String>,
}

/// A queue, and the processes that fetch from it.
#[derive(Clone, Debug)]
pub struct QueueFacts {
    /// Its name.
    pub name: String,
    /// Jobs waiting in it, if that is known.
    pub waiting: Option<u64>,
    /// Who fetches from it.
    pub service: QueueService,
}

/// Who fetches from a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueService {
    /// A process that no drain is about to quiet.
    Fetched,
    /// Those alone that a drain is about to quiet.
    OnlyByTargets,
    /// No process: all of them are quiet.
    AllQuiet,
    /// That is not known.
    NotKnown,
}
