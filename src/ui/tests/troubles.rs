//! The screens of a bad night, and the questions that come with them, at four sizes.

use super::frozen::{killed_from_outside, rehearsal};
use super::screens::{after, pressed, shot};
use crate::console::Key;
use crate::console::fixture::ImaginedWorld;
use crate::core::fleet::LogNews;
use crate::core::fleet::Observation;
use crate::core::log::{LineOrigin, LogLine};
use crate::core::session::Kind;

/// Of another application, and selected.
fn at_a_stranger() -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.imagined[2].in_redis = false;
    world.forget();
    world.look();
    pressed(world, &['p', 'j', 'j'].map(Key::Char))
}

/// `-` until it asks.
fn moved_nearer() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    for _ in 0..9 {
        if world.console.dialog.is_none() {
            world.press(Key::Char('-'));
        }
    }
    assert!(world.console.dialog.is_some());
    world
}

/// The process has written where its threads are.
fn dumped() -> ImaginedWorld {
    let mut world = pressed(ImaginedWorld::new(), &[Key::Tab]);
    world.type_slowly("ty");
    world.pass(1);
    let origin = LineOrigin {
        pid: 4242,
        inner_pid: 4242,
        shared: false,
    };
    let lines = [
        "pid=4242 tid=m WARN: Thread TID-tb4a5 sidekiq.default/processor",
        "pid=4242 tid=m WARN: /x/gems/pg-1.5.0/lib/pg.rb:9:in `exec'",
        "/app/jobs/report_build.rb:12:in `perform'",
        "pid=4242 tid=m INFO: something else",
    ];
    let lines = lines
        .map(|text| LogLine::new(origin, text, world.now))
        .into();
    let news = Observation::Logged(LogNews::Lines(lines));
    let effects = world.session.observe(news, world.now);
    world.perform(effects);
    world.pass(3);
    world
}

#[test]
fn what_goes_wrong() {
    shot("hung", &ImaginedWorld::hung());
    shot("dead", &ImaginedWorld::dead());
    shot("died", &killed_from_outside());
    shot("question-redis", &ImaginedWorld::asked_for_redis());
    shot("left-by-a-hang-up", &ImaginedWorld::hung_up());
}

#[test]
fn questions() {
    shot("dialog-rehearsal", &rehearsal());
    let mut rehearsed = rehearsal();
    rehearsed.type_slowly("y");
    shot("rehearsed", &rehearsed);
    shot("dialog-stranger", &after(at_a_stranger(), "K42"));
    shot("dialog-nearer", &moved_nearer());
    shot("dialog-save", &after(ImaginedWorld::dead(), "s"));
    let on_page = pressed(ImaginedWorld::iterating(), &[Key::Tab, Key::Enter]);
    shot("dialog-cancel", &after(on_page, "Ccan"));
    let asks = pressed(ImaginedWorld::new(), &[Key::Tab]);
    shot("dialog-backtrace", &after(asks, "t"));
    shot("dialog-push-back", &after(ImaginedWorld::salvaged(), "R"));
    let stopped = pressed(ImaginedWorld::stopped(), &[Key::Esc]);
    shot("dialog-units-back", &after(stopped, "u"));
}

#[test]
fn pages_of_the_journal_and_of_a_backtrace() {
    shot("journal", &after(ImaginedWorld::stopping(), "J"));
    shot("backtrace", &dumped());
    let mut watched = ImaginedWorld::draining();
    watched.session.setting.kind = Kind::Watching;
    shot("watching", &watched);
}
