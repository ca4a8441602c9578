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
{"at":"2026-11-21T19:01:27.000Z","t_s":87,"run":"RUN","event":"reconciled","jid":"fedcba987654321001234567","class":"ReportBuild","queue":"low","elapsed_s":580,"fate":"pushed_back","evidence":"back in queue low | 1","identity":"util1:4243:bb","pid":4243}
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
        "ReportBuild fedcba987654321001234567: cut off by 2 drains in a row, a candidate for splitting into smaller jobs",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let json: Value = serde_json::from_slice(&state.report(&["--json"]).stdout).expect("JSON");
    assert_eq!(json["drains"][0]["run"], "20261121T190000Z-7");
    assert_eq!(json["drains"][0]["jobs"]["pushed_back"], 1);
    assert_eq!(json["older"], 0);
    assert_eq!(json["cut_off_repeatedly"][0]["jid"], Value::Null);
}

#[test]
fn one_drain_as_text() {
    let state = State::with(&["20261121T190000Z-7"]);
    let output = state.report(&["2026"]);
    assert_eq!((code(&output), err(&output)), (0, String::new()));
    insta::assert_snapshot!(out(&output), @r"
    drain     20261121T190000Z-7
    when      2026-11-21T19:00:00.000Z
    who       deploy on util1
    why       release 4711
    where     util1:4242, util1:4243
    sequence  tstp, 60, term, 30, kill   budget 85 s (-t 25 from config/sidekiq.yml:3)
    outcome   alive after 87.0 s
    jobs      1 pushed back, 1 finished, 0 lost

    timeline
      T+0s → drain started, automatic: tstp, 60, term, 30, kill, 2 targets, by deploy on util1: release 4711
      T+0s → TSTP sent to util1:4242, util1:4243
      T+7s → util1:4242 is quiet: its beat says so
      T+31s → InventorySync 0123456789abcdef01234567 finished on util1:4242
      T+60s → TERM sent to util1:4243
      T+86s → util1:4243 exited by itself
      T+87s → alive after 87.0 s: 1 pushed back, 1 finished, 0 lost

    signals
    PROCESS     SIGNAL  SENT   RECEIVED  EFFECTIVE
    util1:4242  TSTP    T+0s   by T+7s   quiet T+7s
    util1:4243  TSTP    T+0s   not seen  not seen
    util1:4243  TERM    T+60s  by T+86s  exited T+86s

    processes
    PROCESS     QUIET  EXITED  HOW          IDENTITY
    util1:4242   T+7s       -  still there  util1:4242:aa
    util1:4243      -   T+86s  in order     util1:4243:bb

    jobs, longest first
    CLASS          JID                       QUEUE      RAN  UNTIL  FATE         EVIDENCE
    ReportBuild    fedcba987654321001234567  low      580 s  T+86s  pushed back  back in queue low | 1
    InventorySync  0123456789abcdef01234567  default   40 s  T+31s  finished     a later beat shows it no more

    what remains
      util1:4242 stays quiet until it is restarted: it fetches no job

    what to change
      ReportBuild fedcba987654321001234567 was cut off after 580 s, with a budget of 85 s; how long it needs is not known. A first try: `tstp, 850, term, 30, kill`, or split it into smaller jobs (an IterableJob from Sidekiq 7.3 on)
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
        "| ReportBuild | fedcba987654321001234567 | low | 580 s | T+86s | pushed back | back in queue low \\| 1 |",
        "- util1:4242 stays quiet until it is restarted: it fetches no job",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    let both = state.report(&["--json", "--markdown"]);
    assert_eq!(code(&both), 2);
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
