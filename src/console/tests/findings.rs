//! What the check finds before a drain: seen in the header and on a page, and typed out before
//! the first signal where it is grave.

use std::time::Duration;

use crate::console::fixture::ImaginedWorld;
use crate::console::{
    Friction, Key, LineWeight, Request, Screen, check_words, if_untouched, lines, result_text,
};
use crate::core::drain::{Command, Event};
use crate::core::outlook::Outlooks;

fn words(world: &ImaginedWorld) -> (LineWeight, String) {
    check_words(&world.session).unwrap()
}

fn page(world: &ImaginedWorld) -> String {
    let lines = lines(&world.session, &world.console, world.now);
    let row = |line: &crate::console::PageLine| format!("{}|{}", line.label, line.text);
    lines.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn dialog(world: &ImaginedWorld) -> crate::console::Dialog {
    world.console.dialog.clone().expect("a dialog is open")
}

/// As [`ImaginedWorld::hasty`], with nothing that could be lost.
fn hasty_and_idle() -> ImaginedWorld {
    let mut world = ImaginedWorld::hasty();
    for imagined in &mut world.imagined {
        imagined.jobs.clear();
    }
    world.look();
    world
}

/// What the record keeps of the check, as JSON.
fn checked(world: &ImaginedWorld) -> serde_json::Value {
    let records = world.session.journal.iter();
    let event = records
        .map(|record| &record.event)
        .find(|event| matches!(event, Event::Checked { .. }));
    serde_json::to_value(event.expect("the check is recorded")).unwrap()
}

#[test]
fn the_header_counts_what_was_found() {
    let calm = ImaginedWorld::new();
    assert_eq!(
        words(&calm),
        (LineWeight::Faint, "check: no warnings".into())
    );
    let (weight, words) = words(&ImaginedWorld::hasty());
    assert_eq!(weight, LineWeight::Bad);
    assert!(words.starts_with("check: 1 error"), "{words}");
    assert_eq!(check_words(&ImaginedWorld::empty().session), None);
}

#[test]
fn the_check_runs_again_only_where_something_has_changed() {
    let mut world = ImaginedWorld::hasty();
    let found = world.session.preflight.seen.clone();
    assert!(!found.findings.is_empty());
    world.session.preflight.seen.findings.clear();
    world.look();
    assert!(world.session.preflight.seen.findings.is_empty());
    world.imagined[0].version = "7.3.2";
    world.look();
    assert_eq!(world.session.preflight.seen, found);
}

#[test]
fn an_error_is_typed_out_before_the_first_signal() {
    for opened in ['a', 'n'] {
        let mut world = hasty_and_idle();
        world.type_slowly(&opened.to_string());
        let open = dialog(&world);
        assert_eq!(open.friction.phrase().as_deref(), Some("D01"), "{opened}");
        assert!(open.lines[0].contains("an error"), "{:?}", open.lines);
        assert!(open.lines[1].starts_with("D01 "), "{:?}", open.lines);
        // Neither yes nor another rule begins anything; Enter alone is no.
        world.type_slowly("yD02\n");
        assert!(dialog(&world).entry.wrong);
        assert!(world.session.run.is_none());
        world.type_slowly("\n");
        assert!(world.console.dialog.is_none() && world.session.run.is_none());
        world.type_slowly(&opened.to_string());
        world.type_slowly("d01\n");
        assert!(world.session.run.is_some(), "{opened}");
        let checked = checked(&world);
        let first = &checked["findings"][0];
        assert_eq!(first["rule"], "D01");
        assert_eq!(first["severity"], "error");
        assert_eq!(first["set_aside"], true);
    }
}

#[test]
fn jobs_that_would_be_lost_are_typed_out_behind_the_error() {
    let mut world = ImaginedWorld::hasty();
    world.type_slowly("K");
    let Friction::Despite { errors, lost } = dialog(&world).friction else {
        panic!("{:?}", dialog(&world).friction);
    };
    assert_eq!((errors.as_str(), lost), ("D01", 5));
    let last = dialog(&world).lines.last().unwrap().clone();
    assert!(last.contains("then the number of jobs"), "{last}");
    world.type_slowly("D01\n");
    assert!(dialog(&world).entry.wrong && world.session.run.is_none());
    world.type_slowly("D01  5\n");
    let run = world.session.run.as_ref().unwrap();
    assert_eq!(run.ledger().targets().len(), 1);
}

#[test]
fn several_errors_are_typed_out_as_their_number() {
    let mut world = hasty_and_idle();
    // Two processes that push back at different times: one error each.
    world.timeouts = vec![(4242, 9)];
    world.look();
    assert!(words(&world).1.starts_with("check: 2 errors"));
    world.type_slowly("a");
    assert_eq!(dialog(&world).friction.phrase().as_deref(), Some("2"));
    assert!(dialog(&world).lines[0].contains("2 errors"));
    world.type_slowly("2\n");
    assert!(world.session.run.is_some());
}

#[test]
fn an_error_that_appears_while_a_dialog_is_open_closes_it() {
    let mut world = ImaginedWorld::hasty();
    world.type_slowly("a");
    world.timeouts = vec![(4242, 9)];
    world.pass(1);
    assert!(world.console.dialog.is_none());
    let notice = world.console.memory.notice.clone().unwrap();
    assert!(notice.contains("finds an error by now: D01"), "{notice}");
}

#[test]
fn an_error_that_slips_in_behind_the_answer_begins_nothing() {
    let mut world = hasty_and_idle();
    world.type_slowly("aD01");
    world.now = world.now.after(Duration::from_secs(1));
    // The answer is given to what was shown; the files say more at the moment of the beginning.
    let requests = world.console.press(Key::Enter, &world.session, world.now);
    world.timeouts = vec![(4242, 9)];
    world.look();
    let [Request::Begin { targets, consent }, _] = &requests[..] else {
        panic!("{requests:?}");
    };
    let refused = world
        .session
        .prepare(targets, consent.as_ref())
        .unwrap_err();
    assert!(refused.contains("another error by now: D01"), "{refused}");
    // What somebody set aside by name is another matter.
    world.timeouts.clear();
    world.look();
    assert_eq!(world.session.prepare(targets, consent.as_ref()), Ok(()));
}

#[test]
fn a_sequence_that_changes_behind_the_answer_begins_nothing() {
    let mut world = hasty_and_idle();
    world.type_slowly("aD01");
    world.now = world.now.after(Duration::from_secs(1));
    let requests = world.console.press(Key::Enter, &world.session, world.now);
    let [Request::Begin { targets, consent }, _] = &requests[..] else {
        panic!("{requests:?}");
    };
    world.session.setting.plan.sequence = "term, 1, kill".parse().unwrap();
    let refused = world
        .session
        .prepare(targets, consent.as_ref())
        .unwrap_err();
    assert!(refused.contains("`term, 1, kill`"), "{refused}");
}

#[test]
fn who_is_marked_is_checked() {
    let mut world = ImaginedWorld::hasty();
    world.timeouts = vec![(4242, 9)];
    world.look();
    assert!(words(&world).1.starts_with("check: 2 errors"));
    let requests = world.press(Key::Char('v'));
    let left = [4243, 4244].map(ImaginedWorld::key).to_vec();
    assert_eq!(requests, [Request::Choose { targets: left }]);
    assert!(
        words(&world).1.starts_with("check: 1 error"),
        "{:?}",
        words(&world)
    );
    world.pass(2);
    assert!(
        words(&world).1.starts_with("check: 1 error"),
        "{:?}",
        words(&world)
    );
}

#[test]
fn the_page_says_what_where_and_why() {
    let mut world = ImaginedWorld::hasty();
    world.press(Key::Char('c'));
    assert_eq!(world.console.screen, Screen::Check);
    insta::assert_snapshot!("check-hasty", page(&world));
    world.session.preflight.seen.trouble =
        Some("the targets ask for different stop sequences".into());
    let (weight, words) = words(&world);
    assert_eq!(weight, LineWeight::Bad);
    assert!(
        words.starts_with("check: no sequence settled, 1 error"),
        "{words}"
    );
    assert!(page(&world).contains("not settled|the targets ask for"));
    // A sequence that is not settled is typed out too: it counts as an error.
    world.session.preflight.is_open = false;
    let grave = world.session.preflight.seen.grave().count();
    assert_eq!(grave, 2);
}

#[test]
fn a_reason_is_asked_where_the_configuration_says_so() {
    let mut world = ImaginedWorld::new();
    world.console.memory.ask_reason = true;
    world.type_slowly("a");
    assert_eq!(dialog(&world).title, "Why is this drained?");
    world.type_slowly("\n");
    assert!(dialog(&world).entry.wrong, "it may not be empty");
    world.type_slowly("  \n");
    assert!(dialog(&world).entry.wrong, "nor blank");
    world.type_slowly("next queue \n");
    assert_eq!(dialog(&world).title, "Start automatic drain?");
    // No is no, and what was typed is not typed again.
    world.type_slowly("\n");
    assert!(world.session.run.is_none());
    world.type_slowly("n");
    assert_eq!(dialog(&world).entry.text, "next queue");
    world.type_slowly(" 1\n");
    let requests = {
        world.pass(1);
        world.press(Key::Char('y'))
    };
    let Some(Request::Begin { consent, .. }) = requests.first() else {
        panic!("{requests:?}");
    };
    let why = consent.as_ref().unwrap().why.as_deref();
    assert_eq!(why, Some("next queue 1"));
    let started = world.session.journal.iter().next().unwrap().to_string();
    assert!(started.contains("next queue 1"), "{started}");
    assert_eq!(world.console.memory.why, None, "the next drain asks anew");
}

#[test]
fn a_reason_that_was_given_is_not_asked() {
    let mut world = ImaginedWorld::new();
    world.console.memory.ask_reason = true;
    world.session.setting.operator.why = Some("release 4711".into());
    world.type_slowly("a");
    assert_eq!(dialog(&world).title, "Start automatic drain?");
    assert_eq!(dialog(&world).friction, Friction::Yes);
    world.type_slowly("\n");
    world.session.setting.operator.why = None;
    world.type_slowly("K");
    assert_eq!(dialog(&world).title, "Why is this drained?");
    // Escape is no, whatever was typed.
    world.type_slowly("because");
    world.pass(1);
    assert!(world.press(Key::Esc).is_empty());
    assert!(world.console.dialog.is_none() && world.session.run.is_none());
}

#[test]
fn a_second_drain_is_checked_anew() {
    let mut world = ImaginedWorld::requeued();
    world.press(Key::Esc);
    assert_eq!(check_words(&world.session), None, "nobody is left to drain");
    let mut successor = ImaginedWorld::new().imagined[1].clone();
    successor.pid = 5000;
    world.imagined.push(successor);
    world.session.setting.plan.sequence = "tstp, 10, term, 2, kill".parse().unwrap();
    world.session.setting.plan.policy = crate::core::drain::Policy::Follow;
    world.look();
    assert!(
        words(&world).1.starts_with("check: 1 error"),
        "{:?}",
        words(&world)
    );
    world.type_slowly("a");
    assert_eq!(dialog(&world).friction.phrase().as_deref(), Some("D01"));
    let requests = {
        world.type_slowly("D01");
        world.pass(1);
        world.press(Key::Enter)
    };
    assert_eq!(requests.last(), Some(&Request::Command(Command::Automatic)));
}

/// What happens if the operator does nothing, as the strip says it.
fn said_of(world: &ImaginedWorld) -> String {
    let targets = world.console.targets(&world.session);
    let outlooks = Outlooks::new(world.session.situation(world.now), &targets);
    if_untouched(&world.session, &outlooks)
}

#[test]
fn what_comes_first_is_said_first() {
    let mut world = hasty_and_idle();
    world.type_slowly("a");
    world.type_slowly("D01\n");
    let said = said_of(&world);
    let at = |word: &str| {
        said.find(word)
            .unwrap_or_else(|| panic!("no {word}: {said}"))
    };
    // The one of 6.4.1 is assumed to push back at 25 s too, long after KILL.
    assert!(
        at("TERM") < at("KILL") && at("KILL") < at("push-back"),
        "{said}"
    );
    let world = ImaginedWorld::draining();
    let said = said_of(&world);
    assert!(said.find("push-back") < said.find("KILL"), "{said}");
}

#[test]
fn what_stays_quiet_is_restarted_before_new_ones_are_started() {
    let mut world = ImaginedWorld::draining();
    world.back = vec!["a9b8".into()];
    world.exit(4244);
    world.pass(3);
    world.press(Key::Char('x'));
    world.pass(1);
    let text = result_text(&world.session);
    let at = |word: &str| {
        text.find(word)
            .unwrap_or_else(|| panic!("no {word}: {text}"))
    };
    assert!(
        at("Restart what stays quiet") < at("Start the new processes"),
        "{text}"
    );
    assert!(!result_text(&ImaginedWorld::stopped().session).contains("Start the new"));
}
