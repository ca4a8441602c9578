//! Opening a connection, bounded in time. It never reconnects by itself: whoever holds the
//! connection drops it on the first failure and says so.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};

use super::address::Address;
use super::link::{Wire, fault};
use crate::core::fleet::LinkFault;

/// Connects, logs in and selects the database; all of it within `limit`. Every answer on the
/// connection is then awaited no longer than `limit` either.
pub async fn open(address: &Address, limit: Duration) -> Result<MultiplexedConnection, LinkFault> {
    let info = address
        .connection_info()
        .map_err(|error| LinkFault::Unreachable(error.to_string()))?;
    let wire = Wire::of(address);
    choose_provider();
    let client = Client::open(info).map_err(|error| fault(&error, wire))?;
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(limit))
        .set_response_timeout(Some(limit));
    let opening = client.get_multiplexed_async_connection_with_config(&settings);
    match tokio::time::timeout(limit + Duration::from_millis(500), opening).await {
        Ok(opened) => opened.map_err(|error| fault(&error, wire)),
        Err(_) => Err(wire.no_answer()),
    }
}

/// Names rustls's provider of cryptography: it panics at the first use where it finds two. One
/// that somebody named before stays.
#[cfg(feature = "tls")]
fn choose_provider() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

#[cfg(not(feature = "tls"))]
fn choose_provider() {}
