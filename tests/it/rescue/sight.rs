//! What a survey sees, and what it must not overlook: who ran the job, who may have taken it up,
//! and what happens between its two looks. And what is written down of each push.
//!
//! Each law was shown to fail on a mutant: law | what was broken | the test that fails.
//!
//! | law | mutant | dies in |
//! |---|---|---|
//! | what its dead process left in Redis is no run | it is | `the_dead…` |
//! | nor does that process have to beat | it has to | `the_dead…` |
//! | a ghost runs nothing, and need not beat | it does | `the_dead…` |
//! | one that cannot be read, or its queues, may have it | it has not | `who_may_have_it…` |
//! | who names other queues cannot have it | it may | `who_may_have_it…` |
//! | a beat must be 2 s later than the exit | any later one will do | `who_may_have_it…` |
//! | without an age the beat's own time counts | it is young | `who_may_have_it…` |
//! | either look may show it at work | one of them is not asked | `between_two_looks…` |
//! | the second look tells who has beaten | the first one | `between_two_looks…` |
//! | where it stands outweighs a mark | it does not | `where_a_job_stands…` |
//! | what was not searched is not ruled out | it is | `where_a_job_stands…` |
//! | only what was not pushed back | it does not matter | `a_job_that_may…` |
//! | each push is written down before and after | it is not | `each_push…` |
//! | what cannot be written down is not pushed | it is | `each_push…` |
//! | what nobody knows is told as that | as refused, or back | `each_push…` |

use std::time::Duration;

use drainboard::clock;
use drainboard::core::fate::PushOutcome;
use drainboard::redis::{Connection, Keys, open};
use drainboard::rescue::{Ending, RescueEntry, SavedJob, SavedState, Store, Surveyed, survey};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisFuture, Value};

use super::nowhere::mark;
use super::{connect, lost, payload, send, serving, states};
use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::Rows;

/// The job that these rows show.
fn shown(pid: u32) -> String {
    format!("{pid:024x}")
}

/// As if it had beaten so many seconds ago.
async fn beat_before(admin: &mut MultiplexedConnection, rows: &Rows, seconds: u64) {
    let left = (60 - seconds).to_string();
    send(
        admin,
        &[b"EXPIRE", rows.identity.as_bytes(), left.as_bytes()],
    )
    .await;
}

async fn state(server: &RedisServer, job: (SavedJob, Ending)) -> SavedState {
    states(server, &[job]).await.remove(0)
}

#[track_caller]
fn assert_state(state: &SavedState, word: &str, why: &str) {
    assert_eq!(state.word(), word, "{state:?}");
    assert!(state.trace.why().contains(why), "{state:?}");
}

#[tokio::test]
async fn the_dead_who_ran_it_and_ghosts_run_nothing() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    beat_before(&mut admin, &rows, 20).await;
    let (mut job, ending) = lost(&shown(7));
    job.identity = Some(rows.identity.clone());
    assert_state(&state(&server, (job, ending)).await, "nowhere", "");
    // Of another one only the work is left.
    send(&mut admin, &[b"DEL", rows.identity.as_bytes()]).await;
    assert_state(&state(&server, lost(&shown(7))).await, "nowhere", "");
}

