//! What the console says must be true, and the same on every screen.

use crate::console::fixture::ImaginedWorld;
use crate::console::{
    Friction, Key, Listing, advice, if_untouched, process_rows, process_state, result_text,
};
use crate::core::drain::{Event, Policy};
use crate::core::fleet::RedisAddress;
use crate::core::outlook::{Outlooks, SpanWords};

fn outlooks(world: &ImaginedWorld) -> Outlooks<'_> {
    let targets = world.console.targets(&world.session);
    Outlooks::new(world.session.situation(world.now), &targets)
}

fn untouched(world: &ImaginedWorld) -> String {
    if_untouched(&world.session, &outlooks(world))
}

fn state(world: &ImaginedWorld, pid: u32) -> (&'static str, String) {
    let key = ImaginedWorld::key(pid);
    let process = &world.session.fleet.processes[&key];
    let state = process_state(&world.session, &outlooks(world), &key, process);
    (state.word, state.remark)
}

/// A drain whose KILL comes long before the push-back.
pub(super) fn hasty(policy: Policy) -> ImaginedWorld {
    let mut world = ImaginedWorld::new();
    world.session.setting.plan.sequence = "tstp, 10, term, 3, kill".parse().unwrap();
    world.session.setting.plan.policy = policy;
    world.look();
    world
}

#[test]
fn a_kill_that_asks_loses_nothing_by_itself() {
    let asks = untouched(&hasty(Policy::Ask));
    assert!(asks.contains("0 lost"), "{asks}");
    let follows = untouched(&hasty(Policy::Follow));
    assert!(!follows.contains(" 0 lost"), "{follows}");
}

#[test]
fn jobs_whose_process_died_stand_first_in_the_sum() {
    let world = died();
    let said = untouched(&world);
    assert!(
        said.starts_with("3 may be lost (its process is gone)"),
        "{said}"
    );
    assert_eq!(state(&world, 4242).0, "DIED");
}

#[test]
fn without_redis_no_push_back_is_promised() {
    let said = untouched(&ImaginedWorld::cut_off());
    assert!(
        said.starts_with("0 lost, 4 run on; TERM waits until Redis answers"),
        "{said}"
    );
    let said = untouched(&ImaginedWorld::asked_for_redis());
    assert_eq!(
        said,
        "nothing is sent until Redis answers, then TERM; 0 lost, 4 run on"
    );
}

#[test]
fn a_process_without_a_heartbeat_hangs_and_is_a_target() {
    let world = ImaginedWorld::hung();
    assert_eq!(state(&world, 4242).0, "HANGS");
    assert!(
        world
            .session
            .default_targets()
            .contains(&ImaginedWorld::key(4242))
    );
    let said = untouched(&world);
    assert!(said.contains("3 may be lost (its process hangs"), "{said}");
}

#[test]
fn a_clean_exit_is_never_called_by_a_worse_name() {
    let world = ImaginedWorld::requeued();
    for pid in [4242, 4243, 4244] {
        let (stands, remark) = state(&world, pid);
        assert_eq!(stands, "exited");
        assert!(remark.starts_with("stopped by itself"), "{remark}");
    }
}

#[test]
fn the_strip_knows_its_steps_when_the_pane_has_forgotten_them() {
    let mut world = ImaginedWorld::draining();
    for number in 0..1100 {
        let text = format!("remark {number}");
        drop(world.session.note(Event::Remarked { text }, world.now));
    }
    let steps = world.session.journal.steps();
    assert_eq!((steps.len(), steps[0].sent), (1, 3));
}

#[test]
fn targets_stand_first_and_by_number() {
    let mut world = ImaginedWorld::new();
    for (index, pid) in [(0, 59), (1, 5), (2, 9)] {
        world.imagined[index].pid = pid;
    }
    world.forget();
    world.look();
    let targets = world.console.targets(&world.session);
    let unfolded = Listing {
        unfolded: true,
        ..Listing::default()
    };
    let rows = process_rows(&world.session, &targets, &unfolded);
    let names: Vec<String> = rows.iter().map(|(_, process)| process.name()).collect();
    assert_eq!(names, ["util1:5", "util1:9", "util1:59", "util2:771"]);
    let folded = process_rows(&world.session, &targets, &Listing::default());
    assert_eq!(folded.len(), 3);
}

#[test]
fn a_kill_of_another_application_wants_its_pid() {
    let mut world = ImaginedWorld::new();
    world.imagined[2].in_redis = false;
    world.forget();
    world.look();
    assert!(
        RedisAddress::new("redis://10.0.0.9:6379/1")
            .to_string()
            .contains("10.0.0.9")
    );
    world.press(Key::Char('p'));
    world.press(Key::Char('j'));
    world.press(Key::Char('j'));
    world.type_slowly("K");
    let dialog = world.console.dialog.as_ref().unwrap();
    assert_eq!(dialog.friction, Friction::Pid(4244));
    let lines = dialog.lines.join(" ");
    assert!(lines.starts_with("ANOTHER APPLICATION"), "{lines}");
    // Of its jobs nothing is known: no number sounds like knowledge.
    assert!(lines.contains("Up to 5 jobs are lost"), "{lines}");
    assert!(!lines.contains("heartbeat"), "{lines}");
}

