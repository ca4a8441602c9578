//! What cannot be written down or saved does not happen, unless somebody who was told of that
//! very thing tries it again.

use std::process::Command;
use std::sync::Arc;

use drainboard::core::drain::{ActOutcome, PushOutcome, UnitCall, UnitVerb};
use drainboard::core::fleet::Unit;
use drainboard::core::sequence::Signal;
use drainboard::host::Held;
use drainboard::redis::Address;
use drainboard::rescue::Payload;
use drainboard::shell::Reply;

use super::bench::{Bench, hold, job};
use crate::support::imitation::Imitation;
use crate::support::patience::until_true;
use crate::support::redis_server::RedisServer;

const KILL: Signal = Signal::Kill;

fn imitation() -> (Imitation, Arc<Held>) {
    let imitation = Imitation::start(Command::new("env"));
    let held = hold(imitation.pid());
    (imitation, held)
}

#[track_caller]
fn assert_refused(outcome: &ActOutcome, words: &str) {
    assert!(
        matches!(outcome, ActOutcome::Failed { why, may_have_happened: false } if why.contains(words)),
        "{outcome:?}"
    );
}

async fn assert_told(bench: &mut Bench) {
    let reply = bench.reply().await;
    assert!(matches!(reply, Reply::JournalFailed(_)), "{reply:?}");
}

#[tokio::test]
async fn a_push_is_refused_where_it_cannot_be_done_and_written_down() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let refused = async |bench: &mut Bench, job, words: &str| {
        bench.push(&job, true);
        let outcome = bench.pushed().await;
        let refused = matches!(&outcome, PushOutcome::Refused(why) if why.contains(words));
        assert!(refused, "{words}: {outcome:?}");
    };
    let on = |address: Option<Address>| Bench::new(true, address);

    let mut bench = on(Some(server.address()));
    bench.begin_with(&[], Ok(None));
    refused(&mut bench, job("a1"), "no record to write it down in").await;
    bench.begin_with(&[], Err("read-only".into()));
    assert_told(&mut bench).await;
    refused(&mut bench, job("a1"), "cannot be written: read-only").await;
    bench.begin(&[]);
    bench.fill_journal();
    bench.note();
    assert_told(&mut bench).await;
    refused(&mut bench, job("a1"), "cannot be written").await;

    let mut bench = on(Some(server.address()));
    bench.begin(&[]);
    let mut unread = job("a1");
    unread.payload = Payload(Vec::new());
    refused(&mut bench, unread, "cannot be read off Redis").await;
    bench.fill_rescue();
    refused(&mut bench, job("a1"), "cannot be saved").await;

    let mut bench = on(None);
    bench.begin(&[]);
    refused(&mut bench, job("a1"), "there is no Redis").await;
    let nobody = Address::parse("unix:///nonexistent/redis.sock").expect("an address");
    let mut bench = on(Some(nobody));
    bench.begin(&[]);
    refused(&mut bench, job("a1"), "").await;

    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut admin)
        .await
        .expect("the keys");
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test]
async fn each_kill_that_could_lose_what_is_not_saved_is_tried_again_by_name() {
    let (_one, first) = imitation();
    let (_other, second) = imitation();
    let mut bench = Bench::new(true, None);
    bench.begin(&[&first, &second]);
    bench.fill_rescue();
    for held in [&first, &second] {
        let outcome = bench.acts((held, KILL, 4), 1, &[job("a1")]).await;
        assert_refused(&outcome, "the payloads at stake cannot be saved");
        assert!(!held.has_exited());
    }
    let outcome = bench.acts((&first, KILL, 4), 1, &[job("a1")]).await;
    assert_eq!(outcome, ActOutcome::Sent);
    until_true("the first one ends", || first.has_exited());
    // Told of that step is not told of another one.
    let outcome = bench.acts((&second, KILL, 6), 1, &[job("a1")]).await;
    assert_refused(&outcome, "cannot be saved");
    assert!(!second.has_exited());
    let call = UnitCall {
        verb: UnitVerb::Restart,
        unit: Unit::of_system("drainboard-nowhere.service"),
        target: second.id().into(),
    };
    let why = bench.call_fails(&call, &[job("a1")]).await;
    assert!(why.contains("cannot be saved"), "{why}");
    // Whoever tries it again gets past that; there is no such unit.
    let why = bench.call_fails(&call, &[job("a1")]).await;
    assert!(!why.contains("cannot be saved"), "{why}");
}

