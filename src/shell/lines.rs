//! The front of a drain without a screen: it gathers, begins, prints each record as a line for
//! people or as JSON, and ends. Where a question waits and no operator can answer, it stops there.

mod taken_up;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::time::Duration;

use tokio::sync::mpsc;

use self::taken_up::TakenUp;
use super::front::Front;
use super::own_signals::stop_oneself;
use super::printer::{Printed, Printer, say, stamp};
use super::sentences::{
    awaits_queues, confirmation, nothing_to_drain, suspended, undecided, what_stays,
};
use super::silence::Silence;
use super::typed;
use crate::console::Request;
use crate::core::choice::Choice;
use crate::core::drain::{Command, Event, Hold, Outcome, Phase, Record, Run};
use crate::core::fleet::{Link, ProcessKey};
use crate::core::moment::Moment;
use crate::core::preflight::Consent;
use crate::core::session::{Kind, Session};

/// How long the first look is waited for.
const GATHERING: Duration = Duration::from_secs(4);
/// How long the first scan of `/proc` is waited for. Without it nothing is known of this host.
const SCANNING: Duration = Duration::from_secs(30);

/// Where a drain without a screen stands before and after its run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum LinesStage {
    Gathering {
        since: Option<Moment>,
    },
    /// The operator at the terminal is asked, and only the drain that was shown may begin.
    Confirming {
        targets: Vec<ProcessKey>,
        consent: Consent,
    },
    Draining,
    Over(Outcome),
}

/// The wishes for a drain without a screen.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct LinesErrand {
    /// Whom to drain.
    pub choice: Choice,
    /// Whether nothing to drain is success.
    pub allow_empty: bool,
    /// Whether an operator at a terminal may be asked.
    pub may_ask: bool,
    /// Whether the drain is to be confirmed at the terminal before its first signal.
    pub confirm: bool,
    /// Whether the last line waits for what comes up in the place of the targets.
    pub successor: bool,
}

/// The parts of the last line.
#[derive(Debug, Default)]
struct LastLine {
    /// Its record, held back until it is known what came up in the place of the targets.
    record: Option<Record>,
    /// The file in which payloads were saved.
    saved: Option<String>,
}

/// The front of `drain` and `resume`.
#[derive(Debug)]
pub struct LinesFront {
    printer: Printer,
    errand: LinesErrand,
    stage: LinesStage,
    input: Option<mpsc::UnboundedReceiver<String>>,
    asked: Option<String>,
    last: LastLine,
    taken_up: TakenUp,
    silence: Silence,
}

impl LinesFront {
    /// A front for this errand.
    pub fn new(printer: Printer, errand: LinesErrand) -> Self {
        let input = (errand.may_ask || errand.confirm).then(typed::lines);
        Self {
            printer,
            errand,
            stage: LinesStage::Gathering { since: None },
            input,
            asked: None,
            last: LastLine::default(),
            taken_up: TakenUp::No,
            silence: Silence::default(),
        }
    }

    /// Prints what was held back.
    fn print_last(&mut self) {
        if let Some(record) = self.last.record.take() {
            self.printer.last(&record, self.last.saved.as_deref());
        }
    }

    /// Ends without a run: still the last line says how.
    fn fail(&mut self, outcome: Outcome, why: &str, session: &Session, now: Moment) {
        if self.printer.0 == Printed::Json && outcome != Outcome::Drained {
            say(&format!("{}: {why}", outcome.word()));
        }
        let mut record = Record::unbegun(outcome, why, &session.setting.plan.run, now);
        record.rehearsal = session.setting.plan.rehearsal;
        self.printer.record(&record);
        self.stage = LinesStage::Over(outcome);
    }

