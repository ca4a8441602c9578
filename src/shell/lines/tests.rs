//! What is said of a host that cannot be read.

use super::*;
use crate::console::fixture::ImaginedWorld;

fn front(allow_empty: bool) -> LinesFront {
    let errand = LinesErrand {
        choice: Choice::default(),
        allow_empty,
        may_ask: false,
        confirm: false,
        successor: false,
    };
    LinesFront::new(Printer(Printed::Json), errand)
}

#[test]
fn a_host_that_was_not_read_is_not_said_to_run_no_sidekiq() {
    let mut world = ImaginedWorld::new();
    world.session.fleet.scanned = None;
    // Nothing is no success where nothing is known.
    let mut front = front(true);
    assert!(front.answer(&world.session, world.now).is_empty());
    world.now = world
        .now
        .after(SCANNING.checked_sub(Duration::from_secs(1)).unwrap());
    assert!(front.answer(&world.session, world.now).is_empty());
    assert!(matches!(front.stage, LinesStage::Gathering { .. }));
    world.now = world.now.after(Duration::from_secs(1));
    assert!(front.answer(&world.session, world.now).is_empty());
    assert_eq!(front.stage, LinesStage::Over(Outcome::Error));
}

#[test]
fn a_host_that_is_read_late_is_waited_for() {
    let mut world = ImaginedWorld::new();
    let scanned = world.session.fleet.scanned.take();
    let mut front = front(false);
    front.answer(&world.session, world.now);
    world.now = world.now.after(GATHERING * 2);
    assert!(front.answer(&world.session, world.now).is_empty());
    world.session.fleet.scanned = scanned;
    let requests = front.answer(&world.session, world.now);
    assert!(
        matches!(requests[..], [Request::Begin { .. }, ..]),
        "{requests:?}"
    );
}
