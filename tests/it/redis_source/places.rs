//! Where a job is: found in every place, and only by its own id.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::time::Duration;

use drainboard::core::fleet::{Place, Sought};
use drainboard::redis::{Bounds, Keys, Read, locate, open};
use redis::aio::MultiplexedConnection;

use crate::support::redis_server::RedisServer;

fn payload(jid: &str) -> String {
    format!(
        r#"{{"class":"ReportBuild","args":[1],"jid":"{jid}","queue":"low","created_at":1795287609476}}"#
    )
}

fn sought(jid: &str) -> Sought {
    Sought {
        jid: jid.into(),
        queue: "low".into(),
        payload: payload(jid).into_bytes().into(),
        class: None,
    }
}

/// The same job, but what stands in Redis has other bytes.
fn changed(jid: &str) -> Sought {
    Sought {
        payload: format!("{{\"jid\":\"{jid}\"}}").into_bytes().into(),
        ..sought(jid)
    }
}

async fn places(server: &RedisServer, bounds: Bounds, sought: &[Sought]) -> Vec<Place> {
    let mut connection = open(&server.address(), Duration::from_secs(5))
        .await
        .unwrap();
    let (located, fault) = locate(&mut connection, &Keys::default(), bounds, sought).await;
    assert_eq!(fault, None);
    assert!(
        located
            .iter()
            .zip(sought)
            .all(|(found, asked)| found.jid == asked.jid)
    );
    located.into_iter().map(|located| located.place).collect()
}

/// The usual bounds, on a machine that may be busy with other things.
fn patient() -> Bounds {
    Bounds {
        within: Duration::from_mins(1),
        ..Bounds::default()
    }
}

/// Fills `queue:low` from left to right.
async fn fill(connection: &mut MultiplexedConnection, jids: &[String]) {
    for jids in jids.chunks(10_000) {
        let mut push = redis::cmd("RPUSH");
        push.arg("queue:low");
        for jid in jids {
            push.arg(payload(jid));
        }
        push.exec_async(connection).await.unwrap();
    }
}

fn low() -> Place {
    Place::Queue { name: "low".into() }
}

fn nowhere(searched_whole: bool) -> Place {
    Place::Nowhere { searched_whole }
}

#[tokio::test]
async fn in_a_queue_at_both_ends_in_the_middle_and_beyond_the_bound() {
    let server = RedisServer::start();
    let jids: Vec<String> = (0..5_000).map(|number| format!("{number:024x}")).collect();
    fill(&mut server.connection().await, &jids).await;
    let bounds = Bounds {
        each_end: 1_000,
        ..patient()
    };
    let asked = [0, 999, 1_000, 2_500, 3_999, 4_000, 4_999];
    let as_pushed: Vec<Sought> = asked.iter().map(|index| sought(&jids[*index])).collect();
    let as_changed: Vec<Sought> = asked.iter().map(|index| changed(&jids[*index])).collect();
    let far = nowhere(false);
    let expected = [low(), low(), far.clone(), far.clone(), far, low(), low()];
    assert_eq!(places(&server, bounds, &as_pushed).await, expected);
    assert_eq!(places(&server, bounds, &as_changed).await, expected);
    let all = places(&server, patient(), &as_changed).await;
    assert!(all.iter().all(|place| *place == low()), "{all:?}");
    let missing = places(&server, patient(), &[sought("f00")]).await;
    assert_eq!(missing, [nowhere(true)]);
}

#[tokio::test]
async fn only_its_own_id_counts() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mention = r#"{"class":"Audit","args":["abc",{"jid":"abc"}],"jid":"abcd"}"#;
    let mut push = redis::cmd("RPUSH");
    push.arg("queue:low")
        .arg(mention)
        .arg("abc")
        .arg("\"abc\"")
        .arg("[\"abc\"]");
    push.exec_async(&mut admin).await.unwrap();
    for set in ["retry", "dead", "schedule"] {
        let mut add = redis::cmd("ZADD");
        add.arg(set).arg(1.5).arg(mention);
        add.exec_async(&mut admin).await.unwrap();
    }
    let found_whole = Sought {
        payload: mention.as_bytes().into(),
        ..sought("abcd")
    };
    let found = places(
        &server,
        patient(),
        &[sought("abc"), sought("a*c"), sought("abcd"), found_whole],
    )
    .await;
    // A job of another class under the same id is another job.
    assert_eq!(found, [nowhere(true), nowhere(true), nowhere(true), low()]);
}

