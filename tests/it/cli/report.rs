//! `report` on journals that lie in a state directory.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{code, drainboard, err, out};

/// Two jobs on two processes: one finished, one was pushed back.
const DRAIN: &str = r#"{"at":"2026-11-21T19:00:00.000Z","t_s":0,"run":"RUN","event":"started","sequence":"tstp, 60, term, 30, kill","targets":2,"mode":"automatic","by":"deploy on util1: release 4711","timeout_s":25,"timeout_from":"config/sidekiq.yml:3"}
{"at":"2026-11-21T19:00:00.010Z","t_s":0.01,"run":"RUN","event":"signal_intended","signal":"TSTP","step":0,"identity":"util1:4242:aa","pid":4242}
{"at":"2026-11-21T19:00:00.010Z","t_s":0.01,"run":"RUN","event":"signal_sent","signal":"TSTP","step":0,"identity":"util1:4242:aa","pid":4242}
{"at":"2026-11-21T19:00:00.020Z","t_s":0.02,"run":"RUN","event":"signal_sent","signal":"TSTP","step":0,"identity":"util1:4243:bb","pid":4243}
{"at":"2026-11-21T19:00:07.500Z","t_s":7.5,"run":"RUN","event":"quiet_confirmed","evidence":"its beat says so","identity":"util1:4242:aa","pid":4242}
{"at":"2026-11-21T19:00:31.000Z","t_s":31,"run":"RUN","event":"job_finished","jid":"0123456789abcdef01234567","class":"InventorySync","queue":"default","elapsed_s":40,"identity":"util1:4242:aa","pid":4242}
{"at":"2026-11-21T19:01:00.000Z","t_s":60,"run":"RUN","event":"signal_sent","signal":"TERM","step":1,"identity":"util1:4243:bb","pid":4243}
{"at":"2026-11-21T19:01:26.000Z","t_s":86,"run":"RUN","event":"exited","clean":true,"identity":"util1:4243:bb","pid":4243}
{"at":"2026-11-21T19:01:27.000Z","t_s":87,"run":"RUN","event":"reconciled","jid":"0123456789abcdef01234567","class":"InventorySync","fate":"finished","evidence":"a later beat shows it no more","identity":"util1:4242:aa","pid":4242}
{"at":"2026-11-21T19:01:27.000Z","t_s":87,"run":"RUN","event":"reconciled","jid":"fedcba987654321001234567","class":"ReportBuild","queue":"low","elapsed_s":580,"fate":"pushed_back","evidence":"found in queue low | 1","identity":"util1:4243:bb","pid":4243}
{"at":"2026-11-21T19:01:27.000Z","t_s":87,"run":"RUN","event":"finished","outcome":"alive","seconds":87,"jobs":{"finished":1,"pushed_back":1,"retried":0,"rescued":0,"lost":0,"unknown":0}}
"#;

struct State(tempfile::TempDir);

