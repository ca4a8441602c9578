//! The imitation against what was measured on real Sidekiqs.

use std::time::Duration;

use jiff::Timestamp;

use super::*;

fn at(milliseconds: u64) -> Moment {
    let boot = Duration::from_millis(milliseconds);
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    Moment::new(Duration::ZERO, wall).after(boot)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn task(jid: &str, lasts: Option<u64>, temper: Temper) -> Task {
    Task {
        jid: jid.into(),
        class: "Job".into(),
        queue: "default".into(),
        lasts: lasts.map(seconds),
        temper,
        resumed: None,
    }
}

const V6: Version = Version::new(6, 4, 1);
const V7: Version = Version::new(7, 3, 9);

fn worker(version: Version, timeout: u64, tasks: Vec<Task>) -> Worker {
    let mut worker = Worker::new(WorkerConfig::new(version, seconds(timeout), 4), at(0));
    for task in tasks {
        assert_eq!(worker.give(task, at(0)), None);
    }
    worker
}

/// Runs to its end; every event but beats, with its milliseconds.
fn story(mut worker: Worker, until: u64) -> Vec<(u128, String)> {
    let mut lines = Vec::new();
    for (when, event) in worker.step(at(until)) {
        let line = match event {
            WorkerEvent::JobStarted(_) | WorkerEvent::Beat(_) => continue,
            WorkerEvent::JobFinished(task) => format!("{} finished", task.jid),
            WorkerEvent::JobFailed(task) => format!("{} failed", task.jid),
            WorkerEvent::PushedBack { task, front } => {
                format!("{} back, front: {front}", task.jid)
            }
            WorkerEvent::BrokeOff { task, again } => {
                assert_eq!(task.work_id(), again.work_id());
                format!("{} goes on as {}", task.jid, again.jid)
            }
            WorkerEvent::JobLost(task) => format!("{} lost", task.jid),
            WorkerEvent::LeftRegistry => "left".into(),
            WorkerEvent::Exited(ending) => format!("{ending:?}"),
        };
        lines.push((when.since(at(0)).as_millis(), line));
    }
    lines
}

fn lines(expected: &[(u128, &str)]) -> Vec<(u128, String)> {
    expected.iter().map(|(t, l)| (*t, (*l).into())).collect()
}

#[test]
fn an_idle_one_is_gone_half_a_second_after_term_once_quiet() {
    let mut quiet = worker(V7, 25, vec![]);
    quiet.signal(Signal::Tstp, at(1_000));
    quiet.step(at(4_000));
    assert_eq!(quiet.named_threads(at(4_000)), 0);
    quiet.signal(Signal::Term, at(4_000));
    let expected = [(4_500, "left"), (4_500, "InOrder")];
    assert_eq!(story(quiet, 60_000), lines(&expected));

    let mut fetching = worker(V7, 25, vec![]);
    fetching.signal(Signal::Term, at(1_000));
    let expected = [(3_000, "left"), (3_000, "InOrder")];
    assert_eq!(story(fetching, 60_000), lines(&expected));
}

#[test]
fn at_the_deadline_it_pushes_back_and_waits_for_those_that_swallow() {
    let mut stuck = worker(V7, 6, vec![task("a", None, Temper::Plain)]);
    stuck.signal(Signal::Term, at(0));
    let expected = [
        (5_500, "a back, front: true"),
        (6_000, "left"),
        (6_000, "InOrder"),
    ];
    assert_eq!(story(stuck, 60_000), lines(&expected));

    // Measured: exit at 8.09 s on 6.4.1, 7.3.9 and 8.1.7.
    let mut stubborn = worker(V6, 6, vec![task("a", None, Temper::SwallowsShutdown)]);
    stubborn.signal(Signal::Int, at(0));
    let expected = [
        (5_500, "a back, front: true"),
        (8_000, "left"),
        (8_000, "InOrder"),
    ];
    assert_eq!(story(stubborn, 60_000), lines(&expected));

    let old = Version::new(6, 3, 1);
    let mut old = worker(old, 6, vec![task("a", None, Temper::SwallowsShutdown)]);
    old.signal(Signal::Term, at(0));
    assert_eq!(story(old, 60_000)[1], (5_500, "left".into()));

    let holds = Temper::HoldsInterpreter(seconds(4));
    let mut late = worker(V7, 6, vec![task("a", None, holds)]);
    late.signal(Signal::Term, at(0));
    assert_eq!(story(late, 60_000)[0].0, 9_500);
}

#[test]
fn a_job_that_ends_in_time_is_never_pushed_back() {
    let tasks = vec![
        task("a", Some(3), Temper::Plain),
        task("b", Some(4), Temper::Fails),
    ];
    let mut worker = worker(V7, 25, tasks);
    worker.signal(Signal::Tstp, at(0));
    worker.signal(Signal::Term, at(1_000));
    let expected = [
        (3_000, "a finished"),
        (4_000, "b failed"),
        (4_000, "left"),
        (4_000, "InOrder"),
    ];
    assert_eq!(story(worker, 60_000), lines(&expected));
}

#[test]
fn after_term_only_kill_is_heard() {
    let mut worker = worker(V7, 25, vec![task("a", None, Temper::Plain)]);
    worker.signal(Signal::Term, at(0));
    for signal in [Signal::Tstp, Signal::Ttin, Signal::Term, Signal::Int] {
        worker.signal(signal, at(1_000));
    }
    worker.signal(Signal::Kill, at(2_000));
    let registered = worker.clone();
    assert_eq!(
        story(worker, 60_000),
        lines(&[(2_000, "a lost"), (2_000, "Signal(Kill)")])
    );
    assert!(registered.is_registered());
}

#[test]
fn signals_that_six_does_not_trap_end_it_at_once() {
    let deadly = [Signal::Usr1, Signal::Usr2, Signal::Hup, Signal::Quit];
    for signal in deadly {
        let mut worker = worker(V6, 25, vec![task("a", None, Temper::Plain)]);
        worker.signal(signal, at(1_000));
        worker.step(at(1_000));
        assert_eq!(worker.ended(), Some(WorkerEnding::Signal(signal)));
        assert_eq!(worker.next_event(), None);
    }
    let mut five = worker(Version::new(5, 2, 10), 8, vec![]);
    five.signal(Signal::Usr1, at(1_000));
    five.step(at(1_000));
    assert!(five.is_quiet() && five.ended().is_none());
}

#[test]
fn an_iterable_job_goes_to_the_back_of_its_queue_once_quiet() {
    let iterates = Temper::Iterates(Duration::from_millis(800));
    let mut worker = worker(V7, 25, vec![task("a", Some(60), iterates)]);
    worker.signal(Signal::Tstp, at(1_000));
    assert_eq!(
        story(worker, 10_000),
        lines(&[(1_800, "a back, front: false")])
    );
}

#[test]
fn work_with_checkpoints_goes_on_under_another_id_once_quiet() {
    let checkpoints = Temper::Checkpoints(Duration::from_millis(800));
    let mut worker = worker(V7, 25, vec![task("a", Some(60), checkpoints)]);
    worker.signal(Signal::Tstp, at(1_000));
    let expected = [(1_800, "a goes on as a+")];
    assert_eq!(story(worker, 10_000), lines(&expected));
    let third = task("a", None, checkpoints).again(at(1)).again(at(2));
    assert_eq!((third.jid.as_str(), third.work_id()), ("a++", "a"));
}

#[test]
fn threads_end_within_two_seconds_and_their_names_may_linger() {
    let mut config = WorkerConfig::new(V7, seconds(25), 4);
    config.names_linger = seconds(3);
    let mut worker = Worker::new(config, at(0));
    assert_eq!(worker.give(task("a", None, Temper::Plain), at(0)), None);
    worker.signal(Signal::Tstp, at(0));
    assert_eq!(worker.step(at(2_000)).len(), 2);
    assert_eq!(worker.named_threads(at(2_000)), 4);
    assert_eq!(worker.named_threads(at(5_000)), 1);
    let refused = worker.give(task("b", None, Temper::Plain), at(5_000));
    assert!(refused.is_some(), "a quiet one takes nothing");
    // The names of those that ended do not come back as the others are interrupted.
    worker.signal(Signal::Term, at(5_000));
    worker.step(at(29_600));
    assert_eq!(worker.named_threads(at(29_600)), 1);
}

#[test]
fn beats_and_titles() {
    let mut config = WorkerConfig::new(V6, seconds(25), 5);
    config.tag = "app".into();
    config.first_beat = seconds(1);
    let mut worker = Worker::new(config, at(0));
    assert_eq!(worker.title(), None);
    assert_eq!(worker.give(task("a", None, Temper::Plain), at(0)), None);
    worker.signal(Signal::Tstp, at(2_000));
    worker.step(at(5_900));
    assert_eq!(worker.title().unwrap(), "sidekiq 6.4.1 app [1 of 5 busy]");
    worker.step(at(6_000));
    assert_eq!(
        worker.title().unwrap(),
        "sidekiq 6.4.1 app [1 of 5 busy] stopping"
    );
    assert_eq!(worker.last_beat().unwrap().at, at(6_000));
}

#[test]
fn a_signal_may_lie_unheeded() {
    let mut config = WorkerConfig::new(V7, seconds(25), 1);
    config.heeds_after = seconds(7);
    let mut worker = Worker::new(config, at(0));
    worker.signal(Signal::Tstp, at(0));
    worker.step(at(6_900));
    assert_eq!(worker.wants(), 1);
    worker.step(at(7_000));
    assert_eq!(worker.wants(), 0);
}
