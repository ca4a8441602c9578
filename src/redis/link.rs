//! The meaning of an error of the link, and how long to wait before the next try. Pure; no text
//! made here holds a password or anything of the address but the host that did not resolve.

use std::time::Duration;

use redis::{ErrorKind, RedisError};

use crate::core::clean::clean;
use crate::core::fleet::LinkFault;

/// The longest pause between two tries.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

const FIRST_BACKOFF: Duration = Duration::from_millis(250);

/// The pause before the next try after `failures` in a row (from 1), doubling from a quarter
/// second up to [`LONGEST_BACKOFF`]. `random`, from 0 to 1, takes up to half of it off, so that
/// many consoles do not come back together.
pub fn backoff(failures: u32, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    let whole = FIRST_BACKOFF
        .saturating_mul(1 << doublings)
        .min(LONGEST_BACKOFF);
    let random = if random.is_finite() { random } else { 0.0 };
    whole.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

/// How far a connection has come: it decides what silence and noise may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// It opens without TLS.
    Plain,
    /// It opens with TLS.
    Tls,
    /// It is there: Redis has answered on it.
    Established,
}

impl Wire {
    /// The connection was not there in time.
    pub(super) fn no_answer(self) -> LinkFault {
        match self {
            Self::Plain | Self::Established => LinkFault::Silent,
            // A plain Redis takes a TLS greeting for the beginning of a command and waits on.
            Self::Tls => LinkFault::Unreachable(
                "no TLS answer in time; if that port has no TLS, write redis:// instead of rediss://"
                    .into(),
            ),
        }
    }

    pub(super) fn not_redis(self) -> LinkFault {
        LinkFault::NotRedis(match self {
            Self::Plain => "what answers there does not speak its protocol; if that port wants TLS, write rediss:// instead of redis://".into(),
            Self::Tls | Self::Established => "what answers there does not speak its protocol; is it the right port?".into(),
        })
    }
}

/// The meaning of an error for the link.
pub(super) fn fault(error: &RedisError, wire: Wire) -> LinkFault {
    let kind = error.kind();
    if kind == ErrorKind::Io {
        return if error.is_timeout() {
            wire.no_answer()
        } else {
            LinkFault::Unreachable(broken(error, wire))
        };
    }
    if let ErrorKind::Server(_) | ErrorKind::Extension = kind {
        let code = error.code().unwrap_or("ERR");
        return refusal(code, error.detail().unwrap_or_default());
    }
    if matches!(kind, ErrorKind::Parse | ErrorKind::UnexpectedReturnType) {
        wire.not_redis()
    } else {
        LinkFault::Unreachable(clean(&error.to_string(), 200))
    }
}

/// The meaning of an error that Redis answers with: its code, and the words behind it.
pub(super) fn refusal(code: &str, detail: &str) -> LinkFault {
    let answer = clean(format!("{code} {detail}").trim(), 200);
    match code {
        "LOADING" => LinkFault::Loading,
        "NOAUTH" => LinkFault::Denied(
            "a password is needed: write redis://:PASSWORD@HOST:PORT/DATABASE".into(),
        ),
        "WRONGPASS" => LinkFault::Denied("wrong user or password".into()),
        "NOPERM" | "DENIED" => LinkFault::Denied(answer),
        "MASTERDOWN" => LinkFault::Refused(format!(
            "{answer}; this is a replica that lost its primary: ask the primary"
        )),
        "READONLY" => LinkFault::Refused(format!(
            "{answer}; this is a replica that takes no writes: name the primary"
        )),
        "MOVED" | "CLUSTERDOWN" => LinkFault::Refused(format!(
            "{answer}; this is a Redis Cluster, where Sidekiq does not run"
        )),
        _ if detail.contains("max number of clients") => LinkFault::Refused(format!(
            "{answer}; it is tried again, and maxclients of that Redis is too low"
        )),
        _ if detail.contains("without any password configured") => {
            LinkFault::Denied("this Redis has no password: leave it out of the address".into())
        }
        _ => LinkFault::Refused(answer),
    }
}

/// An input or output error in words.
fn broken(error: &RedisError, wire: Wire) -> String {
    let words = clean(&error.to_string(), 200);
    if error.is_connection_refusal() {
        return format!("no server listens there ({words})");
    }
    match wire {
        Wire::Plain if error.is_connection_dropped() => {
            format!(
                "the other side closed the connection ({words}); if that port wants TLS, write rediss:// instead of redis://"
            )
        }
        Wire::Tls if error.is_connection_dropped() => {
            format!(
                "the other side closed the connection ({words}); if that port has no TLS, write redis:// instead of rediss://"
            )
        }
        Wire::Plain | Wire::Tls | Wire::Established => words,
    }
}
