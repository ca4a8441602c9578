//! How the process of a saved job ended and what became of the job, read off the journal of its
//! drain, and whether a rescue of it was tried. What is not written down stays unknown.

use super::judge::Ending;
use super::saved::SavedJob;
use super::store::RescueEntry;
use crate::core::drain::{Event, Fate, Record};
use crate::report::Past;

/// The ending of `job`'s process by the journal (`None`: there is none), and the attempts that
/// the rescue file notes. `here`: this Redis is the one that it came from for sure.
///
/// A drain calls a job lost only where its process had not pushed it back, so nothing else has to be
/// proven of that.
pub fn ending(past: Option<&Past>, entries: &[RescueEntry], job: &SavedJob, here: bool) -> Ending {
    let mut ending = Ending {
        pushed: pushed(entries, job),
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
            Event::JobFinished { jid, evidence, .. } if Some(jid) == job.jid.as_ref() => {
                let evidence = evidence.clone().unwrap_or_default();
                ending.said = Some((Fate::Finished, evidence));
            }
            Event::Reconciled {
                jid: Some(jid),
                fate,
                evidence,
                ..
            } if Some(jid) == job.jid.as_ref() => ending.said = Some((*fate, evidence.clone())),
            _ => {}
        }
    }
    if let Some((Fate::Lost, why)) = &ending.said
        && here
    {
        ending.not_back = Some(why.clone());
    }
    ending
}

/// The identities of the processes that have exited by the journal.
pub fn exited(past: Option<&Past>) -> Vec<String> {
    let records = past.iter().flat_map(|past| &past.records);
    let gone = records.filter(|record| matches!(record.event, Event::Exited { .. }));
    gone.filter_map(|record| Some(record.about.as_ref()?.identity.as_ref()?.to_string()))
        .collect()
}

fn pushed(entries: &[RescueEntry], job: &SavedJob) -> Option<Fate> {
    let mut pushed = None;
    for entry in entries {
        match entry {
            RescueEntry::Pushing { jid, .. } if Some(jid) == job.jid.as_ref() => {
                pushed = Some(Fate::Unknown);
            }
            RescueEntry::Pushed { jid, back, .. } if Some(jid) == job.jid.as_ref() => match back {
                Some(true) => return Some(Fate::Rescued),
                Some(false) => pushed = None,
                None => {}
            },
            RescueEntry::Saved(_) | RescueEntry::Pushing { .. } | RescueEntry::Pushed { .. } => {}
        }
    }
    pushed
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
