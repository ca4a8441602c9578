//! Random drains: Sidekiqs of all kinds, their jobs, sources at any phase, an operator who
//! presses anything at any time.

use std::time::Duration;

use proptest::prelude::*;

use super::drive::{Drive, Failure, Reading, Sources, plan};
use super::units::unit_stop;
use super::weather::Weather;
use super::world::{World, at};
use crate::core::drain::{Command, Early, Guard, Plan, Policy, RedisGone, StopUnit};
use crate::core::sequence::{Timeout, Version};
use crate::core::sidekiq::{Task, Temper, WorkerConfig};

/// A Sidekiq with the jobs that it runs when the drain begins.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    config: WorkerConfig,
    local: bool,
    named: bool,
    ahead: f64,
    jobs: Vec<(f64, Option<f64>, Temper)>,
}

/// A random drain.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) cast: Vec<Cast>,
    waiting: Vec<(Option<f64>, Temper)>,
    pub(super) plan: Plan,
    pub(super) sources: Sources,
    pub(super) keys: Vec<(f64, Command)>,
    tells_age: bool,
    /// Whether its targets run on other hosts.
    pub(super) is_far: bool,
    pub(super) weather: Weather,
}

const SEQUENCES: [&str; 10] = [
    "term, 3, int, 9, kill",
    "tstp, 20, term, 12, kill",
    "term, 13, kill",
    "tstp, 4, term, 2, kill",
    "tstp",
    "tstp, 15, term",
    "kill",
    "tstp, 8, kill",
    "ttin, 2, tstp, 9, int, 15, kill",
    "tstp, 0, term, 0, kill",
];

pub(super) fn span(low: f64, high: f64) -> impl Strategy<Value = Duration> {
    (low..high).prop_map(Duration::from_secs_f64)
}

fn temper() -> impl Strategy<Value = Temper> {
    prop_oneof![
        6 => Just(Temper::Plain),
        2 => Just(Temper::Fails),
        1 => Just(Temper::SwallowsShutdown),
        1 => span(0.5, 4.0).prop_map(Temper::HoldsInterpreter),
        1 => span(0.1, 4.0).prop_map(Temper::Iterates),
        1 => span(0.1, 4.0).prop_map(Temper::Checkpoints),
    ]
}

fn lasts() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![4 => (0.1..40.0).prop_map(Some), 1 => Just(None)]
}

fn config() -> impl Strategy<Value = WorkerConfig> {
    let version = prop_oneof![
        Just(Version::new(6, 3, 1)),
        Just(Version::new(6, 4, 1)),
        Just(Version::new(7, 3, 2)),
        Just(Version::new(8, 1, 2)),
    ];
    let heeds = prop_oneof![4 => Just(0.0), 1 => 0.1..8.0];
    let linger = prop_oneof![Just(0.0), Just(3.0)];
    let exits = prop_oneof![3 => Just(0.0), 1 => 0.1..7.0];
    (
        version,
        1_u64..9,
        1_usize..4,
        0.0..10.0,
        heeds,
        linger,
        exits,
    )
        .prop_map(
            |(version, timeout, threads, first, heeds, linger, exits)| WorkerConfig {
                first_beat: Duration::from_secs_f64(first),
                heeds_after: Duration::from_secs_f64(heeds),
                names_linger: Duration::from_secs_f64(linger),
                exit_takes: Duration::from_secs_f64(exits),
                ..WorkerConfig::new(version, Duration::from_secs(timeout), threads)
            },
        )
}

