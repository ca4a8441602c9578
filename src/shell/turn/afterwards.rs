//! The work beside a drain and after it: the interrupted jobs in `retry` and `dead` are
//! counted at its beginning and its end, and the command of `on_finish` is given the report.
//! Neither delays the drain, and nothing that they do or fail to do changes how it ended.

use std::time::Duration;

use super::{Ended, Turn};
use crate::clock;
use crate::core::drain::{Counted, Event, Record};
use crate::core::fleet::LinkFault;
use crate::core::moment::{Moment, Seconds};
use crate::core::session::SessionInput;
use crate::host::Piped;
use crate::redis::Interrupted;
use crate::report::{Full, Library, Past};
use crate::shell::front::Front;
use crate::shell::own_signals::OwnSignal;
use crate::shell::work::{OnFinish, Reply};

/// Time for `on_finish`.
pub const TELLING: Duration = Duration::from_secs(30);
/// Time for one count, connection included.
const COUNTING: Duration = Duration::from_secs(4);

/// The work that is under way after a drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AfterStage {
    #[default]
    Nothing,
    Counting,
    /// No operator reads along, and the report is to say what came up.
    Awaiting,
    Telling,
}

/// The records of the last drain, as its journal has them, and what follows it.
#[derive(Debug, Default)]
pub(super) struct Afterwards {
    run: String,
    lines: Vec<u8>,
    stage: AfterStage,
}

impl Afterwards {
    /// A drain begins: what follows another one is its own affair.
    pub(super) fn begin(&mut self, run: &str) {
        *self = Self {
            run: run.to_owned(),
            ..Self::default()
        };
    }

    /// A drain goes on of which this is written.
    pub(super) fn take_up(&mut self, run: &str, written: &str) {
        self.begin(run);
        self.lines = written.as_bytes().to_vec();
        if !written.is_empty() && !written.ends_with('\n') {
            self.lines.push(b'\n');
        }
    }

    /// Keeps a record of the drain.
    pub(super) fn take(&mut self, record: &Record) {
        if record.run == self.run && !record.rehearsal {
            self.lines.extend_from_slice(record.json().as_bytes());
            self.lines.push(b'\n');
        }
    }
}

impl<F: Front> Turn<F> {
    /// Begins to count; says whether there is a Redis to ask.
    pub(super) fn count(&mut self, when: Counted) -> bool {
        let Some(counting) = self.world.plugs.count_interrupted() else {
            return false;
        };
        let (answers, run) = (self.world.answers.clone(), self.after.run.clone());
        self.world.questions.spawn(async move {
            let counted = tokio::time::timeout(COUNTING, counting).await;
            let counted = counted.unwrap_or(Err(LinkFault::Silent));
            drop(answers.send(Reply::Counted(run, when, counted)));
        });
        true
    }

    /// A drain has ended.
    pub(super) fn follow(&mut self) {
        self.after.stage = AfterStage::Counting;
        if !self.count(Counted::After) {
            self.tell_when_known();
        }
    }

    /// Runs the command of `on_finish`; where no screen shows what comes up in the place of the
    /// targets, once that is known.
    fn tell_when_known(&mut self) {
        let stays = self.leaving.is_none() && !self.front.is_attended();
        if stays && self.session.awaits_successors() {
            self.after.stage = AfterStage::Awaiting;
        } else {
            self.tell_operator();
        }
    }

    /// A process that was awaited may have come up.
    pub(super) fn go_on_telling(&mut self) {
        if self.after.stage == AfterStage::Awaiting && !self.session.awaits_successors() {
            self.tell_operator();
        }
    }

    /// A count has come.
    pub(super) fn counted(
        &mut self,
        run: &str,
        when: Counted,
        counted: Result<Interrupted, LinkFault>,
        now: Moment,
    ) {
        if run != self.after.run {
            return;
        }
        self.note(counted_event(when, counted), now);
        if when == Counted::After && self.after.stage == AfterStage::Counting {
            self.tell_when_known();
        }
    }

