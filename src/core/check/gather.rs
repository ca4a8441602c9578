//! From located values to facts: which command is a Sidekiq, which unit and which process it
//! belongs to, what of it counts. It joins and leaves out; it judges nothing.

use std::time::Duration;

use super::effective::is_usual;
use super::facts::{
    DrainFacts, Edition, Facts, JobFacts, SidekiqFacts, StartCommand, StatedSequence, TimeoutFiles,
};
use super::units::units;
use crate::core::layers::command_line::{
    COMMAND, CommandLine, is_plain, is_unknown_script, starts_sidekiq,
};
use crate::core::layers::{
    ENVIRONMENTS, FilePlace, Layer, LocatedSetting, Remark, Value, cloud66, job_class,
};
use crate::core::sequence::{SequenceOrigin, Version};

/// Values stated on the command line or in drainboard's own configuration.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// A sequence with where it was said; it comes before those that were found.
    pub sequence: Option<(String, String)>,
    /// A timeout with where it was said; it beats those that were found.
    pub timeout: Option<(Duration, String)>,
    /// The Rails environment.
    pub environment: Option<String>,
    /// The process of a manifest.
    pub process: Option<String>,
    /// Sidekiq's version, if a running one told it.
    pub version: Option<Version>,
    /// The longest job that is known of.
    pub longest_job: Option<Duration>,
    /// Every file that was read, with its layer.
    pub read: Vec<(Layer, String)>,
    /// Places that were seen and not understood.
    pub not_read: Vec<Remark>,
    /// Units that run a Sidekiq, whatever their command looks like: they were named, or a
    /// Sidekiq was seen in them.
    pub units: Vec<String>,
}

impl Chosen {
    /// Whether a file of this layer was read.
    pub(super) fn has_read(&self, layer: Layer) -> bool {
        self.read.iter().any(|(read, _)| *read == layer)
    }

    /// The files that may state a timeout of Sidekiq.
    fn timeout_files(&self) -> TimeoutFiles {
        let unread = self
            .not_read
            .iter()
            .map(|remark| remark.from.file.to_string());
        let unread: Vec<String> = unread.filter(|file| may_state_timeout(file)).collect();
        let own = self.read.iter();
        let own = own.filter(|(layer, file)| *layer == Layer::SidekiqYml && !unread.contains(file));
        TimeoutFiles {
            read: own.map(|(_, file)| file.clone()).collect(),
            unread,
        }
    }
}

/// Whether a file, or one of a folder that ends in `/`, may state a timeout of Sidekiq.
fn may_state_timeout(file: &str) -> bool {
    let folders = ["config/", "config/sidekiq/", "config/initializers/"];
    let is_initializer = file.contains("initializers/") && file.contains("sidekiq");
    is_usual(file) || is_initializer || folders.iter().any(|folder| file.ends_with(folder))
}

/// Joins what the readers found.
pub fn gather(values: &[LocatedSetting], chosen: &Chosen) -> Facts {
    let found = Found { values };
    let commands = found.sidekiq_commands();
    let units = units(values, &chosen.units);
    let commands_at_stop = found.stop_commands(&units);
    let stoppers = found.stoppers(&commands_at_stop);
    let mut deploy = found.deploy(chosen);
    deploy.limits = found.limits(&stoppers);
    deploy.images = found.image_signals(&stoppers);
    let environment = chosen
        .environment
        .clone()
        .or_else(|| commands.iter().find_map(|one| one.line.environment.clone()));
    Facts {
        sequences: found.sequences(chosen, environment.as_deref()),
        sidekiq: SidekiqFacts {
            version: chosen
                .version
                .or_else(|| found.version("sidekiq").map(|(v, _)| v)),
            edition: found.edition(),
            super_fetch: None,
            timeouts: found.timeouts(chosen),
            files: chosen.timeout_files(),
            environment: chosen.environment.clone(),
            commands,
            longest_job: chosen.longest_job,
            jobs: found.jobs(chosen),
            published: None,
        },
        known: found.known(&units, &stoppers),
        units,
        stoppers,
        commands: commands_at_stop,
        not_read: chosen.not_read.clone(),
        deploy,
        drain: DrainFacts::default(),
    }
}

