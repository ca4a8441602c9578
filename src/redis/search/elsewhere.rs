//! Work that goes on in another queue than the one it came from: a library of Active Job puts it into
//! the queue that it is told (`resume_options`, `retry_job(queue: …)`).

use redis::Pipeline;
use redis::aio::ConnectionLike;

use super::super::commands::Read;
use super::super::decode::list;
use super::{Search, ask};
use crate::core::fleet::{Lineage, LinkFault, Sought};

/// Other queues that are read; with more of them such work is not proven to be nowhere.
const MOST_QUEUES: usize = 100;

impl Search<'_> {
    /// Goes through all other queues for work that may have changed its queue.
    pub(super) async fn other_queues(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(), LinkFault> {
        if !self.open().any(may_change_queue) {
            return Ok(());
        }
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(Read::SetMembers.of(&self.keys.queues()));
        let answer = ask(pipeline, connection).await?.into_iter().next();
        let Some(Ok(names)) = answer.map(list) else {
            self.other_queues_unread = true;
            return Ok(());
        };
        let known = names.len();
        let names = names
            .into_iter()
            .filter_map(|name| String::from_utf8(name).ok());
        let names: Vec<String> = names.take(MOST_QUEUES).collect();
        self.other_queues_unread |= names.len() < known;
        let own = self.open_queues();
        for name in names.iter().filter(|name| !own.contains(name.as_str())) {
            let whole = self.queue(name, connection).await?;
            self.other_queues_unread |= !whole;
        }
        Ok(())
    }
}

/// Whether a later job in any queue may do its work: its library breaks it off at a checkpoint.
pub(super) fn may_change_queue(sought: &Sought) -> bool {
    let lineage = Lineage::to_seek(&sought.payload);
    lineage.is_some_and(|lineage| lineage.checkpoints().is_some())
}
