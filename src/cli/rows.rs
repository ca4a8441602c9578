//! The rows of `ps` and `plan` as JSON has them: the joined picture and the settings in, plain
//! values out. What is not known is `null`, never zero and never left out.

use std::time::Duration;

use serde::Serialize;

use super::drain_now::DrainNow;
use crate::console::{ProcessState, at_rest, heartbeat_age};
use crate::core::choice::Choice;
use crate::core::config::Settings;
use crate::core::drain::Plan;
use crate::core::fleet::{
    Checkpoints, Fleet, Identity, Job, Lineage, Link, Process, ProcessKey, State,
};
use crate::core::follow::Following;
use crate::core::moment::{Moment, Seconds, from_epoch, rfc3339};
use crate::core::outlook::{Becomes, ProcessOutlook, Situation, Verdict};
use crate::core::preflight::Preflight;
use crate::core::sequence::Timeout;

/// The source of rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture<'a> {
    /// The joined picture.
    pub(super) fleet: &'a Fleet,
    /// The value that holds.
    pub(super) settings: &'a Settings,
    /// The plan of a drain that began now.
    pub(super) plan: &'a Plan,
    /// Its relation to systemd.
    pub(super) preflight: &'a Preflight,
    /// The Redis that was asked, without its password.
    pub(super) url: Option<&'a str>,
    /// Now.
    pub(super) now: Moment,
}

/// The object of `ps --json`.
#[derive(Debug, Serialize)]
pub(super) struct PsRow {
    pub(super) at: String,
    pub(super) redis: RedisRow,
    pub(super) processes: Vec<ProcessRow>,
    pub(super) jobs: Vec<JobLine>,
    /// The cost of a drain that began now; `None`: it would have no target.
    pub(super) drain_now: Option<DrainNow>,
    /// Which processes were asked for.
    #[serde(skip)]
    pub(super) choice: Choice,
}

/// The link to Redis.
#[derive(Debug, Serialize)]
pub(super) struct RedisRow {
    pub(super) url: Option<String>,
    pub(super) link: &'static str,
    pub(super) rtt_ms: Option<f64>,
}

/// A process.
#[derive(Debug, Serialize)]
pub(super) struct ProcessRow {
    pub(super) identity: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) version: Option<String>,
    pub(super) tag: String,
    pub(super) local: bool,
    pub(super) unit: Option<String>,
    pub(super) state: &'static str,
    pub(super) started_at: Option<String>,
    pub(super) concurrency: Option<u64>,
    pub(super) busy: Option<u64>,
    pub(super) beat_age_s: Option<Seconds>,
    pub(super) rss_kb: Option<u64>,
    pub(super) queues: Option<Vec<String>>,
    pub(super) timeout_s: Seconds,
    pub(super) timeout_from: String,
    /// Every statement of its timeout that was found, the one that holds first.
    pub(super) timeout_layers: Option<Vec<TimeoutRow>>,
    /// Files that were changed after it started: it does not know what they say now.
    pub(super) changed_files: Option<Vec<String>>,
    /// Its name for people.
    #[serde(skip)]
    pub(super) name: String,
    /// How it stands, in the words of the console.
    #[serde(skip)]
    pub(super) stands: ProcessState,
    /// The age of its heartbeat, in the words of the console.
    #[serde(skip)]
    pub(super) heartbeat: String,
}

/// A statement of a timeout.
#[derive(Debug, Serialize)]
pub(super) struct TimeoutRow {
    pub(super) layer: &'static str,
    pub(super) setting: &'static str,
    pub(super) seconds: Option<Seconds>,
    pub(super) value: String,
    pub(super) from: String,
    pub(super) holds: bool,
    pub(super) changed: bool,
}

