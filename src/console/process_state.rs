//! How one process stands, in a word and a remark, for the process table and its page. It says
//! what was sent, what was received and what took effect, and never calls a clean exit by a
//! worse name.

use super::stays::how_it_ended;
use super::words::{count, few, span, time_of_day};
use crate::core::drain::{Run, Standing, Target};
use crate::core::fleet::{Fleet, Identity, Listed, Process, ProcessKey, State};
use crate::core::moment::Moment;
use crate::core::outlook::{Obstacle, Outlooks, Situation};
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// The owner of a process, in the order of the process table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Belongs {
    /// It is drained, or would be.
    Target,
    /// It runs on this host and the connected Redis is its own.
    Ours,
    /// Redis lists it under the name of this host, and no such process is here.
    Vanished,
    /// It runs on this host for another application, or on another Redis.
    OtherApplication,
    /// It runs on another host.
    OtherHost,
}

impl Belongs {
    /// The owner of `process`.
    pub fn of(fleet: &Fleet, key: &ProcessKey, process: &Process, is_target: bool) -> Self {
        match key {
            _ if is_target => Self::Target,
            ProcessKey::Local(_) if process.is_ours() => Self::Ours,
            ProcessKey::Local(_) => Self::OtherApplication,
            ProcessKey::Remote(identity)
                if fleet.scanned.is_some() && identity.hostname() == fleet.hostname =>
            {
                Self::Vanished
            }
            ProcessKey::Remote(_) => Self::OtherHost,
        }
    }

    /// Whether the table folds it into one line.
    pub fn is_folded(self) -> bool {
        matches!(self, Self::OtherApplication | Self::OtherHost)
    }
}

/// How much the state of a process asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Nothing.
    None,
    /// It has ended, or is no business of this drain.
    Faint,
    /// It is to be watched.
    Watch,
    /// Work is lost, or may be.
    Danger,
}

/// The state of a process for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// A word.
    pub word: &'static str,
    /// The last signal and what came of it, or what is wrong. May be empty.
    pub remark: String,
    /// How much it asks for.
    pub alarm: Alarm,
    /// Whether it is dead and Redis still shows its jobs: their payloads can be saved.
    pub saves: bool,
}

impl ProcessState {
    fn new(word: &'static str, remark: impl Into<String>, alarm: Alarm) -> Self {
        Self {
            word,
            remark: remark.into(),
            alarm,
            saves: false,
        }
    }
}

/// How `process` stands.
pub fn process_state(
    session: &Session,
    outlooks: &Outlooks<'_>,
    key: &ProcessKey,
    process: &Process,
) -> ProcessState {
    let situation = outlooks.situation();
    let target = session
        .run
        .as_ref()
        .and_then(|run| Some((run, run.ledger().target(key)?)));
    if let Some((run, target)) = target
        && (target.exited() || session.is_draining())
    {
        return of_target(session, outlooks, run, target, process, situation.now);
    }
    let was_stopped = (session.run.as_ref())
        .and_then(|run| run.ledger().target(key))
        .is_some_and(|target| target.stopped.is_some());
    let is_target = outlooks.of(key).is_some();
    let mut state = at_rest(situation, (key, process), is_target, was_stopped);
    if state.saves {
        state.remark.push_str(match process.jobs.len() {
            1 => "; s saves its payload",
            _ => "; s saves their payloads",
        });
    }
    state
}

/// How `process` stands while no drain has it as a target, in the words of the console and of
/// `ps`. `is_target`: a drain that began now would take it; `was_stopped`: a drain that is over
/// sent it TERM.
pub fn at_rest(
    situation: Situation<'_>,
    (key, process): (&ProcessKey, &Process),
    is_target: bool,
    was_stopped: bool,
) -> ProcessState {
    let (fleet, now) = (situation.fleet, situation.now);
    let belongs = Belongs::of(fleet, key, process, is_target);
    if process.exited() {
        return ended(process);
    }
    match (situation.process(key, process).obstacle(), belongs) {
        (Some(Obstacle::Suspended(pid)), _) => ProcessState::new(
            "SUSPENDED",
            format!("reacts to nothing: kill -CONT {pid}"),
            Alarm::Danger,
        ),
        (Some(Obstacle::Hangs(silent)), Belongs::Target | Belongs::Ours) => {
            ProcessState::new("HANGS", hangs(silent), Alarm::Danger)
        }
        (_, Belongs::Vanished) => vanished(process, now),
        (_, belongs) => {
            let state = process.state(was_stopped, &fleet.link, now);
            let alarm = match state {
                State::Suspended | State::Ghost | State::Unreadable | State::Stale => Alarm::Watch,
                State::Exited => Alarm::Faint,
                State::Booting | State::Stopping | State::Quiet | State::Running => Alarm::None,
            };
            let remark = no_part(fleet, situation.run, process, belongs, state);
            ProcessState::new(word(state), remark, alarm)
        }
    }
}

