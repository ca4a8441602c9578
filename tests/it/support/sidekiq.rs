//! A real Sidekiq of one of the three versions that `tests/setup` lays ready. It ends with the
//! test, by the handle of the child itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::patience::{until, until_true};
use super::signal::{self, Signal};

/// Which Sidekiq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Six,
    Seven,
    Eight,
}

impl Version {
    /// Its folder, and its major number.
    fn number(self) -> &'static str {
        match self {
            Self::Six => "6",
            Self::Seven => "7",
            Self::Eight => "8",
        }
    }

    pub(crate) fn launcher(self) -> PathBuf {
        laid_ready(self.number())
    }

    /// Names of its worker threads, as `/proc` shows them.
    fn worker(self) -> &'static str {
        match self {
            Self::Six => "processor",
            Self::Seven | Self::Eight => "sidekiq.default",
        }
    }
}

/// The launcher of what `tests/setup` has laid into `folder`.
pub(crate) fn laid_ready(folder: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let laid = std::env::var_os("DRAINBOARD_SIDEKIQ_DIR")
        .map_or_else(|| root.join("target/sidekiq"), PathBuf::from);
    let launcher = laid.join(folder).join("run");
    assert!(
        launcher.exists(),
        "{} is missing: run tests/setup",
        launcher.display()
    );
    launcher
}

/// Worker threads of each.
pub(crate) const CONCURRENCY: usize = 4;

/// Its own timeout, in seconds.
pub(crate) const TIMEOUT: &str = "6";

/// A running Sidekiq.
pub(crate) struct Sidekiq {
    child: Child,
    version: Version,
    log: PathBuf,
    threads: usize,
}

impl Sidekiq {
    /// Starts one with the jobs of `tests/sidekiq/jobs.rb`; it may still boot.
    pub(crate) fn spawn(version: Version, log: &Path, environment: &[(&str, &str)]) -> Self {
        Self::spawn_with(CONCURRENCY, version, log, environment)
    }

    /// The same with so many worker threads.
    pub(crate) fn spawn_with(
        threads: usize,
        version: Version,
        log: &Path,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(version.launcher());
        command.args(["-t", TIMEOUT]);
        Self::of(command, (version, threads), log, environment)
    }

    /// Starts one in `directory`, whose files say how long it lets jobs go on.
    pub(crate) fn spawn_in(
        directory: &Path,
        version: Version,
        log: &Path,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(version.launcher());
        command.current_dir(directory);
        Self::of(command, (version, CONCURRENCY), log, environment)
    }

    fn of(
        mut command: Command,
        (version, threads): (Version, usize),
        log: &Path,
        environment: &[(&str, &str)],
    ) -> Self {
        let output = File::create(log).unwrap();
        let child = command
            .args(["-c", &threads.to_string()])
            .args(["-q", "default", "-q", "low"])
            .env_remove("DYNO")
            .env_remove("REDIS_PROVIDER")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self {
            child,
            version,
            log: log.to_owned(),
            threads,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `--pid=…` for it.
    pub(crate) fn chosen(&self) -> String {
        format!("--pid={}", self.pid())
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Whether its log tells that it was sent TSTP or TERM.
    pub(crate) fn was_disturbed(&self) -> bool {
        let log = self.log();
        log.contains("no longer accepting new work") || log.contains("Shutting down")
    }

    pub(crate) fn title(&self) -> String {
        let line = fs::read(format!("/proc/{}/cmdline", self.pid())).unwrap_or_default();
        String::from_utf8_lossy(&line)
            .replace('\0', " ")
            .trim_end()
            .to_owned()
    }

    /// The state letter of `/proc/PID/stat`: `T` is suspended.
    pub(crate) fn state(&self) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        after_name.chars().next().unwrap()
    }

    fn workers(&self) -> usize {
        let Ok(threads) = fs::read_dir(format!("/proc/{}/task", self.pid())) else {
            return 0;
        };
        let named = |path: PathBuf| fs::read_to_string(path.join("comm")).unwrap_or_default();
        threads
            .flatten()
            .filter(|thread| named(thread.path()).trim_end() == self.version.worker())
            .count()
    }

    /// Waits until it has set its title and every worker thread runs. `beaten` says whether it
    /// stands in Redis.
    pub(crate) fn wait_until_ready(&mut self, mut beaten: impl FnMut(u32) -> bool) {
        let pid = self.pid();
        until_true("Sidekiq has started", || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("Sidekiq ended at once, {status}: {}", self.log());
            }
            self.title().starts_with("sidekiq ") && self.workers() == self.threads && beaten(pid)
        });
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended by itself, and tells how.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        until("Sidekiq has ended", || self.child.try_wait().unwrap())
    }

    /// Ends it as a crash does.
    pub(crate) fn crash(&mut self) {
        signal::send(&self.child, Signal::KILL);
        self.child.wait().unwrap();
    }
}

impl Drop for Sidekiq {
    fn drop(&mut self) {
        // One that has ended by itself is no failure here.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
