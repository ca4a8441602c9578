//! Saved jobs against a real Redis: where they are, what is proven, and that nothing is ever
//! pushed back twice.

mod nowhere;
mod proof;
mod sight;

use std::time::Duration;

use drainboard::clock;
use drainboard::core::fate::PushOutcome;
use drainboard::core::sequence::Signal;
use drainboard::redis::{Connection, Keys, Looker, RedisPush, interrupted, open, push_back};
use drainboard::rescue::{Ending, Payload, SavedJob, SavedState, Stopping, Surveyed, survey};
use redis::aio::MultiplexedConnection;

use crate::support::patience::until_async;
use crate::support::real_sidekiq::RealSidekiq;
use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::Rows;

fn payload(jid: &str) -> String {
    format!(r#"{{"class":"ReportBuild","args":[1],"tags":["é"],"jid":"{jid}","queue":"low"}}"#)
}

/// A job whose process had not pushed it back, and its ending five seconds ago.
fn lost(jid: &str) -> (SavedJob, Ending) {
    let job = SavedJob {
        saved_at: clock::now().wall(),
        jid: Some(jid.into()),
        class: "ReportBuild".into(),
        queue: "low".into(),
        identity: Some("util9:1:abc".into()),
        pid: 1,
        exited_at: None,
        tid: "otb".into(),
        run_at: None,
        from: None,
        stopping: Stopping::default(),
        payload: Payload(payload(jid).into_bytes()),
    };
    let ending = Ending {
        exited_at: Some(clock::now().before(Duration::from_secs(5)).wall()),
        not_back: Some("its process died too soon".into()),
        ..Ending::default()
    };
    (job, ending)
}

async fn connect(server: &RedisServer) -> Connection {
    open(&server.address(), Duration::from_secs(10))
        .await
        .expect("a connection")
}

async fn states(server: &RedisServer, jobs: &[(SavedJob, Ending)]) -> Vec<SavedState> {
    let mut connection = connect(server).await;
    let surveyed = survey(&mut connection, &Keys::default(), jobs, &[]).await;
    let surveyed: Vec<Surveyed> = surveyed.expect("an answer");
    surveyed
        .into_iter()
        .map(|surveyed| surveyed.state)
        .collect()
}

async fn words(server: &RedisServer, jobs: &[(SavedJob, Ending)]) -> Vec<&'static str> {
    states(server, jobs)
        .await
        .iter()
        .map(SavedState::word)
        .collect()
}

async fn send(connection: &mut MultiplexedConnection, command: &[&[u8]]) {
    let mut sent = redis::Cmd::new();
    for word in command {
        sent.arg(*word);
    }
    sent.exec_async(connection).await.expect("it is taken");
}

/// A process that serves the queue `low`, with a beat of now.
fn serving(pid: u32) -> Rows {
    let mut rows = Rows::of("7.3.9", pid);
    rows.beat = clock::now().epoch();
    rows
}

#[tokio::test]
async fn each_job_is_found_where_it_is() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    for (command, key, jid) in [("RPUSH", "queue:low", "a1"), ("LPUSH", "queue:other", "a2")] {
        send(
            &mut admin,
            &[command.as_bytes(), key.as_bytes(), payload(jid).as_bytes()],
        )
        .await;
    }
    send(&mut admin, &[b"SADD", b"queues", b"low", b"other"]).await;
    for (set, jid) in [("retry", "a3"), ("dead", "a4"), ("schedule", "a5")] {
        send(
            &mut admin,
            &[b"ZADD", set.as_bytes(), b"1", payload(jid).as_bytes()],
        )
        .await;
    }
    nowhere::mark(&mut admin, &lost("a7").0).await;
    let worked = format!("{:024x}", 7);
    let jids = ["a1", "a2", "a3", "a4", "a5", &worked, "a7", "a8"];
    let jobs: Vec<(SavedJob, Ending)> = jids.iter().map(|jid| lost(jid)).collect();
    let found = states(&server, &jobs).await;
    let whys: Vec<&str> = found.iter().map(|state| state.trace.why()).collect();
    assert_eq!(
        whys,
        [
            "in queue low",
            "in queue other",
            "among the retries",
            "among the dead",
            "among the scheduled",
            "runs on util1:7",
            "pushed back by drainboard before",
            "its process died too soon",
        ]
    );
    assert_eq!(found[7].word(), "nowhere");
    assert!(found[..7].iter().all(|state| !state.may_be_pushed(true)));
}

