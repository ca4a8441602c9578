//! The stand-in on live data that a test makes up.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::core::fleet::{Link, LocalId, LocalProcess, Threads, Title, Work};
use crate::core::sidekiq::{Registered, shown};

const ID: LocalId = LocalId {
    pid: 4242,
    start_ticks: 7,
};
const NAME: &str = "util1:4242:0123456789ab";

/// Seconds since the first signal.
fn at(seconds: i64) -> Moment {
    let boot = Duration::from_secs(u64::try_from(100_000 + seconds).unwrap());
    Moment::new(
        boot,
        Timestamp::from_second(1_800_000_000 + seconds).unwrap(),
    )
}

fn work(jid: &str, since: i64) -> Arc<Work> {
    let run_at = at(since).epoch().floor();
    let mut work = shown::work_of(&format!("t{jid}"), jid, "Job", run_at);
    work.queue = "low".into();
    Arc::new(work)
}

/// What a look at `now` shows of a beat at `beat` with these jobs.
fn look(now: i64, beat: i64, jobs: &[(&str, i64)]) -> Observation {
    let work: Vec<Arc<Work>> = jobs.iter().map(|(jid, since)| work(jid, *since)).collect();
    let age = Duration::from_secs(u64::try_from(now - beat).unwrap());
    let mut registered = Registered::new(NAME, "7.3.9", 5, at(-5000).epoch());
    Arc::make_mut(&mut registered.info).queues.clear();
    let row = LookRow {
        beat_age: Some(age),
        ..registered.row(at(beat).epoch(), false, work)
    };
    Observation::Look(shown::look(vec![row], at(now)))
}

fn host(now: i64) -> Observation {
    let local = LocalProcess {
        title: Title::Booting(String::new()),
        threads: Some(Threads {
            processors: 5,
            heartbeat: true,
            at: at(now),
        }),
        ..shown::process(ID, "util1", at(-5010).epoch())
    };
    Observation::Host(shown::scan("util1", vec![local], at(now)))
}

/// A stand-in that was shown jobs `a` and `b`, with the fleet that a screen sees.
struct Scene {
    stand_in: StandIn,
    fleet: Fleet,
    exits: Vec<Option<ExitStatus>>,
}

impl Scene {
    fn new(sequence: &str) -> Self {
        let timeout = Timeout::stated(Duration::from_secs(10), "test");
        let mut scene = Self {
            stand_in: StandIn::new(sequence.parse().unwrap(), Some(timeout)),
            fleet: Fleet::default(),
            exits: Vec::new(),
        };
        scene.fleet.link = Link::Connected {
            round_trip: Duration::ZERO,
            at: at(0),
        };
        scene.see(host(-1), -1);
        scene.see(look(-1, -3, &[("a", -100), ("b", -20)]), -1);
        scene
    }

    fn see(&mut self, live: Observation, now: i64) {
        for shown in self.stand_in.observe(live, at(now)) {
            if let Observation::Exited { status, .. } = &shown {
                self.exits.push(*status);
            }
            self.fleet.observe(shown);
        }
    }

    fn act(&mut self, signal: Signal, now: i64) -> ActOutcome {
        let act = Act {
            target: ID.into(),
            kind: ActKind::Signal(signal),
            step: None,
        };
        self.stand_in.act(&act, at(now))
    }

    fn shown(&self) -> Vec<&str> {
        let processes = self.fleet.processes.values();
        let jobs = processes.flat_map(|process| &process.jobs);
        jobs.filter_map(|job| job.work.jid.as_deref()).collect()
    }

    fn threads(&self) -> usize {
        let process = self.fleet.get(&ProcessKey::Local(ID)).unwrap();
        process.local.as_ref().unwrap().threads.unwrap().processors
    }

    fn place(&mut self, jid: &str, now: i64) -> Place {
        let live = Located {
            jid: jid.into(),
            place: Place::Nowhere {
                searched_whole: true,
            },
            asked: at(now),
            iterating: false,
            heirs: Vec::new(),
            namesake: None,
        };
        self.stand_in.locate(vec![live], at(now)).remove(0).place
    }
}

fn names(jobs: &[NamedJob]) -> Vec<&str> {
    jobs.iter().map(|job| job.jid.as_str()).collect()
}

