//! A job on a process of this host, with all that is known of both, put together by hand.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::case_file::CaseFile;
use super::super::evidence::{Fact, LogEnd};
use super::super::execution::Execution;
use super::super::fate::Ruling;
use super::super::judge::judge;
use super::super::others::Served;
use super::super::scene::Scene;
use super::super::subject::{Exit, Signals, Subject};
use crate::core::fleet::{
    DeadMembers, Fleet, Heartbeat, HostLook, Identity, Info, Job, Lineage, Link, LinkFault,
    LocalId, LocalProcess, Located, LogNews, Look, LookRow, Mark, Observation, Place, ProcessKey,
    Threads, Work,
};
use crate::core::log::{LineOrigin, LogLine, Told};
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;
use crate::core::sidekiq::shown;

/// Seconds since 1970 at second 0.
pub(super) const EPOCH: f64 = 1_800_000_000.0;

/// Seconds from the first signal on.
pub(super) fn at(seconds: f64) -> Moment {
    let start = Timestamp::from_second(1_800_000_000).unwrap();
    let start = Moment::new(Duration::from_secs(10_000), start);
    let span = Duration::from_secs_f64(seconds.abs());
    if seconds < 0.0 {
        start.before(span)
    } else {
        start.after(span)
    }
}

pub(super) const KEY: ProcessKey = ProcessKey::Local(OWN);
pub(super) const OWN: LocalId = LocalId {
    pid: 100,
    start_ticks: 1,
};

pub(super) fn nowhere() -> Place {
    Place::Nowhere {
        searched_whole: true,
    }
}

/// What Redis answered to a question of this second.
pub(super) fn answer(asked: f64, place: Place) -> Located {
    Located {
        jid: "a".into(),
        place,
        asked: at(asked),
        iterating: false,
        heirs: Vec::new(),
        namesake: None,
    }
}

/// A row of a process that began at -60 s.
pub(super) fn row(name: &str, beat: f64, jobs: Vec<Arc<Work>>) -> LookRow {
    let info = Info {
        started_at: Some(EPOCH - 60.0),
        queues: vec!["default".into()],
        ..Info::default()
    };
    LookRow {
        identity: Identity::new(name),
        heartbeat: Some(Heartbeat {
            info: Arc::new(info),
            beat: EPOCH + beat,
            busy: jobs.len() as u64,
            quiet: false,
            rss_kb: None,
            concurrency: Some(4),
        }),
        beat_age: None,
        work: jobs,
        iterating: Vec::new(),
        faults: Vec::new(),
    }
}

/// The work of job `a`, which began at -2 s.
pub(super) fn work(lineage: Option<Lineage>) -> Arc<Work> {
    Arc::new(Work {
        tid: "t1".into(),
        jid: Some("a".into()),
        class: "Job".into(),
        queue: "default".into(),
        run_at: Some(EPOCH - 2.0),
        enqueued_at: None,
        payload: Arc::from(&b"{}"[..]),
        lineage,
        fault: None,
    })
}

/// The work that an Active Job with checkpoints names.
pub(super) fn checkpoints() -> Option<Lineage> {
    let payload = br#"{"class": "Sidekiq::ActiveJob::Wrapper", "jid": "a",
        "args": [{"job_id": "w", "executions": 0, "continuation": {}}]}"#;
    Lineage::of(payload)
}