    /// Runs the command of `on_finish`, if there is one.
    fn tell_operator(&mut self) {
        self.after.stage = AfterStage::Nothing;
        let Some(told) = self.told() else { return };
        self.after.stage = AfterStage::Telling;
        let (answers, run) = (self.world.answers.clone(), self.after.run.clone());
        self.world.questions.spawn(async move {
            let program = told.on_finish.words.first().cloned().unwrap_or_default();
            let begun = clock::now();
            let error = match told.piped().await.run(TELLING).await {
                Ok(said) => {
                    tracing::info!(program, ?said, "on_finish");
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            let event = Event::Notified {
                program,
                seconds: Some(Seconds(clock::now().since(begun))),
                error,
            };
            drop(answers.send(Reply::Told(run, Box::new(event))));
        });
    }

    fn told(&self) -> Option<ReportParts> {
        let outcome = self.session.run.as_ref()?.outcome()?;
        Some(ReportParts {
            on_finish: self.world.plugs.on_finish()?,
            outcome: outcome.word(),
            run: self.after.run.clone(),
            lines: self.after.lines.clone(),
        })
    }

    /// The command of `on_finish` has ended.
    pub(super) fn was_told(&mut self, run: &str, event: Event, now: Moment) {
        if let Event::Notified {
            program,
            error: Some(error),
            ..
        } = &event
        {
            self.front.tell(&format!("on_finish: {program}: {error}"));
        }
        if run == self.after.run {
            self.after.stage = AfterStage::Nothing;
            self.note(event, now);
        }
    }

    pub(super) fn note(&mut self, event: Event, now: Moment) {
        self.hear(SessionInput::Noted(Box::new(event)), now);
    }

    /// Lets the work after a drain come to its end, unless the operator wants to leave: a second
    /// Ctrl-C, or a hang-up. After a hang-up the command is started and left to itself.
    pub(super) async fn follow_to_the_end(&mut self, ended: Ended) {
        if self.after.stage == AfterStage::Nothing {
            return;
        }
        if ended == Ended::HangUp {
            return self.leave_told();
        }
        if self.after.stage == AfterStage::Awaiting {
            self.tell_operator();
        }
        if self.world.plugs.on_finish().is_some() {
            self.front.leave();
        }
        let limit = tokio::time::sleep(TELLING + COUNTING);
        let mut limit = std::pin::pin!(limit);
        while self.after.stage != AfterStage::Nothing {
            let own_signals = &mut self.world.own_signals;
            let own = async {
                match own_signals {
                    Some(signals) => signals.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                signal = own => if matches!(signal, OwnSignal::Interrupt | OwnSignal::HangUp | OwnSignal::Terminate) {
                    return;
                },
                Some(reply) = self.world.replies.recv() => {
                    let now = self.now();
                    self.reply(reply, now);
                }
                () = &mut limit => return,
            }
        }
    }

    fn leave_told(&mut self) {
        let begun = matches!(self.after.stage, AfterStage::Nothing | AfterStage::Telling);
        let Some(told) = self.told().filter(|_| !begun) else {
            return;
        };
        let program = told.on_finish.words.first().cloned().unwrap_or_default();
        let left = told.of_this_alone().leave();
        let event = Event::Notified {
            program,
            seconds: Some(Seconds(Duration::ZERO)),
            error: left
                .err()
                .map(|error| format!("it cannot be started: {error}")),
        };
        let now = self.now();
        self.note(event, now);
    }
}

/// The parts of the report that tells of a drain.
struct ReportParts {
    on_finish: OnFinish,
    outcome: &'static str,
    run: String,
    lines: Vec<u8>,
}

impl ReportParts {
    /// The command with the report, made beside the loop: earlier records are read for it.
    async fn piped(self) -> Piped {
        let making = tokio::task::spawn_blocking(move || {
            let library = self.on_finish.state_dir.as_deref().map(Library::new);
            self.with(library.as_ref())
        });
        match making.await {
            Ok(piped) => piped,
            // A panic there is one here too.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// The same without a look at earlier drains: there is no time.
    fn of_this_alone(self) -> Piped {
        self.with(None)
    }

    fn with(self, library: Option<&Library>) -> Piped {
        let past = Past::from_text(&self.run, &self.lines);
        let full = Full::of(&past, library);
        let mut input = serde_json::to_vec(&full).unwrap_or_default();
        input.push(b'\n');
        Piped {
            words: self.on_finish.words,
            environment: vec![
                ("DRAINBOARD_RUN", self.run),
                ("DRAINBOARD_OUTCOME", self.outcome.to_owned()),
            ],
            input,
        }
    }
}

fn counted_event(when: Counted, counted: Result<Interrupted, LinkFault>) -> Event {
    let when = Some(when);
    match counted {
        Ok(counted) => Event::InterruptedCounted {
            when,
            retry: Some(counted.retry),
            dead: Some(counted.dead),
            of_first: (!counted.whole).then_some(counted.read),
            error: None,
        },
        Err(fault) => Event::InterruptedCounted {
            when,
            retry: None,
            dead: None,
            of_first: None,
            error: Some(fault.to_string()),
        },
    }
}
