//! TLS with a real server: an authority of one's own, a certificate that signed itself, one for
//! us, and what is said where it does not fit.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::path::PathBuf;
use std::time::Duration;

use drainboard::core::fleet::LinkFault;
use drainboard::redis::{self, Address};

use crate::support::certificates::Certificates;
use crate::support::redis_server::{RedisServer, free_port};

/// A server that speaks TLS with this certificate, and asks for one of ours or not.
fn server(certificates: &Certificates, name: &str, asks: bool) -> (RedisServer, Address) {
    let port = free_port();
    let text = |path: PathBuf| path.display().to_string();
    let (cert, key) = (text(certificates.cert(name)), text(certificates.key(name)));
    let authority = text(certificates.cert("authority"));
    let arguments = [
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &authority,
        "--tls-auth-clients",
        if asks { "yes" } else { "no" },
    ];
    let server = RedisServer::with(&arguments);
    let address = Address::parse(&format!("rediss://localhost:{port}/0")).unwrap();
    (server, address)
}

async fn opened(address: &Address, certificates: redis::Certificates) -> Result<(), LinkFault> {
    let address = address.clone().with_certificates(certificates);
    let opened = redis::open(&address, Duration::from_secs(10)).await;
    opened.map(drop)
}

async fn refused(address: &Address, certificates: redis::Certificates) -> String {
    let fault = opened(address, certificates).await.unwrap_err();
    fault.to_string()
}

fn trusting(ca: PathBuf) -> redis::Certificates {
    redis::Certificates {
        ca: Some(ca),
        ..redis::Certificates::default()
    }
}

fn insecure() -> redis::Certificates {
    redis::Certificates {
        insecure: true,
        ..redis::Certificates::default()
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_named_by_its_file() {
    let files = Certificates::new();
    files.sign_itself("authority", "none");
    files.sign("server", "localhost", "authority", 30);
    files.sign("elsewhere", "elsewhere", "authority", 30);
    files.sign("old", "localhost", "authority", -1);
    let (_server, address) = server(&files, "server", false);
    let ca = files.cert("authority");
    opened(&address, trusting(ca.clone())).await.unwrap();
    opened(&address, insecure()).await.unwrap();
    let why = refused(&address, redis::Certificates::default()).await;
    assert!(why.contains("--redis-ca"), "{why}");
    let why = refused(&address, trusting("/nonexistent".into())).await;
    assert!(
        why.contains("--redis-ca /nonexistent cannot be used"),
        "{why}"
    );
    let (_other, elsewhere) = server(&files, "elsewhere", false);
    let why = refused(&elsewhere, trusting(ca.clone())).await;
    assert!(why.contains("for other names"), "{why}");
    let (_old, old) = server(&files, "old", false);
    let why = refused(&old, trusting(ca)).await;
    assert!(why.contains("expired"), "{why}");
    let insecure = address.with_certificates(insecure());
    assert!(insecure.is_unchecked());
    assert!(insecure.to_string().ends_with("certificate not checked"));
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_pinned() {
    let files = Certificates::new();
    files.sign_itself("authority", "localhost");
    files.sign_itself("other", "localhost");
    let (_server, address) = server(&files, "authority", false);
    opened(&address, trusting(files.cert("authority")))
        .await
        .unwrap();
    let why = refused(&address, trusting(files.cert("other"))).await;
    assert!(why.contains("--redis-ca"), "{why}");
    // The pinned certificate is for that name alone.
    let other = address.to_string().replace("localhost", "127.0.0.1");
    let other = Address::parse(&other).unwrap();
    let why = refused(&other, trusting(files.cert("authority"))).await;
    assert!(why.contains("for other names"), "{why}");
}

#[tokio::test]
async fn a_server_may_want_a_certificate_of_ours() {
    let files = Certificates::new();
    files.sign_itself("authority", "none");
    files.sign("server", "localhost", "authority", 30);
    files.sign("client", "client", "authority", 30);
    let (_server, address) = server(&files, "server", true);
    let trusting = trusting(files.cert("authority"));
    let why = refused(&address, trusting.clone()).await;
    assert!(why.contains("--redis-cert"), "{why}");
    let ours = redis::Certificates {
        cert: Some(files.cert("client")),
        key: Some(files.key("client")),
        ..trusting
    };
    opened(&address, ours).await.unwrap();
}
