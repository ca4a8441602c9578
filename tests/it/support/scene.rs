//! A stage for one test: a private Redis, a directory of its own, and the Sidekiqs and drains
//! on it. Only so many scenes stand at once, whatever the number of test threads.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

mod stock;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex};

use drainboard::clock;
use redis::Commands;
use serde_json::json;
use tempfile::TempDir;

use super::patience::{until, until_true};
use super::redis_server::RedisServer;
use super::sidekiq::{Sidekiq, TIMEOUT, Version};
use super::trace::{self, Entry};

/// Scenes at once: each is one or two Sidekiqs that mostly wait, on as little as two cores.
const AT_ONCE: usize = 8;

static STANDING: Mutex<usize> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

/// The right to a scene.
struct Permit(usize);

impl Permit {
    /// All at once: two tests that wait for each other's second one would wait for ever.
    fn take(scenes: usize) -> Self {
        let standing = STANDING.lock().unwrap();
        let mut standing = LEFT
            .wait_while(standing, |standing| *standing + scenes > AT_ONCE)
            .unwrap();
        *standing += scenes;
        Self(scenes)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *STANDING.lock().unwrap() -= self.0;
        LEFT.notify_all();
    }
}

/// The stage.
pub(crate) struct Scene {
    pub(crate) redis: RedisServer,
    directory: TempDir,
    started: Cell<usize>,
    _permit: Option<Permit>,
}

impl Scene {
    /// Sets one up.
    pub(crate) fn new() -> Self {
        Self::with(Path::new("/tmp"), Some(Permit::take(1)))
    }

    /// The same with a Valkey for a Redis.
    pub(crate) fn on_valkey() -> Self {
        let place = Path::new("/tmp");
        Self::on(RedisServer::valkey(place), place, Some(Permit::take(1)))
    }

    /// The same with a Redis that runs already.
    pub(crate) fn on_primary(redis: RedisServer) -> Self {
        Self::on(redis, Path::new("/tmp"), Some(Permit::take(1)))
    }

    /// Sets one up with everything it has in `directory`.
    pub(crate) fn within(directory: &Path) -> Self {
        Self::with(directory, Some(Permit::take(1)))
    }

    /// Sets two up, for two applications on one host. The first must live longest.
    pub(crate) fn pair() -> (Self, Self) {
        let place = Path::new("/tmp");
        (
            Self::with(place, Some(Permit::take(2))),
            Self::with(place, None),
        )
    }

    // In /tmp it is seen by Sidekiq 8 too, which lives in a root of its own.
    fn with(place: &Path, permit: Option<Permit>) -> Self {
        Self::on(RedisServer::within(place, &[]), place, permit)
    }

