//! From located values to facts: which command is a Sidekiq, which unit and which process it
//! belongs to, what of it counts. It joins and leaves out; it judges nothing.

use std::time::Duration;

use super::facts::{
    DeployFacts, DeployLimit, DrainFacts, Edition, Facts, JobFacts, SidekiqFacts, StatedSequence,
    Stopper,
};
use super::unit_facts::UnitFacts;
use super::units::units;
use crate::core::layers::command_line::{
    COMMAND, CommandLine, is_named_sidekiq, is_unknown_script, starts_sidekiq,
};
use crate::core::layers::{
    Layer, Located, Place, TOOLS, Value, cloud66, deploy_rb, job_class, kubernetes,
};
use crate::core::sequence::{SequenceOrigin, Version};

/// What was said on the command line or in drainboard's own configuration.
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
    /// Whether the job classes were among what was read.
    pub jobs_were_read: bool,
    /// Units that run a Sidekiq, whatever their command looks like: somebody named them, or a
    /// Sidekiq was seen in them.
    pub units: Vec<String>,
}

/// Joins what the readers found.
pub fn gather(values: &[Located], chosen: &Chosen) -> Facts {
    let found = Found { values };
    let commands = found.sidekiq_commands();
    let units = units(values, &chosen.units);
    let stoppers = found.stoppers();
    let mut deploy = found.deploy();
    deploy.limits = found.limits(&units, &stoppers);
    let environment = chosen.environment.clone().or_else(|| {
        commands
            .iter()
            .find_map(|(_, line)| line.environment.clone())
    });
    Facts {
        sequences: found.sequences(chosen, environment.as_deref()),
        sidekiq: SidekiqFacts {
            version: chosen
                .version
                .or_else(|| found.version("sidekiq").map(|(v, _)| v)),
            edition: found.edition(),
            super_fetch: None,
            timeouts: found.timeouts(chosen),
            environment,
            commands,
            longest_job: chosen.longest_job,
            jobs: found.jobs(chosen),
        },
        units,
        stoppers,
        deploy,
        drain: DrainFacts::default(),
    }
}

/// The values, with questions to them.
struct Found<'a> {
    values: &'a [Located],
}

