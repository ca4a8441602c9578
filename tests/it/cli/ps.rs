//! `ps` and `plan` against a real Redis that holds what Sidekiqs leave there.

use std::process::{Command, Stdio};
use std::time::Duration;

use drainboard::clock;
use serde_json::{Value, json};

use super::{code, drainboard, err, out};
use crate::support::redis_server::RedisServer;
use crate::support::sidekiq_rows::{Rows, VERSIONS};

/// The entry of a job of `class` that has been running for so many seconds.
fn entry(version: &str, class: &str, elapsed: Option<u64>) -> String {
    let job =
        json!({"class": class, "args": ["secret"], "jid": class.to_lowercase(), "queue": "low"});
    let payload = if version.starts_with('5') {
        job
    } else {
        Value::String(job.to_string())
    };
    let now = clock::now().wall().as_second();
    let run_at = elapsed.map(|elapsed| now - i64::try_from(elapsed).expect("a short time"));
    json!({"queue": "low", "payload": payload, "run_at": run_at}).to_string()
}

/// A process that beat three seconds ago, with these jobs.
fn process(version: &'static str, pid: u32, jobs: &[(&str, Option<u64>)]) -> Rows {
    let mut rows = Rows::of(version, pid);
    rows.beat = clock::now().epoch() - 3.0;
    rows.work = jobs
        .iter()
        .map(|(class, elapsed)| (format!("tid{class}"), entry(version, class, *elapsed)))
        .collect();
    rows
}

async fn server(rows: &[Rows]) -> RedisServer {
    let server = RedisServer::start();
    let mut connection = server.connection().await;
    for rows in rows {
        rows.write(&mut connection).await;
    }
    server
}

fn asking(server: &RedisServer, arguments: &[&str]) -> Command {
    let mut command = drainboard(arguments);
    command.env("REDIS_URL", server.url());
    command
}

fn json_of(command: &mut Command) -> Value {
    let output = command.output().expect("the binary runs");
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[tokio::test]
async fn it_lists_only_what_was_asked_for() {
    let [one, other] = [7, 8].map(|pid| process("7.3.2", pid, &[("SleepJob", Some(50))]));
    let server = server(&[one, other]).await;
    let all = json_of(&mut asking(&server, &["ps", "--json"]));
    // Sidekiqs of this host that this Redis does not know are listed too.
    assert_eq!(all["jobs"].as_array().unwrap().len(), 2);
    let identity = all["jobs"][0]["identity"].as_str().unwrap();
    let chosen = format!("--identity={identity}");
    let one = json_of(&mut asking(&server, &["ps", "--json", &chosen]));
    assert_eq!(one["processes"].as_array().unwrap().len(), 1);
    assert_eq!(one["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(one["jobs"][0]["identity"], identity);
    let empty = asking(&server, &["ps", "--unit="]).output().unwrap();
    assert!(
        out(&empty).contains("no Sidekiq process is as asked for"),
        "{}",
        out(&empty)
    );
    // The job of another process is not over the limit of this one.
    let over = ["ps", "--over=45", "--queue=elsewhere"];
    assert_eq!(code(&asking(&server, &over).output().unwrap()), 0);
}

/// The elements of `rows` whose `key` is `value`.
fn of<'a>(rows: &'a Value, key: &str, value: &str) -> Vec<&'a Value> {
    let rows = rows.as_array().expect("a list").iter();
    rows.filter(|row| row[key] == value).collect()
}

#[tokio::test]
async fn every_version_is_listed_with_its_jobs() {
    let rows: Vec<Rows> = (1000..)
        .zip(VERSIONS)
        .map(|(pid, version)| process(version, pid, &[("ReportBuild", Some(12))]))
        .collect();
    let server = server(&rows).await;
    let ps = json_of(&mut asking(&server, &["ps", "--json"]));
    assert_eq!(ps["redis"]["link"], "connected");
    assert!(ps["redis"]["rtt_ms"].is_number());
    assert!(ps["at"].as_str().unwrap().ends_with('Z'));
    for rows in &rows {
        let found = of(&ps["processes"], "identity", &rows.identity);
        assert_eq!(found.len(), 1, "{}", rows.version);
        let process = found[0];
        assert_eq!(process["state"], "running", "{}", rows.version);
        assert_eq!(process["concurrency"], 4, "{}", rows.version);
        assert_eq!(process["busy"], 1);
        assert_eq!(process["local"], false);
        assert_eq!(process["unit"], Value::Null);
        assert_eq!(process["timeout_from"], "assumed");
        let jobs = of(&ps["jobs"], "identity", &rows.identity);
        assert_eq!(jobs.len(), 1, "{}", rows.version);
        assert_eq!(jobs[0]["jid"], "reportbuild");
        let elapsed = jobs[0]["elapsed_s"].as_u64().unwrap();
        assert!((12..=14).contains(&elapsed), "{elapsed}");
        let budget = if rows.version.starts_with("7.3") {
            145
        } else {
            jobs[0]["budget_s"].as_u64().unwrap()
        };
        assert_eq!(jobs[0]["budget_s"], budget);
        assert_eq!(jobs[0]["left_s"], jobs[0]["budget_s"]);
        assert_eq!(jobs[0]["verdict"], "fits");
    }
}

#[tokio::test]
async fn the_text_shows_jobs_without_their_arguments() {
    let rows = [process(
        "7.3.9",
        4242,
        &[("ReportBuild", Some(600)), ("Evil\u{1b}[2JJob", Some(5))],
    )];
    let server = server(&rows).await;
    let output = asking(&server, &["ps"]).output().unwrap();
    let text = out(&output);
    assert_eq!((code(&output), err(&output)), (0, String::new()), "{text}");
    assert!(text.contains("connected"), "{text}");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("util1:4242"))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[1].contains("10:0") && lines[1].contains("pushed back"),
        "{text}"
    );
    assert!(
        !text.contains("secret") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert!(text.contains("EvilJob"), "{text}");
}

