//! Runs a drain against a world, jumping from one thing that is due to the next, and checks the
//! laws that hold for every single call.

use super::logbook::Logbook;
pub(super) use super::sources::{Failure, Reading, Sources};
use super::sources::{connected, unasked};
use super::world::{Member, World};
use crate::core::drain::{
    Act, ActOutcome, Ask, Command, Effect, EffectId, Event, Input, Missing, Phase, Plan, Policy,
    PushBack, Record, Run, SEARCH_WITHIN, WaitingSignal,
};
use crate::core::fleet::{
    Fleet, HostLook, Link, LinkFault, LocalId, Located, LogNews, Look, Observation, ProcessKey,
    Sought,
};
use crate::core::log::Happening;
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use std::time::Duration;

/// Something on its way to the run.
#[derive(Clone, Debug)]
pub(super) enum Delivery {
    LookAgain,
    ScanAgain,
    TickAgain,
    Look(Look),
    Host(HostLook),
    Exited(LocalId),
    LinkLost,
    Perform(EffectId, Act),
    Outcome(EffectId, ActOutcome),
    Where(EffectId, Vec<Sought>, Moment),
    Answer(EffectId, Vec<Located>),
    Command(Command),
    Logged(LogNews),
    Search(EffectId, Vec<Missing>, Moment),
    Taken(WaitingSignal),
    PushBack(EffectId, PushBack),
}

/// A call of the run.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) at: Moment,
    pub(super) input: Input,
    pub(super) before: Run,
    pub(super) after: Run,
    pub(super) effects: Vec<Effect>,
}

impl Call {
    pub(super) fn acts(&self) -> impl Iterator<Item = &Act> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Act(_, act) => Some(act),
            Effect::Ask(..) | Effect::PushBack(..) | Effect::Save(_) | Effect::Note(_) => None,
        })
    }
}

/// A drain in a world.
pub(super) struct Drive {
    pub(super) world: World,
    pub(super) fleet: Fleet,
    pub(super) run: Run,
    pub(super) now: Moment,
    sources: Sources,
    wire: Vec<(Moment, usize, Delivery)>,
    /// Deliveries so far, acts performed so far.
    counted: (usize, usize),
    pub(super) journal: Vec<Record>,
    logbook: Logbook,
}

impl Drive {
    /// Looks and scans once, and begins a run on every local process.
    pub(super) fn new(mut world: World, plan: Plan, sources: Sources, now: Moment) -> Self {
        world.step(now);
        let mut fleet = Fleet::default();
        fleet.observe(Observation::Host(world.scan(now)));
        fleet.observe(Observation::Link(connected(now)));
        fleet.observe(Observation::Look(world.look(now, now)));
        let drained = world
            .members
            .iter()
            .filter(|m| m.local.is_some() || m.is_far);
        let targets: Vec<ProcessKey> = drained.map(Member::key).collect();
        fleet.keep(&targets);
        let (run, effects) = Run::new(plan, &targets, &fleet, None, now);
        let mut drive = Self {
            world,
            fleet,
            run,
            now,
            wire: Vec::new(),
            counted: (0, 0),
            journal: Vec::new(),
            logbook: Logbook::default(),
            sources,
        };
        if drive.sources.logs.is_some() {
            for place in Logbook::places(&drive.world) {
                drive.send(now, Delivery::Logged(place));
            }
        }
        drive.take(effects);
        drive.send(now.after(drive.sources.look_every), Delivery::LookAgain);
        drive.send(now.after(drive.sources.scan_every), Delivery::ScanAgain);
        if let Some(every) = drive.sources.tick_every {
            drive.send(now.after(every), Delivery::TickAgain);
        }
        if let Some((from, _)) = drive.sources.lost {
            drive.send(from, Delivery::LinkLost);
        }
        drive
    }

    /// Gives a command at `when`.
    pub(super) fn command_at(&mut self, when: Moment, command: Command) {
        self.send(when, Delivery::Command(command));
    }

