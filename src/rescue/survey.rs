//! Where saved jobs are now: everything that Redis can be asked, in an order in which nothing
//! slips through, and the act of pushing one back with its record. What was found decides;
//! nothing here does.

use std::time::Duration;

use jiff::Timestamp;
use redis::aio::ConnectionLike;

use super::beats::{beat_since, listed_until};
use super::judge::{Ending, NotBeaten, SavedState, Sight, judge};
use super::saved::SavedJob;
use super::store::{RescueEntry, SaveError, Store};
use crate::clock;
use crate::core::clean::clean;
use crate::core::fate::PushOutcome;
use crate::core::fleet::{
    Heir, Info, LONGEST_SHOWN, Lineage, LinkFault, Located, Look, LookRow, Place, Sought, Work,
    at_work_on, may_be_same_job,
};
use crate::redis::{Bounds, Keys, Looker, Marks, Private, RedisPush, locate_exact, marks};

/// A rescue searches further than a drain: there is time.
const BOUNDS: Bounds = Bounds {
    each_end: 2_000_000,
    set_members: 2_000_000,
    private: Private::Whole(20_000_000),
    within: Duration::from_secs(60),
};
/// Other queues that are searched for a job; with more of them it is not proven nowhere.
const MOST_QUEUES: usize = 100;

/// A saved job with its state now.
#[derive(Clone, Debug, PartialEq)]
pub struct Surveyed {
    /// The job.
    pub job: SavedJob,
    /// Its state.
    pub state: SavedState,
    /// Whether a later beat of another process may tell more.
    pub waits: bool,
}

/// Finds each job. `gone` are the identities of processes that are known to have exited: what
/// Redis still shows of them is history.
///
/// # Errors
/// If Redis cannot be asked at all.
pub async fn survey(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    jobs: &[(SavedJob, Ending)],
    gone: &[String],
) -> Result<Vec<Surveyed>, LinkFault> {
    survey_within(connection, keys, BOUNDS, jobs, gone).await
}

/// The same within other bounds.
pub(super) async fn survey_within(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    bounds: Bounds,
    jobs: &[(SavedJob, Ending)],
    gone: &[String],
) -> Result<Vec<Surveyed>, LinkFault> {
    let mut looker = Looker::new(keys.clone());
    let (mut before, _) = looker.look(connection).await?;
    let executions: Vec<String> = jobs.iter().map(|(job, _)| job.execution()).collect();
    let marks = marks(connection, keys, &executions).await?;
    let places = places(connection, keys, bounds, jobs, &marks).await;
    // Once more: what was fetched while the queues were searched, and the age of each beat.
    looker.read_all_again();
    let (mut after, _) = looker.look(connection).await?;
    for look in [&mut before, &mut after] {
        look.rows
            .retain(|row| !gone.iter().any(|gone| gone == row.identity.as_str()));
    }
    let surveyed = jobs
        .iter()
        .zip(places)
        .enumerate()
        .map(|(index, ((job, ending), located))| {
            let looks = [&before, &after];
            let sight = sight(job, ending, located, marks.rescued[index], looks);
            Surveyed {
                job: job.clone(),
                state: judge(job, ending, is_kept(job, &marks), &sight),
                waits: sight.not_beaten.is_some(),
            }
        });
    Ok(surveyed.collect())
}

fn is_kept(job: &SavedJob, marks: &Marks) -> bool {
    let processes = &mut marks.super_processes.iter();
    processes.any(|identity| Some(identity.as_str()) == job.identity.as_deref())
}

/// A place for each job: its own queue and the sets, then all other queues.
async fn places(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    bounds: Bounds,
    jobs: &[(SavedJob, Ending)],
    marks: &Marks,
) -> Vec<Located> {
    let queues = &marks.queues;
    let sought: Vec<Sought> = jobs.iter().map(|(job, _)| asked(job, &job.queue)).collect();
    let (mut places, _) = locate_exact(connection, keys, bounds, &sought).await;
    let open: Vec<usize> = (0..places.len())
        .filter(|index| {
            places[*index].place
                == Place::Nowhere {
                    searched_whole: true,
                }
        })
        .collect();
    let (mut elsewhere, mut of) = (Vec::new(), Vec::new());
    for index in open {
        let job = &jobs[index].0;
        let others = queues.iter().filter(|queue| **queue != job.queue);
        for queue in others.take(MOST_QUEUES) {
            elsewhere.push(asked(job, queue));
            of.push(index);
        }
        if queues.len() > MOST_QUEUES + 1 || marks.nameless_queue {
            places[index].place = Place::Nowhere {
                searched_whole: false,
            };
        }
    }
    if elsewhere.is_empty() {
        return places;
    }
    let (located, _) = locate_exact(connection, keys, bounds, &elsewhere).await;
    for (index, located) in of.into_iter().zip(located) {
        let whole = Place::Nowhere {
            searched_whole: true,
        };
        // A find stays; an answer that is not known outweighs one that found nothing.
        if located.place != whole && matches!(places[index].place, Place::Nowhere { .. }) {
            places[index].place = located.place;
        }
        places[index].heirs.extend(located.heirs);
        let namesake = &mut places[index].namesake;
        *namesake = namesake.take().or(located.namesake);
    }
    places
}

