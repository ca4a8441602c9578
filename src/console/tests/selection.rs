//! Selections hold on to things, not to positions; order, jumps and marks.

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, Pane, Request, Screen, lines};
use crate::core::fleet::ProcessKey;

fn selected(world: &ImaginedWorld) -> String {
    let key = world.console.job_under_cursor(&world.session);
    key.and_then(|key| key.jid).unwrap_or_default()
}

#[test]
fn the_selection_stays_with_its_job() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Tab);
    world.type_slowly("jj");
    assert_eq!(selected(&world), "e3f4");
    // The job above it ends: the same job stays selected.
    world.imagined[0].jobs.remove(1);
    world.pass(11);
    assert_eq!(selected(&world), "e3f4");
    // It ends itself: what took its place is selected.
    world.imagined[0].jobs.remove(1);
    world.pass(11);
    assert_eq!(selected(&world), "a9b8");
}

#[test]
fn a_page_stays_with_its_job_when_it_ends() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Tab);
    world.press(Key::Enter);
    let screen = world.console.screen.clone();
    world.imagined[0].jobs.remove(0);
    world.pass(11);
    assert_eq!(world.console.screen, screen);
}

#[test]
fn tab_jumps_between_a_process_and_its_jobs() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("jj");
    world.press(Key::Tab);
    assert_eq!(
        (world.console.pane, selected(&world).as_str()),
        (Pane::Jobs, "a9b8")
    );
    world.press(Key::Home);
    world.press(Key::Tab);
    let process = world.console.process_under_cursor(&world.session);
    assert_eq!(process, Some(ImaginedWorld::key(4242)));
}

#[test]
fn orders_go_round() {
    let mut world = ImaginedWorld::new();
    let mut firsts = Vec::new();
    for _ in 0..5 {
        firsts.push(selected(&world));
        world.press(Key::Char('S'));
    }
    assert_eq!(firsts, ["b4a5", "b4a5", "e3f4", "c1d2", "b4a5"]);
}

#[test]
fn marks_choose_the_targets() {
    let mut world = ImaginedWorld::new();
    world.type_slowly("v");
    assert_eq!(
        world.console.targets(&world.session),
        [4243, 4244].map(ImaginedWorld::key)
    );
    // The row stays where it is, and selected.
    assert_eq!(
        world.console.process_under_cursor(&world.session),
        Some(ImaginedWorld::key(4242))
    );
    world.type_slowly("ay");
    let run = world.session.run.as_ref().unwrap();
    assert_eq!(run.ledger().targets().len(), 2);
}

#[test]
fn without_a_target_nothing_begins() {
    let mut world = ImaginedWorld::new();
    world.console.memory.targets = Some(std::collections::BTreeSet::new());
    world.type_slowly("a");
    assert!(world.console.dialog.is_none());
    assert!(
        world
            .console
            .memory
            .notice
            .as_ref()
            .unwrap()
            .contains("nothing to drain")
    );
}

#[test]
fn a_process_elsewhere_can_be_marked_and_not_be_killed() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Char('p'));
    world.press(Key::End);
    world.type_slowly("K");
    assert!(world.console.dialog.is_none());
    world.type_slowly("v");
    let elsewhere = |key: &ProcessKey| key.local().is_none();
    let chosen = world.console.targets(&world.session);
    assert_eq!(chosen.iter().filter(|key| elsewhere(key)).count(), 1);
    // The question says how the signal goes, and that there is no KILL.
    world.type_slowly("a");
    let lines = world.console.dialog.as_ref().unwrap().lines.join(" ");
    assert!(lines.contains("through Redis"), "{lines}");
    assert!(lines.contains("and no KILL"), "{lines}");
}

#[test]
fn arguments_are_hidden_until_asked_for() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Tab);
    world.press(Key::Enter);
    assert!(matches!(world.console.screen, Screen::Job(_)));
    let text = |world: &ImaginedWorld| {
        let lines = crate::console::lines(&world.session, &world.console, world.now);
        lines.into_iter().map(|line| line.text).collect::<String>()
    };
    assert!(!text(&world).contains("s3cret"));
    world.type_slowly("A");
    assert!(text(&world).contains("s3cret"));
}

#[test]
fn ten_thousand_jobs_scroll() {
    let mut world = ImaginedWorld::crowded(10_000);
    world.press(Key::Char('p'));
    world.press(Key::Tab);
    world.press(Key::End);
    assert_eq!(selected(&world), "f00d");
    world.press(Key::PageUp);
    world.press(Key::Home);
    assert_eq!(selected(&world), "j09999");
    for _ in 0..15 {
        world.press(Key::PageDown);
    }
    assert_eq!(selected(&world), "j09849");
}

#[test]
fn control_keys_are_for_the_shell() {
    let mut world = ImaginedWorld::new();
    assert_eq!(world.press(Key::Ctrl('l')), [Request::Redraw]);
    assert_eq!(world.press(Key::Ctrl('z')), [Request::Suspend]);
    assert_eq!(world.press(Key::Ctrl('c')), [Request::Quit]);
}

/// What a payload says of retries and of Active Job is told; what it does not say is not.
#[test]
fn the_page_of_a_job_tells_its_retries_and_what_runs_it() {
    let told = |payload: &str| {
        let mut world = ImaginedWorld::new();
        let work = std::sync::Arc::make_mut(&mut world.imagined[0].jobs[0]);
        work.payload = payload.as_bytes().into();
        world.forget();
        world.look();
        world.press(Key::Tab);
        world.press(Key::Enter);
        let page = lines(&world.session, &world.console, world.now);
        let of = |label: &str| {
            let line = page.iter().find(|line| line.label == label);
            line.map(|line| line.text.clone())
        };
        (of("retries"), of("Active Job"))
    };
    let plain = |words: &str| (Some(words.to_owned()), None);
    assert_eq!(told(r#"{"class":"A","retry":true}"#), plain("none so far"));
    assert_eq!(
        told(r#"{"class":"A","retry":5,"retry_count":1,"error_class":"Timeout::Error"}"#),
        plain("2 so far, at most 5, the last after Timeout::Error")
    );
    for never in ["0", "false"] {
        let payload = format!(r#"{{"class":"A","retry":{never}}}"#);
        assert_eq!(
            told(&payload),
            plain("none: it is not retried when it fails")
        );
    }
    let (retries, by) = told(
        r#"{"class":"Sidekiq::ActiveJob::Wrapper","wrapped":"Mail::Digest","retry_count":0,"retry":[1]}"#,
    );
    assert_eq!(retries.unwrap(), "1 so far");
    assert_eq!(by.unwrap(), "run by Sidekiq::ActiveJob::Wrapper");
    assert_eq!(told("not JSON"), (None, None));
}
