//! The private lists in which fetchers keep what a process took.

use redis::Pipeline;
use redis::aio::ConnectionLike;

use super::super::commands::Read;
use super::super::decode::{self, list};
use super::super::keyspace;
use super::super::questions::Private;
use super::{Search, ask};
use crate::core::fleet::{LinkFault, Place};

/// Private lists read at most, and elements of each (a list is as long as a process has threads).
const PRIVATE_LISTS: usize = 500;
const PRIVATE_ELEMENTS: usize = 200;

impl Search<'_> {
    /// The lists in which `super_fetch` keeps what a process took.
    pub(super) async fn private(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(), LinkFault> {
        let queues = self.open_queues();
        if queues.is_empty() {
            return Ok(());
        }
        if self.is_over() {
            self.partial = true;
            return Ok(());
        }
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(Read::SetMembers.of(&self.keys.key("super_processes")));
        let answer = ask(pipeline, connection).await?.into_iter().next();
        let Some(Ok(identities)) = answer.map(list) else {
            self.partial = true;
            return Ok(());
        };
        let lists: Vec<(&Vec<u8>, &str)> = identities
            .iter()
            .flat_map(|identity| queues.iter().map(move |queue| (identity, *queue)))
            .collect();
        self.partial |= lists.len() > PRIVATE_LISTS;
        for lists in lists[..lists.len().min(PRIVATE_LISTS)].chunks(50) {
            let mut pipeline = Pipeline::with_capacity(lists.len());
            for (identity, queue) in lists {
                let mut range = Read::ListRange.of(&self.keys.private(identity, queue));
                range.arg(0).arg(PRIVATE_ELEMENTS - 1);
                pipeline.add_command(range);
            }
            let answers = ask(pipeline, connection).await?;
            for ((identity, _), answer) in lists.iter().zip(answers) {
                let place = Place::Private {
                    identity: decode::identity(identity),
                };
                let elements = list(answer);
                self.partial |=
                    !matches!(&elements, Ok(elements) if elements.len() < PRIVATE_ELEMENTS);
                self.meet_all(&elements.unwrap_or_default(), &place);
            }
        }
        Ok(())
    }

    /// The lists of other fetchers, found by their names: `working:queue:…`, `queue:sq_…` and any
    /// other key that holds `queue:` and is no queue.
    pub(super) async fn named(
        &mut self,
        connection: &mut impl ConnectionLike,
    ) -> Result<(), LinkFault> {
        let (limit, strict) = match self.bounds.private {
            Private::Registered => return Ok(()),
            Private::Sought(limit) => (limit, false),
            Private::Whole(limit) => (limit, true),
        };
        if self.is_found() {
            return Ok(());
        }
        let until = self.until;
        let found = keyspace::lists(self.keys, limit, until, connection).await?;
        self.partial |= strict && !(found.whole && found.keys.len() <= PRIVATE_LISTS);
        for keys in found.keys[..found.keys.len().min(PRIVATE_LISTS)].chunks(50) {
            let mut pipeline = Pipeline::with_capacity(keys.len());
            for key in keys {
                let mut range = Read::ListRange.of(key);
                range.arg(0).arg(PRIVATE_ELEMENTS - 1);
                pipeline.add_command(range);
            }
            let answers = ask(pipeline, connection).await?;
            for (key, answer) in keys.iter().zip(answers) {
                // A key of another type is no list of jobs.
                if keyspace::is_of_another_type(&answer) {
                    continue;
                }
                let place = Place::Private {
                    identity: keyspace::holder(key),
                };
                let elements = list(answer);
                let all = matches!(&elements, Ok(elements) if elements.len() < PRIVATE_ELEMENTS);
                self.partial |= strict && !all;
                self.meet_all(&elements.unwrap_or_default(), &place);
            }
        }
        Ok(())
    }
}