/// The later job that does the work of `job`: found in a queue or a set, or at work.
fn heir(job: &SavedJob, found: Vec<Heir>, looks: [&Look; 2]) -> Option<Heir> {
    let lineage = Lineage::to_seek(&job.payload.0)?;
    let is_later = |made: Option<f64>| {
        // The process that made it and the one that took it may write other fractions of a second.
        let made = made.zip(job.run_at);
        made.is_none_or(|(made, began)| made >= began - 1.0)
    };
    let at_work = looks
        .into_iter()
        .flat_map(|look| &look.rows)
        .flat_map(|row| {
            let place = at_work_on(row.identity.short());
            let works = row.work.iter().filter(|work| work.jid != job.jid);
            let lineage = lineage.clone();
            works.filter_map(move |work| {
                Some(Heir {
                    passed: lineage.passed_to(work.lineage.as_ref()?)?,
                    jid: work.jid.clone()?,
                    place: place.clone(),
                    created: work.run_at,
                    lineage: work.lineage.clone(),
                    class: Some(work.class.clone()),
                })
            })
        });
    let mut heirs = found.into_iter().chain(at_work);
    heirs.find(|heir| is_later(heir.created))
}

fn asked(job: &SavedJob, queue: &str) -> Sought {
    Sought {
        jid: job.jid.clone().unwrap_or_default(),
        queue: queue.to_owned(),
        payload: job.payload.0.as_slice().into(),
        class: None,
    }
}

/// The sight of one job.
fn sight(
    job: &SavedJob,
    ending: &Ending,
    located: Located,
    marked: bool,
    looks: [&Look; 2],
) -> Sight {
    let namesake = located.namesake;
    let mut sight = Sight {
        heir: heir(job, located.heirs, looks)
            .filter(|_| matches!(located.place, Place::Nowhere { .. })),
        namesake: namesake.or_else(|| namesake_at_work(job, looks)),
        place: located.place,
        marked,
        not_beaten: None,
    };
    // A process that was killed itself goes on showing what it ran before.
    let mut before = None;
    for (row, look) in shown_at_work(job, ending, looks) {
        let exited = ending.exited_at;
        if is_own(row, job) || !exited.is_some_and(|exited| is_late(row, look, job, exited)) {
            let identity = row.identity.clone();
            sight.place = Place::Work { identity };
            return sight;
        }
        before = Some(row);
    }
    let is_open = matches!(sight.place, Place::Nowhere { .. } | Place::NotAsked { .. });
    if sight.heir.is_some() || !is_open || marked {
        return sight;
    }
    if let Some(why) = looks.into_iter().find_map(|look| unreadable(look, job)) {
        sight.place = Place::NotAsked { why };
        return sight;
    }
    let late = ending.exited_at.and_then(|exited| {
        let late = |row: &&LookRow| {
            !is_own(row, job) && !row.is_ghost() && is_late(row, looks[1], job, exited)
        };
        looks[1].rows.iter().find(late)
    });
    sight.not_beaten = before.or(late).map(|late| {
        let mut rows = looks[1].rows.iter();
        let row = rows.find(|row| row.identity == late.identity);
        NotBeaten {
            process: late.identity.short().to_owned(),
            listed_until: row.and_then(|row| listed_until(row, looks[1])),
        }
    });
    sight
}

/// Whether the process of this row ran the job.
fn is_own(row: &LookRow, job: &SavedJob) -> bool {
    Some(row.identity.as_str()) == job.identity.as_deref()
}

