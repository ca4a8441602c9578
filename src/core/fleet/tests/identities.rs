//! Which of several identities is that of a process, what refutes one, and which hang or are dead.

use super::joining::{names, pairs};
use super::*;

/// The same process with its heartbeat thread, which began `since` seconds after the start.
fn beating_since(mut process: LocalProcess, since: f64) -> LocalProcess {
    let since = Duration::from_secs_f64(EPOCH + since);
    process.surroundings.beats_since = Some(since);
    process
}

fn titled(mut process: LocalProcess, version: &str, tag: &str, threads: u64) -> LocalProcess {
    process.title = Title::Beating {
        version: version.into(),
        tag: tag.into(),
        busy: 0,
        concurrency: threads,
        stopping: false,
    };
    process
}

#[test]
fn of_two_identities_the_one_that_began_nearest_to_the_process_is_its_own() {
    // A Sidekiq of another machine has the same host name and pid. It began later.
    let own = || row("util1:42:a", Some(heartbeat(0.0, -100.0)));
    let twin = || row("util1:42:b", Some(heartbeat(0.0, -60.0)));
    let expected = pairs(&[("42", Some("a")), ("remote", Some("b"))]);
    for rows in [vec![own(), twin()], vec![twin(), own()]] {
        let fleet = fleet(vec![scan(0.0, vec![local(42, -110.0)]), look(1.0, rows)]);
        assert_eq!(names(&fleet), expected);
    }
    // The twin was seen first, and taken for the process as long as it was alone.
    let fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(0.0, vec![twin()]),
        look(1.0, vec![own(), twin()]),
    ]);
    assert_eq!(names(&fleet), expected);
    let own = fleet.processes.values().next().unwrap();
    assert_eq!(own.info.as_ref().unwrap().started_at, Some(EPOCH - 100.0));
}

#[test]
fn the_start_of_the_heartbeat_thread_tells_the_own_identity_from_a_nearer_one() {
    // A long boot: the process began 100 s before it registered, the twin lies between.
    let own = || row("util1:42:a", Some(heartbeat(0.0, -10.0)));
    let twin = || row("util1:42:b", Some(heartbeat(0.0, -60.0)));
    let process = || beating_since(local(42, -110.0), -10.3);
    let both = fleet(vec![
        scan(0.0, vec![process()]),
        look(1.0, vec![own(), twin()]),
    ]);
    assert_eq!(
        names(&both),
        pairs(&[("42", Some("a")), ("remote", Some("b"))])
    );
    // Replaced by `exec`: the same process, a new thread, a new name; the old one stays listed.
    let mut unread = fleet(vec![
        scan(0.0, vec![process()]),
        scan(0.5, vec![local(42, -110.0)]),
    ]);
    unread.observe(look(1.0, vec![own(), twin()]));
    let expected = pairs(&[("42", Some("a")), ("remote", Some("b"))]);
    assert_eq!(names(&unread), expected, "its thread was read before");
    let replaced = beating_since(local(42, -110.0), 0.2);
    let new = row("util1:42:c", Some(heartbeat(1.0, 0.5)));
    let mut fleet = fleet(vec![scan(0.0, vec![process()]), look(0.0, vec![own()])]);
    assert_eq!(names(&fleet), pairs(&[("42", Some("a"))]));
    fleet.observe(scan(1.5, vec![replaced]));
    fleet.observe(look(2.0, vec![own(), new]));
    assert_eq!(
        names(&fleet),
        pairs(&[("42", Some("other")), ("remote", Some("a"))])
    );
}

#[test]
fn an_identity_registers_within_a_few_seconds_of_its_heartbeat_thread() {
    let is_own = |registered: f64| {
        let process = beating_since(local(42, -110.0), -100.0);
        let row = row("util1:42:a", Some(heartbeat(0.0, registered)));
        let fleet = fleet(vec![scan(0.0, vec![process]), look(1.0, vec![row])]);
        names(&fleet) == pairs(&[("42", Some("a"))])
    };
    assert!(is_own(-96.0));
    assert!(!is_own(-94.0));
}

