//! Jobs that leave, and what is said of them.
//!
//! Each law was shown to fail on a mutant: law | what was broken | the test that fails.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | an answer to an older question says nothing | it does | `a_job_that_runs_again…` |
//! | one of the same moment does | it does not | `each_job…` |
//! | a beat outweighs an answer | it does not | `a_job_that_runs_again…` |
//! | who runs elsewhere has left | it is not seen | `what_another…` |
//! | the ended and the unlisted run nothing | they do | `what_an_ended…` |
//! | only `done` of this execution is an end | any line, or any time, is one | `a_log…` |
//! | a start is known to the second | to the nanosecond | `a_log…` |
//! | what Redis said is not overwritten | it is | `a_log…` |
//! | what waits may go on | it is asked for once | `what_waits…` |
//! | nobody is asked too often | at once again | `what_waits…` |
//! | who was never sought comes first | last | `what_waits…` |
//! | no payload of any length is kept | it is, or none is | `a_long…` |

use std::sync::Arc;

use super::super::tests::{Scene, at, row, work};
use super::*;
use crate::core::fleet::{Identity, LogNews, Observation};
use crate::core::log::{LineOrigin, LogLine};

/// The line of those that left, and how many were not looked for, which it leaves out.
fn line(scene: &Scene) -> Option<String> {
    let departed = &scene.following.departed;
    let jobs = departed.jobs.iter();
    let open = jobs.filter(|left| left.group().is_none()).count();
    let line = departed.line(|_| "noon".into());
    let line = line.map(|line| line.replace("since noon: ", ""));
    let open = (open > 0).then(|| format!("{open} not looked for"));
    let parts: Vec<String> = line.into_iter().chain(open).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn located(jid: &str, seconds: f64, place: Place) -> Located {
    Located {
        jid: jid.into(),
        place,
        asked: at(seconds),
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    }
}

const NOWHERE: Place = Place::Nowhere {
    searched_whole: true,
};

/// Its process writes these words into its log.
fn log(scene: &mut Scene, seconds: f64, words: &str) {
    let origin = LineOrigin {
        pid: 7,
        inner_pid: 7,
        shared: false,
    };
    let line = LogLine::new(origin, &format!("pid=7 tid=t1 {words}"), at(seconds));
    let said = Observation::Logged(LogNews::Lines(vec![line]));
    scene.fleet.observe(said);
}

fn jids(sought: &[Sought]) -> Vec<&str> {
    let jids = sought.iter().map(|sought| sought.jid.as_str());
    jids.collect()
}

/// Two jobs run, and a beat later they are gone.
fn two_left() -> Scene {
    let mut scene = Scene::new();
    let jobs = vec![work("t1", "a", -5.0), work("t2", "b", -5.0)];
    scene.look(0.0, 0.0, false, jobs);
    assert_eq!(line(&scene), None);
    scene.look(11.0, 10.0, false, vec![]);
    scene
}

#[test]
fn each_job_that_left_is_asked_for_and_counted() {
    let mut scene = two_left();
    assert_eq!(line(&scene).unwrap(), "2 not looked for");
    let departed = &mut scene.following.departed;
    let mut asked = departed.to_ask(at(11.0));
    asked.sort_by(|one, other| one.jid.cmp(&other.jid));
    assert_eq!(jids(&asked), ["a", "b"]);
    assert!(departed.to_ask(at(12.0)).is_empty(), "one question is open");
    departed.answered(vec![
        located("a", 11.0, NOWHERE),
        located("b", 11.0, Place::Retry),
    ]);
    assert_eq!(line(&scene).unwrap(), "1 gone, 1 in retry");
    let departed = &mut scene.following.departed;
    assert!(departed.to_ask(at(14.0)).is_empty(), "both are known");
    // What waits goes on some time.
    assert_eq!(jids(&departed.to_ask(at(27.0))), ["b"]);
    departed.answered(vec![located("b", 27.0, Place::Dead)]);
    assert_eq!(line(&scene).unwrap(), "1 gone, 1 dead");
    let departed = &mut scene.following.departed;
    assert!(departed.to_ask(at(300.0)).is_empty(), "nothing is open");
    let words = departed.of("a").unwrap().words(|_| "noon".into());
    assert_eq!(words, "nowhere in Redis at noon: it ended, or it is lost");
}

#[test]
fn a_job_whose_work_goes_on_under_another_jid_did_not_end() {
    let mut scene = Scene::new();
    let job = r#"{"job_id":"w","times_interrupted":0}"#;
    let payload = format!(r#"{{"class":"Sidekiq::ActiveJob::Wrapper","jid":"a","args":[{job}]}}"#);
    let plain = work("t1", "a", -5.0);
    let lineage = Lineage::to_seek(payload.as_bytes());
    let checkpointing = Arc::new(Work {
        lineage,
        ..Work::clone(&plain)
    });
    scene.look(0.0, 0.0, false, vec![checkpointing]);
    scene.look(11.0, 10.0, false, vec![]);
    log(&mut scene, 9.0, "class=Job jid=a elapsed=14.0 INFO: done");
    scene.look(12.0, 10.0, false, vec![]);
    assert_eq!(line(&scene).unwrap(), "1 not looked for", "done is no end");
    let departed = &mut scene.following.departed;
    assert_eq!(jids(&departed.to_ask(at(12.0))), ["a"]);
    let heir = |jid: &str, created: f64| Heir {
        jid: jid.into(),
        place: "scheduled".into(),
        created: Some(at(0.0).epoch() + created),
        passed: crate::core::fleet::Passed::BrokeOff,
        lineage: None,
        class: None,
    };
    // It was sought by its class before its payload was known, and this does other work.
    let other =
        br#"{"class":"Sidekiq::ActiveJob::Wrapper","args":[{"job_id":"v","times_interrupted":1}]}"#;
    let stranger = Heir {
        lineage: Lineage::to_seek(other),
        ..heir("c", 8.0)
    };
    departed.answered(vec![Located {
        heirs: vec![heir("older", -60.0), stranger, heir("b", 9.0)],
        ..located("a", 12.0, NOWHERE)
    }]);
    let words = departed.of("a").unwrap().words(|_| "noon".into());
    assert_eq!(words, "goes on as b (scheduled)");
    assert_eq!(line(&scene).unwrap(), "1 gone on under another JID");
}

#[test]
fn a_job_that_runs_again_is_seen_and_an_old_answer_changes_nothing() {
    let mut scene = two_left();
    drop(scene.following.departed.to_ask(at(11.0)));
    scene.look(21.0, 20.0, false, vec![work("t9", "a", 15.0)]);
    scene.following.departed.answered(vec![
        located("a", 11.0, NOWHERE),
        located("b", 11.0, NOWHERE),
    ]);
    assert_eq!(line(&scene).unwrap(), "1 gone, 1 running again");
    // It leaves once more: what was asked before says nothing of that.
    scene.look(31.0, 30.0, false, vec![]);
    scene
        .following
        .departed
        .answered(vec![located("a", 30.5, Place::Retry)]);
    assert_eq!(line(&scene).unwrap(), "1 gone, 1 not looked for");
}

#[test]
fn a_question_that_nobody_answers_is_asked_again() {
    let mut scene = two_left();
    let departed = &mut scene.following.departed;
    assert_eq!(departed.to_ask(at(11.0)).len(), 2);
    assert!(departed.to_ask(at(30.0)).is_empty());
    assert_eq!(departed.to_ask(at(32.0)).len(), 2);
}

#[test]
fn memory_and_questions_have_bounds() {
    let mut scene = Scene::new();
    let many = |from: usize| {
        let jobs = (from..from + 400)
            .map(|number| work(&format!("t{number}"), &format!("j{number}"), -5.0));
        jobs.collect::<Vec<_>>()
    };
    scene.look(0.0, 0.0, false, many(0));
    scene.look(11.0, 10.0, false, many(400));
    scene.look(21.0, 20.0, false, many(800));
    let departed = &mut scene.following.departed;
    assert_eq!(departed.jobs.len(), MOST);
    assert_eq!(departed.to_ask(at(21.0)).len(), AT_ONCE);
    let line = line(&scene).unwrap();
    assert_eq!(line, "500 not looked for");
}

#[test]
fn what_a_log_tells_is_not_asked_and_how_long_it_took_is_learnt_once() {
    let mut scene = Scene::new();
    scene.look(0.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    scene.scan(0.5, 4);
    scene.look(1.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    log(&mut scene, 1.5, "class=Report jid=a elapsed=6.5 INFO: done");
    scene.look(11.0, 10.0, false, vec![]);
    assert_eq!(line(&scene).unwrap(), "1 finished");
    assert!(scene.following.departed.to_ask(at(11.0)).is_empty());
    // A beat would say that it took 15 s.
    assert!(scene.following.times.is_empty());
    let times = scene.fleet.logs.witness.take_times();
    let took = Duration::from_millis(6500);
    assert_eq!(times, [(7, "Report".into(), took)]);
    assert!(scene.fleet.logs.witness.take_times().is_empty(), "once");
}

#[test]
fn what_another_process_runs_now_has_left_the_one_before() {
    let mut scene = Scene::new();
    let job = || vec![work("t1", "a", -5.0)];
    let both = |beat: f64, first, second| {
        vec![
            row("util1:7:a", beat, false, first),
            row("util2:9:b", beat, false, second),
        ]
    };
    scene.look_at(0.0, both(0.0, job(), vec![]));
    scene.look_at(11.0, both(10.0, vec![], job()));
    assert_eq!(line(&scene).unwrap(), "1 on another process");
    let departed = &mut scene.following.departed;
    assert!(departed.to_ask(at(11.0)).is_empty(), "it was found");
    let words = |scene: &Scene| {
        let left = scene.following.departed.of("a");
        left.map(|left| left.words(|_| "noon".into()))
    };
    assert_eq!(words(&scene).unwrap(), "runs on util2:9");
    let from = |name: &'static str| scene.following.departed.from(name).count();
    assert_eq!((from("util1:7"), from("util2:9")), (1, 0));
    // It comes back: the last one that it left is the other one now.
    scene.look_at(21.0, both(20.0, job(), vec![]));
    assert_eq!(words(&scene).unwrap(), "runs on util1:7");
    scene.look_at(31.0, both(30.0, vec![], vec![]));
    scene.look_at(41.0, both(40.0, job(), vec![]));
    assert_eq!(words(&scene).unwrap(), "runs again on util1:7");
}

#[test]
fn what_an_ended_or_unlisted_process_was_last_seen_doing_has_left() {
    let shown = || {
        let mut scene = Scene::new();
        scene.scan(0.0, 4);
        scene.look(0.5, 0.0, false, vec![work("t1", "a", -5.0)]);
        scene
    };
    let mut ended = shown();
    let process = LocalId {
        pid: 7,
        start_ticks: 1,
    };
    let (at, status) = (at(2.0), None);
    ended.observe(
        Observation::Exited {
            process,
            at,
            status,
        },
        2.0,
    );
    // Its hash in Redis outlives it.
    ended.look(3.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    assert_eq!(line(&ended).unwrap(), "1 not looked for");
    let mut unlisted = shown();
    unlisted.look_at(11.0, vec![]);
    assert!(
        unlisted
            .fleet
            .processes
            .values()
            .any(|process| !process.jobs.is_empty())
    );
    assert_eq!(line(&unlisted).unwrap(), "1 not looked for");
}

#[test]
fn a_log_ends_a_job_only_by_done_and_only_this_execution() {
    let left = |lines: &[(f64, &str)]| {
        let mut scene = Scene::new();
        scene.scan(0.0, 4);
        scene.look(20.5, 20.0, false, vec![work("t1", "a", 15.0)]);
        for (seconds, words) in lines {
            log(&mut scene, *seconds, words);
        }
        scene.look(31.0, 30.0, false, vec![]);
        scene
    };
    for (seconds, words, expected) in [
        (
            21.0,
            "class=Report jid=a elapsed=6 INFO: done",
            "1 finished",
        ),
        // Its start is in whole seconds, and a little late.
        (
            13.5,
            "class=Report jid=a elapsed=0.1 INFO: done",
            "1 finished",
        ),
        (
            12.5,
            "class=Report jid=a elapsed=6 INFO: done",
            "1 not looked for",
        ),
        (
            21.0,
            "class=Report jid=a elapsed=6 INFO: fail",
            "1 not looked for",
        ),
        (21.0, "class=Report jid=a INFO: start", "1 not looked for"),
        (
            21.0,
            "class=Report jid=b elapsed=6 INFO: done",
            "1 not looked for",
        ),
    ] {
        let scene = left(&[(seconds, words)]);
        assert_eq!(line(&scene).unwrap(), expected, "{seconds} {words}");
    }
    // What Redis was asked later is known better.
    let mut scene = left(&[]);
    scene
        .following
        .departed
        .answered(vec![located("a", 31.0, Place::Retry)]);
    log(&mut scene, 32.0, "class=Report jid=a elapsed=6 INFO: done");
    scene.look(33.0, 30.0, false, vec![]);
    assert_eq!(line(&scene).unwrap(), "1 in retry");
}

#[test]
fn what_waits_is_asked_for_again_after_what_was_never_sought() {
    let part = Place::Nowhere {
        searched_whole: false,
    };
    let name = "default".to_owned();
    let identity = Identity::new("util2:9:b");
    for (place, words) in [
        (Place::Queue { name }, "1 back in a queue"),
        (Place::Private { identity }, "1 back in a queue"),
        (Place::Schedule, "1 scheduled"),
        (Place::Retry, "1 in retry"),
        (part, "1 not found"),
        (Place::NotAsked { why: "gone".into() }, "1 not looked for"),
    ] {
        let mut scene = two_left();
        let departed = &mut scene.following.departed;
        assert_eq!(departed.to_ask(at(11.0)).len(), 2);
        departed.answered(vec![located("a", 11.0, place.clone())]);
        assert!(departed.to_ask(at(12.0)).is_empty(), "too soon");
        assert_eq!(jids(&departed.to_ask(at(13.0))), ["b"], "{place:?}");
        departed.answered(vec![located("b", 13.0, NOWHERE)]);
        let counted = line(&scene).unwrap();
        assert_eq!(counted, format!("1 gone, {words}"), "{place:?}");
        // One more leaves.
        scene.look(20.0, 20.0, false, vec![work("t3", "c", 15.0)]);
        scene.look(31.0, 30.0, false, vec![]);
        let departed = &mut scene.following.departed;
        assert_eq!(jids(&departed.to_ask(at(31.0))), ["c", "a"], "{place:?}");
    }
}

#[test]
fn a_long_payload_is_not_kept() {
    let long = |length: usize| {
        let mut scene = Scene::new();
        let mut job = (*work("t1", "a", -5.0)).clone();
        job.payload = vec![b'x'; length].into();
        scene.look(0.0, 0.0, false, vec![Arc::new(job)]);
        scene.look(11.0, 10.0, false, vec![]);
        scene.following.departed.to_ask(at(11.0))[0].payload.len()
    };
    assert_eq!(long(LONGEST_PAYLOAD), LONGEST_PAYLOAD);
    assert_eq!(long(LONGEST_PAYLOAD + 1), 0);
}

#[test]
fn the_count_begins_with_the_first_look() {
    let mut scene = two_left();
    let answers = vec![located("a", 11.0, NOWHERE), located("b", 11.0, NOWHERE)];
    scene.following.departed.answered(answers);
    let second = |moment: Moment| moment.since(at(0.0)).as_secs().to_string();
    let line = scene.following.departed.line(second).unwrap();
    assert_eq!(line, "since 0: 2 gone");
    let mut from = scene.following.departed.from("util1:7");
    let (last, first) = (from.next().unwrap(), from.next().unwrap());
    assert_ne!(last.sought.jid, first.sought.jid);
}
