//! The one format of everything that happened: journal line, JSON line, printed line, journal
//! pane and source of the report. A record says what was, never what may be.

use std::time::Duration;

use serde::Serialize;

pub use super::by::By;
use super::call::UnitVerb;
use super::checked::CheckedFinding;
use super::fate::Fate;
use super::succession::Successor;
pub use super::tally::{Counts, Outcome};
use super::unit::UnitWords;
use crate::core::fleet::Identity;
use crate::core::moment::{Moment, Seconds};
use crate::core::sequence::Signal;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Record {
    /// When.
    pub at: Moment,
    /// Time since the run began.
    pub since_start: Duration,
    /// The run's name.
    pub run: String,
    /// Whether it is a rehearsal: nothing was really sent.
    pub rehearsal: bool,
    /// The process it is about, if it is about one.
    pub about: Option<About>,
    /// What.
    pub event: Event,
}

/// The process that a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name in Redis.
    pub identity: Option<Identity>,
    /// Its pid here.
    pub pid: Option<u32>,
    /// `util1:4242`, for people.
    pub name: String,
}

/// What happened. Serialised with its name as `event`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    Started {
        /// The sequence in its normal form.
        sequence: String,
        /// How many targets.
        targets: usize,
        /// `manual` or `automatic`.
        mode: &'static str,
        /// Who started it.
        by: Option<String>,
        /// Why, in his words.
        reason: Option<String>,
        /// Sidekiq's own timeout as the run takes it: the longest of its targets.
        timeout_s: Option<Seconds>,
        /// Where that was found.
        timeout_from: Option<String>,
    },
    /// The plan was looked at before the first signal.
    Checked {
        /// Where the sequence was found: `--sequence`, `FILE:LINE`, `default`.
        sequence_from: String,
        /// Why the sequence that the targets ask for was not taken, if so: somebody let the
        /// drain begin all the same.
        trouble: Option<String>,
        /// What was found that concerns this drain, the gravest first.
        findings: Vec<CheckedFinding>,
    },
    /// A signal is about to be sent. Journal only.
    SignalIntended {
        /// Which.
        #[serde(serialize_with = "name")]
        signal: Signal,
        /// Its position.
        step: Option<usize>,
    },
    /// A signal was sent.
    SignalSent {
        /// Which.
        #[serde(serialize_with = "name")]
        signal: Signal,
        /// Its position; null for a KILL out of turn.
        step: Option<usize>,
        /// For KILL: jobs known to be at stake at that moment; null where nobody could say.
        #[serde(skip_serializing_if = "Option::is_none")]
        at_stake: Option<u64>,
        /// For KILL: whether Redis could not be asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        blind: Option<bool>,
    },
    /// A signal was not sent, or nobody knows.
    SignalFailed {
        /// Which.
        #[serde(serialize_with = "name")]
        signal: Signal,
        /// Its position.
        step: Option<usize>,
        /// Why.
        error: String,
        /// Whether it may have been sent all the same.
        may_have_happened: bool,
    },
    /// The stop of its unit is about to be asked for, in TERM's place. Journal only.
    UnitStopIntended {
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
        /// The position of TERM.
        step: Option<usize>,
    },
    /// systemd has begun to stop its unit, in TERM's place.
    UnitStopBegun {
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
        /// The position of TERM.
        step: Option<usize>,
        /// Jobs known to be at stake by systemd's own KILL; null where it sends none.
        at_stake: Option<u64>,
        /// When systemd kills what still lives; null: never.
        systemd_kills_at: Option<String>,
    },
    /// Its unit was not stopped, or nobody knows.
    UnitStopFailed {
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
        /// The position of TERM.
        step: Option<usize>,
        /// Why.
        error: String,
        /// Whether it may be stopped all the same.
        may_have_happened: bool,
    },
    /// systemd is about to be told to bring a unit back to work, after a drain. Journal only.
    UnitCallIntended {
        /// What.
        verb: UnitVerb,
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
    },
    /// It has taken that on.
    UnitCalled {
        /// What.
        verb: UnitVerb,
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
    },
    /// It has not, or nobody knows.
    UnitCallFailed {
        /// What.
        verb: UnitVerb,
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
        /// Why.
        error: String,
        /// Whether it may do it all the same.
        may_have_happened: bool,
    },
    /// A target fetches no more.
    QuietConfirmed {
        /// How that is known.
        evidence: String,
    },
    /// A wait ended early.
    AdvancedEarly {
        /// How it is known that nothing runs.
        evidence: String,
        /// Seconds of the wait that were left.
        saved_s: Seconds,
    },
    /// The clock was stopped.
    Held {
        /// Why.
        why: String,
    },
    /// The clock runs again.
    Resumed,
    /// The mode was changed.
    ModeChanged {
        /// `manual` or `automatic`.
        mode: &'static str,
    },
    /// A wait was made longer or (negative) shorter.
    Extended {
        /// By so many seconds.
        by_s: i64,
    },
    /// The backtrace of a job's thread was taken.
    Backtrace {
        /// The job.
        jid: Option<String>,
        /// Its class.
        class: String,
        /// Its thread.
        tid: String,
        /// The innermost first.
        frames: Vec<String>,
    },
    /// The payload of a job was saved before a KILL that could lose it.
    PayloadSaved {
        /// Its id.
        jid: String,
        /// Its class.
        class: String,
        /// Its queue.
        queue: String,
    },
    /// A lost job is about to be pushed back. Journal only.
    RescueIntended {
        /// Its id.
        jid: String,
        /// Its class.
        class: String,
        /// Its queue.
        queue: String,
    },
    /// What became of that.
    RescueEnded {
        /// Its id.
        jid: String,
        /// Its class.
        class: String,
        /// Its queue.
        queue: String,
        /// Whether it is back for certain; null where nobody knows.
        back: Option<bool>,
        /// In words.
        result: String,
    },
    /// A job ended by itself.
    JobFinished {
        /// Its id.
        jid: String,
        /// Its class.
        class: String,
        /// Its queue; null where only its log has named the job.
        queue: Option<String>,
        /// How long it ran; null where nobody knows.
        elapsed_s: Option<Seconds>,
        /// How that is known.
        evidence: Option<String>,
    },
    /// A target has exited.
    Exited {
        /// Whether it left its registry in order; null where nobody could see.
        clean: Option<bool>,
    },
    /// The fate of a job.
    Reconciled {
        /// Its id; null for a worker thread whose job nobody had seen.
        jid: Option<String>,
        /// Its class.
        class: Option<String>,
        /// Its queue.
        queue: Option<String>,
        /// How long it had run when it was last known to run.
        elapsed_s: Option<Seconds>,
        /// What became of it.
        fate: Fate,
        /// How that is known.
        evidence: String,
    },
    /// The log of a process tells how far its shutdown is.
    Logged {
        /// In Sidekiq's own words.
        text: String,
    },
    /// Something that changed nothing, worth knowing.
    Remarked {
        /// In words.
        text: String,
    },
    /// Jobs in `retry` and `dead` whose error is an interrupt were counted. Journal only.
    InterruptedCounted {
        /// `before` the first signal, or `after` the end.
        when: &'static str,
        /// In `retry`; null where Redis could not be asked.
        retry: Option<u64>,
        /// In `dead`; null where Redis could not be asked.
        dead: Option<u64>,
        /// Members of each set that were looked at, at most; null where that is all of them.
        of_first: Option<u64>,
        /// Why nothing is known.
        error: Option<String>,
    },
    /// The command of `on_finish` was given the report. Journal only.
    Notified {
        /// The program.
        program: String,
        /// How long it took.
        seconds: Seconds,
        /// How it failed; null if it did not.
        error: Option<String>,
    },
    /// A job of unknown fate was found once the drain was over. Journal only.
    FoundLater {
        /// Its id.
        jid: String,
        /// Its class.
        class: Option<String>,
        /// What that makes of it.
        fate: Fate,
        /// Where it was, in words.
        place: String,
    },
    /// Something, or nothing, came up in the place of a target: printed before the last line.
    Successor(Box<Successor>),
    /// The run is over: the last of the lines that are printed. In the journal what is learned
    /// later may follow it.
    Finished {
        /// How.
        outcome: Outcome,
        /// Whole duration.
        seconds: Seconds,
        /// Jobs by fate.
        jobs: Counts,
        /// What could not be done, for `refused` and `error`.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn name<S: serde::Serializer>(signal: &Signal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(signal.name())
}

impl Record {
    /// The only record of a drain that did not begin.
    pub fn unbegun(outcome: Outcome, why: &str, run: &str, now: Moment) -> Self {
        let event = Event::Finished {
            outcome,
            seconds: Seconds(Duration::ZERO),
            jobs: Counts::default(),
            why: Some(why.into()),
        };
        Self {
            at: now,
            since_start: Duration::ZERO,
            run: run.into(),
            rehearsal: false,
            about: None,
            event,
        }
    }

    /// The record as one line of JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            // Nothing in a record can fail to serialise; a line that says so beats a panic.
            format!("{{\"event\":\"remarked\",\"text\":\"record not serialised: {error}\"}}")
        })
    }

    /// Whether it belongs in the JSON lines of `drain`. Intents stand in the journal alone, and so
    /// does what was counted or told beside the drain: it may come after the last line.
    pub fn is_public(&self) -> bool {
        !matches!(
            self.event,
            Event::SignalIntended { .. }
                | Event::RescueIntended { .. }
                | Event::UnitStopIntended { .. }
                | Event::UnitCallIntended { .. }
                | Event::InterruptedCounted { .. }
                | Event::Notified { .. }
                | Event::FoundLater { .. }
        )
    }
}
