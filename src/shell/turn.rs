//! The one loop. Keys come first: nothing that a source says may delay an abort. Nothing is
//! awaited inside an arm, and a panic in any task ends the program.

use std::time::Duration;

use color_eyre::eyre::{Report, Result, eyre};

use super::front::{Front, Request};
use super::own_signals::OwnSignal;
use super::performer::{Reply, Work};
use super::world::World;
use crate::core::drain::{Act, Ask, Command, Effect, EffectId};
use crate::core::fleet::{LocalId, Observation};
use crate::core::moment::Moment;
use crate::core::sequence::Signal;
use crate::core::session::Session;

/// While something is due, the loop looks at the clock at least this often: timers stand still
/// while the machine is suspended.
const AT_LEAST: Duration = Duration::from_secs(5);
/// Observations taken in before the next draw.
const AT_ONCE: usize = 64;

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The front was done.
    Done,
    /// Somebody left.
    Quit,
    /// The terminal is gone, or the program was told to end.
    HangUp,
}

/// What woke the loop.
enum Event<E> {
    Front(Option<E>),
    Own(OwnSignal),
    Reply(Reply),
    Task(Result<()>),
    Asked(Result<()>),
    Observation(Observation),
    Tick,
}

/// Drives `session` until `front` is done, somebody leaves, or the terminal is gone.
///
/// # Errors
/// If a task fails or the front can show nothing any more.
pub async fn run<F: Front>(mut session: Session, mut front: F, mut world: World) -> Result<(Session, F, Ended)> {
    let mut turn = Turn { ended: None, was_draining: false };
    loop {
        let now = (world.clock)();
        turn.answer(&mut session, &mut front, &mut world, now);
        if turn.ended.is_none() && front.is_done(&session) {
            turn.ended = Some(Ended::Done);
        }
        if let Some(ended) = turn.ended {
            close(&mut world).await;
            return Ok((session, front, ended));
        }
        front.show(&session, now)?;
        let event = next(&session, &mut front, &mut world, now).await;
        let now = (world.clock)();
        turn.take(event, &mut session, &mut front, &mut world, now)?;
    }
}

