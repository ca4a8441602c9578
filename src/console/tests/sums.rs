//! The sum of the jobs in words: what is lost already stands first, nothing is counted that is not
//! so, and no TERM is spoken of that brings nothing back.

use std::time::Duration;

use crate::console::fixture::{ImaginedWorld, job};
use crate::console::untouched::numbers;
use crate::console::{Key, advice, if_untouched, out_of_turn};
use crate::core::drain::{Command, Hold, Mode, Phase};
use crate::core::fleet::{Link, LinkFault, Observation};
use crate::core::outlook::{Obstacle, Outlooks, Tally};

fn outlooks(world: &ImaginedWorld) -> Outlooks<'_> {
    let targets = world.console.targets(&world.session);
    Outlooks::new(world.session.situation(world.now), &targets)
}

fn untouched(world: &ImaginedWorld) -> String {
    if_untouched(&world.session, &outlooks(world))
}

fn tally(world: &ImaginedWorld) -> Tally {
    outlooks(world).tally()
}

#[test]
fn what_is_lost_already_stands_first() {
    let mut world = ImaginedWorld::already_lost();
    assert_eq!((tally(&world).gone, tally(&world).total()), (3, 4));
    let said = untouched(&world);
    assert!(
        said.starts_with("3 LOST already, 0 pushed back, 1 at risk, at most "),
        "{said}"
    );
    // Its work is lost as well: 10:30, 2:55 and 1:21 of three jobs.
    let lost = outlooks(&world).toll().redone.unwrap();
    let bounds = Duration::from_secs(14 * 60)..Duration::from_secs(15 * 60);
    assert!(bounds.contains(&lost), "{lost:?}");
    // Though the pane has nothing else to tell.
    world.imagined[2].jobs.clear();
    world.press(Key::Char(' '));
    world.pass(1);
    let said = untouched(&world);
    assert!(said.contains("3 LOST already"), "{said}");
    assert!(!said.contains("0 lost"), "{said}");
    // Nor when nothing shows its process any more.
    world.imagined.remove(0);
    world.pass(120);
    let key = ImaginedWorld::key(4242);
    assert!(!world.session.fleet.processes.contains_key(&key));
    assert!(untouched(&world).contains("3 LOST already"));
    let later = outlooks(&world).toll().redone;
    assert!(later.is_some_and(|later| later >= lost), "{later:?}");
}

#[test]
fn the_worst_is_told_first_and_zeros_only_where_they_calm() {
    let calm = Tally {
        pushed_back: 2,
        fits: 1,
        ..Tally::default()
    };
    assert_eq!(numbers(calm), "2 pushed back, 0 lost, 1 fits");
    let bad = Tally {
        gone: 1,
        lost: 2,
        in_danger: 3,
        at_risk: 5,
        unknown: 6,
        danger: Some(Obstacle::Gone),
        ..calm
    };
    assert_eq!(
        numbers(bad),
        "1 LOST already, 2 lost, 3 may be lost (its process is gone), 2 pushed back, 5 at risk, \
         6 unknown, 1 fits"
    );
    assert_eq!(numbers(Tally::default()), "0 pushed back, 0 lost");
}

/// Before a drain: of the 145 s the last 25 are only assumed.
#[test]
fn an_assumed_timeout_promises_nothing_before_a_drain() {
    let becomes = |index: usize, pid| {
        let mut world = ImaginedWorld::new();
        world.imagined[index].jobs = vec![job("Mail::Digest", "mailers", "a9b8", 65)];
        world.forget();
        world.look();
        let key = ImaginedWorld::key(pid);
        let process = &world.session.fleet.processes[&key];
        outlooks(&world).job(&key, &process.jobs[0]).word()
    };
    assert_eq!(becomes(0, 4242), "fits");
    assert_eq!(becomes(2, 4244), "at risk");
}

