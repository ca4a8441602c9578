//! Plays one line of the table: sets the scene, opens the drain, lets things happen at their
//! seconds.

use std::time::Duration;

use super::checks::comma_parts;
use crate::core::drain::tests::cases::config;
use crate::core::drain::tests::drive::{Delivery, Drive, Reading, Sources};
use crate::core::drain::tests::kills::with;
use crate::core::drain::tests::world::{World, at, task};
use crate::core::drain::{Command, Event, Plan, Policy};
use crate::core::fleet::{LocalId, LogNews};
use crate::core::log::{LineOrigin, LogLine};
use crate::core::sequence::{Signal, Timeout};
use crate::core::sidekiq::{Task, Temper};

/// A drain and the world that it happens in.
pub(super) struct StagedDrain {
    world: World,
    sources: Sources,
    plan: Plan,
    timeout: u64,
    opens: f64,
    /// Commands and log lines that are known before the drain opens.
    due: Vec<(f64, Delivery)>,
    drive: Option<Drive>,
}

pub(super) fn number(word: &str) -> f64 {
    let number = word.parse();
    number.unwrap_or_else(|_| panic!("{word:?} is no number"))
}

fn span(word: &str) -> Duration {
    Duration::from_secs_f64(number(word))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

impl StagedDrain {
    /// Takes in all that holds for the whole drain.
    pub(super) fn new(parts: &[String]) -> Self {
        let mut scene = Self {
            world: World {
                tells_age: true,
                ..World::default()
            },
            sources: Sources::default(),
            plan: with(Policy::Follow, "tstp"),
            timeout: 25,
            opens: 0.0,
            due: Vec::new(),
            drive: None,
        };
        let settings = parts.iter().filter(|part| !part.starts_with("=>"));
        let settings: Vec<&String> = settings.collect();
        for part in &settings {
            if let ["T", seconds, ..] = *words(part) {
                scene.timeout = seconds.parse().unwrap();
                let timeout = Duration::from_secs(scene.timeout);
                let known = !part.ends_with("unknown");
                scene.plan.timeout = known.then(|| Timeout::stated(timeout, "a test"));
            }
        }
        for part in settings {
            scene.set(part);
        }
        scene
    }

    fn set(&mut self, part: &str) {
        match *words(part) {
            ["threads" | "other", ..] => self.add(part),
            ["asks"] => self.plan.policy = Policy::Ask,
            ["rescues"] => self.plan.guard.rescue = true,
            ["opens", second] => self.opens = number(second),
            [_, "redis", "is", "flushed"] => self.empties(part, false),
            [_, "redis", "comes", "back", "empty"] => self.empties(part, true),
            ["retries", "after", seconds] => self.world.weather.retries_after = Some(span(seconds)),
            ["redis", "gone", from, "to", until] => {
                self.sources.lost = Some((at(number(from)), at(number(until))));
            }
            ["looks", "every", seconds] => self.sources.look_every = span(seconds),
            ["counts", "every", seconds] => self.sources.scan_every = span(seconds),
            ["acts", "take", seconds] => self.sources.act_takes = span(seconds),
            ["looks", "take", seconds] => self.sources.look_takes = span(seconds),
            ["answers", "take", seconds] => self.sources.answers_take = Some(span(seconds)),
            ["goes", "on", "in", queue] => self.world.goes_on_in = Some(queue.to_owned()),
            ["searches", "in", "part"] => self.world.searches_in_part = true,
            ["log", "read", ..] => self.sources.logs = Some(reading(part)),
            ["log", ..] => self.log(part),
            ["plan", ..] => self.plan.sequence = sequence(&part[4..]),
            [second, ref rest @ ..] if begins_plan(rest) => {
                self.plan.sequence = sequence(&part[second.len()..]);
                let begin = Delivery::Command(Command::Automatic);
                self.due.push((number(second), begin));
            }
            ["T", ..] | [] => {}
            [second, ..] => assert!(second.parse::<f64>().is_ok(), "{part:?} says nothing"),
        }
    }

    fn empties(&mut self, part: &str, anew: bool) {
        let second = words(part)[0];
        self.world.weather.empties.push((at(number(second)), anew));
    }

    /// A Sidekiq: here, or on another host.
    fn add(&mut self, part: &str) {
        let mut config = config(self.timeout, 4);
        let (mut started, mut here, mut named, mut names_queues) = (0.0, true, true, true);
        let mut queue = "default";
        let mut words = part.split_whitespace();
        while let Some(word) = words.next() {
            let mut next = || words.next().expect("a number");
            match word {
                "other" => here = false,
                "unnamed" => named = false,
                "serves" => queue = words.next().expect("a queue"),
                "unread" => names_queues = false,
                "threads" => config.threads = next().parse().unwrap(),
                "beats" => started = number(next()),
                "deaf" => config.heeds_after = span(next()),
                "exits" => config.exit_takes = span(next()),
                _ => panic!("{word:?} of {part:?} says nothing"),
            }
        }
        let pid = (100..).nth(self.world.members.len()).filter(|_| here);
        let index = self.world.add(config, pid, at(started));
        let member = &mut self.world.members[index];
        (member.named, member.names_queues) = (named, names_queues);
        queue.clone_into(&mut member.queue);
    }

    fn log(&mut self, part: &str) {
        let id = self.world.members[0].local.expect("one of this host first");
        let (when, text) = log_line(part);
        let origin = LineOrigin {
            pid: id.pid,
            inner_pid: id.pid,
            shared: false,
        };
        let line = LogLine::new(origin, &format!("pid={} {text}", id.pid), at(when));
        let read = part.split_once(", read ").map(|(_, second)| number(second));
        let news = Delivery::Logged(LogNews::Lines(vec![line]));
        self.due.push((read.unwrap_or(when), news));
    }

    /// Lets one thing happen at its second, or asks one thing.
    pub(super) fn play(&mut self, part: &str) -> Option<String> {
        let (second, event) = part.split_once(' ').unwrap_or((part, ""));
        let Ok(second) = second.parse::<f64>() else {
            return None;
        };
        let heads = comma_parts(event);
        let (head, manners) = heads.split_first().expect("an event");
        let head = words(head);
        if begins_plan(&words(event)) {
            return None;
        }
        self.goes_to(second);
        match *head {
            ["other", ..] => self.add(event),
            [jid, "begins"] => self.begins(0, jid, manners, second),
            [jid, "begins", "there"] => self.begins(1, jid, manners, second),
            [jid, "waits"] => {
                let job = job(jid, manners);
                self.world().queue.push_back(job);
            }
            [jid, "is", "put", "back"] => {
                let world = self.world();
                let mut running = world.members[0].worker.running();
                let busy = running.find(|busy| busy.task.jid == jid);
                let job = busy.expect("a job that runs").task.clone();
                world.queue.push_back(job);
            }
            ["redis", "is", "flushed"] | ["redis", "comes", "back", "empty"] => {}
            ["killed"] => self.world().members[0]
                .worker
                .signal(Signal::Kill, at(second)),
            ["quieted"] => self.world().members[0]
                .worker
                .signal(Signal::Tstp, at(second)),
            ["quieted", "there"] => self.world().members[1]
                .worker
                .signal(Signal::Tstp, at(second)),
            ["killed", "there"] => self.world().members[1]
                .worker
                .signal(Signal::Kill, at(second)),
            _ => return self.drive().check(event),
        }
        None
    }

    /// The end of the drain.
    pub(super) fn ends(&mut self, expected: &str) -> Vec<String> {
        let drive = self.drive();
        drive.finish();
        let expected = comma_parts(expected);
        let mut faults: Vec<String> = expected
            .iter()
            .filter_map(|part| drive.check(part))
            .collect();
        faults.extend(drive.untold(&expected));
        faults
    }

    /// What was said of each job in the end, and of each process that it is quiet, or idle: the
    /// word, and the evidence.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events state nothing of a job or a process"
    )]
    pub(super) fn statements(&mut self) -> Vec<(String, String)> {
        let drive = self.drive.iter();
        let records = drive.flat_map(|drive| &drive.journal);
        let said = records.filter_map(|record| match &record.event {
            Event::Reconciled {
                jid: Some(_),
                fate,
                evidence,
                ..
            } => Some((fate.word().to_lowercase(), evidence.clone())),
            Event::QuietConfirmed { evidence } => Some(("quiet".into(), evidence.clone())),
            Event::AdvancedEarly { evidence, .. } => Some(("idle".into(), evidence.clone())),
            _ => None,
        });
        said.collect()
    }

    pub(super) fn journal(&mut self) -> String {
        let records = self.drive().journal.iter();
        let line = |record: &crate::core::drain::Record| {
            format!("{:9.3} {record}", record.since_start.as_secs_f64())
        };
        records.map(line).collect::<Vec<_>>().join("\n    ")
    }

    fn goes_to(&mut self, second: f64) {
        if second > self.opens {
            self.drive().until(at(second));
            return;
        }
        assert!(self.drive.is_none(), "{second} comes too late");
        self.world.step(at(second));
    }

    fn world(&mut self) -> &mut World {
        self.drive
            .as_mut()
            .map_or(&mut self.world, |drive| &mut drive.world)
    }

    /// A job begins on a thread; it waits for no retry any more.
    fn begins(&mut self, member: usize, jid: &str, manners: &[&str], second: f64) {
        let job = job(jid, manners);
        let world = self.world();
        world.retry.remove(jid);
        let left = world.members[member].worker.give(job, at(second));
        assert_eq!(left, None, "no thread is free for {jid}");
    }

    fn drive(&mut self) -> &mut Drive {
        let Self {
            world,
            sources,
            plan,
            opens,
            due,
            drive,
            ..
        } = self;
        drive.get_or_insert_with(|| {
            let world = std::mem::take(world);
            let id = world.members[0].local;
            let now = at(*opens);
            let mut drive = Drive::new(world, plan.clone(), sources.clone(), now);
            for (second, delivery) in due.drain(..) {
                if let (Delivery::Logged(_), Some(process)) = (&delivery, id) {
                    drive.send(now, Delivery::Logged(place(process)));
                }
                drive.send(at(second).max(now), delivery);
            }
            drive
        })
    }
}