    /// Goes on until the run is over or `end` has come; every call on the way is checked.
    pub(super) fn until(&mut self, end: Moment) {
        while !self.run.phase().is_over() {
            let wire = self.wire.iter().map(|(when, _, _)| *when).min();
            let deadline = self.run.next_deadline().filter(|_| !self.sources.lazy);
            let next = [self.world.next_event(), wire, deadline];
            let Some(next) = next.into_iter().flatten().min() else {
                return;
            };
            if next > end {
                self.now = end;
                return;
            }
            self.now = next.max(self.now);
            for index in self.world.step(self.now) {
                if let Some(id) = self.world.members[index].local {
                    self.send(self.now, Delivery::Exited(id));
                }
            }
            self.read_logs();
            self.deliver();
            if deadline.is_some_and(|due| due <= self.now) {
                self.call(Input::Tick);
            }
        }
    }

    /// Lets time pass in the world alone, as if this program stood still.
    pub(super) fn sleep_until(&mut self, end: Moment) {
        while let Some(next) = self.world.next_event().filter(|next| *next <= end) {
            for index in self.world.step(next) {
                if let Some(id) = self.world.members[index].local {
                    self.send(end, Delivery::Exited(id));
                }
            }
        }
        self.now = end;
    }

    /// Until the run is over.
    pub(super) fn finish(&mut self) {
        self.until(self.now.after(Duration::from_secs(3600)));
        let phase = self.run.phase();
        assert!(phase.is_over(), "stuck in {phase:?}");
    }

    fn read_logs(&mut self) {
        let Some(reading) = self.sources.logs else {
            return;
        };
        let mut lines = self.logbook.written(&self.world);
        lines.retain(|line| {
            line.at >= reading.from && (reading.begins || line.entry.happening != Happening::Start)
        });
        if !lines.is_empty() {
            self.send(
                self.now.after(reading.late),
                Delivery::Logged(LogNews::Lines(lines)),
            );
        }
    }

    pub(super) fn send(&mut self, when: Moment, delivery: Delivery) {
        self.counted.0 += 1;
        self.wire.push((when, self.counted.0, delivery));
    }

