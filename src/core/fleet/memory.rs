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
    /// The last looks.
    looks: VecDeque<PastLook>,
}

/// A look, and how far it proves that Redis had what it had.
#[derive(Clone, Copy, Debug)]
struct PastLook {
    asked: Moment,
    answered: Moment,
    /// Whether any process had a beat there.
    beats: bool,
    /// Whether it found a beat that the look before had read.
    whole: bool,
    /// Whether nothing had been lost when it was asked: it is whole, or the counter is there, and no
    /// process beats that could have written it anew. Where no counter was ever seen, nothing speaks
    /// against it.
    vouches: bool,
}

/// Looks that are remembered: a drain asks for those of the last minute at most.
const MOST_LOOKS: usize = 120;

/// How far the server's clock may run back between two looks: it is set by hand, or the server is
/// another one.
const CLOCK_STEP: f64 = 5.0;

impl RedisMemory {
    /// From when on Redis may have lost what it had: the question of the last look before the loss
    /// that proves that it had not; `None`: no look shows a loss.
    pub fn lost_at(&self) -> Option<Moment> {
        self.lost
    }

    /// Whether the look that was answered at `answered` proves that Redis had not been flushed: it
    /// still found a beat that the look before had read.
    pub fn was_whole_at(&self, answered: Moment) -> bool {
        let mut looks = self.looks.iter().filter(|look| look.answered == answered);
        looks.next().is_some_and(|look| look.whole) && looks.all(|look| look.whole)
    }

    /// Whether a look after `asked` proves that Redis had not been emptied then.
    pub fn was_whole_after(&self, asked: Moment) -> bool {
        let mut looks = self.looks.iter();
        looks.any(|look| look.asked > asked && look.vouches)
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

    /// Takes in a look. `counter`: whether Sidekiq's `stat:processed` is there, if that was asked.
    /// `beats`: whether any process has a beat; what is only listed writes nothing. `whole`: whether a
    /// beat is found that the look before had read.
    ///
    /// The counter has no expiry, and no Sidekiq deletes it (8.1.7 `lib/sidekiq/launcher.rb`,
    /// `flush_stats`; `lib/sidekiq/api.rb`, `Stats#reset` writes 0): once it is gone, Redis lost what
    /// it had. A process that beats may have written it anew.
    pub(super) fn looked(
        &mut self,
        (asked, answered): (Moment, Moment),
        counter: Option<bool>,
        beats: bool,
        whole: bool,
    ) {
        if self.counter == Some(true) && counter == Some(false) {
            self.lose(asked);
        }
        self.counter = counter.or(self.counter);
        let none_beats = !beats && self.looks.back().is_some_and(|before| !before.beats);
        let is_there = counter == Some(true) || self.counter != Some(true);
        if self.looks.len() == MOST_LOOKS {
            self.looks.pop_front();
        }
        self.looks.push_back(PastLook {
            asked,
            answered,
            beats,
            whole,
            vouches: whole || none_beats && is_there,
        });
    }

    /// A process that Redis had forgotten beats again under the same identity: it had not left.
    pub(super) fn contradicted(&mut self, removed: Moment) {
        self.lose(removed);
    }

    /// A look that was asked at `noticed` shows a loss.
    fn lose(&mut self, noticed: Moment) {
        let before = self.looks.iter().filter(|look| look.asked < noticed);
        let vouches = before.clone().rfind(|look| look.vouches);
        let since = vouches.or(self.looks.front().filter(|look| look.asked < noticed));
        let at = since.map_or(noticed, |look| look.asked);
        self.lost = Some(self.lost.map_or(at, |known| known.min(at)));
    }
}
