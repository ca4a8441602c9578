//! An abort takes the licence back: what the run wanted by itself does not happen any more, what
//! somebody wants now does.

use drainboard::core::drain::{ActOutcome, PushOutcome};
use drainboard::core::sequence::Signal;
use redis::aio::MultiplexedConnection;
use std::process::Command;

use super::bench::{Bench, hold, job};
use crate::support::imitation::Imitation;
use crate::support::patience::until_true;
use crate::support::redis_server::RedisServer;

fn imitation() -> Imitation {
    Imitation::start(Command::new("env"))
}

/// What stands in the queue, and the marks of jobs that were pushed back.
async fn written(admin: &mut MultiplexedConnection) -> (Vec<String>, Vec<String>) {
    let queue = redis::cmd("LRANGE")
        .arg("queue:low")
        .arg(0)
        .arg(-1)
        .to_owned();
    let marks = redis::cmd("ZRANGE")
        .arg("drainboard:rescued")
        .arg(0)
        .arg(-1)
        .to_owned();
    let queue = queue.query_async(admin).await.expect("the queue");
    (queue, marks.query_async(admin).await.expect("the marks"))
}

fn stopped() -> PushOutcome {
    PushOutcome::Refused("the run was stopped".into())
}

#[tokio::test]
async fn a_backtrace_that_the_run_wants_needs_the_licence_and_one_by_hand_does_not() {
    let imitation = imitation();
    let held = hold(imitation.pid());
    let mut bench = Bench::new(true, None);
    bench.begin(&[&held]);
    assert_eq!(bench.asks(&held, true).await, ActOutcome::Sent);
    until_true("TTIN is heard", || imitation.heard() == ["TTIN"]);
    bench.revoke();
    assert_eq!(bench.asks(&held, true).await, ActOutcome::Revoked);
    // Heard later than a TTIN that was sent before it: bash goes by the number.
    held.send(Signal::Winch, || true).expect("it is sent");
    until_true("WINCH is heard", || imitation.heard() == ["TTIN", "WINCH"]);
    assert_eq!(bench.asks(&held, false).await, ActOutcome::Sent);
    until_true("TTIN is heard again", || {
        imitation.heard() == ["TTIN", "WINCH", "TTIN"]
    });
}

#[tokio::test]
async fn an_act_needs_the_licence() {
    let imitation = imitation();
    let held = hold(imitation.pid());
    let mut bench = Bench::new(true, None);
    bench.begin(&[&held]);
    bench.revoke();
    for (step, signal) in [Signal::Tstp, Signal::Term, Signal::Kill]
        .into_iter()
        .enumerate()
    {
        let outcome = bench.acts((&held, signal, step), 0, &[]).await;
        assert_eq!(outcome, ActOutcome::Revoked, "{signal}");
    }
    held.send(Signal::Winch, || true).expect("it is sent");
    until_true("WINCH is heard", || imitation.heard() == ["WINCH"]);
}

#[tokio::test]
async fn a_push_needs_the_licence_unless_somebody_confirmed_it() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut bench = Bench::new(true, Some(server.address()));
    bench.begin(&[]);
    bench.push(&job("a1"), false);
    assert_eq!(bench.pushed().await, PushOutcome::Pushed);
    let (queue, marks) = written(&mut admin).await;
    assert_eq!((queue.len(), marks), (1, vec![job("a1").execution()]));
    bench.revoke();
    bench.push(&job("a2"), false);
    assert_eq!(bench.pushed().await, stopped());
    assert_eq!(written(&mut admin).await.0, queue);
    assert!(written(&mut admin).await.1.len() == 1, "no mark either");
    bench.push(&job("a2"), true);
    assert_eq!(bench.pushed().await, PushOutcome::Pushed);
    let (queue, marks) = written(&mut admin).await;
    assert_eq!((queue.len(), marks.len()), (2, 2));
    assert!(
        queue[1].contains("a2"),
        "at the end that is fetched: {queue:?}"
    );
}

#[tokio::test]
async fn while_redis_is_silent_the_licence_can_still_be_taken_back() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut bench = Bench::new(true, Some(server.address()));
    bench.begin(&[]);
    server.freeze();
    let job = job("a1");
    bench.push(&job, false);
    // Saved before anything is asked of Redis.
    while !bench.is_saved(&job) {
        tokio::task::yield_now().await;
    }
    bench.revoke();
    server.thaw();
    assert_eq!(bench.pushed().await, stopped());
    assert_eq!(written(&mut admin).await, (vec![], vec![]));
}