#[tokio::test]
async fn nobody_may_have_it_unseen() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    assert_eq!(words(&server, &[lost("a")]).await, ["nowhere"]);
    // One that has not beaten since the exit, by the server's clock.
    let rows = serving(7);
    rows.write(&mut admin).await;
    send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"55"]).await;
    let found = states(&server, &[lost("a")]).await;
    assert!(
        found[0].trace.why().starts_with("util1:7 may run it"),
        "{found:?}"
    );
    send(&mut admin, &[b"EXPIRE", rows.identity.as_bytes(), b"60"]).await;
    assert_eq!(words(&server, &[lost("a")]).await, ["nowhere"]);
    // One with an entry that cannot be read.
    let work = rows.work_key();
    send(&mut admin, &[b"HSET", work.as_bytes(), b"tid", b"no json"]).await;
    assert_eq!(words(&server, &[lost("a")]).await, ["unknown"]);
    send(&mut admin, &[b"HDEL", work.as_bytes(), b"tid"]).await;
    send(&mut admin, &[b"SADD", b"super_processes", b"util9:1:abc"]).await;
    assert_eq!(words(&server, &[lost("a")]).await, ["not_ours"]);
}

#[tokio::test]
async fn two_rescuers_push_each_job_once() {
    let server = RedisServer::start();
    let jids: Vec<String> = (0..200).map(|number| format!("{number:024x}")).collect();
    let rescuer = || {
        let (jids, address) = (jids.clone(), server.address());
        tokio::spawn(async move {
            let mut connection = open(&address, Duration::from_secs(10))
                .await
                .expect("a connection");
            let mut pushed = 0;
            for jid in &jids {
                let payload = payload(jid).into_bytes();
                let job = RedisPush {
                    execution: jid,
                    queue: "low",
                    payload: &payload,
                };
                let done = push_back(&mut connection, &Keys::default(), job).await;
                pushed += usize::from(done == Ok(PushOutcome::Pushed));
            }
            pushed
        })
    };
    let (one, two) = tokio::join!(rescuer(), rescuer());
    assert_eq!(one.expect("it ended") + two.expect("it ended"), 200);
    let mut admin = server.connection().await;
    let elements: Vec<String> = redis::cmd("LRANGE")
        .arg("queue:low")
        .arg(0)
        .arg(-1)
        .query_async(&mut admin)
        .await
        .expect("a list");
    let expected: Vec<String> = jids.iter().map(|jid| payload(jid)).collect();
    assert_eq!(elements, expected, "each once, at the front's end");
    let (named, left, marks): (Vec<String>, i64, u64) = redis::pipe()
        .cmd("SMEMBERS")
        .arg("queues")
        .cmd("TTL")
        .arg("drainboard:rescued")
        .cmd("ZCARD")
        .arg("drainboard:rescued")
        .query_async(&mut admin)
        .await
        .expect("answers");
    assert_eq!(named, ["low"]);
    assert_eq!((left, marks), (-1, 200), "the marks do not expire");
}

#[tokio::test]
async fn what_stands_in_its_queue_is_not_pushed_again() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let keys = Keys::new(Some("app"));
    let binary = b"\xff\x00{\"jid\":\"b\"}\r\n\xfe".to_vec();
    let job = RedisPush {
        execution: "b",
        queue: "low",
        payload: &binary,
    };
    let mut connection = connect(&server).await;
    send(&mut admin, &[b"RPUSH", b"app:queue:low", &binary, b"other"]).await;
    assert_eq!(
        push_back(&mut connection, &keys, job).await,
        Ok(PushOutcome::InQueue)
    );
    send(&mut admin, &[b"DEL", b"app:queue:low"]).await;
    assert_eq!(
        push_back(&mut connection, &keys, job).await,
        Ok(PushOutcome::Pushed)
    );
    let stands: Vec<u8> = redis::cmd("RPOP")
        .arg("app:queue:low")
        .query_async(&mut admin)
        .await
        .expect("the payload");
    assert_eq!(stands, binary);
    assert_eq!(
        push_back(&mut connection, &keys, job).await,
        Ok(PushOutcome::Already)
    );
    // A queue that is no list: nothing is written, not even the mark.
    send(&mut admin, &[b"SET", b"app:queue:odd", b"x"]).await;
    let odd = RedisPush {
        execution: "c",
        queue: "odd",
        ..job
    };
    assert!(push_back(&mut connection, &keys, odd).await.is_err());
    // A user who may mark and not push.
    send(&mut admin, &[b"DEL", b"app:queue:odd"]).await;
    send(&mut admin, &[b"ACL", b"SETUSER", b"default", b"-rpush"]).await;
    assert!(push_back(&mut connection, &keys, odd).await.is_err());
    let marked: Option<f64> = redis::cmd("ZSCORE")
        .arg("app:drainboard:rescued")
        .arg("c")
        .query_async(&mut admin)
        .await
        .expect("an answer");
    assert_eq!(marked, None);
}

