//! Everything that can happen in a drain, written and read in one form. An event says what was,
//! never what may be. Records of older and newer versions are read as well: a field that is not
//! there is not known, and an unknown event is [`Event::Other`].

use serde::{Deserialize, Serialize};

use super::cancellation::Cancellation;
use super::checked::CheckedFinding;
use super::known::{known_fate, known_word};
use super::plan::Mode;
use super::served::QueueServed;
use super::succession::Successor;
use super::tally::{Counted, Longest, Outcome};
use super::unit_call::UnitVerb;
use super::unit_stop::UnitWords;
use crate::core::fate::{Counts, Fate};
use crate::core::moment::Seconds;
use crate::core::sequence::Signal;

/// An event of a drain. In JSON its name stands under `event`, in snake case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    Started {
        /// The sequence in its normal form.
        sequence: String,
        /// How many targets.
        #[serde(default)]
        targets: usize,
        /// `None`: a mode that this version does not know.
        #[serde(default, deserialize_with = "known_word")]
        mode: Option<Mode>,
        /// The operator who started it: `root (sudo by alice) on util1, pts/3`.
        by: Option<String>,
        /// The reason that the operator gave.
        reason: Option<String>,
        /// Sidekiq's own timeout as the run takes it: the longest of its targets.
        timeout_s: Option<Seconds>,
        /// Where that was found.
        timeout_from: Option<String>,
        /// The Redis of the drain without user and password: `redis://10.0.0.5:6379/0`.
        redis: Option<String>,
        /// The prefix of its keys, where the application uses one.
        namespace: Option<String>,
    },
    /// The lint looked at the plan before the first signal.
    Checked {
        /// Where the sequence was found: `--sequence`, `FILE:LINE`, `default`.
        sequence_from: Option<String>,
        /// Why the sequence that the targets ask for was not taken; the operator let the drain
        /// begin all the same.
        trouble: Option<String>,
        /// The findings that concern this drain, the gravest first.
        #[serde(default)]
        findings: Vec<CheckedFinding>,
    },
    /// A signal is about to be sent. Journal only.
    SignalIntended {
        /// Which.
        signal: Signal,
        /// Its position in the sequence.
        step: Option<usize>,
    },
    /// A signal was sent.
    SignalSent {
        /// Which.
        signal: Signal,
        /// Its position in the sequence; null for a KILL out of turn.
        step: Option<usize>,
        /// For KILL: jobs known to be at stake at that moment; null where that is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        at_stake: Option<u64>,
        /// For KILL: whether Redis could not be asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        blind: Option<bool>,
    },
    /// A signal was not sent, or it is not known whether it was.
    SignalFailed {
        /// Which.
        signal: Signal,
        /// Its position in the sequence.
        step: Option<usize>,
        /// Why.
        error: String,
        /// Whether it may have been sent all the same.
        #[serde(default)]
        may_have_happened: bool,
    },
    /// A signal that waited in Redis was taken by its process.
    SignalArrived {
        /// Which.
        signal: Signal,
    },
    /// `systemctl stop` of its unit is about to be called, in TERM's place. Journal only.
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
        /// Jobs known to be at stake by systemd's own KILL; null where systemd sends none.
        at_stake: Option<u64>,
        /// When systemd kills the processes that still live; null: never.
        systemd_kills_at: Option<String>,
    },
    /// Its unit was not stopped, or it is not known whether it was.
    UnitStopFailed {
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
        /// The position of TERM.
        step: Option<usize>,
        /// Why.
        error: String,
        /// Whether it may be stopped all the same.
        #[serde(default)]
        may_have_happened: bool,
    },
    /// systemd is about to be told to bring a unit back to work, after a drain. Journal only.
    UnitCallIntended {
        /// The command to systemd.
        verb: UnitVerb,
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
    },
    /// systemd has taken that on.
    UnitCalled {
        /// The command to systemd.
        verb: UnitVerb,
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
    },
    /// systemd has not, or it is not known whether it has.
    UnitCallFailed {
        /// The command to systemd.
        verb: UnitVerb,
        /// Which unit.
        #[serde(flatten)]
        unit: UnitWords,
        /// Why.
        error: String,
        /// Whether systemd may do it all the same.
        #[serde(default)]
        may_have_happened: bool,
    },
    /// A target takes no more jobs.
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
        /// `None`: a mode that this version does not know.
        #[serde(default, deserialize_with = "known_word")]
        mode: Option<Mode>,
    },
    /// The drain goes on as planned: said by a drain without a screen when it has had nothing else
    /// to say for 15 s. Printed only.
    Waiting {
        /// When the next signal is due, as RFC 3339; null: nothing is due.
        until: Option<String>,
        /// Which signal that is.
        #[serde(default)]
        signal: Option<Signal>,
        /// Jobs known to run on the targets.
        #[serde(default)]
        running: u64,
        /// The one that has run longest.
        longest: Option<Longest>,
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
        #[serde(default)]
        class: String,
        /// Its thread.
        #[serde(default)]
        tid: String,
        /// The innermost first.
        #[serde(default)]
        frames: Vec<String>,
    },
    /// The payload of a job was saved before a KILL that could lose it.
    PayloadSaved {
        /// Its id.
        jid: String,
        /// Its class.
        #[serde(default)]
        class: String,
        /// Its queue.
        #[serde(default)]
        queue: String,
        /// The file; `None`: not recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// A lost job is about to be pushed back. Journal only.
    RescueIntended {
        /// Its id.
        jid: String,
        /// Its class.
        #[serde(default)]
        class: String,
        /// Its queue.
        #[serde(default)]
        queue: String,
    },
    /// How the push-back of a lost job ended.
    RescueEnded {
        /// Its id.
        jid: String,
        /// Its class.
        #[serde(default)]
        class: String,
        /// Its queue.
        #[serde(default)]
        queue: String,
        /// Whether it is back for certain; null where that is not known.
        back: Option<bool>,
        /// In words.
        result: String,
    },
    /// An operator cancels a job.
    Cancellation(Box<Cancellation>),
    /// A job ended by itself.
    JobFinished {
        /// Its id.
        jid: String,
        /// Its class.
        #[serde(default)]
        class: String,
        /// Its queue; null where only its log has named the job.
        queue: Option<String>,
        /// How long it ran at least, by its log exactly; null where that is not known.
        elapsed_s: Option<Seconds>,
        /// How long it ran at most; null where that is not known.
        elapsed_at_most_s: Option<Seconds>,
        /// How that is known.
        evidence: Option<String>,
    },
    /// A target has exited.
    Exited {
        /// Whether it left its registry in order; null where that could not be seen.
        clean: Option<bool>,
        /// Whether a KILL of this run ended it; null where that is not known.
        killed_by_us: Option<bool>,
        /// Whether only Redis tells it: its process runs on another host.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_redis: bool,
    },
    /// The fate of a job.
    Reconciled {
        /// Its id; null for a worker thread whose job no beat and no log had named.
        jid: Option<String>,
        /// Its class.
        class: Option<String>,
        /// Its queue.
        queue: Option<String>,
        /// How long it ran: of a job that ended by itself at least, of one that was cut off at most.
        elapsed_s: Option<Seconds>,
        /// How long it ran at most; null where that is not known.
        elapsed_at_most_s: Option<Seconds>,
        /// Its fate.
        #[serde(deserialize_with = "known_fate")]
        fate: Fate,
        /// How that is known.
        #[serde(default)]
        evidence: String,
        /// The id of the work that it does, whatever its JID; null where that is not known.
        work_id: Option<String>,
        /// The JID under which its work goes on; null: under its own, not at all, or not known.
        goes_on_as: Option<String>,
        /// Seconds of work that must be done again; null where that is not known.
        cost_s: Option<Seconds>,
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
        /// Before the first signal or after the end; `None`: at a time that this version does not
        /// know.
        #[serde(default, deserialize_with = "known_word")]
        when: Option<Counted>,
        /// In `retry`; null where Redis could not be asked.
        retry: Option<u64>,
        /// In `dead`; null where Redis could not be asked.
        dead: Option<u64>,
        /// Members of each set that were looked at, at most; null where that is all of them.
        of_first: Option<u64>,
        /// Why the numbers are not known.
        error: Option<String>,
    },
    /// The command of `on_finish` was given the report. Journal only.
    Notified {
        /// The program.
        program: String,
        /// How long it took.
        seconds: Option<Seconds>,
        /// How it failed; null if it did not.
        error: Option<String>,
    },
    /// A job of unknown fate was found once the drain was over. Journal only.
    FoundLater {
        /// Its id.
        jid: String,
        /// Its class.
        class: Option<String>,
        /// The fate that follows.
        #[serde(deserialize_with = "known_fate")]
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
        #[serde(default)]
        seconds: Seconds,
        /// Jobs by fate.
        #[serde(default)]
        jobs: Counts,
        /// Seconds of work that ended or goes on from a checkpoint, at least; null where that is not
        /// known.
        work_kept_s: Option<Seconds>,
        /// Seconds of work that must be done again, at most; null where that is not known.
        work_redone_s: Option<Seconds>,
        /// The queues of the targets, and how long no process took jobs from each; null where that is
        /// not known.
        #[serde(default)]
        queues: Option<Vec<QueueServed>>,
        /// Why nothing could be done, for `refused` and `error`.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Something that this version does not know. Never written.
    #[serde(other, skip_serializing)]
    Other,
}
