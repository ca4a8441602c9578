//! Every screen and every question by name: what snapshots, contrasts and the other laws of the
//! screen go through. A kind of screen or of question without a place here fails a test.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::console::fixture::{ImaginedWorld, job};
use crate::console::{Friction, Key, Premise, Screen};
use crate::core::fleet::{Link, LogNews, Observation};
use crate::core::log::{LineOrigin, LogLine};
use crate::core::session::Kind;

/// A screen by name.
pub(super) type Scene = (&'static str, ImaginedWorld);

pub(super) fn after(mut world: ImaginedWorld, keys: &str) -> ImaginedWorld {
    world.type_slowly(keys);
    world
}

pub(super) fn pressed(mut world: ImaginedWorld, keys: &[Key]) -> ImaginedWorld {
    for key in keys {
        world.press(*key);
    }
    world
}

fn of_kind(mut world: ImaginedWorld, kind: Kind) -> ImaginedWorld {
    world.session.setting.kind = kind;
    world.session.setting.plan.rehearsal = kind == Kind::Rehearsal;
    world
}

pub(super) fn killed_from_outside() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    world.imagined[0].died = Some(world.now);
    world.pass(8);
    world
}

pub(super) fn rehearsal() -> ImaginedWorld {
    after(of_kind(ImaginedWorld::new(), Kind::Rehearsal), "a")
}

