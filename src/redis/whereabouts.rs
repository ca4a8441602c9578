//! Where jobs are now that no source could tell of before: in some process's work, in a
//! queue, in a set. It only reads, and what is found nowhere proves nothing.

use std::collections::HashMap;

use redis::aio::ConnectionLike;

use super::commands::Keys;
use super::look::Looker;
use super::questions::{Bounds, locate};
use crate::core::fleet::{Identity, LinkFault, Look, Place, Sought};

/// Finds each job, in the order of the questions: first in the work of every process that beats,
/// then in queues and sets, then once more in the work, for what was fetched meanwhile. The
/// processes in `gone` are known to have exited: what they left behind shows nothing.
///
/// # Errors
/// If Redis cannot be asked at all.
pub async fn whereabouts(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    bounds: Bounds,
    sought: &[Sought],
    gone: &[Identity],
) -> Result<Vec<Place>, LinkFault> {
    let mut looker = Looker::new(keys.clone());
    let (before, _) = looker.look(connection).await?;
    let (located, fault) = locate(connection, keys, bounds, sought).await;
    looker.read_all_again();
    // After a fault nothing more can be asked on this connection.
    let after = match fault {
        None => looker.look(connection).await.ok().map(|(look, _)| look),
        Some(_) => None,
    };
    let mut work = works(&before, gone);
    if let Some(after) = &after {
        work.extend(works(after, gone));
    }
    let found = located.into_iter().map(|located| {
        let at_work = work.get(located.jid.as_str());
        match (&located.place, at_work) {
            (Place::Nowhere { .. } | Place::NotAsked { .. }, Some(identity)) => Place::Work {
                identity: (*identity).clone(),
            },
            (_, _) => located.place,
        }
    });
    Ok(found.collect())
}

/// The process of each job at work.
fn works<'a>(look: &'a Look, gone: &[Identity]) -> HashMap<String, &'a Identity> {
    let alive = look
        .rows
        .iter()
        .filter(|row| !row.is_ghost() && !gone.contains(&row.identity));
    let works = alive.flat_map(|row| {
        let jids = row.work.iter().filter_map(|work| work.jid.clone());
        jids.map(|jid| (jid, &row.identity))
    });
    works.collect()
}
