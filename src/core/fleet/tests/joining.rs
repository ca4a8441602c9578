//! Who is who: identities of Redis and processes of this host.

use super::*;

pub(super) fn names(fleet: &Fleet) -> Vec<(String, Option<&str>)> {
    let name = |(key, process): (&ProcessKey, &Process)| {
        let identity = process.identity.as_ref();
        let short = match key {
            ProcessKey::Local(id) => id.pid.to_string(),
            ProcessKey::Remote(_) => "remote".into(),
        };
        (
            short,
            identity
                .and_then(|i| i.as_str().rsplit(':').next())
                .map(|n| match n {
                    "a" => "a",
                    "b" => "b",
                    _ => "other",
                }),
        )
    };
    fleet.processes.iter().map(name).collect()
}

pub(super) fn pairs(
    expected: &[(&str, Option<&'static str>)],
) -> Vec<(String, Option<&'static str>)> {
    expected.iter().map(|(k, n)| ((*k).into(), *n)).collect()
}

#[test]
fn a_process_is_joined_whichever_source_comes_first() {
    let mine = || row("util1:42:a", Some(heartbeat(0.0, -100.0)));
    let here = || vec![local(42, -110.0)];
    let scan_first = fleet(vec![scan(0.0, here()), look(1.0, vec![mine()])]);
    let look_first = fleet(vec![look(0.0, vec![mine()]), scan(1.0, here())]);
    assert_eq!(names(&scan_first), pairs(&[("42", Some("a"))]));
    assert_eq!(names(&look_first), names(&scan_first));
    assert_eq!(only(&look_first).life, Life::Here);
    assert!(only(&look_first).beat.is_some());
}

#[test]
fn a_row_whose_hash_comes_later_is_joined_then() {
    let fleet = fleet(vec![
        scan(0.0, vec![local(42, -1.0)]),
        look(1.0, vec![row("util1:42:a", None)]),
        look(2.0, vec![row("util1:42:a", Some(heartbeat(1.5, 0.0)))]),
    ]);
    assert_eq!(names(&fleet), pairs(&[("42", Some("a"))]));
}

#[test]
fn another_host_or_pid_is_a_stranger() {
    let fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(
            1.0,
            vec![
                row("util2:42:a", Some(heartbeat(0.0, -100.0))),
                row("util1:43:b", Some(heartbeat(0.0, -100.0))),
            ],
        ),
    ]);
    let expected = [("42", None), ("remote", Some("b")), ("remote", Some("a"))];
    assert_eq!(names(&fleet), pairs(&expected));
    assert_eq!(
        fleet.processes.values().next().unwrap().listed,
        Listed::Never
    );
}

#[test]
fn dynos_and_pid_namespaces_are_matched_by_what_the_process_calls_itself() {
    let mut dyno = local(4242, -110.0);
    dyno.surroundings.hostnames = vec!["worker.3".into(), "util1".into()];
    dyno.surroundings.inner_pid = 7;
    let fleet = fleet(vec![
        scan(0.0, vec![dyno]),
        look(1.0, vec![row("worker.3:7:a", Some(heartbeat(0.0, -100.0)))]),
    ]);
    assert_eq!(names(&fleet), pairs(&[("4242", Some("a"))]));
}

#[test]
fn a_ghost_of_an_earlier_process_with_the_same_pid_is_not_the_one_that_runs() {
    // It registered before the process that has its pid now was started.
    let ghost = row("util1:42:a", Some(heartbeat(-20.0, -5000.0)));
    let mine = row("util1:42:b", Some(heartbeat(0.0, -100.0)));
    let fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(1.0, vec![ghost, mine]),
    ]);
    assert_eq!(
        names(&fleet),
        pairs(&[("42", Some("b")), ("remote", Some("a"))])
    );
}

#[test]
fn two_containers_of_one_name_are_never_taken_for_each_other() {
    let inside = |pid: u32| {
        let mut inside = local(pid, -110.0);
        inside.surroundings.inner_pid = 7;
        inside
    };
    let fleet = fleet(vec![
        scan(0.0, vec![inside(501), inside(502)]),
        look(1.0, vec![row("util1:7:a", Some(heartbeat(0.0, -100.0)))]),
    ]);
    let expected = [("501", None), ("502", None), ("remote", Some("a"))];
    assert_eq!(names(&fleet), pairs(&expected));
}

