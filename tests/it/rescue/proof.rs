//! The proof for a drain that waits for it: it is tried again until each beat is there or the
//! time is up, and whatever is not proven stays open.
//!
//! Each law was shown to fail on a mutant: law | what was broken | the test that fails.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | beats are waited for | they are not | `a_beat…` |
//! | and a Redis that is gone | it is not | `a_redis…` |
//! | no longer than was said | for ever | `nothing_is_waited…` |
//! | what was not pushed back: that job alone | all, or others | `what_is_known…` |
//! | what was found is told | as open | `only_what…` |
//! | only what is nowhere is nowhere | what is safe, unknown or not ours too | `only_what…` |
//! | no push without a payload | an empty one will do | `only_what…` |

use std::time::Duration;

use drainboard::clock;
use drainboard::core::drain::{Fate, Trace};
use drainboard::rescue::{Payload, Suspect, prove};

use super::{lost, payload, send, serving};
use crate::support::patience::LIMIT;
use crate::support::redis_server::RedisServer;

fn suspect(jid: &str) -> Suspect {
    let (job, ending) = lost(jid);
    Suspect { job, ending }
}

async fn proves(server: &RedisServer, suspects: &[Suspect], within: Duration) -> Vec<Trace> {
    let address = server.address();
    let gone = suspects
        .iter()
        .filter_map(|known| known.job.identity.clone());
    let gone: Vec<String> = gone.collect();
    let proving = prove(&address, None, (suspects, &gone), within);
    tokio::time::timeout(LIMIT, proving).await.expect("it ends")
}

async fn at_once(server: &RedisServer, suspect: Suspect) -> Trace {
    let mut traces = proves(server, &[suspect], Duration::ZERO).await;
    traces.remove(0)
}

#[track_caller]
fn assert_open(trace: &Trace, words: &str) {
    let open = matches!(trace, Trace::Open(why) if why.contains(words));
    assert!(open, "{trace:?}");
}

/// Waits until a second survey has begun: the first one is over. Each looks twice.
async fn surveyed(server: &RedisServer) {
    let end = clock::now().after(LIMIT);
    let looks = |commands: Vec<(String, u64)>| {
        let looks = commands.into_iter().find(|(name, _)| name == "time");
        looks.map_or(0, |(_, times)| times)
    };
    while looks(server.commands().await) <= 2 {
        assert!(clock::now() < end, "nobody looks again");
    }
}

#[tokio::test]
async fn a_beat_that_is_still_to_come_is_waited_for() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"50"]).await;
    let suspects = [suspect("a")];
    let beats = async {
        surveyed(&server).await;
        send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"60"]).await;
        std::future::pending::<()>().await;
    };
    let traces = tokio::select! {
        traces = proves(&server, &suspects, LIMIT) => traces,
        () = beats => Vec::new(),
    };
    assert!(matches!(traces[0], Trace::Nowhere(_)), "{traces:?}");
}

#[tokio::test]
async fn a_redis_that_comes_back_is_waited_for() {
    let mut server = RedisServer::start();
    let address = server.address();
    server.stop();
    let suspects = [suspect("a")];
    let proving = tokio::spawn(async move { prove(&address, None, (&suspects, &[]), LIMIT).await });
    // Its first try has failed by the time that it gives way.
    tokio::task::yield_now().await;
    server.start_again();
    let traces = tokio::time::timeout(LIMIT, proving).await;
    let traces = traces.expect("it ends").expect("it ends well");
    assert!(matches!(traces[0], Trace::Nowhere(_)), "{traces:?}");
}

#[tokio::test]
async fn nothing_is_waited_for_longer_than_was_said() {
    let mut server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"50"]).await;
    assert_open(&at_once(&server, suspect("a")).await, "util1:7 may run it");
    server.stop();
    assert_open(
        &at_once(&server, suspect("a")).await,
        "Redis could not be asked",
    );
}

#[tokio::test]
async fn what_is_known_of_one_job_says_nothing_of_another() {
    let server = RedisServer::start();
    let mut may_be_back = suspect("b");
    may_be_back.ending.not_back = None;
    let suspects = [suspect("a"), may_be_back];
    let traces = proves(&server, &suspects, Duration::ZERO).await;
    assert!(matches!(traces[0], Trace::Nowhere(_)), "{traces:?}");
    assert_open(&traces[1], "been pushed back and taken up");
}

/// A target that ended without a missing job of its own leaves its rows behind all the same, where
/// it was killed.
#[tokio::test]
async fn what_another_target_of_the_drain_left_behind_is_history() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"50"]).await;
    let (address, suspects) = (server.address(), [suspect("a")]);
    let nothing_known = prove(&address, None, (&suspects, &[]), Duration::ZERO).await;
    assert_open(&nothing_known[0], "util1:7 may run it");
    let gone = [rows.identity.clone()];
    let traces = prove(&address, None, (&suspects, &gone), Duration::ZERO).await;
    assert!(matches!(traces[0], Trace::Nowhere(_)), "{traces:?}");
}

#[tokio::test]
async fn only_what_is_provably_nowhere_is_told_as_that() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let nowhere = at_once(&server, suspect("a")).await;
    assert!(matches!(nowhere, Trace::Nowhere(_)), "{nowhere:?}");
    let mut empty = suspect("a");
    empty.job.payload = Payload(Vec::new());
    assert_open(&at_once(&server, empty).await, "payload could not be read");
    let mut kept = suspect("a");
    kept.job.stopping.super_fetch = true;
    assert_open(&at_once(&server, kept).await, "super_fetch");
    let mut alive = suspect("a");
    alive.ending.exited_at = None;
    assert_open(&at_once(&server, alive).await, "has exited");
    let mut finished = suspect("a");
    finished.ending.said = Some((Fate::Finished, "its log: done".into()));
    let why = "finished by the record of its drain: its log: done";
    let ended = Trace::Found(Fate::Finished, why.into());
    assert_eq!(at_once(&server, finished).await, ended);
    send(
        &mut admin,
        &[b"RPUSH", b"queue:low", payload("a").as_bytes()],
    )
    .await;
    let found = at_once(&server, suspect("a")).await;
    assert_eq!(found, Trace::Found(Fate::PushedBack, "in queue low".into()));
}
