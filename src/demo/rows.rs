//! The children as a look at Redis and a scan of `/proc` would show them. Each is read by its
//! own pid; `/proc` is never walked.

use std::sync::Arc;
use std::time::Duration;

use super::cast::{HOST, TIMEOUT};
use super::children::Offspring;
use super::store::DemoStore;
use super::wire::{SeenJob, Tick};
use crate::clock::Paced;
use crate::core::fleet::{
    HostLook, LocalProcess, LogNews, Look, LookRow, RedisAddress, RunState, Surroundings, Threads,
    Title, Unit, Work,
};
use crate::core::log::{LineOrigin, LogLine};
use crate::core::moment::Moment;
use crate::core::sequence::Timeout;
use crate::core::sidekiq::{Registered, shown};
use crate::core::timing::HASH_EXPIRES;
use crate::host::{Glance, glance};

/// A look at the imitated Redis.
pub(super) fn look(children: &[Offspring], now: Moment) -> Look {
    // A stranger stands in another Redis.
    let listed = |child: &&Offspring| !child.told.left && child.role.redis.is_none();
    let listed = children.iter().filter(listed);
    shown::look(listed.filter_map(|child| row(child, now)).collect(), now)
}

fn row(child: &Offspring, now: Moment) -> Option<LookRow> {
    let beat = child.told.beat.as_ref()?;
    let age = now.since(beat.at);
    let registered = Registered {
        identity: child.identity.clone(),
        info: Arc::clone(&child.info),
        rss_kb: Some(child.role.rss_kb),
        threads: child.role.threads as u64,
    };
    if age >= HASH_EXPIRES {
        return Some(registered.ghost());
    }
    Some(LookRow {
        beat_age: Some(age),
        ..registered.row(beat.at.epoch(), beat.quiet, beat.work.clone())
    })
}

/// The work entry of a job, as the beat of its process writes it.
pub(super) fn work(seen: &SeenJob, store: &DemoStore, clock: &Paced) -> Option<Arc<Work>> {
    let post = store.running(&seen.jid)?;
    Some(Arc::new(Work {
        tid: seen.tid.clone(),
        jid: Some(seen.jid.clone()),
        class: post.task.class.clone(),
        queue: post.task.queue.clone(),
        run_at: Some(Tick::moment(seen.since, clock).epoch().floor()),
        enqueued_at: Some(Duration::from_millis(post.enqueued_ms.unsigned_abs()).as_secs_f64()),
        payload: Arc::clone(&post.payload),
        lineage: None,
        fault: None,
    }))
}

/// A scan of the imitated host.
pub(super) fn host(children: &[Offspring], now: Moment) -> HostLook {
    let living = children.iter().filter(|child| !child.told.ended);
    shown::scan(HOST, living.map(|child| local(child, now)).collect(), now)
}

/// One that has ended counts as alive until everything that it said before was heard.
fn local(child: &Offspring, now: Moment) -> LocalProcess {
    let id = child.glance.id;
    let alive = |found: &Glance| found.id == id && found.run_state != Some(RunState::Ended);
    let found = glance(id.pid).ok().filter(alive).unwrap_or(child.glance);
    let told = &child.told;
    let process = shown::process(id, HOST, child.started_at);
    LocalProcess {
        title: title(child),
        run_state: found.run_state.unwrap_or(RunState::Alive),
        rss_kb: Some(child.role.rss_kb),
        threads: told.threads.map(|processors| Threads {
            processors,
            heartbeat: told.beat.is_some(),
            at: now,
        }),
        caught: found.caught,
        surroundings: Surroundings {
            uid: found.uid.unwrap_or_default(),
            unit: Some(Unit::of_system(child.role.unit)),
            redis_url: child.role.redis.map(RedisAddress::new),
            stated_timeout: Some(Timeout::stated(TIMEOUT, "config/sidekiq.yml:3")),
            ..process.surroundings.clone()
        },
        ..process
    }
}

/// The log of a child: where it is, and the begin of each of its jobs.
pub(super) fn log(child: &Offspring, now: Moment) -> [LogNews; 2] {
    let process = child.glance.id;
    let pid = process.pid;
    let work = child.told.beat.iter().flat_map(|beat| &beat.work);
    let line = |work: &Arc<Work>| {
        let jid = work.jid.as_deref().unwrap_or_default();
        let text = format!(
            "pid={pid} tid={} class={} jid={jid} INFO: start",
            work.tid, work.class
        );
        let origin = LineOrigin {
            pid,
            inner_pid: pid,
            shared: false,
        };
        LogLine::new(origin, &text, now)
    };
    let place = Ok(format!("the log of {}", child.role.unit));
    [
        LogNews::Place { process, place },
        LogNews::Lines(work.map(line).collect()),
    ]
}

fn title(child: &Offspring) -> Title {
    let role = child.role;
    match &child.told.beat {
        Some(beat) => Title::Beating {
            version: role.version.to_owned(),
            tag: role.tag.to_owned(),
            busy: beat.work.len() as u64,
            concurrency: role.threads as u64,
            stopping: beat.quiet,
        },
        None => Title::Booting(format!("sidekiq -t {}", TIMEOUT.as_secs())),
    }
}