#[test]
fn without_an_act_everything_is_as_it_is() {
    let mut scene = Scene::new("tstp, 60, term");
    scene.see(look(5, 4, &[("b", -20), ("c", 3)]), 5);
    assert_eq!(scene.shown(), ["b", "c"]);
    assert!(!scene.stand_in.is_assumed(&ID.into()));
    assert_eq!(scene.stand_in.next_event(at(5)), None);
}

#[test]
fn a_quiet_one_takes_no_new_jobs_and_shows_the_ends_of_the_old_ones() {
    let mut scene = Scene::new("tstp, 60, term");
    assert_eq!(scene.act(Signal::Tstp, 0), ActOutcome::Sent);
    scene.see(host(3), 3);
    assert_eq!(scene.threads(), 5, "no beat has named every job yet");
    // `x` began before the signal, and this beat is the first to show it.
    scene.see(
        look(8, 7, &[("a", -100), ("b", -20), ("c", 5), ("x", -1)]),
        8,
    );
    assert_eq!(scene.shown(), ["a", "b", "x"]);
    scene.see(host(8), 8);
    assert_eq!(scene.threads(), 3);
    let process = scene.fleet.get(&ProcessKey::Local(ID)).unwrap();
    assert!(process.says_quiet() && process.busy() == Some(3));

    scene.see(look(18, 17, &[("a", -100), ("d", 12)]), 18);
    assert_eq!(scene.shown(), ["a"]);
    scene.see(look(28, 27, &[("d", 12)]), 28);
    scene.see(host(28), 28);
    assert_eq!((scene.shown().len(), scene.threads()), (0, 0));
}

#[test]
fn what_still_runs_at_the_interrupt_time_is_pushed_back_and_the_process_exits() {
    let mut scene = Scene::new("tstp, 30, term, 20, kill");
    scene.act(Signal::Tstp, 0);
    scene.see(look(28, 27, &[("a", -100), ("e", 9)]), 28);
    scene.act(Signal::Term, 30);
    let nowhere = Place::Nowhere {
        searched_whole: true,
    };
    assert_eq!(scene.place("a", 38), nowhere);
    let back = Place::Queue { name: "low".into() };
    assert_eq!(scene.place("a", 40), back);
    assert_eq!(scene.place("b", 40), nowhere);
    // It goes on in truth.
    scene.see(look(48, 47, &[("a", -100)]), 48);
    scene.see(host(48), 48);
    assert_eq!(scene.exits, [Some(ExitStatus::Code(0))]);
    assert!(scene.shown().is_empty() || scene.fleet.get(&ProcessKey::Local(ID)).unwrap().exited());
    assert_eq!(scene.act(Signal::Kill, 50), ActOutcome::Gone);

    let outlook = scene.stand_in.outlook(at(50));
    assert_eq!(names(&outlook.pushed_back), ["a"]);
    assert_eq!(outlook.waited_s.unwrap().0.as_secs(), 40);
    assert!(scene.stand_in.known_at(at(50)).is_some());
    scene.see(look(58, 57, &[]), 58);
    assert_eq!(scene.stand_in.known_at(at(58)), None, "it ended in truth");
    let outlook = scene.stand_in.outlook(at(58));
    assert_eq!(names(&outlook.pushed_back), ["a"]);
    let (less, more) = (outlook.less.unwrap(), outlook.more.unwrap());
    assert_eq!(names(&less.interrupted), ["a", "b"]);
    assert_eq!(less.waited_s.unwrap().0.as_secs(), 10);
    assert_eq!(names(&more.interrupted), [""; 0]);
}

#[test]
fn a_kill_loses_what_was_not_back() {
    let mut scene = Scene::new("tstp, 20, term, 5, kill");
    scene.act(Signal::Tstp, 0);
    scene.see(look(18, 17, &[("a", -100)]), 18);
    scene.act(Signal::Term, 20);
    scene.act(Signal::Kill, 25);
    scene.see(look(26, 17, &[("a", -100)]), 26);
    assert_eq!(scene.exits, [Some(ExitStatus::Signal(9))]);
    let process = scene.fleet.get(&ProcessKey::Local(ID)).unwrap();
    assert_eq!(process.listed, crate::core::fleet::Listed::Yes);
    let outlook = scene.stand_in.outlook(at(26));
    assert_eq!(names(&outlook.lost), ["a"]);
    assert!(outlook.pushed_back.is_empty());
    let lines = outlook.lines().join("\n");
    assert!(lines.contains("would have been LOST: Job a"), "{lines}");
}
