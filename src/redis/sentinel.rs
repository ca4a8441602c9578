//! Where the primary is, by the Sentinels that watch it. They are asked anew for each connection:
//! after a failover another server is the primary.

use std::time::Duration;

use redis::Value;

use super::address::{HostPort, Watched};
use super::commands::Open;
use super::connection::{Reached, Server};
use super::decode::bulk;
use super::link::{Wire, fault};
use super::tls::Certificates;
use crate::core::clean::clean;
use crate::core::fleet::LinkFault;

/// Asks one Sentinel after the other; the first that knows the primary is believed. Each answer is
/// awaited no longer than `limit`.
pub(super) async fn primary(
    watched: &Watched,
    certificates: &Certificates,
    limit: Duration,
) -> Result<HostPort, LinkFault> {
    let mut said = Vec::new();
    for place in &watched.sentinels {
        let server = Server {
            place: Reached::Network(place.clone(), watched.tls),
            certificates,
            database: 0,
        };
        let why = match ask(&server, watched, limit).await {
            Ok(Some(primary)) => return Ok(primary),
            Ok(None) => format!("knows no primary called {}", clean(&watched.name, 100)),
            Err(why) => why.to_string(),
        };
        said.push(format!("Sentinel {place}: {why}"));
    }
    Err(LinkFault::Unreachable(clean(&said.join("; "), 400)))
}

/// `None` where it watches none of this name.
async fn ask(
    server: &Server<'_>,
    watched: &Watched,
    limit: Duration,
) -> Result<Option<HostPort>, LinkFault> {
    let mut connection = server.open(&watched.logins, limit).await?;
    let answer: Value = Open::primary(&watched.name)
        .query_async(&mut connection)
        .await
        .map_err(|error| fault(&error, Wire::Established))?;
    let Value::Array(parts) = answer else {
        return Ok(None);
    };
    let mut parts = parts
        .into_iter()
        .map(|part| bulk(part).and_then(|bytes| String::from_utf8(bytes).ok()));
    let strange = || LinkFault::NotRedis("SENTINEL is answered strangely".into());
    let host = parts.next().flatten().ok_or_else(strange)?;
    let port = parts.next().flatten().and_then(|port| port.parse().ok());
    Ok(Some(HostPort {
        host,
        port: port.ok_or_else(strange)?,
    }))
}
