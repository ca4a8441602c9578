//! Every place where a setting of a stop is written, one row each: which files it has, what reads
//! them, which of its settings say how long it waits. A new tool is a new row and a reader.

mod questions;
mod watchers;

use super::layer::Layer;
use super::paths::{chart_of, unit};
use super::tool::{SeenFile, Tool};
use super::{
    cloud66, command_line, compose, deploy_rb, dockerfile, ecs, fly, foreman, gemfile_lock, heroku,
    initializer, job_class, kamal, kubernetes, nested, nomad, procfile, render, sidekiq_yml,
    supervisord, systemd_show, systemd_unit, upstart,
};

/// The rows, in the order of [`Layer`].
pub static TOOLS: [Tool; Layer::Unread as usize + 1] = [
    Tool::row(Layer::Given, "given", "drainboard", 0),
    Tool::row(Layer::CommandLine, "command_line", "command line", 3)
        .waits(&[command_line::TIMEOUT]),
    Tool::row(Layer::Heroku, "heroku", "Heroku", 7)
        .at(&["app.json", "heroku.yml"])
        .files(
            |file| matches!(file.stem, "app.json" | "heroku.yml"),
            heroku::read,
        )
        .stops(Layer::Procfile, &[(heroku::KILL_AFTER, None)], None),
    Tool::row(Layer::GemfileLock, "gemfile_lock", "Gemfile.lock", 7)
        .at(&["Gemfile.lock", "gems.locked"])
        .files(
            |file| matches!(file.stem, "Gemfile.lock" | "gems.locked"),
            gemfile_lock::read,
        ),
    Tool::row(Layer::Procfile, "procfile", "Procfile", 3)
        .at(&["Procfile*", "config/Procfile*", "**/Procfile.*"])
        .files(
            |file| file.stem == "Procfile" || file.stem.starts_with("Procfile."),
            procfile::read,
        ),
    Tool::row(Layer::SystemdLoaded, "systemd_loaded", "systemd", 6)
        .files(
            |file| file.path.starts_with("systemctl show"),
            |file, text| systemd_show::read(file.rsplit(' ').next().unwrap_or(file), text),
        )
        .waits(&["TimeoutStopSec", "TimeoutAbortSec"]),
    Tool::row(Layer::Systemd, "systemd", "systemd", 5)
        .at(&[
            "**/*.service*",
            "**/*.service.d/*.conf*",
            "lib/**/*.service*",
        ])
        .files(|file| unit(file.path).is_some(), systemd_unit::read)
        .waits(&["TimeoutStopSec", "TimeoutAbortSec"]),
    Tool::row(Layer::Kubernetes, "kubernetes", "Kubernetes", 7)
        .files(
            |file| {
                let is_json = file.ends(&[".json"]) && file.has("\"apiVersion\"");
                if is_json && file.has("\"kind\"") {
                    return true;
                }
                let is_manifest = file.has("apiVersion:") && file.has("kind:");
                let is_chart = matches!(file.stem, "kustomization.yaml" | "kustomization.yml")
                    || kubernetes::is_values(file.path)
                    || chart_of(file.path).is_some() && !is_template_of_another_tool(file);
                file.is_yaml() && (is_manifest || is_chart)
            },
            kubernetes::read,
        )
        .at(KUBERNETES)
        .together(kubernetes::read_together)
        .stops(
            Layer::Kubernetes,
            &[(kubernetes::GRACE, Some("terminationGracePeriodSeconds: {}"))],
            None,
        )
        .waits(&[kubernetes::PRE_STOP_SLEEP]),
    Tool::row(Layer::Cloud66, "cloud66", "Cloud 66", 1)
        .files(
            |file| {
                let is_named = file.path.contains(".cloud66/") || file.has("procfile_metadata:");
                file.is_yaml() && !file.stem.contains("compose") && is_named
            },
            cloud66::read,
        )
        .at(&[".cloud66/*.yml", ".cloud66/*.yaml", "cloud66/*.yml"])
        .waits(&[cloud66::STOP_SEQUENCE, cloud66::STOP_SEQUENCE_LIST]),
    Tool::row(Layer::Kamal, "kamal", "Kamal", 7)
        .files(
            |file| {
                let is_named = file.path.contains("config/deploy") || file.has("servers:");
                let others = file.has("services:") || file.has("apiVersion:");
                file.is_yaml() && file.stem.starts_with("deploy") && is_named && !others
            },
            kamal::read,
        )
        .at(&["config/deploy*.y*ml*"])
        .together(kamal::read_together)
        .stops(
            Layer::Kamal,
            &[
                (kamal::STOP_TIMEOUT, Some("stop_timeout: {}")),
                (kamal::STOP_WAIT_TIME, Some("stop_wait_time: {}")),
                (kamal::DRAIN_TIMEOUT, Some("drain_timeout: {}")),
                (kamal::ACCESSORY, Some("options: {stop-timeout: {}}")),
            ],
            Some(compose::STOP_SIGNAL),
        ),
    Tool::row(Layer::SidekiqYml, "sidekiq_yml", "sidekiq.yml", 4)
        .files(
            |file| {
                let has_keys = file.has("concurrency:") || file.has("queues:");
                let is_named = file.stem.contains("sidekiq");
                file.is_yaml()
                    && !file.stem.contains("compose")
                    && (is_named || has_keys && !file.has("services:"))
            },
            sidekiq_yml::read,
        )
        .at(&[
            "*sidekiq*.y*ml*",
            "config/*sidekiq*.y*ml*",
            "config/*sidekiq*/**/*.y*ml*",
        ])
        .waits(&[sidekiq_yml::TIMEOUT, sidekiq_yml::IN_CAPSULE]),
    Tool::row(Layer::Compose, "compose", "Docker Compose", 7)
        .files(
            |file| {
                let names_files = || file.has("COMPOSE_FILE=");
                if file.stem == compose::ENVIRONMENT && names_files() {
                    return true;
                }
                let is_named = file.stem.contains("compose");
                let has_services = file.has("services:") && !file.stem.starts_with("render");
                file.is_yaml() && (is_named || has_services)
            },
            compose::read,
        )
        .at(&["**/*compose*.y*ml*", "**/*stack*.y*ml*", ".env"])
        .together(compose::read_together)
        .stops(
            Layer::Compose,
            &[(compose::STOP_GRACE_PERIOD, Some("stop_grace_period: {}s"))],
            Some(compose::STOP_SIGNAL),
        ),
    Tool::row(Layer::Capistrano, "capistrano", "Capistrano", 1)
        .files(
            |file| {
                let in_deploy = file.path.contains("deploy");
                file.stem == "Capfile" || file.ends(&[".rake"]) || file.ends(&[".rb"]) && in_deploy
            },
            deploy_rb::read,
        )
        .at(&[
            "Capfile",
            "config/deploy.rb",
            "config/deploy/**/*.rb",
            "config/deploy/**/*.rake",
            "deploy/**/*.rb",
            "deploy/**/*.rake",
            "lib/capistrano/**/*.rake",
            "lib/capistrano/**/*.rb",
            "lib/tasks/**/*.rake",
            "Rakefile",
        ])
        .waits(&[deploy_rb::SIDEKIQ_TIMEOUT]),
    Tool::row(Layer::Initializer, "initializer", "initializer", 2)
        .files(
            |file| {
                let in_folder = file.path.contains("initializers/");
                let assigns = file.has("[:timeout]") && (in_folder || file.has("Sidekiq"));
                file.ends(&[".rb"])
                    && (assigns
                        || file.has(initializer::EMBEDDED)
                        || in_folder && file.has("Sidekiq") && !has_job_class(file))
            },
            initializer::read,
        )
        .at(&[
            "config/initializers/**/*.rb",
            "*.rb",
            "config/*.rb",
            "config/environments/*.rb",
            "lib/**/*sidekiq*.rb",
            "lib/puma/**/*.rb",
        ])
        .waits(&[initializer::TIMEOUT, initializer::IN_CLIENT]),
    Tool::row(Layer::JobClass, "job_class", "job class", 7)
        .at(&[
            "app/jobs/**/*.rb",
            "app/sidekiq/**/*.rb",
            "app/workers/**/*.rb",
        ])
        .files(
            |file| file.ends(&[".rb"]) && has_job_class(file),
            job_class::read,
        ),
    Tool::row(Layer::Nomad, "nomad", "Nomad", 7)
        .at(&["**/*.nomad*", "**/*.hcl*"])
        .files(|file| file.ends(&[".nomad", ".hcl"]), nomad::read)
        .stops(
            Layer::Nomad,
            &[(nomad::KILL_TIMEOUT, Some("kill_timeout = \"{}s\""))],
            Some(nomad::KILL_SIGNAL),
        ),
    Tool::row(Layer::Supervisord, "supervisord", "supervisord", 7)
        .files(
            |file| file.ends(&[".conf", ".ini"]) && file.has("[program:"),
            supervisord::read,
        )
        .at(&[
            "**/*.conf*",
            "**/*supervisor*.ini*",
            "**/supervisor*/**/*.ini*",
        ])
        .stops(
            Layer::Supervisord,
            &[
                (supervisord::STOP_WAIT_SECONDS, Some("stopwaitsecs={}")),
                (nested::OUTER, None),
            ],
            Some(supervisord::STOP_SIGNAL),
        ),
    Tool::row(Layer::Upstart, "upstart", "upstart", 7)
        .files(
            |file| {
                let words = ["start on", "kill timeout", "respawn"];
                let is_named = file.ends(&[".conf"]) && !file.has("check process");
                is_named && words.iter().any(|word| file.has(word))
            },
            upstart::read,
        )
        .stops(
            Layer::Upstart,
            &[(upstart::KILL_TIMEOUT, Some("kill timeout {}"))],
            Some(upstart::KILL_SIGNAL),
        ),
    Tool::row(Layer::Fly, "fly", "Fly.io", 7)
        .at(&["fly*.toml*", "config/fly*.toml*"])
        .files(
            |file| file.ends(&[".toml"]) && file.stem.starts_with("fly"),
            fly::read,
        )
        .stops(
            Layer::Fly,
            &[(fly::KILL_TIMEOUT, Some("kill_timeout = {}"))],
            Some(fly::KILL_SIGNAL),
        ),
    Tool::row(Layer::Render, "render", "Render", 7)
        .at(&["render*.y*ml*"])
        .files(
            |file| file.is_yaml() && file.stem.starts_with("render"),
            render::read,
        )
        .stops(
            Layer::Render,
            &[(render::DELAY, Some("maxShutdownDelaySeconds: {}"))],
            None,
        ),
    Tool::row(Layer::Ecs, "ecs", "ECS", 7)
        .at(&[
            "**/*task*def*.json*",
            "**/*ecs*/**/*.json*",
            "**/*ecs*.json*",
        ])
        .files(
            |file| file.ends(&[".json"]) && file.has("containerDefinitions"),
            ecs::read,
        )
        .stops(
            Layer::Ecs,
            &[(ecs::STOP_TIMEOUT, Some("\"stopTimeout\": {}"))],
            None,
        ),
    Tool::row(Layer::Dockerfile, "dockerfile", "Dockerfile", 3)
        .at(&["**/*Dockerfile*", "**/Containerfile*"])
        .files(
            |file| {
                ["Dockerfile", "Containerfile"]
                    .iter()
                    .any(|name| file.stem.contains(name))
            },
            dockerfile::read,
        ),
    watchers::SCRIPT,
    Tool::row(Layer::Foreman, "foreman", "foreman", 7)
        .at(&[".foreman", ".overmind.env", ".env"])
        .files(foreman::is_one, foreman::read)
        .stops(
            Layer::Procfile,
            &[
                (foreman::TIMEOUT, Some("--timeout {}")),
                (nested::OUTER, None),
            ],
            None,
        ),
    watchers::MONIT,
    watchers::GOD,
    watchers::EYE,
    watchers::BLUEPILL,
    watchers::S6,
    watchers::QUADLET,
    watchers::STEPS,
    watchers::ENVIRONMENT,
    watchers::UNREAD,
];

