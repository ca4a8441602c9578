//! The kernel's numbers of the signals that a sequence may name (signal(7)).

use rustix::process::Signal as Number;

use crate::core::sequence::Signal;

/// The number of `signal` on this machine; IOT is another name of ABRT.
pub(super) fn number_of(signal: Signal) -> Number {
    match signal {
        Signal::Tstp => Number::TSTP,
        Signal::Term => Number::TERM,
        Signal::Int => Number::INT,
        Signal::Kill => Number::KILL,
        Signal::Ttin => Number::TTIN,
        Signal::Usr1 => Number::USR1,
        Signal::Usr2 => Number::USR2,
        Signal::Hup => Number::HUP,
        Signal::Quit => Number::QUIT,
        Signal::Cont => Number::CONT,
        Signal::Abrt | Signal::Iot => Number::ABORT,
        Signal::Alrm => Number::ALARM,
        Signal::Bus => Number::BUS,
        Signal::Chld => Number::CHILD,
        Signal::Fpe => Number::FPE,
        Signal::Ill => Number::ILL,
        Signal::Io => Number::IO,
        Signal::Pipe => Number::PIPE,
        Signal::Prof => Number::PROF,
        Signal::Segv => Number::SEGV,
        Signal::Stop => Number::STOP,
        Signal::Sys => Number::SYS,
        Signal::Trap => Number::TRAP,
        Signal::Ttou => Number::TTOU,
        Signal::Urg => Number::URG,
        Signal::Vtalrm => Number::VTALARM,
        Signal::Winch => Number::WINCH,
        Signal::Xcpu => Number::XCPU,
        Signal::Xfsz => Number::XFSZ,
    }
}
