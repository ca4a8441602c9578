//! How long no process took jobs from a queue, by the record of the end.

use super::*;
use crate::core::drain::{QueueServed, UnservedTime};

#[test]
fn the_queues_without_a_process_are_those_of_the_last_end() {
    let queue = |unserved: Option<u64>| QueueServed {
        queue: "low".into(),
        unserved_s: unserved.map(|seconds| Seconds(Duration::from_secs(seconds))),
        still: true,
        gaps: vec![UnservedTime {
            from_t_s: Seconds(Duration::from_secs(1)),
            until_t_s: None,
            since: "util1:1 became quiet".into(),
            again: None,
        }],
    };
    let end = |t_s: f64, unserved: Option<u64>| {
        let event = Event::Finished {
            outcome: Outcome::Drained,
            seconds: Seconds(Duration::from_secs(40)),
            jobs: Counts::default(),
            work_kept_s: None,
            work_redone_s: None,
            queues: Some(vec![queue(unserved)]),
            why: None,
        };
        record(t_s, None, event)
    };
    let text = started() + &end(20.0, Some(19)) + &end(40.0, Some(39));
    let report = Report::of(&Past::from_text("1", text.as_bytes()));
    let queues = report.queues.as_ref().unwrap();
    assert_eq!(
        queues[0].words(),
        "low: 39.0 s; from T+1.0s (util1:1 became quiet), still unserved at the end"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["queues"][0]["unserved_s"], 39);
    // Records of earlier versions say nothing of it: that is no zero.
    let text = finished(Outcome::Drained).replace(",\"queues\":null", "");
    assert!(!text.contains("queues"), "{text}");
    let report = Report::of(&Past::from_text("1", (started() + &text).as_bytes()));
    assert_eq!(report.queues, None);
}