#[tokio::test]
async fn in_the_sets_and_in_private_lists() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    for (set, jid) in [("retry", "r"), ("dead", "d"), ("schedule", "s")] {
        let mut add = redis::cmd("ZADD");
        add.arg(set);
        for number in 0..3_000 {
            add.arg(number).arg(payload(&format!("{set}{number}")));
        }
        add.arg(1_500.5).arg(payload(jid));
        add.exec_async(&mut admin).await.unwrap();
    }
    let mut pipeline = redis::pipe();
    pipeline
        .cmd("SADD")
        .arg("super_processes")
        .arg("util1:7:ab")
        .ignore();
    pipeline
        .cmd("LPUSH")
        .arg("queue:sq|util1:7:ab|low")
        .arg(payload("p"))
        .ignore();
    pipeline.exec_async(&mut admin).await.unwrap();
    let private = |place: &Place| matches!(place, Place::Private { identity } if identity.as_str() == "util1:7:ab");
    let few: Vec<Sought> = ["r", "d", "s", "p", "none"].map(sought).into();
    let found = places(&server, patient(), &few).await;
    assert_eq!(found[..3], [Place::Retry, Place::Dead, Place::Schedule]);
    assert!(private(&found[3]));
    assert_eq!(found[4], nowhere(true));
    // More than Redis is made to compare one by one: the sets are fetched.
    let mut many = few.clone();
    many.extend((0..20).map(|number| sought(&format!("none{number}"))));
    let found = places(&server, patient(), &many).await;
    assert_eq!(found[..3], [Place::Retry, Place::Dead, Place::Schedule]);
    assert!(private(&found[3]));
    assert!(found[4..].iter().all(|place| *place == nowhere(true)));
    let bounds = Bounds {
        set_members: 1_000,
        ..patient()
    };
    assert_eq!(
        places(&server, bounds, &[sought("none")]).await,
        [nowhere(false)]
    );
}

#[tokio::test]
async fn a_key_of_another_kind_hides_nothing_else() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut pipeline = redis::pipe();
    pipeline.cmd("SET").arg("queue:low").arg("text").ignore();
    pipeline.cmd("SET").arg("retry").arg("text").ignore();
    pipeline
        .cmd("ZADD")
        .arg("dead")
        .arg(1)
        .arg(payload("d"))
        .ignore();
    pipeline.exec_async(&mut admin).await.unwrap();
    let found = places(&server, patient(), &[sought("d"), sought("x")]).await;
    assert_eq!(found, [Place::Dead, nowhere(false)]);
    let homeless = Sought {
        queue: String::new(),
        ..sought("x")
    };
    let mut pipeline = redis::pipe();
    pipeline.cmd("DEL").arg("retry").arg("queue:low").ignore();
    pipeline.exec_async(&mut admin).await.unwrap();
    let found = places(&server, patient(), &[homeless, sought("x")]).await;
    assert_eq!(found, [nowhere(false), nowhere(true)]);
    let mut pipeline = redis::pipe();
    pipeline
        .cmd("SADD")
        .arg("super_processes")
        .arg("p")
        .ignore();
    pipeline
        .cmd("SET")
        .arg("queue:sq|p|low")
        .arg("text")
        .ignore();
    pipeline.exec_async(&mut admin).await.unwrap();
    let found = places(&server, patient(), &[sought("x")]).await;
    assert_eq!(found, [nowhere(false)]);
}

#[tokio::test]
async fn an_iteration_state_tells_that_a_job_has_not_ended() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut state = redis::cmd("HSET");
    state.arg("it-b").arg("ex").arg(1);
    state.exec_async(&mut admin).await.unwrap();
    let mut connection = open(&server.address(), Duration::from_secs(5))
        .await
        .unwrap();
    let asked = [sought("a"), sought("b"), sought("c")];
    let (located, _) = locate(&mut connection, &Keys::default(), patient(), &asked).await;
    let iterating: Vec<bool> = located.iter().map(|located| located.iterating).collect();
    assert_eq!(iterating, [false, true, false]);
    assert!(located.iter().all(|found| found.place == nowhere(true)));
}

#[tokio::test]
async fn a_long_queue_is_read_at_its_ends_with_read_commands_alone() {
    let server = RedisServer::start();
    let jids: Vec<String> = (0..200_000)
        .map(|number| format!("{number:024x}"))
        .collect();
    fill(&mut server.connection().await, &jids).await;
    server.forget_commands().await;
    let asked = [
        changed(&jids[5_000]),
        changed(&jids[100_000]),
        changed(&jids[195_000]),
    ];
    let found = places(&server, patient(), &asked).await;
    assert_eq!(found, [low(), nowhere(false), low()]);
    for (command, calls) in server.commands().await {
        let known = |read: &Read| read.name().eq_ignore_ascii_case(&command);
        assert!(
            Read::ALL.iter().any(known),
            "{command} is not a read command"
        );
        assert!(calls < 50, "{command}: {calls}");
    }
}

#[tokio::test]
async fn jobs_of_megabytes_are_read_in_small_pieces() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    for number in 0..30 {
        let large = format!(
            r#"{{"jid":"large{number}","args":["{}"]}}"#,
            "x".repeat(2 << 20)
        );
        let mut push = redis::cmd("RPUSH");
        push.arg("queue:low").arg(large);
        push.exec_async(&mut admin).await.unwrap();
    }
    let found = places(&server, patient(), &[changed("large3"), changed("none")]).await;
    assert_eq!(found, [low(), nowhere(true)]);
}

#[tokio::test]
async fn a_job_without_an_id_is_found_by_its_bytes() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut push = redis::cmd("RPUSH");
    push.arg("queue:low").arg("{\"class\":\"A\"}");
    push.exec_async(&mut admin).await.unwrap();
    let nameless = |payload: &[u8]| Sought {
        jid: String::new(),
        queue: "low".into(),
        payload: payload.into(),
        class: None,
    };
    let asked = [
        nameless(b"{\"class\":\"A\"}"),
        nameless(b"{\"class\":\"B\"}"),
    ];
    let found = places(&server, patient(), &asked).await;
    assert_eq!(found, [low(), nowhere(false)]);
}
