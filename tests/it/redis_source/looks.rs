//! Looks: all versions, the number of trips and commands, and rows that spoil themselves alone.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::sync::Arc;
use std::time::Duration;

use drainboard::core::fleet::{Look, LookRow};
use drainboard::redis::{Address, Connection, Keys, Looker, Tuning, look_once, open};
use redis::aio::MultiplexedConnection;

use super::Counting;
use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::{Rows, VERSIONS};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn connected(address: &Address) -> Counting<Connection> {
    Counting {
        inner: open(address, 5 * SECOND).await.unwrap(),
        trips: 0,
    }
}

pub(super) async fn look(looker: &mut Looker, connection: &mut Counting<Connection>) -> Look {
    looker.look(connection).await.unwrap().0
}

/// Runs one command that prepares something.
pub(super) async fn run(connection: &mut MultiplexedConnection, words: &[&str]) {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.exec_async(connection).await.unwrap();
}

pub(super) fn check_row(row: &LookRow, version: &str) {
    assert_eq!(row.faults, Vec::<String>::new(), "{version}");
    let heartbeat = row.heartbeat.as_ref().unwrap();
    assert_eq!(heartbeat.concurrency, Some(4), "{version}");
    assert_eq!(heartbeat.busy, 1);
    assert_eq!(heartbeat.info.tag, "shop");
    assert_eq!(heartbeat.info.queues, ["default", "low"]);
    let named = !["5", "6"].contains(&&version[..1]) && version != "7.0.1";
    let expected = named.then_some(version);
    assert_eq!(heartbeat.info.version_text.as_deref(), expected);
    let [work] = row.work.as_slice() else {
        panic!("{version}: {:?}", row.work)
    };
    assert_eq!(
        (work.class.as_str(), work.queue.as_str()),
        ("ReportBuild", "default")
    );
    assert_eq!(work.run_at, Some(1_795_287_000.0), "{version}");
    assert_eq!(work.enqueued_at, Some(1_795_286_999.25), "{version}");
    assert_eq!(work.jid.as_deref().map(str::len), Some(24));
    assert_eq!(work.fault, None);
}

#[tokio::test]
async fn all_versions_are_read() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    for (pid, version) in (100..).zip(VERSIONS) {
        Rows::of(version, pid).write(&mut admin).await;
    }
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    let first = look(&mut looker, &mut connection).await;
    assert_eq!(first.rows.len(), VERSIONS.len());
    for (row, version) in first.rows.iter().zip(VERSIONS) {
        check_row(row, version);
    }
    assert!(first.answered >= first.asked);
    assert!((first.server_time - first.asked.epoch()).abs() < 60.0);
    assert!(first.server.is_some());
    let second = look(&mut looker, &mut connection).await;
    for ((row, before), version) in second.rows.iter().zip(&first.rows).zip(VERSIONS) {
        check_row(row, version);
        assert!(row.beat_age.unwrap() < 30 * SECOND, "{version}");
        assert!(
            Arc::ptr_eq(&row.work[0], &before.work[0]),
            "{version} is decoded twice"
        );
    }
}

#[tokio::test]
async fn what_changed_is_decoded_again() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut rows = Rows::of("7.3.9", 1);
    rows.write(&mut admin).await;
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    let first = look(&mut looker, &mut connection).await;
    rows.work[0].1 = rows.work[0].1.replace("ReportBuild", "Cleanup");
    rows.work.push((
        "abc".into(),
        rows.work[0].1.replace("run_at\":1", "run_at\":2"),
    ));
    rows.quiet = true;
    rows.beat += 10.0;
    rows.write(&mut admin).await;
    let second = look(&mut looker, &mut connection).await;
    assert_eq!(first.rows[0].work[0].class, "ReportBuild");
    let row = &second.rows[0];
    assert!(row.heartbeat.as_ref().unwrap().quiet);
    assert_eq!(row.work.len(), 2);
    assert!(row.work.iter().all(|work| work.class == "Cleanup"));
    rows.work.clear();
    rows.beat += 10.0;
    rows.write(&mut admin).await;
    let third = look(&mut looker, &mut connection).await;
    assert!(third.rows[0].work.is_empty() && third.rows[0].faults.is_empty());
}

