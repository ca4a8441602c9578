//! From located values to what stops each Sidekiq: the tools that kill after a while, the commands
//! of units, hooks and deploy tasks, and the Sidekiqs that were recognised.

use super::acts::{SidekiqContainer, containers};
use super::facts::{DeployLimit, KnownSidekiq, Stopper};
use super::gather::Found;
use super::stop_command::{Runner, StopCommand};
use super::unit_facts::UnitFacts;
use crate::core::layers::command_line::{COMMAND, CommandLine, is_named_sidekiq, starts_sidekiq};
use crate::core::layers::deploy_rb::CALL;
use crate::core::layers::{Layer, LocatedSetting, TOOLS, ecs, foreman, kubernetes, monit, watched};

impl<'a> Found<'a> {
    pub(super) fn stoppers(&self, commands: &[StopCommand]) -> Vec<Stopper> {
        let mut stoppers = Vec::new();
        for tool in &TOOLS {
            let limits = tool.stop.iter().flat_map(|stop| stop.limits);
            for limit in limits.flat_map(|(setting, _)| self.of(tool.layer, setting)) {
                let scopes = self.stopped_by(limit).into_iter();
                stoppers
                    .extend(scopes.map(|scope| self.stopper(tool.layer, scope, limit, commands)));
            }
        }
        stoppers
    }

