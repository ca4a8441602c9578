//! A look and no more, for `ps` and `plan`: connect, look, go. It keeps nothing running.

use std::time::Duration;

use super::address::Address;
use super::commands::Keys;
use super::connection::open;
use super::look::Looker;
use super::namespaces::namespace;
use super::questions::queues;
use super::source::Tuning;
use crate::core::fleet::{LinkFault, Look, LookRow, QueueDepth};

/// The longest that all of it may take. Each answer has its own limit: a server that answers is
/// heard out, however many processes it lists.
const AT_MOST: Duration = Duration::from_secs(30);

/// Ages of a beat that raise no doubt: others may be old, or dated by a clock that is off.
const ORDINARY: std::ops::RangeInclusive<f64> = -1.0..=30.0;

/// Connects and looks once. Where no Sidekiq is registered and no namespace is stated, the
/// namespace is sought. Where a beat seems to be over 30 s old or in the future, it looks a
/// second time: by then the key of the work is known, and the third command gives the beat's
/// age by the server's own clock. At most 30 s in all; whatever fails after the first look, that
/// look is the answer. Gives the duration of the first round trip too.
pub async fn look_once(
    address: &Address,
    settings: &Tuning,
) -> Result<(Look, Duration), LinkFault> {
    let mut first = None;
    let looking = looks(address, settings, &mut first);
    let outcome = tokio::time::timeout(AT_MOST, looking).await;
    match (first, outcome) {
        (Some(answer), _) => Ok(answer),
        (None, Ok(Err(why))) => Err(why),
        (None, Ok(Ok(())) | Err(_)) => Err(LinkFault::Silent),
    }
}

async fn looks(
    address: &Address,
    settings: &Tuning,
    answer: &mut Option<(Look, Duration)>,
) -> Result<(), LinkFault> {
    let mut connection = open(address, settings.answer_within).await?;
    let mut looker = Looker::new(Keys::new(settings.namespace.as_deref()));
    let (mut look, round_trip) = looker.look(&mut connection).await?;
    if look.rows.is_empty() && settings.namespace.is_none() {
        let found = namespace(&mut connection, None).await?;
        if found.is_some() {
            looker = Looker::new(Keys::new(found.as_deref()));
            (look, _) = looker.look(&mut connection).await?;
        }
    }
    let doubtful = look
        .rows
        .iter()
        .any(|row| row.beat_age.is_none() && is_doubtful(row, look.server_time));
    *answer = Some((look, round_trip));
    if doubtful && let Ok((again, _)) = looker.look(&mut connection).await {
        *answer = Some((again, round_trip));
    }
    Ok(())
}

/// Connects and asks how long the queues of these names are. A name that holds no list is left out.
///
/// # Errors
/// Why there is no answer, also where it takes longer than `settings` allow for one.
pub async fn depths_once(
    address: &Address,
    settings: &Tuning,
    names: &[String],
) -> Result<Vec<QueueDepth>, LinkFault> {
    let asking = async {
        let mut connection = open(address, settings.answer_within).await?;
        let found = namespace(&mut connection, settings.namespace.as_deref()).await?;
        queues(&mut connection, &Keys::new(found.as_deref()), names).await
    };
    let outcome = tokio::time::timeout(settings.answer_within, asking).await;
    outcome.unwrap_or(Err(LinkFault::Silent))
}

fn is_doubtful(row: &LookRow, server_time: f64) -> bool {
    row.heartbeat
        .as_ref()
        .is_some_and(|heartbeat| !ORDINARY.contains(&(server_time - heartbeat.beat)))
}
