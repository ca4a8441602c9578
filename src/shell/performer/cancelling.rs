//! Marks jobs as cancelled, each after the record of it. Redis is asked beside the performer: no
//! signal waits for it.

use super::{PATIENCE, Performer};
use crate::core::drain::{OUTSIDE_A_DRAIN, Record};
use crate::core::follow::{CancelAnswer, CancelTarget};
use crate::journal::Journal;
use crate::redis::{Keys, cancel, open};
use crate::shell::work::Reply;

impl Performer {
    /// Marks a job as cancelled; the answer comes by itself. Without a record of it nothing is
    /// sent.
    pub(super) fn cancel(&mut self, target: CancelTarget, intent: &Record) {
        let refused = |why: String| CancelAnswer::Failed {
            why,
            may_have_happened: false,
        };
        if let Err(why) = self.write_intent(intent) {
            let why = format!("the record of it cannot be written: {why}");
            self.reply(Reply::Cancelled(target, refused(why)));
            return;
        }
        let Some((address, namespace)) = self.means.redis.clone() else {
            self.reply(Reply::Cancelled(
                target,
                refused("there is no Redis".into()),
            ));
            return;
        };
        let replies = self.replies.clone();
        self.calls.spawn(async move {
            let keys = Keys::new(namespace.as_deref());
            let answer = match open(&address, PATIENCE).await {
                Ok(mut connection) => cancel(&mut connection, &keys, &target.jid).await,
                Err(why) => refused(why.to_string()),
            };
            // The loop has ended: no listener is left.
            drop(replies.send(Reply::Cancelled(target, answer)));
        });
    }

    fn write_intent(&mut self, intent: &Record) -> Result<(), String> {
        if intent.run == OUTSIDE_A_DRAIN {
            return self.write_outside(intent);
        }
        match &mut self.journal {
            Some(journal) => journal.append(intent).map_err(|error| error.to_string()),
            None => Err("there is no record to write it down in".into()),
        }
    }

    /// Writes a record down that belongs to no drain.
    pub(super) fn write_outside(&self, record: &Record) -> Result<(), String> {
        let state_dir = match &self.means.state_dir {
            Some(Ok(state_dir)) => state_dir,
            Some(Err(why)) => return Err(why.clone()),
            None => return Err("no directory for state is known".into()),
        };
        let written = Journal::outside_a_drain(state_dir);
        let written = written.and_then(|mut journal| journal.append(record));
        written.map_err(|error| format!("{}: {error}", state_dir.display()))
    }
}
