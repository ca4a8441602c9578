//! How the process of a saved job ended, read off the journal of its drain, and whether anybody
//! tried to rescue the job. What is not written down stays unknown.

use super::judge::{Ending, Tried};
use super::saved::SavedJob;
use super::store::Entry;
use crate::core::drain::{Event, Fate, Record};
use crate::report::Past;

/// The ending of `job`'s process by the journal (`None`: there is none), and the attempts that
/// the rescue file notes.
pub fn ending(past: Option<&Past>, entries: &[Entry], job: &SavedJob) -> Ending {
    let mut ending = Ending {
        tried: tried(entries, job),
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

fn tried(entries: &[Entry], job: &SavedJob) -> Tried {
    let mut tried = Tried::Never;
    for entry in entries {
        match entry {
            Entry::Pushing { jid, .. } if Some(jid) == job.jid.as_ref() => {
                tried = tried.max(Tried::Perhaps);
            }
            Entry::Pushed { jid, back, .. } if Some(jid) == job.jid.as_ref() => match back {
                Some(true) => return Tried::Done,
                Some(false) => tried = Tried::Never,
                None => {}
            },
            Entry::Saved(_) | Entry::Pushing { .. } | Entry::Pushed { .. } => {}
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
