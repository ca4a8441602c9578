//! Pauses between tries, and what errors mean.

use std::io;
use std::time::Duration;

use proptest::prelude::*;
use redis::{ErrorKind, RedisError};

use crate::core::fleet::LinkFault;
use crate::redis::link::{LONGEST_BACKOFF, Wire, backoff, fault, refusal};

#[test]
fn pauses_double_up_to_the_longest() {
    let pauses: Vec<u128> = (1..=7)
        .map(|failures| backoff(failures, 0.0).as_millis())
        .collect();
    assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    assert_eq!(backoff(3, 1.0), Duration::from_millis(500));
    assert_eq!(backoff(0, f64::NAN), Duration::from_millis(250));
}

proptest! {
    #[test]
    fn no_pause_is_too_long_or_none(failures: u32, random: f64) {
        let pause = backoff(failures, random);
        prop_assert!(pause <= LONGEST_BACKOFF);
        prop_assert!(pause >= Duration::from_millis(125));
    }
}

fn input_output(kind: io::ErrorKind) -> RedisError {
    RedisError::from(io::Error::from(kind))
}

#[test]
fn errors_are_told_apart() {
    let refused = fault(&input_output(io::ErrorKind::ConnectionRefused), Wire::Plain);
    assert!(
        matches!(&refused, LinkFault::Unreachable(why) if why.starts_with("no server listens"))
    );
    let silent = fault(&input_output(io::ErrorKind::TimedOut), Wire::Plain);
    assert_eq!(silent, LinkFault::Silent);
    let denied = refusal("WRONGPASS", "invalid username-password pair");
    assert!(matches!(denied, LinkFault::Denied(_)));
    let full = refusal("ERR", "max number of clients reached");
    assert!(matches!(full, LinkFault::Refused(why) if why.contains("maxclients")));
    let garbage = RedisError::from((ErrorKind::Parse, "no"));
    assert!(
        matches!(fault(&garbage, Wire::Plain), LinkFault::NotRedis(why) if why.contains("rediss://"))
    );
}

#[test]
fn tls_where_there_is_none_is_hinted_at() {
    let timeout = input_output(io::ErrorKind::TimedOut);
    assert!(fault(&timeout, Wire::Tls).to_string().contains("redis://"));
    assert_eq!(fault(&timeout, Wire::Established), LinkFault::Silent);
    let closed = input_output(io::ErrorKind::UnexpectedEof);
    assert!(
        fault(&closed, Wire::Plain)
            .to_string()
            .contains("rediss://")
    );
    assert!(
        !fault(&closed, Wire::Established)
            .to_string()
            .contains("://")
    );
}
