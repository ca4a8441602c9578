//! Proof of quiet, of idle, and of complete knowledge: each limit has a test.

use super::*;

/// The fleet and the mark of a signal at second 0, with 5 named threads before it.
fn told() -> (Fleet, Mark) {
    let mine = row("util1:42:a", Some(heartbeat(-5.0, -100.0)));
    let fleet = fleet(vec![
        scan(-1.0, vec![threaded(42, 5, -1.0)]),
        look(-1.0, vec![mine]),
    ]);
    let mark = only(&fleet).mark(at(0.0));
    (fleet, mark)
}

fn see(fleet: &mut Fleet, seconds: f64, heartbeat: Heartbeat, jobs: Vec<Arc<Work>>) {
    let mut row = row("util1:42:a", Some(heartbeat));
    row.work = jobs;
    fleet.observe(look(seconds, vec![row]));
}

fn quiet_now(fleet: &Fleet, mark: &Mark, now: f64) -> Option<ProofBasis> {
    fleet.proof_of_quiet(only(fleet), mark, at(now))
}

fn idle_now(fleet: &Fleet, mark: &Mark, now: f64) -> Option<ProofBasis> {
    fleet.proof_of_idle(only(fleet), mark, at(now))
}

#[test]
fn fewer_threads_prove_quiet_and_none_prove_idle() {
    let (mut fleet, mark) = told();
    fleet.observe(scan(1.0, vec![threaded(42, 5, 1.0)]));
    assert_eq!(quiet_now(&fleet, &mark, 1.0), None);
    fleet.observe(scan(2.0, vec![threaded(42, 2, 2.0)]));
    let fewer = ProofBasis::FewerThreads { before: 5, now: 2 };
    assert_eq!(quiet_now(&fleet, &mark, 2.0), Some(fewer));
    assert_eq!(idle_now(&fleet, &mark, 2.0), None);
    fleet.observe(scan(3.0, vec![threaded(42, 0, 3.0)]));
    assert_eq!(idle_now(&fleet, &mark, 3.0), Some(ProofBasis::NoThreads));
}

#[test]
fn a_count_proves_nothing_once_it_is_stale_or_from_before_the_signal() {
    let (mut fleet, mark) = told();
    fleet.observe(scan(2.0, vec![threaded(42, 0, 2.0)]));
    assert!(idle_now(&fleet, &mark, 4.9).is_some());
    assert_eq!(idle_now(&fleet, &mark, 5.0), None, "3 s old");
    let (mut fleet, mark) = told();
    fleet.observe(scan(2.0, vec![threaded(42, 0, -0.5)]));
    assert_eq!(quiet_now(&fleet, &mark, 2.0), None, "counted before it");
    see(&mut fleet, 2.0, quiet(1.8), vec![]);
    assert!(quiet_now(&fleet, &mark, 2.0).is_some());
    assert_eq!(idle_now(&fleet, &mark, 2.0), None, "counted before it");
}

#[test]
fn threads_prove_nothing_where_they_were_never_named() {
    // Sidekiq 5, RUBY_MN_THREADS, a slow start-up hook.
    let (mut fleet, mark) = told();
    let nameless = Mark {
        threads: Some(Threads {
            processors: 0,
            heartbeat: false,
            at: at(-1.0),
        }),
        ..mark
    };
    let unread = Mark {
        threads: None,
        ..mark
    };
    fleet.observe(scan(3.0, vec![threaded(42, 0, 3.0)]));
    assert_eq!(idle_now(&fleet, &nameless, 3.0), None);
    assert_eq!(idle_now(&fleet, &unread, 3.0), None);
    assert_eq!(quiet_now(&fleet, &nameless, 3.0), None);
    see(&mut fleet, 3.1, quiet(1.9), vec![]);
    assert!(quiet_now(&fleet, &nameless, 3.2).is_some());
    assert_eq!(idle_now(&fleet, &nameless, 3.2), None);
}