/// Of another application, and selected.
fn at_a_stranger() -> ImaginedWorld {
    let world = ImaginedWorld::altered(|world| world.imagined[2].in_redis = false);
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

fn connecting() -> ImaginedWorld {
    let mut world = ImaginedWorld::empty();
    let link = Link::Connecting {
        since: world.now.before(Duration::from_secs(3)),
    };
    let _ = world.session.observe(Observation::Link(link), world.now);
    world
}

pub(super) fn before_a_drain() -> Vec<Scene> {
    let mut nobody = ImaginedWorld::new();
    nobody.imagined.clear();
    nobody.pass(90);
    let aged = |world: &mut ImaginedWorld| {
        for (index, age) in [14, 25, 38, 150].into_iter().enumerate() {
            world.imagined[index].beat_age = age;
        }
    };
    let wide = |world: &mut ImaginedWorld| {
        world.imagined[0].jobs = vec![
            job("報告作成処理報告作成処理報告作成処理", "既定", "w1", 31),
            job("Re\u{301}sume\u{301}Job", "défaut", "w2", 32),
        ];
    };
    vec![
        ("empty", ImaginedWorld::empty()),
        ("before", ImaginedWorld::new()),
        ("connecting", connecting()),
        ("read-only", of_kind(ImaginedWorld::new(), Kind::ReadOnly)),
        ("hasty", ImaginedWorld::hasty()),
        ("contradicting", ImaginedWorld::contradicting()),
        ("marked", after(ImaginedWorld::new(), "jv")),
        ("nobody", nobody),
        (
            "stranger",
            ImaginedWorld::altered(|world| world.imagined[1].in_redis = false),
        ),
        ("old-readings", ImaginedWorld::altered(aged)),
        ("wide-letters", ImaginedWorld::altered(wide)),
    ]
}

pub(super) fn while_a_drain_runs() -> Vec<Scene> {
    let held = pressed(ImaginedWorld::draining(), &[Key::Char(' ')]);
    vec![
        ("draining", ImaginedWorld::draining()),
        ("held", held),
        ("by-hand", ImaginedWorld::by_hand()),
        ("stopping", ImaginedWorld::stopping()),
        ("leaving", ImaginedWorld::leaving()),
        ("pushed-back", ImaginedWorld::pushed_back()),
        ("question", ImaginedWorld::questioned()),
        (
            "watching",
            of_kind(ImaginedWorld::draining(), Kind::Watching),
        ),
        ("rehearsed", after(rehearsal(), "y")),
    ]
}

pub(super) fn what_goes_wrong() -> Vec<Scene> {
    vec![
        ("hung", ImaginedWorld::hung()),
        ("hung-in-a-drain", ImaginedWorld::hung_in_a_drain()),
        ("suspended", ImaginedWorld::suspended()),
        ("dead", ImaginedWorld::dead()),
        ("died", killed_from_outside()),
        ("already-lost", ImaginedWorld::already_lost()),
        ("failed", ImaginedWorld::failed()),
        ("cut-off", ImaginedWorld::cut_off()),
        ("question-redis", ImaginedWorld::asked_for_redis()),
        ("left-by-a-hang-up", ImaginedWorld::hung_up()),
    ]
}

pub(super) fn after_a_drain() -> Vec<Scene> {
    let mut pretended = of_kind(ImaginedWorld::new(), Kind::Rehearsal);
    pretended.drained();
    vec![
        ("result-requeued", ImaginedWorld::requeued()),
        ("result-lost", ImaginedWorld::lost()),
        (
            "result-each-job",
            pressed(ImaginedWorld::lost(), &[Key::Enter]),
        ),
        ("result-stopped", ImaginedWorld::stopped()),
        ("result-stopped-late", ImaginedWorld::stopped_late()),
        ("result-salvaged", ImaginedWorld::salvaged()),
        ("result-rescued", ImaginedWorld::rescued()),
        ("result-rehearsed", pretended),
        (
            "after-the-result",
            pressed(ImaginedWorld::stopped(), &[Key::Esc]),
        ),
    ]
}

pub(super) fn questions_before_a_drain() -> Vec<Scene> {
    let mut asking = ImaginedWorld::new();
    asking.console.memory.ask_reason = true;
    let on_page = pressed(ImaginedWorld::iterating(), &[Key::Tab, Key::Enter]);
    let on_jobs = pressed(ImaginedWorld::new(), &[Key::Tab]);
    let stopped = pressed(ImaginedWorld::stopped(), &[Key::Esc]);
    vec![
        ("dialog-automatic", after(ImaginedWorld::new(), "a")),
        ("dialog-despite", after(ImaginedWorld::hasty(), "aD02\n")),
        ("dialog-reason", after(asking, "arelease 4711")),
        ("dialog-by-hand", after(ImaginedWorld::new(), "n")),
        ("dialog-rehearsal", rehearsal()),
        ("dialog-kill-before", after(ImaginedWorld::new(), "K")),
        ("dialog-stranger", after(at_a_stranger(), "K42")),
        ("dialog-resume", after(ImaginedWorld::hung_up(), "r")),
        ("dialog-save", after(ImaginedWorld::dead(), "jjs")),
        ("dialog-cancel", after(on_page, "Ccan")),
        ("dialog-backtrace", after(on_jobs, "t")),
        ("dialog-push-back", after(ImaginedWorld::salvaged(), "R")),
        ("dialog-units-back", after(stopped, "u")),
    ]
}

pub(super) fn questions_in_a_drain() -> Vec<Scene> {
    let question = ImaginedWorld::questioned;
    vec![
        ("dialog-next-step", after(ImaginedWorld::by_hand(), "n")),
        ("dialog-go-automatic", after(ImaginedWorld::by_hand(), "a")),
        ("dialog-end-wait", after(ImaginedWorld::draining(), ".")),
        ("dialog-nearer", moved_nearer()),
        ("dialog-kill-question", after(question(), "n4\n")),
        ("dialog-force-kill", after(ImaginedWorld::draining(), "K3")),
        ("dialog-quit", after(ImaginedWorld::draining(), "q")),
    ]
}

pub(super) fn pages() -> Vec<Scene> {
    let on_job = |more: &[Key]| {
        let world = pressed(ImaginedWorld::draining(), &[Key::Tab, Key::Enter]);
        pressed(world, more)
    };
    let mut gone = on_job(&[]);
    gone.imagined[0].jobs.remove(0);
    gone.pass(12);
    let contradicting = pressed(ImaginedWorld::contradicting(), &[Key::Enter]);
    let hung = pressed(ImaginedWorld::hung_in_a_drain(), &[Key::Enter]);
    vec![
        ("help", after(ImaginedWorld::draining(), "?")),
        ("job", on_job(&[])),
        ("job-arguments", on_job(&[Key::Char('A')])),
        ("job-gone", gone),
        ("process", pressed(ImaginedWorld::draining(), &[Key::Enter])),
        ("process-contradicting", contradicting),
        ("process-hung", hung),
        ("check", after(ImaginedWorld::hasty(), "c")),
        ("journal", after(ImaginedWorld::stopping(), "J")),
        ("journal-filter", after(ImaginedWorld::stopping(), "J/tstp")),
        ("backtrace", dumped()),
    ]
}

pub(super) fn finding_ones_way() -> Vec<Scene> {
    let mut crowd = ImaginedWorld::crowded(10_000);
    crowd.press(Key::Tab);
    for _ in 0..7 {
        crowd.press(Key::PageDown);
    }
    vec![
        ("filter", after(ImaginedWorld::new(), "/edi")),
        ("filtered", after(ImaginedWorld::new(), "/edi\n")),
        ("filtered-hung", after(ImaginedWorld::hung(), "/4244\n")),
        (
            "filter-fits-nothing",
            after(ImaginedWorld::new(), "/util2\n"),
        ),
        ("sorted", after(ImaginedWorld::new(), "SS")),
        ("unfolded", after(at_a_stranger(), "j")),
        ("groups", after(ImaginedWorld::new(), "bj")),
        ("groups-folded", after(ImaginedWorld::hung(), "bbbbzj")),
        ("groups-drained", after(ImaginedWorld::draining(), "bb")),
        ("notice", after(ImaginedWorld::draining(), "v")),
        ("notice-on-a-page", after(ImaginedWorld::draining(), "?r")),
        ("crowd", crowd),
    ]
}

pub(super) fn all() -> Vec<Scene> {
    let before = before_a_drain()
        .into_iter()
        .chain(questions_before_a_drain());
    let during = while_a_drain_runs()
        .into_iter()
        .chain(questions_in_a_drain());
    let wrong = what_goes_wrong().into_iter().chain(after_a_drain());
    let scenes = before.chain(during).chain(wrong);
    scenes.chain(pages()).chain(finding_ones_way()).collect()
}

/// The number of a kind of screen: a new one has none.
fn of_screen(screen: &Screen) -> usize {
    match screen {
        Screen::Main => 0,
        Screen::Job(_) => 1,
        Screen::Process(_) => 2,
        Screen::Backtrace(_) => 3,
        Screen::Help => 4,
        Screen::Result => 5,
        Screen::Check => 6,
        Screen::Journal => 7,
    }
}

/// The number of a kind of question.
fn of_premise(premise: &Premise) -> usize {
    match premise {
        Premise::Before { .. } => 0,
        Premise::Step { .. } => 1,
        Premise::Kill { .. } => 2,
        Premise::Shown(_) => 3,
        Premise::Asks(_) => 4,
        Premise::Cancels(_) => 5,
        Premise::Draining => 6,
        Premise::CutOff => 7,
        Premise::Over { .. } => 8,
        Premise::Lost { .. } => 9,
    }
}

/// The number of a kind of answer.
fn of_friction(friction: &Friction) -> usize {
    match friction {
        Friction::Yes => 0,
        Friction::Number(_) => 1,
        Friction::Pid(_) => 2,
        Friction::Word(_) => 3,
        Friction::Despite { .. } => 4,
        Friction::Reason(_) => 5,
    }
}

#[test]
fn every_kind_of_screen_and_of_question_has_its_place() {
    let scenes = all();
    let names: BTreeSet<&str> = scenes.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), scenes.len(), "a name stands twice");
    let consoles = || scenes.iter().map(|(_, world)| &world.console);
    let dialogs = || consoles().filter_map(|console| console.dialog.as_ref());
    for (name, world) in scenes
        .iter()
        .filter(|(name, _)| name.starts_with("dialog-"))
    {
        assert!(world.console.dialog.is_some(), "{name} asks nothing");
    }
    let numbers = |kinds: &[usize]| -> BTreeSet<usize> { kinds.iter().copied().collect() };
    let screens: Vec<usize> = consoles()
        .map(|console| of_screen(&console.screen))
        .collect();
    let premises: Vec<usize> = dialogs()
        .map(|dialog| of_premise(&dialog.premise))
        .collect();
    let answers: Vec<usize> = dialogs()
        .map(|dialog| of_friction(&dialog.friction))
        .collect();
    assert_eq!(numbers(&screens), (0..8).collect());
    assert_eq!(numbers(&premises), (0..10).collect());
    assert_eq!(numbers(&answers), (0..6).collect());
}