#[tokio::test]
async fn a_long_queue_is_searched_to_the_end_and_the_act_is_short() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let jids: Vec<String> = (0..200_000)
        .map(|number| format!("{number:024x}"))
        .collect();
    for jids in jids.chunks(20_000) {
        let mut push = redis::cmd("RPUSH");
        push.arg("queue:low");
        for jid in jids {
            push.arg(payload(jid));
        }
        push.exec_async(&mut admin).await.expect("it is pushed");
    }
    send(&mut admin, &[b"SADD", b"queues", b"low"]).await;
    let mut middle = lost(&jids[100_000]);
    middle.0.payload = Payload(b"other bytes".to_vec());
    assert_eq!(
        words(&server, &[lost("f00"), middle]).await,
        ["nowhere", "safe"]
    );
    let mut connection = connect(&server).await;
    let payload = payload("f00").into_bytes();
    let job = RedisPush {
        execution: "f00",
        queue: "low",
        payload: &payload,
    };
    let begun = clock::now();
    let done = push_back(&mut connection, &Keys::default(), job).await;
    let took = clock::now().since(begun);
    assert_eq!(done, Ok(PushOutcome::Pushed));
    assert!(took < Duration::from_millis(200), "{took:?}");
}

#[tokio::test]
async fn jobs_that_failed_by_being_stopped_are_counted() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    for number in 0..1_000 {
        let class = [
            "Sidekiq::Shutdown",
            "Interrupt",
            "RuntimeError",
            "ReportBuild::Shutdown",
        ];
        let class = class[number % 4];
        let member =
            format!(r#"{{"jid":"{number}","error_class":"{class}","args":["Interrupt"]}}"#);
        send(&mut admin, &[b"ZADD", b"retry", b"1", member.as_bytes()]).await;
    }
    send(
        &mut admin,
        &[
            b"ZADD",
            b"dead",
            b"1",
            br#"{"error_class":"Sidekiq::Shutdown"}"#,
        ],
    )
    .await;
    send(&mut admin, &[b"ZADD", b"dead", b"1", b"no json"]).await;
    let mut connection = connect(&server).await;
    let within = Duration::from_secs(5);
    let found = interrupted(&mut connection, &Keys::default(), within)
        .await
        .expect("an answer");
    assert_eq!((found.retry, found.dead, found.whole), (500, 1, true));
    assert_eq!(found.read, 1_000);
    // No time: nothing is counted, and that is said.
    let found = interrupted(&mut connection, &Keys::default(), Duration::ZERO)
        .await
        .expect("an answer");
    assert_eq!((found.retry, found.whole, found.read), (0, false, 0));
}

/// The job that a killed Sidekiq ran: saved off its beat, lost, pushed back, run by the next one.
async fn a_killed_job_runs_again(major: u8) {
    let server = RedisServer::start();
    let directory = tempfile::tempdir().expect("a directory");
    let sidekiq = RealSidekiq::start(major, &server, directory.path(), &["-q", "low"]);
    let mut admin = server.connection().await;
    let jid = "c".repeat(24);
    let payload = format!(
        r#"{{ "retry":true, "queue":"low","class":"SleepJob","args":[60],"jid":"{jid}","created_at":1795287600.25,"note":"\u00e9 é \u2028"}}"#
    );
    send(&mut admin, &[b"LPUSH", b"queue:low", payload.as_bytes()]).await;
    let mut connection = connect(&server).await;
    let mut looker = Looker::new(Keys::default());
    let (identity, work) = until_async("a beat shows the job", async || {
        let (look, _) = looker.look(&mut connection).await.expect("a look");
        let busy = look.rows.into_iter().find(|row| !row.work.is_empty());
        busy.map(|row| (row.identity, row.work[0].clone()))
    })
    .await;
    assert_eq!(&*work.payload, payload.as_bytes());
    let (mut job, mut ending) = lost(&jid);
    job.payload = Payload(work.payload.to_vec());
    job.identity = Some(identity.as_str().to_owned());
    let held = sidekiq.hold();
    held.send(Signal::Kill, || true).expect("it is sent");
    drop(sidekiq);
    ending.exited_at = Some(clock::now().wall());
    let jobs = [(job, ending)];
    // What the dead one left in Redis is no process that runs it.
    assert_eq!(words(&server, &jobs).await, ["nowhere"]);
    let back = RedisPush {
        execution: &jid,
        queue: "low",
        payload: &jobs[0].0.payload.0,
    };
    let done = push_back(&mut connection, &Keys::default(), back).await;
    assert_eq!(done, Ok(PushOutcome::Pushed));
    assert_eq!(words(&server, &jobs).await, ["safe"]);
    let next = RealSidekiq::start(major, &server, directory.path(), &["-q", "low"]);
    until_async("another Sidekiq runs the job", async || {
        let state = states(&server, &jobs).await.remove(0);
        state.trace.why().starts_with("runs on").then_some(())
    })
    .await;
    drop(next);
}

#[tokio::test]
async fn a_killed_job_of_sidekiq_6_runs_again() {
    a_killed_job_runs_again(6).await;
}

#[tokio::test]
async fn a_killed_job_of_sidekiq_7_runs_again() {
    a_killed_job_runs_again(7).await;
}

#[tokio::test]
async fn a_killed_job_of_sidekiq_8_runs_again() {
    a_killed_job_runs_again(8).await;
}