/// The word for people. That of JSON stays what it was, whatever screens say.
fn word(state: State) -> &'static str {
    match state {
        // Of another host: whether it lives is not to be seen from here.
        State::Ghost => "silent",
        State::Exited
        | State::Suspended
        | State::Unreadable
        | State::Booting
        | State::Stale
        | State::Stopping
        | State::Quiet
        | State::Running => state.word(),
    }
}

fn obstacle(outlooks: &Outlooks<'_>, key: &ProcessKey, process: &Process) -> Option<Obstacle> {
    match outlooks.of(key) {
        Some(outlook) => outlook.obstacle(),
        None => outlooks.situation().process(key, process).obstacle(),
    }
}

fn hangs(silent: std::time::Duration) -> String {
    format!("no heartbeat for {} s, pid lives", silent.as_secs())
}

/// It has ended and is no target of a drain.
fn ended(process: &Process) -> ProcessState {
    // It took itself out of Redis, or Redis never knew it.
    if process.listed != Listed::Yes {
        return ProcessState::new("exited", "", Alarm::Faint);
    }
    let pid = process.local.as_ref().map(|local| local.id.pid);
    dead(pid, "is gone", process)
}

/// Redis lists it, and it runs no more.
fn dead(pid: Option<u32>, how: &str, process: &Process) -> ProcessState {
    let pid = pid.map_or_else(|| "its pid".into(), |pid| format!("pid {pid}"));
    let jobs = process.jobs.len() as u64;
    let with_it = match jobs {
        0 => "it left without a word to Redis".into(),
        jobs => format!("{} died with it", count(jobs, "job")),
    };
    let remark = format!("{pid} {how}, {with_it}");
    ProcessState {
        saves: jobs > 0,
        ..ProcessState::new("DEAD", remark, Alarm::Danger)
    }
}

/// Redis lists it under this host's name, and no such process is here.
fn vanished(process: &Process, now: Moment) -> ProcessState {
    let late = |age: std::time::Duration| age > process.beat_period() * 2;
    let beats = process
        .beat
        .as_ref()
        .is_some_and(|beat| !late(beat.age(now)));
    let pid = process.identity.as_ref().and_then(Identity::pid);
    if beats {
        let pid = pid.map_or_else(|| "its pid".into(), |pid| format!("pid {pid}"));
        return ProcessState::new(
            "running",
            format!("{pid} is not visible here: in a container?"),
            Alarm::Watch,
        );
    }
    let how = if process.is_dead(now) {
        "is gone"
    } else {
        "is gone (or in a container)"
    };
    dead(pid, how, process)
}

/// The processes of this host that died with jobs which Redis still shows, in one sentence.
pub fn deaths(session: &Session, outlooks: &Outlooks<'_>) -> Option<String> {
    let (mut names, mut jobs) = (Vec::new(), 0);
    for (key, process) in &session.fleet.processes {
        if process_state(session, outlooks, key, process).saves {
            names.push(process.name());
            jobs += process.jobs.len() as u64;
        }
    }
    (!names.is_empty()).then(|| {
        let is = if names.len() == 1 { "is" } else { "are" };
        format!(
            "{} {is} DEAD: {} died with {}; s on its row saves {} while Redis still shows {}",
            few(&names, 2),
            count(jobs, "job"),
            if names.len() == 1 { "it" } else { "them" },
            if jobs == 1 {
                "its payload"
            } else {
                "their payloads"
            },
            if jobs == 1 { "it" } else { "them" },
        )
    })
}

