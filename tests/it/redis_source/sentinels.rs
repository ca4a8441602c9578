//! A real Sentinel with a primary and two replicas: the primary is found, and so is the next one
//! when it dies.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use drainboard::core::fleet::{LinkFault, Look, Observation};
use drainboard::redis::{Address, Source, Tuning, look_once};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::patience::until_async;
use crate::support::redis_server::{RedisServer, free_port};
use crate::support::sidekiq_rows::Rows;

const DEADLINE: Duration = Duration::from_secs(60);

struct Sentinel {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Sentinel {
    fn watching(primary: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = directory.path().join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor shop 127.0.0.1 {primary} 1\n\
             sentinel down-after-milliseconds shop 1000\nsentinel failover-timeout shop 5000\n",
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
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn next_look(observations: &mut mpsc::Receiver<Observation>) -> Look {
    loop {
        if let Observation::Look(look) = observations.recv().await.unwrap() {
            return look;
        }
    }
}

#[tokio::test]
async fn a_failover_is_followed_to_the_new_primary() {
    let primary_port = free_port();
    let mut primary = RedisServer::with(&["--port", &primary_port.to_string()]);
    Rows::of("7.3.9", 1)
        .write(&mut primary.connection().await)
        .await;
    let of_primary = primary_port.to_string();
    let replicas: Vec<RedisServer> = (0..2)
        .map(|_| {
            let port = free_port().to_string();
            RedisServer::with(&["--port", &port, "--replicaof", "127.0.0.1", &of_primary])
        })
        .collect();
    let sentinel = Sentinel::watching(primary_port);
    // A Sentinel that is not there is passed over.
    let url = format!(
        "sentinel://127.0.0.1:{},127.0.0.1:{}/shop",
        free_port(),
        sentinel.port
    );
    let settings = Tuning {
        period: Duration::from_millis(200),
        ..Tuning::default()
    };
    // Both replicas have the data, and the Sentinel knows them.
    let mut admin = redis::Client::open(format!("redis://127.0.0.1:{}", sentinel.port)).unwrap();
    until_async("the replicas are ready", async || {
        let known: redis::RedisResult<Vec<redis::Value>> = redis::cmd("SENTINEL")
            .arg("REPLICAS")
            .arg("shop")
            .query(&mut admin);
        let mut whole = known.is_ok_and(|known| known.len() == 2);
        for replica in &replicas {
            let look = look_once(&replica.address(), &settings).await;
            whole &= look.is_ok_and(|(look, _)| {
                let is_replica = |server: drainboard::core::fleet::ServerIdentity| {
                    server
                        .replication
                        .is_some_and(|replication| replication.replica)
                };
                look.rows.len() == 1 && look.server.is_some_and(is_replica)
            });
        }
        whole.then_some(())
    })
    .await;
    let (sender, mut observations) = mpsc::channel(64);
    let (source, _asker) = Source::new(Address::parse(&url).unwrap(), settings.clone(), sender);
    let task = tokio::spawn(source.run());
    let before = next_look(&mut observations).await.server.unwrap();
    assert!(!before.replication.as_ref().unwrap().replica);
    primary.stop();
    let promoted = async {
        loop {
            let look = next_look(&mut observations).await;
            let server = look.server.clone().unwrap();
            if server.run_id != before.run_id {
                return (look, server);
            }
        }
    };
    let (look, after) = timeout(DEADLINE, promoted).await.expect("a failover");
    assert!(!after.replication.as_ref().unwrap().replica);
    assert_eq!(look.rows.len(), 1);
    assert!(after.goes_on_from(&before), "{before:?}, {after:?}");
    task.abort();
    // A name that no Sentinel knows is said.
    let other = Address::parse(&url.replace("/shop", "/blog")).unwrap();
    let why = look_once(&other, &settings).await.unwrap_err();
    assert!(
        matches!(&why, LinkFault::Unreachable(why) if why.contains("knows no primary called blog")),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_primary_that_is_gone_and_still_named_is_said_and_found_again() {
    let port = free_port();
    let mut primary = RedisServer::with(&["--port", &port.to_string()]);
    Rows::of("7.3.9", 1)
        .write(&mut primary.connection().await)
        .await;
    let sentinel = Sentinel::watching(port);
    let url = format!("sentinel://127.0.0.1:{}/shop", sentinel.port);
    let address = Address::parse(&url).unwrap();
    let settings = Tuning::default();
    until_async("the Sentinel knows its primary", async || {
        look_once(&address, &settings).await.ok()
    })
    .await;
    // It has no replica: the Sentinel goes on naming it.
    primary.stop();
    let why = look_once(&address, &settings).await.unwrap_err();
    assert!(
        matches!(&why, LinkFault::Unreachable(why) if why.contains("no server listens")),
        "{why:?}"
    );
    primary.start_again();
    let (look, _) = look_once(&address, &settings).await.unwrap();
    assert!(look.rows.is_empty(), "it came back empty");
}
