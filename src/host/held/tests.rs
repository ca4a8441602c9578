//! What each answer of the kernel means, and the numbers. Real processes are in `tests/it`.

use nix::sys::signal::Signal as Named;
use rustix::process::getuid;
use std::str::FromStr;

use super::*;

fn ourselves() -> Held {
    let found = identify(std::process::id()).unwrap();
    Held::open(found.id, getuid().as_raw()).unwrap()
}

#[test]
fn every_signal_has_the_number_of_its_name() {
    for signal in Signal::ALL {
        let name = if *signal == Signal::Iot {
            "SIGABRT".to_owned()
        } else {
            format!("SIG{signal}")
        };
        let expected = Named::from_str(&name).unwrap() as i32;
        assert_eq!(number_of(*signal).as_raw(), expected, "{name}");
    }
}

#[test]
fn answers_of_the_kernel() {
    let held = ourselves();
    let id = held.id();
    assert_eq!(held.refusal(Signal::Term, Errno::SRCH), SendError::Gone(id));
    assert_eq!(
        held.refusal(Signal::Term, Errno::PERM),
        SendError::Denied { id, uid: held.uid }
    );
    assert!(matches!(
        held.refusal(Signal::Term, Errno::INVAL),
        SendError::Failed { .. }
    ));
    assert_eq!(refusal_to_hold(id, Errno::NOSYS), HeldError::NoPidfd);
    assert_eq!(refusal_to_hold(id, Errno::SRCH), HeldError::Gone(id));
}

#[test]
fn only_the_very_process_is_held() {
    let held = ourselves();
    let (id, uid) = (held.id(), held.uid());
    let other = LocalId {
        start_ticks: id.start_ticks + 1,
        ..id
    };
    assert_eq!(
        Held::open(other, uid).unwrap_err(),
        HeldError::Reused(other)
    );
    assert_eq!(
        Held::open(id, uid + 1).unwrap_err(),
        HeldError::OtherUser {
            id,
            expected: uid + 1,
            found: uid
        }
    );
    for pid in [0, u32::MAX] {
        let nobody = LocalId { pid, ..id };
        assert_eq!(
            Held::open(nobody, uid).unwrap_err(),
            HeldError::Gone(nobody)
        );
    }
    assert_eq!(held.may_signal(), Ok(()));
    assert!(!held.has_exited());
    assert_eq!(held.exit_status(), None);
}

#[test]
fn without_a_licence_or_a_handler_nothing_is_sent() {
    let held = ourselves();
    assert_eq!(held.send(Signal::Kill, || false), Err(SendError::Revoked));
    // The test program handles no TSTP: it would be suspended.
    let id = held.id();
    assert_eq!(
        held.send(Signal::Tstp, || panic!("asked too early")),
        Err(SendError::NoHandler {
            id,
            signal: Signal::Tstp
        })
    );
}
