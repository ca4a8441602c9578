//! Each key from each screen, and the laws of the one table.

use std::fmt::Write;

use crate::console::fixture::ImaginedWorld;
use crate::console::{
    BINDINGS, BacktraceView, Console, Group, Key, Pane, Request, Screen, markdown,
};
use crate::core::drain::Command;
use crate::core::fleet::{LocalId, ProcessKey};
use crate::core::session::Kind;

/// Every world that a key may meet.
pub(super) fn worlds() -> Vec<(&'static str, ImaginedWorld)> {
    let mut read_only = ImaginedWorld::new();
    read_only.session.setting.kind = Kind::ReadOnly;
    let mut held = ImaginedWorld::draining();
    held.press(Key::Char(' '));
    let mut filtered = ImaginedWorld::new();
    filtered.type_slowly("/edi\n");
    vec![
        ("nothing known", ImaginedWorld::empty()),
        ("before", ImaginedWorld::new()),
        ("filtered", filtered),
        ("read-only", read_only),
        ("draining", ImaginedWorld::draining()),
        ("held", held),
        ("by hand", ImaginedWorld::by_hand()),
        ("stopping", ImaginedWorld::stopping()),
        ("a question", ImaginedWorld::questioned()),
        ("failed", ImaginedWorld::failed()),
        ("cut off", ImaginedWorld::cut_off()),
        ("after a hang-up", ImaginedWorld::hung_up()),
        ("over", ImaginedWorld::requeued()),
        ("stopped", ImaginedWorld::stopped()),
        ("lost", ImaginedWorld::lost()),
    ]
}

fn keys() -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
        if !keys.contains(key) {
            keys.push(*key);
        }
    }
    keys
}

fn view(process: LocalId) -> BacktraceView {
    BacktraceView {
        process,
        tid: None,
        all: false,
    }
}

fn screens(world: &ImaginedWorld) -> Vec<(&'static str, Console)> {
    let base = &world.console;
    let on = |screen| Console {
        screen,
        ..base.clone()
    };
    let mut screens = vec![
        ("processes", on(Screen::Main)),
        ("help", on(Screen::Help)),
        ("the check", on(Screen::Check)),
    ];
    let jobs = Console {
        pane: Pane::Jobs,
        ..on(Screen::Main)
    };
    if let Some(job) = jobs.job_under_cursor(&world.session) {
        screens.push(("a job", on(Screen::Job(job))));
    }
    if let Some(process) = jobs.process_under_cursor(&world.session) {
        if let ProcessKey::Local(id) = process {
            screens.push(("a backtrace", on(Screen::Backtrace(view(id)))));
        }
        screens.push(("a process", on(Screen::Process(process))));
    }
    screens.push(("jobs", jobs));
    if world
        .session
        .run
        .as_ref()
        .is_some_and(|run| run.phase().is_over())
    {
        screens.push(("the result", on(Screen::Result)));
    }
    screens
}

/// What a key did, in a few words.
fn told(before: &Console, after: &Console, requests: &[Request]) -> String {
    if !requests.is_empty() {
        return format!("{requests:?}");
    }
    if let Some(dialog) = &after.dialog {
        return format!("asks: {} {:?}", dialog.title, dialog.friction);
    }
    let mut words = Vec::new();
    if before.screen != after.screen {
        words.push(format!("shows {:?}", after.screen));
    }
    if before.pane != after.pane {
        words.push(format!("to {:?}", after.pane));
    }
    if before.processes != after.processes || before.jobs != after.jobs {
        words.push("moves".into());
    }
    if before.scroll != after.scroll {
        words.push("scrolls".into());
    }
    if before.listing != after.listing {
        words.push(format!("lists {:?}", after.listing));
    }
    if let Some(notice) = &after.memory.notice {
        words.push(format!("says: {notice}"));
    }
    words.join(", ")
}

#[test]
fn each_key_from_each_screen() {
    for (name, world) in worlds() {
        let mut table = String::new();
        for (screen, console) in screens(&world) {
            writeln!(table, "== {screen}").unwrap();
            for key in keys() {
                let mut after = console.clone();
                let requests = after.press(key, &world.session, world.now);
                let told = told(&console, &after, &requests);
                writeln!(table, "{:<9} {told}", key.to_string()).unwrap();
            }
        }
        insta::assert_snapshot!(format!("keys-{}", name.replace(' ', "-")), table);
    }
}

#[test]
fn at_most_one_meaning_of_a_key_is_possible_at_a_time() {
    for (name, world) in worlds() {
        for (screen, console) in screens(&world) {
            for key in keys() {
                let possible = BINDINGS
                    .iter()
                    .filter(|binding| binding.keys.contains(&key))
                    .filter(|binding| (binding.possible)(&world.session, &console));
                assert!(possible.count() <= 1, "{key} in {name}, {screen}");
            }
        }
    }
}

#[test]
fn each_act_is_possible_in_some_world() {
    let mut worlds = worlds();
    worlds.push(("iterating", ImaginedWorld::iterating()));
    let mut grouped = ImaginedWorld::new();
    grouped.press(Key::Char('b'));
    worlds.push(("grouped", grouped));
    for binding in BINDINGS {
        let somewhere = worlds.iter().any(|(_, world)| {
            screens(world)
                .iter()
                .any(|(_, console)| (binding.possible)(&world.session, console))
        });
        assert!(somewhere, "{:?} is never possible", binding.act);
    }
}

#[test]
fn nothing_is_sent_in_a_read_only_session() {
    let mut world = ImaginedWorld::new();
    world.session.setting.kind = Kind::ReadOnly;
    for (screen, console) in screens(&world) {
        for key in keys() {
            let mut after = console.clone();
            let requests = after.press(key, &world.session, world.now);
            let harmless = [Request::Quit, Request::Redraw, Request::Suspend];
            assert!(
                requests.iter().all(|request| harmless.contains(request)),
                "{key} on {screen}: {requests:?}"
            );
            assert!(after.dialog.is_none(), "{key} on {screen}");
        }
        let drains = BINDINGS
            .iter()
            .filter(|binding| binding.group == Group::Drain);
        for binding in drains {
            assert!(!(binding.possible)(&world.session, &console));
        }
    }
}

#[test]
fn one_key_stops_the_drain_from_everywhere() {
    let stop = vec![Request::Command(Command::StopHere)];
    for (name, world) in worlds() {
        if !world.session.is_draining() {
            continue;
        }
        for (screen, console) in screens(&world) {
            for opened in [None, Some('n'), Some('.'), Some('K'), Some('q'), Some('/')] {
                let mut with = console.clone();
                if let Some(key) = opened {
                    let _ = with.press(Key::Char(key), &world.session, world.now);
                }
                let mut also = with.clone();
                let interrupt = also.press(Key::Ctrl('c'), &world.session, world.now);
                assert_eq!(interrupt, stop, "Ctrl-C in {name}, {screen}, {opened:?}");
                assert!(also.dialog.is_none());
                if !with.listing.typing {
                    let x = with.press(Key::Char('x'), &world.session, world.now);
                    assert_eq!(x, stop, "x in {name}, {screen}, {opened:?}");
                }
            }
        }
    }
}

#[test]
fn the_table_in_markdown_names_every_key() {
    let table = markdown();
    for binding in BINDINGS {
        for key in binding.keys {
            assert!(table.contains(&format!("`{key}`")), "{key}");
        }
        assert!(table.contains(binding.help), "{}", binding.help);
    }
}