#[tokio::test]
async fn a_server_that_comes_back_empty_is_told_from_the_one_before() {
    let mut server = RedisServer::start();
    let identity = async |server: &RedisServer| {
        let mut connection = connected(&server.address()).await;
        let look = look(&mut Looker::new(Keys::default()), &mut connection).await;
        look.server.unwrap()
    };
    let first = identity(&server).await;
    assert_eq!(identity(&server).await, first);
    server.stop();
    server.start_again();
    let empty = identity(&server).await;
    assert!(!empty.goes_on_from(&first), "{first:?}, {empty:?}");
}

#[tokio::test]
async fn who_may_not_ask_for_the_server_still_looks() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let rights = [
        "ACL", "SETUSER", "viewer", "on", ">x", "~*", "+@read", "+time",
    ];
    run(&mut admin, &rights).await;
    let url = format!("{}?user=viewer&pass=x", server.url());
    let mut connection = connected(&Address::parse(&url).unwrap()).await;
    let mut looker = Looker::new(Keys::default());
    for _ in 0..2 {
        connection.trips = 0;
        let look = look(&mut looker, &mut connection).await;
        assert_eq!((look.server, connection.trips), (None, 2));
        assert!((look.server_time - look.asked.epoch()).abs() < 60.0);
        check_row(&look.rows[0], "7.3.9");
    }
}

#[tokio::test]
async fn an_iterable_job_is_known_by_its_state_from_then_on() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    Rows::of("6.5.12", 2).write(&mut admin).await;
    let (jid, older) = (format!("{:024x}", 1), format!("{:024x}", 2));
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    let mut iterating = Vec::new();
    for number in 0..14 {
        if number == 3 {
            for jid in [&jid, &older] {
                run(&mut admin, &["HSET", &format!("it-{jid}"), "ex", "1"]).await;
            }
        }
        if number == 13 {
            run(&mut admin, &["DEL", &format!("it-{jid}")]).await;
        }
        let seen = look(&mut looker, &mut connection).await;
        iterating.push(seen.rows[0].iterating.clone());
        assert!(seen.rows[1].iterating.is_empty(), "there were none in 6.5");
    }
    // Asked in the second look, and ten looks later.
    assert!(iterating[..11].iter().all(Vec::is_empty), "{iterating:?}");
    assert!(
        iterating[11..].iter().all(|jids| *jids == [jid.as_str()]),
        "{iterating:?}"
    );
}

#[tokio::test]
async fn a_user_who_may_only_read_is_enough() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let rights = [
        "ACL",
        "SETUSER",
        "viewer",
        "on",
        ">p@ss/word",
        "~*",
        "+@read",
        "+time",
    ];
    run(&mut admin, &rights).await;
    let url = format!("{}?user=viewer&pass=p%40ss%2Fword", server.url());
    let address = Address::parse(&url).unwrap();
    let (look, _) = look_once(&address, &Tuning::default()).await.unwrap();
    check_row(&look.rows[0], "7.3.9");
}

#[tokio::test]
async fn one_look_asks_again_where_a_beat_seems_old() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut old = Rows::of("7.3.9", 1);
    old.beat = 1.0;
    old.write(&mut admin).await;
    let (look, _) = look_once(&server.address(), &Tuning::default())
        .await
        .unwrap();
    assert!(
        look.rows[0].beat_age.unwrap() < 30 * SECOND,
        "its clock is wrong"
    );
    server.forget_commands().await;
    old.beat = look.server_time;
    old.write(&mut admin).await;
    server.forget_commands().await;
    look_once(&server.address(), &Tuning::default())
        .await
        .unwrap();
    let trips = server.commands().await;
    assert!(trips.contains(&("smembers".into(), 1)), "{trips:?}");
}

