//! Jobs that leave, and what is said of them.

use super::super::tests::{Scene, at, work};
use super::*;
use crate::core::fleet::{LogNews, Observation};
use crate::core::log::{LogLine, Origin};

fn line(scene: &Scene) -> Option<String> {
    let line = scene.following.departed.line(|_| "noon".into());
    line.map(|line| line.replace("left since noon: ", ""))
}

fn located(jid: &str, seconds: f64, place: Place) -> Located {
    Located {
        jid: jid.into(),
        place,
        asked: at(seconds),
        iterating: false,
    }
}

const NOWHERE: Place = Place::Nowhere {
    searched_whole: true,
};

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
    assert_eq!(line, "last 500 that left: 500 not looked for");
}

#[test]
fn what_a_log_tells_is_not_asked_and_how_long_it_took_is_learnt_once() {
    let mut scene = Scene::new();
    scene.look(0.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    scene.scan(0.5, 4);
    scene.look(1.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    let text = "pid=7 tid=t1 class=Report jid=a elapsed=6.5 INFO: done";
    let origin = Origin {
        pid: 7,
        inner_pid: 7,
        shared: false,
    };
    let line_of_log = LogLine {
        origin,
        text: text.into(),
        at: at(1.5),
    };
    let said = Observation::Logged(LogNews::Lines(vec![line_of_log]));
    scene.fleet.observe(said);
    scene.look(11.0, 10.0, false, vec![]);
    assert_eq!(line(&scene).unwrap(), "1 finished");
    assert!(scene.following.departed.to_ask(at(11.0)).is_empty());
    // A beat would say that it took 15 s.
    assert!(scene.following.times.is_empty());
    let times = scene.fleet.logs.witness.take_times();
    assert_eq!(times, [("Report".into(), Duration::from_millis(6500))]);
    assert!(scene.fleet.logs.witness.take_times().is_empty(), "once");
}