#[test]
fn a_pid_that_comes_back_is_another_process() {
    let mine = || row("util1:42:a", Some(heartbeat(0.0, -100.0)));
    let mut again = local(42, 3.0);
    again.id.start_ticks += 1;
    let mut fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(1.0, vec![mine()]),
        scan(4.0, vec![again]),
        look(5.0, vec![mine()]),
    ]);
    assert_eq!(names(&fleet), pairs(&[("42", Some("a")), ("42", None)]));
    let states: Vec<State> = fleet
        .processes
        .values()
        .map(|p| p.state(false, &fleet.link, at(5.0)))
        .collect();
    assert_eq!(states[0], State::Ghost);
    fleet.observe(look(6.0, vec![]));
    let first = fleet.processes.values().next().unwrap();
    assert_eq!(first.state(false, &fleet.link, at(6.0)), State::Exited);
}

#[test]
fn exits_are_kept_and_forgotten_in_time() {
    let mine = || row("util1:42:a", Some(heartbeat(0.0, -100.0)));
    let mut fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(1.0, vec![mine()]),
    ]);
    fleet.observe(Observation::Exited {
        process: local(42, -110.0).id,
        at: at(2.0),
        status: Some(ExitStatus::Code(0)),
    });
    // A scan that began before shows it once more: it stays ended.
    fleet.observe(scan(1.9, vec![local(42, -110.0)]));
    assert!(only(&fleet).exited());
    fleet.observe(look(3.0, vec![]));
    assert_eq!(only(&fleet).left_in_order(), Some(at(3.01)));
    fleet.observe(look(61.0, vec![]));
    assert_eq!(fleet.processes.len(), 1);
    fleet.observe(look(63.0, vec![]));
    assert_eq!(fleet.processes.len(), 0);
}

#[test]
fn one_that_is_pruned_has_not_left_in_order() {
    let mut fleet = fleet(vec![
        scan(0.0, vec![local(42, -110.0)]),
        look(1.0, vec![row("util1:42:a", Some(heartbeat(0.0, -100.0)))]),
    ]);
    fleet.observe(scan(5.0, vec![]));
    fleet.observe(look(58.0, vec![row("util1:42:a", None)]));
    fleet.observe(look(61.0, vec![]));
    assert_eq!(only(&fleet).left_in_order(), None);
}

#[test]
fn states_in_their_order() {
    let state = |local: Option<LocalProcess>, row: Option<LookRow>, now: f64| {
        let mut fleet = fleet(vec![]);
        fleet.observe(scan(0.0, local.into_iter().collect()));
        fleet.observe(look(0.0, row.into_iter().collect()));
        let process = only(&fleet);
        (
            process.state(false, &fleet.link, at(now)),
            process.state(true, &fleet.link, at(now)),
        )
    };
    let mine = |heartbeat| Some(row("util1:42:a", heartbeat));
    let beating = || mine(Some(heartbeat(0.0, -100.0)));
    let here = || Some(local(42, -110.0));
    let with = |change: fn(&mut LocalProcess)| {
        let mut process = local(42, -110.0);
        change(&mut process);
        Some(process)
    };
    let suspended = with(|p| p.run_state = RunState::Suspended);
    assert_eq!(state(suspended, beating(), 1.0).1, State::Suspended);
    assert_eq!(state(None, mine(None), 1.0).0, State::Ghost);
    let booting = with(|p| p.title = Title::Booting("ruby sidekiq".into()));
    assert_eq!(state(booting, None, 1.0).0, State::Booting);
    assert_eq!(state(here(), beating(), 31.0), (State::Stale, State::Stale));
    assert_eq!(
        state(here(), beating(), 1.0),
        (State::Running, State::Stopping)
    );
    let quieted = mine(Some(quiet(0.0)));
    assert_eq!(state(here(), quieted, 1.0), (State::Quiet, State::Stopping));
    let titled = with(|p| {
        p.title = Title::Beating {
            version: "6.4.1".into(),
            tag: String::new(),
            busy: 1,
            concurrency: 4,
            stopping: true,
        };
    });
    assert_eq!(state(titled, None, 1.0).0, State::Quiet);
}

