//! `/proc/PID/environ`: what a process was started with. Its values hold passwords: they leave
//! here only as a `RedisAddress`, as host names and as places of files, never as text for a log.

use crate::core::clean::clean_bytes;
use crate::core::fleet::RedisAddress;

/// An environment as the kernel shows it: `NAME=value` ended by NULs.
#[derive(Clone, Copy)]
pub(in crate::host) struct ProcessEnvironment<'a>(pub(in crate::host) &'a [u8]);

impl<'a> ProcessEnvironment<'a> {
    /// The value of `name`; an empty one counts as none. The first holds, as with getenv(3).
    pub(in crate::host) fn get(self, name: &[u8]) -> Option<&'a [u8]> {
        self.0
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
            .filter(|value| !value.is_empty())
    }

    /// The Redis that a Sidekiq takes from it: the variable that `REDIS_PROVIDER` names, else
    /// `REDIS_URL` (`lib/sidekiq/redis_connection.rb`, `determine_redis_provider`).
    pub(in crate::host) fn redis_url(self) -> Option<RedisAddress> {
        let name = self.get(b"REDIS_PROVIDER").unwrap_or(b"REDIS_URL");
        let url = self.get(name)?;
        Some(RedisAddress::new(String::from_utf8_lossy(url)))
    }

    /// The host name that a Sidekiq prefers to the real one (`lib/sidekiq/component.rb`).
    pub(in crate::host) fn dyno(self) -> Option<String> {
        self.get(b"DYNO").map(|name| clean_bytes(name, 255))
    }

    /// `HOSTNAME`, which container runtimes set.
    pub(in crate::host) fn hostname(self) -> Option<String> {
        self.get(b"HOSTNAME").map(|name| clean_bytes(name, 255))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(content: &[u8]) -> Option<String> {
        ProcessEnvironment(content)
            .redis_url()
            .map(|url| url.expose().to_owned())
    }

    #[test]
    fn the_address_that_sidekiq_would_take() {
        assert_eq!(
            address(b"A=1\0REDIS_URL=redis://:p@h/1\0REDIS_URL=redis://second\0").as_deref(),
            Some("redis://:p@h/1")
        );
        assert_eq!(
            address(b"REDIS_PROVIDER=MY_URL\0REDIS_URL=redis://a\0MY_URL=redis://b\0").as_deref(),
            Some("redis://b")
        );
        assert_eq!(
            address(b"REDIS_PROVIDER=MY_URL\0REDIS_URL=redis://a\0"),
            None
        );
        assert_eq!(address(b"XREDIS_URL=redis://a\0REDIS_URL=\0"), None);
    }

    #[test]
    fn names_of_the_host() {
        let environment = ProcessEnvironment(b"DYNO=worker.1\0HOSTNAME=0123\x1b[2Jab");
        assert_eq!(environment.dyno().as_deref(), Some("worker.1"));
        assert_eq!(environment.hostname().as_deref(), Some("0123ab"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _unread = ProcessEnvironment(&content).redis_url();
            let _unread = ProcessEnvironment(&content).dyno();
        }
    }
}
