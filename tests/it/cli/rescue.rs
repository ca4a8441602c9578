//! `rescue` on payloads that lie in a state directory, against a real Redis.

use std::path::Path;
use std::process::Output;

use drainboard::core::fleet::RedisAddress;
use drainboard::rescue::{Payload, RescueEntry, SavedFrom, SavedJob, Stopping, Store};
use serde_json::Value;

use super::{code, drainboard, err, out};
use crate::support::redis_server::RedisServer;

const RUN: &str = "20261121T190000Z-7";

fn payload(jid: &str) -> String {
    format!(r#"{{"class":"ReportBuild","args":["secret"],"jid":"{jid}","queue":"low"}}"#)
}

/// Three saved jobs: one of a process that was killed without TERM, one whose end is not known,
/// one that ended by itself.
fn prepare(state: &Path, server: &RedisServer) {
    let from = SavedFrom::new(&RedisAddress::new(server.url()), None);
    let saved = |jid: &str, pid: u32| SavedJob {
        saved_at: "2026-11-21T19:00:30Z".parse().expect("a time"),
        jid: Some(jid.into()),
        class: "ReportBuild".into(),
        queue: "low".into(),
        identity: Some(format!("util1:{pid}:abc")),
        pid,
        exited_at: None,
        tid: "otb".into(),
        run_at: None,
        from: Some(from.clone()),
        stopping: Stopping::default(),
        payload: Payload(payload(jid).into_bytes()),
    };
    let store = Store::new(state);
    let jobs = [saved("killed", 1), saved("open", 2), saved("done", 1)];
    store.save(RUN, &jobs).expect("saved");
    let journal = format!(
        "{}\n{}\n{}\n",
        r#"{"at":"2026-11-21T19:00:20.000Z","t_s":20,"run":"RUN","event":"job_finished","jid":"done","identity":"util1:1:abc","pid":1}"#,
        r#"{"at":"2026-11-21T19:00:31.000Z","t_s":31,"run":"RUN","event":"exited","clean":false,"identity":"util1:1:abc","pid":1}"#,
        r#"{"at":"2026-11-21T19:00:32.000Z","t_s":32,"run":"RUN","event":"reconciled","jid":"killed","class":"ReportBuild","fate":"lost","evidence":"it ran until the end","identity":"util1:1:abc","pid":1}"#,
    );
    std::fs::create_dir(state.join("drains")).expect("a folder");
    std::fs::write(state.join(format!("drains/{RUN}.jsonl")), journal).expect("a journal");
}

fn rescue(server: &RedisServer, state: &Path, arguments: &[&str]) -> Output {
    let mut command = drainboard(&["rescue", "--state-dir"]);
    command.arg(state).args(arguments);
    command.env("REDIS_URL", server.url());
    command.output().expect("the binary runs")
}

async fn queue(server: &RedisServer) -> Vec<String> {
    let mut connection = server.connection().await;
    redis::cmd("LRANGE")
        .arg("queue:low")
        .arg(0)
        .arg(-1)
        .query_async(&mut connection)
        .await
        .expect("a list")
}

#[tokio::test]
async fn looking_changes_nothing_and_pushing_back_is_done_once() {
    let server = RedisServer::start();
    let state = tempfile::tempdir().expect("a directory");
    prepare(state.path(), &server);
    server.forget_commands().await;
    for arguments in [&[][..], &["last", "--dry-run"], &["2026", "--json"]] {
        let output = rescue(&server, state.path(), arguments);
        assert_eq!(code(&output), 4, "{}", err(&output));
        assert!(!out(&output).contains("secret"));
    }
    let commands = server.commands().await;
    assert!(
        !commands.iter().any(|(name, _)| name == "eval"),
        "{commands:?}"
    );
    assert!(queue(&server).await.is_empty());
    let text = out(&rescue(&server, state.path(), &[]));
    let states: Vec<&str> = text
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(4).expect("a state"))
        .collect();
    assert_eq!(states, ["nowhere", "unknown", "safe"], "{text}");

    let refused = rescue(&server, state.path(), &["last", "--requeue"]);
    assert_eq!(code(&refused), 2);
    assert!(err(&refused).contains("--yes"));
    let output = rescue(
        &server,
        state.path(),
        &["last", "--requeue", "--yes", "--json"],
    );
    assert_eq!(code(&output), 4);
    let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        rows["jobs"][0]["result"],
        "pushed back to the front of its queue"
    );
    assert_eq!(rows["jobs"][0]["state"], "safe");
    assert_eq!(rows["jobs"][1]["result"], Value::Null);
    assert_eq!(queue(&server).await, [payload("killed")]);

    let named = ["last", "--requeue", "--yes", "--jid", "open"];
    assert_eq!(code(&rescue(&server, state.path(), &named)), 0);
    assert_eq!(queue(&server).await, [payload("killed"), payload("open")]);
    // It ran, and the mark in Redis has expired: the record still knows.
    let mut connection = server.connection().await;
    let flush = redis::cmd("FLUSHALL").clone();
    flush
        .exec_async(&mut connection)
        .await
        .expect("it is empty");
    let again = ["--requeue", "--yes", "--jid", "open", "--jid", "killed"];
    assert_eq!(code(&rescue(&server, state.path(), &again)), 0);
    assert!(queue(&server).await.is_empty());
    let (entries, _) = Store::new(state.path()).load(RUN).expect("its entries");
    let tried = entries
        .iter()
        .filter(|entry| !matches!(entry, RescueEntry::Saved(_)));
    assert_eq!(tried.count(), 4);
}

