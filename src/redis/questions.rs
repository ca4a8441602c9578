//! Questions about jobs and queues, each bounded in commands, bytes and time: where is this
//! job, how long are these queues. They only read, on a connection of their own, so that they
//! delay no look.

use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Pipeline, Value};

use super::commands::{Keys, Read};
use super::link::{Wire, fault};
use super::search::Search;
use crate::clock;
use crate::core::fleet::{LinkFault, Located, Place, QueueDepth, Sought};

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Elements read from each end of a queue.
    pub each_end: usize,
    /// Members read, or compared, in each of `retry`, `dead` and `schedule`.
    pub set_members: usize,
    /// Which private lists of fetchers are read.
    pub private: Private,
    /// Time for the whole question.
    pub within: Duration,
}

/// Which private lists are read, in which fetchers keep what they took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    /// The lists of the processes in `super_processes`.
    Registered,
    /// Also those that are found by name among so many keys. Where there are more keys, the rest
    /// is left out without a word.
    Sought(usize),
    /// The same; where there are more keys, a job is not proven to be nowhere.
    Whole(usize),
}

impl Bounds {
    /// The bounds of a question that is asked again and again.
    pub const GLANCE: Self = Self {
        each_end: 300,
        set_members: 1_000,
        private: Private::Registered,
        within: Duration::from_secs(1),
    };
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            each_end: 10_000,
            set_members: 100_000,
            private: Private::Sought(100_000),
            within: Duration::from_secs(5),
        }
    }
}

/// Finds each job: in its queue, in `retry`, `dead` and `schedule`, in the private lists of
/// `super_fetch`. One answer for each question, in the same order. Where the connection fails on
/// the way, what was found stands, and the rest is [`Place::NotAsked`]; the fault comes beside it
/// so that the connection can be dropped.
pub async fn locate(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    bounds: Bounds,
    sought: &[Sought],
) -> (Vec<Located>, Option<LinkFault>) {
    // A queue is read under its exact name; what is shown of it may be shortened.
    let sought: Vec<Sought> = sought.iter().map(Sought::exact).collect();
    locate_exact(connection, keys, bounds, &sought).await
}

/// The same where every name of a queue is the exact one.
pub async fn locate_exact(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    bounds: Bounds,
    sought: &[Sought],
) -> (Vec<Located>, Option<LinkFault>) {
    let asked = clock::now();
    let mut search = Search::new(keys, bounds, sought, asked);
    let searching = search.run(connection);
    let outcome = match tokio::time::timeout(bounds.within, searching).await {
        Ok(outcome) => outcome,
        // The answer under way on the connection would be read as the answer to what comes next.
        Err(_) => Err(LinkFault::Silent),
    };
    let missing = match &outcome {
        Ok(()) => None,
        Err(why) => Some(Place::NotAsked {
            why: why.to_string(),
        }),
    };
    let (iterating, heirs) = (search.iterating(), search.heirs());
    let namesakes = search.namesakes();
    let places = search.places(missing.as_ref()).into_iter();
    let places = places.zip(iterating).zip(heirs.into_iter().zip(namesakes));
    let located = sought.iter().zip(places);
    let located = located.map(
        |(sought, ((place, iterating), (heirs, namesake)))| Located {
            jid: sought.jid.clone(),
            place,
            asked,
            iterating,
            heirs,
            namesake,
        },
    );
    (located.collect(), outcome.err())
}

/// How long the queues of these names are, in one round trip; a name that holds no list is left
/// out.
pub async fn queues(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    names: &[String],
) -> Result<Vec<QueueDepth>, LinkFault> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipeline = Pipeline::with_capacity(names.len());
    pipeline.ignore_errors();
    for name in names {
        pipeline.add_command(Read::ListLength.of(&keys.queue(name)));
    }
    let at = clock::now();
    let lengths: Vec<Value> = pipeline
        .query_async(connection)
        .await
        .map_err(|error| fault(&error, Wire::Established))?;
    let depths = names.iter().zip(lengths).filter_map(|(name, length)| {
        let Value::Int(length) = length else {
            return None;
        };
        Some(QueueDepth {
            name: name.clone(),
            waiting: u64::try_from(length).ok()?,
            at,
        })
    });
    Ok(depths.collect())
}
