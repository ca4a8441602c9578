//! Which processes of this host belong to the Redis that is asked although no look shows them.

use super::joined::Fleet;
use super::local::{LocalProcess, Title};
use super::process::Listed;

impl Fleet {
    /// Marks the processes of this host that belong to the Redis that is asked although no look shows
    /// them (a Sidekiq that hangs loses its hash): working ones whose environment names its address.
    pub fn claim(&mut self) {
        let asked = self.vantage.redis.as_ref();
        for process in self.processes.values_mut() {
            let names = |local: &LocalProcess| {
                let named = local.surroundings.redis_url.as_ref();
                let same = asked
                    .zip(named)
                    .and_then(|(asked, named)| asked.is_same(named));
                same == Some(true) && matches!(local.title, Title::Beating { .. })
            };
            let unknown = matches!(process.listed, Listed::Never | Listed::Named);
            if unknown && process.identity.is_none() {
                let is_named = process.local.as_ref().is_some_and(names);
                process.listed = Listed::of_named(is_named);
            }
        }
    }
}
