//! The tools and files in which a setting can be written, by name.

/// The tool or the file in which a setting is written. The order is that in which the rows of
/// the table are asked whether a file is theirs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Layer {
    /// Said to drainboard itself: `--timeout`, its configuration.
    Given,
    /// A Sidekiq command line, wherever it stands.
    CommandLine,
    /// `app.json` beside a `Procfile`, and `heroku.yml`.
    Heroku,
    /// `Gemfile.lock`.
    GemfileLock,
    /// `Procfile`.
    Procfile,
    /// The values that systemd has loaded (`systemctl show`, `busctl`).
    SystemdLoaded,
    /// Unit files, drop-ins and templates of them.
    Systemd,
    /// Kubernetes manifests.
    Kubernetes,
    /// `.cloud66/manifest.yml`.
    Cloud66,
    /// Kamal's `config/deploy.yml`.
    Kamal,
    /// `config/sidekiq.yml`, with or without `.erb`.
    SidekiqYml,
    /// Docker Compose.
    Compose,
    /// `config/deploy.rb`, stage files and rake tasks.
    Capistrano,
    /// Ruby that sets up Sidekiq.
    Initializer,
    /// Ruby that holds a job class.
    JobClass,
    /// Nomad job files.
    Nomad,
    /// supervisord.
    Supervisord,
    /// upstart jobs.
    Upstart,
    /// Fly.io.
    Fly,
    /// Render.
    Render,
    /// Task definitions of Amazon ECS.
    Ecs,
    /// Dockerfiles.
    Dockerfile,
    /// Shell scripts that start a Sidekiq.
    Script,
    /// foreman and its likes, which run a `Procfile`.
    Foreman,
    /// Monit.
    Monit,
    /// god.
    God,
    /// Eye.
    Eye,
    /// Bluepill.
    Bluepill,
    /// s6 and s6-rc.
    S6,
    /// Quadlet files of Podman.
    Quadlet,
    /// Pipelines of CI and Makefiles, which stop a Sidekiq by commands.
    Steps,
    /// Files of variables that a unit names (`EnvironmentFile=`).
    Environment,
    /// Places that name a Sidekiq and have no reader.
    Unread,
}
