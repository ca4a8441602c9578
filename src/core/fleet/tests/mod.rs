//! What the fleet makes of looks and scans: who is who, what is known, what is proven.
//!
//! | limit | mutant | dies in |
//! |---|---|---|
//! | more than 2 s after the signal | a beat at once is late enough | `proofs::a_quiet_beat…` |
//! | another beat than before it | the old one will do | `proofs::a_beat_that_was_known…` |
//! | a fresh count | a stale one counts | `proofs::a_count_proves_nothing…` |
//! | the heartbeat thread beside it | counts prove without it | `proofs::a_count_without…` |
//! | replaced processors | a lingering one proves quiet | `proofs::replaced_processors…` |
//! | half-written hash | it drops jobs | `jobs::a_half_written_hash…` |
//! | a newer beat | a look at the same one drops jobs | `jobs::a_job_is_gone…` |
//! | threads outweigh rows | busy 0 proves idle beside threads | `proofs::a_beat_proves_no_idle_while…` |
//! | contradiction | no threads prove it against a later beat | `proofs::no_threads_and…` |
//! | pid reuse | start times ignored | `joining::a_ghost_of_an_earlier…` |
//! | ambiguity | the first that fits | `joining::two_containers…`, `identities::two_living…` |
//! | the nearest start is its own | the latest one is | `identities::of_two_identities…` |
//! | the heartbeat thread decides | the start of the process does | `identities::the_start_of…` |
//! | each identity once | one is given to two processes | `twins` |
//! | a stranger's beat is no evidence | host name and pid are enough | `twins` |
//! | pruned is not left | it is | `joining::one_that_is_pruned…` |
//! | skewed hosts | clocks are believed | `jobs::ages_are_never_negative…` |
//! | this host's own clock | it is estimated | `jobs::the_times_of_a_process_of_this_host…` |

mod crowds;
mod identities;
mod jobs;
mod joining;
mod losses;
mod own_timeouts;
mod proofs;
mod twins;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::core::moment::Moment;
use crate::core::sequence::Version;

/// Seconds since 1970 at the first moment of every test.
const EPOCH: f64 = 1_800_000_000.0;

fn at(seconds: f64) -> Moment {
    let start = Moment::new(
        Duration::from_secs(10_000),
        Timestamp::from_second(1_800_000_000).unwrap(),
    );
    let span = Duration::from_secs_f64(seconds.abs());
    if seconds < 0.0 {
        start.before(span)
    } else {
        start.after(span)
    }
}

/// A beat `host` seconds after the start on the host's own clock.
fn heartbeat(host: f64, started: f64) -> Heartbeat {
    let version = Version::new(7, 3, 9);
    Heartbeat {
        info: Arc::new(Info {
            started_at: Some(EPOCH + started),
            queues: vec!["default".into()],
            version: Some(version),
            version_text: Some(version.to_string()),
            ..Info::default()
        }),
        beat: EPOCH + host,
        busy: 0,
        quiet: false,
        rss_kb: None,
        concurrency: Some(5),
    }
}

fn quiet(host: f64) -> Heartbeat {
    Heartbeat {
        quiet: true,
        ..heartbeat(host, -100.0)
    }
}

fn row(identity: &str, heartbeat: Option<Heartbeat>) -> LookRow {
    LookRow {
        identity: Identity::new(identity),
        heartbeat,
        beat_age: None,
        work: Vec::new(),
        iterating: Vec::new(),
        faults: Vec::new(),
    }
}

fn work(tid: &str, jid: &str, run_at: f64) -> Arc<Work> {
    Arc::new(Work {
        tid: tid.into(),
        jid: Some(jid.into()),
        class: "Job".into(),
        queue: "default".into(),
        run_at: Some(EPOCH + run_at),
        enqueued_at: None,
        payload: Arc::from(jid.as_bytes()),
        lineage: None,
        fault: None,
    })
}

/// A look asked at `seconds` by a server whose clock is right.
fn look(seconds: f64, rows: Vec<LookRow>) -> Observation {
    Observation::Look(Look {
        asked: at(seconds),
        answered: at(seconds + 0.01),
        server_time: EPOCH + seconds,
        server: None,
        counter: None,
        rows,
        dead: DeadMembers::default(),
    })
}

fn local(pid: u32, started: f64) -> LocalProcess {
    LocalProcess {
        id: LocalId {
            pid,
            start_ticks: u64::from(pid) * 1000,
        },
        started_at: EPOCH + started,
        title: Title::Other("sidekiq".into()),
        run_state: RunState::Alive,
        rss_kb: None,
        threads: None,
        caught: None,
        surroundings: Surroundings {
            inner_pid: pid,
            hostnames: vec!["util1".into()],
            ..Surroundings::default()
        },
    }
}

fn threaded(pid: u32, processors: usize, seconds: f64) -> LocalProcess {
    LocalProcess {
        threads: Some(Threads {
            processors,
            heartbeat: true,
            at: at(seconds),
        }),
        ..local(pid, -110.0)
    }
}

fn scan(seconds: f64, processes: Vec<LocalProcess>) -> Observation {
    Observation::Host(HostLook {
        at: at(seconds),
        hostname: "util1".into(),
        processes,
    })
}

fn connected(seconds: f64) -> Observation {
    Observation::Link(Link::Connected {
        round_trip: Duration::from_millis(1),
        at: at(seconds),
    })
}

fn fleet(observations: Vec<Observation>) -> Fleet {
    let mut fleet = Fleet::default();
    fleet.observe(connected(0.0));
    for observation in observations {
        fleet.observe(observation);
    }
    fleet
}

fn only(fleet: &Fleet) -> &Process {
    assert_eq!(fleet.processes.len(), 1, "{:?}", fleet.processes.keys());
    fleet.processes.values().next().unwrap()
}
