//! What must be known before a job is called nowhere: private lists of any fetcher, what may not
//! be read, which processes have exited, and which execution was lost.

use drainboard::redis::Keys;
use drainboard::rescue::{Payload, SavedJob, survey};
use redis::aio::MultiplexedConnection;

use super::{connect, lost, payload, send, serving, states, words};
use crate::support::redis_server::RedisServer;

/// Marks this execution as pushed back.
pub(super) async fn mark(connection: &mut MultiplexedConnection, job: &SavedJob) {
    let execution = job.execution();
    let command: [&[u8]; 4] = [b"ZADD", b"drainboard:rescued", b"1", execution.as_bytes()];
    send(connection, &command).await;
}

/// Fetchers of others than Sidekiq keep a job in a list of their own while it runs, and no
/// registry names it. The scan for such lists comes before anything is called nowhere.
#[tokio::test]
async fn a_job_in_a_private_list_of_any_fetcher_is_not_nowhere() {
    for key in [
        "working:queue:low:util9:1:abc",
        "queue:sq_util9:1:abc_low",
        "queue:sq|util9:1:abc|low",
        "queue:low_util9_0",
        "inproc:queue:low",
    ] {
        let server = RedisServer::start();
        let mut admin = server.connection().await;
        send(&mut admin, &[b"SADD", b"queues", b"low"]).await;
        send(&mut admin, &[b"SET", b"other:queue:text", b"no list"]).await;
        assert_eq!(words(&server, &[lost("a")]).await, ["nowhere"], "{key}");
        let payload = payload("a");
        send(&mut admin, &[b"LPUSH", key.as_bytes(), payload.as_bytes()]).await;
        let found = states(&server, &[lost("a"), lost("b")]).await;
        assert_eq!(found[0].word(), "not_ours", "{key}: {found:?}");
        assert_eq!(found[1].word(), "nowhere", "{key}: {found:?}");
        assert!(!found[0].may_be_pushed(true), "{key}");
        // Without the right to look for them nothing is proven.
        send(&mut admin, &[b"ACL", b"SETUSER", b"default", b"-scan"]).await;
        assert_eq!(words(&server, &[lost("b")]).await, ["unknown"], "{key}");
    }
}

/// A process whose work may not be read may run anything.
#[tokio::test]
async fn what_may_not_be_read_proves_nothing() {
    for command in ["hgetall", "smembers", "lrange", "zscan", "zscore", "hmget"] {
        let server = RedisServer::start();
        let mut admin = server.connection().await;
        serving(7).write(&mut admin).await;
        assert_eq!(words(&server, &[lost("a")]).await, ["nowhere"]);
        let without = format!("-{command}");
        send(
            &mut admin,
            &[b"ACL", b"SETUSER", b"default", without.as_bytes()],
        )
        .await;
        let mut connection = connect(&server).await;
        let seen = survey(&mut connection, &Keys::default(), &[lost("a")], &[]).await;
        let nowhere = seen.is_ok_and(|seen| seen[0].state.word() == "nowhere");
        assert!(!nowhere, "without {command}");
    }
}

/// What Redis goes on showing of a process that has exited is history.
#[tokio::test]
async fn a_process_whose_exit_is_known_has_taken_nothing() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"55"]).await;
    assert_eq!(
        words(&server, &[lost("a")]).await,
        ["unknown"],
        "it may run it"
    );
    let mut connection = connect(&server).await;
    let gone = [rows.identity.clone()];
    let seen = survey(&mut connection, &Keys::default(), &[lost("a")], &gone).await;
    assert_eq!(seen.expect("an answer")[0].state.word(), "nowhere");
}

/// The same id is lost again by a later drain: that is another execution.
#[tokio::test]
async fn a_second_loss_of_the_same_id_is_a_new_one() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let (first, ending) = lost("a");
    mark(&mut admin, &first).await;
    let again = SavedJob {
        identity: Some("util9:2:def".into()),
        ..first.clone()
    };
    let jobs = [(first, ending.clone()), (again, ending)];
    assert_eq!(words(&server, &jobs).await, ["safe", "nowhere"]);
}

