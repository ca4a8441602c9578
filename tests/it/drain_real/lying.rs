//! A row in Redis that says of a process what is not so: its worker threads speak against it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use redis::{Commands, Connection};
use serde_json::json;

use crate::support::drain::Drain;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

/// Somebody deletes the work of a process again and again, and says that it is not busy.
fn deny_work(identity: &str, mut connection: Connection, until: &AtomicBool) {
    while !until.load(Ordering::Relaxed) {
        let _: () = connection.del(format!("{identity}:work")).unwrap();
        let _: () = connection.hset(identity, "busy", 0).unwrap();
    }
}

#[test]
fn a_row_without_work_proves_no_end_while_a_worker_thread_is_left() {
    let scene = Scene::new();
    let mut sidekiq = scene.silent_sidekiq(Version::Seven);
    let jid = scene.busy("StuckJob", &json!([]));
    let more = ["--kill-extra=2", "--despite=D01"];
    let mut drain = Drain::start(&scene, "tstp, 14, term, 2, kill", &more);
    drain.wait_for("signal_sent");
    let (identity, connection) = (scene.identities().remove(0), scene.connection());
    let over = AtomicBool::new(false);
    let ended = thread::scope(|threads| {
        threads.spawn(|| deny_work(&identity, connection, &over));
        let ended = drain.end();
        over.store(true, Ordering::Relaxed);
        ended
    });
    let waited = ended.sent_at("KILL") - ended.sent_at("TERM");
    assert!(waited > 3.9, "the gate did not open: {}", ended.text());
    ended
        .assert_outcome(4, "lost")
        .assert_jobs("unknown", 1)
        .assert_fate(&jid, "unknown");
    let why = ended.event("reconciled")["evidence"].as_str();
    let contradicts =
        |why: &str| why.contains("but 1 worker thread was left there that no heartbeat explains");
    assert!(why.is_some_and(contradicts), "{why:?}");
    sidekiq.wait_for_end();
}