    /// The Sidekiqs that a limit is about: the one of its scope, else all that its tool runs.
    pub(super) fn stopped_by(&self, limit: &'a LocatedSetting) -> Vec<&'a str> {
        let runs = (limit.layer.tool().stop.as_ref()).map_or(limit.layer, |stop| stop.runs);
        if let Some(scope) = limit.scope.as_deref() {
            let is_sidekiq = self.is_sidekiq(runs, scope);
            let is_sidekiq = is_sidekiq.unwrap_or_else(|| is_named_sidekiq(scope));
            return is_sidekiq.then_some(scope).into_iter().collect();
        }
        // Heroku runs the file that is named exactly so; others are for other tools.
        let is_own = |command: &&LocatedSetting| {
            runs != Layer::Procfile || command.from.file.ends_with("Procfile")
        };
        self.of(runs, COMMAND)
            .filter(is_own)
            .filter(|command| command.value.as_text().is_some_and(starts_sidekiq))
            .filter_map(|command| command.scope.as_deref())
            .collect()
    }

    pub(super) fn stopper(
        &self,
        layer: Layer,
        scope: &str,
        limit: &LocatedSetting,
        commands: &[StopCommand],
    ) -> Stopper {
        let same = |l: &&LocatedSetting| l.scope.as_deref() == Some(scope);
        let signal =
            (layer.tool().stop.as_ref()).and_then(|stop| self.of(layer, stop.signal?).find(same));
        let sleep = self.of(layer, kubernetes::PRE_STOP_SLEEP).find(same);
        let hook = commands
            .iter()
            .find(|command| command.runner == Runner::PreStop(scope.to_owned()));
        let before = hook.map(StopCommand::before_term);
        Stopper {
            layer,
            program: self
                .of(layer, foreman::PROGRAM)
                .find(same)
                .and_then(|l| l.value.as_text().map(str::to_owned)),
            scope: scope.to_string(),
            limit: limit.clone(),
            before_term: match &before {
                Some(Ok(span)) => Some(*span),
                Some(Err(_)) => None,
                None => sleep.and_then(|l| l.value.span()),
            },
            unknown_before: before.and_then(Result::err).map(str::to_owned),
            signal: signal.cloned(),
            longest: self
                .of(layer, ecs::LONGEST)
                .find(same)
                .and_then(|l| l.value.span()),
        }
    }

    /// The commands that touch Sidekiq when it is stopped, reloaded or deployed.
    pub(super) fn stop_commands(&self, units: &[UnitFacts]) -> Vec<StopCommand> {
        let mut found = Vec::new();
        for unit in units {
            let name = &unit.name;
            for (setting, runner) in [
                ("ExecStop", Runner::ExecStop(name.clone())),
                ("ExecReload", Runner::ExecReload(name.clone())),
                ("ExecStartPre", Runner::ExecStartPre(name.clone())),
                ("ExecStopPost", Runner::ExecStopPost(name.clone())),
            ] {
                found.push(
                    StopCommand::new(runner, unit.commands(setting)).reaching(&unit.containers()),
                );
            }
        }
        for hook in self
            .values
            .iter()
            .filter(|l| l.setting == kubernetes::PRE_STOP)
        {
            let scope = hook.scope.clone().unwrap_or_default();
            let is_sidekiq = self.is_sidekiq(hook.layer, &scope);
            if is_sidekiq.unwrap_or_else(|| is_named_sidekiq(&scope)) {
                found.push(StopCommand::new(Runner::PreStop(scope), [hook]));
            }
        }
        let of_watchers = self.values.iter().filter(|l| WATCHERS.contains(&l.setting));
        for located in of_watchers {
            let runner = Runner::Watcher {
                layer: located.layer,
                setting: located.setting,
                scope: located.scope.clone().unwrap_or_default(),
            };
            found.push(StopCommand::new(runner, [located]));
        }
        let of_tasks = self.of(Layer::Capistrano, CALL);
        let of_scripts = self
            .of(Layer::Script, CALL)
            .chain(self.of(Layer::Steps, CALL));
        let mut calls: Vec<&LocatedSetting> = of_tasks.chain(of_scripts).collect();
        let texts = calls.iter().filter_map(|call| call.value.as_text());
        let started: Vec<SidekiqContainer> = texts.flat_map(containers).collect();
        while let Some(first) = calls.first() {
            let is_same =
                |l: &&LocatedSetting| l.scope == first.scope && l.from.file == first.from.file;
            let (task, rest): (Vec<&LocatedSetting>, Vec<&LocatedSetting>) =
                calls.iter().copied().partition(is_same);
            let name = first.scope.clone().filter(|scope| !scope.is_empty());
            let runner = match (first.layer, name) {
                (Layer::Script | Layer::Steps, Some(name)) => Runner::Script(name),
                (_, name) => Runner::Task(name),
            };
            found.push(StopCommand::new(runner, task).reaching(&started));
            calls = rest;
        }
        found.retain(StopCommand::concerns_sidekiq);
        found
    }

    /// Whether a script is what a service, a unit or a container runs: then that is told.
    fn is_run_elsewhere(&self, located: &LocatedSetting) -> bool {
        let script = located.scope.as_deref().unwrap_or_default();
        let name = script.rsplit('/').next().unwrap_or(script);
        let runs = |other: &LocatedSetting| {
            matches!(other.setting, COMMAND | "ExecStart")
                && other.layer != Layer::Script
                && other
                    .value
                    .as_text()
                    .is_some_and(|text| text.contains(name))
        };
        located.layer == Layer::Script && self.values.iter().any(runs)
    }

    /// Every Sidekiq that a file starts.
    pub(super) fn known(&self, units: &[UnitFacts], stoppers: &[Stopper]) -> Vec<KnownSidekiq> {
        let mut known: Vec<KnownSidekiq> = Vec::new();
        for unit in units {
            let start = unit.setting("ExecStart");
            let Some(place) = start.or(unit.settings.first()) else {
                continue;
            };
            let command = start.and_then(|l| l.value.as_text()).map(str::to_owned);
            known.push(KnownSidekiq {
                name: unit.name.clone(),
                layer: Layer::Systemd,
                is_certain: command.as_deref().is_some_and(names_sidekiq),
                command,
                from: place.from.clone(),
            });
        }
        for located in self.values.iter().filter(|l| l.setting == COMMAND) {
            let name = located.scope.clone().unwrap_or_else(|| "sidekiq".into());
            let text = located.value.as_text().unwrap_or_default();
            let is_sidekiq = starts_sidekiq(text);
            let by_name = stoppers
                .iter()
                .any(|stopper| stopper.runs() == located.layer && stopper.scope == name);
            if self.is_run_elsewhere(located) {
                continue;
            }
            if is_sidekiq || by_name {
                known.push(KnownSidekiq {
                    name,
                    layer: located.layer,
                    command: Some(inside(text).to_owned()),
                    is_certain: names_sidekiq(text),
                    from: located.from.clone(),
                });
            }
        }
        for mark in self.values.iter().filter(|l| l.setting == watched::WATCHES) {
            known.extend(self.watched(mark, &known, units));
        }
        for stopper in stoppers {
            let is_told =
                |one: &KnownSidekiq| one.name == stopper.scope && one.layer == stopper.runs();
            if !known.iter().any(is_told) {
                known.push(KnownSidekiq {
                    name: stopper.scope.clone(),
                    layer: stopper.runs(),
                    command: None,
                    is_certain: false,
                    from: stopper.limit.from.clone(),
                });
            }
        }
        known
    }

    /// A Sidekiq that a supervisor watches, if nothing else tells of it: its command may be one of
    /// systemd's, and then the unit is the Sidekiq.
    fn watched(
        &self,
        mark: &LocatedSetting,
        known: &[KnownSidekiq],
        units: &[UnitFacts],
    ) -> Option<KnownSidekiq> {
        let name = mark.scope.clone().unwrap_or_default();
        let is_it = |one: &KnownSidekiq| one.name == name && one.layer == mark.layer;
        let start = self
            .of(mark.layer, COMMAND)
            .find(|command| command.scope == mark.scope);
        let command = start.and_then(|start| start.value.as_text());
        let is_of_unit = |unit: &UnitFacts| {
            let stem = unit.name.trim_end_matches(".service").trim_end_matches('@');
            command.is_some_and(|command| command.contains("systemctl") && command.contains(stem))
        };
        if known.iter().any(is_it) || units.iter().any(is_of_unit) {
            return None;
        }
        Some(KnownSidekiq {
            name,
            layer: mark.layer,
            command: command.map(str::to_owned),
            is_certain: false,
            from: start.map_or_else(|| mark.from.clone(), |start| start.from.clone()),
        })
    }

    /// The limits that cut a whole drain short: that of Kubernetes, where the drain is `preStop`.
    pub(super) fn limits(&self, stoppers: &[Stopper]) -> Vec<DeployLimit> {
        let drains = |l: &LocatedSetting| {
            l.value
                .as_text()
                .is_some_and(|text| text.contains("drainboard"))
        };
        let mut limits = Vec::new();
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

/// The settings of supervisors whose commands stop or signal what they watch.
const WATCHERS: &[&str] = &[
    monit::STOP,
    monit::RESTART,
    monit::EXEC,
    watched::OWN_STOP,
    watched::STOP_SIGNALS,
    watched::STOP_COMMAND,
    watched::RESTART_COMMAND,
];

/// Whether a command itself runs Sidekiq, and not a script or a task whose name alone says so.
fn names_sidekiq(command: &str) -> bool {
    CommandLine::read(command).is_some_and(|line| line.opaque.is_none())
}

/// The command of a script without the script around it: `SCRIPT { COMMAND }`.
fn inside(text: &str) -> &str {
    let within = text.split_once(" { ");
    within
        .and_then(|(_, rest)| rest.strip_suffix(" }"))
        .unwrap_or(text)
}
