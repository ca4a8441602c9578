//! Places that may say how a Sidekiq is stopped and that nothing here reads: what is known of each
//! is one row. A file counts only if it names Sidekiq, so that no other program's is remarked.

use super::script;
use super::tool::SeenFile;
use super::value::{FilePlace, Reading};

/// A kind of file that is not read.
struct UnreadKind {
    /// Its name in a sentence, and what it does at a stop where nothing else is written.
    says: &'static str,
    is_one: fn(&SeenFile<'_>) -> bool,
}

/// The kinds.
const KINDS: &[UnreadKind] = &[
    UnreadKind {
        says: "pm2 sends INT, and KILL after kill_timeout (1.6 s unless it is set)",
        is_one: |file| {
            let is_named = file.stem.contains("ecosystem") || file.stem.contains("pm2");
            let may_be = file.ends(&[".js", ".cjs", ".json"]) || file.is_yaml();
            may_be && is_named && (file.has("apps"))
        },
    },
    UnreadKind {
        says: "AWS task definitions in Terraform or CloudFormation kill after stopTimeout (30 s unless it is set)",
        is_one: |file| {
            let is_terraform = file.ends(&[".tf", ".tf.json"])
                && (file.has("container_definitions") || file.has("aws_ecs_task_definition"));
            is_terraform || !file.ends(&[".rb", ".md"]) && file.has("AWS::ECS::TaskDefinition")
        },
    },
    UnreadKind {
        says: "Kubernetes objects in Terraform kill after termination_grace_period_seconds (30 s unless it is set)",
        is_one: |file| {
            let kinds = ["deployment", "stateful_set", "manifest", "pod"];
            let has = |kind: &str| file.has(&format!("kubernetes_{kind}"));
            file.ends(&[".tf"]) && kinds.iter().any(|kind| has(kind))
        },
    },
    UnreadKind {
        says: "AWS Copilot's tasks are killed 30 s after TERM unless an override says more",
        is_one: |file| file.is_yaml() && file.path.contains("copilot/"),
    },
    UnreadKind {
        says: "Elastic Beanstalk stops it by what this file sets up",
        // Many only name the log of a Sidekiq.
        is_one: |file| {
            let acts = ["[Service]", "exec sidekiq", "initctl", "kill", "systemctl"];
            let in_folder =
                file.path.contains(".ebextensions/") || file.path.contains(".platform/");
            in_folder && !script::is_one(file) && acts.iter().any(|word| file.has(word))
        },
    },
    UnreadKind {
        says: "DigitalOcean's App Platform kills after termination.grace_period_seconds (120 s unless it is set)",
        is_one: |file| file.is_yaml() && file.path.contains(".do/"),
    },
    UnreadKind {
        says: "Railway kills after its draining time (none unless drainingSeconds is set)",
        is_one: |file| file.stem.starts_with("railway."),
    },
    UnreadKind {
        says: "Convox kills after termination.grace (30 s unless it is set)",
        is_one: |file| file.stem.starts_with("convox."),
    },
    UnreadKind {
        says: "Cloud Run kills 10 s after TERM, and App Engine by its own rules",
        is_one: |file| {
            file.is_yaml()
                && (file.stem.starts_with("app.") && file.has("runtime:")
                    || file.has("serving.knative.dev/"))
        },
    },
    UnreadKind {
        says: "process-compose kills after shutdown.timeout_seconds (10 s unless it is set)",
        is_one: |file| file.is_yaml() && file.stem.starts_with("process-compose"),
    },
    UnreadKind {
        says: "a service of OpenRC or of System V is stopped by what its script says",
        is_one: |file| {
            let first = file.text().lines().next().unwrap_or_default();
            first.contains("openrc-run") || first.contains("runscript")
        },
    },
    UnreadKind {
        says: "Platform.sh stops it by its own rules",
        is_one: |file| file.is_yaml() && file.stem.starts_with(".platform.app"),
    },
    UnreadKind {
        says: "launchd kills after ExitTimeOut (20 s unless it is set)",
        is_one: |file| file.ends(&[".plist"]),
    },
    UnreadKind {
        says: "Puppet, Chef, Ansible or Salt writes the unit from this code",
        is_one: |file| {
            let is_chef = file.ends(&[".rb"]) && !file.path.contains("deploy");
            let is_yaml = file.path.contains("tasks/") || file.path.contains("playbook");
            let writes = file.has("[Service]") || file.has("systemd::unit_file");
            is_chef && file.has("systemd_unit ")
                || writes && (file.ends(&[".pp", ".sls"]) || file.is_yaml() && is_yaml)
        },
    },
];

/// Whether a file is of a kind that is not read, and names Sidekiq.
pub(super) fn is_one(file: &SeenFile<'_>) -> bool {
    names_sidekiq(file.text()) && KINDS.iter().any(|kind| (kind.is_one)(file))
}

fn names_sidekiq(text: &str) -> bool {
    text.contains("sidekiq")
}

/// Says so, at the first line that names Sidekiq.
pub(super) fn read(path: &str, text: &str) -> Reading {
    let mut reading = Reading::default();
    let seen = SeenFile::new(path, text);
    let kind = KINDS.iter().find(|kind| (kind.is_one)(&seen));
    let line = text.lines().position(names_sidekiq);
    let place = line.map_or_else(
        || FilePlace::whole(path),
        |line| FilePlace::new(path, line + 1),
    );
    if let Some(kind) = kind {
        let says = kind.says;
        reading.not_read(place, format!("this file starts or stops a Sidekiq, as it seems, and drainboard does not read its kind: {says}"));
    }
    reading
}
