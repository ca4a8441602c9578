//! A real Sentinel, and a primary with two replicas that it watches.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::process::{Child, Command, Stdio};

use redis::Value;

use super::patience::{until, until_true};
use super::redis_server::{RedisServer, free_port};

/// The name under which every Sentinel here knows its primary.
pub(crate) const NAME: &str = "shop";

/// A running Sentinel.
pub(crate) struct Sentinel {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Sentinel {
    /// One that watches the primary at this port, and calls it dead after a second.
    pub(crate) fn watching(primary: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = directory.path().join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {NAME} 127.0.0.1 {primary} 1\n\
             sentinel down-after-milliseconds {NAME} 1000\n\
             sentinel failover-timeout {NAME} 5000\n",
            directory.path().display()
        );
        std::fs::write(&file, text).unwrap();
        let child = Command::new("redis-server")
            .arg(&file)
            .arg("--sentinel")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server does not start: run tests/setup");
        Self {
            child,
            port,
            _directory: directory,
        }
    }

    /// `sentinel://…`, as `--redis` takes it.
    pub(crate) fn url(&self) -> String {
        format!("sentinel://127.0.0.1:{}/{NAME}", self.port)
    }

    /// What it answers to `SENTINEL …`; `None`: it does not answer yet, or knows nothing of it.
    fn asked<T: redis::FromRedisValue>(&self, what: &str) -> Option<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut connection = client.get_connection().ok()?;
        let mut question = redis::cmd("SENTINEL");
        question.arg(what).arg(NAME).query(&mut connection).ok()
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Two replicas, and the Sentinel that lets one of them follow its primary.
pub(crate) struct Replicas {
    servers: Vec<RedisServer>,
    sentinel: Sentinel,
}

/// A primary and what stands behind it.
pub(crate) fn replicated() -> (RedisServer, Replicas) {
    let port = free_port();
    let primary = RedisServer::with(&["--port", &port.to_string()]);
    let of_primary = port.to_string();
    let replica = || {
        let port = free_port().to_string();
        RedisServer::with(&["--port", &port, "--replicaof", "127.0.0.1", &of_primary])
    };
    let group = Replicas {
        servers: vec![replica(), replica()],
        sentinel: Sentinel::watching(port),
    };
    (primary, group)
}

impl Replicas {
    /// The port of the Sentinel.
    pub(crate) fn port(&self) -> u16 {
        self.sentinel.port
    }

    /// `sentinel://…`, as `--redis` takes it.
    pub(crate) fn url(&self) -> String {
        self.sentinel.url()
    }

    /// Waits until both replicas follow their primary, and the Sentinel knows them.
    pub(crate) fn wait_until_ready(&self) {
        until_true("the replicas follow their primary", || {
            let known: Option<Vec<Value>> = self.sentinel.asked("REPLICAS");
            known.is_some_and(|known| known.len() == 2)
                && self.servers.iter().all(|replica| {
                    let said = role(replica);
                    said.contains("role:slave") && said.contains("master_link_status:up")
                })
        });
    }

    /// Waits until one of the replicas is the primary, and gives a connection to it. The Sentinel cuts
    /// those that were there before it has told the server its new role.
    pub(crate) fn promoted(&self) -> redis::Connection {
        let primary = || {
            let mut servers = self.servers.iter();
            servers.find(|replica| role(replica).contains("role:master"))
        };
        connection(until("a replica is the primary", primary))
    }
}

fn connection(server: &RedisServer) -> redis::Connection {
    let client = redis::Client::open(server.url()).unwrap();
    client.get_connection().unwrap()
}

/// What it says of its replication.
fn role(server: &RedisServer) -> String {
    let mut info = redis::cmd("INFO");
    info.arg("replication")
        .query(&mut connection(server))
        .unwrap()
}
