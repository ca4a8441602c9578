//! A small world for tests of console and screen: imagined processes, looks made from them,
//! and acts whose outcomes are fed back by hand. It runs on a clock of its own.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Console, Key, Request};
use crate::core::drain::{ActOutcome, Ask, Command, Early, Effect, Mode, Plan, Policy};
use crate::core::fleet::{
    Caught, Heartbeat, HostLook, Identity, Info, Link, LinkFault, LocalId, LocalProcess, Located,
    Look, LookRow, Observation, Place, ProcessKey, QueueDepth, RedisAddress, RunState, Sought,
    Surroundings, Threads, Title, Work,
};
use crate::core::moment::Moment;
use crate::core::sequence::{DEFAULT_SEQUENCE, SequenceOrigin, Timeout, Version};
use crate::core::session::{Kind, Session, Setting};

/// One imagined Sidekiq.
#[derive(Clone, Debug)]
pub(crate) struct Imagined {
    pub(crate) host: &'static str,
    pub(crate) pid: u32,
    pub(crate) version: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) quiet: bool,
    pub(crate) in_redis: bool,
    /// Whether the process exists.
    pub(crate) alive: bool,
    /// Seconds since its last beat.
    pub(crate) beat_age: u64,
    pub(crate) jobs: Vec<Arc<Work>>,
}

/// The imagined world.
pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) console: Console,
    pub(crate) now: Moment,
    pub(crate) imagined: Vec<Imagined>,
    /// The jobs that a search finds back in their queue.
    pub(crate) back: Vec<String>,
    /// Whether signals fail to be sent.
    pub(crate) refused: bool,
}

pub(crate) fn start() -> Moment {
    let wall = Timestamp::from_second(1_795_262_671).unwrap();
    Moment::new(Duration::from_secs(10_000), wall)
}

