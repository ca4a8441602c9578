//! Which reader a file is for, from its path and, where that says little, from its text. It
//! opens nothing.

use super::{
    Reading, app_json, cloud66, compose, deploy_rb, gemfile_lock, initializer, job_class, kamal,
    kubernetes, nomad, procfile, sidekiq_yml, supervisord, systemd_show, systemd_unit, upstart,
};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `app.json`.
    AppJson,
    /// `.cloud66/manifest.yml`.
    Cloud66,
    /// `compose.yml`, `docker-compose.yml` and relatives.
    Compose,
    /// `config/deploy.rb`, `config/deploy/*.rb`, `*.rake`, `Capfile`.
    Capistrano,
    /// `Gemfile.lock`.
    GemfileLock,
    /// Ruby that sets up Sidekiq.
    Initializer,
    /// Ruby that holds a job class.
    JobClass,
    /// `config/deploy.yml`.
    Kamal,
    /// YAML with `apiVersion` and `kind`.
    Kubernetes,
    /// `*.nomad`, `*.nomad.hcl`, `*.hcl`.
    Nomad,
    /// `Procfile` and `Procfile.*`.
    Procfile,
    /// `config/sidekiq*.yml`, with or without `.erb`.
    SidekiqYml,
    /// INI with `[program:…]`.
    Supervisord,
    /// The output of `systemctl show`.
    SystemdShow,
    /// `*.service`, their drop-ins and templates of them.
    SystemdUnit,
    /// `*.conf` of upstart.
    Upstart,
}

impl Kind {
    /// What a file is; `None` if no reader is for it.
    pub fn of(path: &str, text: &str) -> Option<Self> {
        let name = name(path);
        let stem = name.strip_suffix(".erb").unwrap_or(name);
        let has = |part: &str| text.contains(part);
        let suffix = |wanted: &str| stem.ends_with(wanted);
        let is_yaml = suffix(".yml") || suffix(".yaml");
        Some(match stem {
            "app.json" => Self::AppJson,
            "Gemfile.lock" | "gems.locked" => Self::GemfileLock,
            "Capfile" => Self::Capistrano,
            _ if stem == "Procfile" || stem.starts_with("Procfile.") => Self::Procfile,
            _ if path.starts_with("systemctl show") => Self::SystemdShow,
            _ if unit(path).is_some() => Self::SystemdUnit,
            _ if is_yaml && has("apiVersion:") && has("kind:") => Self::Kubernetes,
            _ if is_yaml && stem.contains("compose") => Self::Compose,
            _ if is_yaml && (path.contains(".cloud66/") || has("procfile_metadata:")) => {
                Self::Cloud66
            }
            _ if is_yaml && stem.contains("sidekiq") => Self::SidekiqYml,
            _ if is_yaml && stem.starts_with("deploy") && has("servers:") => Self::Kamal,
            _ if is_yaml && has("services:") => Self::Compose,
            _ if is_yaml && (has("concurrency:") || has("queues:")) => Self::SidekiqYml,
            _ if suffix(".rb") || suffix(".rake") => ruby(path, text)?,
            _ if suffix(".nomad") || suffix(".hcl") => Self::Nomad,
            _ if (suffix(".conf") || suffix(".ini")) && has("[program:") => Self::Supervisord,
            _ if suffix(".conf") && (has("start on") || has("kill timeout") || has("respawn")) => {
                Self::Upstart
            }
            _ => return None,
        })
    }

    /// Reads a file of this kind.
    pub fn read(self, path: &str, text: &str) -> Reading {
        match self {
            Self::AppJson => app_json::read(path, text),
            Self::Cloud66 => cloud66::read(path, text),
            Self::Compose => compose::read(path, text),
            Self::Capistrano => deploy_rb::read(path, text),
            Self::GemfileLock => gemfile_lock::read(path, text),
            Self::Initializer => initializer::read(path, text),
            Self::JobClass => job_class::read(path, text),
            Self::Kamal => kamal::read(path, text),
            Self::Kubernetes => kubernetes::read(path, text),
            Self::Nomad => nomad::read(path, text),
            Self::Procfile => procfile::read(path, text),
            Self::SidekiqYml => sidekiq_yml::read(path, text),
            Self::Supervisord => supervisord::read(path, text),
            Self::SystemdShow => systemd_show::read(path.rsplit(' ').next().unwrap_or(path), text),
            Self::SystemdUnit => {
                systemd_unit::read(unit(path).unwrap_or_default(), path, text, &[])
            }
            Self::Upstart => {
                let name = name(path);
                upstart::read(name.strip_suffix(".conf").unwrap_or(name), path, text)
            }
        }
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a Ruby file is.
fn ruby(path: &str, text: &str) -> Option<Kind> {
    let has = |part: &str| text.contains(part);
    if path.strip_suffix(".rake").is_some() || path.contains("deploy") {
        Some(Kind::Capistrano)
    } else if has("[:timeout]") && (path.contains("initializers/") || has("Sidekiq")) {
        Some(Kind::Initializer)
    } else if has("Sidekiq::Worker") || has("Sidekiq::Job") || path.contains("app/") {
        Some(Kind::JobClass)
    } else if path.contains("initializers/") && has("Sidekiq") {
        Some(Kind::Initializer)
    } else {
        None
    }
}

/// The unit that a file is of: `sidekiq.service` of `…/sidekiq.service`, of a drop-in
/// `…/sidekiq.service.d/override.conf`, and of a template `sidekiq.service.capistrano.erb`.
pub fn unit(path: &str) -> Option<&str> {
    if let Some((folder, file)) = path.rsplit_once('/')
        && let Some(unit) = name(folder).strip_suffix(".d")
        && unit.ends_with(".service")
    {
        return file.strip_suffix(".conf").map(|_| unit);
    }
    let name = name(path);
    let end = name.find(".service")? + ".service".len();
    let rest = &name[end..];
    (rest.is_empty() || rest.strip_suffix(".erb").is_some()).then_some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_paths_have_their_reader() {
        let cases = [
            (".cloud66/manifest.yml", "production:", Some(Kind::Cloud66)),
            ("config/sidekiq.yml.erb", "", Some(Kind::SidekiqYml)),
            ("config/deploy.yml", "servers:\n", Some(Kind::Kamal)),
            ("docker-compose.prod.yml", "", Some(Kind::Compose)),
            (
                "k8s/worker.yaml",
                "apiVersion: apps/v1\nkind: Deployment",
                Some(Kind::Kubernetes),
            ),
            ("config/deploy/production.rb", "", Some(Kind::Capistrano)),
            (
                "config/initializers/sidekiq.rb",
                "Sidekiq[:timeout]",
                Some(Kind::Initializer),
            ),
            (
                "app/jobs/report_job.rb",
                "include Sidekiq::Job",
                Some(Kind::JobClass),
            ),
            ("worker.conf", "[program:sidekiq]", Some(Kind::Supervisord)),
            (
                "/etc/init/sidekiq.conf",
                "start on runlevel",
                Some(Kind::Upstart),
            ),
            ("README.md", "", None),
        ];
        for (path, text, kind) in cases {
            assert_eq!(Kind::of(path, text), kind, "{path}");
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