impl State {
    fn with(runs: &[&str]) -> Self {
        let state = tempfile::tempdir().expect("a directory");
        let folder = state.path().join("drains");
        std::fs::create_dir(&folder).expect("a folder");
        for run in runs {
            let text = DRAIN.replace("RUN", run);
            std::fs::write(folder.join(format!("{run}.jsonl")), text).expect("a file");
        }
        Self(state)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn report(&self, arguments: &[&str]) -> Output {
        let mut command = drainboard(&["report", "--state-dir"]);
        command.arg(self.path()).args(arguments);
        command.output().expect("the binary runs")
    }
}

#[test]
fn past_drains_are_listed_the_last_first() {
    let state = State::with(&["20261120T190000Z-5", "20261121T190000Z-7"]);
    let output = state.report(&[]);
    let text = out(&output);
    assert_eq!((code(&output), err(&output)), (0, String::new()));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("20261121T190000Z-7"), "{text}");
    assert!(lines[2].starts_with("20261120T190000Z-5"), "{text}");
    for words in [
        "deploy on util1",
        "alive",
        "87.0",
        "util1:4242 and 1 more",
        "1 pushed back, 1 finished, 0 lost",
        "release 4711",
        "jobs of ReportBuild: cut off by 2 drains in a row, a candidate for smaller jobs or for checkpoints",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    assert!(
        !text.contains("fedcba987654321001234567"),
        "once per class: {text}"
    );
    let json: Value = serde_json::from_slice(&state.report(&["--json"]).stdout).expect("JSON");
    assert_eq!(json["drains"][0]["run"], "20261121T190000Z-7");
    assert_eq!(json["drains"][0]["jobs"]["pushed_back"], 1);
    assert_eq!(json["older"], 0);
    assert_eq!(json["cut_off_repeatedly"][0]["jid"], Value::Null);
}

#[test]
fn jobs_cancelled_outside_a_drain_are_listed_too() {
    let state = State::with(&["20261120T190000Z-5"]);
    let line = |second: u32, jid: &str, stage: &str| {
        format!(
            "{{\"at\":\"2026-11-21T19:00:{second:02}.000Z\",\"t_s\":0,\"run\":\"acts\",\"event\":\"cancellation\",\
             \"stage\":\"{stage}\",\"jid\":\"{jid}\",\"class\":\"ImportJob\",\"queue\":\"low\",\"note\":null,\
             \"identity\":\"util1:4242:aa\",\"pid\":4242}}\n"
        )
    };
    let text = line(1, "a1", "intended") + &line(2, "a1", "sent") + &line(3, "b2", "failed");
    std::fs::write(state.path().join("acts.jsonl"), text + "{torn").expect("a file");
    let page = out(&state.report(&[]));
    let lines: Vec<&str> = page.lines().collect();
    let heading = lines
        .iter()
        .position(|line| *line == "cancelled outside a drain");
    let heading = heading.unwrap_or_else(|| panic!("{page}"));
    assert!(
        lines[heading + 1].contains("ImportJob b2 was not cancelled"),
        "{page}"
    );
    assert!(
        lines[heading + 2].contains("ImportJob a1 is marked as cancelled in Redis"),
        "{page}"
    );
    assert_eq!(lines.len(), heading + 3, "each job once: {page}");
    let json: Value = serde_json::from_slice(&state.report(&["--json"]).stdout).expect("JSON");
    assert_eq!(json["acts"][1]["jid"], "a1");
    assert_eq!(json["acts"][1]["stage"], "sent");
    assert_eq!(json["acts"][1]["identity"], "util1:4242:aa");
    // Where nothing else is recorded they stand there all the same.
    let alone = State::with(&[]);
    std::fs::write(alone.path().join("acts.jsonl"), line(1, "c3", "ended")).expect("a file");
    assert!(out(&alone.report(&[])).contains("ImportJob c3 runs no more"));
}

#[test]
fn one_drain_as_text() {
    let state = State::with(&["20261121T190000Z-7"]);
    let output = state.report(&["2026"]);
    assert_eq!((code(&output), err(&output)), (0, String::new()));
    insta::assert_snapshot!(out(&output), @r"
    drain     20261121T190000Z-7
    when      2026-11-21T19:00:00.000Z, automatic
    who       deploy on util1
    why       release 4711
    where     util1:4242, util1:4243
    sequence  tstp, 60, term, 30, kill   budget 85 s (-t 25 from config/sidekiq.yml:3)
    outcome   alive after 87.0 s
    jobs      1 pushed back, 1 finished, 0 lost
    work      0:40 kept, 9:40 to be done again or lost

    next steps
      1. restart util1:4242: until then it takes no job
      2. start Sidekiq again, if it does not run yet: 1 job waits in Redis

    pushed back 1: found in queue low | 1
    JOBS  CLASS        QUEUE  PROCESS       RAN  JIDS
       1  ReportBuild  low    util1:4243  580 s  fedcba987654321001234567

    finished 1: a later beat shows it no more
    JOBS  CLASS          QUEUE    PROCESS      RAN  JIDS
       1  InventorySync  default  util1:4242  40 s  0123456789abcdef01234567

    processes
    PROCESS     QUIET  EXITED  HOW                IDENTITY
    util1:4242   T+7s       -  still there        util1:4242:aa
    util1:4243      -   T+86s  stopped by itself  util1:4243:bb

    signals
    PROCESS     SIGNAL  SENT   RECEIVED  EFFECTIVE
    util1:4242  TSTP    T+0s   by T+7s   quiet T+7s
    util1:4243  TSTP    T+0s   not seen  not seen
    util1:4243  TERM    T+60s  by T+86s  exited T+86s

    timeline
      T+0s → drain started, automatic: tstp, 60, term, 30, kill, 2 targets, by deploy on util1: release 4711
      T+0s → TSTP sent to util1:4242, util1:4243
      T+7s → util1:4242 became quiet: its beat says so
      T+31s → InventorySync 0123456789abcdef01234567 finished on util1:4242
      T+60s → TERM sent to util1:4243
      T+86s → util1:4243 stopped by itself
      T+87s → alive after 87.0 s: 1 pushed back, 1 finished, 0 lost

    what remains
      util1:4242 stays quiet until it is restarted: it takes no job

    what to change
      ReportBuild fedcba987654321001234567 was cut off after 580 s, with a budget of 85 s; how long it needs is not known. A first try: `tstp, 850, term, 30, kill`, or split it into smaller jobs, or let it checkpoint (Sidekiq::IterableJob from 7.3 on, ActiveJob::Continuable, job-iteration)
    ");
}

#[test]
fn one_drain_as_json_and_as_markdown() {
    let state = State::with(&["20261121T190000Z-7"]);
    let json: Value =
        serde_json::from_slice(&state.report(&["last", "--json"]).stdout).expect("JSON");
    assert_eq!(json["outcome"], "alive");
    assert_eq!(json["budget_s"], 85.0);
    assert_eq!(json["fates"][0]["class"], "ReportBuild");
    assert_eq!(json["fates"][0]["ran_s"], 580.0);
    assert_eq!(json["fates"][1]["fate"], "finished");
    assert_eq!(json["processes"][0]["quiet_t_s"], 7.5);
    assert_eq!(json["processes"][0]["exited_t_s"], Value::Null);
    let text = out(&state.report(&["last", "--markdown"]));
    for words in [
        "# Drain 20261121T190000Z-7: alive\n",
        "T+0s → TSTP sent to util1:4242, util1:4243\n",
        "## Pushed back 1: found in queue low \\| 1\n",
        "| 1 | ReportBuild | low | util1:4243 | 580 s | fedcba987654321001234567 |",
        "1. restart util1:4242: until then it takes no job\n",
        "- util1:4242 stays quiet until it is restarted: it takes no job",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let both = state.report(&["--json", "--markdown"]);
    assert_eq!(code(&both), 2);
}

#[test]
fn the_seconds_in_which_no_process_served_a_queue_are_told_in_each_form() {
    let state = State::with(&["20261121T190000Z-7"]);
    let told = state.report(&["last", "--json"]);
    let json: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert!(json["queues"].is_null(), "not recorded is no zero: {json}");
    assert!(!out(&state.report(&["last"])).contains("queues without a process"));
    let queues = r#""unknown":0},"queues":[{"queue":"low","unserved_s":79.5,"still":true,"gaps":[{"from_t_s":7.5,"until_t_s":null,"since":"util1:4242 became quiet","again":null}]},{"queue":"default","unserved_s":0,"still":false,"gaps":[]}]}"#;
    let file = state.path().join("drains/20261121T190000Z-7.jsonl");
    let text = std::fs::read_to_string(&file).expect("a journal");
    std::fs::write(&file, text.replace(r#""unknown":0}}"#, queues)).expect("a file");
    let low = "low: 79.5 s; from T+7.5s (util1:4242 became quiet), still unserved at the end";
    for (arguments, title) in [
        (&["last"][..], "\nqueues without a process\n"),
        (&["last", "--markdown"], "\n## Queues without a process\n"),
    ] {
        let text = out(&state.report(arguments));
        for words in [title, low, "default: 0.0 s"] {
            assert!(text.contains(words), "{words}:\n{text}");
        }
    }
    let told = state.report(&["last", "--json"]);
    let json: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(json["queues"][0]["unserved_s"], 79.5);
    assert_eq!(json["queues"][1]["unserved_s"], 0.0);
}

#[test]
fn a_drain_that_is_not_there_is_an_error_that_says_what_to_do() {
    let empty = tempfile::tempdir().expect("a directory");
    let mut command = drainboard(&["report", "--state-dir"]);
    let output = command.arg(empty.path()).output().expect("the binary runs");
    assert_eq!(code(&output), 0);
    assert_eq!(out(&output), "no drain is recorded here yet\n");
    assert_eq!(
        std::fs::read_dir(empty.path()).expect("readable").count(),
        0
    );
    let state = State::with(&["20261120T190000Z-5", "20261121T190000Z-7"]);
    for (id, expected, words) in [
        ("2025", 1, "the last is 20261121T190000Z-7"),
        ("2026", 2, "write more of the name"),
        ("../x", 1, "no drain is called"),
    ] {
        let output = state.report(&[id]);
        assert_eq!(code(&output), expected, "{id}");
        assert!(err(&output).contains(words), "{id}: {}", err(&output));
    }
}

#[test]
fn jobs_are_not_looked_for_in_another_redis_than_that_of_the_drain() {
    let state = State::with(&[]);
    let text = DRAIN.replace("RUN", "20261121T190000Z-7");
    let unknown = text.replace("\"fate\":\"pushed_back\"", "\"fate\":\"unknown\"");
    let recorded = r#""targets":2,"redis":"redis://10.0.0.5:6379/3","namespace":"shop""#;
    let unknown = unknown.replace("\"targets\":2", recorded);
    let path = state.path().join("drains/20261121T190000Z-7.jsonl");
    std::fs::write(&path, &unknown).expect("a file");
    let output = state.report(&["last", "--redis", "redis://127.0.0.1:1/3"]);
    assert!(
        err(&output).contains("the drain ran against redis://10.0.0.5:6379/3, namespace shop, not against redis://127.0.0.1:1/3"),
        "{}",
        err(&output)
    );
    assert!(out(&output).contains("redis     redis://10.0.0.5:6379/3, namespace shop\n"));
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), unknown);
}

#[test]
fn jobs_that_rescue_pushed_back_after_the_drain_count_as_rescued() {
    let state = State::with(&[]);
    let text = DRAIN.replace("RUN", "20261121T190000Z-7");
    let line = text.replace("\"fate\":\"pushed_back\"", "\"fate\":\"lost\"");
    std::fs::write(state.path().join("drains/20261121T190000Z-7.jsonl"), line).expect("a file");
    let told = out(&state.report(&[]));
    assert!(told.contains("1 LOST, 1 finished"), "{told}");
    let folder = state.path().join("rescue");
    std::fs::create_dir(&folder).expect("a folder");
    let pushed = r#"{"what":"pushed","jid":"fedcba987654321001234567","at":"2026-11-21T19:05:00Z","result":"pushed back to the front of queue low","back":true}"#;
    std::fs::write(folder.join("20261121T190000Z-7.jsonl"), pushed).expect("a file");
    let told = out(&state.report(&[]));
    assert!(told.contains("1 rescued, 1 finished, 0 lost"), "{told}");
}