#[tokio::test]
async fn who_may_have_it_must_have_shown_that_it_has_not() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let rows = serving(7);
    rows.write(&mut admin).await;
    // The exit was 5 s ago: one second later is too early.
    beat_before(&mut admin, &rows, 4).await;
    assert_state(
        &state(&server, lost("a")).await,
        "unknown",
        "util1:7 may run it: its last heartbeat is not later than the exit; try again in 10 s",
    );
    // It hangs: no heartbeat will come, but its hash will go.
    beat_before(&mut admin, &rows, 30).await;
    assert_state(
        &state(&server, lost("a")).await,
        "unknown",
        "util1:7 may run it: it has sent no heartbeat since the exit; try again at ",
    );
    beat_before(&mut admin, &rows, 2).await;
    assert_state(&state(&server, lost("a")).await, "nowhere", "");
    // It serves other queues.
    beat_before(&mut admin, &rows, 30).await;
    let (mut mail, ending) = lost("a");
    mail.queue = "mail".into();
    assert_state(&state(&server, (mail, ending)).await, "nowhere", "");
    // Nobody knows the age of a key that stays for ever.
    for (ago, expected) in [(30, "unknown"), (0, "nowhere")] {
        let mut rows = serving(7);
        rows.beat = clock::now().before(Duration::from_secs(ago)).epoch();
        rows.write(&mut admin).await;
        send(&mut admin, &[b"PERSIST", rows.identity.as_bytes()]).await;
        assert_state(&state(&server, lost("a")).await, expected, "");
    }
    // What it is cannot be read.
    beat_before(&mut admin, &rows, 30).await;
    send(
        &mut admin,
        &[b"HSET", rows.identity.as_bytes(), b"info", b"no json"],
    )
    .await;
    assert_state(
        &state(&server, lost("a")).await,
        "unknown",
        "util1:7 may run it",
    );
    // Nothing of it can be read.
    send(&mut admin, &[b"SET", rows.identity.as_bytes(), b"x"]).await;
    assert_state(
        &state(&server, lost("a")).await,
        "unknown",
        "util1:7 may run it",
    );
}

/// A connection on which something happens right after the first look.
struct Between<'a> {
    inner: Connection,
    admin: &'a mut MultiplexedConnection,
    happens: Vec<Cmd>,
}

impl ConnectionLike for Between<'_> {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        self.inner.req_packed_command(cmd)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let packed = pipeline.get_packed_pipeline();
        let asks_for_marks = String::from_utf8_lossy(&packed).contains("drainboard:rescued");
        Box::pin(async move {
            if asks_for_marks {
                for command in self.happens.drain(..) {
                    command.exec_async(&mut *self.admin).await?;
                }
            }
            self.inner
                .req_packed_commands(pipeline, offset, count)
                .await
        })
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}

fn command(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(words);
    command
}

#[tokio::test]
async fn between_two_looks_nothing_slips_through() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let mut rows = serving(7);
    let (tid, entry) = rows.work.remove(0);
    let key = rows.work_key();
    let taken_up = command(&["HSET", &key, &tid, &entry]);
    let ended = command(&["HDEL", &key, &tid]);
    // The first look cannot ask for the age of a beat yet: it goes by its time.
    let early = (rows.beat - 30.0).to_string();
    let beats = command(&["HSET", &rows.identity, "beat", &rows.beat.to_string()]);
    for (before, happens, word, why) in [
        // It is taken up, or ends, while the queues are searched.
        (vec![], vec![taken_up.clone()], "safe", "runs on util1:7"),
        (
            vec![taken_up],
            vec![ended.clone()],
            "safe",
            "runs on util1:7",
        ),
        // Its beat comes in time.
        (
            vec![command(&["HSET", &rows.identity, "beat", &early])],
            vec![beats],
            "nowhere",
            "",
        ),
    ] {
        rows.write(&mut admin).await;
        for command in before {
            command.exec_async(&mut admin).await.expect("it is taken");
        }
        let mut between = Between {
            inner: connect(&server).await,
            admin: &mut admin,
            happens,
        };
        let job = [lost(&shown(7))];
        let seen = survey(&mut between, &Keys::default(), &job, &[]).await;
        assert!(between.happens.is_empty(), "nothing happened");
        assert_state(&seen.expect("an answer")[0].state, word, why);
    }
}