/// The reason that keeps a process out of the drain.
fn no_part(
    fleet: &Fleet,
    run: Option<&Run>,
    process: &Process,
    belongs: Belongs,
    state: State,
) -> String {
    if let Some(fault) = process.faults.first() {
        return format!("not readable: {fault}");
    }
    let address = process
        .local
        .as_ref()
        .and_then(|local| local.surroundings.redis_url.as_ref());
    match (belongs, run) {
        (Belongs::OtherHost, _) => "on another host".into(),
        (Belongs::OtherApplication, _) if !fleet.link.is_connected() => {
            "Redis was not asked yet".into()
        }
        (Belongs::OtherApplication, _) => match address {
            Some(address) => format!("other application: {address}"),
            None if state == State::Booting => String::new(),
            None => "not in this Redis".into(),
        },
        (_, Some(run)) if is_new(process, run) => "new, not in this drain".into(),
        (Belongs::Ours, _) => "not drained".into(),
        (Belongs::Target | Belongs::Vanished, _) => String::new(),
    }
}

fn is_new(process: &Process, run: &Run) -> bool {
    let began = run.pace().started.epoch();
    let local = process.local.as_ref();
    local.is_some_and(|local| local.started_at > began)
}

/// A target of the drain: the last signal and what came of it.
fn of_target(
    session: &Session,
    outlooks: &Outlooks<'_>,
    run: &Run,
    target: &Target,
    process: &Process,
    now: Moment,
) -> ProcessState {
    if let Standing::Exited { at, clean, .. } = target.standing {
        let how = how_it_ended(session, target, clean);
        let remark = format!("{} {}", how.trim_end_matches(','), time_of_day(at));
        return match (target.last.map(|sent| sent.signal), clean) {
            (Some(Signal::Kill), _) => ProcessState::new("killed", remark, Alarm::Watch),
            (_, Some(false)) => ProcessState::new("DIED", remark, Alarm::Danger),
            (_, Some(true) | None) => ProcessState::new("exited", remark, Alarm::Faint),
        };
    }
    if let Standing::LeftOut { why } = &target.standing {
        let remark = format!("skipped: {why}");
        return ProcessState::new(
            word(session.state(&target.key, process, now)),
            remark,
            Alarm::Watch,
        );
    }
    match obstacle(outlooks, &target.key, process) {
        Some(Obstacle::Suspended(pid)) => {
            let remark = format!("{}kill -CONT {pid}", unanswered(target, now));
            return ProcessState::new("SUSPENDED", remark, Alarm::Danger);
        }
        Some(Obstacle::Hangs(silent)) => {
            let remark = format!("{}{}", unanswered(target, now), hangs(silent));
            return ProcessState::new("HANGS", remark, Alarm::Danger);
        }
        Some(Obstacle::Silent(_) | Obstacle::Gone | Obstacle::RedisSilent) | None => {}
    }
    let (word, remark) = alive(run, target, now);
    ProcessState::new(word, remark, Alarm::None)
}

/// `TERM sent 12 s ago, no reaction: `, where a signal was sent and nothing shows that it was
/// received.
fn unanswered(target: &Target, now: Moment) -> String {
    match (target.last, &target.standing) {
        (Some(sent), Standing::Alive) => format!(
            "{} sent {} ago, no reaction: ",
            sent.signal,
            span(now.since(sent.at))
        ),
        (Some(sent), _) if sent.signal.stops() => {
            format!("{} sent {} ago: ", sent.signal, span(now.since(sent.at)))
        }
        _ => String::new(),
    }
}

fn alive(run: &Run, target: &Target, now: Moment) -> (&'static str, String) {
    let word = match (&target.standing, target.stopped) {
        (_, Some(_)) => "stopping",
        (Standing::Idle { .. }, None) => "idle",
        (Standing::Quiet { .. }, None) => "quiet",
        (_, None) => "running",
    };
    let Some(sent) = target.last else {
        return (word, "nothing sent yet".into());
    };
    if sent.signal == Signal::Kill {
        return (word, format!("KILL sent {}", time_of_day(sent.at)));
    }
    if let Some(interrupt) = target.interrupt() {
        let was = if interrupt <= now { "was due " } else { "" };
        let remark = format!("push-back {was}{}", time_of_day(interrupt));
        return (word, remark);
    }
    let next = run
        .phase()
        .next_step()
        .and_then(|step| run.plan().sequence.signal(step));
    let text = match (&target.standing, next) {
        (Standing::Idle { since }, Some(next)) => {
            format!("idle {}, until {next}", time_of_day(*since))
        }
        (Standing::Idle { since }, None) => format!("{} idle {}", sent.signal, time_of_day(*since)),
        (Standing::Quiet { since }, _) => format!("{} quiet {}", sent.signal, time_of_day(*since)),
        _ => format!("{} sent {}", sent.signal, time_of_day(sent.at)),
    };
    (word, text)
}
