//! Where the jobs of `tests/sidekiq/jobs.rb` stand, to tell the frames of one from another's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use serde_json::Value;

const JOBS: &str = include_str!("../../sidekiq/jobs.rb");

/// Whether `line` of `jobs.rb` lies in the class.
fn holds(class: &str, line: usize) -> bool {
    let head = format!("class {class} ");
    let begin = JOBS
        .lines()
        .position(|text| text.starts_with(&head))
        .unwrap();
    let length = JOBS
        .lines()
        .skip(begin)
        .position(|text| text == "end")
        .unwrap();
    (begin + 1..=begin + length + 1).contains(&line)
}

/// That one of the frames is the class's own `perform`, and that none is another job's.
#[track_caller]
pub(crate) fn assert_frame_of(class: &str, frames: &Value) {
    let frames: Vec<&str> = frames
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let own = |frame: &&&str| {
        let (_, place) = frame.split_once("/jobs.rb:")?;
        let (line, rest) = place.split_once(':')?;
        rest.contains("perform")
            .then(|| line.parse::<usize>().unwrap())
    };
    let lines: Vec<usize> = frames.iter().filter_map(|frame| own(&frame)).collect();
    assert!(!lines.is_empty(), "no `perform` in {frames:#?}");
    assert!(
        lines.iter().all(|line| holds(class, *line)),
        "{class}: {frames:#?}"
    );
}
