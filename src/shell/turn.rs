//! The one loop. Keys come first: nothing that a source says may delay an abort. Nothing is
//! awaited inside an arm, and a panic in any task ends the program.

mod afterwards;
mod asked;
mod requested;
mod take_up;
mod visited;

use std::time::Duration;

use color_eyre::eyre::{Report, Result, eyre};

use self::afterwards::Afterwards;
pub use self::afterwards::TELLING;
use self::take_up::Inherited;
pub use self::take_up::SessionStart;
use super::front::Front;
use super::notifier::Notifier;
use super::own_signals::OwnSignal;
use super::visitors::FromVisitor;
use super::work::{Reply, ShellWork};
use super::world::{HangUp, World};
use crate::clock;
use crate::console::Request;
use crate::core::drain::{Ask, Command, Counted, Effect};
use crate::core::fleet::{LogNews, Observation};
use crate::core::moment::Moment;
use crate::core::session::{Kind, Session, SessionInput};
use crate::recorder::Recorder;

/// While something is due, the loop looks at the clock at least this often: timers stand still
/// while the machine is suspended.
const AT_LEAST: Duration = Duration::from_secs(5);
/// Observations taken in before the next draw.
const AT_ONCE: usize = 64;
/// How long what is already given to the performer may take to be written at the end.
const CLOSING: Duration = Duration::from_millis(300);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The front was done.
    Done,
    /// The operator left.
    Quit,
    /// The operator goes on with the drain that was cut off.
    TakesUp,
    /// The terminal is gone, or the program was told to end.
    HangUp,
}

/// The reason why the loop woke.
enum WakeReason<E> {
    Front(Option<E>),
    Own(OwnSignal),
    Reply(Reply),
    Task(Result<()>),
    Asked(Result<()>),
    Observation(Observation),
    Visited(FromVisitor),
    Tick,
}

struct Turn<F> {
    session: Session,
    front: F,
    world: World,
    /// Why it is to end; it does once no act is in a system call any more.
    leaving: Option<Ended>,
    was_draining: bool,
    after: Afterwards,
    /// Talks to systemd, where this program stops a unit.
    notifier: Option<Notifier>,
    /// Takes every input down before the session takes it in; `None` where no drain is real.
    recorder: Option<Recorder>,
}

/// Drives a session until `front` is done, the operator leaves, or the terminal is gone.
///
/// # Errors
/// If a task fails, or a drain cannot be taken up ([`super::Refused`]).
pub async fn run<F: Front>(
    start: impl Into<SessionStart>,
    front: F,
    world: World,
) -> Result<(Session, F, Ended)> {
    let (session, recorder, inherited) = match start.into() {
        SessionStart::New(session) => {
            let recorder = (session.setting.kind == Kind::Live).then(|| Recorder::new(&session));
            (*session, recorder, None)
        }
        SessionStart::TakeUp(cut_off, taking_up) => {
            let (session, recorder, inherited) = Inherited::of(*cut_off, taking_up);
            (session, Some(recorder), Some(inherited))
        }
    };
    let notifier = Notifier::for_session(&session, (world.clock)());
    let mut turn = Turn {
        session,
        front,
        world,
        leaving: None,
        was_draining: false,
        after: Afterwards::default(),
        notifier,
        recorder,
    };
    if let Some(inherited) = inherited {
        let now = turn.now();
        turn.take_up(inherited, now)?;
    }
    loop {
        let now = turn.now();
        turn.answer(now);
        if let Some(notifier) = &mut turn.notifier {
            notifier.tell(&turn.session, now);
        }
        if turn.leaving.is_none() && turn.front.is_done(&turn.session) {
            turn.leaving = Some(Ended::Done);
        }
        let dark = turn.world.hang_up == HangUp::Continued;
        if turn.leaving.is_none() && dark && !turn.session.is_draining() {
            turn.leaving = Some(Ended::HangUp);
        }
        if let Some(ended) = turn.leaving
            && !turn.session.is_draining()
        {
            turn.follow_to_the_end(ended).await;
            turn.close().await;
            return Ok((turn.session, turn.front, ended));
        }
        if turn.leaving.is_none() && !dark && turn.front.show(&turn.session, now).is_err() {
            // The terminal that it shows on is gone: that is a hang-up, no error.
            turn.hang_up(now);
            continue;
        }
        let event = turn.next(now).await;
        turn.take(event)?;
        turn.read_logs();
    }
}

