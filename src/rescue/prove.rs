//! Whether the missing jobs of a drain are provably nowhere: a survey that is repeated until each
//! process that may have one of them has beaten, or the time is up. It only reads.

use std::time::Duration;

use super::judge::Ending;
use super::saved::SavedJob;
use super::survey::{Surveyed, survey_within};
use crate::clock;
use crate::core::fate::Trace;
use crate::redis::{Address, Bounds, Keys, Private, open};

/// A drain waits for its search: it may take this long, each time.
const BOUNDS: Bounds = Bounds {
    each_end: 2_000_000,
    set_members: 2_000_000,
    private: Private::Whole(20_000_000),
    within: Duration::from_secs(15),
};
/// How long each answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two surveys.
const AGAIN: Duration = Duration::from_secs(1);

/// A missing job with what is known of it.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// The job as a beat showed it.
    pub job: SavedJob,
    /// How its process ended, and whether that had pushed it back.
    pub ending: Ending,
}

/// A trace for each suspect, in order, at most a search later than `within` from now. `gone` are
/// the identities of all processes that are known to have exited: what Redis still shows of them is
/// history.
pub async fn prove(
    address: &Address,
    namespace: Option<&str>,
    (suspects, gone): (&[Suspect], &[String]),
    within: Duration,
) -> Vec<Trace> {
    let until = clock::now().after(within);
    let keys = Keys::new(namespace);
    let jobs: Vec<(SavedJob, Ending)> = suspects
        .iter()
        .map(|suspect| (suspect.job.clone(), suspect.ending.clone()))
        .collect();
    loop {
        let surveyed = match open(address, PATIENCE).await {
            Ok(mut connection) => survey_within(&mut connection, &keys, BOUNDS, &jobs, gone).await,
            Err(why) => Err(why),
        };
        let open = match &surveyed {
            Ok(surveyed) => surveyed.iter().any(|surveyed| surveyed.waits),
            Err(_) => true,
        };
        if open && clock::now().after(AGAIN) < until {
            tokio::time::sleep(AGAIN).await;
            continue;
        }
        return match surveyed {
            Ok(surveyed) => surveyed.into_iter().map(trace).collect(),
            Err(why) => {
                let why = format!("Redis could not be asked: {why}");
                vec![Trace::Open(why); suspects.len()]
            }
        };
    }
}

fn trace(surveyed: Surveyed) -> Trace {
    let trace = surveyed.state.trace;
    if matches!(trace, Trace::Nowhere(_)) && surveyed.job.payload.0.is_empty() {
        return Trace::Open("its payload could not be read".into());
    }
    trace
}