#[tokio::test]
async fn where_a_job_stands_is_told_and_what_was_not_searched_too() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    mark(&mut admin, &lost("a").0).await;
    send(
        &mut admin,
        &[b"RPUSH", b"queue:low", payload("a").as_bytes()],
    )
    .await;
    assert_state(&state(&server, lost("a")).await, "safe", "in queue low");
    // Another queue that is no list.
    send(&mut admin, &[b"SADD", b"queues", b"low", b"odd"]).await;
    assert_state(&state(&server, lost("b")).await, "nowhere", "");
    send(&mut admin, &[b"SET", b"queue:odd", b"x"]).await;
    assert_state(&state(&server, lost("b")).await, "unknown", "");
    send(&mut admin, &[b"DEL", b"queue:odd"]).await;
    for number in 0..200 {
        let name = format!("queue{number}");
        send(&mut admin, &[b"SADD", b"queues", name.as_bytes()]).await;
    }
    assert_state(
        &state(&server, lost("b")).await,
        "unknown",
        "not everything was searched",
    );
}

#[tokio::test]
async fn a_job_that_may_have_been_pushed_back_is_not_nowhere() {
    let server = RedisServer::start();
    let mut connection = connect(&server).await;
    let (job, ending) = lost("a");
    let may_be_back = Ending {
        not_back: None,
        ..ending.clone()
    };
    for (ending, expected) in [(ending, "nowhere"), (may_be_back, "unknown")] {
        let jobs = [(job.clone(), ending)];
        let seen = survey(&mut connection, &Keys::default(), &jobs, &[]).await;
        let seen: Vec<Surveyed> = seen.expect("an answer");
        assert_state(&seen[0].state, expected, "");
        assert!(!seen[0].waits, "no beat tells more");
    }
}

/// What a store has of the pushes of a run.
fn written(store: &Store) -> Vec<Option<bool>> {
    let (entries, _) = store.load("r").expect("entries");
    let pushes = entries.iter().map(|entry| match entry {
        RescueEntry::Saved(_) => panic!("{entry:?}"),
        RescueEntry::Pushing { .. } => None,
        RescueEntry::Pushed { back, .. } => *back,
    });
    pushes.collect()
}

#[tokio::test]
async fn each_push_is_written_down_before_and_after() {
    let server = RedisServer::start();
    let mut admin = server.connection().await;
    let state_dir = tempfile::tempdir().expect("a directory");
    let store = Store::new(state_dir.path());
    let keys = Keys::default();
    let limit = Duration::from_millis(300);
    let mut connection = open(&server.address(), limit).await.expect("a connection");
    let push = async |connection: &mut Connection, job: &SavedJob| {
        drainboard::rescue::push_back(connection, &keys, &store, "r", job, "me").await
    };
    let (job, _) = lost("a");
    let done = push(&mut connection, &job).await.expect("it is written");
    assert_eq!(done, PushOutcome::Pushed);
    assert_eq!(written(&store), [None, Some(true)]);
    // Redis says no.
    send(&mut admin, &[b"ACL", b"SETUSER", b"default", b"-rpush"]).await;
    let done = push(&mut connection, &lost("b").0)
        .await
        .expect("it is written");
    assert!(matches!(done, PushOutcome::Refused(_)), "{done:?}");
    assert_eq!(written(&store)[2..], [None, Some(false)]);
    send(&mut admin, &[b"ACL", b"SETUSER", b"default", b"+rpush"]).await;
    // Redis says nothing.
    server.freeze();
    let done = push(&mut connection, &lost("c").0)
        .await
        .expect("it is written");
    server.thaw();
    assert!(matches!(done, PushOutcome::Doubtful(_)), "{done:?}");
    assert_eq!(written(&store)[4..], [None, None]);
    // Without an id, and where nothing can be written down, nothing is asked of it.
    let mut connection = connect(&server).await;
    let mut nameless = lost("d").0;
    nameless.jid = None;
    server.forget_commands().await;
    let done = push(&mut connection, &nameless)
        .await
        .expect("it is written");
    assert!(matches!(done, PushOutcome::Refused(_)), "{done:?}");
    let file = state_dir.path().join("rescue/r.jsonl");
    std::fs::remove_file(&file).expect("it is removed");
    std::fs::create_dir(&file).expect("a directory");
    push(&mut connection, &lost("e").0)
        .await
        .expect_err("it is no file");
    let asked = server.commands().await;
    assert!(asked.iter().all(|(name, _)| name != "eval"), "{asked:?}");
}
