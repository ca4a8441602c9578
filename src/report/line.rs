//! One line of a journal as it is read back. Journals of older and newer versions are read
//! alike: what is not there is not known, and events that nobody here knows are passed over.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::checked::Finding;
use crate::core::drain::{Fate, Outcome};

/// One line.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// Seconds since the drain began.
    pub t_s: f64,
    /// The drain's name.
    pub run: String,
    /// The process it is about.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its pid.
    #[serde(default)]
    pub pid: Option<u32>,
    /// Whether it was a rehearsal.
    #[serde(default)]
    pub rehearsal: bool,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened,
}

/// What happened (`core::drain::Event`, as its lines say it).
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the records")]
pub enum Happened {
    /// The drain began.
    Started {
        sequence: String,
        #[serde(default)]
        mode: String,
        #[serde(default)]
        by: Option<String>,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        timeout_s: Option<f64>,
        #[serde(default)]
        timeout_from: Option<String>,
    },
    /// The plan was looked at before the first signal.
    Checked {
        #[serde(default)]
        sequence_from: Option<String>,
        #[serde(default)]
        trouble: Option<String>,
        #[serde(default)]
        findings: Vec<Finding>,
    },
    /// A signal was about to be sent.
    SignalIntended { signal: String },
    /// It was sent.
    SignalSent {
        signal: String,
        #[serde(default)]
        at_stake: Option<u64>,
        #[serde(default)]
        blind: Option<bool>,
    },
    /// It was not sent, or nobody knows.
    SignalFailed {
        signal: String,
        error: String,
        #[serde(default)]
        may_have_happened: bool,
    },
    /// Its unit was about to be stopped in TERM's place.
    UnitStopIntended { unit: String },
    /// systemd began to stop it.
    UnitStopBegun {
        unit: String,
        #[serde(default)]
        at_stake: Option<u64>,
        #[serde(default)]
        systemd_kills_at: Option<String>,
    },
    /// It was not stopped, or nobody knows.
    UnitStopFailed {
        unit: String,
        error: String,
        #[serde(default)]
        may_have_happened: bool,
    },
    /// A process fetches no more.
    QuietConfirmed { evidence: String },
    /// A wait ended early.
    AdvancedEarly { evidence: String, saved_s: f64 },
    /// The clock was stopped.
    Held { why: String },
    /// It ran again.
    Resumed,
    /// Manual or automatic.
    ModeChanged { mode: String },
    /// A wait was made longer or shorter.
    Extended { by_s: i64 },
    /// The backtrace of a job's thread was taken.
    Backtrace {
        #[serde(default)]
        jid: Option<String>,
        #[serde(default)]
        tid: Option<String>,
        #[serde(default)]
        frames: Vec<String>,
    },
    /// A payload was saved.
    PayloadSaved {
        jid: Option<String>,
        #[serde(default)]
        class: Option<String>,
    },
    /// A job was about to be pushed back by us.
    RescueIntended {
        jid: String,
        #[serde(default)]
        class: Option<String>,
    },
    /// What became of that.
    RescueEnded {
        jid: String,
        #[serde(default)]
        class: Option<String>,
        result: String,
    },
    /// The log of a process told how far its shutdown was.
    Logged { text: String },
    /// A job ended by itself.
    JobFinished {
        jid: String,
        #[serde(default)]
        class: Option<String>,
        #[serde(default)]
        queue: Option<String>,
        #[serde(default)]
        elapsed_s: Option<f64>,
    },
    /// A process has exited.
    Exited {
        #[serde(default)]
        clean: Option<bool>,
    },
    /// What became of a job.
    Reconciled {
        #[serde(default)]
        jid: Option<String>,
        #[serde(default)]
        class: Option<String>,
        #[serde(default)]
        queue: Option<String>,
        #[serde(default)]
        elapsed_s: Option<f64>,
        #[serde(deserialize_with = "fate")]
        fate: Fate,
        #[serde(default)]
        evidence: String,
    },
    /// Something worth knowing.
    Remarked { text: String },
    /// Jobs in `retry` and `dead` that failed by an interrupt were counted.
    InterruptedCounted {
        when: String,
        #[serde(default)]
        retry: Option<u64>,
        #[serde(default)]
        dead: Option<u64>,
        #[serde(default)]
        of_first: Option<u64>,
        #[serde(default)]
        error: Option<String>,
    },
    /// Somebody was given the report.
    Notified {
        program: String,
        #[serde(default)]
        seconds: Option<f64>,
        #[serde(default)]
        error: Option<String>,
    },
    /// A job of unknown fate was found later.
    FoundLater {
        jid: String,
        #[serde(deserialize_with = "fate")]
        fate: Fate,
        place: String,
    },
    /// The drain is over.
    Finished {
        #[serde(deserialize_with = "outcome")]
        outcome: Outcome,
        #[serde(default)]
        why: Option<String>,
    },
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

impl Line {
    /// Whether it was learned beside the drain or after it, and tells nothing of what it did.
    pub fn is_later(&self) -> bool {
        matches!(
            self.happened,
            Happened::InterruptedCounted { .. }
                | Happened::Notified { .. }
                | Happened::FoundLater { .. }
        )
    }

    /// The process it is about, for people: `util1:4242`.
    pub fn name(&self) -> Option<String> {
        let short = self.identity.as_deref().map(|identity| {
            let short = identity
                .rsplit_once(':')
                .map_or(identity, |(short, _)| short);
            short.to_owned()
        });
        short.or_else(|| self.pid.map(|pid| format!("pid {pid}")))
    }
}

/// A fate by its word; one that is not known here is unknown.
fn fate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fate, D::Error> {
    let word = String::deserialize(deserializer)?;
    Ok(match word.as_str() {
        "finished" => Fate::Finished,
        "pushed_back" => Fate::PushedBack,
        "retried" => Fate::Retried,
        "rescued" => Fate::Rescued,
        "lost" => Fate::Lost,
        _ => Fate::Unknown,
    })
}

/// An outcome by its word.
fn outcome<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    let word = String::deserialize(deserializer)?;
    Outcome::ALL
        .into_iter()
        .find(|outcome| outcome.word() == word)
        .ok_or_else(|| serde::de::Error::custom("no outcome"))
}