pub(crate) fn job(class: &str, queue: &str, jid: &str, elapsed: u64) -> Arc<Work> {
    let args = format!(r#"{{"class":"{class}","args":[4711,"s3cret"],"jid":"{jid}"}}"#);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let run_at = start().epoch() - elapsed as f64;
    Arc::new(Work {
        tid: format!("t{jid}"),
        jid: Some(jid.into()),
        class: class.into(),
        queue: queue.into(),
        run_at: Some(run_at),
        enqueued_at: Some(run_at - 3.0),
        payload: args.into_bytes().into(),
        fault: None,
    })
}

fn sidekiq(pid: u32, version: &'static str, tag: &'static str, jobs: Vec<Arc<Work>>) -> Imagined {
    Imagined {
        host: "util1",
        pid,
        version,
        tag,
        quiet: false,
        in_redis: true,
        alive: true,
        beat_age: 2,
        jobs,
    }
}

fn plan() -> Plan {
    Plan {
        run: "20261121-120431".into(),
        sequence: DEFAULT_SEQUENCE.parse().unwrap(),
        mode: Mode::Manual,
        policy: Policy::Ask,
        kill_extra: Duration::from_secs(30),
        early: Early::Idle,
        timeout: None,
        rehearsal: false,
    }
}

impl World {
    /// Three processes here, one on another host, three jobs of note.
    pub(crate) fn new() -> Self {
        let mut world = Self::empty();
        world.imagined = vec![
            sidekiq(
                4242,
                "7.3.9",
                "web",
                vec![
                    job("ReportBuild", "low", "b4a5", 580),
                    job("AmazonEdiPush", "edi", "c1d2", 125),
                    job("InventorySync", "default", "e3f4", 31),
                ],
            ),
            sidekiq(4243, "7.3.9", "web", vec![]),
            sidekiq(
                4244,
                "6.4.1",
                "",
                vec![job("Mail::Digest", "mailers", "a9b8", 12)],
            ),
            Imagined {
                host: "util2",
                ..sidekiq(
                    771,
                    "7.3.9",
                    "web",
                    vec![job("ImportRow", "default", "f00d", 4)],
                )
            },
        ];
        world.look();
        world
    }

    /// Nothing seen yet.
    pub(crate) fn empty() -> Self {
        let setting = Setting {
            kind: Kind::Live,
            plan: plan(),
            sequence_from: SequenceOrigin("default".into()),
            redis: Some(("redis://10.0.0.5:6379/0".into(), "--redis".into())),
            operator: "root (deploy) on util1".into(),
        };
        Self {
            session: Session::new(setting),
            console: Console::default(),
            now: start(),
            imagined: Vec::new(),
            back: Vec::new(),
            refused: false,
        }
    }

    /// A whole look and a whole scan at this moment.
    pub(crate) fn look(&mut self) {
        let now = self.now;
        let mut queues: Vec<String> = vec!["default".into(), "low".into()];
        queues.sort();
        let rows = self
            .imagined
            .iter()
            .filter(|i| i.in_redis)
            .map(|i| i.row(now));
        let look = Look {
            asked: now,
            answered: now,
            server_time: now.epoch(),
            rows: rows.collect(),
        };
        let local = self
            .imagined
            .iter()
            .filter(|i| i.host == "util1" && i.alive)
            .map(|i| i.local(now));
        let host = HostLook {
            at: now,
            hostname: "util1".into(),
            processes: local.collect(),
        };
        let connected = Link::Connected {
            round_trip: Duration::from_micros(400),
            at: now,
        };
        let depths = [("default", 1204), ("low", 3)].map(|(name, waiting)| QueueDepth {
            name: name.into(),
            waiting,
            at: now,
        });
        for observation in [
            Observation::Host(host),
            Observation::Link(connected),
            Observation::Look(look),
            Observation::Queues(depths.to_vec()),
        ] {
            let effects = self.session.observe(observation, now);
            self.perform(effects);
        }
        self.console.follow(&self.session, now);
    }

    /// Performs effects: signals are sent (or refused), searches answered.
    pub(crate) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let next = match effect {
                Effect::Act(id, _) => {
                    let outcome = if self.refused {
                        ActOutcome::Failed {
                            why: "not permitted".into(),
                            may_have_happened: false,
                        }
                    } else {
                        ActOutcome::Sent
                    };
                    self.session.outcome(id, outcome, self.now)
                }
                Effect::Ask(id, Ask::Where(sought)) => {
                    let answers = sought.iter().map(|sought| self.locate(sought)).collect();
                    self.session.answer(id, answers, self.now)
                }
                Effect::Ask(_, Ask::LookNow) | Effect::Note(_) => Vec::new(),
            };
            self.perform(next);
        }
    }

    fn locate(&self, sought: &Sought) -> Located {
        let place = if self.back.contains(&sought.jid) {
            Place::Queue {
                name: sought.queue.clone(),
            }
        } else {
            Place::Nowhere {
                searched_whole: true,
            }
        };
        Located {
            jid: sought.jid.clone(),
            place,
            asked: self.now,
        }
    }

    /// So many seconds pass, second by second, with looks and ticks; beats stay fresh.
    pub(crate) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now.after(Duration::from_secs(1));
            self.look();
            let effects = self.session.tick(self.now);
            self.perform(effects);
        }
        self.console.follow(&self.session, self.now);
    }

    pub(crate) fn command(&mut self, command: Command) {
        let effects = self.session.command(command, self.now);
        self.perform(effects);
        self.console.follow(&self.session, self.now);
    }

    /// Presses a key and does what it asks for.
    pub(crate) fn press(&mut self, key: Key) -> Vec<Request> {
        let requests = self.console.press(key, &self.session, self.now);
        for request in requests.clone() {
            match request {
                Request::Begin { targets } => {
                    let by = Some("root: release 4711".into());
                    let effects = self.session.begin(&targets, by, self.now).unwrap();
                    self.perform(effects);
                }
                Request::Command(command) => self.command(command),
                Request::Quit | Request::Redraw | Request::Suspend => {}
            }
        }
        self.console.follow(&self.session, self.now);
        requests
    }

    /// Presses keys with a second between them, as somebody who reads does.
    pub(crate) fn type_slowly(&mut self, keys: &str) {
        for key in keys.chars() {
            self.pass(1);
            let key = if key == '\n' {
                Key::Enter
            } else {
                Key::Char(key)
            };
            self.press(key);
        }
    }

    /// The drain runs by itself, TSTP is sent and everybody is quiet.
    pub(crate) fn draining() -> Self {
        let mut world = Self::new();
        world.type_slowly("ay");
        for imagined in &mut world.imagined {
            imagined.quiet = imagined.host == "util1";
        }
        world.pass(45);
        world
    }

    /// KILL has fallen due with a job at stake; another is back in its queue.
    pub(crate) fn questioned() -> Self {
        let mut world = Self::draining();
        world.imagined[2].jobs.clear();
        world.back = vec!["c1d2".into()];
        world.pass(110);
        world
    }

    /// Every second step is confirmed by hand; TSTP was.
    pub(crate) fn by_hand() -> Self {
        let mut world = Self::new();
        world.type_slowly("ny");
        for imagined in &mut world.imagined {
            imagined.quiet = imagined.host == "util1";
        }
        world.pass(20);
        world
    }

    /// TERM has been sent a few seconds ago.
    pub(crate) fn stopping() -> Self {
        let mut world = Self::draining();
        world.pass(80);
        world
    }

    /// No signal could be sent.
    pub(crate) fn failed() -> Self {
        let mut world = Self::new();
        world.refused = true;
        world.type_slowly("ay");
        world
    }

    /// Everything exited; what still ran was pushed back.
    pub(crate) fn requeued() -> Self {
        let mut world = Self::questioned();
        world.back = ["b4a5", "c1d2", "e3f4"].map(String::from).to_vec();
        world.pass(2);
        for pid in [4242, 4243, 4244] {
            world.exit(pid);
        }
        world.pass(2);
        world
    }

    /// One process was killed out of turn with its jobs; the others left in order.
    pub(crate) fn lost() -> Self {
        let mut world = Self::draining();
        world.type_slowly("K");
        world.type_slowly("3\n");
        world.imagined[0].alive = false;
        world.imagined[2].jobs.clear();
        world.pass(5);
        world.exit(4243);
        world.exit(4244);
        world.pass(15);
        world
    }

    /// Stopped by hand half-way.
    pub(crate) fn stopped() -> Self {
        let mut world = Self::draining();
        world.press(Key::Char('x'));
        world
    }

    /// Redis does not let us in any more.
    pub(crate) fn cut_off() -> Self {
        let mut world = Self::draining();
        let since = world.now;
        world.now = world.now.after(Duration::from_secs(24));
        let lost = Link::Lost {
            since,
            retry_at: world.now.after(Duration::from_secs(3)),
            why: LinkFault::Denied("WRONGPASS invalid username-password pair".into()),
        };
        let effects = world.session.observe(Observation::Link(lost), world.now);
        world.perform(effects);
        world.console.follow(&world.session, world.now);
        world
    }

    /// So many jobs run in one process.
    pub(crate) fn crowded(jobs: u64) -> Self {
        let mut world = Self::new();
        world.imagined[0].jobs = (0..jobs)
            .map(|number| job("Crowd", "default", &format!("j{number:05}"), number))
            .collect();
        world.look();
        world
    }

    /// This process ends in order.
    pub(crate) fn exit(&mut self, pid: u32) {
        self.imagined.retain(|imagined| imagined.pid != pid);
        self.look();
    }

    pub(crate) fn id(pid: u32) -> LocalId {
        LocalId {
            pid,
            start_ticks: 100,
        }
    }

    pub(crate) fn key(pid: u32) -> ProcessKey {
        ProcessKey::Local(Self::id(pid))
    }
}

