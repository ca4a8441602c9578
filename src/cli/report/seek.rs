//! Jobs of unknown fate, looked for once more: the record of a drain may have been closed while
//! Redis was gone. It only reads Redis; what it finds is appended to the record, so that it is
//! not lost again, and what the drain wrote down stays as it was.

use std::time::Duration;

use crate::cli::address::chosen;
use crate::cli::output::tell;
use crate::cli::runtime;
use crate::clock;
use crate::core::config::Settings;
use crate::core::drain::{Event, Fate, Record};
use crate::core::fleet::{Identity, LinkFault, Place, Sought};
use crate::core::moment::Moment;
use crate::core::wording;
use crate::journal::Journal;
use crate::redis::{self, AddressChoice, Bounds, Keys};
use crate::report::{FoundLater, JobFate, Past, Report};

/// How long each answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks for the jobs of `report` whose fate is unknown, and writes down in `state_dir` what it
/// finds. What cannot be done is said on standard error and fails nothing.
pub(super) fn seek(
    report: &mut Report,
    past: &Past,
    settings: &Settings,
    state_dir: &std::path::Path,
) {
    let ended = report.summary.outcome.is_some() && !report.summary.rehearsal;
    let open: Vec<Sought> = report
        .fates
        .iter()
        .filter(|job| ended && job.is_open())
        .filter_map(sought)
        .collect();
    if open.is_empty() {
        return;
    }
    let now = clock::now();
    let choice = match chosen(settings) {
        Ok(choice) => choice,
        Err(error) => return not_asked(open.len(), &error.to_string()),
    };
    match asked(&choice, settings, &open, &gone(report)) {
        Ok(found) => {
            let mut finds = Vec::new();
            for (sought, place) in open.iter().zip(found) {
                finds.extend(take(report, sought, &place, &choice, now));
            }
            if !settings.read_only && !past.torn {
                write_down(&finds, past, state_dir, now);
            }
        }
        Err(why) => not_asked(open.len(), &format!("{choice}: {why}")),
    }
}

fn not_asked(count: usize, why: &str) {
    tell(&format!(
        "note: the fate of {} is unknown, and Redis cannot be asked now: {why}",
        wording::count(count as u64, "job")
    ));
}

fn sought(job: &JobFate) -> Option<Sought> {
    Some(Sought {
        jid: job.jid.clone()?,
        queue: job.queue.clone().unwrap_or_default(),
        payload: b""[..].into(),
        class: None,
    })
}

/// The processes that are known to have exited.
fn gone(report: &Report) -> Vec<Identity> {
    let exited = report.processes.iter();
    let exited = exited.filter(|process| process.exited_t_s.is_some());
    exited
        .filter_map(|process| process.identity.as_deref().map(Identity::new))
        .collect()
}

fn asked(
    choice: &AddressChoice,
    settings: &Settings,
    open: &[Sought],
    gone: &[Identity],
) -> Result<Vec<Place>, String> {
    let keys = Keys::new(settings.redis.namespace.as_deref());
    let asking = async {
        let mut connection = redis::open(&choice.address, PATIENCE).await?;
        redis::whereabouts(&mut connection, &keys, Bounds::default(), open, gone).await
    };
    let runtime = runtime().map_err(|error| error.to_string())?;
    runtime
        .block_on(asking)
        .map_err(|why: LinkFault| why.to_string())
}

/// Puts one find beside each fate that it is about; gives what is worth writing down.
fn take(
    report: &mut Report,
    sought: &Sought,
    place: &Place,
    choice: &AddressChoice,
    now: Moment,
) -> Option<Event> {
    let own = |identity: &Identity| {
        let mut own = report.processes.iter();
        own.any(|process| process.identity.as_deref() == Some(identity.as_str()))
    };
    let (fate, place) = if matches!(place, Place::Work { identity } if own(identity)) {
        (None, format!("still {place}"))
    } else {
        found_at(place, choice)
    };
    let found = FoundLater::new(now.wall(), fate, &place);
    let mut class = None;
    let same = |job: &&mut JobFate| job.is_open() && job.jid.as_deref() == Some(&sought.jid);
    for job in report.fates.iter_mut().filter(same) {
        class.clone_from(&job.class);
        job.found_later = Some(found.clone());
    }
    Some(Event::FoundLater {
        jid: sought.jid.clone(),
        class,
        fate: fate?,
        place,
    })
}

/// The fate that a place gives to a job. Nowhere proves nothing any more: it may have run
/// meanwhile.
fn found_at(place: &Place, choice: &AddressChoice) -> (Option<Fate>, String) {
    if let Some(ruling) = Fate::at(place) {
        return (Some(ruling.fate), ruling.why);
    }
    let why = match place {
        Place::NotAsked { why } => format!("{choice} did not answer: {why}"),
        Place::Nowhere {
            searched_whole: true,
        } => format!("nowhere in {choice}: it ended since, or is lost"),
        Place::Nowhere { .. }
        | Place::Work { .. }
        | Place::Queue { .. }
        | Place::Private { .. }
        | Place::Retry
        | Place::Dead
        | Place::Schedule => format!("not found in {choice}, of which not everything was searched"),
    };
    (None, why)
}

fn write_down(finds: &[Event], past: &Past, state_dir: &std::path::Path, now: Moment) {
    let Some(first) = past.records.first().filter(|_| !finds.is_empty()) else {
        return;
    };
    let since = now.wall().duration_since(first.at.wall());
    let record = |event: &Event| Record {
        at: now,
        since_start: Duration::try_from(since).unwrap_or_default(),
        run: past.run.clone(),
        rehearsal: false,
        about: None,
        event: event.clone(),
    };
    let written = Journal::open(state_dir, &past.run).and_then(|mut journal| {
        finds
            .iter()
            .try_for_each(|event| journal.append(&record(event)))
    });
    if let Err(error) = written {
        tell(&format!(
            "note: what was found now cannot be added to the record: {error}"
        ));
    }
}