#[tokio::test]
async fn what_is_saved_is_killed_at_once() {
    let (_imitation, held) = imitation();
    let mut bench = Bench::new(true, None);
    bench.begin(&[&held]);
    let outcome = bench.acts((&held, KILL, 4), 1, &[job("a1")]).await;
    assert_eq!(outcome, ActOutcome::Sent);
    assert!(bench.is_saved(&job("a1")));
    until_true("it ends", || held.has_exited());
    let outcome = bench.acts((&held, KILL, 4), 1, &[]).await;
    assert_eq!(outcome, ActOutcome::Gone);
}

#[tokio::test]
async fn a_step_that_cannot_be_written_down_is_tried_again_as_a_whole() {
    let (one, first) = imitation();
    let (other, second) = imitation();
    let mut bench = Bench::new(true, None);
    for _ in 0..2 {
        // Each run anew, whatever was let go in the one before.
        bench.begin_with(&[&first, &second], Err("read-only".into()));
        assert_told(&mut bench).await;
        for held in [&first, &second] {
            let outcome = bench.acts((held, Signal::Tstp, 0), 0, &[]).await;
            assert_refused(&outcome, "the record of it cannot be written: read-only");
        }
    }
    assert_eq!((one.heard().len(), other.heard().len()), (0, 0));
    for held in [&first, &second] {
        let outcome = bench.acts((held, Signal::Tstp, 0), 0, &[]).await;
        assert_eq!(outcome, ActOutcome::Sent);
    }
    until_true("both hear TSTP", || {
        one.heard() == ["TSTP"] && other.heard() == ["TSTP"]
    });
    // Nobody is asked twice about the record of one run.
    let outcome = bench.acts((&first, Signal::Term, 2), 0, &[]).await;
    assert_eq!(outcome, ActOutcome::Sent);
}

#[tokio::test]
async fn without_a_journal_nothing_can_be_saved_and_somebody_is_told_of_that_too() {
    let (_imitation, held) = imitation();
    let mut bench = Bench::new(true, None);
    bench.begin_with(&[&held], Err("read-only".into()));
    assert_told(&mut bench).await;
    let kill = (&held, KILL, 0);
    let outcome = bench.acts(kill, 1, &[job("a1")]).await;
    assert_refused(&outcome, "the record of it cannot be written");
    let outcome = bench.acts(kill, 1, &[job("a1")]).await;
    assert_refused(&outcome, "the payloads at stake cannot be saved: read-only");
    assert!(!held.has_exited());
    let outcome = bench.acts(kill, 1, &[job("a1")]).await;
    assert_eq!(outcome, ActOutcome::Sent);
}

#[tokio::test]
async fn where_nobody_is_asked_only_a_kill_with_jobs_at_stake_is_refused() {
    let (imitation, held) = imitation();
    let mut bench = Bench::new(false, None);
    bench.begin_with(&[&held], Err("read-only".into()));
    assert_told(&mut bench).await;
    let outcome = bench.acts((&held, Signal::Tstp, 0), 0, &[]).await;
    assert_eq!(outcome, ActOutcome::Sent);
    until_true("TSTP is heard", || imitation.heard() == ["TSTP"]);
    for _ in 0..2 {
        let outcome = bench.acts((&held, KILL, 2), 1, &[]).await;
        assert_refused(&outcome, "the record of it cannot be written");
    }
    bench.begin(&[&held]);
    bench.fill_rescue();
    for _ in 0..2 {
        let outcome = bench.acts((&held, KILL, 2), 1, &[job("a1")]).await;
        assert_refused(&outcome, "cannot be saved");
    }
    assert!(!held.has_exited());
    // What was seen back needs no copy.
    let outcome = bench.acts((&held, KILL, 2), 0, &[job("a1")]).await;
    assert_eq!(outcome, ActOutcome::Sent);
}

#[tokio::test]
async fn a_disk_with_room_again_is_written_to_and_nothing_needs_to_be_waived() {
    let (imitation, held) = imitation();
    let mut bench = Bench::new(true, None);
    bench.begin(&[&held]);
    bench.fill_journal();
    bench.note();
    assert_told(&mut bench).await;
    // Said once.
    bench.note();
    let outcome = bench.acts((&held, Signal::Tstp, 0), 0, &[]).await;
    assert_refused(&outcome, "the record of it cannot be written");
    bench.empty_journal();
    bench.note();
    let outcome = bench.acts((&held, Signal::Term, 2), 0, &[]).await;
    assert_eq!(outcome, ActOutcome::Sent);
    until_true("TERM alone is heard", || imitation.heard() == ["TERM"]);
}