/// Waits for the next event, in the order of their importance.
async fn next<F: Front>(session: &Session, front: &mut F, world: &mut World, now: Moment) -> Event<F::Event> {
    let wakeup = [session.next_deadline(), front.next_show(session, now)].into_iter().flatten().min();
    let pause = wakeup.map_or(AT_LEAST, |wakeup| wakeup.since(now).min(AT_LEAST));
    let own_signals = &mut world.own_signals;
    let own = async {
        match own_signals {
            Some(signals) => signals.next().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        event = front.event() => Event::Front(event),
        signal = own => Event::Own(signal),
        Some(reply) = world.replies.recv() => Event::Reply(reply),
        Some(joined) = world.tasks.join_next() => Event::Task(joined.map_err(Report::from).and_then(|ended| ended)),
        Some(asked) = world.questions.join_next() => Event::Asked(asked.map_err(Report::from)),
        Some(observation) = world.observations.recv() => Event::Observation(observation),
        () = tokio::time::sleep(pause) => Event::Tick,
    }
}

/// Lets what is already written down reach the disk: the performer ends when its work does.
async fn close(world: &mut World) {
    let (closed, _) = tokio::sync::mpsc::unbounded_channel();
    world.work = closed;
    world.observations.close();
    let limit = Duration::from_millis(500);
    let all = async { while world.tasks.join_next().await.is_some() {} };
    // What does not end in time is ended with the runtime.
    drop(tokio::time::timeout(limit, all).await);
}

struct Turn {
    ended: Option<Ended>,
    was_draining: bool,
}

impl Turn {
    fn take<F: Front>(
        &mut self,
        event: Event<F::Event>,
        session: &mut Session,
        front: &mut F,
        world: &mut World,
        now: Moment,
    ) -> Result<()> {
        match event {
            Event::Front(Some(event)) => {
                for request in front.take(event, session, now) {
                    self.request(request, session, front, world, now);
                }
            }
            Event::Front(None) | Event::Own(OwnSignal::HangUp) => self.hang_up(session, front, world, now),
            Event::Own(OwnSignal::Interrupt) => self.interrupt(session, front, world, now),
            Event::Own(OwnSignal::Continued) | Event::Tick => {
                let effects = session.tick(now);
                self.dispatch(effects, session, front, world);
            }
            Event::Reply(reply) => self.reply(reply, session, front, world, now),
            Event::Task(ended) => {
                ended?;
                // Sources run as long as somebody listens; one that ended early is a fault.
                return Err(eyre!("a source ended unexpectedly"));
            }
            Event::Asked(ended) => ended?,
            Event::Observation(first) => {
                let mut observation = Some(first);
                for _ in 0..AT_ONCE {
                    let Some(next) = observation.take() else { break };
                    let effects = session.observe(next, now);
                    self.dispatch(effects, session, front, world);
                    observation = world.observations.try_recv().ok();
                }
                if let Some(last) = observation {
                    let effects = session.observe(last, now);
                    self.dispatch(effects, session, front, world);
                }
            }
        }
        self.note_end(session, world);
        Ok(())
    }

    /// What the state itself asks for, where nobody can answer.
    fn answer<F: Front>(&mut self, session: &mut Session, front: &mut F, world: &mut World, now: Moment) {
        for request in front.answer(session, now) {
            self.request(request, session, front, world, now);
        }
        self.note_end(session, world);
    }

    fn note_end(&mut self, session: &Session, world: &mut World) {
        let draining = session.is_draining();
        if self.was_draining && !draining {
            world.plugs.over();
        }
        self.was_draining = draining;
    }

    fn request<F: Front>(
        &mut self,
        request: Request,
        session: &mut Session,
        front: &mut F,
        world: &mut World,
        now: Moment,
    ) {
        match request {
            Request::Command(command) => self.command(command, session, front, world, now),
            Request::Begin { targets, then } => self.begin(&targets, then, session, front, world, now),
            Request::Quit if session.is_draining() => {
                self.command(Command::HangUp, session, front, world, now);
                self.ended = Some(Ended::Quit);
            }
            Request::Quit => self.ended = Some(Ended::Quit),
        }
    }

    fn command<F: Front>(
        &mut self,
        command: Command,
        session: &mut Session,
        front: &mut F,
        world: &mut World,
        now: Moment,
    ) {
        if matches!(command, Command::StopHere | Command::HangUp) {
            world.plugs.revoke();
        }
        let effects = session.command(command, now);
        self.dispatch(effects, session, front, world);
    }

    fn begin<F: Front>(
        &mut self,
        targets: &[LocalId],
        then: Command,
        session: &mut Session,
        front: &mut F,
        world: &mut World,
        now: Moment,
    ) {
        if session.is_draining() {
            return;
        }
        let begun = match world.plugs.begin(targets, session, now) {
            Ok(begun) => begun,
            Err(refused) => {
                front.tell(&format!("not begun: {refused}"));
                return;
            }
        };
        let by = session.setting.operator.clone();
        match session.begin(targets, Some(by), now) {
            Ok(effects) => {
                send(world, begun);
                self.dispatch(effects, session, front, world);
                self.was_draining = true;
                self.command(then, session, front, world, now);
            }
            Err(error) => {
                world.plugs.over();
                front.tell(&error.to_string());
            }
        }
    }

    fn interrupt<F: Front>(&mut self, session: &mut Session, front: &mut F, world: &mut World, now: Moment) {
        if session.is_draining() {
            self.command(Command::StopHere, session, front, world, now);
        } else {
            self.ended = Some(Ended::Quit);
        }
    }

    fn hang_up<F: Front>(&mut self, session: &mut Session, front: &mut F, world: &mut World, now: Moment) {
        if session.is_draining() {
            self.command(Command::HangUp, session, front, world, now);
        }
        self.ended = Some(Ended::HangUp);
    }

    fn reply<F: Front>(&mut self, reply: Reply, session: &mut Session, front: &mut F, world: &mut World, now: Moment) {
        let effects = match reply {
            Reply::Outcome(id, outcome) => session.outcome(id, outcome, now),
            Reply::Answer(id, answers) => session.answer(id, answers, now),
            Reply::JournalFailed(why) => {
                front.tell(&format!("the record of this drain cannot be written: {why}"));
                if front.is_attended() { session.command(Command::JournalFailed(why), now) } else { Vec::new() }
            }
        };
        self.dispatch(effects, session, front, world);
    }

    fn dispatch<F: Front>(&mut self, effects: Vec<Effect>, session: &Session, front: &mut F, world: &mut World) {
        for effect in effects {
            match effect {
                Effect::Note(record) => {
                    front.note(&record);
                    send(world, Work::Note(Box::new(record)));
                }
                Effect::Act(id, act) => {
                    let at_stake = at_stake(&act, session, (world.clock)());
                    send(world, Work::Act { id, act, at_stake });
                }
                Effect::Ask(id, ask) => question(id, ask, world),
            }
        }
    }
}

fn at_stake(act: &Act, session: &Session, now: Moment) -> u64 {
    match &session.run {
        Some(run) if act.signal == Signal::Kill => run.stake(Some(act.target), &session.fleet, now).count(),
        Some(_) | None => 0,
    }
}

fn question(id: EffectId, ask: Ask, world: &mut World) {
    let wants_answer = matches!(ask, Ask::Where(_));
    let Some(answering) = world.plugs.ask(ask) else { return };
    let answers = world.answers.clone();
    world.questions.spawn(async move {
        let located = answering.await;
        if wants_answer {
            drop(answers.send(Reply::Answer(id, located)));
        }
    });
}

fn send(world: &World, work: Work) {
    // A performer that is gone shows as an ended task at the next turn.
    drop(world.work.send(work));
}