#[tokio::test]
async fn what_is_malformed_spoils_its_own_row() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let mut broken_entry = Rows::of("7.3.9", 2);
    broken_entry.work.push(("bad".into(), "{\"queue\":".into()));
    broken_entry.write(&mut admin).await;
    let broken_info = Rows::of("6.5.12", 3);
    broken_info.write(&mut admin).await;
    run(
        &mut admin,
        &["HSET", &broken_info.identity, "info", "{\"tag"],
    )
    .await;
    // A ghost, a key of another kind, a work hash of another kind, a beat that is none.
    run(&mut admin, &["SADD", "processes", "util1:4:x", "util1:5:x"]).await;
    run(&mut admin, &["SET", "util1:5:x", "text"]).await;
    let broken_work = Rows::of("7.3.9", 6);
    broken_work.write(&mut admin).await;
    run(&mut admin, &["DEL", &broken_work.work_key()]).await;
    run(&mut admin, &["SET", &broken_work.work_key(), "text"]).await;
    let no_beat = Rows::of("7.3.9", 7);
    no_beat.write(&mut admin).await;
    run(&mut admin, &["HSET", &no_beat.identity, "beat", "soon"]).await;

    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    for _ in 0..2 {
        let look = look(&mut looker, &mut connection).await;
        let [good, entry, info, ghost, text, work, beat] = look.rows.as_slice() else {
            panic!("{:?}", look.rows)
        };
        check_row(good, "7.3.9");
        assert_eq!(entry.work.len(), 2);
        assert!(entry.faults.is_empty());
        let faults: Vec<_> = entry
            .work
            .iter()
            .filter_map(|work| work.fault.as_ref())
            .collect();
        assert!(
            faults.len() == 1 && faults[0].contains("malformed"),
            "{faults:?}"
        );
        assert!(
            info.faults[0].contains("info is malformed"),
            "{:?}",
            info.faults
        );
        assert!(info.heartbeat.is_some() && info.work.len() == 1);
        assert!(ghost.is_ghost() && ghost.work.is_empty());
        assert!(text.faults[0].contains("WRONGTYPE") && !text.is_ghost());
        assert!(work.heartbeat.is_some() && work.faults[0].contains("WRONGTYPE"));
        assert!(beat.heartbeat.is_none() && beat.faults[0].contains("last beat"));
    }
}

#[tokio::test]
async fn names_that_are_no_text_and_a_namespace() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut rows = Rows::of("6.5.12", 1);
    rows.identity = "app:util1:1:ab".into();
    rows.write(&mut admin).await;
    let mut add = redis::cmd("SADD");
    add.arg("app:processes")
        .arg("util1:1:ab")
        .arg(&b"util\xff\x1b[2J:2:cd"[..]);
    add.exec_async(&mut admin).await.unwrap();
    let mut hash = redis::cmd("HSET");
    hash.arg(&b"app:util\xff\x1b[2J:2:cd"[..]);
    hash.arg(&["busy", "0", "beat", "1.5", "info", "{}"]);
    hash.exec_async(&mut admin).await.unwrap();
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::new(Some("app")));
    let look = look(&mut looker, &mut connection).await;
    let names: Vec<&str> = look.rows.iter().map(|row| row.identity.as_str()).collect();
    assert_eq!(names[0], "util1:1:ab");
    assert!(
        names[1].starts_with("util\u{fffd}:2:cd (cleaned, "),
        "{names:?}"
    );
    assert_eq!(look.rows[0].work.len(), 1);
    assert!(look.rows[1].heartbeat.is_some());
}

#[tokio::test]
async fn a_job_of_five_megabytes() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut rows = Rows::of("8.1.7", 1);
    let payload = serde_json::json!({"class": "Big", "jid": "big", "args": ["x".repeat(5 << 20)]});
    let entry =
        serde_json::json!({"queue": "default", "payload": payload.to_string(), "run_at": 1});
    rows.work.push(("big".into(), entry.to_string()));
    rows.write(&mut admin).await;
    let (look, _) = look_once(&server.address(), &Tuning::default())
        .await
        .unwrap();
    let big = &look.rows[0].work[0];
    assert_eq!((big.class.as_str(), big.tid.as_str()), ("Big", "big"));
    assert_eq!(big.payload.len(), payload.to_string().len());
}

#[tokio::test]
async fn a_member_of_100_kb_is_one_row_and_is_cut() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let long = "x".repeat(100_000);
    run(
        &mut admin,
        &["SADD", "processes", &long, &(long.clone() + "y")],
    )
    .await;
    let mut connection = connected(&server.address()).await;
    let seen = look(&mut Looker::new(Keys::default()), &mut connection).await;
    assert_eq!(seen.rows.len(), 3);
    check_row(&seen.rows[0], "7.3.9");
    let names: Vec<&str> = seen.rows[1..]
        .iter()
        .map(|row| row.identity.as_str())
        .collect();
    assert!(names.iter().all(|name| name.len() < 1_000), "{names:?}");
    assert_ne!(names[0], names[1], "they stay apart");
}