#[test]
fn a_count_without_the_heartbeat_thread_beside_it_proves_nothing() {
    let (mut fleet, mark) = told();
    let mut bare = threaded(42, 0, 3.0);
    bare.threads.as_mut().unwrap().heartbeat = false;
    fleet.observe(scan(3.0, vec![bare]));
    assert_eq!(idle_now(&fleet, &mark, 3.0), None);
    let mut before = mark;
    before.threads.as_mut().unwrap().heartbeat = false;
    fleet.observe(scan(4.0, vec![threaded(42, 0, 4.0)]));
    assert_eq!(idle_now(&fleet, &before, 4.0), None);
}

#[test]
fn replaced_processors_prove_nothing() {
    // One thread died and lingers beside the one that replaced it: six names for five threads.
    let (mut fleet, mark) = told();
    let mut lingering = mark;
    lingering.threads.as_mut().unwrap().processors = 6;
    fleet.observe(scan(2.0, vec![threaded(42, 5, 2.0)]));
    assert_eq!(quiet_now(&fleet, &lingering, 2.0), None);
}

#[test]
fn a_quiet_beat_proves_quiet_for_good_and_idle_only_when_it_is_late_enough() {
    let (mut fleet, mark) = told();
    see(&mut fleet, 1.9, quiet(1.8), vec![]);
    assert_eq!(quiet_now(&fleet, &mark, 1.9), Some(ProofBasis::QuietBeat));
    assert_eq!(quiet_now(&fleet, &mark, 500.0), Some(ProofBasis::QuietBeat));
    assert_eq!(
        idle_now(&fleet, &mark, 1.9),
        None,
        "within 2 s of the signal"
    );
    // Nor once the count of its threads, which were there before the signal, is stale.
    assert_eq!(idle_now(&fleet, &mark, 2.1), None);
    see(&mut fleet, 11.9, quiet(11.8), vec![]);
    let after = Duration::from_secs_f64(EPOCH + 11.8 - at(0.0).epoch());
    assert_eq!(
        idle_now(&fleet, &mark, 11.9),
        Some(ProofBasis::IdleBeat { after })
    );
}

#[test]
fn a_beat_proves_no_idle_if_it_is_old_busy_or_not_quiet() {
    let seen = |heartbeat: Heartbeat, jobs: Vec<Arc<Work>>, asked: f64, now: f64| {
        let (mut fleet, mark) = told();
        see(&mut fleet, asked, heartbeat, jobs);
        idle_now(&fleet, &mark, now)
    };
    assert!(seen(quiet(3.0), vec![], 4.0, 6.9).is_some());
    assert_eq!(
        seen(quiet(3.0), vec![], 4.0, 7.0),
        None,
        "the look is 3 s old"
    );
    assert_eq!(
        seen(quiet(3.0), vec![], 23.0, 23.1),
        None,
        "two periods old"
    );
    assert_eq!(seen(heartbeat(3.0, -100.0), vec![], 4.0, 4.0), None);
    let one = Heartbeat {
        busy: 1,
        ..quiet(3.0)
    };
    assert_eq!(seen(one, vec![], 4.0, 4.0), None);
    let shown = vec![work("t1", "one", -3.0)];
    assert_eq!(seen(quiet(3.0), shown, 4.0, 4.0), None);
}

#[test]
fn a_beat_proves_no_idle_while_worker_threads_are_left() {
    // The row lies, or the beat is older than what the threads do.
    let (mut fleet, mark) = told();
    see(&mut fleet, 4.0, quiet(3.0), vec![]);
    fleet.observe(scan(4.1, vec![threaded(42, 2, 4.1)]));
    assert_eq!(idle_now(&fleet, &mark, 4.2), None);
    fleet.observe(scan(5.1, vec![threaded(42, 0, 5.1)]));
    assert_eq!(idle_now(&fleet, &mark, 5.2), Some(ProofBasis::NoThreads));
}

