//! The chain of inputs: each line tells what changed since the one before of its kind. Writing and
//! reading go through the same links, so that both know the same at each line.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::delta::{apply, difference};
use super::looks;
use super::scrubbed::written;
use crate::core::fleet::{
    DeadMembers, HostLook, LocalId, LogNews, Look, Observation, Surroundings, Threads,
};
use crate::core::log::LogLine;
use crate::core::moment::Moment;
use crate::core::session::SessionInput;

/// Why a line leads no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// One or more lines are missing before it, or it is damaged.
    #[error("input {expected} is missing or damaged")]
    Hole {
        /// The number of the one that should have come.
        expected: u64,
    },
    /// It holds something that this version does not know.
    #[error("input {number} cannot be read by this version: {why}")]
    Unknown {
        /// Its number.
        number: u64,
        /// Why.
        why: String,
    },
}

/// The knowledge of both sides at a line.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// The number of the next input.
    next: u64,
    /// The last value of each kind.
    last: BTreeMap<&'static str, Value>,
    /// The last look, once one was written. From then on this chain is written on, and reads no more.
    look: Option<Look>,
    /// The members of the last look that have no rows.
    dead: DeadMembers,
    /// Where the processes of this host stood when they were last told.
    surroundings: BTreeMap<LocalId, Surroundings>,
}

/// The kinds that are told by their differences.
const TIME: &str = "t";
const LOOK: &str = "look";
const HOST: &str = "host";
const LOG: &str = "log";
/// The members of a look that have no rows, as far as they changed.
const DEAD: &str = "dead";
/// When the threads of each process of a scan were counted, after its own time.
const COUNTED: &str = "c";

impl Chain {
    /// How many inputs it has led through.
    pub(super) fn inputs(&self) -> u64 {
        self.next
    }

    /// The line of the next input.
    pub(super) fn encode(&mut self, input: &SessionInput, now: Moment) -> Value {
        let mut line = json!({ "n": self.next });
        self.next += 1;
        line[TIME] = self.link(TIME, &now);
        match input {
            SessionInput::Observed(Observation::Look(look)) => {
                if let Some(change) = looks::dead_change(&self.dead, &look.dead) {
                    line[DEAD] = change;
                }
                self.dead = look.dead.clone();
                line[LOOK] = self.link_look(look);
            }
            SessionInput::Observed(Observation::Host(host)) => {
                let (mut bare, around) = self.without_surroundings(host);
                let counted = take_counts(&mut bare);
                if !counted.is_empty() {
                    line[COUNTED] = written(&counted);
                }
                line[HOST] = self.link(HOST, &bare);
                if !around.is_empty() {
                    line["around"] = written(&around);
                }
            }
            SessionInput::Observed(Observation::Logged(LogNews::Lines(lines))) => {
                let changes = lines
                    .iter()
                    .map(|line| self.link(LOG, &line.without_text()));
                line[LOG] = Value::Array(changes.collect());
            }
            SessionInput::Observed(
                Observation::Logged(LogNews::Place { .. })
                | Observation::Exited { .. }
                | Observation::Link(_)
                | Observation::Queues(_)
                | Observation::Unit(_),
            )
            | SessionInput::Ticked
            | SessionInput::SignalTaken(..)
            | SessionInput::Commanded(_)
            | SessionInput::ActEnded(..)
            | SessionInput::Answered(..)
            | SessionInput::Searched(..)
            | SessionInput::PushEnded(..)
            | SessionInput::Chosen(_)
            | SessionInput::Begun(_)
            | SessionInput::PayloadsSaved(..)
            | SessionInput::UnitCalled(..)
            | SessionInput::BacktracesWanted(..)
            | SessionInput::BacktracesAsked(..)
            | SessionInput::CancelWanted(_)
            | SessionInput::CancelAnswered(..)
            | SessionInput::LostWanted
            | SessionInput::LostPushed(_)
            | SessionInput::DirectoryRead(..)
            | SessionInput::DepartedFound(_)
            | SessionInput::SavedOnDemand(..)
            | SessionInput::Noted(_)
            | SessionInput::Driven(_)
            | SessionInput::TakenUp(_) => line["in"] = written(input),
        }
        line
    }

