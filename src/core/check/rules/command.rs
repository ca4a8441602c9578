//! D52 to D55 and D59: commands of units, hooks and deploy tasks that kill Sidekiq, that cannot
//! work, that take a time which is not written anywhere, or longer than they are given.

use super::super::facts::{Facts, GemTasks};
use super::super::finding::{Rule, RuleRun, Severity};
use super::super::stop_command::{AfterTerm, Runner, StopCommand};
use super::{MARGIN, each_unit, number};
use crate::core::check::acts::{Receiver, ShellAct};
use crate::core::layers::FilePlace;
use crate::core::sequence::{DEFAULT_SEQUENCE, Sequence, Signal, Version};

/// The rows.
pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "D52",
        severity: Severity::Error,
        condition: "a command kills Sidekiq, and nothing has asked it to stop",
        message: "`{command}` ({who}) sends KILL{when}: {then}. {advice}.",
        explanation: "KILL cannot be handled. Only TERM makes Sidekiq push its jobs back, after its timeout (-t). ExecStop and preStop run before the TERM of systemd and Kubernetes, so a KILL there comes first.",
        source: "signal(7); systemd.service(5); Kubernetes API, Lifecycle",
        decide: command_kills,
    },
    Rule {
        id: "D53",
        severity: Severity::Warning,
        condition: "a command calls sidekiqctl, which Sidekiq 6.0 removed",
        message: "{what}: sidekiqctl was removed in Sidekiq 6.0 ({version}). {so}.",
        explanation: "`sidekiqctl quiet` and `sidekiqctl stop` came with Sidekiq until 5.x. From 6.0 on such a line fails each time, and scripts often pass over the failure.",
        source: "Sidekiq docs/6.0-Upgrade.md; commit 890dce58",
        decide: sidekiqctl_is_gone,
    },
    Rule {
        id: "D54",
        severity: Severity::Warning,
        condition: "a command of unknown length runs before TERM, or between TERM and KILL",
        message: "{who}: how long `{command}` takes is not known{limit}.",
        explanation: "What runs in ExecStop or preStop goes by before TERM. Kubernetes takes it from the grace period, systemd cuts it off after TimeoutStopSec. What such a command does to Sidekiq was not read. Of a script that kills after such a command nothing says whether it waits long enough.",
        source: "Kubernetes API, Lifecycle; systemd.service(5)",
        decide: length_is_not_known,
    },
    Rule {
        id: "D55",
        severity: Severity::Warning,
        condition: "capistrano-sidekiq 2.0 or later is loaded, and its tasks are not installed",
        message: "The Capfile loads capistrano-sidekiq {version} without {missing}: a deploy neither quiets nor stops Sidekiq. Add that line.",
        explanation: "From 2.0 on the gem does nothing until `install_plugin Capistrano::Sidekiq` and a plugin for the service manager, such as `install_plugin Capistrano::Sidekiq::Systemd`, stand in the Capfile.",
        source: "capistrano-sidekiq README, Setup; issue 277",
        decide: tasks_are_not_installed,
    },
    Rule {
        id: "D59",
        severity: Severity::Warning,
        condition: "a drain in ExecStop may outlast TimeoutStopSec, and systemd does not hear it ask for more",
        message: "{unit}: the drain in ExecStop takes up to {whole} s, and systemd cuts it off after {S} s: TERM comes in its middle. With Type=notify and NotifyAccess=exec drainboard asks systemd for the time it needs; without, set TimeoutStopSec={need}.",
        explanation: "drainboard sends EXTEND_TIMEOUT_USEC while it drains. systemd takes that from ExecStop only where the unit is Type=notify (or notify-reload) and NotifyAccess is exec or all; else TimeoutStopSec holds for the whole of ExecStop. A daemon-reload meanwhile makes systemd forget the time that it gave: a TimeoutStopSec longer than the plan is the safer way.",
        source: "systemd.service(5), NotifyAccess; sd_notify(3); measured on systemd 252",
        decide: drain_outlasts,
    },
];

fn no_command(facts: &Facts, ruling: &mut RuleRun<'_>) {
    if facts.commands.is_empty() {
        ruling.undecided("no command that stops Sidekiq is known");
    }
}

