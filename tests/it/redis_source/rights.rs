//! Users that may do little: what the smallest ones are, and what is missing where one command
//! is. The table in the README says the same.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::time::Duration;

use drainboard::core::fate::PushOutcome;
use drainboard::core::fleet::{LinkFault, Look, Place, Sought};
use drainboard::core::follow::CancelAnswer;
use drainboard::redis::{
    Address, Bounds, Connection, Keys, Looker, RedisPush, cancel, locate, open, push_back, queues,
};
use redis::aio::MultiplexedConnection;

use super::looks::run;
use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::Rows;

/// What looking needs, in the words of an ACL; `time` alone stands in for `info`.
const LOOKING: [&str; 10] = [
    "smembers", "hmget", "hgetall", "info", "pttl", "exists", "llen", "lpos", "lrange", "zscan",
];

/// What a rescue needs besides.
const RESCUING: [&str; 7] = [
    "eval",
    "zscore",
    "zadd",
    "rpush",
    "sadd",
    "zrem",
    "zremrangebyrank",
];

/// A connection of a user that may call these commands and no others.
async fn allowed(
    server: &RedisServer,
    admin: &mut MultiplexedConnection,
    commands: &[&str],
) -> Connection {
    let rights: Vec<String> = commands.iter().map(|name| format!("+{name}")).collect();
    let mut words = vec!["ACL", "SETUSER", "poor", "reset", "on", ">secret", "~*"];
    words.extend(rights.iter().map(String::as_str));
    run(admin, &words).await;
    let url = format!("{}?user=poor&pass=secret", server.url());
    open(&Address::parse(&url).unwrap(), Duration::from_secs(5))
        .await
        .unwrap()
}

async fn looked(connection: &mut Connection) -> Result<Look, LinkFault> {
    let mut looker = Looker::new(Keys::default());
    looker.look(connection).await?;
    looker.look(connection).await.map(|(look, _)| look)
}

fn sought() -> Sought {
    Sought {
        jid: "back".into(),
        queue: "default".into(),
        payload: [].into(),
        class: None,
    }
}

/// What a user can see with these commands, in a few words.
async fn seen(connection: &mut Connection) -> String {
    let look = match looked(connection).await {
        Ok(look) => look,
        Err(why) => return why.to_string(),
    };
    let row = &look.rows[0];
    let keys = Keys::default();
    let waiting = queues(connection, &keys, &["default".into()]).await;
    let (found, _) = locate(connection, &keys, Bounds::default(), &[sought()]).await;
    let is_found = matches!(found[0].place, Place::Queue { .. });
    let parts = [
        (row.heartbeat.is_some(), "beat"),
        (row.work.len() == 1, "jobs"),
        (row.beat_age.is_some(), "age"),
        (!row.iterating.is_empty(), "iterating"),
        (look.server.is_some(), "server"),
        (waiting.is_ok_and(|depths| !depths.is_empty()), "queues"),
        (is_found, "found"),
    ];
    let seen = parts.iter().filter(|(is_seen, _)| *is_seen);
    let mut words: Vec<String> = seen.map(|(_, word)| (*word).to_owned()).collect();
    words.extend(row.faults.iter().cloned());
    words.join(", ")
}

async fn prepared(admin: &mut MultiplexedConnection) {
    let rows = Rows::of("7.3.9", 1);
    rows.write(admin).await;
    let jid = format!("{:024x}", 1);
    run(admin, &["HSET", &format!("it-{jid}"), "ex", "1"]).await;
    run(admin, &["RPUSH", "queue:default", "{\"jid\":\"back\"}"]).await;
}

#[tokio::test]
async fn a_user_poorer_by_one_command_is_told_of_it_and_loses_no_more() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    prepared(&mut admin).await;
    let whole = "beat, jobs, age, iterating, server, queues, found";
    let no = |command: &str| {
        format!("NOPERM this user has no permissions to run the '{command}' command")
    };
    let without = |word: &str| whole.replace(&format!("{word}, "), "");
    for (missing, expected) in [
        ("", whole.to_owned()),
        ("smembers", format!("access denied: {}", no("smembers"))),
        (
            "hmget",
            format!(
                "jobs, server, queues, found, its hash cannot be read: {}",
                no("hmget")
            ),
        ),
        (
            "hgetall",
            format!(
                "beat, age, server, queues, found, its work cannot be read: {}",
                no("hgetall")
            ),
        ),
        ("pttl", without("age")),
        ("exists", without("iterating")),
        ("llen", "beat, jobs, age, iterating, server, found".into()),
        ("lpos", whole.to_owned()),
        (
            "lrange",
            "beat, jobs, age, iterating, server, queues".into(),
        ),
        ("zscan", whole.to_owned()),
        ("info", format!("access denied: {}", no("time"))),
    ] {
        let commands: Vec<&str> = LOOKING
            .into_iter()
            .filter(|name| *name != missing)
            .collect();
        let mut connection = allowed(&server, &mut admin, &commands).await;
        assert_eq!(seen(&mut connection).await, expected, "without {missing}");
    }
    // `time` does for `info`; the server is then not known.
    let mut commands: Vec<&str> = LOOKING.into_iter().filter(|name| *name != "info").collect();
    commands.push("time");
    let mut connection = allowed(&server, &mut admin, &commands).await;
    assert_eq!(seen(&mut connection).await, without("server"));
}

