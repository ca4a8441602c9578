//! How long no process takes jobs from the queues of a drain, as its last record has it.

use crate::console::Key;
use crate::console::fixture::{Imagined, ImaginedWorld};
use crate::core::drain::{Event, QueueServed};
use crate::core::fleet::{Link, Observation};

/// A world whose process on the other host takes no jobs any more.
fn alone() -> ImaginedWorld {
    ImaginedWorld::altered(|world| {
        for imagined in &mut world.imagined {
            imagined.quiet = imagined.host == "util2";
        }
    })
}

/// What the last record says of the queues.
fn told(world: &ImaginedWorld) -> Option<Vec<QueueServed>> {
    let mut records = world.session.journal.iter().rev();
    records.find_map(|record| {
        let Event::Finished { queues, .. } = &record.event else {
            return None;
        };
        Some(queues.clone())
    })?
}

fn lines(world: &ImaginedWorld) -> Vec<String> {
    let told = told(world).expect("the queues are known");
    told.iter().map(QueueServed::words).collect()
}

/// The processes here are told to be quiet, and their jobs end.
fn becomes_quiet(world: &mut ImaginedWorld) {
    world.type_slowly("ay");
    for imagined in &mut world.imagined {
        imagined.quiet = true;
        imagined.jobs.clear();
    }
    world.pass(12);
}

fn exits(world: &mut ImaginedWorld) {
    for pid in [4242, 4243, 4244] {
        world.exit(pid);
    }
    world.pass(3);
}

#[test]
fn a_queue_that_another_host_serves_is_never_without_a_process() {
    let mut world = ImaginedWorld::new();
    world.drained();
    let queues = told(&world).unwrap();
    let names: Vec<&str> = queues.iter().map(|queue| queue.queue.as_str()).collect();
    assert_eq!(names, ["default", "low"]);
    for queue in &queues {
        assert!(queue.gaps.is_empty() && !queue.still, "{queue:?}");
    }
    assert_eq!(lines(&world), ["default: 0.0 s", "low: 0.0 s"]);
}

#[test]
fn without_one_it_counts_from_the_last_that_became_quiet_to_the_end_of_the_drain() {
    let mut world = alone();
    becomes_quiet(&mut world);
    exits(&mut world);
    insta::assert_snapshot!(lines(&world).join("\n"), @r"
    default: 11.0 s; from T+1.0s (util1:4244 became idle), still unserved at the end
    low: 11.0 s; from T+1.0s (util1:4244 became idle), still unserved at the end
    ");
    let queues = told(&world).unwrap();
    assert!(queues.iter().all(|queue| queue.still));
    assert!(queues.iter().all(|queue| queue.gaps[0].until_t_s.is_none()));
}

#[test]
fn it_ends_with_the_first_beat_of_a_process_that_takes_jobs_from_it() {
    let mut world = alone();
    becomes_quiet(&mut world);
    let newcomer = Imagined {
        host: "util3",
        pid: 999,
        quiet: false,
        beat_age: 0,
        ..world.imagined[1].clone()
    };
    world.imagined.push(newcomer);
    world.pass(20);
    exits(&mut world);
    insta::assert_snapshot!(lines(&world).join("\n"), @r"
    default: 12.0 s; from T+1.0s (util1:4244 became idle), until T+13.0s (util3:999 beats)
    low: 12.0 s; from T+1.0s (util1:4244 became idle), until T+13.0s (util3:999 beats)
    ");
    assert!(told(&world).unwrap().iter().all(|queue| !queue.still));
}

#[test]
fn while_redis_does_not_answer_it_is_not_known() {
    let mut world = alone();
    becomes_quiet(&mut world);
    world.loses_redis();
    let connected = Link::Connected {
        round_trip: std::time::Duration::from_millis(1),
        at: world.now,
    };
    drop(
        world
            .session
            .observe(Observation::Link(connected), world.now),
    );
    exits(&mut world);
    let queues = told(&world).unwrap();
    assert!(queues.iter().all(|queue| queue.unserved_s.is_none()));
    assert!(lines(&world)[0].starts_with("default: not known"));
    let json = serde_json::to_value(&queues[0]).unwrap();
    assert!(
        json["unserved_s"].is_null() && json["still"] == true,
        "{json}"
    );
}

#[test]
fn where_no_queue_of_the_targets_is_known_nothing_is_said() {
    let mut world = ImaginedWorld::altered(|world| {
        for imagined in &mut world.imagined {
            imagined.in_redis = false;
        }
    });
    world.type_slowly("vjvjv");
    world.press(Key::Home);
    world.drained();
    assert_eq!(told(&world), None);
}
