//! Real drains whose drainboard is killed with `SIGKILL` at a random point and resumed: no step
//! twice, no signal to another process, and the account of a drain that was not cut off. A few
//! points run with all tests; `tests/kill_and_resume` runs as many as wanted.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use drainboard::clock;
use serde_json::{Value, json};

use crate::console_pty::drains::signals;
use crate::support::drain::Drain;
use crate::support::ended::Ended;
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;

const SEQUENCE: &str = "tstp, 12, term, 14, kill";
/// The short job is let go so long after the begin: before TERM.
const RELEASED: Duration = Duration::from_secs(3);
/// A little longer than a whole drain: 12 s quiet, 6 s until the push-back.
const LONGEST: u64 = 20_000;

/// Numbers that look random, the same for the same seed (Knuth, MMIX).
struct Points(u64);

impl Points {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((self.0 >> 33) % LONGEST)
    }
}

fn resumed(scene: &Scene) -> Ended {
    Drain::of(&mut scene.drainboard(&["resume", "--yes", "--json"])).end()
}

fn report(scene: &Scene) -> Option<Value> {
    let output = scene.drainboard(&["report", "last", "--json"]).output();
    serde_json::from_slice(&output.unwrap().stdout).ok()
}

/// Whether the inputs of the drain say that a signal was under way when it was killed.
fn is_in_doubt(ended: &Ended) -> bool {
    let doubtful = |line: &&Value| line["may_have_happened"] == true;
    ended.events("signal_failed").iter().any(doubtful)
}

/// One drain that is killed after `point`; says where that was, in words.
fn killed_at(version: Version, point: Duration) -> &'static str {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(version);
    let long = scene.busy("SleepJob", &json!([600]));
    let short = scene.busy_until_released();
    let more = [sidekiq.chosen()];
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let drain = Drain::start(&scene, SEQUENCE, &more);
    let (end, release) = (clock::now().after(point), clock::now().after(RELEASED));
    let mut released = false;
    until_true("the point is reached", || {
        if !released && clock::now() > release {
            released = true;
            scene.release();
        }
        clock::now() > end
    });
    drain.kill();
    if !released {
        scene.release();
    }
    let begun = report(&scene).is_some_and(|report| !report["sequence"].is_null());
    let over = report(&scene).is_some_and(|report| !report["outcome"].is_null());
    let ended = if begun {
        resumed(&scene)
    } else {
        Drain::start(&scene, SEQUENCE, &more).end()
    };
    if is_in_doubt(&ended) {
        // Nothing may be sent on the strength of a guess.
        assert!(
            ended.signals().iter().all(|signal| *signal == "TSTP"),
            "{}",
            ended.text()
        );
        return "a signal under way";
    }
    let where_to = if over {
        ended.assert_code(1).assert_said("no drain was cut off");
        "over"
    } else {
        ended.assert_outcome(3, "requeued");
        if begun { "cut off" } else { "not begun" }
    };
    let report = report(&scene).unwrap();
    assert_eq!(report["outcome"], "requeued", "{report}");
    let fates: BTreeMap<&str, &str> = report["fates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["jid"].as_str().unwrap(), job["fate"].as_str().unwrap()))
        .collect();
    let expected = BTreeMap::from([(long.as_str(), "pushed_back"), (short.as_str(), "finished")]);
    assert_eq!(fates, expected, "{point:?} {report}");
    assert_eq!(signals(&scene), ["TSTP", "TERM"], "{point:?}");
    assert_eq!(scene.times_queued("default", &long), 1);
    assert!(sidekiq.wait_for_end().success());
    where_to
}

#[test]
fn one_point_of_a_drain_of_six() {
    killed_at(Version::Six, Points(6).next());
}

#[test]
fn one_point_of_a_drain_of_seven() {
    killed_at(Version::Seven, Points(7).next());
}

#[test]
fn one_point_of_a_drain_of_eight() {
    killed_at(Version::Eight, Points(8).next());
}

/// `DRAINBOARD_KILLS` points, drawn from `DRAINBOARD_SEED`; the script says how.
#[test]
#[ignore = "many minutes: tests/kill_and_resume runs it"]
fn many_points() {
    let number = |name: &str, other: u64| {
        let stated = std::env::var(name).ok().and_then(|text| text.parse().ok());
        stated.unwrap_or(other)
    };
    let (count, seed) = (
        number("DRAINBOARD_KILLS", 200),
        number("DRAINBOARD_SEED", 1),
    );
    let mut points = Points(seed);
    let drawn: Vec<Duration> = (0..count).map(|_| points.next()).collect();
    let left = Mutex::new(drawn.into_iter().enumerate());
    let found = Mutex::new(BTreeMap::<&str, u32>::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((index, point)) = next else { return };
                    let version = [Version::Six, Version::Seven, Version::Eight][index % 3];
                    let place = killed_at(version, point);
                    *found.lock().unwrap().entry(place).or_default() += 1;
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    eprintln!("seed {seed}: {found:?}");
    assert_eq!(u64::from(found.values().sum::<u32>()), count);
}