/// A busy job.
#[derive(Debug, Serialize)]
pub(super) struct JobLine {
    pub(super) jid: Option<String>,
    pub(super) class: String,
    pub(super) queue: String,
    pub(super) identity: Option<String>,
    pub(super) tid: String,
    pub(super) run_at: Option<String>,
    pub(super) elapsed_s: Option<Seconds>,
    pub(super) budget_s: Option<Seconds>,
    pub(super) left_s: Option<Seconds>,
    pub(super) verdict: &'static str,
    pub(super) why: String,
    pub(super) work_id: Option<String>,
    /// By what it breaks off at checkpoints once its process is quiet.
    pub(super) checkpoints: Option<&'static str>,
    pub(super) stuck: Option<String>,
    /// The verdict in the word of the console, which says what may happen of what is unknown.
    #[serde(skip)]
    pub(super) becomes: &'static str,
    /// The name of its process for people.
    #[serde(skip)]
    pub(super) process: String,
    /// Sidekiq's own timeout in its process.
    #[serde(skip)]
    pub(super) timeout: Duration,
    /// Whether its process is gone, so that it runs no more.
    #[serde(skip)]
    pub(super) history: bool,
}

impl PsRow {
    /// The rows that were asked for, the longest jobs first.
    pub(super) fn of(picture: Picture<'_>, choice: &Choice) -> Self {
        let processes = picture.fleet.processes.iter();
        let chosen = processes.filter(|(_, process)| choice.covers(process));
        Self {
            at: picture.now.rfc3339(),
            redis: RedisRow::of(picture),
            processes: chosen
                .map(|(key, process)| ProcessRow::of(picture, key, process))
                .collect(),
            jobs: jobs(picture, choice),
            drain_now: DrainNow::of(picture, choice),
            choice: choice.clone(),
        }
    }
}

impl RedisRow {
    fn of(picture: Picture<'_>) -> Self {
        let link = &picture.fleet.link;
        Self {
            url: picture.url.map(str::to_owned),
            link: link.word(),
            rtt_ms: match link {
                Link::Connected { round_trip, .. } => Some(milliseconds(*round_trip)),
                Link::Unused | Link::Connecting { .. } | Link::Lost { .. } => None,
            },
        }
    }
}

/// Milliseconds with two decimals.
fn milliseconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 100_000.0).round() / 100.0
}

impl ProcessRow {
    fn of(picture: Picture<'_>, key: &ProcessKey, process: &Process) -> Self {
        let now = picture.now;
        let is_ours = matches!(key, ProcessKey::Local(_)) && process.is_ours();
        let local = process.local.as_ref();
        let beat_age = process.beat.as_ref().map(|beat| beat.age(now));
        let timeout = timeout(picture, process);
        let started_at = process.info.as_ref().and_then(|info| info.started_at);
        let hostname = process.identity.as_ref().map(Identity::hostname);
        let hostname = hostname.or(local.map(|_| picture.fleet.hostname.as_str()));
        Self {
            identity: process.identity.as_ref().map(ToString::to_string),
            hostname: hostname.map(str::to_owned),
            pid: process
                .pid()
                .or_else(|| process.identity.as_ref().and_then(Identity::pid)),
            version: process.version_text().map(str::to_owned),
            tag: process.tag().to_owned(),
            local: local.is_some(),
            unit: local.and_then(|local| local.surroundings.unit_name().map(str::to_owned)),
            state: process.state(false, &picture.fleet.link, now).word(),
            started_at: started_at
                .or(local.map(|local| local.started_at))
                .and_then(from_epoch)
                .map(rfc3339),
            concurrency: process.concurrency(),
            busy: process.busy(),
            beat_age_s: beat_age.map(|age| Seconds(tenths(age))),
            rss_kb: process.rss_kb(),
            queues: process.info.as_ref().map(|info| info.queues.clone()),
            timeout_s: Seconds(timeout.span),
            timeout_from: timeout.origin.text().to_owned(),
            timeout_layers: timeout_rows(picture, process),
            changed_files: local.map(|local| local.surroundings.layers.changed().to_vec()),
            name: process.name(),
            stands: at_rest(picture.situation(), (key, process), is_ours, false),
            heartbeat: heartbeat_age(process, now).words,
        }
    }
}

fn timeout(picture: Picture<'_>, process: &Process) -> Timeout {
    process.timeout(picture.settings.timeout.as_ref())
}

/// Every statement of the timeout of `process` in its files. Where a flag, its label or the
/// configuration of this program states it, none of them is gone by.
fn timeout_rows(picture: Picture<'_>, process: &Process) -> Option<Vec<TimeoutRow>> {
    let local = process.local.as_ref()?;
    let is_read = process.files_state_timeout(picture.settings.timeout.as_ref());
    let timeouts = local.surroundings.layers.timeouts().iter();
    timeouts
        .map(|found| TimeoutRow {
            layer: found.layer,
            setting: found.setting,
            seconds: found.span.map(Seconds),
            value: found.value.clone(),
            from: found.from.clone(),
            holds: found.holds && is_read,
            changed: found.changed,
        })
        .collect::<Vec<_>>()
        .into()
}

