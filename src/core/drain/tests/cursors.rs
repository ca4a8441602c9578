//! The cursor of a run by itself, and a run whose commands and answers do not fit where it stands.

use std::time::Duration;

use super::cases::{stated, stuck, world};
use super::drive::{Drive, Sources};
use super::world::at;
use crate::core::drain::cursor::Cursor;
use crate::core::drain::{
    Command, EffectId, Input, Mode, Outcome, Phase, PushBack, Rescue, Resume,
};
use crate::core::fleet::{LocalId, ProcessKey};

fn waiting(next: usize) -> Phase {
    Phase::Waiting {
        next,
        since: at(1.0),
        until: at(9.0),
    }
}

fn settling(rescue: Rescue) -> Phase {
    Phase::Settling {
        since: at(1.0),
        until: at(9.0),
        outcome: Outcome::Drained,
        rescue,
    }
}

#[test]
fn in_manual_mode_nothing_counts_down() {
    let mut cursor = Cursor::new(at(0.0));
    cursor.enter(waiting(1), at(2.0));
    assert!(matches!(cursor.phase(), Phase::Ready { next: 1, since } if *since == at(2.0)));
    assert!(cursor.set_mode(Mode::Automatic, at(3.0)));
    cursor.enter(waiting(1), at(3.0));
    assert_eq!(cursor.deadline(), Some(at(9.0)));
    assert!(cursor.set_mode(Mode::Manual, at(4.0)));
    assert!(!cursor.set_mode(Mode::Manual, at(5.0)));
    assert!(matches!(cursor.phase(), Phase::Ready { next: 1, since } if *since == at(4.0)));
    assert_eq!(cursor.deadline(), None);
}

#[test]
fn the_first_signal_stays_the_first() {
    let mut cursor = Cursor::new(at(0.0));
    assert_eq!(cursor.pace().first_signal, None);
    cursor.signalled(at(1.0));
    cursor.signalled(at(2.0));
    assert_eq!(cursor.pace().first_signal, Some(at(1.0)));
}

#[test]
fn a_deadline_is_put_off_and_never_brought_forward() {
    let mut cursor = Cursor::new(at(0.0));
    cursor.set_mode(Mode::Automatic, at(0.0));
    cursor.enter(waiting(1), at(1.0));
    assert_eq!(cursor.put_off(at(5.0)), Some(at(9.0)));
    assert_eq!(cursor.deadline(), Some(at(9.0)));
    assert_eq!(cursor.put_off(at(12.0)), Some(at(9.0)));
    assert_eq!(cursor.deadline(), Some(at(12.0)));
}

#[test]
fn only_a_search_is_forgotten_and_a_push_is_not() {
    let mut cursor = Cursor::new(at(0.0));
    cursor.enter(settling(Rescue::Searching { id: EffectId(7) }), at(1.0));
    cursor.forget_search();
    let is_awaited = |phase: &Phase| matches!(phase, Phase::Settling { rescue, .. } if matches!(rescue, Rescue::Awaited));
    assert!(is_awaited(cursor.phase()), "{:?}", cursor.phase());
    let push = PushBack {
        target: ProcessKey::Local(LocalId {
            pid: 1,
            start_ticks: 1,
        }),
        jid: "a".into(),
        why: "searched".into(),
    };
    let id = EffectId(8);
    let left = Vec::new();
    cursor.enter(settling(Rescue::Pushing { id, push, left }), at(1.0));
    cursor.forget_search();
    assert!(cursor.phase().awaited_push(id).is_some());
}

#[test]
fn added_seconds_are_counted_both_ways() {
    let mut cursor = Cursor::new(at(0.0));
    assert_eq!(cursor.lengthen(Duration::from_secs(30)), None);
    cursor.set_mode(Mode::Automatic, at(0.0));
    cursor.enter(waiting(1), at(0.0));
    assert_eq!(cursor.lengthen(Duration::from_secs(30)), Some(30));
    assert_eq!(cursor.shorten(Duration::from_secs(10), at(0.0)), Some(-10));
    assert_eq!(cursor.pace().added_s, 20);
    assert_eq!(cursor.deadline(), Some(at(29.0)));
}

#[test]
fn in_manual_mode_a_hold_that_ends_waits_for_the_confirmation_again() {
    let world = world(25, vec![stuck("a")]);
    let mut drive = Drive::new(
        world,
        stated("tstp, 14, kill", 25),
        Sources::default(),
        at(0.0),
    );
    drive.call(Input::Command(Command::Hold));
    let resume = Resume::Ready { next: 0 };
    assert!(matches!(drive.run.phase(), Phase::Held { resume: at, .. } if *at == resume));
    drive.call(Input::Command(Command::GoOn));
    assert!(matches!(drive.run.phase(), Phase::Ready { next: 0, .. }));
    assert_eq!(drive.told("TSTP"), 0);
}

#[test]
fn an_answer_to_another_question_is_told_and_ends_none() {
    let world = world(25, vec![stuck("a")]);
    let sources = Sources {
        answers_take: Some(Duration::from_secs(3)),
        ..Sources::default()
    };
    let mut drive = Drive::new(world, stated("term, 40, kill", 2), sources, at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    // The question is under way, and its answer is not there yet.
    drive.until(at(4.0));
    drive.call(Input::Answer(EffectId(9_999), Vec::new()));
    assert_eq!(drive.told("a question that is not awaited any more"), 1);
    drive.until(at(8.0));
    assert_eq!(drive.told("a question that is not awaited any more"), 1);
}

#[test]
fn the_clock_of_a_step_stands_while_the_run_is_held() {
    let since = |drive: &Drive| {
        let Phase::Waiting { since, until, .. } = *drive.run.phase() else {
            panic!("{:?}", drive.run.phase());
        };
        (since, until)
    };
    let world = world(25, vec![stuck("a")]);
    let plan = stated("tstp, 60, term, 30, kill", 25);
    let mut drive = Drive::new(world, plan, Sources::default(), at(0.0));
    drive.command_at(at(0.0), Command::Automatic);
    drive.until(at(10.0));
    let (begun, due) = since(&drive);
    drive.call(Input::Command(Command::Hold));
    drive.until(at(25.0));
    drive.call(Input::Command(Command::GoOn));
    let held = Duration::from_secs(15);
    assert_eq!(since(&drive), (begun.after(held), due.after(held)));
}