impl<F: Front> Turn<F> {
    fn now(&self) -> Moment {
        (self.world.clock)()
    }

    /// Waits for the next event, in the order of their importance.
    async fn next(&mut self, now: Moment) -> WakeReason<F::Event> {
        let gone = self.leaving.is_some() || self.world.hang_up == HangUp::Continued;
        let Self {
            session,
            front,
            world,
            notifier,
            ..
        } = self;
        let notice = notifier.as_ref().and_then(Notifier::next);
        let wakeup = [
            session.next_deadline(),
            front.next_show(session, now),
            notice,
        ]
        .into_iter()
        .flatten()
        .min();
        let pause = wakeup.map_or(AT_LEAST, |wakeup| wakeup.since(now).min(AT_LEAST));
        let pause = pause.div_f64(world.pace);
        let own_signals = &mut world.own_signals;
        let own = async {
            match own_signals {
                Some(signals) => signals.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            event = front.event(), if !gone => WakeReason::Front(event),
            signal = own => WakeReason::Own(signal),
            heard = world.visitors.next() => WakeReason::Visited(heard),
            Some(reply) = world.replies.recv() => WakeReason::Reply(reply),
            Some(joined) = world.tasks.join_next() => WakeReason::Task(joined.map_err(Report::from).and_then(|ended| ended)),
            Some(joined) = world.questions.join_next() => WakeReason::Asked(joined.map_err(Report::from)),
            Some(observation) = world.observations.recv() => WakeReason::Observation(observation),
            () = tokio::time::sleep(pause) => WakeReason::Tick,
            Some(said) = world.logs.recv() => WakeReason::Observation(said),
        }
    }

    fn take(&mut self, event: WakeReason<F::Event>) -> Result<()> {
        let now = self.now();
        match event {
            WakeReason::Front(Some(event)) => {
                let requests = self.front.take(event, &self.session, now);
                self.requests(requests, now);
                if self.front.turns_controls_over() {
                    self.turn_over(now);
                }
            }
            WakeReason::Front(None) | WakeReason::Own(OwnSignal::HangUp) => self.hang_up(now),
            WakeReason::Own(OwnSignal::Terminate) => self.terminate(now),
            WakeReason::Own(OwnSignal::Interrupt) => self.interrupt(now),
            WakeReason::Own(OwnSignal::Suspend) => self.front.suspend(&self.session, now),
            WakeReason::Own(OwnSignal::Continued) => {
                self.front.show_anew();
                self.hear(SessionInput::Ticked, now);
            }
            WakeReason::Visited(heard) => self.visited(heard, now),
            WakeReason::Tick => self.hear(SessionInput::Ticked, now),
            WakeReason::Reply(reply) => self.reply(reply, now),
            WakeReason::Task(ended) => {
                ended?;
                // Sources run as long as they have a listener; one that ended early is a fault.
                return Err(eyre!("a source of observations ended unexpectedly"));
            }
            WakeReason::Asked(ended) => ended?,
            WakeReason::Observation(first) => self.observe(first, now),
        }
        self.note_end(now);
        Ok(())
    }

    /// Takes an observation in, and those that wait behind it.
    fn observe(&mut self, first: Observation, now: Moment) {
        let mut next = Some(first);
        let mut taken = 0;
        while let Some(mut observation) = next {
            if let Observation::Logged(LogNews::Lines(lines)) = &mut observation
                && let Some(recorder) = &self.recorder
            {
                recorder.retain_new(lines);
            }
            if let Observation::Link(link) = &observation {
                tracing::info!(link = link.word(), ?link, "link");
            }
            self.hear(SessionInput::Observed(observation), now);
            self.tell_directories(now);
            taken += 1;
            next = if taken < AT_ONCE {
                self.world.observations.try_recv().ok()
            } else {
                None
            };
        }
    }

    /// The request of the state itself, where no operator can answer.
    fn answer(&mut self, now: Moment) {
        let mut requests = self.front.answer(&self.session, now);
        if self.world.visitors.drive() {
            // A question waits for who drives from outside.
            requests.retain(|wish| *wish != Request::Command(Command::StopUnanswered));
        }
        self.requests(requests, now);
        self.note_end(now);
    }

    /// Takes in one piece of what logs say beside each event: where the loop never has nothing to
    /// do, as on a busy host, its last arm would never be reached. A piece is a few hundred lines.
    fn read_logs(&mut self) {
        if let Ok(said) = self.world.logs.try_recv() {
            let now = self.now();
            self.observe(said, now);
        }
    }

    fn note_end(&mut self, now: Moment) {
        let draining = self.session.is_draining();
        if self.was_draining && !draining {
            self.world.plugs.over();
            if let Some(recorder) = &mut self.recorder {
                recorder.end(&self.session);
            }
            self.world.visitors.close();
            self.follow();
            // A screen offers what is proven; a drain without one has done so by itself.
            if self.front.is_attended() {
                self.hear(SessionInput::LostWanted, now);
            }
        }
        self.was_draining = draining;
        self.go_on_telling();
    }

    fn reply(&mut self, reply: Reply, now: Moment) {
        tracing::debug!(?reply, "reply");
        let input = match reply {
            Reply::Outcome(id, outcome) => SessionInput::ActEnded(id, outcome),
            Reply::Answer(id, answers) => SessionInput::Answered(id, answers),
            Reply::Departed(found) => SessionInput::DepartedFound(found),
            Reply::Called(call, outcome) => SessionInput::UnitCalled(call, Some(outcome)),
            Reply::Taken(waiting, taken) => SessionInput::SignalTaken(waiting, taken),
            Reply::Claimed(claimed) => return self.claimed(*claimed),
            Reply::Asked(process, outcome) => SessionInput::BacktracesAsked(process, outcome),
            Reply::Cancelled(target, answer) => SessionInput::CancelAnswered(target, answer),
            Reply::Searched(id, traces) => SessionInput::Searched(id, traces),
            Reply::PushedBack(id, outcome) => SessionInput::PushEnded(id, outcome),
            Reply::Saved(target, payloads) => {
                SessionInput::PayloadsSaved(target, asked::labels(&payloads))
            }
            Reply::Counted(run, when, counted) => return self.counted(&run, when, counted, now),
            Reply::Told(run, event) => return self.was_told(&run, *event, now),
            Reply::SavedOnDemand(run, jobs, saved) => {
                return self.saved_on_demand(&run, &jobs, saved, now);
            }
            Reply::JournalFailed(why) => {
                self.front.tell(&format!(
                    "the record of this drain cannot be written: {why}"
                ));
                if !self.front.is_attended() {
                    return;
                }
                SessionInput::Commanded(Command::JournalFailed(why))
            }
        };
        self.hear(input, now);
    }

    /// Takes an input down, has the session take it in, and does what follows from it.
    fn hear(&mut self, input: SessionInput, now: Moment) {
        if let Some(recorder) = &mut self.recorder
            && let Err(why) = recorder.take(&input, now)
        {
            self.front.tell(&why);
        }
        let effects = self.session.apply(input, now);
        self.dispatch(effects);
    }

    fn dispatch(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Note(record) => {
                    self.after.take(&record);
                    self.front.note(&record);
                    self.send(ShellWork::Note(record));
                }
                Effect::Act(id, act) => {
                    tracing::info!(?id, ?act, "act");
                    let (at_stake, payloads) = self.at_stake(&act);
                    self.send(ShellWork::Act {
                        id,
                        act,
                        at_stake,
                        payloads,
                    });
                }
                Effect::Ask(id, Ask::Nowhere(missing)) => self.search(id, missing),
                Effect::Ask(_, Ask::Taken(waiting)) => self.await_arrival(waiting),
                Effect::Ask(id, ask) => self.question(id, ask),
                Effect::PushBack(id, push) => self.push_back(id, &push),
                Effect::Save(process) => self.save_known(&process, clock::now()),
            }
        }
        self.ask_processes();
        self.cancel_jobs();
        self.look_for_departed();
    }

    fn send(&self, work: ShellWork) {
        // A performer that is gone shows as an ended task at the next turn.
        drop(self.world.work.send(work));
    }

    /// Lets the performer write what it was given: it ends when its work does.
    async fn close(&mut self) {
        let (closed, _) = tokio::sync::mpsc::unbounded_channel();
        self.world.work = closed;
        self.world.observations.close();
        self.world.logs.close();
        self.world.questions.abort_all();
        let tasks = &mut self.world.tasks;
        let all = async { while tasks.join_next().await.is_some() {} };
        // A task that does not end in time is ended with the runtime.
        drop(tokio::time::timeout(CLOSING, all).await);
    }
}
