//! A real Sentinel with a primary and two replicas: the primary is found, and so is the next one
//! when it dies.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::time::Duration;

use drainboard::core::fleet::{LinkFault, Look, Observation};
use drainboard::redis::{Address, Source, Tuning, look_once};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::patience::until_async;
use crate::support::redis_server::{RedisServer, free_port};
use crate::support::sentinel::{Sentinel, replicated};
use crate::support::sidekiq_rows::Rows;

const DEADLINE: Duration = Duration::from_secs(60);

async fn next_look(observations: &mut mpsc::Receiver<Observation>) -> Look {
    loop {
        if let Observation::Look(look) = observations.recv().await.unwrap() {
            return look;
        }
    }
}

#[tokio::test]
async fn a_failover_is_followed_to_the_new_primary() {
    let (mut primary, group) = replicated();
    Rows::of("7.3.9", 1)
        .write(&mut primary.connection().await)
        .await;
    group.wait_until_ready();
    // A Sentinel that is not there is passed over.
    let url = format!(
        "sentinel://127.0.0.1:{},127.0.0.1:{}/shop",
        free_port(),
        group.port()
    );
    let settings = Tuning {
        period: Duration::from_millis(200),
        ..Tuning::default()
    };
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
    let url = sentinel.url();
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
