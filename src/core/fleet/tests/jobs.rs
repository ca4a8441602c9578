//! Beats and jobs on clocks that are not ours, and hashes that are read half-written.

use super::*;

fn busy(host: f64, count: u64, jobs: Vec<Arc<Work>>) -> LookRow {
    LookRow {
        work: jobs,
        ..row(
            "util2:9:a",
            Some(Heartbeat {
                busy: count,
                ..heartbeat(host, -100.0)
            }),
        )
    }
}

fn jids(fleet: &Fleet) -> Vec<&str> {
    let jobs = only(fleet).jobs.iter();
    jobs.map(|job| job.work.jid.as_deref().unwrap()).collect()
}

#[test]
fn a_half_written_hash_drops_no_job() {
    // 6.4.2 to 7.2.2 delete the hash and write it anew, in two steps.
    let both = || vec![work("t1", "one", -9.0), work("t2", "two", -8.0)];
    let mut fleet = fleet(vec![look(0.0, vec![busy(0.0, 2, both())])]);
    fleet.observe(look(1.0, vec![busy(0.0, 2, vec![])]));
    assert_eq!(jids(&fleet), ["one", "two"]);
    fleet.observe(look(10.1, vec![busy(10.0, 2, vec![])]));
    assert_eq!(jids(&fleet), ["one", "two"]);
    fleet.observe(look(
        20.1,
        vec![busy(20.0, 1, vec![work("t2", "two", -8.0)])],
    ));
    assert_eq!(jids(&fleet), ["two"]);
    fleet.observe(look(30.1, vec![busy(30.0, 0, vec![])]));
    assert!(jids(&fleet).is_empty());
}

#[test]
fn a_job_is_gone_only_with_a_newer_beat_or_when_its_thread_has_another() {
    let one = || vec![work("t1", "one", -9.0)];
    let mut fleet = fleet(vec![look(0.0, vec![busy(0.0, 1, one())])]);
    // The work hash is written before the beat.
    fleet.observe(look(1.0, vec![busy(0.0, 1, vec![work("t2", "two", 0.0)])]));
    assert_eq!(jids(&fleet), ["two", "one"]);
    fleet.observe(look(
        2.0,
        vec![busy(0.0, 1, vec![work("t1", "three", 1.0)])],
    ));
    assert_eq!(jids(&fleet), ["three", "two"]);
}

#[test]
fn ages_are_never_negative_on_a_clock_that_runs_ahead() {
    for ahead in [40.0, 3.0, -40.0] {
        let mut row = busy(ahead - 4.0, 1, vec![work("t1", "one", ahead - 7.0)]);
        row.beat_age = Some(Duration::from_secs(4));
        let fleet = fleet(vec![look(0.0, vec![row])]);
        let process = only(&fleet);
        let age = process.beat.as_ref().unwrap().age(at(0.0));
        assert!(age.abs_diff(Duration::from_secs(4)) < Duration::from_millis(20));
        let elapsed = process.jobs[0].elapsed(at(0.0)).unwrap();
        assert!(elapsed.abs_diff(Duration::from_secs(7)) < Duration::from_millis(20));
    }
    // Without the key's age only the future is ruled out.
    let row = busy(40.0, 1, vec![work("t1", "one", 45.0)]);
    let fleet = fleet(vec![look(0.0, vec![row])]);
    let process = only(&fleet);
    assert_eq!(process.beat.as_ref().unwrap().age(at(0.0)), Duration::ZERO);
    assert_eq!(process.jobs[0].elapsed(at(0.0)), Some(Duration::ZERO));
}

#[test]
fn less_than_a_second_between_two_commands_is_no_skew() {
    let at_once = |host: f64| {
        let mut row = busy(host, 0, vec![]);
        row.beat_age = Some(Duration::from_secs(4));
        let fleet = fleet(vec![look(0.0, vec![row])]);
        only(&fleet)
            .beat
            .as_ref()
            .unwrap()
            .age(at(0.0))
            .as_secs_f64()
    };
    assert!((at_once(-3.2) - 3.2).abs() < 1e-3);
    assert!((at_once(-2.8) - 4.0).abs() < 1e-3);
}

#[test]
fn the_times_of_a_process_of_this_host_need_no_estimate() {
    // On a busy host the hash gets its 60 s to live long after the beat took its time: to Redis
    // the clock of the host seems to run behind.
    let slow = || LookRow {
        identity: Identity::new("util1:42:a"),
        beat_age: Some(Duration::from_secs(1)),
        ..busy(-4.0, 1, vec![work("t1", "one", -7.0)])
    };
    let here = || scan(0.5, vec![local(42, -110.0)]);
    for fleet in [
        fleet(vec![here(), look(1.0, vec![slow()])]),
        fleet(vec![look(0.0, vec![slow()]), here()]),
    ] {
        let process = only(&fleet);
        assert_eq!(process.life, Life::Here);
        assert_eq!(process.beat.as_ref().map(|beat| beat.at), Some(at(-4.0)));
        assert_eq!(process.jobs[0].started, Some(at(-7.0)));
    }
}

#[test]
fn the_first_estimate_of_a_beat_stands() {
    let aged = |seconds: u64| LookRow {
        beat_age: Some(Duration::from_secs(seconds)),
        ..busy(0.0, 0, vec![])
    };
    let mut fleet = fleet(vec![look(1.0, vec![aged(1)])]);
    let first = only(&fleet).beat.as_ref().unwrap().at;
    fleet.observe(look(5.0, vec![aged(2)]));
    assert_eq!(only(&fleet).beat.as_ref().unwrap().at, first);
    // An older look that comes late changes nothing.
    fleet.observe(look(4.0, vec![]));
    assert_eq!(only(&fleet).listed, Listed::Yes);
}

#[test]
fn the_start_of_an_execution_does_not_move_with_later_looks() {
    let row = |age: u64| LookRow {
        beat_age: Some(Duration::from_secs(age)),
        ..busy(0.0, 1, vec![work("t1", "one", -9.0)])
    };
    let mut fleet = fleet(vec![look(1.0, vec![row(1)])]);
    let first = only(&fleet).jobs[0].started;
    fleet.observe(look(4.0, vec![row(1)]));
    assert_eq!(only(&fleet).jobs[0].started, first);
}

#[test]
fn a_job_that_runs_again_on_its_thread_begins_anew() {
    let row = |beat: f64, run_at: f64| busy(beat, 1, vec![work("t1", "one", run_at)]);
    let mut fleet = fleet(vec![look(1.0, vec![row(0.0, -9.0)])]);
    assert_eq!(only(&fleet).jobs[0].started, Some(at(-9.0)));
    fleet.observe(look(11.0, vec![row(10.0, 4.0)]));
    assert_eq!(only(&fleet).jobs[0].started, Some(at(4.0)));
}

#[test]
fn the_jobs_of_a_dead_process_grow_no_older() {
    let alive = busy(0.0, 1, vec![work("t1", "one", -9.0)]);
    let mut fleet = fleet(vec![look(1.0, vec![alive])]);
    fleet.observe(look(70.0, vec![row("util2:9:a", None)]));
    let elapsed = |fleet: &Fleet| only(fleet).jobs[0].elapsed(at(500.0));
    assert_eq!(elapsed(&fleet), Some(Duration::from_secs(10)));
    // It only could not beat: its next beat shows the job still running.
    fleet.observe(look(
        71.0,
        vec![busy(70.5, 1, vec![work("t1", "one", -9.0)])],
    ));
    assert_eq!(elapsed(&fleet), Some(Duration::from_secs(509)));
}