impl<'a> Found<'a> {
    fn of(&self, layer: Layer, setting: &str) -> impl Iterator<Item = &'a Located> {
        self.values
            .iter()
            .filter(move |l| l.layer == layer && l.setting == setting)
    }

    fn has(&self, layer: Layer) -> bool {
        self.values.iter().any(|located| located.layer == layer)
    }

    /// Every command line that starts a Sidekiq, with what it is of.
    fn sidekiq_commands(&self) -> Vec<(Option<String>, CommandLine)> {
        let commands = self.values.iter().filter_map(|l| Some((l, command_of(l)?)));
        commands
            .map(|(located, line)| (located.scope.clone(), line))
            .collect()
    }

    /// Whether the command of `scope` in `layer` starts a Sidekiq; `None` if it has none.
    fn is_sidekiq(&self, layer: Layer, scope: &str) -> Option<bool> {
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
    fn is_worker(&self, process: &str) -> bool {
        self.is_sidekiq(Layer::Procfile, process)
            .unwrap_or(!matches!(process, "web" | "custom_web" | "rails" | "clock"))
    }

    fn sequences(&self, chosen: &Chosen, environment: Option<&str>) -> Vec<StatedSequence> {
        let mut sequences: Vec<StatedSequence> = chosen
            .sequence
            .iter()
            .map(|(text, origin)| StatedSequence::new(text, origin))
            .collect();
        let manifest: Vec<&Located> = self
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
        if manifest.is_empty() && chosen.sequence.is_none() {
            sequences.extend(self.sequences_of_cloud66());
        }
        let wanted = environment.unwrap_or("production");
        let in_environment = |l: &&&Located| {
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
        sequences
    }

    /// What Cloud 66 does to each Sidekiq of a Procfile where its manifest says nothing.
    fn sequences_of_cloud66(&self) -> Vec<StatedSequence> {
        let Some(manifest) = self.of(Layer::Cloud66, cloud66::MANIFEST).next() else {
            return Vec::new();
        };
        let commands = self.of(Layer::Procfile, COMMAND);
        let of_sidekiq = commands.filter(|l| l.value.as_text().is_some_and(starts_sidekiq));
        of_sidekiq
            .filter_map(|command| command.scope.clone())
            .map(|process| StatedSequence {
                from: Some(manifest.from.clone()),
                process: Some(process),
                ..StatedSequence::new(
                    cloud66::DEFAULT_SEQUENCE,
                    "Cloud 66's own, for the manifest sets no stop_sequence",
                )
            })
            .collect()
    }

    fn timeouts(&self, chosen: &Chosen) -> Vec<Located> {
        let given = chosen.timeout.iter().map(|(span, origin)| Located {
            layer: Layer::Given,
            setting: "timeout",
            scope: None,
            value: Value::Span(*span),
            from: Place::whole(origin),
        });
        let found = self.values.iter().filter(|l| {
            matches!(
                l.layer,
                Layer::Initializer | Layer::CommandLine | Layer::SidekiqYml
            )
        });
        let mut timeouts: Vec<Located> = given.chain(found.cloned()).collect();
        // What is loaded comes last: of two equals the last one holds.
        timeouts.sort_by_key(|l| l.from.file.starts_with("systemctl show"));
        timeouts
    }

    fn version(&self, gem: &str) -> Option<(Version, Place)> {
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
        (chosen.jobs_were_read || self.has(Layer::JobClass)).then(|| JobFacts {
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

    fn stoppers(&self) -> Vec<Stopper> {
        let mut stoppers = Vec::new();
        for tool in &TOOLS {
            let limits = tool.stop.iter().flat_map(|stop| stop.limits);
            for limit in limits.flat_map(|(setting, _)| self.of(tool.layer, setting)) {
                let scopes = self.stopped_by(limit).into_iter();
                stoppers.extend(scopes.map(|scope| self.stopper(tool.layer, scope, limit)));
            }
        }
        stoppers
    }

    /// The Sidekiqs that a limit is about: the one of its scope, else all that its tool runs.
    fn stopped_by(&self, limit: &'a Located) -> Vec<&'a str> {
        let runs = (limit.layer.tool().stop.as_ref()).map_or(limit.layer, |stop| stop.runs);
        if let Some(scope) = limit.scope.as_deref() {
            let is_sidekiq = self.is_sidekiq(runs, scope);
            let is_sidekiq = is_sidekiq.unwrap_or_else(|| is_named_sidekiq(scope));
            return is_sidekiq.then_some(scope).into_iter().collect();
        }
        // Heroku runs the file that is named exactly so; others are for other tools.
        let is_own =
            |command: &&Located| runs != Layer::Procfile || command.from.file.ends_with("Procfile");
        self.of(runs, COMMAND)
            .filter(is_own)
            .filter(|command| command.value.as_text().is_some_and(starts_sidekiq))
            .filter_map(|command| command.scope.as_deref())
            .collect()
    }

    fn stopper(&self, layer: Layer, scope: &str, limit: &Located) -> Stopper {
        let same = |l: &&Located| l.scope.as_deref() == Some(scope);
        let signal =
            (layer.tool().stop.as_ref()).and_then(|stop| self.of(layer, stop.signal?).find(same));
        let sleep = self.of(layer, kubernetes::PRE_STOP_SLEEP).find(same);
        Stopper {
            layer,
            scope: scope.to_string(),
            limit: limit.clone(),
            before_term: sleep.and_then(|l| l.value.span()),
            signal: signal.cloned(),
        }
    }

    fn deploy(&self) -> DeployFacts {
        let was_read = self.has(Layer::Capistrano);
        let restart = self.has(Layer::Cloud66).then(|| {
            self.of(Layer::Cloud66, cloud66::RESTART_ON_DEPLOY)
                .filter(|l| self.is_worker(process_of(l)))
                .cloned()
                .collect()
        });
        DeployFacts {
            capistrano_sidekiq: self.version("capistrano-sidekiq"),
            sidekiq_timeout: self
                .of(Layer::Capistrano, deploy_rb::SIDEKIQ_TIMEOUT)
                .last()
                .cloned(),
            quiet_calls: was_read.then(|| {
                self.of(Layer::Capistrano, deploy_rb::QUIET_CALL)
                    .cloned()
                    .collect()
            }),
            restart_on_deploy: restart,
            limits: Vec::new(),
        }
    }

    /// What cuts a whole drain short: the phase of systemd, or of Kubernetes, that it runs in.
    fn limits(&self, units: &[UnitFacts], stoppers: &[Stopper]) -> Vec<DeployLimit> {
        let drains = |l: &Located| {
            l.value
                .as_text()
                .is_some_and(|text| text.contains("drainboard"))
        };
        let mut limits: Vec<DeployLimit> = units
            .iter()
            .filter(|unit| unit.setting("ExecStop").is_some_and(drains))
            .filter_map(|unit| {
                let limit = unit.stop_limit();
                Some(DeployLimit {
                    tool: format!("ExecStop of {}", unit.name),
                    span: limit.span()?,
                    from: limit.place().cloned(),
                })
            })
            .collect();
        for stopper in stoppers.iter().filter(|s| s.layer == Layer::Kubernetes) {
            let hook = self
                .of(Layer::Kubernetes, kubernetes::PRE_STOP)
                .filter(|l| l.scope.as_deref() == Some(&stopper.scope))
                .any(drains);
            if let (true, Some(span)) = (hook, stopper.limit.value.span()) {
                limits.push(DeployLimit {
                    tool: format!("preStop of {}", stopper.scope),
                    span,
                    from: Some(stopper.limit.from.clone()),
                });
            }
        }
        limits
    }
}

/// The Sidekiq command line that a value is, if it is one.
pub fn command_of(located: &Located) -> Option<CommandLine> {
    let is_command = matches!(located.setting, COMMAND | "ExecStart");
    CommandLine::read(located.value.as_text().filter(|_| is_command)?)
}

/// The process in the scope of a manifest's value (`production/worker`).
fn process_of(located: &Located) -> &str {
    let scope = located.scope.as_deref().unwrap_or_default();
    scope.rsplit('/').next().unwrap_or(scope)
}