/// The payloads of one application are never pushed into the Redis of another one, unless that is
/// named for them.
#[tokio::test]
async fn jobs_go_back_into_the_redis_that_they_came_from() {
    let (own, other) = (RedisServer::start(), RedisServer::start());
    let state = tempfile::tempdir().expect("a directory");
    prepare(state.path(), &own);
    let push = ["last", "--requeue", "--yes", "--jid", "killed", "--json"];
    let refused = rescue(&other, state.path(), &push);
    assert_eq!(code(&refused), 4);
    let rows: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    let row = &rows["jobs"][0];
    assert_eq!(
        (&row["state"], &row["requeue"]),
        (&"not_ours".into(), &false.into())
    );
    let why = row["why"].as_str().expect("a reason");
    assert!(
        why.starts_with(&format!("it came from {}", own.url())),
        "{why}"
    );
    assert!(queue(&other).await.is_empty() && queue(&own).await.is_empty());
    let mut into = drainboard(&["rescue", "--state-dir"]);
    into.arg(state.path()).args(push);
    into.arg("--into").arg(other.url());
    let output = into.output().expect("the binary runs");
    assert_eq!(queue(&other).await, [payload("killed")], "{}", err(&output));
}

/// A job that its process pushed back, and that ended elsewhere, is nowhere now. The record knows.
#[tokio::test]
async fn the_record_of_the_drain_outweighs_that_a_job_is_nowhere() {
    let server = RedisServer::start();
    let state = tempfile::tempdir().expect("a directory");
    prepare(state.path(), &server);
    let path = state.path().join(format!("drains/{RUN}.jsonl"));
    let journal = std::fs::read_to_string(&path).expect("a journal");
    for (fate, expected) in [
        ("pushed_back", "safe"),
        ("finished", "safe"),
        ("unknown", "unknown"),
        ("lost", "nowhere"),
    ] {
        let told = journal.replace("\"fate\":\"lost\"", &format!("\"fate\":\"{fate}\""));
        std::fs::write(&path, told).expect("a journal");
        let output = rescue(&server, state.path(), &["last", "--dry-run", "--json"]);
        let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let row = &rows["jobs"][0];
        assert_eq!(row["state"], expected, "{fate}: {row}");
        assert_eq!(row["requeue"], expected == "nowhere", "{fate}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let server = RedisServer::start();
    let state = tempfile::tempdir().expect("a directory");
    let nothing = rescue(&server, state.path(), &[]);
    assert_eq!(
        (code(&nothing), out(&nothing)),
        (0, "no payload is saved\n".into())
    );
    prepare(state.path(), &server);
    for (arguments, expected, words) in [
        (&["2025"][..], 1, "no payload is saved under `2025`"),
        (&["--jid", "killed"], 2, "add --requeue"),
        (
            &["--dry-run", "--jid", "elsewhere"],
            1,
            "no payload of job elsewhere",
        ),
        (&["--requeue", "--yes", "--read-only"], 2, "--read-only"),
        (&["--requeue", "--dry-run"], 2, "cannot be used with"),
    ] {
        let output = rescue(&server, state.path(), arguments);
        assert_eq!(code(&output), expected, "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(words), "{}", err(&output));
    }
    let mut gone = drainboard(&["rescue", "--state-dir"]);
    let output = gone.arg(state.path()).output().expect("the binary runs");
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("not reachable"), "{}", err(&output));
}
