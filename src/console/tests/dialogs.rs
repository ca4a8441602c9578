//! Dialogs: their default is no, their target is frozen, and nothing typed ahead answers them.

use std::time::Duration;

use crate::console::fixture::ImaginedWorld;
use crate::console::{Friction, Key, Request, Screen, attention, result_text};
use crate::core::drain::{Command, Outcome, Phase};
use crate::core::preflight::Consent;
use crate::core::session::Session;

fn wait(world: &mut ImaginedWorld, milliseconds: u64) {
    world.now = world.now.after(Duration::from_millis(milliseconds));
}

fn all() -> Vec<crate::core::fleet::ProcessKey> {
    [4242, 4243, 4244].map(ImaginedWorld::key).to_vec()
}

fn next_step(session: &Session) -> Option<usize> {
    session.run.as_ref()?.phase().next_step()
}

#[test]
fn a_yes_begins_with_the_targets_that_the_dialog_named() {
    let mut world = ImaginedWorld::new();
    assert!(world.press(Key::Char('a')).is_empty());
    wait(&mut world, 400);
    let requests = world.press(Key::Char('y'));
    let consent = Consent {
        sequence: world.session.setting.plan.sequence.clone(),
        ..Consent::default()
    };
    let begin = Request::Begin {
        targets: all(),
        consent: Some(consent),
    };
    assert_eq!(requests, [begin, Request::Command(Command::Automatic)]);
    assert!(matches!(
        world.session.run.as_ref().map(|run| run.phase().clone()),
        Some(Phase::Waiting { next: 1, .. })
    ));
}

#[test]
fn enter_escape_and_n_are_no() {
    for key in [Key::Enter, Key::Esc, Key::Char('n'), Key::Char('q')] {
        for opened in ['a', 'n', 'K'] {
            let mut world = ImaginedWorld::new();
            world.press(Key::Char(opened));
            wait(&mut world, 1000);
            assert!(world.press(key).is_empty(), "{key} to {opened}");
            assert!(world.console.dialog.is_none(), "{key} to {opened}");
            assert!(world.session.run.is_none());
        }
    }
}

#[test]
fn keys_typed_ahead_answer_nothing() {
    for keys in ["ay", "ny", "ayyyy", "K5\n", "aynyayny"] {
        let mut world = ImaginedWorld::new();
        for key in keys.chars() {
            wait(&mut world, 15);
            let key = if key == '\n' {
                Key::Enter
            } else {
                Key::Char(key)
            };
            assert!(world.press(key).is_empty(), "{keys}");
        }
        assert!(world.session.run.is_none(), "{keys}");
    }
}

#[test]
fn the_second_step_is_not_fired_by_the_answer_to_the_first() {
    let mut world = ImaginedWorld::by_hand();
    world.press(Key::Char('n'));
    wait(&mut world, 500);
    assert_eq!(world.press(Key::Char('y')).len(), 1);
    assert_eq!(next_step(&world.session), Some(2));
    for key in ['y', 'y', '\n'] {
        wait(&mut world, 500);
        assert!(world.press(Key::Char(key)).is_empty());
    }
    assert_eq!(next_step(&world.session), Some(2));
}

#[test]
fn a_first_signal_names_the_queues_that_no_process_would_serve_any_more() {
    for opened in ['a', 'n'] {
        let mut world = ImaginedWorld::new();
        let told = |world: &mut ImaginedWorld| {
            world.press(Key::Char(opened));
            let dialog = world.console.dialog.take().unwrap();
            let mut lines = dialog.lines.into_iter();
            lines.find(|line| line.contains("no process takes jobs from"))
        };
        assert_eq!(told(&mut world), None, "util2 serves them: {opened}");
        for elsewhere in &mut world.imagined {
            elsewhere.quiet = elsewhere.host == "util2";
        }
        wait(&mut world, 11_000);
        world.look();
        let said = told(&mut world).unwrap();
        assert_eq!(
            said,
            "Once this drain has begun no process takes jobs from default (1,204 waiting), low (3 waiting). \
             Jobs wait there until a new one starts.",
            "{opened}"
        );
    }
}

