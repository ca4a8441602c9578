//! Every command that leaves for Redis, and the names of Sidekiq's keys. Nothing else in this
//! module may name a command, and nothing that writes may be added here.

use redis::{Cmd, cmd};

/// A command that only reads. Redis files them under `@read`, but `TIME` under `@fast` alone and
/// `INFO` under `@dangerous`: an ACL user needs `+@read +time`, and `+info` so that a server that
/// comes back empty is told from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// All members of a set.
    SetMembers,
    /// The server's clock.
    Time,
    /// The server's words about itself.
    Info,
    /// Some fields of a hash.
    HashFields,
    /// A whole hash.
    WholeHash,
    /// Time until a key expires, in milliseconds.
    TimeToLive,
    /// Where an element stands in a list (Redis 6.0.6).
    ListPosition,
    /// Part of a list.
    ListRange,
    /// Length of a list.
    ListLength,
    /// A step through a sorted set.
    SortedSetScan,
    /// Whether keys are there.
    Exists,
    /// A step through the names of all keys.
    KeyScan,
    /// The score of a member of a sorted set.
    Score,
}

impl Read {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::SetMembers,
        Self::Time,
        Self::Info,
        Self::HashFields,
        Self::WholeHash,
        Self::TimeToLive,
        Self::ListPosition,
        Self::ListRange,
        Self::ListLength,
        Self::SortedSetScan,
        Self::Exists,
        Self::KeyScan,
        Self::Score,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetMembers => "SMEMBERS",
            Self::Time => "TIME",
            Self::Info => "INFO",
            Self::HashFields => "HMGET",
            Self::WholeHash => "HGETALL",
            Self::TimeToLive => "PTTL",
            Self::ListPosition => "LPOS",
            Self::ListRange => "LRANGE",
            Self::ListLength => "LLEN",
            Self::SortedSetScan => "ZSCAN",
            Self::Exists => "EXISTS",
            Self::KeyScan => "SCAN",
            Self::Score => "ZSCORE",
        }
    }

    /// A command of this name with a key.
    pub(super) fn of(self, key: &[u8]) -> Cmd {
        let mut command = cmd(self.name());
        command.arg(key);
        command
    }

    /// A command of this name without a key.
    pub(super) fn plain(self) -> Cmd {
        cmd(self.name())
    }
}

/// The commands that open a connection. None of them names a key.
pub(super) struct Open;

impl Open {
    /// `AUTH`, with a user from Redis 6.0 on.
    pub(super) fn login(user: Option<&str>, password: &str) -> Cmd {
        let mut command = cmd("AUTH");
        if let Some(user) = user {
            command.arg(user);
        }
        command.arg(password);
        command
    }

    /// `SELECT`.
    pub(super) fn database(number: u32) -> Cmd {
        let mut command = cmd("SELECT");
        command.arg(number);
        command
    }

    /// `PING`: it only proves that an answer comes.
    pub(super) fn answer() -> Cmd {
        cmd("PING")
    }

    /// Where a Sentinel has the primary of this name.
    pub(super) fn primary(name: &str) -> Cmd {
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
        command
    }
}

/// The names of Sidekiq's keys, with the prefix of `redis-namespace` where one is used
/// (Sidekiq 6.5 and older; 6.5.12 `lib/sidekiq/redis_connection.rb:19-25`).
#[derive(Clone, Debug, Default)]
pub struct Keys {
    prefix: Vec<u8>,
}

impl Keys {
    /// Keys under `namespace`; an empty one is none.
    pub fn new(namespace: Option<&str>) -> Self {
        let prefix = namespace
            .filter(|name| !name.is_empty())
            .map(|name| format!("{name}:").into_bytes())
            .unwrap_or_default();
        Self { prefix }
    }

    /// The key `name`, prefixed.
    pub(super) fn key(&self, name: impl AsRef<[u8]>) -> Vec<u8> {
        let name = name.as_ref();
        let mut key = Vec::with_capacity(self.prefix.len() + name.len());
        key.extend_from_slice(&self.prefix);
        key.extend_from_slice(name);
        key
    }

    /// The set of identities.
    pub(super) fn processes(&self) -> Vec<u8> {
        self.key("processes")
    }

    /// The list behind a queue.
    pub(super) fn queue(&self, name: &str) -> Vec<u8> {
        self.key(format!("queue:{name}"))
    }

    /// The counter of jobs that were processed (`Sidekiq::Stats`).
    pub(super) fn counter(&self) -> Vec<u8> {
        self.key("stat:processed")
    }

    /// The set of queues' names.
    pub(super) fn queues(&self) -> Vec<u8> {
        self.key("queues")
    }

    /// The hash in which an `IterableJob` keeps how far it is (7.3.9
    /// `lib/sidekiq/job/iterable.rb:124`).
    pub(super) fn iteration(&self, jid: &str) -> Vec<u8> {
        self.key(format!("it-{jid}"))
    }

    /// The sorted set of the executions whose jobs this program pushed back. It does not expire.
    pub(super) fn rescued(&self) -> Vec<u8> {
        self.key("drainboard:rescued")
    }

    /// The list in which signals wait for `identity` (7.3.9 `lib/sidekiq/launcher.rb`).
    pub(super) fn signals(&self, identity: &str) -> Vec<u8> {
        self.key(format!("{identity}-signals"))
    }

    /// The lock of a drain on the process `identity` of another host.
    pub(super) fn lock(&self, identity: &str) -> Vec<u8> {
        self.key(format!("drainboard:lock:{identity}"))
    }

    /// The prefix of all names.
    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The list in which `super_fetch` keeps what `identity` took from a queue (Sidekiq Pro's
    /// wiki, "Reliability").
    pub(super) fn private(&self, identity: &[u8], queue: &str) -> Vec<u8> {
        let mut name = b"queue:sq|".to_vec();
        name.extend_from_slice(identity);
        name.push(b'|');
        name.extend_from_slice(queue.as_bytes());
        self.key(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_carry_the_namespace() {
        let keys = Keys::new(Some("app"));
        assert_eq!(keys.processes(), b"app:processes");
        assert_eq!(keys.queue("default"), b"app:queue:default");
        assert_eq!(Keys::new(Some("")).queue("low"), b"queue:low");
        assert_eq!(
            Keys::default().private(b"h:1:a", "low"),
            b"queue:sq|h:1:a|low"
        );
    }
}