#[test]
fn a_stranger_without_a_hash_is_a_ghost_and_serves_nothing() {
    let mut fleet = fleet(vec![look(
        0.0,
        vec![row("util2:9:a", Some(heartbeat(0.0, -100.0)))],
    )]);
    assert_eq!(fleet.serving("default").count(), 1);
    assert_eq!(fleet.serving("other").count(), 0);
    fleet.observe(look(60.0, vec![row("util2:9:a", None)]));
    assert_eq!(
        only(&fleet).state(false, &fleet.link, at(60.0)),
        State::Ghost
    );
    // One whose hash may not be read is none.
    let unread = LookRow {
        faults: vec!["its hash cannot be read: NOPERM".into()],
        ..row("util2:9:a", None)
    };
    fleet.observe(look(61.0, vec![unread]));
    assert_eq!(
        only(&fleet).state(false, &fleet.link, at(61.0)),
        State::Unreadable
    );
    assert_eq!(fleet.serving("default").count(), 0);
}

/// A process whose title says that it works.
fn working(pid: u32, started: f64) -> LocalProcess {
    LocalProcess {
        title: Title::Beating {
            version: "7.3.2".into(),
            tag: String::new(),
            busy: 0,
            concurrency: 4,
            stopping: false,
        },
        ..local(pid, started)
    }
}

#[test]
fn a_process_whose_hash_has_expired_keeps_its_identity() {
    let expired = || row("util1:42:a", None);
    let hung = fleet(vec![
        scan(0.0, vec![working(42, -110.0)]),
        look(1.0, vec![expired()]),
    ]);
    assert_eq!(names(&hung), pairs(&[("42", Some("a"))]));
    assert!(only(&hung).is_ours());
    // One that registered long after this process started is of another process.
    let later = row("util1:42:b", Some(heartbeat(1.5, 0.0)));
    let beside = fleet(vec![
        scan(0.0, vec![working(42, -110.0)]),
        look(1.0, vec![expired()]),
        look(2.0, vec![expired(), later]),
    ]);
    let here = beside.processes.values().next().unwrap();
    assert!(here.identity.as_ref().unwrap().as_str().ends_with(":a"));
}

#[test]
fn a_process_is_ours_where_its_environment_names_this_redis() {
    let named = |address: &str| {
        let mut process = working(42, -110.0);
        process.surroundings.redis_url = Some(RedisAddress::new(address));
        let mut fleet = fleet(vec![scan(0.0, vec![process])]);
        fleet.vantage.redis = Some(RedisAddress::new("redis://127.0.0.1:6379/0"));
        fleet.claim();
        only(&fleet).is_ours()
    };
    assert!(named("redis://:secret@localhost"));
    assert!(!named("redis://localhost/1"));
}

/// A look at no process that found the counter, did not find it, or could not ask.
fn counted(seconds: f64, counter: Option<bool>) -> Observation {
    let mut seen = look(seconds, vec![]);
    if let Observation::Look(look) = &mut seen {
        look.counter = counter;
    }
    seen
}

#[test]
fn a_redis_whose_counter_is_gone_lost_what_it_had() {
    let mut fleet = fleet(vec![counted(0.0, None), counted(1.0, Some(true))]);
    fleet.observe(counted(2.0, None));
    assert_eq!(fleet.memory.lost_at(), None, "it could not be asked");
    fleet.observe(counted(3.0, Some(false)));
    // The look before it was not told whether it is there; the one before that was.
    assert_eq!(fleet.memory.lost_at(), Some(at(1.0)));
}

#[test]
fn members_that_do_not_beat_speak_against_no_counter() {
    let listed = |seconds: f64, rows: Vec<LookRow>| {
        let mut seen = look(seconds, rows);
        if let Observation::Look(look) = &mut seen {
            look.counter = Some(true);
        }
        seen
    };
    let ghost = || row("web9:9:abcabcabcabc", None);
    let beating = |seconds: f64| row("web1:1:abcabcabcabc", Some(heartbeat(seconds, -100.0)));
    let mut fleet = fleet(vec![listed(0.0, vec![ghost()])]);
    fleet.observe(listed(1.0, vec![ghost()]));
    assert!(
        fleet.memory.was_whole_after(at(0.5)),
        "nobody could have written it anew"
    );
    for seconds in [2.0, 3.0] {
        fleet.observe(listed(seconds, vec![ghost(), beating(seconds)]));
        assert!(
            !fleet.memory.was_whole_after(at(1.5)),
            "that one could have"
        );
    }
    fleet.observe(listed(4.0, vec![ghost(), beating(3.0)]));
    assert!(
        fleet.memory.was_whole_after(at(3.5)),
        "its beat is still there"
    );
}

#[test]
fn a_redis_that_never_had_a_counter_lost_nothing() {
    let without = |seconds: f64| counted(seconds, Some(false));
    let fleet = fleet(vec![without(0.0), without(1.0)]);
    assert_eq!(fleet.memory.lost_at(), None);
}