#[test]
fn what_would_be_lost_is_typed_out() {
    let mut world = ImaginedWorld::questioned();
    assert!(
        attention(&world.session)
            .unwrap()
            .contains("2 would be lost")
    );
    world.type_slowly("n");
    let dialog = world.console.dialog.clone().unwrap();
    assert_eq!(dialog.friction, Friction::Number(2));
    assert!(
        dialog
            .lines
            .iter()
            .any(|line| line == "KILL: 3 jobs run, 1 is back in its queue, 2 would be lost; their payloads are saved first.")
    );
    // Neither yes nor a wrong number goes.
    world.type_slowly("y3\n");
    assert!(world.console.dialog.as_ref().unwrap().entry.wrong);
    assert_eq!(next_step(&world.session), Some(2));
    world.type_slowly("9");
    wait(&mut world, 500);
    world.press(Key::Backspace);
    world.type_slowly("2");
    wait(&mut world, 500);
    let requests = world.press(Key::Enter);
    let go = Command::Go {
        step: 2,
        accepted: 2,
    };
    assert_eq!(requests, [Request::Command(go)]);
    assert_eq!(next_step(&world.session), None);
}

#[test]
fn a_step_that_changes_closes_its_dialog_and_swallows_the_key() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly(".");
    assert!(
        world
            .console
            .dialog
            .as_ref()
            .unwrap()
            .title
            .contains("TERM")
    );
    world.pass(80);
    assert!(world.console.dialog.is_none());
    let notice = world.console.memory.notice.clone().unwrap();
    assert!(notice.contains("the step changed"), "{notice}");
    // The same if nothing was drawn in between: the key meets the closed dialog.
    for key in ['y', 'q', ' ', '.'] {
        let mut world = ImaginedWorld::draining();
        world.type_slowly(".");
        let console = world.console.clone();
        world.pass(80);
        world.console = console;
        assert!(world.press(Key::Char(key)).is_empty());
        assert!(world.console.dialog.is_none());
    }
}

#[test]
fn more_at_stake_closes_the_dialog() {
    let mut world = ImaginedWorld::questioned();
    world.type_slowly("n");
    let late = crate::console::fixture::job("Latecomer", "low", "9999", 1);
    world.imagined[0].jobs.push(late);
    world.pass(3);
    assert!(world.console.dialog.is_none());
    let notice = world.console.memory.notice.clone().unwrap();
    assert!(
        notice.contains("now 3 jobs are at stake, not 2"),
        "{notice}"
    );
}

#[test]
fn the_target_of_a_kill_is_frozen() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly("jK");
    let title = world.console.dialog.as_ref().unwrap().title.clone();
    assert_eq!(title, "KILL util1:4243?");
    // Another process appears above it in the table; the target stays.
    let mut newcomer = world.imagined[0].clone();
    newcomer.pid = 4100;
    newcomer.jobs.clear();
    world.imagined.push(newcomer);
    world.pass(1);
    let requests = {
        wait(&mut world, 500);
        world.press(Key::Char('y'))
    };
    let kill = Command::ForceKill {
        target: ImaginedWorld::key(4243),
        accepted: 0,
    };
    assert_eq!(requests, [Request::Command(kill)]);
}

#[test]
fn a_target_that_exits_closes_the_dialog() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly("jK");
    world.exit(4243);
    assert!(world.console.dialog.is_none());
    let notice = world.console.memory.notice.clone().unwrap();
    assert!(notice.contains("util1:4243 has exited"), "{notice}");
}

#[test]
fn quitting_while_a_drain_runs_holds_it_and_says_so() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly("q");
    let dialog = world.console.dialog.clone().unwrap();
    assert!(dialog.lines.iter().any(|line| line.contains("stays quiet")));
    wait(&mut world, 500);
    let requests = world.press(Key::Char('y'));
    assert_eq!(requests, [Request::Command(Command::Leave), Request::Quit]);
    let mut idle = ImaginedWorld::new();
    assert_eq!(idle.press(Key::Char('q')), [Request::Quit]);
}