    /// The input of a line.
    ///
    /// # Errors
    /// If it is not the next one, or holds what this version does not know.
    pub(super) fn decode(&mut self, line: &Value) -> Result<(SessionInput, Moment), Broken> {
        let number = line["n"].as_u64();
        if number != Some(self.next) {
            return Err(Broken::Hole {
                expected: self.next,
            });
        }
        self.next += 1;
        let now = self.followed(TIME, &line[TIME])?;
        let input = if let Some(difference) = line.get(LOOK) {
            let mut look: Look = self.followed(LOOK, difference)?;
            if let Some(change) = line.get(DEAD) {
                let (came, went) = (self.read(&change["came"])?, self.read(&change["went"])?);
                self.dead = self.dead.changed(came, went);
            }
            look.dead = self.dead.clone();
            SessionInput::Observed(Observation::Look(look))
        } else if let Some(difference) = line.get(HOST) {
            let mut host: HostLook = self.followed(HOST, difference)?;
            if let Some(around) = line.get("around") {
                let around: Vec<(LocalId, Surroundings)> = self.read(around)?;
                self.surroundings.extend(around);
            }
            if let Some(counted) = line.get(COUNTED) {
                let counted: Vec<(i64, i64)> = self.read(counted)?;
                if !give_counts(&mut host, &counted) {
                    return Err(self.unknown("its threads were counted at no time"));
                }
            }
            for process in &mut host.processes {
                if let Some(known) = self.surroundings.get(&process.id) {
                    process.surroundings = known.clone();
                }
            }
            SessionInput::Observed(Observation::Host(host))
        } else if let Some(links) = line.get(LOG).and_then(Value::as_array) {
            let lines = links.iter().map(|link| self.followed(LOG, link));
            let lines = lines.collect::<Result<Vec<LogLine>, Broken>>()?;
            SessionInput::Observed(Observation::Logged(LogNews::Lines(lines)))
        } else {
            self.read(&line["in"])?
        };
        Ok((input, now))
    }

    /// The change since the last value of this kind.
    fn link(&mut self, kind: &'static str, value: &impl Serialize) -> Value {
        let value = written(value);
        let last = self.last.entry(kind).or_insert(Value::Null);
        let difference = difference(last, &value).unwrap_or_else(|| json!({}));
        *last = value;
        difference
    }

    /// The same for a look. What it shares with the last one is not looked at.
    fn link_look(&mut self, look: &Look) -> Value {
        let look = Look {
            dead: DeadMembers::default(),
            ..look.clone()
        };
        let change = match &self.look {
            Some(last) => looks::change(last, &look),
            None => self.link(LOOK, &look),
        };
        self.look = Some(look);
        // From here on the value would be old.
        self.last.remove(LOOK);
        change
    }

    fn followed<T: DeserializeOwned>(
        &mut self,
        kind: &'static str,
        difference: &Value,
    ) -> Result<T, Broken> {
        let last = self.last.entry(kind).or_insert(Value::Null);
        let unchanged = difference
            .as_object()
            .is_some_and(serde_json::Map::is_empty);
        let followed = unchanged || apply(last, difference).is_some();
        let last = last.clone();
        if !followed {
            return Err(self.unknown("it does not fit the one before"));
        }
        self.read(&last)
    }

    fn read<T: DeserializeOwned>(&self, value: &Value) -> Result<T, Broken> {
        T::deserialize(value).map_err(|error| self.unknown(&error.to_string()))
    }

    fn unknown(&self, why: &str) -> Broken {
        Broken::Unknown {
            number: self.next - 1,
            why: why.into(),
        }
    }

    /// A scan without what seldom changes, and of that what did.
    fn without_surroundings(
        &mut self,
        host: &HostLook,
    ) -> (HostLook, Vec<(LocalId, Surroundings)>) {
        let mut around = Vec::new();
        let mut bare = host.clone();
        for process in &mut bare.processes {
            let found = std::mem::take(&mut process.surroundings);
            if self.surroundings.get(&process.id) != Some(&found) {
                self.surroundings.insert(process.id, found.clone());
                around.push((process.id, found));
            }
        }
        (bare, around)
    }
}

/// Nanoseconds since boot, and since 1970.
fn clocks(moment: Moment) -> (i64, i64) {
    let boot = i64::try_from(moment.since_boot().as_nanos()).unwrap_or(i64::MAX);
    let wall = i64::try_from(moment.wall().as_nanosecond()).unwrap_or(i64::MAX);
    (boot, wall)
}

/// Takes the times out at which threads were counted: they change with every scan.
fn take_counts(host: &mut HostLook) -> Vec<(i64, i64)> {
    let (boot, wall) = clocks(host.at);
    let nothing = Moment::new(Duration::ZERO, Timestamp::UNIX_EPOCH);
    let threads = host
        .processes
        .iter_mut()
        .filter_map(|process| process.threads.as_mut());
    let take = |threads: &mut Threads| {
        let at = clocks(std::mem::replace(&mut threads.at, nothing));
        (at.0 - boot, at.1 - wall)
    };
    threads.map(take).collect()
}

/// Puts them back; `false` if they do not fit.
fn give_counts(host: &mut HostLook, counted: &[(i64, i64)]) -> bool {
    let (boot, wall) = clocks(host.at);
    let threads = host
        .processes
        .iter_mut()
        .filter_map(|process| process.threads.as_mut());
    let threads: Vec<&mut Threads> = threads.collect();
    if threads.len() != counted.len() {
        return false;
    }
    for (threads, (after_boot, after_wall)) in threads.into_iter().zip(counted) {
        let boot = boot.saturating_add(*after_boot);
        let wall = Timestamp::from_nanosecond(wall.saturating_add(*after_wall).into());
        let (Ok(boot), Ok(wall)) = (u64::try_from(boot), wall) else {
            return false;
        };
        threads.at = Moment::new(Duration::from_nanos(boot), wall);
    }
    true
}