    fn gather(&mut self, since: Option<Moment>, session: &Session, now: Moment) -> Vec<Request> {
        let since = since.unwrap_or(now);
        self.stage = LinesStage::Gathering { since: Some(since) };
        let fleet = &session.fleet;
        if fleet.scanned.is_none() {
            if now.since(since) >= SCANNING {
                let why = format!(
                    "the processes of this host could not be read within {} s, so nothing is known of its Sidekiqs; try again",
                    SCANNING.as_secs()
                );
                self.fail(Outcome::Error, &why, session, now);
            }
            return Vec::new();
        }
        let waited = now.since(since) >= GATHERING;
        let unreachable = match &fleet.link {
            Link::Lost { why, .. } => Some(why.to_string()),
            Link::Unused | Link::Connecting { .. } if waited => Some("no answer in time".into()),
            Link::Unused | Link::Connecting { .. } | Link::Connected { .. } => None,
        };
        let seen = fleet.looked.is_some() || unreachable.is_some();
        if !seen && !waited {
            return Vec::new();
        }
        if let Some(why) = unreachable {
            if self.errand.choice.is_nothing() {
                return self.nothing(session, now);
            }
            if !self.errand.choice.is_local() {
                let address = session
                    .setting
                    .redis
                    .as_ref()
                    .map_or("no address", |(address, _)| address);
                let why = format!(
                    "Redis at {address} cannot be asked ({why}); name the targets by --pid, --unit or --all to drain on local evidence"
                );
                self.fail(Outcome::Error, &why, session, now);
                return Vec::new();
            }
            say(&format!(
                "{} Redis cannot be asked ({why}): going on with what this host shows",
                stamp(now)
            ));
        }
        if let Some(why) = undecided(&self.errand.choice, session) {
            self.fail(Outcome::Refused, &why, session, now);
            return Vec::new();
        }
        let targets = self.errand.choice.choose(fleet);
        if targets.is_empty() {
            return self.nothing(session, now);
        }
        // The loaded units belong to the preflight; one that does not answer in time is
        // told of there.
        let real = session.setting.kind != Kind::Demo;
        if real && !waited && !targets.iter().all(|id| fleet.unit_is_told(id)) {
            return Vec::new();
        }
        if !waited && awaits_queues(fleet, &targets) {
            return Vec::new();
        }
        for warning in session.preflight.seen.warnings() {
            say(&format!("{} warning: {warning}", stamp(now)));
        }
        if self.errand.confirm {
            say(&confirmation(&targets, session, now));
            let plan = &session.setting.plan;
            let consent = Consent::to(&session.preflight.seen, &plan.sequence, None);
            self.stage = LinesStage::Confirming { targets, consent };
            return Vec::new();
        }
        self.begin(targets, None)
    }

    fn begin(&mut self, targets: Vec<ProcessKey>, consent: Option<Consent>) -> Vec<Request> {
        self.stage = LinesStage::Draining;
        vec![
            Request::Begin { targets, consent },
            Request::Command(Command::Automatic),
        ]
    }

    /// The last line, where none was written yet: the operator left before the run began.
    pub fn close(&mut self, session: &Session, now: Moment) -> Outcome {
        if let Some(outcome) = session.run.as_ref().and_then(Run::outcome) {
            self.stage = LinesStage::Over(outcome);
        }
        self.print_last();
        if let LinesStage::Over(outcome) = self.stage {
            return outcome;
        }
        self.fail(
            Outcome::Stopped,
            "left before anything was sent",
            session,
            now,
        );
        Outcome::Stopped
    }

    fn nothing(&mut self, session: &Session, now: Moment) -> Vec<Request> {
        let why = nothing_to_drain(&self.errand.choice, session, now);
        let outcome = if self.errand.allow_empty {
            Outcome::Drained
        } else {
            Outcome::Error
        };
        self.fail(outcome, &why, session, now);
        Vec::new()
    }

    /// Puts the question of a hold to the terminal, once.
    fn ask(&mut self, why: &Hold, run: &Run) {
        let words = why.words(run.ledger().targets());
        if self.asked.as_deref() == Some(&words) {
            return;
        }
        let help = typed::help(why);
        say(&format!("{words}\n{help}:"));
        self.asked = Some(words);
    }
}