    fn deliver(&mut self) {
        loop {
            let wire = self.wire.iter().enumerate();
            let due = wire.filter(|(_, (when, _, _))| *when <= self.now);
            let next = due.min_by_key(|(_, (when, number, _))| (*when, *number));
            let Some((index, _)) = next else { return };
            let (_, _, delivery) = self.wire.swap_remove(index);
            self.handle(delivery);
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        let lost = self.sources.lost;
        lost.is_some_and(|(from, to)| from <= self.now && self.now < to)
    }

    fn handle(&mut self, delivery: Delivery) {
        let now = self.now;
        match delivery {
            Delivery::LookAgain => {
                self.look();
                self.send(now.after(self.sources.look_every), Delivery::LookAgain);
            }
            Delivery::ScanAgain => {
                let scan = self.world.scan(now);
                self.send(now.after(Duration::from_millis(1)), Delivery::Host(scan));
                self.send(now.after(self.sources.scan_every), Delivery::ScanAgain);
            }
            Delivery::TickAgain => {
                self.call(Input::Tick);
                let every = self.sources.tick_every.unwrap();
                self.send(now.after(every), Delivery::TickAgain);
            }
            // Its answer was on its way and did not come.
            Delivery::Look(_) if self.is_lost() => {}
            Delivery::Look(look) => {
                self.fleet.observe(Observation::Link(connected(now)));
                self.observe(Observation::Look(look));
            }
            Delivery::Host(host) => self.observe(Observation::Host(host)),
            Delivery::Exited(process) => self.observe(Observation::Exited {
                process,
                at: now,
                status: None,
            }),
            Delivery::LinkLost => self.observe(Observation::Link(Link::Lost {
                since: now,
                retry_at: now,
                why: LinkFault::Silent,
            })),
            Delivery::Perform(id, act) => self.perform(id, &act),
            Delivery::Outcome(id, outcome) => self.call(Input::Outcome(id, outcome)),
            Delivery::Where(id, sought, asked) => {
                let answers = if self.is_lost() {
                    unasked(&sought, asked)
                } else {
                    self.world.locate(&sought, asked)
                };
                let takes = self.sources.answers_take.unwrap_or(self.sources.look_takes);
                self.send(now.after(takes), Delivery::Answer(id, answers));
            }
            Delivery::Answer(id, answers) => self.call(Input::Answer(id, answers)),
            Delivery::Command(command) => self.call(Input::Command(command)),
            Delivery::Logged(news) => self.observe(Observation::Logged(news)),
            Delivery::Search(id, missing, until) => self.search(id, missing, until),
            Delivery::Taken(waiting) => self.taken(waiting),
            Delivery::PushBack(id, push) => {
                let outcome = self.push_back(&push);
                self.call(Input::PushedBack(id, outcome));
            }
        }
    }

    fn observe(&mut self, observation: Observation) {
        self.fleet.observe(observation);
        self.call(Input::Observed);
    }

    fn look(&mut self) {
        if self.is_lost() {
            return;
        }
        let answered = self.now.after(self.sources.look_takes);
        let look = self.world.look(self.now, answered);
        self.send(answered, Delivery::Look(look));
    }

    fn perform(&mut self, id: EffectId, act: &Act) {
        let number = self.counted.1;
        self.counted.1 += 1;
        let failing = self.sources.failing.iter();
        let failing = failing.copied().find(|(failing, _)| *failing == number);
        let revoked = matches!(
            self.run.phase(),
            Phase::Ending { .. } | Phase::Over { .. } | Phase::Settling { .. }
        );
        let outcome = match failing {
            _ if revoked => ActOutcome::Revoked,
            Some((_, failure)) => {
                if failure == Failure::UnknownSent {
                    self.world
                        .signal(act.target.clone(), act.kind.signal(), self.now);
                }
                ActOutcome::Failed {
                    why: "no".into(),
                    may_have_happened: failure != Failure::Refused,
                }
            }
            None if self
                .world
                .signal(act.target.clone(), act.kind.signal(), self.now) =>
            {
                ActOutcome::Sent
            }
            None => ActOutcome::Gone,
        };
        let when = self.now.after(self.sources.act_takes);
        self.send(when, Delivery::Outcome(id, outcome));
    }

    /// An input for the run.
    pub(super) fn call(&mut self, input: Input) {
        let before = self.run.clone();
        let effects = self.run.handle(input.clone(), &self.fleet, self.now);
        let call = Call {
            at: self.now,
            input,
            before,
            after: self.run.clone(),
            effects: effects.clone(),
        };
        super::laws::check(&call, self);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Act(id, act) => {
                    let when = self.now.after(self.sources.act_takes);
                    self.send(when, Delivery::Perform(id, act));
                }
                Effect::Ask(_, Ask::LookNow) => self.look(),
                Effect::Ask(id, Ask::Where(sought)) => {
                    let when = self.now.after(self.sources.look_takes);
                    self.send(when, Delivery::Where(id, sought, self.now));
                }
                Effect::Ask(id, Ask::Nowhere(missing)) if self.world.weather.salvages => {
                    let until = self.now.after(SEARCH_WITHIN);
                    self.search(id, missing, until);
                }
                Effect::PushBack(id, push) if self.world.weather.salvages => {
                    let when = self.now.after(self.sources.act_takes);
                    self.send(when, Delivery::PushBack(id, push));
                }
                Effect::Ask(_, Ask::Taken(waiting)) => {
                    let soon = self.now.after(Duration::from_secs(1));
                    self.send(soon, Delivery::Taken(waiting));
                }
                Effect::Ask(_, Ask::Nowhere(_)) | Effect::PushBack(..) | Effect::Save(_) => {}
                Effect::Note(record) => self.journal.push(*record),
            }
        }
    }

    /// Signals as sent, with the second they were.
    pub(super) fn signals(&self) -> Vec<(u64, Signal)> {
        let sent = |record: &Record| {
            if let Event::SignalSent { signal, .. } = record.event {
                return Some((record.since_start.as_secs(), signal));
            }
            None
        };
        self.journal.iter().filter_map(sent).collect()
    }

    /// Lines of the journal that hold `words`.
    pub(super) fn told(&self, words: &str) -> usize {
        let lines = self.journal.iter().map(ToString::to_string);
        lines.filter(|line| line.contains(words)).count()
    }
}

impl Drop for Drive {
    /// A test that fails shows what the run had written down.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for record in &self.journal {
                eprintln!("{:9.3} {record}", record.since_start.as_secs_f64());
            }
            for (when, member, event) in &self.world.truth {
                let when = when.since(super::world::start());
                eprintln!("{:9.3} member {member}: {event:?}", when.as_secs_f64());
            }
        }
    }
}

/// A plan with usual choices.
pub(super) fn plan(sequence: &str) -> Plan {
    Plan {
        policy: Policy::Follow,
        ..Plan::of(sequence.parse().unwrap())
    }
}