#[test]
fn no_threads_and_a_later_beat_with_a_job_contradict_each_other() {
    // The job ended its own thread: Sidekiq goes on showing it.
    let (mut fleet, mark) = told();
    let one = |host: f64| Heartbeat {
        busy: 1,
        ..quiet(host)
    };
    see(&mut fleet, 3.0, one(2.9), vec![work("t1", "one", -3.0)]);
    fleet.observe(scan(4.0, vec![threaded(42, 0, 4.0)]));
    assert_eq!(idle_now(&fleet, &mark, 4.1), Some(ProofBasis::NoThreads));
    fleet.observe(scan(13.0, vec![threaded(42, 0, 13.0)]));
    see(&mut fleet, 13.1, one(12.9), vec![work("t1", "one", -3.0)]);
    assert_eq!(idle_now(&fleet, &mark, 13.2), None);
    see(&mut fleet, 23.1, quiet(22.9), vec![]);
    fleet.observe(scan(23.1, vec![threaded(42, 0, 23.1)]));
    assert_eq!(idle_now(&fleet, &mark, 23.2), Some(ProofBasis::NoThreads));
}

#[test]
fn a_count_without_the_heartbeat_thread_contradicts_no_later_beat() {
    let (mut fleet, mark) = told();
    let mut bare = threaded(42, 0, 1.0);
    bare.threads.as_mut().unwrap().heartbeat = false;
    fleet.observe(scan(1.0, vec![bare]));
    let one = Heartbeat {
        busy: 1,
        ..quiet(3.9)
    };
    see(&mut fleet, 4.0, one, vec![work("t1", "one", -3.0)]);
    fleet.observe(scan(5.0, vec![threaded(42, 0, 5.0)]));
    assert_eq!(idle_now(&fleet, &mark, 5.1), Some(ProofBasis::NoThreads));
}

#[test]
fn a_beat_that_was_known_before_the_signal_proves_no_idle() {
    // The host's clock was set back after the beat: it looks 3 s later than the signal.
    let (mut fleet, mark) = told();
    see(&mut fleet, 3.5, quiet(3.0), vec![]);
    let known = Mark {
        beat: Some(EPOCH + 3.0),
        ..mark
    };
    assert_eq!(idle_now(&fleet, &known, 3.5), None);
}

#[test]
fn without_a_link_no_beat_proves_idle() {
    let (mut fleet, mark) = told();
    see(&mut fleet, 3.5, quiet(3.0), vec![]);
    fleet.observe(Observation::Link(Link::Lost {
        since: at(3.6),
        retry_at: at(4.6),
        why: LinkFault::Silent,
    }));
    assert_eq!(idle_now(&fleet, &mark, 3.7), None);
}

#[test]
fn every_thread_without_a_job_may_run_one_until_the_last_word() {
    let (mut fleet, mark) = told();
    let unseen = |fleet: &Fleet, now: f64| Fleet::unseen(only(fleet), &mark, at(now));
    assert_eq!(unseen(&fleet, 0.5), 5);
    fleet.observe(scan(2.0, vec![threaded(42, 2, 2.0)]));
    assert_eq!(unseen(&fleet, 2.0), 2);
    assert_eq!(unseen(&fleet, 6.0), 5, "a stale count counts for nothing");
    let one = |host: f64| Heartbeat {
        busy: 1,
        ..quiet(host)
    };
    see(&mut fleet, 1.0, one(0.9), vec![work("t1", "one", -3.0)]);
    assert_eq!(unseen(&fleet, 2.0), 1, "two threads, one job");
    let beside = Fleet::unseen_beside(only(&fleet), &mark, 1, at(2.0));
    assert_eq!(
        beside, 2,
        "the thread of a job that is back may run another"
    );
    see(&mut fleet, 11.0, one(10.9), vec![]);
    assert_eq!(
        unseen(&fleet, 11.0),
        1,
        "half-written: one entry is missing"
    );
    see(&mut fleet, 12.0, one(10.9), vec![work("t1", "one", -3.0)]);
    assert_eq!(unseen(&fleet, 12.0), 0);
    assert_eq!(
        unseen(&fleet, 900.0),
        0,
        "a quiet one fetches nothing, ever"
    );
}