/// The values, with questions to them.
pub(super) struct Found<'a> {
    pub(super) values: &'a [LocatedSetting],
}

impl<'a> Found<'a> {
    pub(super) fn of(
        &self,
        layer: Layer,
        setting: &str,
    ) -> impl Iterator<Item = &'a LocatedSetting> {
        self.values
            .iter()
            .filter(move |l| l.layer == layer && l.setting == setting)
    }

    pub(super) fn has(&self, layer: Layer) -> bool {
        self.values.iter().any(|located| located.layer == layer)
    }

    /// Every command line that starts a Sidekiq, with what it is of.
    fn sidekiq_commands(&self) -> Vec<StartCommand> {
        let commands = self.values.iter().filter_map(|l| Some((l, command_of(l)?)));
        commands
            .map(|(located, mut line)| {
                line.environment = line
                    .environment
                    .or_else(|| self.environment_around(located));
                StartCommand {
                    scope: located.scope.clone(),
                    file: Some(located.from.file.clone()),
                    line,
                }
            })
            .collect()
    }

    /// The environment that the variables around a command name.
    fn environment_around(&self, command: &LocatedSetting) -> Option<String> {
        let stated = |name: &&str| {
            let own = self.values.iter().filter(|l| l.setting == *name);
            let mut own = own.filter(|l| l.layer == command.layer && l.scope == command.scope);
            own.next_back()?.value.as_text()
        };
        let stated = ENVIRONMENTS.iter().find_map(stated);
        stated.filter(|name| is_plain(name)).map(str::to_owned)
    }

    /// Whether the command of `scope` in `layer` starts a Sidekiq; `None` if it has none.
    pub(super) fn is_sidekiq(&self, layer: Layer, scope: &str) -> Option<bool> {
        let commands: Vec<_> = self
            .of(layer, COMMAND)
            .filter(|l| l.scope.as_deref() == Some(scope))
            .filter_map(|l| l.value.as_text())
            .collect();
        if commands.iter().any(|command| starts_sidekiq(command)) {
            return Some(true);
        }
        let tells = commands.iter().any(|command| !is_unknown_script(command));
        tells.then_some(false)
    }

    /// Whether a process of a manifest is a Sidekiq, as far as its command or its name tells.
    pub(super) fn is_worker(&self, process: &str) -> bool {
        self.is_sidekiq(Layer::Procfile, process)
            .unwrap_or(!matches!(process, "web" | "custom_web" | "rails" | "clock"))
    }

    fn sequences(&self, chosen: &Chosen, environment: Option<&str>) -> Vec<StatedSequence> {
        let mut sequences: Vec<StatedSequence> = chosen
            .sequence
            .iter()
            .map(|(text, origin)| StatedSequence::new(text, origin))
            .collect();
        let manifest: Vec<&LocatedSetting> = self
            .values
            .iter()
            .filter(|l| {
                matches!(
                    l.setting,
                    cloud66::STOP_SEQUENCE | cloud66::STOP_SEQUENCE_LIST
                )
            })
            .filter(|l| {
                let process = process_of(l);
                self.is_worker(process)
                    && chosen
                        .process
                        .as_deref()
                        .is_none_or(|wanted| wanted == process)
            })
            .collect();
        let wanted = environment.unwrap_or("production");
        let in_environment = |l: &&&LocatedSetting| {
            l.scope
                .as_deref()
                .and_then(|scope| scope.split_once('/'))
                .is_none_or(|(section, _)| section == wanted)
        };
        let some_match = manifest.iter().any(|l| in_environment(&l));
        for located in manifest.iter().filter(|l| !some_match || in_environment(l)) {
            let text = located.value.as_text().unwrap_or_default();
            let process = process_of(located);
            sequences.push(StatedSequence {
                text: text.to_string(),
                parsed: text.parse(),
                origin: SequenceOrigin(format!("{} ({process})", located.from)),
                from: Some(located.from.clone()),
                process: Some(process.to_string()),
            });
        }
        if chosen.sequence.is_none() {
            let own = self.sequences_of_cloud66(chosen, &sequences);
            sequences.extend(own);
        }
        sequences
    }

    /// Cloud 66's own sequence for each Sidekiq of a Procfile for which its manifest states none.
    fn sequences_of_cloud66(
        &self,
        chosen: &Chosen,
        stated: &[StatedSequence],
    ) -> Vec<StatedSequence> {
        let Some(manifest) = self.of(Layer::Cloud66, cloud66::MANIFEST).next() else {
            return Vec::new();
        };
        let commands = self.of(Layer::Procfile, COMMAND);
        let of_sidekiq = commands.filter(|l| l.value.as_text().is_some_and(starts_sidekiq));
        let has_own = |process: &str| {
            let is_its = |one: &StatedSequence| one.process.as_deref() == Some(process);
            stated.iter().any(is_its)
        };
        let is_wanted = |process: &String| {
            let wanted = chosen.process.as_deref();
            wanted.is_none_or(|wanted| wanted == process) && !has_own(process)
        };
        of_sidekiq
            .filter_map(|command| command.scope.clone())
            .filter(is_wanted)
            .map(|process| StatedSequence {
                from: Some(manifest.from.clone()),
                process: Some(process),
                ..StatedSequence::new(cloud66::DEFAULT_SEQUENCE, cloud66::DEFAULT_ORIGIN)
            })
            .collect()
    }

    fn timeouts(&self, chosen: &Chosen) -> Vec<LocatedSetting> {
        let given = chosen.timeout.iter().map(|(span, origin)| LocatedSetting {
            layer: Layer::Given,
            setting: "timeout",
            scope: None,
            value: Value::Span(*span),
            from: FilePlace::whole(origin),
        });
        let found = self.values.iter().filter(|l| {
            matches!(
                l.layer,
                Layer::Initializer | Layer::CommandLine | Layer::SidekiqYml
            )
        });
        let mut timeouts: Vec<LocatedSetting> = given.chain(found.cloned()).collect();
        // Loaded values come last: of two equals the last one holds.
        timeouts.sort_by_key(|l| l.from.file.starts_with("systemctl show"));
        timeouts
    }

    pub(super) fn version(&self, gem: &str) -> Option<(Version, FilePlace)> {
        self.values
            .iter()
            .filter(|l| l.layer == Layer::GemfileLock && l.setting == gem)
            .find_map(|l| Some((Version::parse(l.value.as_text()?)?, l.from.clone())))
    }

    fn edition(&self) -> Option<Edition> {
        let has = |gem: &str| self.version(gem).is_some();
        if has("sidekiq-ent") {
            Some(Edition::Enterprise)
        } else if has("sidekiq-pro") {
            Some(Edition::Pro)
        } else {
            has("sidekiq").then_some(Edition::OpenSource)
        }
    }

    fn jobs(&self, chosen: &Chosen) -> Option<JobFacts> {
        (chosen.has_read(Layer::JobClass) || self.has(Layer::JobClass)).then(|| JobFacts {
            start_programs: self
                .of(Layer::JobClass, job_class::STARTS_PROGRAMS)
                .cloned()
                .collect(),
            rescue_and_enqueue: self
                .of(Layer::JobClass, job_class::RESCUES_AND_ENQUEUES)
                .cloned()
                .collect(),
        })
    }
}

/// The Sidekiq command line that a value is, if it is one.
pub fn command_of(located: &LocatedSetting) -> Option<CommandLine> {
    let is_command = matches!(located.setting, COMMAND | "ExecStart");
    CommandLine::read(located.value.as_text().filter(|_| is_command)?)
}

/// The process in the scope of a manifest's value (`production/worker`).
pub(super) fn process_of(located: &LocatedSetting) -> &str {
    let scope = located.scope.as_deref().unwrap_or_default();
    scope.rsplit('/').next().unwrap_or(scope)
}
