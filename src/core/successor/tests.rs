//! The watch over a drained process's place: who is taken for its successor, and who is not.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Watch;
use crate::core::drain::{About, ActOutcome, Command, Effect, Input, Plan, Policy, Run, Successor};
use crate::core::fleet::{
    Fleet, Link, LocalId, LocalProcess, LookRow, Observation, ProcessKey, Title, Unit,
};
use crate::core::moment::Moment;
use crate::core::sidekiq::{Registered, shown};

fn at(seconds: u64) -> Moment {
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    Moment::new(Duration::from_secs(10_000), wall).after(Duration::from_secs(seconds))
}

/// A Sidekiq of this host that began at second `began`.
fn sidekiq(pid: u32, began: u64, tag: &str) -> LocalProcess {
    let id = LocalId {
        pid,
        start_ticks: u64::from(pid),
    };
    LocalProcess {
        title: Title::Beating {
            version: "7.3.9".into(),
            tag: tag.into(),
            busy: 0,
            concurrency: 5,
            stopping: false,
        },
        ..shown::process(id, "util1", at(began).epoch())
    }
}

fn in_unit(mut process: LocalProcess, unit: &str) -> LocalProcess {
    process.surroundings.unit = Some(Unit::of_system(unit));
    process
}

/// What Redis holds of a process.
fn row(process: &LocalProcess, now: Moment) -> LookRow {
    let Title::Beating { tag, .. } = &process.title else {
        panic!("it has not beaten");
    };
    let identity = format!("util1:{0}:nonce{0}", process.id.pid);
    let mut registered = Registered::new(&identity, "", 5, process.started_at + 1.0);
    Arc::make_mut(&mut registered.info).tag.clone_from(tag);
    LookRow {
        beat_age: Some(Duration::ZERO),
        ..registered.row(now.epoch(), false, Vec::new())
    }
}

/// A drain that began at 100 s and ended its targets at 105 s.
struct Scene {
    fleet: Fleet,
    run: Run,
    watch: Watch,
    now: Moment,
}

/// How long the places are watched.
const SPAN: Duration = Duration::from_secs(30);

impl Scene {
    /// `here`: those that run already; `known`: whether Redis has them. All but the last `spared`
    /// are drained.
    fn drained(here: &[LocalProcess], known: bool, spared: usize) -> Self {
        let mut fleet = Fleet::default();
        see(&mut fleet, here, if known { here } else { &[] }, at(100));
        let targets = &here[..here.len() - spared];
        let ids: Vec<LocalId> = targets.iter().map(|process| process.id).collect();
        let plan = Plan {
            policy: Policy::Follow,
            ..Plan::of("term".parse().unwrap())
        };
        let watch = Watch::new(&fleet, &ids, None, SPAN, at(100));
        let keys: Vec<ProcessKey> = ids.iter().copied().map(ProcessKey::Local).collect();
        let (run, _) = Run::new(plan, &keys, &fleet, None, at(100));
        let mut scene = Self {
            fleet,
            run,
            watch,
            now: at(101),
        };
        let effects = scene.call(Input::Command(Command::Automatic));
        for effect in effects {
            if let Effect::Act(id, _) = effect {
                drop(scene.call(Input::Outcome(id, ActOutcome::Sent)));
            }
        }
        scene.now = at(105);
        for id in ids {
            scene.exits(id);
        }
        drop(scene.call(Input::Observed));
        while !scene.run.phase().is_over() {
            assert!(scene.now < at(200), "stuck in {:?}", scene.run.phase());
            scene.now = scene.now.after(Duration::from_secs(1));
            drop(scene.call(Input::Tick));
        }
        scene
    }

    fn call(&mut self, input: Input) -> Vec<Effect> {
        self.run.handle(input, &self.fleet, self.now)
    }

    fn exits(&mut self, process: LocalId) {
        self.fleet.observe(Observation::Exited {
            process,
            at: self.now,
            status: None,
        });
    }

    /// One second later this host runs `here`, and Redis knows `beating`; what is told then.
    fn told(&mut self, here: &[LocalProcess], beating: &[LocalProcess]) -> Vec<(About, Successor)> {
        self.now = self.now.after(Duration::from_secs(1));
        see(&mut self.fleet, here, beating, self.now);
        for id in self.watch.wanted(&self.fleet) {
            self.watch.tell(id, Some(format!("/app/{}", id.pid)));
        }
        self.watch.follow(&self.run, &self.fleet, None, self.now)
    }