impl Imagined {
    fn identity(&self) -> Identity {
        Identity::new(&format!("{}:{}:0badc0ffee", self.host, self.pid))
    }

    fn row(&self, now: Moment) -> LookRow {
        let info = Info {
            started_at: Some(start().epoch() - 5000.0),
            tag: self.tag.into(),
            queues: vec!["default".into(), "low".into()],
            version: Version::parse(self.version),
            version_text: Some(self.version.into()),
            ..Info::default()
        };
        let heartbeat = Heartbeat {
            info: Arc::new(info),
            beat: now.before(Duration::from_secs(self.beat_age)).epoch(),
            busy: self.jobs.len() as u64,
            quiet: self.quiet,
            rss_kb: Some(310 * 1024),
            concurrency: Some(5),
        };
        LookRow {
            identity: self.identity(),
            heartbeat: Some(heartbeat),
            beat_age: Some(Duration::from_secs(self.beat_age)),
            work: self.jobs.clone(),
            faults: Vec::new(),
        }
    }

    fn local(&self, now: Moment) -> LocalProcess {
        let timeout = (self.version != "6.4.1")
            .then(|| Timeout::stated(Duration::from_secs(25), "config/sidekiq.yml:3"));
        LocalProcess {
            id: World::id(self.pid),
            started_at: start().epoch() - 5001.0,
            title: Title::Beating {
                version: self.version.into(),
                tag: self.tag.into(),
                busy: self.jobs.len() as u64,
                concurrency: 5,
                stopping: self.quiet,
            },
            run_state: RunState::Alive,
            rss_kb: Some(310 * 1024),
            threads: Some(Threads {
                processors: if self.quiet { self.jobs.len() } else { 5 },
                heartbeat: true,
                at: now,
            }),
            caught: Some(Caught(u64::MAX)),
            surroundings: Surroundings {
                uid: 1000,
                unit: Some(format!("sidekiq@{}.service", self.pid % 10)),
                inner_pid: self.pid,
                hostnames: vec!["util1".into()],
                redis_url: Some(RedisAddress::new("redis://:pw@10.0.0.9:6379/1")),
                stated_timeout: timeout,
                ..Surroundings::default()
            },
        }
    }
}