#[test]
fn one_with_rivals_is_not_known_by_its_environment() {
    let asked = RedisAddress::new("redis://localhost:6379/0");
    let mut process = titled(local(42, -110.0), "7.3.9", "", 5);
    process.surroundings.redis_url = Some(asked.clone());
    let is_known = |rows| {
        let fleet = fleet(vec![scan(0.0, vec![process.clone()]), look(1.0, rows)]);
        let process = fleet.processes.values().next().unwrap();
        process.is_known(Some(&asked))
    };
    let one = || row("util1:42:a", Some(heartbeat(0.0, -100.0)));
    let other = row("util1:42:b", Some(heartbeat(0.0, -99.0)));
    assert!(is_known(vec![one()]) && is_known(vec![]));
    assert!(!is_known(vec![one(), other]));
}

#[test]
fn without_another_word_the_version_tells_the_timeout() {
    let timeout = |version: &str| {
        let process = titled(local(42, -110.0), version, "", 5);
        only(&fleet(vec![scan(0.0, vec![process])])).timeout(None)
    };
    assert_eq!(timeout("5.2.10").to_string(), "8 s assumed");
    assert_eq!(timeout("7.3.9").to_string(), "25 s assumed");
}

#[test]
fn two_living_identities_that_fit_equally_are_no_evidence() {
    let one = || row("util1:42:a", Some(heartbeat(0.0, -100.0)));
    let other = || row("util1:42:b", Some(heartbeat(0.0, -99.0)));
    let mut fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(1.0, vec![one(), other()]),
    ]);
    let expected = [("42", None), ("remote", Some("a")), ("remote", Some("b"))];
    assert_eq!(names(&fleet), pairs(&expected));
    let process = fleet.processes.values().next().unwrap();
    let rivals: Vec<&str> = process.rivals.iter().map(Identity::as_str).collect();
    assert_eq!(rivals, ["util1:42:a", "util1:42:b"]);
    assert!(process.beat.is_none() && process.jobs.is_empty());
    assert!(!process.is_known(None), "no default target");
    // One of them leaves: the other one is its own.
    fleet.observe(look(2.0, vec![one()]));
    let process = fleet.processes.values().next().unwrap();
    assert!(process.rivals.is_empty() && process.is_known(None));
}

#[test]
fn a_silent_identity_beside_a_living_one_is_not_told_apart_without_threads() {
    // The process hangs and a twin lives, or it has replaced itself by `exec`.
    let silent = || row("util1:42:a", Some(heartbeat(-40.0, -100.0)));
    let living = || row("util1:42:b", Some(heartbeat(0.0, -60.0)));
    let rows = || vec![silent(), living()];
    let unknown = fleet(vec![scan(0.0, vec![local(42, -110.0)]), look(1.0, rows())]);
    assert_eq!(unknown.processes.values().next().unwrap().rivals.len(), 2);
    let process = beating_since(local(42, -110.0), -100.0);
    let hung = fleet(vec![scan(0.0, vec![process]), look(1.0, rows())]);
    assert_eq!(
        names(&hung),
        pairs(&[("42", Some("a")), ("remote", Some("b"))])
    );
}

#[test]
fn title_and_environment_refute_an_identity() {
    let twin = || vec![row("util1:42:a", Some(heartbeat(0.0, -100.0)))];
    let joined = |process: LocalProcess, asked: Option<&str>| {
        let mut fleet = Fleet::default();
        fleet.vantage.redis = asked.map(RedisAddress::new);
        fleet.observe(scan(0.0, vec![process]));
        fleet.observe(look(1.0, twin()));
        names(&fleet)[0].1.is_some()
    };
    let titled =
        |version: &str, tag: &str, threads| titled(local(42, -110.0), version, tag, threads);
    assert!(joined(titled("7.3.9", "", 5), None));
    assert!(!joined(titled("7.3.2", "", 5), None), "another version");
    assert!(
        !joined(titled("7.3.9", "", 6), None),
        "another number of threads"
    );
    let mut booting = local(42, -110.0);
    booting.title = Title::Booting("sidekiq".into());
    assert!(!joined(booting.clone(), None), "it has not registered yet");
    booting.threads = threaded(42, 5, 0.0).threads;
    assert!(joined(booting, None), "its title changes a moment later");
    let asked = Some("redis://127.0.0.1:6379/0");
    let mut elsewhere = titled("7.3.9", "", 5);
    elsewhere.surroundings.redis_url = Some(RedisAddress::new("redis://localhost:6379/1"));
    assert!(!joined(elsewhere.clone(), asked), "another database");
    // Its code takes another Redis than its environment names: the thread proves it.
    assert!(joined(beating_since(elsewhere, -100.5), asked));
}