/// A span cut to tenths of a second.
fn tenths(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX) / 100 * 100)
}

/// Every busy job that was asked for, the longest first and those without a known start last.
pub(super) fn jobs(picture: Picture<'_>, choice: &Choice) -> Vec<JobLine> {
    let mut rows: Vec<JobLine> = picture
        .fleet
        .processes
        .iter()
        .filter(|(_, process)| choice.covers(process))
        .flat_map(|(key, process)| {
            let outlook = picture.situation().process(key, process);
            let row = move |job| JobLine::of(picture, (key, process), job, &outlook);
            process.jobs.iter().map(row)
        })
        .collect();
    rows.sort_by(|one, other| {
        (other.elapsed_s.cmp(&one.elapsed_s)).then_with(|| one.jid.cmp(&other.jid))
    });
    rows
}

impl JobLine {
    fn of(
        picture: Picture<'_>,
        place: (&ProcessKey, &Process),
        job: &Job,
        outlook: &ProcessOutlook<'_>,
    ) -> Self {
        let (_, process) = place;
        let timeout = timeout(picture, process);
        let budget = outlook.budget();
        let state = process.state(false, &picture.fleet.link, picture.now);
        let history = matches!(state, State::Ghost | State::Exited);
        // The jobs of a stale process are of its last beat, and so is the age of its jobs.
        let seen = match (&process.beat, state) {
            (Some(beat), State::Stale) => beat.at,
            _ => picture.now,
        };
        // Sidekiq writes whole seconds; a fraction would be invented.
        let elapsed = job
            .elapsed(seen)
            .map(|elapsed| Duration::from_secs(elapsed.as_secs()));
        let said = outlook.job(job);
        let verdict = match said.becomes {
            Becomes::Expected(verdict) => verdict,
            Becomes::NotDrained
            | Becomes::Back
            | Becomes::Ended(_)
            | Becomes::Overdue
            | Becomes::Sought => Verdict::Unknown,
        };
        let spans = (elapsed, budget);
        let reasons = Following::default().reasons(picture.fleet, place, job, spans, picture.now);
        Self {
            jid: job.work.jid.clone(),
            class: job.work.class.clone(),
            queue: job.work.queue.clone(),
            identity: process.identity.as_ref().map(ToString::to_string),
            tid: job.work.tid.clone(),
            run_at: job.work.run_at.and_then(from_epoch).map(rfc3339),
            elapsed_s: elapsed.map(Seconds),
            budget_s: budget.map(Seconds),
            left_s: budget.filter(|_| !history).map(Seconds),
            verdict: verdict.word(),
            why: said.reason.words(outlook.clock()),
            work_id: match &job.work.lineage {
                Some(lineage) if lineage.is_named() => Some(lineage.work_id().to_owned()),
                Some(_) | None => job.work.jid.clone(),
            },
            checkpoints: checkpoints(job),
            stuck: reasons.first().map(|reason| reason.sentence()),
            becomes: match said.becomes {
                Becomes::Expected(_) => said.word(),
                Becomes::NotDrained
                | Becomes::Back
                | Becomes::Ended(_)
                | Becomes::Overdue
                | Becomes::Sought => verdict.word(),
            },
            process: process.name(),
            timeout: timeout.span,
            history,
        }
    }
}

/// By what `job` breaks off at checkpoints, as far as its payload or its state tells.
fn checkpoints(job: &Job) -> Option<&'static str> {
    let library = job.work.lineage.as_ref().and_then(Lineage::checkpoints);
    let iterable = job.iterable.then_some("IterableJob");
    library.map(Checkpoints::name).or(iterable)
}

impl<'a> Picture<'a> {
    /// The source of the outlook for every job.
    pub(super) fn situation(self) -> Situation<'a> {
        Situation {
            fleet: self.fleet,
            plan: self.plan,
            preflight: self.preflight,
            run: None,
            now: self.now,
        }
    }
}
