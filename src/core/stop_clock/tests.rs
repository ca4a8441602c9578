//! What systemd is told during a drain: how much time, how often, and in which words.

use jiff::Timestamp;

use super::*;
use crate::core::drain::{ActOutcome, Command, Early, Effect, Input, Plan};
use crate::core::fleet::{LocalId, Observation};
use crate::core::sequence::Timeout;
use crate::core::sidekiq::shown;

const ID: LocalId = LocalId {
    pid: 4242,
    start_ticks: 7,
};

fn at(seconds: u64) -> Moment {
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    Moment::new(Duration::from_secs(10_000), wall).after(Duration::from_secs(seconds))
}

fn fleet() -> Fleet {
    let process = shown::process(ID, "util1", at(0).epoch());
    let mut fleet = Fleet::default();
    fleet.observe(Observation::Host(shown::scan(
        "util1",
        vec![process],
        at(0),
    )));
    fleet
}

/// An automatic run that has sent TSTP at second 0: TERM is due at 60 s, KILL at 90 s.
fn run(fleet: &Fleet) -> Run {
    let plan = Plan {
        policy: Policy::Follow,
        early: Early::Never,
        timeout: Some(Timeout::stated(Duration::from_secs(25), "--timeout")),
        ..Plan::of("tstp, 60, term, 30, kill".parse().unwrap())
    };
    let (mut run, _) = Run::new(plan, &[ID.into()], fleet, None, at(0));
    let effects = run.handle(Input::Command(Command::Automatic), fleet, at(0));
    for effect in effects {
        if let Effect::Act(id, _) = effect {
            drop(run.handle(Input::Outcome(id, ActOutcome::Sent), fleet, at(0)));
        }
    }
    run
}

fn extend(notice: Option<Notice>) -> Option<u64> {
    notice.unwrap().extend.map(|extend| extend.as_secs())
}

#[test]
fn each_message_comes_before_the_last_has_run_out() {
    let (fleet, mut clock) = (
        fleet(),
        StopClock::new(ExtendAtMost::PlanAndSpare, Duration::ZERO, at(0)),
    );
    let run = run(&fleet);
    let mut until = at(0);
    let mut now = at(0);
    // The plan ends at 95 s: KILL at 90 s, and 5 s for the exit.
    while now < at(95 + 30) {
        if let Some(notice) = clock.notice(Some(&run), &fleet, now) {
            assert!(until >= now, "{:?}", now.since(at(0)));
            until = until.max(now.after(notice.extend.unwrap()));
            assert!(clock.notice(Some(&run), &fleet, now).is_none());
        }
        now = now.after(Duration::from_millis(500));
    }
    assert_eq!(until, at(95 + 30));
    assert_eq!(extend(clock.notice(Some(&run), &fleet, at(126))), None);
}

#[test]
fn a_hold_gets_the_plan_s_time_and_no_more() {
    let fleet = fleet();
    let mut clock = StopClock::new(ExtendAtMost::PlanAndSpare, Duration::ZERO, at(0));
    let mut run = run(&fleet);
    assert_eq!(extend(clock.notice(Some(&run), &fleet, at(10))), Some(15));
    drop(run.handle(Input::Command(Command::Hold), &fleet, at(20)));
    let held = clock.notice(Some(&run), &fleet, at(20)).unwrap();
    assert_eq!(held.status, "draining: 0 jobs run, held by the operator");
    assert_eq!(extend(clock.notice(Some(&run), &fleet, at(120))), Some(5));
    let late = clock.notice(Some(&run), &fleet, at(130)).unwrap();
    assert_eq!(late.extend, None);
    assert!(
        late.status.ends_with("no more time (--extend-at-most)"),
        "{late:?}"
    );
    // It goes on with 40 s before TERM: now the plan ends at 130 + 40 + 30 + 5.
    drop(run.handle(Input::Command(Command::GoOn), &fleet, at(130)));
    assert_eq!(extend(clock.notice(Some(&run), &fleet, at(230))), Some(5));
}

#[test]
fn a_longer_wait_moves_the_end_and_a_stated_limit_does_not_move() {
    let fleet = fleet();
    let mut run = run(&fleet);
    let longer = Command::Longer(Duration::from_secs(100));
    drop(run.handle(Input::Command(longer), &fleet, at(10)));
    let clock = |most| StopClock::new(most, Duration::ZERO, at(0));
    let mut by_plan = clock(ExtendAtMost::PlanAndSpare);
    assert_eq!(extend(by_plan.notice(Some(&run), &fleet, at(10))), Some(15));
    let mut stated = clock(ExtendAtMost::Span(Duration::from_secs(20)));
    assert_eq!(extend(stated.notice(Some(&run), &fleet, at(10))), Some(10));
    assert_eq!(extend(stated.notice(Some(&run), &fleet, at(20))), None);
    let mut never = clock(ExtendAtMost::Span(Duration::ZERO));
    let told = never.notice(Some(&run), &fleet, at(10)).unwrap();
    assert_eq!(told.extend, None);
    assert_eq!(told.status, "draining: 0 jobs run, TERM in 150 s");
}

#[test]
fn what_changes_is_told_at_once_and_the_rest_from_time_to_time() {
    let fleet = fleet();
    let mut clock = StopClock::new(ExtendAtMost::PlanAndSpare, Duration::ZERO, at(0));
    assert!(clock.notice(None, &fleet, at(0)).is_some());
    let mut run = run(&fleet);
    assert!(clock.notice(Some(&run), &fleet, at(1)).is_some());
    assert!(clock.notice(Some(&run), &fleet, at(2)).is_none());
    drop(run.handle(Input::Command(Command::Hold), &fleet, at(2)));
    assert!(clock.notice(Some(&run), &fleet, at(2)).is_some());
    assert_eq!(clock.next(), Some(at(5)));
}
