//! Addresses and certificates that Sidekiq takes, each with a real server: `ps` connects, or one
//! sentence says what to do.

use std::process::Command;

use crate::support::certificates::Certificates;
use crate::support::redis_server::{RedisServer, free_port};
use crate::support::scene::Scene;

/// What `ps` says of this address: `connected`, or its error.
fn said(scene: &Scene, address: &str, more: &[&str], surroundings: &[(&str, &str)]) -> String {
    let mut words = vec!["ps", "--redis", address];
    words.extend_from_slice(more);
    let mut command: Command = scene.drainboard(&words);
    command.envs(surroundings.iter().copied());
    let output = command.output().expect("it runs");
    let (text, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        !format!("{text}{errors}").contains("pass word"),
        "{text}{errors}"
    );
    if text.contains("   connected, ") {
        return "connected".into();
    }
    let errors: Vec<&str> = errors
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(
        (errors.len(), output.status.code()),
        (1, Some(1)),
        "{text}{errors:?}"
    );
    errors[0].to_owned()
}

#[test]
fn every_form_of_an_address_connects_or_one_sentence_says_what_to_do() {
    let scene = Scene::new();
    let port = free_port().to_string();
    let _guarded = RedisServer::with(&["--port", &port, "--requirepass", "pass word"]);
    let socket = scene.redis.url().replace("unix://", "");
    let socket = socket.split('?').next().expect("a path").to_owned();
    for (address, wanted) in [
        (format!("unix:{socket}"), "connected"),
        (format!("unix://{socket}"), "connected"),
        (socket.clone(), "connected"),
        (
            format!("redis://h:pass%20word@127.0.0.1:{port}/0"),
            "connected",
        ),
        (
            format!("redis://pass%20word@127.0.0.1:{port}/0"),
            "connected",
        ),
        (
            format!("redis://:pass+word@127.0.0.1:{port}/0"),
            "connected",
        ),
        (
            format!("redis://127.0.0.1:{port}/0"),
            "redis://:PASSWORD@HOST",
        ),
        (
            format!("redis://:other@127.0.0.1:{port}/0"),
            "wrong user or password",
        ),
        (
            format!("rediss://127.0.0.1:{port}/0"),
            "redis:// instead of rediss://",
        ),
        (
            format!("redis://:pass%20word@127.0.0.1:{port}/99"),
            "out of range",
        ),
    ] {
        let said = said(&scene, &address, &[], &[]);
        assert!(said.contains(wanted), "{address}: {said}");
    }
}

#[test]
fn every_certificate_connects_or_one_sentence_says_what_to_do() {
    let scene = Scene::new();
    let files = Certificates::new();
    // As `openssl req -x509` makes it: it signed itself, and calls itself an authority.
    files.sign_itself("own", "localhost");
    files.sign_itself("authority", "none");
    files.sign("signed", "localhost", "authority", 30);
    files.sign("old", "localhost", "authority", -1);
    let text = |path: std::path::PathBuf| path.display().to_string();
    let start = |name: &str, authority: &str| {
        let port = free_port().to_string();
        let (cert, key) = (text(files.cert(name)), text(files.key(name)));
        let server = RedisServer::with(&[
            "--tls-port",
            &port,
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &text(files.cert(authority)),
            "--tls-auth-clients",
            "no",
        ]);
        (server, format!("rediss://localhost:{port}/0"))
    };
    let (_own, own) = start("own", "own");
    let (_signed, signed) = start("signed", "authority");
    let (_old, old) = start("old", "authority");
    let (pinned, authority) = (text(files.cert("own")), text(files.cert("authority")));
    let elsewhere = own.replace("localhost", "127.0.0.1");
    let plain = own.replace("rediss://", "redis://");
    let surroundings = [("SSL_CERT_FILE", pinned.as_str())];
    for (address, more, surroundings, wanted) in [
        (&own, &[][..], &surroundings[..], "connected"),
        (&own, &["--redis-ca", &pinned], &[], "connected"),
        (&own, &["--redis-insecure"], &[], "connected"),
        (&own, &[], &[], "it by --redis-ca FILE"),
        (
            &elsewhere,
            &["--redis-ca", &pinned],
            &[],
            "use one of these in the address",
        ),
        (&plain, &[], &[], "rediss:// instead of redis://"),
        (&signed, &["--redis-ca", &authority], &[], "connected"),
        (&signed, &[], &[], "--redis-ca FILE"),
        (&old, &["--redis-ca", &authority], &[], "expired"),
        (&old, &["--redis-insecure"], &[], "connected"),
    ] {
        let said = said(&scene, address, more, surroundings);
        assert!(said.contains(wanted), "{address} {more:?}: {said}");
    }
}
