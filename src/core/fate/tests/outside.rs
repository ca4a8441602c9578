//! What is told from outside of a job: how its process left, who else may have it, what a KILL costs
//! and what may be pushed back.

use std::sync::Arc;

use super::super::account::Account;
use super::super::departure::left_in_order;
use super::super::evidence::Fact;
use super::super::fate::{Fate, Ruling};
use super::super::missing::{Missing, missing};
use super::super::others::{goes_on, may_show_more};
use super::super::stake::Stake;
use super::bench::{Bench, OWN, answer, at, nowhere, row, work};
use crate::core::fleet::{Identity, LookRow, Place, ProcessKey, Work};
use crate::core::moment::Moment;

/// The process beats at 0 s and is gone from Redis at 6.5 s.
fn leaving() -> Bench {
    let mut bench = Bench::new();
    bench.scan(0.0, 4);
    bench.look(0.5, Some(true), vec![row("here:100:c", 0.0, Vec::new())]);
    bench.look(6.5, Some(true), Vec::new());
    bench
}

fn left(bench: &Bench) -> Option<Moment> {
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    left_in_order(process, &bench.subject(), &bench.fleet)
}

#[test]
fn a_process_has_left_once_no_worker_thread_is_left() {
    let mut bench = leaving();
    assert_eq!(left(&bench), None);
    bench.scan(9.0, 0);
    assert_eq!(left(&bench), Some(at(9.0)));
    // Threads that are there long after prove that it is not so.
    bench.scan(11.0, 2);
    bench.exits(12.0, None);
    assert_eq!(left(&bench), None);
}

#[test]
fn an_exit_proves_that_a_process_had_left_where_no_kill_made_it() {
    let mut bench = leaving();
    bench.exits(8.0, None);
    assert_eq!(left(&bench), Some(at(8.0)));
    bench.signals.killed = true;
    assert_eq!(left(&bench), None);
}

#[test]
fn a_process_that_redis_lost_has_not_left() {
    let mut bench = Bench::new();
    bench.scan(0.0, 4);
    bench.look(0.5, Some(true), vec![row("here:100:c", 0.0, Vec::new())]);
    bench.look(6.5, Some(false), Vec::new());
    bench.scan(9.0, 0);
    assert_eq!(left(&bench), None);
}

#[test]
fn only_a_later_beat_elsewhere_shows_that_a_job_is_back() {
    let bench = Bench::new();
    let is_back = |began, shown, exit: Option<f64>| {
        goes_on(&bench.execution, at(began), at(shown), exit.map(at))
    };
    // It began here at -2 s.
    assert!(is_back(0.0, 5.0, None));
    assert!(!is_back(0.0, -1.5, None), "a beat from before that");
    assert!(!is_back(-2.0, 5.0, None), "the same second");
    assert!(!is_back(-2.0, 5.0, Some(4.8)));
    assert!(is_back(-2.0, 5.0, Some(4.0)));
}

#[test]
fn one_that_has_been_silent_for_three_beats_shows_nothing_more() {
    let awaited = |asked: f64| {
        let mut bench = Bench::new();
        bench.look(1.0, None, vec![row("other:1:b", 0.0, Vec::new())]);
        may_show_more(&ProcessKey::Local(OWN), &bench.fleet, at(asked))
    };
    assert!(awaited(30.0));
    assert!(!awaited(40.0));
}

/// The process with job `a`, told to stop, and what is known of it.
fn working() -> Bench {
    let mut bench = Bench::new();
    bench.scan(0.0, 4);
    bench.look(0.5, None, vec![row("here:100:c", 0.0, vec![work(None)])]);
    takes_in(&mut bench, 0.6);
    bench
}

fn takes_in(bench: &mut Bench, now: f64) {
    let mut file = bench.file.clone();
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    file.observe(process, &bench.subject(), &bench.fleet, at(now));
    bench.file = file;
}

fn stake(bench: &Bench, now: f64) -> Stake {
    let mut stake = Stake::default();
    let process = bench.fleet.get(&ProcessKey::Local(OWN));
    let subject = bench.subject();
    stake.add(&bench.file, process, &subject, &bench.fleet, at(now));
    stake
}

#[test]
fn a_kill_costs_what_is_on_its_threads_and_is_in_no_other_place() {
    let mut bench = working();
    assert_eq!(stake(&bench, 0.7).running, ["a"]);
    let identity = Identity::new("here:100:c");
    let located = answer(1.0, Place::Private { identity });
    let mut file = bench.file.clone();
    file.of_mut("a")
        .unwrap()
        .locate(&located, &bench.subject(), located.asked);
    bench.file = file;
    let kept = stake(&bench, 1.1);
    assert_eq!((kept.running.len(), kept.kept), (0, vec!["a".to_owned()]));
    // Its next beat does not show it.
    bench.look(3.1, None, vec![row("here:100:c", 3.0, Vec::new())]);
    takes_in(&mut bench, 3.1);
    let gone = stake(&bench, 3.2);
    assert_eq!((gone.running.len(), gone.kept.len()), (0, 0));
}

#[test]
fn a_kill_costs_nothing_for_sure_only_where_the_evidence_is_fresh() {
    let bench = working();
    assert!(stake(&bench, 1.0).fresh);
    assert!(!stake(&bench, 4.0).fresh, "the look is 3 s old");
    let mut unseen = Stake::default();
    let subject = bench.subject();
    unseen.add(&bench.file, None, &subject, &bench.fleet, at(1.0));
    assert!(!unseen.fresh && !unseen.is_nothing());
    let unnamed = Stake {
        unnamed: 2,
        ..Stake::default()
    };
    assert_eq!((unnamed.count(), unnamed.is_nothing()), (2, false));
}

