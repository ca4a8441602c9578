//! An imitated Sidekiq as the sources show it: its row in Redis, its line in a scan of its host.
//! It knows no more than a beat wrote and `/proc` tells.

use std::sync::Arc;

use super::{Busy, Task, Temper};
use crate::core::fleet::{
    DeadMembers, Heartbeat, HostLook, Identity, Info, Lineage, LocalId, LocalProcess, Look,
    LookRow, RunState, Surroundings, Title, Work,
};
use crate::core::moment::Moment;
use crate::core::sequence::Version;

/// A Sidekiq as Redis knows it: all that does not change from beat to beat.
#[derive(Clone, Debug)]
pub struct Registered {
    /// `hostname:pid:nonce`.
    pub identity: Identity,
    /// The field `info` of its hash.
    pub info: Arc<Info>,
    /// Its memory as its beats state it, in KB.
    pub rss_kb: Option<u64>,
    /// Number of its threads.
    pub threads: u64,
}

impl Registered {
    /// A Sidekiq that serves the queue `default` since `started_at`, in seconds since 1970 on its
    /// host's clock. `version` is as Sidekiq writes it; an empty one is not written.
    pub fn new(identity: &str, version: &str, threads: u64, started_at: f64) -> Self {
        let info = Info {
            started_at: Some(started_at),
            queues: vec!["default".into()],
            version: Version::parse(version),
            version_text: (!version.is_empty()).then(|| version.to_owned()),
            ..Info::default()
        };
        Self {
            identity: Identity::new(identity),
            info: Arc::new(info),
            rss_kb: None,
            threads,
        }
    }

    /// Its row after the beat of `beat`, in seconds since 1970 on its host's clock, which showed
    /// this work. No age is known of it.
    pub fn row(&self, beat: f64, quiet: bool, work: Vec<Arc<Work>>) -> LookRow {
        LookRow {
            heartbeat: Some(Heartbeat {
                info: Arc::clone(&self.info),
                beat,
                busy: work.len() as u64,
                quiet,
                rss_kb: self.rss_kb,
                concurrency: Some(self.threads),
            }),
            work,
            ..self.ghost()
        }
    }

    /// Its row once its hash has expired.
    pub fn ghost(&self) -> LookRow {
        LookRow {
            identity: self.identity.clone(),
            heartbeat: None,
            beat_age: None,
            work: Vec::new(),
            iterating: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// The payload of a job: of one with checkpoints what job-iteration 1 writes, of any other its id.
pub fn payload(task: &Task) -> Arc<[u8]> {
    let Temper::Checkpoints(_) = task.temper else {
        return Arc::from(task.jid.as_bytes());
    };
    let (jid, work_id) = (&task.jid, task.work_id());
    let times = jid.len() - jid.trim_end_matches('+').len();
    let job =
        format!(r#"{{"job_id":"{work_id}","times_interrupted":{times},"executions":{times}}}"#);
    let made = task.resumed.as_ref().map_or(0, |resumed| resumed.made_ms);
    let class = format!(
        r#""class":"Sidekiq::ActiveJob::Wrapper","wrapped":"{}""#,
        task.class
    );
    let payload = format!(r#"{{{class},"jid":"{jid}","created_at":{made},"args":[{job}]}}"#);
    payload.into_bytes().into()
}

/// The work entry of a job on a thread, of a host whose clock runs `ahead` by so many seconds.
pub fn work(busy: &Busy, ahead: f64) -> Work {
    let run_at = (busy.since.epoch() + ahead).floor();
    let payload = payload(&busy.task);
    Work {
        lineage: Lineage::to_seek(&payload),
        payload,
        ..work_of(&busy.tid, &busy.task.jid, &busy.task.class, run_at)
    }
}

/// The work entry of a job of the queue `default` that began at `run_at`, in seconds since 1970.
pub fn work_of(tid: &str, jid: &str, class: &str, run_at: f64) -> Work {
    Work {
        tid: tid.into(),
        jid: Some(jid.into()),
        class: class.into(),
        queue: "default".into(),
        run_at: Some(run_at),
        enqueued_at: None,
        payload: b"{}"[..].into(),
        lineage: None,
        fault: None,
    }
}

/// A whole look that took no time.
pub fn look(rows: Vec<LookRow>, now: Moment) -> Look {
    Look {
        asked: now,
        answered: now,
        server_time: now.epoch(),
        server: None,
        counter: None,
        rows,
        dead: DeadMembers::default(),
    }
}

/// A process of `hostname`, started at `started_at` (seconds since 1970), of which `/proc` tells
/// nothing but that it lives.
pub fn process(id: LocalId, hostname: &str, started_at: f64) -> LocalProcess {
    LocalProcess {
        id,
        started_at,
        title: Title::Other("sidekiq".into()),
        run_state: RunState::Alive,
        rss_kb: None,
        threads: None,
        caught: None,
        surroundings: Surroundings {
            inner_pid: id.pid,
            hostnames: vec![hostname.into()],
            ..Surroundings::default()
        },
    }
}

/// A whole scan of `hostname`.
pub fn scan(hostname: &str, processes: Vec<LocalProcess>, now: Moment) -> HostLook {
    HostLook {
        at: now,
        hostname: hostname.into(),
        processes,
    }
}