fn cast(local: bool) -> impl Strategy<Value = Cast> {
    let jobs = prop::collection::vec((0.0..15.0, lasts(), temper()), 0..4);
    let ahead = if local { 0.0..0.001 } else { -40.0..40.0 };
    (config(), prop::bool::weighted(0.8), ahead, jobs).prop_map(
        move |(config, named, ahead, jobs)| Cast {
            config,
            local,
            named,
            ahead: if local { 0.0 } else { ahead },
            jobs,
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (0_usize..5, prop_oneof![Just(0), Just(99)])
            .prop_map(|(step, accepted)| Command::Go { step, accepted }),
        3 => Just(Command::Automatic),
        2 => Just(Command::Manual),
        2 => Just(Command::Hold),
        3 => Just(Command::GoOn),
        1 => span(1.0, 20.0).prop_map(Command::Longer),
        1 => span(1.0, 20.0).prop_map(Command::Shorter),
        1 => Just(Command::StopHere),
        1 => prop_oneof![Just(Command::HangUp), Just(Command::Leave)],
        1 => prop_oneof![Just(0), Just(99)].prop_map(|accepted| Command::ForceKill {
            target: crate::core::fleet::ProcessKey::Local(crate::core::fleet::LocalId {
                pid: 100,
                start_ticks: 1000,
            }),
            accepted,
        }),
        2 => Just(Command::Retry),
        1 => Just(Command::LeaveOut),
        1 => Just(Command::JournalFailed("full".into())),
    ]
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let policy = prop_oneof![
        Just(Policy::Ask),
        Just(Policy::WaitForRequeue),
        Just(Policy::Follow)
    ];
    let redis_gone = prop::sample::select(vec![RedisGone::Ask, RedisGone::Hold, RedisGone::Go]);
    let early = prop_oneof![4 => Just(Early::Idle), 1 => Just(Early::Never)];
    (
        prop::sample::select(&SEQUENCES[..]),
        policy,
        early,
        redis_gone,
        1_u64..12,
    )
        .prop_map(|(sequence, policy, early, redis_gone, extra)| Plan {
            policy,
            early,
            guard: Guard {
                kill_extra: Duration::from_secs(extra),
                rescue: false,
                redis_gone,
            },
            ..plan(sequence)
        })
}

fn reading() -> impl Strategy<Value = Reading> {
    let from = prop_oneof![Just(-60.0), -5.0..20.0];
    let begins = prop::bool::weighted(0.8);
    (span(0.0, 0.4), from, begins).prop_map(|(late, from, begins)| Reading {
        late,
        from: at(from),
        begins,
    })
}

fn sources() -> impl Strategy<Value = Sources> {
    let lost = prop::option::weighted(0.25, (0.0..25.0, 1.0..40.0));
    let lost = lost.prop_map(|lost| lost.map(|(from, length)| (at(from), at(from + length))));
    let failure = prop_oneof![
        Just(Failure::Refused),
        Just(Failure::UnknownSent),
        Just(Failure::UnknownNotSent)
    ];
    let failing = prop::collection::vec((0_usize..6, failure), 0..2);
    let failing = prop_oneof![3 => Just(Vec::new()), 1 => failing];
    let tick = prop::option::of(span(0.2, 5.0));
    let scans = span(0.3, 2.5);
    (
        span(0.3, 2.5),
        span(0.001, 0.4),
        scans,
        span(0.001, 0.3),
        tick,
        lost,
        failing,
        prop::option::of(reading()),
    )
        .prop_map(
            |(look_every, look_takes, scan_every, act_takes, tick_every, lost, failing, logs)| {
                Sources {
                    look_every,
                    look_takes,
                    answers_take: None,
                    scan_every,
                    act_takes,
                    tick_every,
                    lazy: false,
                    lost,
                    failing,
                    logs,
                }
            },
        )
}

/// A drain that nobody touches.
pub(super) fn untouched() -> impl Strategy<Value = Scenario> {
    let targets = prop::collection::vec(cast(true), 1..4);
    let others = prop::collection::vec(cast(false), 0..3);
    let waiting = prop::collection::vec((lasts(), temper()), 0..4);
    (
        targets,
        others,
        waiting,
        any_plan(),
        sources(),
        any::<(bool, bool)>(),
    )
        .prop_map(
            |(targets, others, waiting, mut plan, sources, (stated, tells_age))| {
                if stated {
                    let timeout = targets[0].config.timeout;
                    plan.timeout = Some(Timeout::stated(timeout, "a test"));
                }
                let mut cast = targets;
                if stated {
                    let timeout = cast[0].config.timeout;
                    for one in &mut cast {
                        one.config.timeout = timeout;
                    }
                }
                cast.extend(others);
                // A job that hops between processes that have and that have not heeded their signal
                // leaves no trace in any beat: no account can tell.
                let hops =
                    |temper: Temper| matches!(temper, Temper::Iterates(_) | Temper::Checkpoints(_));
                let mut tempers = cast.iter().flat_map(|one| &one.jobs).map(|job| job.2);
                if tempers.any(hops) || waiting.iter().any(|job| hops(job.1)) {
                    for one in &mut cast {
                        one.config.heeds_after = Duration::ZERO;
                    }
                }
                Scenario {
                    cast,
                    waiting,
                    plan,
                    sources,
                    keys: vec![(0.0, Command::Automatic)],
                    tells_age,
                    is_far: false,
                    weather: Weather::default(),
                }
            },
        )
}

/// A drain with all the light there is: everything named, every clock right, `T` stated, the
/// link up, KILL far away.
pub(super) fn well_lit() -> impl Strategy<Value = Scenario> {
    let sequences = ["tstp, 12, term, 20, kill", "tstp, 25, term, 20, kill"];
    let sequence = prop::sample::select(sequences.to_vec()).prop_map(str::to_string);
    (untouched(), 2_u64..9, sequence).prop_map(|(mut scenario, timeout, sequence)| {
        let timeout = Duration::from_secs(timeout);
        scenario.cast.retain(|one| one.local);
        for one in &mut scenario.cast {
            one.named = true;
            one.config.heeds_after = Duration::ZERO;
            one.config.timeout = timeout;
        }
        scenario.plan = Plan {
            timeout: Some(Timeout::stated(timeout, "a test")),
            ..plan(&sequence)
        };
        scenario.sources.failing = Vec::new();
        scenario.sources.lost = None;
        scenario
    })
}

/// A drain of jobs that never end: what it does depends on its plan and on time alone.
pub(super) fn endless() -> impl Strategy<Value = Scenario> {
    (untouched(), 1_usize..4).prop_map(|(mut scenario, jobs)| {
        for one in scenario.cast.iter_mut().filter(|one| one.local) {
            one.config.threads = jobs;
            one.config.timeout = Duration::from_secs(3600);
            one.jobs = vec![(14.0, None, Temper::Plain); jobs];
        }
        scenario.plan.timeout = None;
        scenario.plan.policy = Policy::Follow;
        scenario.sources.failing = Vec::new();
        scenario.waiting.clear();
        scenario
    })
}

/// A drain at whose console somebody sits and presses anything.
pub(super) fn touched() -> impl Strategy<Value = Scenario> {
    let keys = prop::collection::vec((0.0..45.0, command()), 1..14);
    (untouched(), keys).prop_map(|(scenario, mut keys)| {
        keys.insert(0, (0.0, Command::Automatic));
        Scenario { keys, ..scenario }
    })
}

impl Scenario {
    /// The world at its first moment, and the drain in it.
    pub(super) fn drive(&self) -> Drive {
        let mut world = World {
            tells_age: self.tells_age,
            weather: self.weather.clone(),
            ..World::default()
        };
        for (number, cast) in (0_u32..).zip(&self.cast) {
            let pid = (cast.local && !self.is_far).then_some(100 + number);
            let index = world.add(cast.config.clone(), pid, at(-20.0));
            world.members[index].is_far = cast.local && self.is_far;
            // Without ages nobody can tell a slow clock from an old beat.
            world.members[index].ahead = if self.tells_age { cast.ahead } else { 0.0 };
            world.members[index].named = cast.named;
        }
        self.begin_jobs(&mut world);
        for (number, (lasts, temper)) in self.waiting.iter().enumerate() {
            let name = format!("waiting{number}");
            world.queue.push_front(named(&name, *lasts, *temper));
        }
        let mut drive = Drive::new(world, self.plan.clone(), self.sources.clone(), at(0.0));
        // Every other process runs in a unit that systemd would start again.
        drive.run.take_units(StopUnit::Idle, |id| {
            id.local()
                .is_some_and(|id| id.pid % 2 == 1)
                .then(|| unit_stop(None))
        });
        for (when, command) in &self.keys {
            drive.command_at(at(*when), command.clone());
        }
        drive
    }

    /// How many threads a member has.
    pub(super) fn threads(&self, number: usize) -> usize {
        self.cast[number].config.threads
    }

    /// Lets every job run for ever, with `timeout` as the own timeout of each process.
    pub(super) fn never_end(&mut self, timeout: Duration) {
        for one in &mut self.cast {
            one.config.timeout = timeout;
            one.config.exit_takes = Duration::ZERO;
            for job in &mut one.jobs {
                (job.1, job.2) = (None, Temper::Plain);
            }
        }
        self.waiting.clear();
    }

    /// Lets a member heed its signals so late; where jobs hop nobody can tell then.
    pub(super) fn heeds_after(&mut self, number: usize, late: Duration) {
        let hops = |temper: Temper| matches!(temper, Temper::Iterates(_) | Temper::Checkpoints(_));
        let mut tempers = self.cast.iter().flat_map(|one| &one.jobs).map(|job| job.2);
        if !tempers.any(hops) && !self.waiting.iter().any(|job| hops(job.1)) {
            self.cast[number].config.heeds_after = late;
        }
    }

    /// Lets the jobs begin in the 15 s before the drain, each on its own process.
    fn begin_jobs(&self, world: &mut World) {
        let mut begins: Vec<(f64, usize, Task)> = Vec::new();
        for (index, cast) in self.cast.iter().enumerate() {
            for (number, (ago, lasts, temper)) in cast.jobs.iter().enumerate() {
                let task = named(&format!("job{index}-{number}"), *lasts, *temper);
                begins.push((-*ago, index, task));
            }
        }
        begins.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (when, index, task) in begins {
            let when = at(when);
            world.step(when);
            let left = world.members[index].worker.give(task, when);
            drop(left);
        }
    }
}

fn named(jid: &str, lasts: Option<f64>, temper: Temper) -> Task {
    super::world::task(jid, lasts, temper)
}
