//! Addresses and logins as Sidekiq's clients take them, and what a server says that takes none,
//! each with a real server.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fmt::Write as _;
use std::time::Duration;

use drainboard::core::fleet::LinkFault;
use drainboard::redis::{Address, Tuning, look_once, open};

use crate::support::endless::{EndlessReply, endless};
use crate::support::redis_server::{RedisServer, free_port};

async fn opened(text: &str) -> Result<(), LinkFault> {
    let address = Address::parse(text).unwrap();
    open(&address, Duration::from_secs(5)).await.map(drop)
}

async fn words(text: &str) -> String {
    opened(text).await.unwrap_err().to_string()
}

#[tokio::test]
async fn every_form_of_a_login_connects() {
    let port = free_port().to_string();
    let _server = RedisServer::with(&["--port", &port, "--requirepass", "pass word"]);
    for login in [
        // redis-client and redis-rb: a blank in a form, or encoded.
        ":pass+word",
        ":pass%20word",
        // redis-client: a user alone is the password.
        "pass%20word",
        // redis-rb 4: where there is no such user, the password of the default user.
        "h:pass%20word",
        "default:pass%20word",
    ] {
        opened(&format!("redis://{login}@127.0.0.1:{port}/1"))
            .await
            .unwrap_or_else(|why| panic!("{login}: {why}"));
    }
    let none = words(&format!("redis://127.0.0.1:{port}")).await;
    assert!(none.contains("a password is needed"), "{none}");
    let wrong = words(&format!("redis://:other@127.0.0.1:{port}")).await;
    assert!(wrong.contains("wrong user or password"), "{wrong}");
    let beyond = words(&format!("redis://pass%20word@127.0.0.1:{port}/99")).await;
    assert!(beyond.contains("out of range"), "{beyond}");
}

#[tokio::test]
async fn a_password_may_hold_what_urls_are_made_of() {
    let password = "p@s:s/w?o#r%d+ é";
    let port = free_port().to_string();
    let _server = RedisServer::with(&["--port", &port, "--requirepass", password]);
    let mut encoded = String::new();
    for byte in password.bytes() {
        write!(encoded, "%{byte:02X}").expect("a string takes everything");
    }
    opened(&format!("redis://:{encoded}@127.0.0.1:{port}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_plus_that_is_no_blank_is_tried_too() {
    let port = free_port().to_string();
    let _server = RedisServer::with(&["--port", &port, "--requirepass", "a+b"]);
    opened(&format!("redis://:a+b@127.0.0.1:{port}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_socket_is_named_by_its_path_with_or_without_a_scheme() {
    let server = RedisServer::start();
    let path = server.url().replace("unix://", "");
    for form in [format!("unix:{path}"), format!("unix://{path}?db=2"), path] {
        opened(&form)
            .await
            .unwrap_or_else(|why| panic!("{form}: {why}"));
    }
}

#[tokio::test]
async fn a_password_where_none_is_set_and_no_room_for_clients_are_said() {
    let port = free_port().to_string();
    let server = RedisServer::with(&["--port", &port, "--maxclients", "1"]);
    let unneeded = words(&format!("redis://:x@127.0.0.1:{port}")).await;
    assert!(unneeded.contains("has no password"), "{unneeded}");
    let admin = server.connection().await;
    let full = words(&format!("redis://127.0.0.1:{port}")).await;
    assert!(full.contains("maxclients"), "{full}");
    drop(admin);
}

/// By its size, and not once its time is up.
#[tokio::test]
async fn an_endless_reply_is_given_up_by_its_size() {
    for kind in [EndlessReply::OneText, EndlessReply::ManyTexts] {
        let settings = Tuning {
            answer_within: Duration::from_secs(25),
            ..Tuning::default()
        };
        let why = look_once(&endless(kind), &settings).await.unwrap_err();
        assert!(matches!(why, LinkFault::Unreachable(_)), "{why:?}");
        let words = why.to_string();
        // A slow machine has not read all of a million short ones in time.
        let by_time = matches!(kind, EndlessReply::ManyTexts)
            && words.contains("MiB of its answer came in time");
        assert!(
            by_time || words.contains("longer than 64 MiB"),
            "{kind:?}: {words}"
        );
    }
}