/// Its process died, but the job had broken off at a checkpoint before: pushed back, it would run
/// beside the job that does the rest of its work.
#[tokio::test]
async fn a_job_whose_work_goes_on_under_another_jid_is_not_nowhere() {
    let active_job = |jid: &str, state: &str| {
        format!(
            r#"{{"class":"Sidekiq::ActiveJob::Wrapper","jid":"{jid}","queue":"low","created_at":1700000000.5,"args":[{{"job_id":"w",{state}}}]}}"#
        )
    };
    let iteration = |jid: &str, arguments: &str| {
        format!(
            r#"{{"class":"Import","jid":"{jid}","queue":"low","created_at":1700000000500,"args":{arguments}}}"#
        )
    };
    let cases = [
        (
            active_job("a", r#""continuation":{},"resumptions":0"#),
            active_job("b", r#""continuation":{},"resumptions":1"#),
        ),
        (
            active_job("a", r#""times_interrupted":3"#),
            active_job("b", r#""times_interrupted":4"#),
        ),
        (
            iteration("a", r#"[7,"x"]"#),
            iteration(
                "b",
                r#"[7,"x",{"sidekiq_iteration":{"times_interrupted":1}}]"#,
            ),
        ),
    ];
    for (before, after) in cases {
        let mut job = lost("a");
        job.0.payload = Payload(before.clone().into_bytes());
        job.0.run_at = Some(1_699_999_990.0);
        let places: [(&[&[u8]], &str); 3] = [
            (&[b"ZADD", b"schedule", b"1"], "among the scheduled"),
            (&[b"LPUSH", b"queue:low"], "in queue low"),
            (&[b"LPUSH", b"queue:other"], "in queue other"),
        ];
        for (command, place) in places {
            let server = RedisServer::start();
            let mut admin = server.connection().await;
            send(&mut admin, &[b"SADD", b"queues", b"low", b"other"]).await;
            let jobs = std::slice::from_ref(&job);
            assert_eq!(words(&server, jobs).await, ["nowhere"], "{before}");
            send(&mut admin, &[command, &[after.as_bytes()]].concat()).await;
            let found = states(&server, jobs).await;
            assert_eq!(
                found[0].trace.why(),
                format!("its work goes on as b ({place})")
            );
            assert!(!found[0].may_be_pushed(true));
            // What was made before this job began is other work of the same kind.
            let mut later = job.clone();
            later.0.run_at = Some(1_700_000_100.0);
            assert_eq!(words(&server, &[later]).await, ["nowhere"], "{before}");
        }
        let server = RedisServer::start();
        let mut admin = server.connection().await;
        let mut rows = serving(7);
        let entry = serde_json::json!({"queue": "low", "payload": after, "run_at": 1_700_000_001});
        rows.work = vec![("otb".into(), entry.to_string())];
        rows.write(&mut admin).await;
        let found = states(&server, &[job]).await;
        assert_eq!(
            found[0].trace.why(),
            "its work goes on as b (at work on util1:7)"
        );
    }
}

/// Another job under its id is not this one: it makes it neither safe nor provably nowhere. Only by
/// its name is it pushed back.
#[tokio::test]
async fn another_job_under_its_id_is_neither_safe_nor_proof() {
    let other = payload("a").replace("[1]", "[2]");
    for (command, key) in [
        ("LPUSH", "queue:low"),
        ("LPUSH", "queue:slow"),
        ("ZADD", "retry"),
    ] {
        let server = RedisServer::start();
        let mut admin = server.connection().await;
        send(&mut admin, &[b"SADD", b"queues", b"low", b"slow"]).await;
        assert_eq!(words(&server, &[lost("a")]).await, ["nowhere"], "{key}");
        let score: &[&[u8]] = if command == "ZADD" { &[b"1"] } else { &[] };
        let push = [
            &[command.as_bytes(), key.as_bytes()],
            score,
            &[other.as_bytes()],
        ]
        .concat();
        send(&mut admin, &push).await;
        let found = states(&server, &[lost("a")]).await;
        assert_eq!(found[0].word(), "unknown", "{key}: {found:?}");
        assert!(
            found[0].trace.why().contains("another job under its id"),
            "{found:?}"
        );
        assert!(found[0].may_be_pushed(true) && !found[0].may_be_pushed(false));
    }
    // At work.
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut rows = serving(7);
    for (_, entry) in &mut rows.work {
        *entry = entry.replace("[1]", "[2]");
    }
    rows.write(&mut admin).await;
    let found = states(&server, &[lost(&format!("{:024x}", 7))]).await;
    assert_eq!(found[0].word(), "unknown", "{found:?}");
    assert!(
        found[0].trace.why().contains("at work on util1:7"),
        "{found:?}"
    );
}

/// The name of a queue counts byte for byte. What is cleaned away for the screen tells two queues
/// apart; and one whose name is no text cannot be searched.
#[tokio::test]
async fn queues_are_searched_under_their_exact_names() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let odd = "lo\u{200b}w";
    send(&mut admin, &[b"SADD", b"queues", b"low", odd.as_bytes()]).await;
    assert_eq!(words(&server, &[lost("a")]).await, ["nowhere"]);
    let key = format!("queue:{odd}");
    let payload = payload("a");
    send(&mut admin, &[b"LPUSH", key.as_bytes(), payload.as_bytes()]).await;
    assert_eq!(words(&server, &[lost("a")]).await, ["safe"]);
    send(&mut admin, &[b"DEL", key.as_bytes()]).await;
    send(&mut admin, &[b"SADD", b"queues", b"\xff\xfe"]).await;
    assert_eq!(words(&server, &[lost("a")]).await, ["unknown"]);
}