#[test]
fn what_died_with_a_kill_is_not_counted_after_it() {
    let mut bench = working();
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    bench.signals.mark = Some(process.mark(at(0.0)));
    bench.scan(3.0, 1);
    takes_in(&mut bench, 3.0);
    let counted = |bench: &Bench| bench.file.threads().counted_quiet.map(|count| count.alive);
    bench.look(3.5, None, vec![quiet_row(3.2, vec![work(None)])]);
    takes_in(&mut bench, 3.5);
    assert_eq!(counted(&bench), Some(1));
    bench.signals.killed = true;
    bench.scan(4.0, 0);
    takes_in(&mut bench, 4.0);
    assert_eq!(counted(&bench), Some(1));
}

fn quiet_row(beat: f64, jobs: Vec<Arc<Work>>) -> LookRow {
    let mut row = row("here:100:c", beat, jobs);
    row.heartbeat.as_mut().unwrap().quiet = true;
    row
}

/// The missing job of the process, which a KILL ended at 8 s. Redis was asked at `asked`; no other
/// process serves its queue, which looks have shown all the time.
fn missed(asked: f64, change: impl FnOnce(&mut Bench)) -> Missing {
    let mut bench = working();
    bench.exits(8.0, None);
    bench.signals.killed = true;
    let mut file = bench.file.clone();
    let execution = file.of_mut("a").unwrap();
    execution.locate(&answer(asked, nowhere()), &bench.subject(), at(asked));
    execution.add(at(-2.0), Fact::LogStarted);
    execution.rule(Ruling::new(Fate::Unknown, "not known"));
    bench.file = file;
    for second in [1.0, 3.0, 5.0, 7.0, 9.0] {
        let shown = row("here:100:c", 0.0, vec![work(None)]);
        bench.look(second, None, vec![shown]);
        let fleet = bench.fleet.clone();
        bench
            .served
            .observe(&[ProcessKey::Local(OWN)], &fleet, at(second));
    }
    change(&mut bench);
    let scene = bench.scene(9.5, false);
    let mut found = missing(&bench.file, &bench.subject(), &bench.served, scene);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn a_push_back_would_still_stand_in_a_queue_that_was_searched_after_the_exit() {
    assert!(missed(8.1, |_| {}).not_back.is_some());
    assert!(missed(7.9, |_| {}).not_back.is_none());
}

#[test]
fn what_cannot_be_proven_is_not_pushed_back() {
    assert_eq!(missed(8.1, |_| {}).doubt, None);
    let in_order = missed(8.1, |bench| bench.exits(8.0, Some(true)));
    assert!(in_order.doubt.unwrap().contains("stopped by itself"));
    let lost = missed(8.1, |bench| {
        bench.look(9.1, Some(true), Vec::new());
        bench.look(9.2, Some(false), Vec::new());
    });
    assert!(lost.doubt.unwrap().contains("Redis lost what it had"));
}

/// The account of a process whose quiet beat at 3 s does not show its job, which is nowhere.
fn gone_from_its_beat(bench: &mut Bench) -> Account {
    let mut account = Account::default();
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    account.observe(process, &bench.subject(), &bench.fleet, at(0.6));
    let others = row("other:1:b", 0.0, Vec::new());
    bench.look(3.1, None, vec![quiet_row(3.0, Vec::new()), others]);
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    account.observe(process, &bench.subject(), &bench.fleet, at(3.1));
    account.answer(
        &[answer(3.2, nowhere())],
        &bench.subject(),
        &bench.fleet,
        at(3.2),
    );
    let judged = account.judge(&bench.subject(), bench.scene(3.3, false));
    assert_eq!(judged[0].fate(), Some(Fate::Finished));
    account
}

#[test]
fn a_thread_that_no_beat_explains_speaks_against_an_end_that_only_a_beat_showed() {
    let mut bench = working();
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    bench.signals.mark = Some(process.mark(at(0.0)));
    let mut account = gone_from_its_beat(&mut bench);
    bench.scan(9.5, 1);
    let others = row("other:1:b", 9.4, Vec::new());
    bench.look(9.5, None, vec![quiet_row(3.0, Vec::new()), others]);
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    account.observe(process, &bench.subject(), &bench.fleet, at(9.5));
    drop(account.judge(&bench.subject(), bench.scene(9.6, false)));
    let open = account.executions().next().unwrap();
    assert_eq!(open.ruling(), None);
}

#[test]
fn the_beats_of_others_are_awaited_for_a_job_that_left_after_the_signal_alone() {
    let awaits = |told: f64| {
        let mut bench = working();
        let account = gone_from_its_beat(&mut bench);
        let mark = bench.signals.mark.as_mut().unwrap();
        mark.about_to = at(told);
        account.awaits_heirs(&bench.subject(), &bench.fleet)
    };
    assert!(awaits(0.0));
    assert!(!awaits(4.0));
}

#[test]
fn a_job_that_a_beat_shows_without_its_id_counts() {
    let mut bench = Bench::new();
    bench.scan(0.0, 1);
    let mut nameless = (*work(None)).clone();
    (nameless.tid, nameless.jid) = ("t2".into(), None);
    let jobs = vec![work(None), nameless.into()];
    bench.look(0.5, None, vec![row("here:100:c", 0.0, jobs)]);
    let process = bench.fleet.get(&ProcessKey::Local(OWN)).unwrap();
    bench.signals.mark = Some(process.mark(at(0.0)));
    takes_in(&mut bench, 0.6);
    assert_eq!(stake(&bench, 0.7).unnamed, 1);
}