    fn on(redis: RedisServer, place: &Path, permit: Option<Permit>) -> Self {
        Self {
            redis,
            directory: tempfile::tempdir_in(place).unwrap(),
            started: Cell::new(0),
            _permit: permit,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where drains of this scene keep their records.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    pub(crate) fn connection(&self) -> redis::Connection {
        redis::Client::open(self.redis.url())
            .unwrap()
            .get_connection()
            .unwrap()
    }

    /// A Sidekiq that still boots, and goes on doing so for `seconds`.
    pub(crate) fn booting(&self, version: Version, seconds: u32) -> Sidekiq {
        self.spawn(version, &[("DRAINBOARD_SLOW_BOOT", &seconds.to_string())])
    }

    /// A Sidekiq that has beaten.
    pub(crate) fn sidekiq(&self, version: Version) -> Sidekiq {
        self.beaten(self.spawn(version, &[]))
    }

    /// The same with more in its environment.
    pub(crate) fn sidekiq_with(&self, version: Version, environment: &[(&str, &str)]) -> Sidekiq {
        self.beaten(self.spawn(version, environment))
    }

    /// One whose log is silent below WARN: it says nothing of any job.
    pub(crate) fn silent_sidekiq(&self, version: Version) -> Sidekiq {
        self.beaten(self.spawn(version, &[("DRAINBOARD_LOG", "warn")]))
    }

    /// One that asks the Sentinel at this port where its Redis is; it has beaten.
    pub(crate) fn sidekiq_by_sentinel(&self, version: Version, port: &str) -> Sidekiq {
        self.beaten(self.spawn(version, &[("DRAINBOARD_SENTINEL", port)]))
    }

    /// One with so many worker threads.
    pub(crate) fn wide_sidekiq(&self, version: Version, threads: usize) -> Sidekiq {
        self.started.set(self.started.get() + 1);
        let log = self.path(&format!("sidekiq-{}.log", self.started.get()));
        let (url, trace) = (self.redis.url(), self.path("trace"));
        let environment = [
            ("REDIS_URL", url.as_str()),
            ("DRAINBOARD_TRACE", trace.to_str().unwrap()),
        ];
        self.beaten(Sidekiq::spawn_with(threads, version, &log, &environment))
    }

    /// One that works in `directory`, where its files are; it has beaten.
    pub(crate) fn sidekiq_in(
        &self,
        directory: &Path,
        version: Version,
        environment: &[(&str, &str)],
    ) -> Sidekiq {
        self.started.set(self.started.get() + 1);
        let log = self.path(&format!("sidekiq-{}.log", self.started.get()));
        let (url, trace) = (self.redis.url(), self.path("trace"));
        let mut all = vec![
            ("REDIS_URL", url.as_str()),
            ("DRAINBOARD_TRACE", trace.to_str().unwrap()),
        ];
        all.extend_from_slice(environment);
        self.beaten(Sidekiq::spawn_in(directory, version, &log, &all))
    }

    fn beaten(&self, mut sidekiq: Sidekiq) -> Sidekiq {
        let mut connection = self.connection();
        sidekiq.wait_until_ready(|pid| {
            let known: Vec<String> = connection.smembers("processes").unwrap();
            let own = format!(":{pid}:");
            known.iter().any(|identity| identity.contains(&own))
        });
        sidekiq
    }

    fn spawn(&self, version: Version, environment: &[(&str, &str)]) -> Sidekiq {
        self.started.set(self.started.get() + 1);
        let log = self.path(&format!("sidekiq-{}.log", self.started.get()));
        let url = self.redis.url();
        let trace = self.path("trace");
        let mut all = vec![
            ("REDIS_URL", url.as_str()),
            ("DRAINBOARD_TRACE", trace.to_str().unwrap()),
        ];
        all.extend_from_slice(environment);
        Sidekiq::spawn(version, &log, &all)
    }

    /// Gives a job to the Sidekiqs of this scene, as their own client would, and its id back.
    pub(crate) fn push(&self, class: &str, arguments: &serde_json::Value) -> String {
        self.push_with(class, arguments, &json!({}))
    }

    /// The same with further fields.
    pub(crate) fn push_with(
        &self,
        class: &str,
        arguments: &serde_json::Value,
        more: &serde_json::Value,
    ) -> String {
        let queue = if class == "NapJob" { "low" } else { "default" };
        self.started.set(self.started.get() + 1);
        let jid = format!("{:024x}", self.started.get());
        self.enqueue((&jid, queue), class, arguments, more);
        jid
    }

    /// Puts another job into `queue` under the id of one that is there already.
    pub(crate) fn push_under(
        &self,
        jid: &str,
        class: &str,
        arguments: &serde_json::Value,
        queue: &str,
    ) {
        self.enqueue((jid, queue), class, arguments, &json!({}));
    }

    fn enqueue(
        &self,
        (jid, queue): (&str, &str),
        class: &str,
        arguments: &serde_json::Value,
        more: &serde_json::Value,
    ) {
        let now = clock::now().epoch();
        let mut job = json!({"class": class, "args": arguments, "jid": jid, "queue": queue,
            "retry": true, "created_at": now, "enqueued_at": now});
        for (field, value) in more.as_object().unwrap() {
            job[field] = value.clone();
        }
        let mut connection = self.connection();
        let _: () = connection.sadd("queues", queue).unwrap();
        let _: () = connection
            .lpush(format!("queue:{queue}"), job.to_string())
            .unwrap();
    }

    /// Pushes a job and waits until a beat has shown that it runs.
    pub(crate) fn busy(&self, class: &str, arguments: &serde_json::Value) -> String {
        let jid = self.push(class, arguments);
        self.wait_until_listed(&jid);
        jid
    }

    /// A job that ends when [`Self::release`] is called.
    pub(crate) fn busy_until_released(&self) -> String {
        self.busy("ReleasedJob", &json!([self.path("released")]))
    }

    pub(crate) fn release(&self) {
        fs::write(self.path("released"), "").unwrap();
    }

    /// Of the Sidekiqs that Redis knows.
    pub(crate) fn identities(&self) -> Vec<String> {
        self.connection().smembers("processes").unwrap()
    }

    /// Waits until a beat shows the job at work.
    pub(crate) fn wait_until_listed(&self, jid: &str) {
        let mut connection = self.connection();
        until_true("a beat shows the job", || {
            let known: Vec<String> = connection.smembers("processes").unwrap();
            let keys = known
                .iter()
                .flat_map(|identity| [format!("{identity}:work"), format!("{identity}:workers")]);
            keys.into_iter().any(|key| {
                let work: Vec<String> = connection.hvals(key).unwrap();
                work.iter().any(|entry| entry.contains(jid))
            })
        });
    }

    /// What the jobs wrote down.
    pub(crate) fn trace(&self) -> Vec<Entry> {
        trace::read(&fs::read_to_string(self.path("trace")).unwrap_or_default())
    }

    /// How often a job wrote `event` down.
    pub(crate) fn traced(&self, event: &str, jid: &str) -> usize {
        let matching = |entry: &&Entry| entry.event == event && entry.jid == jid;
        self.trace().iter().filter(matching).count()
    }

    #[track_caller]
    pub(crate) fn wait_for_trace(&self, event: &str, jid: &str) -> f64 {
        until(&format!("{event} of {jid} in the trace"), || {
            let mut all = self.trace().into_iter();
            all.find(|entry| entry.event == event && entry.jid == jid)
                .map(|entry| entry.at)
        })
    }

    /// `drainboard` with `arguments` and nothing of this environment.
    pub(crate) fn drainboard(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drainboard"));
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    /// Gives `command` this scene's Redis and directories, and nothing else.
    pub(crate) fn surround(&self, command: &mut Command) {
        command
            .env_clear()
            .env("REDIS_URL", self.redis.url())
            .env("STATE_DIRECTORY", self.state_dir())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// `drainboard drain --json` with `sequence` and the Sidekiqs' own timeout.
    pub(crate) fn drain_command(&self, sequence: &str, more: &[&str]) -> Command {
        let mut all = vec!["drain", "--json", "--yes", "--timeout", TIMEOUT];
        all.extend_from_slice(&["--sequence", sequence]);
        all.extend_from_slice(more);
        self.drainboard(&all)
    }

    fn logs(&self) -> String {
        let files = fs::read_dir(self.directory.path()).into_iter().flatten();
        let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
        paths.retain(|path| path.is_file());
        paths.sort();
        let text = |path: &Path| {
            let content = fs::read(path).unwrap_or_default();
            // Of backtraces the last lines are enough.
            let end = &content[content.len().saturating_sub(4_000)..];
            format!("--- {}\n{}", path.display(), String::from_utf8_lossy(end))
        };
        paths.iter().map(|path| text(path)).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        } else {
            super::recorded::assert_rebuilt(&self.state_dir());
        }
    }
}