/// Whether these are the words of a sequence: one signal, or a signal and a comma.
fn begins_plan(words: &[&str]) -> bool {
    let is_signal = |word: &str| word.parse::<Signal>().is_ok();
    match *words {
        [only] => is_signal(only),
        [first, ..] => first.strip_suffix(',').is_some_and(is_signal),
        [] => false,
    }
}

fn place(process: LocalId) -> LogNews {
    LogNews::Place {
        process,
        place: Ok("a file".into()),
    }
}

fn sequence(text: &str) -> crate::core::sequence::Sequence {
    let parsed = text.trim().parse();
    parsed.unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn job(jid: &str, manners: &[&str]) -> Task {
    let (mut lasts, mut temper) = (None, Temper::Plain);
    for manner in manners {
        match *words(manner) {
            ["lasts", seconds] => lasts = Some(number(seconds)),
            ["fails"] => temper = Temper::Fails,
            ["swallows"] => temper = Temper::SwallowsShutdown,
            ["iterates", each] => temper = Temper::Iterates(span(each)),
            ["checkpoints", each] => temper = Temper::Checkpoints(span(each)),
            ["holds", seconds] => temper = Temper::HoldsInterpreter(span(seconds)),
            _ => panic!("{manner:?} of {jid} says nothing"),
        }
    }
    task(jid, lasts, temper)
}

/// `log read`, then `from 6` and `without begins`.
fn reading(part: &str) -> Reading {
    let mut reading = Reading::all();
    for (word, next) in words(part).iter().zip(words(part).iter().skip(1)) {
        match *word {
            "from" => reading.from = at(number(next)),
            "without" => reading.begins = false,
            _ => {}
        }
    }
    reading
}

/// `log 4 a done 6 on ta01`: the second, and the line as Sidekiq writes it.
fn log_line(part: &str) -> (f64, String) {
    let line = part.split(',').next().unwrap_or_default();
    let words = words(line);
    let (second, said) = (number(words[1]), &words[2..]);
    let text = match *said {
        ["shutting", "down"] => "tid=m INFO: Shutting down".into(),
        ["terminating", n] => format!("tid=m WARN: Terminating {n} busy threads"),
        ["pushed", n] => format!("tid=m INFO: Pushed {n} jobs back to Redis"),
        ["requeue", "failed"] => "tid=m WARN: Failed to requeue 1 jobs: gone".into(),
        [jid, "breaks", "off", "on", tid] => format!(
            "tid={tid} class=Job jid={jid} INFO: [SidekiqIteration::Iteration] Interrupting and \
             re-enqueueing the job cursor_position=7"
        ),
        [jid, "interrupts", "itself", "on", tid] => {
            format!("tid={tid} class=Job jid={jid} DEBUG: Interrupting job (cursor=7)")
        }
        [jid, "cancelled", "on", tid] => {
            format!("tid={tid} class=Job jid={jid} INFO: Job cancelled")
        }
        [jid, what, "on", tid] => format!("tid={tid} class=Job jid={jid} INFO: {what}"),
        [jid, what, seconds, "on", tid] => {
            format!("tid={tid} class=Job jid={jid} elapsed={seconds} INFO: {what}")
        }
        _ => panic!("{part:?} is no log line"),
    };
    (second, text)
}