/// Job `a` on the process of this host, told to stop at 0 s, whose timeout is 6 s.
pub(super) struct Bench {
    pub(super) fleet: Fleet,
    pub(super) execution: Execution,
    pub(super) file: CaseFile,
    pub(super) served: Served,
    pub(super) signals: Signals,
    pub(super) exit: Option<Exit>,
    timeout: Timeout,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::of(None)
    }

    pub(super) fn of(lineage: Option<Lineage>) -> Self {
        let key = ProcessKey::Local(OWN);
        let job = Job {
            work: work(lineage),
            started: Some(at(-2.0)),
            seen: at(0.0),
            until: None,
            beat: EPOCH,
            iterable: false,
        };
        let mark = Mark {
            about_to: at(0.0),
            at: at(0.0),
            beat: None,
            quiet: false,
            threads: None,
        };
        let mut bench = Self {
            fleet: Fleet::default(),
            execution: Execution::shown(&job, "a", key.clone()),
            file: CaseFile::new(key),
            served: Served::default(),
            signals: Signals {
                mark: Some(mark),
                stopped: Some(at(0.0)),
                ..Signals::default()
            },
            exit: None,
            timeout: Timeout::stated(Duration::from_secs(6), "a test"),
        };
        bench.links();
        bench
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            key: &KEY,
            name: "here:100",
            timeout: &self.timeout,
            signals: self.signals,
            exit: self.exit,
        }
    }

    /// Its process ended at this second.
    /// From this second on every look is fresh.
    pub(super) fn is_watched(&mut self, second: f64) {
        let mut fleet = self.fleet.clone();
        fleet.looked = Some(at(second));
        self.served.observe(&[], &fleet, at(second));
    }

    pub(super) fn exits(&mut self, second: f64, clean: Option<bool>) {
        let at = at(second);
        self.exit = Some(Exit { at, clean });
    }

    pub(super) fn scene(&self, now: f64, patient: bool) -> Scene<'_> {
        Scene {
            fleet: &self.fleet,
            now: at(now),
            patient,
            rehearsal: false,
        }
    }

    /// The ruling at this second; `patient`: while there is time to learn more.
    pub(super) fn ruling(&self, now: f64, patient: bool) -> Option<Ruling> {
        let scene = self.scene(now, patient);
        judge(
            &self.execution,
            &self.file,
            &self.subject(),
            &self.served,
            scene,
        )
    }

    /// Takes in an answer of Redis.
    pub(super) fn locates(&mut self, located: &Located) {
        let mut execution = self.execution.clone();
        execution.locate(located, &self.subject(), located.asked);
        self.execution = execution;
    }

    /// Redis was asked at this second, and it was nowhere.
    pub(super) fn is_nowhere(&mut self, asked: f64) {
        self.locates(&answer(asked, nowhere()));
    }

    pub(super) fn fact(&mut self, second: f64, fact: Fact) {
        self.execution.add(at(second), fact);
    }

    /// A line of its end that its log has for sure.
    pub(super) fn log_end(&mut self, second: f64, how: Told, late: bool) {
        let end = LogEnd {
            how,
            elapsed: None,
            late,
            ours: true,
        };
        self.fact(second, Fact::LogEnd(end));
    }

    pub(super) fn links(&mut self) {
        self.fleet.observe(Observation::Link(Link::Connected {
            round_trip: Duration::from_millis(1),
            at: at(0.0),
        }));
    }

    pub(super) fn loses_the_link(&mut self, second: f64) {
        self.fleet.observe(Observation::Link(Link::Lost {
            since: at(second),
            retry_at: at(second),
            why: LinkFault::Silent,
        }));
    }

    /// A look of this second. `counter`: whether Sidekiq's counter was there.
    pub(super) fn look(&mut self, second: f64, counter: Option<bool>, rows: Vec<LookRow>) {
        self.fleet.observe(Observation::Look(Look {
            asked: at(second),
            answered: at(second + 0.01),
            server_time: EPOCH + second,
            server: None,
            counter,
            rows,
            dead: DeadMembers::default(),
        }));
    }

    /// A scan that counts so many worker threads of its process.
    pub(super) fn scan(&mut self, second: f64, processors: usize) {
        let threads = Threads {
            processors,
            heartbeat: true,
            at: at(second),
        };
        let process = LocalProcess {
            threads: Some(threads),
            ..shown::process(OWN, "here", EPOCH - 63.0)
        };
        self.fleet.observe(Observation::Host(HostLook {
            at: at(second),
            hostname: "here".into(),
            processes: vec![process],
        }));
    }

    /// A line that its process wrote.
    pub(super) fn logs(&mut self, second: f64, text: &str) {
        let origin = LineOrigin {
            pid: OWN.pid,
            inner_pid: OWN.pid,
            shared: false,
        };
        let line = LogLine::new(origin, &format!("pid={} {text}", OWN.pid), at(second));
        let news = LogNews::Lines(vec![line]);
        self.fleet.observe(Observation::Logged(news));
    }
}
