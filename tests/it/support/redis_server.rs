//! A private Redis on a socket in a directory of its own. It ends with the test, and no signal
//! from here goes to any process but the child itself.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use drainboard::redis::Address;
use redis::aio::MultiplexedConnection;

use super::sidekiq::laid_ready;
use super::signal::{self, Signal};

/// A running `redis-server`, or Valkey.
pub(crate) struct RedisServer {
    child: Child,
    program: PathBuf,
    directory: tempfile::TempDir,
    arguments: Vec<String>,
}

impl RedisServer {
    /// Starts one and waits until it takes connections.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// The same, with further arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        // The path of a socket may have 108 bytes, and Sidekiq 8 in its own root sees /tmp.
        Self::within(Path::new("/tmp"), arguments)
    }

    /// The same, with its socket somewhere in `place`.
    pub(crate) fn within(place: &Path, arguments: &[&str]) -> Self {
        Self::of("redis-server".into(), place, arguments)
    }

    /// A Valkey, as `tests/setup` lays it ready.
    pub(crate) fn valkey(place: &Path) -> Self {
        Self::of(laid_ready("valkey"), place, &[])
    }

    fn of(program: PathBuf, place: &Path, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir_in(place).unwrap();
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let child = launch(&program, &directory, &arguments);
        Self {
            child,
            program,
            directory,
            arguments,
        }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    /// Its address as text, without database.
    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its address.
    pub(crate) fn address(&self) -> Address {
        Address::parse(&self.url()).unwrap()
    }

    /// A connection for preparing and checking, not the one under test.
    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        let settings = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        client
            .get_multiplexed_async_connection_with_config(&settings)
            .await
            .unwrap()
    }

    /// Ends it; nothing is kept.
    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it anew after [`Self::stop`].
    pub(crate) fn start_again(&mut self) {
        self.child = launch(&self.program, &self.directory, &self.arguments);
    }

    /// Suspends it: it keeps its connections and answers nothing.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        signal::send(&self.child, signal);
    }

    /// How often each command was called since [`Self::forget_commands`], by its name in lower
    /// case; what a connection opens with is left out.
    pub(crate) async fn commands(&self) -> Vec<(String, u64)> {
        let mut connection = self.connection().await;
        let text: String = redis::cmd("INFO")
            .arg("commandstats")
            .query_async(&mut connection)
            .await
            .unwrap();
        let mut commands: Vec<(String, u64)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="))
            .map(|(name, rest)| {
                let calls = rest.split(',').next().unwrap().parse().unwrap();
                (name.to_owned(), calls)
            })
            .filter(|(name, _)| {
                !name.starts_with("client") && name != "ping" && name != "config|resetstat"
            })
            .collect();
        commands.sort();
        commands
    }

    /// Begins to count anew.
    pub(crate) async fn forget_commands(&self) {
        let mut connection = self.connection().await;
        let reset = redis::cmd("CONFIG").arg("RESETSTAT").to_owned();
        reset.exec_async(&mut connection).await.unwrap();
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn launch(program: &Path, directory: &tempfile::TempDir, arguments: &[String]) -> Child {
    let mut child = Command::new(program)
        .args(["--port", "0", "--save", "", "--appendonly", "no"])
        .arg("--unixsocket")
        .arg(directory.path().join("redis.sock"))
        .arg("--dir")
        .arg(directory.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}: run tests/setup", program.display()));
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("eady to accept connections") {
        let read = log.read_line(&mut said).unwrap();
        assert!(read > 0, "redis-server ended at once: {said}");
    }
    // What it says from now on has to go somewhere.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    child
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
