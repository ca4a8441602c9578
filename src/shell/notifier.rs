//! Tells systemd how a drain stands that is the `ExecStop=` of a unit, and asks for the time that
//! it needs. A message that cannot be sent stops nothing: systemd then keeps its own clock.

use std::time::Duration;

use crate::core::drain::Run;
use crate::core::fleet::Fleet;
use crate::core::moment::Moment;
use crate::core::session::Session;
use crate::core::stop_clock::{ExtendAtMost, Notice, StopClock};
use crate::host::NotifySocket;

/// The socket, and what is to be said on it.
#[derive(Debug)]
pub(super) struct Notifier {
    clock: StopClock,
    socket: NotifySocket,
}

/// Asks systemd for the time that the start of this program takes. Before the first look it reads
/// units, logs and records, which on a busy host takes longer than a short `TimeoutStopSec`.
pub fn ask_for_time_to_start(extend: ExtendAtMost, now: Moment) {
    if let Some(mut notifier) = Notifier::new(extend, Duration::ZERO, now) {
        notifier.say(None, &Fleet::default(), now);
    }
}

impl Notifier {
    /// One for `session`, if it stops a unit of a systemd that listens.
    pub(super) fn for_session(session: &Session, now: Moment) -> Option<Self> {
        let systemd = &session.preflight.systemd;
        Self::new(systemd.extend, systemd.afterwards, now)
    }

    fn new(extend: ExtendAtMost, afterwards: Duration, now: Moment) -> Option<Self> {
        if extend == ExtendAtMost::NoClock {
            return None;
        }
        match NotifySocket::open() {
            Ok(socket) => Some(Self {
                clock: StopClock::new(extend, afterwards, now),
                socket,
            }),
            Err(error) => {
                tracing::warn!(%error, "systemd cannot be told how long this takes");
                None
            }
        }
    }

    /// Tells it how `session` stands, if that is due.
    pub(super) fn tell(&mut self, session: &Session, now: Moment) {
        self.say(session.run.as_ref(), &session.fleet, now);
    }

    fn say(&mut self, run: Option<&Run>, fleet: &Fleet, now: Moment) {
        let Some(Notice { extend, status }) = self.clock.notice(run, fleet, now) else {
            return;
        };
        tracing::debug!(?extend, status, "told systemd");
        if let Err(error) = self.socket.send(extend, &status) {
            tracing::warn!(%error, "systemd was not told");
        }
    }

    /// When it wants to tell something again.
    pub(super) fn next(&self) -> Option<Moment> {
        self.clock.next()
    }
}