#[tokio::test]
async fn only_long_jobs_are_reported_to_monitoring() {
    let rows = [process(
        "7.3.9",
        4242,
        &[("Long", Some(100)), ("Short", Some(22))],
    )];
    let server = server(&rows).await;
    let over = |limit: &str| {
        let output = asking(&server, &["ps", "--over", limit]).output().unwrap();
        (code(&output), out(&output))
    };
    let (found, text) = over("45");
    assert_eq!(found, 1);
    assert!(text.starts_with("1 job runs longer than 45 s"), "{text}");
    assert!(text.contains("Long") && !text.contains("Short"), "{text}");
    assert_eq!(over("45s").0, 1);
    assert_eq!(over("1000"), (0, String::new()));
    // 80% of the assumed 25 s.
    assert!(over("80%").1.contains("Short"));
    let stated = asking(&server, &["ps", "--over=80%", "--timeout=40"])
        .output()
        .unwrap();
    assert!(!out(&stated).contains("Short"));
    let json = json_of(&mut asking(&server, &["ps", "--json", "--over", "45"]));
    assert_eq!(json["jobs"].as_array().unwrap().len(), 1);
    let wrong = asking(&server, &["ps", "--over", "soon"]).output().unwrap();
    assert_eq!(code(&wrong), 2);
}

#[tokio::test]
async fn a_job_without_a_start_cannot_be_judged() {
    let server = server(&[process("7.3.9", 4242, &[("Undated", None)])]).await;
    let ps = json_of(&mut asking(&server, &["ps", "--json"]));
    assert_eq!(ps["jobs"][0]["elapsed_s"], Value::Null);
    assert_eq!(ps["jobs"][0]["verdict"], "unknown");
    let over = asking(&server, &["ps", "--over", "45"]).output().unwrap();
    assert_eq!(code(&over), 3);
}

#[test]
fn without_redis_the_rest_is_listed_all_the_same() {
    let output = drainboard(&["ps"]).output().unwrap();
    assert_eq!(code(&output), 1);
    assert!(
        err(&output).starts_with("error: unix:///nonexistent/redis.sock"),
        "{}",
        err(&output)
    );
    assert!(out(&output).contains("not reachable"), "{}", out(&output));
    let json = drainboard(&["ps", "--json"]).output().unwrap();
    assert_eq!(code(&json), 1);
    let ps: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(ps["redis"]["link"], "lost");
    assert_eq!(ps["redis"]["rtt_ms"], Value::Null);
    for arguments in [
        &["ps", "--over", "45"][..],
        &["ps", "--over=45", "--config=/nonexistent"],
    ] {
        assert_eq!(
            code(&drainboard(arguments).output().unwrap()),
            3,
            "{arguments:?}"
        );
    }
}

#[test]
fn an_address_that_is_wrong_is_named_by_its_place() {
    let flag = drainboard(&["ps", "--redis", "redis://:hunter2@host:port"])
        .output()
        .unwrap();
    assert_eq!(code(&flag), 2);
    let variable = drainboard(&["ps"])
        .env("REDIS_URL", "hunter2")
        .output()
        .unwrap();
    assert_eq!(code(&variable), 1);
    assert!(err(&variable).contains("REDIS_URL: "), "{}", err(&variable));
    for output in [flag, variable] {
        assert!(!err(&output).contains("hunter2") && !out(&output).contains("hunter2"));
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_frozen_server_are_said() {
    let locked = RedisServer::with(&["--requirepass", "swordfish"]);
    let ps = json_of(&mut asking(&locked, &["ps", "--json"]));
    assert_eq!(ps["redis"]["link"], "denied");
    let frozen = RedisServer::start();
    frozen.freeze();
    let ps = json_of(&mut asking(&frozen, &["ps", "--json"]));
    let plan = asking(&frozen, &["plan", "--json"]).output().unwrap();
    frozen.thaw();
    assert_eq!(ps["redis"]["link"], "lost");
    assert_eq!(code(&plan), 0);
    assert!(out(&plan).ends_with("\"jobs\":[],\"unit_stops\":[],\"unserved_queues\":null}\n"));
}

#[tokio::test]
async fn a_plan_lists_the_jobs_that_run_now() {
    let server = server(&[process("7.3.9", 4242, &[("ReportBuild", Some(600))])]).await;
    let plan = json_of(&mut asking(
        &server,
        &["plan", "tstp, 60, term, 35, kill", "--json"],
    ));
    assert_eq!(plan["jobs"][0]["class"], "ReportBuild");
    assert_eq!(plan["jobs"][0]["budget_s"], 85);
    assert_eq!(plan["jobs"][0]["verdict"], "pushed back");
    let text = out(&asking(&server, &["plan"]).output().unwrap());
    assert!(text.contains("ReportBuild"), "{text}");
}

#[tokio::test]
async fn watching_goes_on_until_nobody_reads() {
    use std::io::{BufRead, BufReader};
    let server = server(&[process("7.3.9", 4242, &[("ReportBuild", Some(600))])]).await;
    let mut child = asking(&server, &["ps", "--watch", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let ps: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(ps["jobs"][0]["class"], "ReportBuild");
    }
    drop(lines);
    let ended = tokio::task::spawn_blocking(move || child.wait());
    let status = tokio::time::timeout(Duration::from_secs(10), ended).await;
    assert!(status.unwrap().unwrap().unwrap().success());
}
