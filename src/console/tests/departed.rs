//! Jobs that left the table: what the pages and the line of the queues say of them.

use std::time::Duration;

use crate::console::fixture::ImaginedWorld;
use crate::console::{Key, lines};
use crate::core::fleet::{Located, LogNews, Observation, Place};
use crate::core::log::{LineOrigin, LogLine};

fn text(world: &ImaginedWorld) -> String {
    let lines = lines(&world.session, &world.console, world.now);
    let words = lines
        .iter()
        .map(|line| format!("{} {}", line.label, line.text));
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_pages_of_a_job_and_of_its_process_say_where_it_went() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Tab);
    world.press(Key::Enter);
    world.imagined[0]
        .jobs
        .retain(|job| job.class != "ReportBuild");
    world.imagined[0].beat_age = 0;
    world.pass(11);
    let asked = world.now;
    let found = Located {
        jid: "b4a5".into(),
        place: Place::Retry,
        asked,
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    };
    world.session.following.departed.answered(vec![found]);
    let page = text(&world);
    assert!(page.contains("among the retries at"), "{page}");
    assert!(page.contains("a heartbeat is up to 10 s old"), "{page}");
    world.press(Key::Esc);
    world.press(Key::Tab);
    world.press(Key::Enter);
    let page = text(&world);
    assert!(
        page.contains("ReportBuild b4a5: among the retries"),
        "{page}"
    );
}

#[test]
fn what_is_usual_is_learnt_from_the_log() {
    let mut world = ImaginedWorld::new();
    let origin = LineOrigin {
        pid: 4242,
        inner_pid: 4242,
        shared: false,
    };
    let text =
        |number| format!("pid=4242 tid=t class=ReportBuild jid=j{number} elapsed=6.5 INFO: done");
    let line = |number: u32| LogLine::new(origin, &text(number), world.now);
    let lines: Vec<LogLine> = (0..5).map(line).collect();
    let said = Observation::Logged(LogNews::Lines(lines));
    drop(world.session.observe(said, world.now));
    let usual = world.session.following.usual("ReportBuild").unwrap();
    assert_eq!((usual.span, usual.seen), (Duration::from_millis(6500), 5));
}