#[test]
fn what_has_come_back_is_no_loss() {
    let world = ImaginedWorld::pushed_back();
    let tally = tally(&world);
    assert_eq!((tally.gone, tally.lost, tally.in_danger), (0, 0, 0));
    assert_eq!((tally.pushed_back, tally.unknown), (3, 1));
    let said = untouched(&world);
    assert!(
        said.starts_with("nothing is sent; 3 pushed back, 1 unknown"),
        "{said}"
    );
    // One that its process still runs, and that stands in its queue again.
    let asked = ImaginedWorld::questioned();
    assert_eq!(
        (
            outlooks(&asked).tally().lost,
            outlooks(&asked).tally().pushed_back
        ),
        (0, 1)
    );
}

/// Idle processes have nothing to push back.
#[test]
fn without_a_job_no_push_back_is_spoken_of() {
    let mut world = ImaginedWorld::new();
    for imagined in &mut world.imagined {
        imagined.jobs.clear();
    }
    world.forget();
    world.look();
    assert_eq!(
        untouched(&world),
        "nothing is sent; if drained now: no known job would be interrupted"
    );
    world.type_slowly("ny");
    for imagined in &mut world.imagined {
        imagined.quiet = imagined.host == "util1";
    }
    world.pass(20);
    assert_eq!(untouched(&world), "nothing is sent");
    assert_eq!(outlooks(&world).push_back(), None);
    world.type_slowly("n");
    let lines = world.console.dialog.clone().unwrap().lines;
    assert!(
        lines.contains(
            &"These processes run 0 known jobs. They exit. This cannot be undone.".into()
        ),
        "{lines:?}"
    );
    world.type_slowly("y");
    world.pass(2);
    let said = untouched(&world);
    assert!(
        !said.contains("push-back") && !said.contains("pushed back"),
        "{said}"
    );
}

/// By hand a TERM goes when the operator says so, Redis or not.
#[test]
fn by_hand_nothing_waits_for_redis() {
    let mut world = ImaginedWorld::asked_for_redis();
    assert!(advice(&world.session, &outlooks(&world)).is_some());
    world.command(Command::Manual);
    let run = world.session.run.as_ref().unwrap();
    assert_eq!(run.mode(), Mode::Manual);
    let held = matches!(
        run.phase(),
        Phase::Held {
            why: Hold::Redis(..),
            ..
        }
    );
    assert!(held, "{:?}", run.phase());
    let said = untouched(&world);
    assert!(
        said.starts_with("nothing is sent; TERM sent now: 25 s later "),
        "{said}"
    );
    assert!(
        said.contains("may be lost (push-back needs Redis, which does not answer)"),
        "{said}"
    );
    assert_eq!(advice(&world.session, &outlooks(&world)), None);
}

/// A TERM that was sent is not said to wait for a Redis that falls silent after it.
#[test]
fn a_term_that_was_sent_waits_for_nothing() {
    let mut world = ImaginedWorld::stopping();
    let since = world.now;
    world.now = world.now.after(Duration::from_secs(4));
    let lost = Link::Lost {
        since,
        retry_at: world.now.after(Duration::from_secs(3)),
        why: LinkFault::Silent,
    };
    let effects = world.session.observe(Observation::Link(lost), world.now);
    world.perform(effects);
    let said = untouched(&world);
    assert!(
        said.starts_with(
            "4 may be lost (push-back needs Redis, which does not answer), 0 pushed back"
        ),
        "{said}"
    );
    assert!(!said.contains("TERM"), "{said}");
    assert!(said.contains("push-back 12:06:58"), "{said}");
}

/// What was sent out of turn stands on the strip beside the steps that it is none of.
#[test]
fn a_kill_out_of_turn_stands_on_the_strip() {
    assert_eq!(out_of_turn(&ImaginedWorld::draining().session), None);
    let killed = out_of_turn(&ImaginedWorld::already_lost().session);
    assert_eq!(killed.unwrap(), "KILL out of turn: util1:4242 12:05:21");
    let mut answered = ImaginedWorld::questioned();
    answered.type_slowly("n2\n");
    assert_eq!(out_of_turn(&answered.session), None);
}
