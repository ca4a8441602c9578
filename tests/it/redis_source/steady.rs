//! What a look costs: trips and commands, for processes that beat, that are dead, and that lie.

use std::sync::Arc;

use drainboard::core::fleet::{Look, LookRow, Work};
use drainboard::redis::{Connection, Extent, Keys, Looker, Read, Tuning, look_once};
use redis::aio::MultiplexedConnection;

use super::Counting;
use super::looks::{check_row, connected, look, run};
use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::Rows;

/// How often each command was called for one look, and in how many trips.
async fn counted(
    server: &RedisServer,
    looker: &mut Looker,
    connection: &mut Counting<Connection>,
) -> (Look, usize, String) {
    server.forget_commands().await;
    connection.trips = 0;
    let seen = look(looker, connection).await;
    let commands = server.commands().await;
    for (command, _) in &commands {
        let known = |read: &Read| read.name().eq_ignore_ascii_case(command);
        assert!(
            Read::ALL.iter().any(known),
            "{command} is not a read command"
        );
    }
    let words = commands
        .iter()
        .map(|(name, calls)| format!("{name} {calls}"));
    (seen, connection.trips, words.collect::<Vec<_>>().join(", "))
}

#[tokio::test]
async fn a_first_look_is_two_commands_a_process_and_a_later_one_asks_for_what_changed() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    look(&mut looker, &mut connection).await;
    assert_eq!(connection.trips, 1, "no process is there");
    // 5.2.10 has its jobs under the older name. The last one is a 6.x that has nothing to do:
    // its key is not known, and is not asked for.
    for (pid, version) in (1..5).zip(["5.2.10", "6.5.12", "7.3.9", "8.1.7"]) {
        Rows::of(version, pid).write(&mut admin).await;
    }
    let mut idle = Rows::of("6.5.12", 5);
    idle.work.clear();
    idle.write(&mut admin).await;
    let (first, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    assert_eq!(
        (trips, commands.as_str()),
        (3, "exists 1, hgetall 6, hmget 5, info 1, smembers 1")
    );
    assert!(first.rows.iter().all(|row| row.beat_age.is_none()));
    // The clock of each host is measured, and the jobs of 7.3.9 and 8.1.7 are asked once for
    // their iteration state.
    let (second, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    assert_eq!(
        (trips, commands.as_str()),
        (2, "exists 3, hmget 5, info 1, pttl 5, smembers 1")
    );
    assert!(second.rows.iter().all(|row| row.beat_age.is_some()));
    let (third, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    assert_eq!(
        (trips, commands.as_str()),
        (1, "exists 1, hmget 5, info 1, smembers 1")
    );
    assert!(third.rows[..4].iter().all(|row| row.work.len() == 1));
    // A beat has its jobs read again, and no others.
    let mut beaten = Rows::of("7.3.9", 3);
    beaten.beat += 10.0;
    beaten.write(&mut admin).await;
    let (_, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    assert_eq!(
        (trips, commands.as_str()),
        (2, "exists 1, hgetall 1, hmget 5, info 1, smembers 1")
    );
}

#[tokio::test]
async fn a_flushed_redis_is_told_by_the_counter_of_processed_jobs() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    assert_eq!(look(&mut looker, &mut connection).await.counter, None);
    for (command, counter) in [
        (&["PING"][..], false),
        (&["SET", "stat:processed", "1204"], true),
        (&["FLUSHALL"], false),
    ] {
        run(&mut admin, command).await;
        let look = look(&mut looker, &mut connection).await;
        assert_eq!(look.counter, Some(counter), "{command:?}");
    }
}

#[tokio::test]
async fn work_that_holds_less_than_its_beat_says_is_read_again() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = Rows::of("7.0.1", 1);
    rows.write(&mut admin).await;
    run(&mut admin, &["RENAME", &rows.work_key(), "elsewhere"]).await;
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    for _ in 0..3 {
        assert!(
            look(&mut looker, &mut connection).await.rows[0]
                .work
                .is_empty()
        );
    }
    run(&mut admin, &["RENAME", "elsewhere", &rows.work_key()]).await;
    assert_eq!(
        look(&mut looker, &mut connection).await.rows[0].work.len(),
        1
    );
}

#[tokio::test]
async fn dead_members_cost_one_short_question_in_their_turn() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let mut add = redis::cmd("SADD");
    add.arg("processes");
    for number in 0..1_000 {
        add.arg(format!("dead{number}:{number}:abc"));
    }
    add.exec_async(&mut admin).await.unwrap();
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default());
    let (first, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    assert_eq!(
        (trips, commands.as_str()),
        (2, "hgetall 1001, hmget 1001, info 1, smembers 1")
    );
    let dead = |look: &Look| look.rows.iter().filter(|row| row.is_ghost()).count();
    assert_eq!((first.rows.len(), dead(&first)), (1_001, 1_000));
    look(&mut looker, &mut connection).await;
    let (third, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    assert_eq!(
        (trips, commands.as_str()),
        (1, "exists 1, hmget 101, info 1, smembers 1")
    );
    assert_eq!((third.rows.len(), dead(&third)), (1_001, 1_000));
    // One of them comes back: each has its turn within ten looks.
    let mut back = Rows::of("7.3.9", 7);
    back.identity = "dead7:7:abc".into();
    back.write(&mut admin).await;
    let mut found = 0;
    for _ in 0..10 {
        let look = look(&mut looker, &mut connection).await;
        let row = |row: &&LookRow| row.identity.as_str() == "dead7:7:abc" && !row.is_ghost();
        found += look
            .rows
            .iter()
            .filter(row)
            .map(|row| row.work.len())
            .sum::<usize>();
    }
    assert!(found > 0);
}

/// Looks that come again and again give the dead no rows where they are too many: each row would cost
/// its part of each look.
#[tokio::test]
async fn very_many_dead_members_are_counted_until_one_comes_back() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    Rows::of("7.3.9", 1).write(&mut admin).await;
    let mut add = redis::cmd("SADD");
    add.arg("processes");
    for number in 0..3_000 {
        add.arg(format!("dead{number}:{number}:abc"));
    }
    add.exec_async(&mut admin).await.unwrap();
    let mut connection = connected(&server.address()).await;
    let mut looker = Looker::new(Keys::default()).within(Extent::WATCHED);
    let (first, trips, commands) = counted(&server, &mut looker, &mut connection).await;
    // The members, two trips for their hashes, one for the jobs of those that have one.
    assert_eq!(
        (trips, commands.as_str()),
        (4, "hgetall 1, hmget 3001, info 1, smembers 1")
    );
    assert_eq!((first.rows.len(), first.dead.len()), (1, 3_000));
    check_row(&first.rows[0], "7.3.9");
    let mut back = Rows::of("7.3.9", 7);
    back.identity = "dead7:7:abc".into();
    back.write(&mut admin).await;
    let mut seen = first;
    for _ in 0..10 {
        seen = look(&mut looker, &mut connection).await;
    }
    assert_eq!((seen.rows.len(), seen.dead.len()), (2, 2_999));
    assert_eq!(seen.rows[0].work.len(), 1);
    // It was alive while it was watched: its end is followed.
    run(&mut admin, &["DEL", "dead7:7:abc"]).await;
    seen = look(&mut looker, &mut connection).await;
    assert!(seen.rows[0].is_ghost() && seen.dead.len() == 2_999);
    run(
        &mut admin,
        &["SREM", "processes", "dead7:7:abc", "dead8:8:abc"],
    )
    .await;
    seen = look(&mut looker, &mut connection).await;
    assert_eq!((seen.rows.len(), seen.dead.len()), (1, 2_998));
}

