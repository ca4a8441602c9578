//! Whether Redis still has what it had: a server that was restarted, flushed or replaced answers
//! like the one before, and knows nothing. From then on absence there proves nothing.

use std::collections::VecDeque;

use super::server::ServerIdentity;
use crate::core::moment::Moment;

/// The knowledge of the Redis that answers.
#[derive(Clone, Debug, Default)]
pub struct RedisMemory {
    server: Option<ServerIdentity>,
    server_time: Option<f64>,
    lost: Option<Moment>,
    /// Whether the last answer about it found Sidekiq's counter.
    counter: Option<bool>,
    /// The last looks by the time of their answer, and whether each found something that was written
    /// before the look before it.
    whole: VecDeque<(Moment, bool)>,
}

/// Looks that are remembered: a drain asks for those of the last minute at most.
const MOST_LOOKS: usize = 120;

/// How far the server's clock may run back between two looks: it is set by hand, or the server is
/// another one.
const CLOCK_STEP: f64 = 5.0;

impl RedisMemory {
    /// When a look showed first that Redis has lost what it had; `None`: no look did.
    pub fn lost_at(&self) -> Option<Moment> {
        self.lost
    }

    /// Whether the look that was answered at `answered` proves that Redis had not been flushed: it
    /// still found a beat that the look before had read.
    pub fn was_whole_at(&self, answered: Moment) -> bool {
        let mut looks = self.whole.iter().filter(|(at, _)| *at == answered);
        looks.next().is_some_and(|(_, whole)| *whole) && looks.all(|(_, whole)| *whole)
    }

    /// Notes whether a look found a beat that the look before had read.
    pub(super) fn was_whole(&mut self, answered: Moment, whole: bool) {
        if self.whole.len() == MOST_LOOKS {
            self.whole.pop_front();
        }
        self.whole.push_back((answered, whole));
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

    /// Takes in whether Sidekiq's counter `stat:processed` is there. It has no expiry, and no Sidekiq
    /// deletes it (8.1.7 `lib/sidekiq/launcher.rb`, `flush_stats`; `lib/sidekiq/api.rb`,
    /// `Stats#reset` writes 0): once it is gone, Redis lost what it had.
    pub(super) fn counted(&mut self, counter: Option<bool>, asked: Moment) {
        if self.counter == Some(true) && counter == Some(false) {
            self.lose(asked);
        }
        self.counter = counter.or(self.counter);
    }

    /// A process that Redis had forgotten beats again under the same identity: it had not left.
    pub(super) fn contradicted(&mut self, removed: Moment) {
        self.lose(removed);
    }

    fn lose(&mut self, at: Moment) {
        self.lost = Some(self.lost.map_or(at, |known| known.min(at)));
    }
}