/// The rows that show the job at work: that of its own process, which was taken for dead, if it beats
/// on, for it runs where no look at its host shows it; then those of others. The first look may not
/// know how old a beat is.
fn shown_at_work<'a>(
    job: &'a SavedJob,
    ending: &'a Ending,
    [first, second]: [&'a Look; 2],
) -> impl Iterator<Item = (&'a LookRow, &'a Look)> {
    let shows = |row: &LookRow| {
        let mut work = row.work.iter();
        job.jid.is_some() && work.any(|work| is_same(work, job))
    };
    let lives = |row: &LookRow| {
        let exited = ending.exited_at;
        exited.is_some_and(|exited| beat_since(row, second, exited))
    };
    let rows = |look: &'a Look| look.rows.iter().map(move |row| (row, look));
    let own = rows(second).filter(move |(row, _)| is_own(row, job) && shows(row) && lives(row));
    let others = rows(first).chain(rows(second));
    let others = others.filter(move |(row, _)| !is_own(row, job) && !row.is_ghost() && shows(row));
    own.chain(others)
}

/// Whether a work entry may be of this very job.
fn is_same(work: &Work, job: &SavedJob) -> bool {
    work.jid == job.jid && may_be_same_job(&job.payload.0, &work.payload)
}

/// Where another job under the id of `job` is at work.
fn namesake_at_work(job: &SavedJob, looks: [&Look; 2]) -> Option<String> {
    let others = |row: &&LookRow| {
        let mut work = row.work.iter();
        work.any(|work| job.jid.is_some() && work.jid == job.jid && !is_same(work, job))
    };
    let rows = looks.into_iter().flat_map(|look| &look.rows);
    let row = rows.filter(|row| !row.is_ghost()).find(others)?;
    Some(at_work_on(row.identity.short()))
}

/// Why the work of a process that may run the job cannot be read. What cannot be read proves
/// nothing.
fn unreadable(look: &Look, job: &SavedJob) -> Option<String> {
    let may_serve = |row: &&LookRow| {
        let info = row.heartbeat.as_ref().map(|heartbeat| &heartbeat.info);
        info.is_none_or(|info| may_serve(info, &job.queue))
    };
    let row = look.rows.iter().filter(may_serve);
    let mut faults = row.filter_map(|row| Some((row, row.faults.first()?)));
    let (row, fault) = faults.next()?;
    Some(format!(
        "{} may run it, and its row cannot be read: {fault}",
        row.identity.short()
    ))
}

/// Names of queues are shown clean in what a process says of itself.
fn may_serve(info: &Info, queue: &str) -> bool {
    info.may_serve(queue) || info.may_serve(&clean(queue, LONGEST_SHOWN))
}

/// Whether a process may have fetched the job without having shown it yet.
fn is_late(row: &LookRow, look: &Look, job: &SavedJob, exited: Timestamp) -> bool {
    let Some(heartbeat) = &row.heartbeat else {
        return true;
    };
    if !may_serve(&heartbeat.info, &job.queue) {
        return false;
    }
    if row.work.iter().any(|work| work.jid.is_none()) {
        return true;
    }
    !beat_since(row, look, exited)
}

/// Pushes `job` back and writes down, before and after, that it was. Whether it may be is for
/// the caller to ask ([`SavedState::may_be_pushed`]).
///
/// # Errors
/// If it cannot be written down: then nothing was pushed.
pub async fn push_back(
    connection: &mut impl ConnectionLike,
    keys: &Keys,
    store: &Store,
    run: &str,
    job: &SavedJob,
    by: &str,
) -> Result<PushOutcome, SaveError> {
    let Some(jid) = &job.jid else {
        return Ok(PushOutcome::Refused("it has no id".into()));
    };
    let now = || clock::now().wall();
    let intent = RescueEntry::Pushing {
        jid: jid.clone(),
        at: now(),
        by: by.to_owned(),
    };
    store.append(run, &[intent])?;
    let job = RedisPush {
        execution: &job.execution(),
        queue: &job.queue,
        payload: &job.payload.0,
    };
    let outcome = match crate::redis::push_back(connection, keys, job).await {
        Ok(outcome) => outcome,
        // An error that the server answers with comes before anything is written.
        Err(why @ (LinkFault::Denied(_) | LinkFault::Refused(_) | LinkFault::Loading)) => {
            PushOutcome::Refused(why.to_string())
        }
        Err(why @ (LinkFault::Unreachable(_) | LinkFault::Silent | LinkFault::NotRedis(_))) => {
            PushOutcome::Doubtful(why.to_string())
        }
    };
    let result = RescueEntry::Pushed {
        jid: jid.clone(),
        at: now(),
        result: outcome.short_words(),
        back: outcome.is_back(),
    };
    store.append(run, &[result])?;
    Ok(outcome)
}