#[tokio::test]
async fn a_rescue_by_a_user_poorer_by_one_command_pushes_once_or_says_why_not() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    for missing in [""]
        .into_iter()
        .chain(RESCUING)
        .chain(["exists", "lpos", "lrange"])
    {
        run(&mut admin, &["FLUSHALL"]).await;
        let all = LOOKING.into_iter().chain(RESCUING);
        let commands: Vec<&str> = all.filter(|name| *name != missing).collect();
        let mut connection = allowed(&server, &mut admin, &commands).await;
        let job = RedisPush {
            execution: "lost",
            queue: "default",
            payload: b"{\"jid\":\"lost\"}",
        };
        let pushed = push_back(&mut connection, &Keys::default(), job).await;
        let mut length = redis::cmd("LLEN");
        length.arg("queue:default");
        let length: u64 = length.query_async(&mut admin).await.unwrap();
        match missing {
            "" | "exists" | "lpos" | "lrange" | "sadd" | "zrem" | "zremrangebyrank" => {
                assert_eq!(
                    (&pushed, length),
                    (&Ok(PushOutcome::Pushed), 1),
                    "{missing}"
                );
            }
            _ => {
                assert!(pushed.is_err(), "{missing}");
                assert_eq!(length, 0, "{missing}");
            }
        }
    }
}

/// The commands that mark a job as cancelled.
const CANCELLING: [&str; 6] = ["eval", "exists", "hsetnx", "hget", "expire", "ttl"];

#[tokio::test]
async fn a_cancellation_by_a_user_poorer_by_one_command_marks_or_says_why_not() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    for missing in [""].into_iter().chain(CANCELLING) {
        run(&mut admin, &["FLUSHALL"]).await;
        run(&mut admin, &["HSET", "it-one", "ex", "1"]).await;
        let commands: Vec<&str> = CANCELLING
            .into_iter()
            .filter(|name| *name != missing)
            .collect();
        let mut connection = allowed(&server, &mut admin, &commands).await;
        let answer = cancel(&mut connection, &Keys::default(), "one").await;
        let mut marked = redis::cmd("HEXISTS");
        marked.arg("it-one").arg("cancelled");
        let marked: bool = marked.query_async(&mut admin).await.unwrap();
        match missing {
            "" | "ttl" | "hget" | "expire" => {
                assert_eq!(
                    (&answer, marked),
                    (&CancelAnswer::Marked, true),
                    "{missing}"
                );
                let again = cancel(&mut connection, &Keys::default(), "one").await;
                assert!(matches!(again, CancelAnswer::Already(_)), "{again:?}");
                let mut expiry = redis::cmd("TTL");
                let expiry: i64 = expiry.arg("it-one").query_async(&mut admin).await.unwrap();
                let lasts = (1..=30 * 86_400).contains(&expiry);
                assert_eq!(lasts, missing != "expire", "{missing}: {expiry}");
            }
            _ => {
                assert!(!marked, "{missing}");
                let CancelAnswer::Failed { why, .. } = &answer else {
                    panic!("{missing}: {answer:?}");
                };
                // In a script Redis does not say which command it is.
                assert!(
                    why.contains("permi") || why.contains("can't run this command"),
                    "{missing}: {why}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_job_that_has_ended_is_not_marked_and_no_key_is_left() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut connection = open(&server.address(), Duration::from_secs(5))
        .await
        .unwrap();
    let answer = cancel(&mut connection, &Keys::default(), "ended").await;
    assert_eq!(answer, CancelAnswer::Ended);
    let keys: u64 = redis::cmd("DBSIZE").query_async(&mut admin).await.unwrap();
    assert_eq!(keys, 0);
    run(&mut admin, &["SET", "it-text", "x"]).await;
    let answer = cancel(&mut connection, &Keys::default(), "text").await;
    let refused = matches!(
        answer,
        CancelAnswer::Failed {
            may_have_happened: false,
            ..
        }
    );
    assert!(refused, "{answer:?}");
}
