//! `t`: when it asks, whom, and what its page shows.

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, Request, Screen, lines};
use crate::core::drain::Command;
use crate::core::fleet::{LogNews, Observation, ProcessKey};
use crate::core::log::{LineOrigin, LogLine};
use crate::core::session::Kind;

/// What the process writes into its log.
fn write(world: &mut ImaginedWorld, pid: u32, texts: &[&str]) {
    let origin = LineOrigin {
        pid,
        inner_pid: pid,
        shared: false,
    };
    let line = |text: &&str| LogLine::new(origin, text, world.now);
    let news = LogNews::Lines(texts.iter().map(line).collect());
    let effects = world.session.observe(Observation::Logged(news), world.now);
    assert!(effects.is_empty(), "no drain is under way");
}

fn page(world: &ImaginedWorld) -> String {
    let lines = lines(&world.session, &world.console, world.now);
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {}", line.label, line.text))
        .collect();
    lines.join("\n")
}

const DUMP: [&str; 6] = [
    "pid=4242 tid=m WARN: Thread TID-tb4a5 sidekiq.default/processor",
    "pid=4242 tid=m WARN: /x/gems/pg-1.5.0/lib/pg.rb:9:in `exec'",
    "/app/jobs/report_build.rb:12:in `perform'",
    "pid=4242 tid=m WARN: Thread TID-other sidekiq.heartbeat",
    "pid=4242 tid=m WARN: /app/lib/beat.rb:3:in `sleep'",
    "pid=4242 tid=m INFO: something else",
];

#[test]
fn the_thread_of_the_selected_job_is_shown() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Tab);
    world.type_slowly("t");
    let dialog = world.console.dialog.as_ref().unwrap();
    let [Request::Backtrace { process, tids }] = dialog.requests.as_slice() else {
        panic!("{dialog:?}");
    };
    assert_eq!(
        (process.pid, tids.as_slice()),
        (4242, &["tb4a5".to_owned()][..])
    );
    world.type_slowly("y");
    assert!(page(&world).contains("waiting for it"), "{}", page(&world));
    write(&mut world, 4242, &DUMP);
    let shown = page(&world);
    assert!(shown.contains("ReportBuild b4a5"), "{shown}");
    assert!(shown.contains("/app/jobs/report_build.rb:12"), "{shown}");
    assert!(
        !shown.contains("pg.rb") && !shown.contains("beat.rb"),
        "{shown}"
    );
    world.type_slowly("f");
    assert!(page(&world).contains("pg.rb"));
    world.press(Key::Tab);
    assert!(page(&world).contains("beat.rb"), "{}", page(&world));
    world.press(Key::Tab);
    assert!(page(&world).contains("report_build.rb"));
    let last = world.session.journal.back().unwrap().to_string();
    assert!(
        last.contains("is at /app/jobs/report_build.rb:12"),
        "{last}"
    );
}

#[test]
fn a_dump_that_was_there_before_is_not_taken_for_the_answer() {
    let mut world = ImaginedWorld::new();
    write(&mut world, 4242, &DUMP);
    world.press(Key::Tab);
    world.type_slowly("ty");
    assert!(
        !page(&world).contains("report_build.rb"),
        "{}",
        page(&world)
    );
    world.pass(5);
    assert!(page(&world).contains("nothing of this thread came"));
}

#[test]
fn nobody_is_asked_after_term_nor_where_acts_do_not_exist() {
    let mut world = ImaginedWorld::draining();
    world.type_slowly("t");
    assert!(
        world.console.dialog.take().is_some(),
        "quiet, it still listens"
    );
    let target = world.session.run.as_ref().unwrap().ledger().targets()[0]
        .key
        .local()
        .unwrap();
    let process = world.session.fleet.get(&ProcessKey::Local(target));
    assert!(process.is_some() && world.session.may_ask(target).is_ok());
    let stop = "pid=PID tid=m INFO: Shutting down";
    let text = stop.replace("PID", &target.pid.to_string());
    let origin = LineOrigin {
        pid: target.pid,
        inner_pid: target.pid,
        shared: false,
    };
    let line = LogLine::new(origin, &text, world.now);
    let news = LogNews::Lines(vec![line]);
    let effects = world.session.observe(Observation::Logged(news), world.now);
    drop(effects);
    assert!(
        world
            .session
            .may_ask(target)
            .unwrap_err()
            .contains("no longer listens")
    );
    // The same by what was sent, where no log says anything.
    let world = ImaginedWorld::stopping();
    let target = world.session.run.as_ref().unwrap().ledger().targets()[0]
        .key
        .local()
        .unwrap();
    let why = world.session.may_ask(target).unwrap_err();
    assert!(why.contains("no longer listens"), "{why}");
    // Nor while TERM is on its way.
    let mut world = ImaginedWorld::by_hand();
    let target = world.session.run.as_ref().unwrap().ledger().targets()[0]
        .key
        .local()
        .unwrap();
    assert!(world.session.may_ask(target).is_ok());
    let go = Command::Go {
        step: 1,
        accepted: 9,
    };
    drop(world.session.command(go, world.now));
    let why = world.session.may_ask(target).unwrap_err();
    assert!(why.contains("no longer listens"), "{why}");
    for (kind, words) in [
        (Kind::ReadOnly, "read-only"),
        (Kind::Rehearsal, "rehearsal"),
        (Kind::Demo, "write no log"),
    ] {
        let mut world = ImaginedWorld::new();
        world.session.setting.kind = kind;
        world.type_slowly("t");
        assert!(world.console.dialog.is_none() && world.console.screen == Screen::Main);
        let notice = world.console.memory.notice.unwrap();
        assert!(notice.contains(words), "{notice}");
    }
}