#[test]
fn of_two_containers_with_one_host_name_and_pid_each_has_its_own_identity() {
    let inside = |pid: u32, started: f64| {
        let mut inside = local(pid, started);
        inside.surroundings.inner_pid = 1;
        inside
    };
    let one = || row("util1:1:a", Some(heartbeat(0.0, -106.0)));
    let other = || row("util1:1:b", Some(heartbeat(0.0, -99.0)));
    let both = || vec![inside(501, -110.0), inside(502, -103.0)];
    for rows in [vec![one(), other()], vec![other(), one()]] {
        let fleet = fleet(vec![scan(0.0, both()), look(1.0, rows)]);
        assert_eq!(
            names(&fleet),
            pairs(&[("501", Some("a")), ("502", Some("b"))])
        );
    }
    // One of both was killed: its hash lives on, and is nobody's state but its own.
    let fleet = fleet(vec![
        scan(0.0, vec![inside(501, -110.0)]),
        look(1.0, vec![one(), other()]),
    ]);
    assert_eq!(
        names(&fleet),
        pairs(&[("501", Some("a")), ("remote", Some("b"))])
    );
}

#[test]
fn of_containers_that_started_together_the_environment_tells_whose_identity_it_is() {
    let inside = |pid: u32, redis: Option<&str>| {
        let mut inside = beating_since(local(pid, -110.0), -106.3);
        inside.surroundings.inner_pid = 1;
        inside.surroundings.redis_url = redis.map(RedisAddress::new);
        inside
    };
    let joined = |environments: [Option<&str>; 2]| {
        let mut fleet = Fleet::default();
        fleet.vantage.redis = Some(RedisAddress::new("redis://127.0.0.1:6379/0"));
        let [one, other] = environments;
        fleet.observe(scan(0.0, vec![inside(501, one), inside(502, other)]));
        let own = row("util1:1:a", Some(heartbeat(0.0, -106.0)));
        fleet.observe(look(1.0, vec![own]));
        fleet
    };
    let (here, elsewhere) = ("redis://localhost:6379", "redis://localhost:6379/1");
    let (a, none) = (Some("a"), None);
    let of = |first, second| pairs(&[("501", first), ("502", second)]);
    let open = pairs(&[("501", none), ("502", none), ("remote", a)]);
    let first = joined([Some(here), Some(elsewhere)]);
    assert_eq!(names(&first), of(a, none));
    let second = joined([Some(elsewhere), Some(here)]);
    assert_eq!(names(&second), of(none, a));
    // Where none names this Redis, or both do, nothing tells them apart.
    for open_case in [
        [Some(elsewhere); 2],
        [Some(here); 2],
        [None, Some(elsewhere)],
        [None, Some(here)],
    ] {
        assert_eq!(names(&joined(open_case)), open, "{open_case:?}");
    }
}

#[test]
fn an_identity_that_beats_after_its_process_has_ended_was_another_ones() {
    let beat = |host: f64| row("util1:42:a", Some(heartbeat(host, -100.0)));
    let mut fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(1.0, vec![beat(0.0)]),
        scan(5.0, vec![]),
        look(6.0, vec![beat(0.0)]),
    ]);
    assert_eq!(names(&fleet), pairs(&[("42", Some("a"))]), "its last words");
    fleet.observe(look(6.5, vec![beat(6.4)]));
    assert_eq!(names(&fleet), pairs(&[("42", Some("a"))]), "as they may be");
    fleet.observe(look(11.0, vec![beat(10.0)]));
    assert_eq!(names(&fleet), pairs(&[("42", None), ("remote", Some("a"))]));
    assert!(fleet.serving("default").count() == 1, "it may run jobs");
}

