//! Looks one after the other, and what is learnt from them.

use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::core::fleet::{Link, LocalId, LocalProcess, LookRow, Observation, Threads, Work};
use crate::core::sidekiq::{Registered, shown};

const EPOCH: f64 = 1_800_000_000.0;

pub(super) fn at(seconds: f64) -> Moment {
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    let start = Moment::new(Duration::from_secs(10_000), wall);
    start.after(Duration::from_secs_f64(seconds))
}

pub(super) fn work(tid: &str, jid: &str, run_at: f64) -> Arc<Work> {
    Arc::new(shown::work_of(tid, jid, "Report", EPOCH + run_at))
}

/// What a look shows of a process that beat at `beat`.
pub(super) fn row(identity: &str, beat: f64, quiet: bool, work: Vec<Arc<Work>>) -> LookRow {
    Registered::new(identity, "7.3.9", 4, EPOCH - 100.0).row(EPOCH + beat, quiet, work)
}

/// A Sidekiq, what it showed last, and what was learnt from it.
pub(super) struct Scene {
    pub(super) fleet: Fleet,
    pub(super) following: Following,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            fleet: Fleet::default(),
            following: Following::default(),
        }
    }

    /// A look at `seconds` at a beat of `beat` that shows these jobs.
    pub(super) fn look(&mut self, seconds: f64, beat: f64, quiet: bool, work: Vec<Arc<Work>>) {
        self.look_at(seconds, vec![row("util1:7:a", beat, quiet, work)]);
    }

    /// A look at `seconds` that shows these processes.
    pub(super) fn look_at(&mut self, seconds: f64, rows: Vec<LookRow>) {
        self.observe(
            Observation::Link(Link::Connected {
                round_trip: Duration::ZERO,
                at: at(seconds),
            }),
            seconds,
        );
        let look = shown::look(rows, at(seconds));
        self.observe(Observation::Look(look), seconds);
    }

    pub(super) fn scan(&mut self, seconds: f64, processors: usize) {
        let id = LocalId {
            pid: 7,
            start_ticks: 1,
        };
        let local = LocalProcess {
            threads: Some(Threads {
                processors,
                heartbeat: true,
                at: at(seconds),
            }),
            ..shown::process(id, "util1", EPOCH - 110.0)
        };
        let host = shown::scan("util1", vec![local], at(seconds));
        self.observe(Observation::Host(host), seconds);
    }

    pub(super) fn observe(&mut self, observation: Observation, seconds: f64) {
        self.fleet.observe(observation);
        self.following.observe(&self.fleet, at(seconds));
    }

    /// The marks of its first job at `seconds`.
    fn marks(&self, seconds: f64) -> Vec<String> {
        let (key, process) = self.fleet.processes.iter().next().unwrap();
        let job = &process.jobs[0];
        let spans = (job.elapsed(at(seconds)), None);
        let reasons = self
            .following
            .reasons(&self.fleet, (key, process), job, spans, at(seconds));
        reasons.into_iter().map(Stuck::mark).collect()
    }
}

#[test]
fn a_usual_time_is_learnt_from_jobs_that_leave() {
    let mut scene = Scene::new();
    let mut beat = 0.0;
    for number in 0..5 {
        assert_eq!(scene.following.usual("Report"), None, "{number}");
        let jid = number.to_string();
        scene.look(beat + 0.5, beat, false, vec![work("t1", &jid, beat - 2.0)]);
        beat += 10.0;
        scene.look(beat, beat, false, vec![]);
    }
    let usual = scene.following.usual("Report").unwrap();
    assert_eq!((usual.span, usual.seen), (Duration::from_secs(12), 5));
    scene.look(
        beat + 0.5,
        beat,
        false,
        vec![work("t1", "long", beat - 80.0)],
    );
    assert_eq!(scene.marks(beat + 0.5), ["6x usual"]);
}

#[test]
fn what_leaves_a_quiet_process_or_runs_elsewhere_teaches_nothing() {
    let mut scene = Scene::new();
    let mut beat = 0.0;
    for _ in 0..9 {
        scene.look(beat, beat, false, vec![work("t1", "a", beat - 2.0)]);
        beat += 10.0;
        // Another thread has it now.
        scene.look(beat, beat, false, vec![work("t2", "a", beat - 2.0)]);
        scene.look(beat + 1.0, beat + 1.0, true, vec![]);
        beat += 10.0;
    }
    assert_eq!(scene.following.usual("Report"), None);
}

#[test]
fn memory_has_bounds() {
    let mut following = Following::default();
    for number in 0..2_000 {
        following.took(&format!("Class{number}"), Duration::ZERO);
        following.took("Class1", Duration::from_secs(number));
    }
    assert_eq!(following.times.len(), CLASSES);
    assert_eq!(following.times["Class1"].len(), SAMPLES);
    assert_eq!(following.usual("Class1").unwrap().seen, SAMPLES);
}

#[test]
fn threads_are_missed_only_after_two_beats_of_a_process_that_fetches() {
    let jobs = || vec![work("t1", "a", -5.0), work("t2", "b", -5.0)];
    let mut scene = Scene::new();
    scene.look(0.0, 0.0, false, jobs());
    scene.scan(0.5, 1);
    scene.look(1.0, 0.0, false, jobs());
    assert!(scene.marks(1.0).is_empty(), "one beat");
    scene.scan(10.5, 1);
    scene.look(11.0, 10.0, false, jobs());
    assert_eq!(scene.marks(11.0), ["thread gone?"]);
    scene.scan(20.5, 1);
    scene.look(21.0, 20.0, true, jobs());
    assert!(scene.marks(21.0).is_empty(), "quiet");
}

#[test]
fn a_lost_link_is_no_silent_process() {
    let mut scene = Scene::new();
    scene.look(0.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    assert!(scene.marks(100.0).is_empty(), "nobody has looked since");
    scene.look(100.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    assert_eq!(scene.marks(100.0), ["no heartbeat"]);
}

#[test]
fn a_job_that_newer_beats_do_not_show_is_marked_after_a_while() {
    let mut scene = Scene::new();
    scene.look(0.0, 0.0, false, vec![work("t1", "a", -5.0)]);
    // Half-written: the beat counts one job and lists none.
    for second in [10.0, 11.0, 14.0] {
        let mut half = row("util1:7:a", 10.0, false, Vec::new());
        half.heartbeat.as_mut().unwrap().busy = 1;
        scene.look_at(second, vec![half]);
    }
    assert_eq!(scene.marks(14.0), ["not shown"]);
}