fn command_kills(facts: &Facts, ruling: &mut RuleRun<'_>) {
    no_command(facts, ruling);
    for command in &facts.commands {
        for sent in command.signals(facts.sidekiq.version) {
            if sent.signal != Signal::Kill || sent.after_term != AfterTerm::NoTerm {
                continue;
            }
            let is_kept = sent.to.is_some_and(Receiver::is_first_of_container)
                && matches!(command.runner, Runner::PreStop(_));
            let when = match sent.at {
                Some(at) if at.is_zero() => " at once".to_string(),
                Some(at) => format!(" after {} s", number(at)),
                None => String::new(),
            };
            let is_beside = matches!(
                command.runner,
                Runner::ExecStartPre(_) | Runner::ExecStopPost(_)
            );
            let (severity, then) = if is_beside {
                (
                    Severity::Warning,
                    "each time it takes every other Sidekiq of this host with all its jobs",
                )
            } else if is_kept {
                (
                    Severity::Warning,
                    "the kernel keeps it from the first process of a container (pid_namespaces(7)), so it does nothing",
                )
            } else {
                (
                    Severity::Error,
                    "Sidekiq cannot push back what runs, and those jobs are lost",
                )
            };
            let values: [(&str, &dyn std::fmt::Display); 5] = [
                ("command", &sent.command),
                ("who", &command.runner),
                ("when", &when),
                ("then", &then),
                ("advice", &instead(&command.runner)),
            ];
            ruling.fires_as(severity, Some(sent.place), &values);
        }
    }
}

/// Advice: the act to use in the place of a KILL.
fn instead(runner: &Runner) -> &'static str {
    match runner {
        Runner::ExecStartPre(_) | Runner::ExecStopPost(_) => {
            "systemd has ended what was left of this unit: leave it out"
        }
        Runner::ExecStop(_) => "systemd sends TERM by itself: leave ExecStop out",
        Runner::ExecReload(_) => "To quiet Sidekiq send TSTP",
        Runner::PreStop(_) => "Kubernetes sends TERM after it: send TSTP, or leave it out",
        Runner::Task(_) | Runner::Script(_) | Runner::Watcher { .. } => {
            "Send TERM, and wait for Sidekiq's timeout and 5 s"
        }
    }
}

fn sidekiqctl_is_gone(facts: &Facts, ruling: &mut RuleRun<'_>) {
    no_command(facts, ruling);
    let version = match facts.sidekiq.version {
        Some(version) if version.major < 6 => return,
        Some(version) => format!("here: {version}"),
        None => "the version here is not known".into(),
    };
    let mut told: Vec<(&StopCommand, &FilePlace)> = Vec::new();
    for command in &facts.commands {
        for (act, place) in command.acts() {
            let ShellAct::Sidekiqctl { command: text, .. } = act else {
                continue;
            };
            told.push((command, place));
            let what = format!("`{text}` ({}) cannot work", command.runner);
            let so = match &command.runner {
                Runner::ExecStop(_) => "It fails each time: only systemd's own TERM stops Sidekiq",
                Runner::ExecStartPre(_)
                | Runner::ExecStopPost(_)
                | Runner::ExecReload(_)
                | Runner::PreStop(_) => "It fails each time: nothing is quieted",
                Runner::Task(_) | Runner::Script(_) | Runner::Watcher { .. } => {
                    "It fails each time: nothing is quieted or stopped by it"
                }
            };
            ruling.fires(
                Some(place),
                &[("what", &what), ("version", &version), ("so", &so)],
            );
        }
    }
    if let Some((gem, place)) = &facts.deploy.capistrano_sidekiq
        && *gem < Version::new(2, 0, 0)
        && facts.sidekiq.version.is_some()
        && facts.deploy.gem_tasks == Some(GemTasks::Loaded)
    {
        let what = format!("capistrano-sidekiq {gem} quiets and stops by sidekiqctl");
        let so = "Its tasks do nothing: a deploy neither quiets nor stops Sidekiq";
        ruling.fires(
            Some(place),
            &[("what", &what), ("version", &version), ("so", &so)],
        );
    }
}

