//! `/proc/PID/task/*/comm`: the threads of a Sidekiq by name. A count that may be too low is no
//! count: it would prove an idleness that is not there.

use std::io;

use rustix::fs::Dir;

use super::{ProcessDirectory, number, read_at, stat, status};
use crate::core::fleet::Threads;
use crate::core::moment::Moment;

/// Names are cut here (`TASK_COMM_LEN` less the NUL, `proc_pid_comm(5)`).
const NAME_LENGTH: usize = 15;

/// The work of a thread by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ThreadRole {
    Processor,
    Heartbeat,
    Other,
}

/// Reads a name. Sidekiq 6.x: `processor`, `heartbeat`. 7.0: `default/processor`, `heartbeat`.
/// 7.1 and later put `sidekiq.` before these (`lib/sidekiq/component.rb`, `safe_thread`).
fn role(name: &[u8]) -> ThreadRole {
    let (bare, prefixed) = match name.strip_prefix(b"sidekiq.") {
        Some(rest) => (rest, true),
        None => (name, false),
    };
    let cut = name.len() == NAME_LENGTH;
    let is = |word: &[u8]| bare == word || (cut && prefixed && word.starts_with(bare));
    if is(b"heartbeat") {
        return ThreadRole::Heartbeat;
    }
    if is(b"scheduler") {
        return ThreadRole::Other;
    }
    let processor = match bare.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => {
            let rest = &bare[slash + 1..];
            rest == b"processor" || (cut && b"processor".starts_with(rest))
        }
        // The name of the capsule alone fills what is left: `sidekiq.default`.
        None if prefixed => cut,
        None => bare == b"processor",
    };
    if processor {
        ThreadRole::Processor
    } else {
        ThreadRole::Other
    }
}

/// The threads of a process.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct CountedThreads {
    /// How many there are, by name.
    pub(in crate::host) threads: Threads,
    /// Start of the heartbeat thread in clock ticks after boot.
    pub(in crate::host) beats_since: Option<u64>,
}

/// Counts the threads of a process; `None` where they cannot be read, or come and go so fast that
/// no listing was complete. The kernel may skip a live thread while another ends during the
/// listing (`fs/proc/base.c`, `first_tid`), so the number listed must be the number that `status`
/// gives afterwards. The threads of a process that ends go one by one, its heartbeat perhaps last:
/// of those left nothing follows.
pub(in crate::host) fn count(
    process: &ProcessDirectory,
    at: Moment,
    buffer: &mut Vec<u8>,
) -> Option<CountedThreads> {
    for _ in 0..3 {
        let (counted, listed) = list(process, at, buffer).ok()?;
        let status = status::parse(process.read("status", buffer).ok()?);
        if status.killed || stat::parse(process.read("stat", buffer).ok()?)?.exiting {
            return None;
        }
        match status.threads {
            Some(expected) if expected != listed => {}
            _ => return Some(counted),
        }
    }
    None
}

fn list(
    process: &ProcessDirectory,
    at: Moment,
    buffer: &mut Vec<u8>,
) -> io::Result<(CountedThreads, usize)> {
    let task = process.below("task")?;
    let mut threads = Threads {
        processors: 0,
        heartbeat: false,
        at,
    };
    let (mut listed, mut beats) = (0, None);
    for entry in Dir::read_from(&task)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(thread) = number::<u32>(name.to_bytes()) else {
            continue;
        };
        let path = format!("{thread}/comm");
        match read_at(rustix::fd::AsFd::as_fd(&task), &path, 64, buffer) {
            Ok(()) => listed += 1,
            // It ended in between; the number of those left tells whether that was all.
            Err(error) if has_ended(&error) => continue,
            Err(error) => return Err(error),
        }
        match role(buffer.strip_suffix(b"\n").unwrap_or(buffer)) {
            ThreadRole::Processor => threads.processors += 1,
            ThreadRole::Heartbeat => {
                threads.heartbeat = true;
                beats = Some(thread);
            }
            ThreadRole::Other => {}
        }
    }
    let beats_since = beats.and_then(|thread| {
        let path = format!("{thread}/stat");
        read_at(rustix::fd::AsFd::as_fd(&task), &path, 4096, buffer).ok()?;
        Some(stat::parse(buffer)?.start_ticks)
    });
    let counted = CountedThreads {
        threads,
        beats_since,
    };
    Ok((counted, listed))
}

fn has_ended(error: &io::Error) -> bool {
    let code = rustix::io::Errno::from_io_error(error);
    matches!(
        code,
        Some(rustix::io::Errno::NOENT | rustix::io::Errno::SRCH)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_every_version() {
        let cases: [(&str, ThreadRole); 19] = [
            ("processor", ThreadRole::Processor),
            ("default/process", ThreadRole::Processor),
            ("io/processor", ThreadRole::Processor),
            ("a/b/processor", ThreadRole::Processor),
            ("abcdefghijklmn/", ThreadRole::Processor),
            ("sidekiq.default", ThreadRole::Processor),
            ("sidekiq.unsafe-", ThreadRole::Processor),
            ("sidekiq.io/proc", ThreadRole::Processor),
            ("sidekiq.single/", ThreadRole::Processor),
            ("heartbeat", ThreadRole::Heartbeat),
            ("sidekiq.heartbe", ThreadRole::Heartbeat),
            ("sidekiq.schedul", ThreadRole::Other),
            ("scheduler", ThreadRole::Other),
            ("sidekiq.leader", ThreadRole::Other),
            ("ruby", ThreadRole::Other),
            ("sidekiq", ThreadRole::Other),
            ("processor.rb:12", ThreadRole::Other),
            ("a/proc", ThreadRole::Other),
            ("", ThreadRole::Other),
        ];
        for (name, expected) in cases {
            assert_eq!(role(name.as_bytes()), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_capsule_is_a_processor(capsule in "[a-z][a-z_-]{0,20}") {
            prop_assume!(!capsule.starts_with("heartbe") && !capsule.starts_with("schedul"));
            let name = format!("sidekiq.{capsule}/processor");
            prop_assert_eq!(role(&name.as_bytes()[..NAME_LENGTH]), ThreadRole::Processor);
        }

        #[test]
        fn no_bytes_make_it_panic(name in prop::collection::vec(any::<u8>(), 0..20)) {
            let _unread = role(&name);
        }
    }
}
