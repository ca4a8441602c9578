//! The rows of supervisors that watch a process from outside, of scripts and lists of commands, and of the
//! places that nothing reads.

use super::super::layer::Layer;
use super::super::tool::Tool;
use super::super::{environment, monit, quadlet, s6, script, steps, unread, watched};

pub(super) const MONIT: Tool = Tool::row(Layer::Monit, "monit", "Monit", 7)
    .at(&[
        "**/*monitrc*",
        "**/*.monit*",
        "**/monit/**/*",
        "**/monit.d/**/*",
        "lib/**/*monit*",
    ])
    .files(monit::is_one, monit::read);

pub(super) const GOD: Tool = Tool::row(Layer::God, "god", "god", 7)
    .at(&[
        "**/*.god*",
        "**/god/**/*.rb",
        "config/god*.rb",
        "lib/**/*.god*",
    ])
    .files(|file| file.has("God.watch"), watched::god);

pub(super) const EYE: Tool = Tool::row(Layer::Eye, "eye", "Eye", 7)
    .at(&[
        "**/*.eye*",
        "**/eye/**/*.rb",
        "config/eye*.rb",
        "Eyefile",
        "lib/**/*.eye*",
    ])
    .files(
        |file| file.has("Eye.app") || file.ends(&[".eye"]),
        watched::eye,
    );

pub(super) const BLUEPILL: Tool = Tool::row(Layer::Bluepill, "bluepill", "Bluepill", 7)
    .at(&["**/*.pill*", "**/*bluepill*", "lib/**/*.pill*"])
    .files(
        |file| file.has("Bluepill.application") || file.ends(&[".pill"]),
        watched::bluepill,
    );

pub(super) const S6: Tool = Tool::row(Layer::S6, "s6", "s6", 7)
    .at(&[
        "**/s6*/**/timeout-kill",
        "**/s6*/**/down-signal",
        "**/service*/*/timeout-kill",
        "**/service*/*/down-signal",
        "**/sv/*/timeout-kill",
        "**/sv/*/down-signal",
    ])
    .files(
        |file| matches!(file.stem, s6::TIMEOUT_KILL | s6::DOWN_SIGNAL),
        s6::read,
    )
    .stops(
        Layer::Script,
        &[(s6::TIMEOUT_KILL, Some("{}000"))],
        Some(s6::DOWN_SIGNAL),
    );

pub(super) const SCRIPT: Tool = Tool::row(Layer::Script, "script", "script", 3)
    .at(&[
        "**/*.sh*",
        "**/*.bash",
        "**/bin/*",
        "**/script*/**/*",
        "**/*entrypoint*",
        "docker/**/*",
        "**/sv/*/run*",
        "**/runit/**/run*",
        "**/service/*/run*",
        "**/sv/*/control/*",
        "**/runit/**/control/*",
        "**/service/*/control/*",
        "**/services.d/*/run*",
        "**/s6-rc.d/*/run*",
        ".kamal/hooks/*",
        ".platform/*hooks/**/*",
    ])
    .files(script::is_one, script::read);

pub(super) const QUADLET: Tool = Tool::row(Layer::Quadlet, "quadlet", "Podman Quadlet", 7)
    .at(&["**/*.container*"])
    .files(
        |file| file.ends(&[".container"]) && file.has("[Container]"),
        quadlet::read,
    )
    .stops(
        Layer::Quadlet,
        &[
            (quadlet::STOP_TIMEOUT, Some("StopTimeout={}")),
            (quadlet::LIMIT, Some("TimeoutStopSec={}")),
        ],
        Some(quadlet::STOP_SIGNAL),
    );

pub(super) const STEPS: Tool = Tool::row(Layer::Steps, "steps", "a list of commands", 7)
    .at(&[
        ".gitlab-ci.yml",
        ".github/workflows/*.y*ml",
        ".circleci/*.y*ml",
        ".buildkite/*.y*ml",
        ".semaphore/*.y*ml",
        ".gitlab/**/*.y*ml",
        "Jenkinsfile",
        "*akefile",
        "*.mk",
        "*ustfile",
        "Taskfile.y*ml",
        "*-pipelines.yml",
        "buildspec.yml",
        "cloudbuild.yaml",
        "**/tasks/*.y*ml",
        "**/handlers/*.y*ml",
        "**/*playbook*.y*ml",
        "**/*playbook*/**/*.y*ml",
    ])
    .files(steps::is_one, steps::read);

/// No file is of it by its name: units name those that are.
pub(super) const ENVIRONMENT: Tool =
    Tool::row(Layer::Environment, "environment", "a file of variables", 3)
        .files(|_| false, environment::read);

pub(super) const UNREAD: Tool = Tool::row(Layer::Unread, "unread", "a place without a reader", 7)
    .at(&[
        "*ecosystem*.js",
        "*ecosystem*.cjs",
        "*ecosystem*.json",
        "config/*ecosystem*.js",
        "*pm2*.json",
        "**/*.tf",
        "**/*.tf.json",
        "**/*cloudformation*/**/*",
        "**/*cfn*/**/*",
        "**/template.y*ml",
        "copilot/**/*.y*ml",
        ".ebextensions/**/*",
        ".platform/**/*",
        ".platform.app.y*ml",
        ".do/**/*.y*ml",
        "railway.*",
        "convox*.y*ml",
        "app.y*ml",
        "process-compose*.y*ml",
        "**/init.d/*",
        "**/*.initd*",
        "**/*openrc*/**/*",
        "**/*.plist*",
        "**/*.pp",
        "**/*.sls",
        "**/recipes/*.rb",
        "**/tasks/*.y*ml",
        "**/*playbook*.y*ml",
        "**/*playbook*/**/*.y*ml",
    ])
    .files(unread::is_one, unread::read);