#[test]
fn a_process_that_lost_its_hash_hangs_and_is_ours() {
    let hung = || beating_since(titled(local(42, -310.0), "7.3.9", "", 5), -300.0);
    let mut fleet = fleet(vec![
        scan(0.0, vec![hung()]),
        look(1.0, vec![row("util1:42:a", None)]),
    ]);
    assert_eq!(names(&fleet), pairs(&[("42", Some("a"))]));
    let hangs = |silent| Some(Condition::Hangs { silent });
    assert_eq!(only(&fleet).condition(at(1.0)), hangs(None));
    assert!(only(&fleet).is_known(None));
    // It beats again.
    let beats = row("util1:42:a", Some(heartbeat(2.0, -300.0)));
    fleet.observe(look(2.0, vec![beats]));
    assert_eq!(only(&fleet).condition(at(2.0)), None);
    let silent = Some(Duration::from_secs(31));
    let later = only(&fleet).condition(at(33.0));
    assert_eq!(later, hangs(silent), "no beat for 31 s");
    // One that has just come up has not lost anything.
    let new = beating_since(titled(local(42, -3.0), "7.3.9", "", 5), -1.0);
    let other = self::fleet(vec![
        scan(0.0, vec![new]),
        look(1.0, vec![row("util1:42:a", None)]),
    ]);
    assert_eq!(names(&other), pairs(&[("42", None), ("remote", Some("a"))]));
}

#[test]
fn one_that_was_pruned_is_known_by_its_environment() {
    let mut process = titled(local(42, -310.0), "7.3.9", "", 5);
    process.surroundings.redis_url = Some(RedisAddress::new("redis://:pw@localhost:6379"));
    let asked = RedisAddress::new("redis://127.0.0.1:6379/0");
    let known = |process: &LocalProcess| {
        let fleet = fleet(vec![scan(0.0, vec![process.clone()]), look(1.0, vec![])]);
        only(&fleet).is_known(Some(&asked))
    };
    assert!(known(&process));
    process.surroundings.redis_url = Some(RedisAddress::new("redis://127.0.0.1:6379/3"));
    assert!(!known(&process));
    process.surroundings.redis_url = Some(asked.clone());
    process.title = titled(local(42, -310.0), "6.4.1", "", 5).title;
    assert!(!known(&process), "it may use another namespace");
}

#[test]
fn an_embedded_one_needs_no_process_that_looks_like_a_sidekiq() {
    let mut fleet = Fleet::default();
    fleet.vantage.sees_host = true;
    let mut beat = heartbeat(-4.0, -100.0);
    let info = Arc::get_mut(&mut beat.info).unwrap();
    info.embedded = true;
    fleet.observe(scan(0.0, vec![]));
    fleet.observe(look(1.0, vec![row("util1:42:a", Some(beat))]));
    let state = only(&fleet).state(false, &fleet.link, at(1.0));
    assert_eq!(state, State::Running);
}

#[test]
fn an_identity_of_this_host_without_its_process_is_dead_at_once() {
    let mut fleet = Fleet::default();
    fleet.vantage.sees_host = true;
    let dead = row("util1:42:a", Some(heartbeat(-4.0, -100.0)));
    let elsewhere = row("util2:42:b", Some(heartbeat(-4.0, -100.0)));
    fleet.observe(scan(0.0, vec![local(43, -110.0)]));
    fleet.observe(look(1.0, vec![dead, elsewhere]));
    let state = |fleet: &Fleet, name: &str, now: f64| {
        let process = fleet
            .processes
            .get(&ProcessKey::Remote(Identity::new(name)));
        let process = process.unwrap();
        (
            process.state(false, &fleet.link, at(now)),
            process.condition(at(now)),
        )
    };
    let gone = Some(Condition::Dead { pid: Some(42) });
    assert_eq!(state(&fleet, "util1:42:a", 1.0), (State::Ghost, gone));
    assert_eq!(state(&fleet, "util2:42:b", 1.0), (State::Running, None));
    let waits = |fleet: &Fleet| fleet.serving("default").count();
    assert_eq!(
        waits(&fleet),
        2,
        "it proves nothing: another machine may have this name"
    );
    // It beats on: it runs on another machine.
    let beats = || row("util1:42:a", Some(heartbeat(6.0, -100.0)));
    fleet.observe(look(7.0, vec![beats()]));
    assert_eq!(state(&fleet, "util1:42:a", 7.0), (State::Running, None));
    fleet.observe(scan(8.0, vec![]));
    fleet.observe(look(8.0, vec![beats()]));
    assert_eq!(
        state(&fleet, "util1:42:a", 8.0),
        (State::Running, None),
        "known by now"
    );
}
