//! The physical constants of a Sidekiq that stops: how long it may take to do what it does, and
//! how exact the readings of it are. Each names its source. Every other room takes them from here.

use std::time::Duration;

/// An idle thread waits in its fetch for up to 2 s (`BRPOP … 2`, 7.3.9 `lib/sidekiq/fetch.rb:12`).
/// A thread that is told to stop may still take a job until then.
pub const FETCH: Duration = Duration::from_secs(2);

/// Sidekiq looks at its threads every 0.5 s while it stops (`PAUSE_TIME`, 7.3.9
/// `lib/sidekiq/manager.rb:122`), so an interrupt may come up to 0.5 s before `T` is over. Half a
/// second is added for the clock of this host.
pub const INTERRUPT_MARGIN: Duration = Duration::from_secs(1);

/// Sidekiq may need this much beyond its timeout to push back and to exit (wiki, Deployment:
/// "N+5 seconds").
pub const CLEANUP: Duration = Duration::from_secs(5);

/// A look or a scan that is older than this passes no gate.
pub const FRESH: Duration = Duration::from_secs(3);

/// How long a drain without a screen holds its first TERM while Redis does not answer. A restart of
/// Redis, or a failover by Sentinel, is over by then in most cases (`down-after-milliseconds` 30 s
/// and the election, `sentinel.conf`).
pub const REDIS_WAIT: Duration = Duration::from_secs(60);

/// Before Ruby 3.3 an ended thread keeps its name in `/proc` for about 3 s (measured on 3.1).
pub const LINGER: Duration = Duration::from_secs(3);

/// `run_at` is in whole seconds, cut off (7.3.9 `lib/sidekiq/processor.rb`): an execution may
/// begin this much later than its work entry says.
pub const WHOLE_SECOND: Duration = Duration::from_secs(1);

/// The clock of another host is read off the ages of keys in Redis; so far it may be off by then.
pub const CLOCKS_APART: Duration = Duration::from_secs(2);

/// A begin that another host wrote is known to this: it is cut off to the second, and clocks that
/// differ by less than a second count as one (`fleet/beat.rs`).
pub const BEGUN_ELSEWHERE: Duration = Duration::from_secs(2);

/// A process beats every 10 s (every 5 s before Sidekiq 6): one period and a look later every
/// living process has beaten.
pub const ONE_BEAT: Duration = Duration::from_secs(12);

/// The hash of a process expires so long after its last beat (`EXPIRE 60`, 7.3.9
/// `lib/sidekiq/launcher.rb:169-180`).
pub const HASH_EXPIRES: Duration = Duration::from_secs(60);

/// The same, less the time that a look may take: so long it is there for sure.
pub const HASH_LIVES: Duration = HASH_EXPIRES.saturating_sub(Duration::from_secs(5));

/// The same, and the time that a look may take: so long after its last beat it is gone for sure.
pub const HASH_GONE: Duration = HASH_EXPIRES.saturating_add(Duration::from_secs(5));

/// A signal that waits in the list of a process expires after this (`EXPIRE 60`, 7.3.9
/// `lib/sidekiq/api.rb`, `signal`). A process takes one at each beat.
pub const SIGNAL_EXPIRES: Duration = Duration::from_secs(60);

/// A count of threads bears the time when it began. Reading `/proc` may take this long.
pub const COUNTING: Duration = Duration::from_secs(1);

/// The last lines of a log are read this long after the exit at the latest.
pub const LAST_LINES: Duration = Duration::from_secs(1);

/// Twenty threads that compute take turns of 100 ms each (Ruby's `GVL`): this long after its begin
/// by the log a job stands in each beat at the latest.
pub const SHOWN_WITHIN: Duration = Duration::from_secs(5);