#[tokio::test]
async fn a_work_hash_that_no_sidekiq_has_is_read_in_part_and_said() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let foreign = Rows::of("7.3.9", 1);
    foreign.write(&mut admin).await;
    Rows::of("7.3.9", 2).write(&mut admin).await;
    let entry = &foreign.work[0].1;
    let mut set = redis::cmd("HSET");
    set.arg(foreign.work_key());
    for number in 0..12_000 {
        set.arg(format!("t{number}")).arg(entry);
    }
    set.exec_async(&mut admin).await.unwrap();
    let mut connection = connected(&server.address()).await;
    let seen = look(&mut Looker::new(Keys::default()), &mut connection).await;
    assert_eq!(seen.rows[0].work.len(), 10_000);
    assert!(
        seen.rows[0].faults[0].contains("12001"),
        "{:?}",
        seen.rows[0].faults
    );
    check_row(&seen.rows[1], "7.3.9");
    // Where it is looked at again and again, fewer are read, and always the same ones.
    let mut looker = Looker::new(Keys::default()).within(Extent::WATCHED);
    let first = look(&mut looker, &mut connection).await;
    looker.read_all_again();
    let second = look(&mut looker, &mut connection).await;
    assert_eq!(first.rows[0].work.len(), 1_000);
    let same = |(one, other): (&Arc<Work>, &Arc<Work>)| Arc::ptr_eq(one, other);
    let both = first.rows[0].work.iter().zip(&second.rows[0].work);
    assert!(both.into_iter().all(same));
    let (_, _, commands) = counted(&server, &mut looker, &mut connection).await;
    assert!(!commands.contains("hgetall"), "{commands}");
}

#[tokio::test]
async fn the_only_namespace_is_found_by_itself() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let settings = Tuning::default();
    let rows = async |settings: &Tuning| look_once(&server.address(), settings).await;
    assert!(rows(&settings).await.unwrap().0.rows.is_empty());
    let registered = async |admin: &mut MultiplexedConnection, key: &str, member: &str| {
        run(admin, &["SADD", key, member]).await;
    };
    // A set that is no registry of Sidekiqs is none.
    registered(&mut admin, "other:processes", "something else").await;
    registered(&mut admin, "app:processes", "util1:1:ab").await;
    let found = rows(&settings).await.unwrap().0;
    assert_eq!(found.rows[0].identity.as_str(), "util1:1:ab");
    registered(&mut admin, "blog:processes", "util1:2:ab").await;
    let why = rows(&settings).await.unwrap_err().to_string();
    assert!(
        why.contains("app, blog") && why.contains("--namespace"),
        "{why}"
    );
    let stated = Tuning {
        namespace: Some("blog".into()),
        ..Tuning::default()
    };
    assert_eq!(
        rows(&stated).await.unwrap().0.rows[0].identity.as_str(),
        "util1:2:ab"
    );
    // One without a namespace goes before all.
    registered(&mut admin, "processes", "util1:3:ab").await;
    assert_eq!(
        rows(&settings).await.unwrap().0.rows[0].identity.as_str(),
        "util1:3:ab"
    );
}
