//! Whether Redis still has what it had: a server that was restarted, flushed or replaced answers
//! like the one before, and knows nothing. From then on absence there proves nothing.

use super::server::ServerIdentity;
use crate::core::moment::Moment;

/// What is known of the Redis that answers.
#[derive(Clone, Debug, Default)]
pub struct RedisMemory {
    server: Option<ServerIdentity>,
    server_time: Option<f64>,
    lost: Option<Moment>,
}

/// How far the server's clock may run back between two looks: it is set by hand, or the server is
/// another one.
const CLOCK_STEP: f64 = 5.0;

impl RedisMemory {
    /// When a look showed first that Redis has lost what it had; `None`: no look did.
    pub fn lost_at(&self) -> Option<Moment> {
        self.lost
    }

    /// Takes in which server answered a look that was asked at `asked`, and its clock.
    pub(super) fn answered(&mut self, server: Option<ServerIdentity>, time: f64, asked: Moment) {
        let other = (server.as_ref())
            .zip(self.server.as_ref())
            .is_some_and(|(now, before)| !now.goes_on_from(before));
        let ran_back = self
            .server_time
            .is_some_and(|before| time + CLOCK_STEP < before);
        if other || ran_back {
            self.lose(asked);
        }
        self.server = server.or_else(|| self.server.take());
        self.server_time = Some(time);
    }

    /// A process that Redis had forgotten beats again under the same identity: it had not left.
    pub(super) fn contradicted(&mut self, removed: Moment) {
        self.lose(removed);
    }

    fn lose(&mut self, at: Moment) {
        self.lost = Some(self.lost.map_or(at, |known| known.min(at)));
    }
}