#[test]
fn a_question_can_wait() {
    let mut world = ImaginedWorld::questioned();
    let requests = world.press(Key::Char(' '));
    let longer = Request::Command(Command::Longer(Duration::from_secs(30)));
    assert_eq!(requests, [longer, Request::Command(Command::GoOn)]);
    assert!(matches!(
        world.session.run.as_ref().unwrap().phase(),
        Phase::Waiting { next: 2, .. }
    ));
    assert_eq!(attention(&world.session), None);
    world.pass(31);
    assert!(attention(&world.session).is_some());
}

#[test]
fn stopping_tells_the_truth_of_each_target() {
    let world = ImaginedWorld::stopped();
    assert_eq!(world.console.screen, Screen::Result);
    let text = result_text(&world.session);
    for line in [
        "util1:4242 stays quiet until it is restarted: systemctl restart sidekiq@2.service",
        "Stopped before its end: nothing more is sent; 3 of 3 processes are still alive.",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn the_result_is_told_once_and_can_be_read_again() {
    let mut world = ImaginedWorld::requeued();
    let outcome = world.session.run.as_ref().unwrap().outcome();
    assert_eq!(outcome, Some(Outcome::Requeued));
    assert_eq!(world.console.screen, Screen::Result);
    world.press(Key::Esc);
    world.pass(2);
    assert_eq!(world.console.screen, Screen::Main);
    world.press(Key::Char('o'));
    assert_eq!(world.console.screen, Screen::Result);
    insta::assert_snapshot!("result-requeued", result_text(&world.session));
    insta::assert_snapshot!("result-lost", result_text(&ImaginedWorld::lost().session));
    insta::assert_snapshot!(
        "result-stopped",
        result_text(&ImaginedWorld::stopped().session)
    );
    assert_eq!(result_text(&ImaginedWorld::draining().session), "");
}

#[test]
fn a_kill_before_any_drain_drains_that_process_alone() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("K");
    let dialog = world.console.dialog.clone().unwrap();
    // Three known jobs, and two threads whose job no beat has shown.
    assert_eq!(dialog.friction, Friction::Number(5));
    world.type_slowly("5\n");
    let run = world.session.run.as_ref().unwrap();
    assert_eq!(run.ledger().targets().len(), 1);
    world.imagined[0].died = Some(world.now);
    world.pass(15);
    let outcome = world.session.run.as_ref().unwrap().outcome();
    assert_eq!(outcome, Some(Outcome::Lost));
}

#[test]
fn going_on_with_no_wait_left_is_asked_as_the_step_that_it_is() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly(" ");
    assert_eq!(
        world.press(Key::Char(' ')),
        [Request::Command(Command::GoOn)]
    );
    // Cut to the least that is left, then held with a second less.
    let mut world = ImaginedWorld::stopping();
    world.type_slowly("-y ");
    let requests = world.press(Key::Char(' '));
    assert!(requests.is_empty());
    assert_eq!(
        world
            .console
            .dialog
            .as_ref()
            .map(|dialog| dialog.title.as_str()),
        Some("Send KILL now?")
    );
}

#[test]
fn the_operator_is_called_once_per_reason() {
    let mut world = ImaginedWorld::draining();
    assert_eq!(attention(&world.session), None);
    world.press(Key::Char(' '));
    assert_eq!(attention(&world.session), None, "he held it himself");
    let mut world = ImaginedWorld::questioned();
    let first = attention(&world.session);
    world.pass(5);
    assert_eq!(attention(&world.session), first);
    let failed = attention(&ImaginedWorld::failed().session).unwrap();
    assert!(
        failed.contains("a signal failed: util1:4242: not"),
        "{failed}"
    );
}