/// Where manifests of Kubernetes, charts and overlays usually stand.
const KUBERNETES: &[&str] = &[
    "*k8s*.y*ml*",
    "**/*k8s*/**/*.y*ml*",
    "**/*kube*/**/*.y*ml*",
    "**/*k8s*/**/*.json",
    "**/*kube*/**/*.json",
    "**/manifests/**/*.json",
    "**/*chart*/**/*.y*ml*",
    "**/*helm*/**/*.y*ml*",
    "**/*kustom*/**/*.y*ml*",
    "**/*openshift*/**/*.y*ml*",
    "**/manifests/**/*.y*ml*",
    "**/templates/**/*.y*ml*",
    "**/overlays/**/*.y*ml*",
    "**/base/**/*.y*ml*",
    "**/deploy*/**/*.y*ml*",
    "**/infra*/**/*.y*ml*",
    "**/ops/**/*.y*ml*",
    "**/kustomization.y*ml",
    "**/values*.y*ml*",
];

/// A row that stands in another place than its layer does not compile.
const _: () = {
    let mut index = 0;
    while index < TOOLS.len() {
        assert!(TOOLS[index].layer as usize == index);
        index += 1;
    }
};

/// Whether a YAML file of a folder `templates` is no part of a chart: roles of Ansible have such
/// folders, too.
fn is_template_of_another_tool(file: &SeenFile<'_>) -> bool {
    let text = file.text();
    let is_compose = text.starts_with("services:") || text.contains("\nservices:");
    is_compose || file.stem.contains("sidekiq") && file.has("concurrency:")
}

fn has_job_class(file: &SeenFile<'_>) -> bool {
    file.has("Sidekiq::Worker") || file.has("Sidekiq::Job") || file.path.contains("app/")
}

impl Tool {
    /// The row that a file belongs to; `None` if no reader is for it. Those that are known by more
    /// than a name go first.
    pub fn of(path: &str, text: &str) -> Option<&'static Self> {
        let seen = SeenFile::new(path, text);
        let first = [Layer::Unread.tool(), Layer::Steps.tool()];
        let mut all = first.into_iter().chain(&TOOLS);
        all.find(|tool| (tool.fits)(&seen))
    }
}