/// A script or a task that sends KILL at a time after TERM which is not known: whether that is late
/// enough is for its owner to say.
fn kill_comes_at_some_time(facts: &Facts, command: &StopCommand, ruling: &mut RuleRun<'_>) {
    let sent = command.signals(facts.sidekiq.version).into_iter();
    let mut late = sent.filter(|sent| sent.after_term == AfterTerm::Unknown);
    let kill = late.find(|sent| sent.signal == Signal::Kill);
    if let (Some(kill), Err(unknown)) = (kill, command.length()) {
        let values: [(&str, &dyn std::fmt::Display); 3] = [
            ("who", &command.runner),
            ("command", &unknown),
            ("limit", &format!(", and `{}` comes after it", kill.command)),
        ];
        ruling.fires_as(Severity::Info, Some(kill.place), &values);
    }
}

fn length_is_not_known(facts: &Facts, ruling: &mut RuleRun<'_>) {
    no_command(facts, ruling);
    for command in &facts.commands {
        let mut severity = ruling.severity();
        let limit = match &command.runner {
            Runner::PreStop(container) => facts
                .stoppers
                .iter()
                .find(|stopper| stopper.scope == *container)
                .and_then(|stopper| stopper.limit.value.span())
                .map_or_else(String::new, |span| {
                    format!(
                        "; it is taken from the {} s that Kubernetes waits before KILL",
                        number(span)
                    )
                }),
            Runner::ExecStop(_) => ", and what it does to Sidekiq was not read".to_string(),
            // Nothing else stops what is watched.
            Runner::Watcher { .. } => {
                match (command.stops_a_unit(), facts.units.is_empty()) {
                    (true, false) => continue,
                    (true, true) => severity = Severity::Info,
                    (false, _) => {}
                }
                ", and what it does to Sidekiq was not read".to_string()
            }
            Runner::Task(_) | Runner::Script(_) => {
                kill_comes_at_some_time(facts, command, ruling);
                continue;
            }
            Runner::ExecStartPre(_) | Runner::ExecStopPost(_) | Runner::ExecReload(_) => continue,
        };
        // A drain of ours says itself how long it takes.
        let drains = command
            .acts()
            .any(|(act, _)| matches!(act, ShellAct::Drains { .. }));
        if let Err(unknown) = command.length()
            && !drains
        {
            ruling.fires_as(
                severity,
                command.place(),
                &[
                    ("who", &command.runner),
                    ("command", &unknown),
                    ("limit", &limit),
                ],
            );
        }
    }
}

fn tasks_are_not_installed(facts: &Facts, ruling: &mut RuleRun<'_>) {
    let Some((version, _)) = &facts.deploy.capistrano_sidekiq else {
        return ruling.undecided("the version of capistrano-sidekiq is not known");
    };
    if *version < Version::new(2, 0, 0) {
        return;
    }
    match &facts.deploy.gem_tasks {
        Some(GemTasks::Missing { place, missing }) => {
            ruling.fires(Some(place), &[("version", version), ("missing", missing)]);
        }
        Some(GemTasks::Loaded | GemTasks::NotLoaded) => {}
        None => ruling.undecided("no Capfile was read"),
    }
}

fn drain_outlasts(facts: &Facts, ruling: &mut RuleRun<'_>) {
    each_unit(facts, ruling, |unit, ruling| {
        let behaviour = unit.behaviour();
        let drain = behaviour.before.acts().find_map(|(act, place)| {
            let ShellAct::Drains { sequence } = act else {
                return None;
            };
            Some((sequence.as_deref(), place))
        });
        let (Some((given, place)), Some(limit)) = (drain, unit.stop_limit().span()) else {
            return;
        };
        if unit.hears_its_exec_stop() {
            return;
        }
        let stated = facts.sequences.first().map(|stated| stated.text.as_str());
        let text = given.or(stated).unwrap_or(DEFAULT_SEQUENCE);
        let Ok(sequence) = text.parse::<Sequence>() else {
            return ruling.undecided(format!("`{text}` is no stop sequence"));
        };
        let whole = sequence.whole();
        if whole + MARGIN > limit {
            ruling.fires(
                Some(place),
                &[
                    ("unit", &unit.name),
                    ("whole", &number(whole)),
                    ("S", &number(limit)),
                    ("need", &number(whole + MARGIN)),
                ],
            );
        }
    });
}