impl Front for LinesFront {
    type Event = String;

    async fn event(&mut self) -> Option<String> {
        if let Some(lines) = &mut self.input {
            if let Some(line) = lines.recv().await {
                return Some(line);
            }
            // A closed standard input ends nothing: there is just no operator to ask any more.
            self.input = None;
        }
        std::future::pending().await
    }

    fn take(&mut self, line: String, session: &Session, now: Moment) -> Vec<Request> {
        self.asked = None;
        if let LinesStage::Confirming { targets, consent } = &self.stage {
            let (targets, consent) = (targets.clone(), consent.clone());
            if matches!(line.trim(), "y" | "Y" | "yes") {
                return self.begin(targets, Some(consent));
            }
            self.fail(
                Outcome::Refused,
                "not confirmed, nothing was sent",
                session,
                now,
            );
            return Vec::new();
        }
        typed::command(&line, session)
            .into_iter()
            .map(Request::Command)
            .collect()
    }

    fn answer(&mut self, session: &Session, now: Moment) -> Vec<Request> {
        if let LinesStage::Gathering { since } = self.stage {
            return self.gather(since, session, now);
        }
        let Some(run) = &session.run else {
            return Vec::new();
        };
        if let LinesStage::Over(_) = self.stage {
            if !session.awaits_successors() {
                self.print_last();
            } else if let Some(text) = self.silence.broken_after_the_end(session, now) {
                say(&text);
            }
            return Vec::new();
        }
        if let Some(record) = self.silence.broken(run, session, now) {
            self.printer.record(&record);
        }
        if let Some(outcome) = run.outcome() {
            self.stage = LinesStage::Over(outcome);
            if outcome == Outcome::Stopped {
                for target in run.ledger().targets() {
                    say(&what_stays(target, session));
                }
            }
            return Vec::new();
        }
        if let Some(command) = self.go_on(run) {
            return vec![Request::Command(command)];
        }
        let Phase::Held { why, .. } = run.phase() else {
            return Vec::new();
        };
        if self.is_attended() {
            self.ask(why, run);
            return Vec::new();
        }
        vec![Request::Command(Command::StopUnanswered)]
    }

    fn note(&mut self, record: &Record) {
        self.silence.printed(record.at);
        let finished = matches!(record.event, Event::Finished { .. });
        if let Event::PayloadSaved { file, .. } = &record.event {
            self.last.saved.clone_from(file);
        }
        if finished {
            self.last.record = Some(record.clone());
        } else {
            self.printer.record(record);
        }
        if !self.errand.successor {
            self.print_last();
        }
    }

    fn tell(&mut self, text: &str) {
        say(text);
    }

    fn refused(&mut self, why: &str, session: &Session, now: Moment) {
        self.fail(Outcome::Refused, why, session, now);
    }

    fn show(&mut self, _session: &Session, _now: Moment) -> io::Result<()> {
        Ok(())
    }

    fn show_anew(&mut self) {}

    fn suspend(&mut self, session: &Session, now: Moment) {
        if let Some(text) = suspended(session, now) {
            say(&text);
        }
        stop_oneself();
    }

    fn next_show(&self, session: &Session, now: Moment) -> Option<Moment> {
        match self.stage {
            LinesStage::Gathering { .. } => Some(now.after(Duration::from_millis(250))),
            LinesStage::Draining => self.silence.ends(),
            LinesStage::Over(_) if session.awaits_successors() => {
                Some(self.silence.ends_after_the_end(now))
            }
            LinesStage::Confirming { .. } | LinesStage::Over(_) => None,
        }
    }

    fn is_attended(&self) -> bool {
        self.errand.may_ask && self.input.is_some() && io::stderr().is_terminal()
    }

    fn is_done(&self, session: &Session) -> bool {
        matches!(self.stage, LinesStage::Over(_)) && !session.awaits_successors()
    }
}
