//! `/proc/PID/stat`: one line of fields (`proc_pid_stat(5)`). Never split at a blank before the
//! last `)`: a process chooses its own name.

use super::number;
use crate::core::fleet::{ExitStatus, RunState};

/// `PF_EXITING` of field 9.
const EXITING: u64 = 0x4;

/// The fields that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Stat<'a> {
    /// Field 2 without its parentheses: at most 15 bytes.
    pub(in crate::host) comm: &'a [u8],
    /// Field 3, read.
    pub(in crate::host) run_state: RunState,
    /// Field 4; 0 is none.
    pub(in crate::host) parent: u32,
    /// Whether field 9 says that it is on its way out (`PF_EXITING`, `include/linux/sched.h`).
    pub(in crate::host) exiting: bool,
    /// Field 22.
    pub(in crate::host) start_ticks: u64,
    /// Field 52, as `wait` gives it: it reads 0 for readers who may not trace the process.
    pub(in crate::host) wait_status: Option<i32>,
}

/// Reads the line; `None` if it is not one.
pub(in crate::host) fn parse(line: &[u8]) -> Option<Stat<'_>> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let comm = line.get(open + 1..close)?;
    let mut fields = line
        .get(close + 1..)?
        .split(u8::is_ascii_whitespace)
        .filter(|field| !field.is_empty());
    Some(Stat {
        comm,
        run_state: run_state(*fields.next()?.first()?),
        parent: number(fields.next()?)?,
        exiting: number::<u64>(fields.nth(4)?)? & EXITING != 0,
        start_ticks: number(fields.nth(12)?)?,
        wait_status: fields.nth(29).and_then(number),
    })
}

/// The state letter as far as it matters.
pub(in crate::host) fn run_state(letter: u8) -> RunState {
    match letter {
        b'T' | b't' => RunState::Suspended,
        b'Z' | b'X' | b'x' => RunState::Ended,
        _ => RunState::Alive,
    }
}

/// The meaning of a status of `wait` (wait(2), `WIFEXITED` and `WIFSIGNALED`).
pub(in crate::host) fn exit_status(wait_status: i32) -> ExitStatus {
    match wait_status & 0x7f {
        0 => ExitStatus::Code(wait_status >> 8 & 0xff),
        signal => ExitStatus::Signal(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &[u8] = b"4242 (a) Z 1 (b) S 17 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 987654 \
        2703360 461 18446744073709551615 94 94 14 0 0 0 0 0 65538 1 0 0 17 1 0 0 0 0 0 95 95 95 14 14 14 14 256\n";

    #[test]
    fn a_name_may_hold_anything() {
        let stat = parse(LINE).unwrap();
        assert_eq!(stat.comm, b"a) Z 1 (b");
        assert_eq!(stat.run_state, RunState::Alive);
        assert_eq!((stat.parent, stat.start_ticks), (17, 987_654));
        assert!(!stat.exiting);
        let line = String::from_utf8_lossy(LINE).replace("4194560", "4194564");
        assert!(parse(line.as_bytes()).unwrap().exiting);
        assert_eq!(stat.wait_status.map(exit_status), Some(ExitStatus::Code(1)));
    }

    #[test]
    fn states_that_matter() {
        assert_eq!(run_state(b't'), RunState::Suspended);
        assert_eq!(run_state(b'X'), RunState::Ended);
        assert_eq!(run_state(b'D'), RunState::Alive);
        assert_eq!(exit_status(9), ExitStatus::Signal(9));
        assert_eq!(exit_status(0x86), ExitStatus::Signal(6));
    }

    #[test]
    fn a_torn_line_is_none() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b")("), None);
        assert_eq!(parse(b"1 (x) S 1 2 3"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(line in prop::collection::vec(any::<u8>(), 0..400)) {
            let _unread = parse(&line);
        }

        #[test]
        fn no_name_moves_a_field(comm in prop::collection::vec(any::<u8>(), 0..15)) {
            let mut line = b"1 (".to_vec();
            line.extend(&comm);
            line.extend(&LINE[LINE.iter().rposition(|byte| *byte == b')').unwrap()..]);
            let stat = parse(&line).unwrap();
            prop_assert_eq!(stat.start_ticks, 987_654);
            prop_assert_eq!(stat.comm, &comm[..]);
        }
    }
}
