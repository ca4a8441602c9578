//! What several answers say of one job: it may have come from several queues and was asked for in
//! each of them.

mod bench;
mod judged;
mod outside;

use std::time::Duration;

use jiff::Timestamp;

use super::account::best;
use crate::core::fleet::{Located, Place};
use crate::core::moment::Moment;

#[test]
fn a_job_found_in_one_queue_counts_before_one_missing_in_the_others() {
    let located = |jid: &str, place: Place| Located {
        jid: jid.into(),
        place,
        asked: Moment::new(Duration::ZERO, Timestamp::UNIX_EPOCH),
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    };
    let nowhere = |searched_whole| Place::Nowhere { searched_whole };
    let low = Place::Queue { name: "low".into() };
    let not_asked = Place::NotAsked { why: "gone".into() };
    for (places, expected) in [
        ([nowhere(true), low.clone()], low.clone()),
        ([low.clone(), nowhere(false)], low.clone()),
        ([not_asked.clone(), low.clone()], low),
        ([nowhere(true), nowhere(false)], nowhere(false)),
        ([nowhere(true), not_asked.clone()], not_asked),
        ([nowhere(true), nowhere(true)], nowhere(true)),
    ] {
        let mut answers: Vec<Located> = places.map(|place| located("a", place)).into();
        answers.insert(1, located("b", Place::Retry));
        let found = best(&answers).get("a").map(|located| located.place.clone());
        assert_eq!(found, Some(expected));
    }
    assert!(best(&[]).is_empty());
}
