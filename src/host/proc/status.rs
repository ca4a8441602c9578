//! `/proc/PID/status`: lines of `Key:\tvalue` (`proc_pid_status(5)`). A line that is missing is
//! unknown and never zero.

use super::{number, stat};
use crate::core::fleet::{Caught, RunState};

/// The lines that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct Status {
    /// `State`.
    pub(in crate::host) run_state: Option<RunState>,
    /// `Uid`, the real one.
    pub(in crate::host) uid: Option<u32>,
    /// `NSpid`: its pids from our namespace inwards.
    pub(in crate::host) pids: Vec<u32>,
    /// `Threads`.
    pub(in crate::host) threads: Option<usize>,
    /// `VmRSS` in KB.
    pub(in crate::host) rss_kb: Option<u64>,
    /// `SigCgt`.
    pub(in crate::host) caught: Option<Caught>,
    /// Whether `SigPnd` or `ShdPnd` holds KILL: the kernel gives it to each thread of a process
    /// that ends, whatever ends it.
    pub(in crate::host) killed: bool,
}

/// The number of KILL, as a mask counts them (signal(7)).
const KILL: u32 = 9;

/// Reads the file.
pub(in crate::host) fn parse(content: &[u8]) -> Status {
    let mut status = Status::default();
    for line in content.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let mut words = line[colon + 1..]
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        match &line[..colon] {
            b"State" => {
                status.run_state = words
                    .next()
                    .and_then(|word| word.first())
                    .map(|letter| stat::run_state(*letter));
            }
            b"Uid" => status.uid = words.next().and_then(number),
            b"NSpid" => status.pids = words.filter_map(number).collect(),
            b"Threads" => status.threads = words.next().and_then(number),
            b"VmRSS" => status.rss_kb = words.next().and_then(number),
            b"SigCgt" => status.caught = words.next().and_then(mask),
            b"SigPnd" | b"ShdPnd" => {
                let pending = words.next().and_then(mask);
                status.killed |= pending.is_some_and(|pending| pending.has(KILL));
            }
            _ => {}
        }
    }
    status
}

fn mask(word: &[u8]) -> Option<Caught> {
    let digits = std::str::from_utf8(word).ok()?;
    u64::from_str_radix(digits, 16).ok().map(Caught)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lines_that_matter() {
        let status = parse(
            b"Name:\tru:by\nState:\tT (stopped)\nUid:\t33\t0\t33\t33\nNSpid:\t4242\t17\t1\n\
              VmRSS:\t  31476 kB\nThreads:\t9\nSigCgt:\t0000000142197e4b\n",
        );
        assert_eq!(status.run_state, Some(RunState::Suspended));
        assert_eq!((status.uid, status.threads), (Some(33), Some(9)));
        assert_eq!(status.pids, [4242, 17, 1]);
        assert_eq!(status.rss_kb, Some(31476));
        assert!(status.caught.unwrap().has(20));
    }

    #[test]
    fn a_pending_kill_is_seen_in_either_line() {
        assert!(parse(b"SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n").killed);
        assert!(parse(b"SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n").killed);
        assert!(!parse(b"SigPnd:\t0000000000000200\nShdPnd:\t0000000000000000\n").killed);
    }

    #[test]
    fn missing_lines_are_unknown() {
        assert_eq!(parse(b"Name:\tx\nUid:\nSigCgt:\tzz\n"), Status::default());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(content in prop::collection::vec(any::<u8>(), 0..400)) {
            let _unread = parse(&content);
        }
    }
}
