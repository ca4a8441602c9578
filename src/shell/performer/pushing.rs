//! Pushes lost jobs back, one after the other.

use std::fmt;
use std::sync::atomic::Ordering;

use super::{PATIENCE, Performer, PretendedQueues};
use crate::core::drain::PushOutcome;
use crate::redis::{Keys, open};
use crate::rescue::{SavedJob, Store, push_back};

impl Performer {
    /// Pushes a lost job back: never without a record of it, and never without a licence.
    pub(super) async fn push_back(&self, job: &SavedJob, confirmed: bool) -> PushOutcome {
        let refused = |why: &dyn fmt::Display| PushOutcome::Refused(why.to_string());
        if let (Some(PretendedQueues(take)), Some(jid)) = (&self.means.queues, &job.jid) {
            return take(jid);
        }
        if let Some(why) = &self.failing {
            return refused(&format!("the record of it cannot be written: {why}"));
        }
        let Some(journal) = &self.journal else {
            return refused(&"there is no record to write it down in");
        };
        let Some((address, namespace)) = &self.means.redis else {
            return refused(&"there is no Redis");
        };
        let store = Store::new(journal.state_dir());
        if let Err(error) = store.save(journal.run(), std::slice::from_ref(job)) {
            return refused(&error);
        }
        let mut connection = match open(address, PATIENCE).await {
            Ok(connection) => connection,
            Err(why) => return refused(&why),
        };
        if !confirmed && !self.licence.load(Ordering::SeqCst) {
            return refused(&"the run was stopped");
        }
        let keys = Keys::new(namespace.as_deref());
        let run = journal.run();
        let pushed = push_back(&mut connection, &keys, &store, run, job, &self.means.by).await;
        pushed.unwrap_or_else(|error| refused(&error))
    }
}