    /// What is told once the watch is over, where nothing was before.
    fn told_at_last(
        &mut self,
        here: &[LocalProcess],
        beating: &[LocalProcess],
    ) -> Vec<(About, Successor)> {
        assert_eq!(self.told(here, beating), [], "too early");
        let end = self.watch.deadline().unwrap();
        self.now = end.before(Duration::from_millis(1001));
        assert_eq!(self.told(here, beating), [], "a moment too early");
        self.told(here, beating)
    }
}

fn see(fleet: &mut Fleet, here: &[LocalProcess], beating: &[LocalProcess], now: Moment) {
    let host = shown::scan("util1", here.to_vec(), now);
    fleet.observe(Observation::Host(host));
    fleet.observe(Observation::Link(Link::Connected {
        round_trip: Duration::from_millis(1),
        at: now,
    }));
    let rows = beating.iter().map(|process| row(process, now)).collect();
    fleet.observe(Observation::Look(shown::look(rows, now)));
}

#[test]
fn what_beats_in_its_unit_takes_the_place() {
    let mut scene = Scene::drained(&[in_unit(sidekiq(10, 0, "web"), "s@1.service")], true, 0);
    let next = in_unit(sidekiq(20, 108, "other"), "s@1.service");
    see(
        &mut scene.fleet,
        from_ref(&next),
        from_ref(&next),
        scene.now,
    );
    let told = scene
        .watch
        .follow(&scene.run, &scene.fleet, None, scene.now);
    assert_eq!(told, [], "its directory is still to be told");
    let told = scene.told(from_ref(&next), from_ref(&next));
    let [(about, successor)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((about.pid, about.name.as_str()), (Some(20), "util1:20"));
    assert!(successor.found);
    assert_eq!(successor.replaces, "util1:10");
    assert_eq!(successor.after_s, Some(3.0));
    assert!(successor.first_beat_s.is_some());
    assert_eq!(successor.directory.as_deref(), Some("/app/20"));
    assert_eq!(successor.directory_before.as_deref(), Some("/app/10"));
    assert_eq!(
        scene.told(from_ref(&next), from_ref(&next)),
        [],
        "told once"
    );
    assert!(!scene.watch.is_open());
    assert_eq!(scene.watch.deadline(), None);
}

#[test]
fn its_first_beat_is_awaited_and_its_absence_told() {
    let mut scene = Scene::drained(&[in_unit(sidekiq(10, 0, "web"), "s@1.service")], true, 0);
    let next = in_unit(sidekiq(20, 108, "web"), "s@1.service");
    let told = scene.told_at_last(from_ref(&next), &[]);
    let [(about, successor)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((about.pid, successor.found), (Some(20), true));
    assert_eq!(successor.first_beat_s, None);
    let words = successor.sentence().with("util1:20");
    assert!(words.contains("no heartbeat within 30 s"), "{words}");
}

#[test]
fn where_none_came_up_that_is_told_at_the_end_alone() {
    let mut scene = Scene::drained(&[in_unit(sidekiq(10, 0, "web"), "s@1.service")], true, 0);
    let told = scene.told_at_last(&[], &[]);
    let [(about, successor)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((about.pid, about.name.as_str()), (None, "util1:10"));
    assert!(!successor.found);
    let words = successor.sentence().with(&about.name);
    assert!(words.contains("no process came up"), "{words}");
    assert!(words.contains("systemctl start s@1.service"), "{words}");
}

#[test]
fn who_was_there_before_is_nobodys_successor() {
    let old = in_unit(sidekiq(10, 0, "web"), "s@1.service");
    let beside = in_unit(sidekiq(11, 99, "web"), "s@1.service");
    let mut scene = Scene::drained(&[old, beside.clone()], true, 1);
    let told = scene.told_at_last(from_ref(&beside), from_ref(&beside));
    assert_eq!(told.len(), 1);
    assert!(!told[0].1.found, "{told:?}");
}

#[test]
fn without_a_unit_host_and_tag_must_be_the_same() {
    let mut elsewhere = sidekiq(20, 108, "web");
    elsewhere.surroundings.hostnames = vec!["container7".into()];
    for stranger in [
        elsewhere,
        sidekiq(20, 108, "admin"),
        in_unit(sidekiq(20, 108, "web"), "s@1.service"),
    ] {
        let mut scene = Scene::drained(&[sidekiq(10, 0, "web")], false, 0);
        let told = scene.told_at_last(from_ref(&stranger), &[]);
        assert!(!told[0].1.found, "{stranger:?} for {told:?}");
    }
    let mut unit = Scene::drained(&[in_unit(sidekiq(10, 0, "web"), "s@1.service")], true, 0);
    let plain = sidekiq(20, 108, "web");
    assert!(
        !unit.told_at_last(from_ref(&plain), from_ref(&plain))[0]
            .1
            .found
    );
    let mut scene = Scene::drained(&[sidekiq(10, 0, "web")], true, 0);
    assert!(scene.told(from_ref(&plain), from_ref(&plain))[0].1.found);
}

#[test]
fn another_applications_process_with_the_same_tag_is_not_taken() {
    let mut scene = Scene::drained(&[sidekiq(10, 0, "web")], true, 0);
    // Its title shows beats, but the connected Redis does not know it.
    let told = scene.told_at_last(&[sidekiq(20, 108, "web")], &[]);
    assert!(!told[0].1.found, "{told:?}");
    // A target that Redis did not know had no better name.
    let mut unknown = Scene::drained(&[sidekiq(10, 0, "web")], false, 0);
    let told = unknown.told_at_last(&[sidekiq(20, 108, "web")], &[]);
    assert_eq!((told[0].0.pid, told[0].1.found), (Some(20), true));
}

#[test]
fn the_name_of_the_directory_is_a_tag_too() {
    // Sidekiq 8 names a process after its directory, which is the number of a release.
    let mut scene = Scene::drained(&[sidekiq(10, 0, "10")], true, 0);
    let next = sidekiq(20, 108, "20");
    assert!(scene.told(from_ref(&next), from_ref(&next))[0].1.found);
    let mut chosen = Scene::drained(&[sidekiq(10, 0, "web")], true, 0);
    let next = sidekiq(20, 108, "20");
    assert!(
        !chosen.told_at_last(from_ref(&next), from_ref(&next))[0]
            .1
            .found
    );
}

#[test]
fn each_place_has_its_own_and_one_that_ended_again_is_nobody() {
    let both = [sidekiq(10, 0, "web"), sidekiq(11, 0, "web")];
    let mut scene = Scene::drained(&both, true, 0);
    let first = sidekiq(20, 108, "web");
    assert_eq!(scene.told(from_ref(&first), from_ref(&first)).len(), 1);
    let second = sidekiq(21, 109, "web");
    let told = scene.told(&[first.clone(), second.clone()], &[first, second]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0.pid, Some(21));

    let unit = "s@1.service";
    let mut scene = Scene::drained(&[in_unit(sidekiq(10, 0, "web"), unit)], true, 0);
    let broken = in_unit(sidekiq(20, 108, "web"), unit);
    assert_eq!(scene.told(from_ref(&broken), &[]), []);
    scene.exits(broken.id);
    let told = scene
        .watch
        .follow(&scene.run, &scene.fleet, None, scene.now);
    assert_eq!(told, []);
    let lines = scene.watch.lines(Some(scene.now));
    assert!(lines[0].1.contains("nothing has come up"), "{lines:?}");
    let next = in_unit(sidekiq(21, 109, "web"), unit);
    let told = scene.told(from_ref(&next), from_ref(&next));
    assert_eq!(told[0].0.pid, Some(21));
}

#[test]
fn a_place_that_was_not_left_is_not_watched() {
    let here = [in_unit(sidekiq(10, 0, "web"), "s@1.service")];
    let mut scene = Scene::drained(&here, true, 0);
    let plan = scene.run.plan().clone();
    let ids = [here[0].id];
    let mut fleet = Fleet::default();
    see(&mut fleet, &here, &here, at(100));
    let (run, _) = Run::new(plan, &ids.map(ProcessKey::Local), &fleet, None, at(100));
    (scene.run, scene.fleet, scene.now) = (run, fleet, at(101));
    scene.watch = Watch::new(&scene.fleet, &ids, None, SPAN, at(100));
    drop(scene.call(Input::Command(Command::StopHere)));
    assert!(scene.run.phase().is_over());
    assert_eq!(scene.told(&here, &here), []);
    assert!(!scene.watch.is_open());
}