#[test]
fn a_term_is_not_said_to_bring_back_the_jobs_of_a_process_that_hangs() {
    let mut world = ImaginedWorld::by_hand();
    world.imagined[0].beat_age = 40;
    world.forget();
    world.look();
    world.type_slowly("n");
    let lines = world.console.dialog.as_ref().unwrap().lines.join(" ");
    assert!(
        lines.contains("What still runs of 1 known job 25 s later"),
        "{lines}"
    );
    assert!(
        lines.contains("util1:4242: its process hangs: no heartbeat for 4"),
        "{lines}"
    );
    assert!(
        lines.contains("nothing pushes its 3 known jobs back until then"),
        "{lines}"
    );
}

#[test]
fn the_sum_keeps_the_jobs_of_processes_that_nothing_shows_any_more() {
    let mut world = ImaginedWorld::stopping();
    world.back = vec!["a9b8".into()];
    world.exit(4244);
    world.pass(5);
    let (before, work) = (outlooks(&world).tally(), outlooks(&world).toll());
    world.pass(120);
    assert!(
        !world
            .session
            .fleet
            .processes
            .contains_key(&ImaginedWorld::key(4244))
    );
    assert!(world.session.is_draining());
    let (after, toll) = (outlooks(&world).tally(), outlooks(&world).toll());
    assert_eq!(after.total(), before.total());
    assert!(work.redone.is_none() || toll.redone >= work.redone);
}

#[test]
fn where_kill_costs_nothing_the_strip_says_what_to_press() {
    let mut world = ImaginedWorld::questioned();
    world.back = ["b4a5", "c1d2", "e3f4"].map(String::from).to_vec();
    world.imagined[0].jobs.clear();
    world.pass(3);
    let said = advice(&world.session, &outlooks(&world)).unwrap();
    assert!(said.starts_with("n: KILL ends util1:4242"), "{said}");
    let costly = ImaginedWorld::questioned();
    let said = advice(&costly.session, &outlooks(&costly)).unwrap_or_default();
    assert!(!said.starts_with("n: KILL"), "{said}");
}

#[test]
fn the_length_of_a_drain_is_told_beside_its_waits() {
    let text = result_text(&ImaginedWorld::stopped().session);
    assert!(text.contains("; the waits of the plan: 2:30."), "{text}");
    let mut world = ImaginedWorld::draining();
    world.press(Key::Char('+'));
    world.press(Key::Char('x'));
    world.pass(1);
    let text = result_text(&world.session);
    assert!(
        text.contains("the waits of the plan: 2:30, and 30 s more by hand."),
        "{text}"
    );
}

/// The dialog of a beginning counts as the strip does, and so does the list of jobs.
#[test]
fn the_start_is_asked_in_the_numbers_of_the_strip() {
    for mut world in [
        ImaginedWorld::new(),
        ImaginedWorld::iterating(),
        hasty(Policy::Ask),
    ] {
        let strip = untouched(&world);
        let (_, numbers) = strip.rsplit_once(": ").unwrap();
        world.type_slowly("a");
        let lines = world.console.dialog.as_ref().unwrap().lines.join(" ");
        assert!(lines.contains(numbers), "{numbers} in {lines}");
    }
}

#[test]
fn a_key_before_the_dialog_could_be_read_says_so() {
    let mut world = ImaginedWorld::new();
    world.press(Key::Char('a'));
    world.press(Key::Char('y'));
    let said = world.console.memory.notice.clone().unwrap();
    assert_eq!(said, "too fast: press y again");
    world.type_slowly("y");
    assert!(world.session.run.is_some());
    assert_eq!(world.console.memory.notice, None, "it was obeyed");
}

#[test]
fn a_key_that_does_nothing_says_why() {
    let mut world = ImaginedWorld::draining();
    let mut said = |key| {
        world.press(Key::Char(key));
        world.console.memory.notice.clone().unwrap()
    };
    assert_eq!(
        said('n'),
        "n (next step): the drain goes automatically; . sends the next step now"
    );
    assert_eq!(
        said('v'),
        "v (mark): the targets are fixed while a drain runs"
    );
    assert_eq!(said('r'), "r, R (retry): no signal has failed");
    world.press(Key::Char('p'));
    for _ in 0..5 {
        world.press(Key::Char('j'));
    }
    world.press(Key::Char('K'));
    let said = world.console.memory.notice.clone().unwrap();
    assert!(said.contains("is on another host"), "{said}");
}

/// It took itself out of Redis and sends no heartbeat any more: it is on its way out.
#[test]
fn a_process_that_leaves_in_order_does_not_hang() {
    let mut world = ImaginedWorld::stopping();
    world.imagined[0].in_redis = false;
    world.pass(1);
    world.pass(40);
    assert!(world.session.is_draining());
    assert_eq!(state(&world, 4242).0, "stopping");
    let said = untouched(&world);
    assert!(!said.contains("hangs"), "{said}");
}

/// A target died in the drain.
pub(super) fn died() -> ImaginedWorld {
    let mut world = ImaginedWorld::draining();
    world.imagined[0].died = Some(world.now);
    world.pass(8);
    world
}

#[test]
fn the_jobs_of_a_dead_process_are_not_merely_not_drained() {
    let world = ImaginedWorld::dead();
    let outlooks = outlooks(&world);
    let (key, process) = world
        .session
        .fleet
        .processes
        .iter()
        .find(|(_, process)| process.name() == "util1:4242")
        .unwrap();
    for job in &process.jobs {
        let said = outlooks.job(key, job);
        assert_eq!(
            said.words(SpanWords::Stands),
            "may be lost: its process is gone"
        );
    }
}
