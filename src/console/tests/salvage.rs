//! Lost jobs on the page that tells how a drain ended: offered, confirmed, pushed back.

use std::time::Duration;

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, Request, result_text};
use crate::core::drain::{Fate, Outcome};
use crate::core::fleet::{Link, LinkFault, Observation};
use crate::core::session::Kind;

fn fates(world: &ImaginedWorld, wanted: Fate) -> usize {
    let account = world.session.run.as_ref().unwrap().ledger().account();
    let of_fate = account
        .executions()
        .filter(|known| known.fate() == Some(wanted));
    of_fate.count()
}

fn opened() -> ImaginedWorld {
    let mut world = ImaginedWorld::salvaged();
    assert!(result_text(&world.session).contains("R: push back 3 lost jobs"));
    assert!(world.press(Key::Char('R')).is_empty());
    world.now = world.now.after(Duration::from_secs(1));
    world
}

#[test]
fn what_is_nowhere_is_listed_and_pushed_back_after_a_yes() {
    let mut world = opened();
    let dialog = world.console.dialog.clone().unwrap();
    assert_eq!(dialog.title, "Push back 3 lost jobs?");
    let listed = dialog.lines.join("\n");
    assert!(
        listed.contains("ReportBuild b4a5 to queue low: its process died without TERM."),
        "{listed}"
    );
    let requests = world.press(Key::Char('y'));
    assert!(matches!(&requests[..], [Request::PushBack { jobs }] if jobs.len() == 3));
    assert_eq!(
        (fates(&world, Fate::Rescued), fates(&world, Fate::Lost)),
        (3, 0)
    );
    let run = world.session.run.as_ref().unwrap();
    assert_eq!(run.outcome(), Some(Outcome::Requeued));
    let text = result_text(&world.session);
    assert!(
        text.contains("rescued 3") && !text.contains("R: push back"),
        "{text}"
    );
    assert!(!world.session.may_salvage());
}

#[test]
fn no_is_the_default_and_pushes_nothing() {
    for key in [Key::Enter, Key::Esc, Key::Char('n')] {
        let mut world = opened();
        assert!(world.press(key).is_empty(), "{key}");
        assert_eq!(fates(&world, Fate::Rescued), 0);
    }
}

#[test]
fn what_has_changed_under_the_dialog_closes_it() {
    let mut world = opened();
    world.session.afterwards.salvage.nowhere.pop();
    assert!(world.press(Key::Char('y')).is_empty());
    assert_eq!(fates(&world, Fate::Rescued), 0);
}

#[test]
fn nothing_is_offered_where_nothing_is_real() {
    for kind in [Kind::ReadOnly, Kind::Rehearsal, Kind::Replay] {
        let mut world = ImaginedWorld::lost();
        world.session.setting.kind = kind;
        assert!(world.press(Key::Char('R')).is_empty(), "{kind:?}");
        assert!(
            world.session.look_for_lost(world.now).is_empty(),
            "{kind:?}"
        );
    }
}

/// The file of the payloads stands on the page, with the command that reads it.
#[test]
fn the_file_of_saved_payloads_is_named() {
    let text = result_text(&ImaginedWorld::lost().session);
    let saved = "Payloads are saved in /var/lib/drainboard/rescue/20261121-120431.jsonl: drainboard rescue 20261121-120431";
    assert!(text.contains(saved), "{text}");
    let text = result_text(&ImaginedWorld::requeued().session);
    assert!(!text.contains("Payloads"), "nothing was saved: {text}");
}

/// What a search could not decide is counted beside what it proved.
#[test]
fn jobs_that_may_be_pushed_back_later_are_counted() {
    let mut world = ImaginedWorld::salvaged();
    let nowhere = &mut world.session.afterwards.salvage.nowhere;
    nowhere.truncate(1);
    let text = result_text(&world.session);
    assert!(text.contains("R: push back 1 lost job to"), "{text}");
    assert!(
        text.contains("2 more may be pushed back later: R looks again then"),
        "{text}"
    );
    world.session.afterwards.salvage.nowhere.clear();
    let text = result_text(&world.session);
    assert!(
        text.contains("R: look again whether 3 lost jobs can be pushed back"),
        "{text}"
    );
}

/// A drain that was stopped after TERM: its jobs may still come back.
#[test]
fn jobs_that_may_still_be_pushed_back_are_counted() {
    let text = result_text(&ImaginedWorld::stopped_late().session);
    assert!(text.contains("may be pushed back 4"), "{text}");
    assert!(
        text.contains("4 jobs still ran, and they are pushed back at 12:06:58 if not done by then"),
        "{text}"
    );
    let text = result_text(&ImaginedWorld::stopped().session);
    assert!(
        text.contains("still running 4") && !text.contains("may be pushed back"),
        "{text}"
    );
}

/// The page stays alive: nothing needs to be pressed for it.
#[test]
fn lost_jobs_are_looked_for_again_once_redis_answers_again() {
    let mut world = ImaginedWorld::lost();
    let answers = world.session.fleet.link.clone();
    let lost = Link::Lost {
        since: world.now,
        retry_at: world.now,
        why: LinkFault::Silent,
    };
    let mut observe = |link| {
        world.now = world.now.after(Duration::from_secs(1));
        drop(world.session.observe(Observation::Link(link), world.now));
        world.session.afterwards.salvage.searches()
    };
    assert!(!observe(lost));
    assert!(observe(answers));
    let text = result_text(&world.session);
    assert!(
        text.contains("Searching all queues and sets for 3 lost jobs (up to 20 s)."),
        "{text}"
    );
}
