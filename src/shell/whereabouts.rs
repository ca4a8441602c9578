//! Where a session's questions about jobs go: to the source that looks, or on a way of their own.
//! It decides nothing and changes nothing.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::work::Counting;
use crate::core::drain::{Ask, SEARCH_WITHIN, Trace};
use crate::core::fleet::Located;
use crate::redis::{Address, Asker, Keys, Tuning, interrupted};
use crate::rescue::{Suspect, prove};

/// An address with the prefix of its keys.
pub(super) type KeyedAddress = Option<(Address, Option<String>)>;

/// How long members of `retry` and `dead` are counted.
const COUNTING: Duration = Duration::from_secs(2);

/// Counts interrupted jobs, on a connection of its own.
pub(super) fn count((address, settings): (Address, Tuning)) -> Counting {
    Box::pin(async move {
        let mut connection = crate::redis::open(&address, settings.answer_within).await?;
        let keys = Keys::new(settings.namespace.as_deref());
        interrupted(&mut connection, &keys, COUNTING).await
    })
}

/// Where the jobs are.
pub(super) fn place(redis: Option<&(Address, Tuning)>) -> KeyedAddress {
    redis.map(|(address, settings)| (address.clone(), settings.namespace.clone()))
}

/// Searches for missing jobs. `gone`: the identities of the processes that have exited.
pub(super) fn search(
    place: &KeyedAddress,
    suspects: Vec<Suspect>,
    gone: Vec<String>,
) -> Option<BoxFuture<'static, Vec<Trace>>> {
    let (address, namespace) = place.clone()?;
    Some(Box::pin(async move {
        let sought = (suspects.as_slice(), gone.as_slice());
        prove(&address, namespace.as_deref(), sought, SEARCH_WITHIN).await
    }))
}

/// Asks Redis through its source.
pub(super) async fn ask(asker: Asker, ask: Ask) -> Vec<Located> {
    match ask {
        Ask::Where(sought) => asker.locate(sought).await,
        // These have their own ways.
        Ask::Nowhere(_) | Ask::Taken(_) => Vec::new(),
        Ask::LookNow => {
            // The look itself comes as an observation; a failure shows as the link's state.
            drop(asker.look_now().await);
            Vec::new()
        }
    }
}
