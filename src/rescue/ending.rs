//! How the process of a saved job ended and what became of the job, read off the journal of its
//! drain, and whether a rescue of it was tried. What is not written down stays unknown.

use super::judge::{Ending, State, Tried};
use super::saved::SavedJob;
use super::store::RescueEntry;
use crate::core::drain::{Event, Fate, Record};
use crate::core::sequence::Signal;
use crate::report::Past;

/// The ending of `job`'s process by the journal (`None`: there is none), and the attempts that
/// the rescue file notes.
pub fn ending(past: Option<&Past>, entries: &[RescueEntry], job: &SavedJob) -> Ending {
    let mut ending = Ending {
        tried: tried(entries, job),
        exited_at: job.exited_at,
        ..Ending::default()
    };
    let records = past.iter().flat_map(|past| &past.records);
    for record in records.filter(|record| is_about(record, job)) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events say nothing of an end"
        )]
        match &record.event {
            Event::Exited { .. } => ending.exited_at = Some(record.at.wall()),
            Event::SignalSent {
                signal: Signal::Term | Signal::Int,
                ..
            } => {
                let at = record.at.wall();
                ending.stopped_at = Some(ending.stopped_at.map_or(at, |known| known.min(at)));
            }
            Event::JobFinished { jid, .. } if Some(jid) == job.jid.as_ref() => {
                ending.finished = true;
            }
            Event::Reconciled {
                jid: Some(jid),
                fate: Fate::Finished,
                ..
            } if Some(jid) == job.jid.as_ref() => ending.finished = true,
            _ => {}
        }
    }
    ending
}

/// The fate of `job` by the journal, the last word; `None`: it has none.
pub fn fate(past: Option<&Past>, job: &SavedJob) -> Option<(Fate, String)> {
    let records = past.iter().flat_map(|past| &past.records);
    let mut said = None;
    for record in records.filter(|record| is_about(record, job)) {
        if let Event::Reconciled {
            jid: Some(jid),
            fate,
            evidence,
            ..
        } = &record.event
            && Some(jid) == job.jid.as_ref()
        {
            said = Some((*fate, evidence.clone()));
        }
    }
    said
}

/// A saved job's `state` in Redis, weighed against its record. The record of the drain counts:
/// a job that ended, or went back, is not offered. A job that is nowhere may have ended by itself
/// after the last beat that showed it, so only one that the record calls lost is proven lost; and
/// only if it is `known` from which Redis it came.
pub fn weigh(state: State, said: Option<&(Fate, String)>, known: bool) -> State {
    if matches!(state, State::Safe(_) | State::NotOurs(_)) {
        return state;
    }
    match (state, said) {
        (_, Some((fate, evidence))) if !matches!(fate, Fate::Lost | Fate::Unknown) => State::Safe(
            format!("{} by the record of its drain: {evidence}", fate.word()),
        ),
        (State::Nowhere(why), Some((Fate::Lost, _))) if known => State::Nowhere(why),
        (State::Nowhere(why), Some((Fate::Lost, _))) => State::Unknown(format!(
            "{why}, but it is not written down from which Redis it came"
        )),
        (State::Nowhere(why), _) => State::Unknown(format!(
            "it may have ended by itself after the last heartbeat that showed it: the record does not \
             call it lost; {why}"
        )),
        (state, _) => state,
    }
}

/// The identities of the processes that have exited by the journal.
pub fn exited(past: Option<&Past>) -> Vec<String> {
    let records = past.iter().flat_map(|past| &past.records);
    let gone = records.filter(|record| matches!(record.event, Event::Exited { .. }));
    gone.filter_map(|record| Some(record.about.as_ref()?.identity.as_ref()?.to_string()))
        .collect()
}

fn tried(entries: &[RescueEntry], job: &SavedJob) -> Tried {
    let mut tried = Tried::Never;
    for entry in entries {
        match entry {
            RescueEntry::Pushing { jid, .. } if Some(jid) == job.jid.as_ref() => {
                tried = tried.max(Tried::Perhaps);
            }
            RescueEntry::Pushed { jid, back, .. } if Some(jid) == job.jid.as_ref() => match back {
                Some(true) => return Tried::Done,
                Some(false) => tried = Tried::Never,
                None => {}
            },
            RescueEntry::Saved(_) | RescueEntry::Pushing { .. } | RescueEntry::Pushed { .. } => {}
        }
    }
    tried
}

/// Whether a record is about the process of `job`.
fn is_about(record: &Record, job: &SavedJob) -> bool {
    let Some(about) = &record.about else {
        return false;
    };
    match (&about.identity, &job.identity) {
        (Some(one), Some(other)) => one.as_str() == other,
        (None, _) | (_, None) => about.pid == Some(job.pid),
    }
}
