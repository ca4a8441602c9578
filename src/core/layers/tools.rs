//! Every place where a setting of a stop is written, one row each: which files it has, what reads
//! them, which of its settings say how long it waits. A new tool is a new row and a reader.

use super::tool::{Layer, Seen, Tool, unit};
use super::value::Reading;
use super::{
    app_json, cloud66, command_line, compose, deploy_rb, gemfile_lock, initializer, job_class,
    kamal, kubernetes, nomad, procfile, sidekiq_yml, supervisord, systemd_show, systemd_unit,
    upstart,
};

/// The rows, in the order of [`Layer`].
pub static TOOLS: [Tool; Layer::Upstart as usize + 1] = [
    Tool::row(Layer::Given, "given", "drainboard", 0),
    Tool::row(Layer::CommandLine, "command_line", "command line", 3)
        .waits(&[command_line::TIMEOUT]),
    Tool::row(Layer::Heroku, "heroku", "Heroku", 7)
        .files(|file| file.stem == "app.json", app_json::read)
        .stops(Layer::Procfile, &[(app_json::KILL_AFTER, None)], None),
    Tool::row(Layer::GemfileLock, "gemfile_lock", "Gemfile.lock", 7).files(
        |file| matches!(file.stem, "Gemfile.lock" | "gems.locked"),
        gemfile_lock::read,
    ),
    Tool::row(Layer::Procfile, "procfile", "Procfile", 3).files(
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
        .files(|file| unit(file.path).is_some(), systemd_unit::read)
        .waits(&["TimeoutStopSec", "TimeoutAbortSec"]),
    Tool::row(Layer::Kubernetes, "kubernetes", "Kubernetes", 7)
        .files(
            |file| file.is_yaml() && file.has("apiVersion:") && file.has("kind:"),
            kubernetes::read,
        )
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
        .waits(&[cloud66::STOP_SEQUENCE, cloud66::STOP_SEQUENCE_LIST]),
    Tool::row(Layer::Kamal, "kamal", "Kamal", 7)
        .files(
            |file| file.is_yaml() && file.stem.starts_with("deploy") && file.has("servers:"),
            kamal::read,
        )
        .stops(
            Layer::Kamal,
            &[
                (kamal::STOP_TIMEOUT, Some("stop_timeout: {}")),
                (kamal::STOP_WAIT_TIME, Some("stop_wait_time: {}")),
                (kamal::DRAIN_TIMEOUT, Some("drain_timeout: {}")),
            ],
            None,
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
        .waits(&[sidekiq_yml::TIMEOUT, sidekiq_yml::IN_CAPSULE]),
    Tool::row(Layer::Compose, "compose", "Docker Compose", 7)
        .files(
            |file| file.is_yaml() && (file.stem.contains("compose") || file.has("services:")),
            compose::read,
        )
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
        .waits(&[deploy_rb::SIDEKIQ_TIMEOUT]),
    Tool::row(Layer::Initializer, "initializer", "initializer", 2)
        .files(
            |file| {
                let in_folder = file.path.contains("initializers/");
                let assigns = file.has("[:timeout]") && (in_folder || file.has("Sidekiq"));
                file.ends(&[".rb"])
                    && (assigns || in_folder && file.has("Sidekiq") && !has_job_class(file))
            },
            initializer::read,
        )
        .waits(&[initializer::TIMEOUT, initializer::IN_CLIENT]),
    Tool::row(Layer::JobClass, "job_class", "job class", 7).files(
        |file| file.ends(&[".rb"]) && has_job_class(file),
        job_class::read,
    ),
    Tool::row(Layer::Nomad, "nomad", "Nomad", 7)
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
        .stops(
            Layer::Supervisord,
            &[(supervisord::STOP_WAIT_SECONDS, Some("stopwaitsecs={}"))],
            Some(supervisord::STOP_SIGNAL),
        ),
    Tool::row(Layer::Upstart, "upstart", "upstart", 7)
        .files(
            |file| {
                let words = ["start on", "kill timeout", "respawn"];
                file.ends(&[".conf"]) && words.iter().any(|word| file.has(word))
            },
            upstart::read,
        )
        .stops(
            Layer::Upstart,
            &[(upstart::KILL_TIMEOUT, Some("kill timeout {}"))],
            Some(upstart::KILL_SIGNAL),
        ),
];

/// A row that stands in another place than its layer does not compile.
const _: () = {
    let mut index = 0;
    while index < TOOLS.len() {
        assert!(TOOLS[index].layer as usize == index);
        index += 1;
    }
};

fn has_job_class(file: &Seen<'_>) -> bool {
    file.has("Sidekiq::Worker") || file.has("Sidekiq::Job") || file.path.contains("app/")
}

impl Tool {
    /// The row that a file belongs to; `None` if no reader is for it.
    pub fn of(path: &str, text: &str) -> Option<&'static Self> {
        let seen = Seen::new(path, text);
        TOOLS.iter().find(|tool| (tool.fits)(&seen))
    }
}

impl Layer {
    /// Its row.
    pub fn tool(self) -> &'static Tool {
        &TOOLS[self as usize]
    }

    /// The layer that a file belongs to; `None` if no reader is for it.
    pub fn of(path: &str, text: &str) -> Option<Self> {
        Tool::of(path, text).map(|tool| tool.layer)
    }

    /// Reads a file of this layer.
    pub fn read(self, path: &str, text: &str) -> Reading {
        (self.tool().read)(path, text)
    }

    /// One word for JSON and tables.
    pub fn word(self) -> &'static str {
        self.tool().word
    }

    /// Whether one of its settings says how long something waits.
    pub fn waits(self, setting: &str) -> bool {
        let tool = self.tool();
        let mut limits = tool.stop.iter().flat_map(|stop| stop.limits);
        tool.waits.contains(&setting) || limits.any(|(name, _)| *name == setting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_paths_have_their_reader() {
        let cases = [
            (".cloud66/manifest.yml", "production:", Some(Layer::Cloud66)),
            ("config/sidekiq.yml.erb", "", Some(Layer::SidekiqYml)),
            ("config/deploy.yml", "servers:\n", Some(Layer::Kamal)),
            ("docker-compose.prod.yml", "", Some(Layer::Compose)),
            (
                "k8s/worker.yaml",
                "apiVersion: apps/v1\nkind: Deployment",
                Some(Layer::Kubernetes),
            ),
            ("config/deploy/production.rb", "", Some(Layer::Capistrano)),
            (
                "config/initializers/sidekiq.rb",
                "Sidekiq[:timeout]",
                Some(Layer::Initializer),
            ),
            (
                "app/jobs/report_job.rb",
                "include Sidekiq::Job",
                Some(Layer::JobClass),
            ),
            ("worker.conf", "[program:sidekiq]", Some(Layer::Supervisord)),
            (
                "/etc/init/sidekiq.conf",
                "start on runlevel",
                Some(Layer::Upstart),
            ),
            ("README.md", "", None),
        ];
        for (path, text, layer) in cases {
            assert_eq!(Layer::of(path, text), layer, "{path}");
        }
        assert_eq!(
            unit("a/sidekiq@.service.d/x.conf"),
            Some("sidekiq@.service")
        );
        assert_eq!(
            unit("a/sidekiq.service.capistrano.erb"),
            Some("sidekiq.service")
        );
        assert_eq!(unit("a/x.service.bak"), None);
    }
}
