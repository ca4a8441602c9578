//! `plan`: JSON, text, and sequences that are rejected.

use serde_json::{Value, json};

use super::{code, err, out, run};

/// The plan of `sequence` as JSON.
fn plan(sequence: &str, more: &[&str]) -> Value {
    let output = run(&[&["plan", sequence, "--json"], more].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_plan_as_json_is_the_contract() {
    let output = run(&["plan", "--json"]);
    assert_eq!(code(&output), 0);
    assert_eq!(
        out(&output),
        concat!(
            r#"{"sequence":"tstp, 120, term, 30, kill","sequence_from":"default","timeout_s":25,"timeout_from":"assumed","#,
            r#""budget_s":145,"interrupt_at_s":145,"kill_at_s":150,"steps":[{"at_s":0,"signal":"TSTP"},"#,
            r#"{"at_s":120,"signal":"TERM"},{"at_s":150,"signal":"KILL"}],"jobs":[],"unit_stops":[],"unserved_queues":null}"#,
            "\n"
        )
    );
}

/// Input, normal form, budget, interrupt, kill; all at the assumed 25 s.
type Planned = (
    &'static str,
    &'static str,
    Option<u64>,
    Option<u64>,
    Option<u64>,
);

#[rustfmt::skip]
const PLANNED: [Planned; 13] = [
    ("tstp, 120, term, 30, kill", "tstp, 120, term, 30, kill", Some(145), Some(145), Some(150)),
    ("term, 90, kill", "term, 90, kill", Some(25), Some(25), Some(90)),
    ("ttin, 120, term, 5, kill", "ttin, 120, term, 5, kill", Some(125), Some(145), Some(125)),
    ("QUIT,30,TERM,11,KILL", "quit, 30, term, 11, kill", Some(41), Some(55), Some(41)),
    (":quit,75,:term,15,:kill", "quit, 75, term, 15, kill", Some(90), Some(100), Some(90)),
    ("usr1, 120, term, 30, kill", "usr1, 120, term, 30, kill", Some(145), Some(145), Some(150)),
    ("term, 30, int, 10, kill", "term, 30, int, 10, kill", Some(25), Some(25), Some(40)),
    ("SIGTSTP,60,SIGTERM,30,SIGKILL", "tstp, 60, term, 30, kill", Some(85), Some(85), Some(90)),
    ("tstp, 120, kill", "tstp, 120, kill", Some(120), None, Some(120)),
    ("tstp, 120, term", "tstp, 120, term", Some(145), Some(145), None),
    ("term, 0, kill", "term, 0, kill", Some(0), Some(25), Some(0)),
    ("term", "term", Some(25), Some(25), None),
    ("tstp", "tstp", None, None, None),
];

#[test]
fn the_labelled_sequences_are_planned() {
    for (input, normal, budget, interrupt, kill) in PLANNED {
        let plan = plan(input, &[]);
        assert_eq!(plan["sequence"], normal, "{input}");
        assert_eq!(plan["sequence_from"], "the command line");
        assert_eq!(plan["budget_s"], json!(budget), "{input}");
        assert_eq!(plan["interrupt_at_s"], json!(interrupt), "{input}");
        assert_eq!(plan["kill_at_s"], json!(kill), "{input}");
        for key in ["budget_s", "interrupt_at_s", "kill_at_s", "steps", "jobs"] {
            assert!(plan.get(key).is_some(), "{input}: {key} is left out");
        }
    }
}

#[test]
fn a_rejected_sequence_is_shown_with_a_caret_and_ends_with_2() {
    for input in [
        "tstp, term, 30, kill",
        "120, tstp, term",
        "tstp, 2m, term, 30s, kill",
        "term, 30, kill, 10",
        "tstp, -5, term, 30, kill",
        "tstp, 1.5, term, 30, kill",
        "tstp, 120, term, 30, kil",
        "",
        ",",
        "term,,kill",
        "tstp 120 term",
        "[tstp, 120, term, 30, kill]",
        "1m:USR2:30s:USR1:50s",
        "USR1;1h;TERM;10s;KILL",
        "tstp, 99999999999999999999, term, 1, kill",
    ] {
        let flag = format!("--sequence={input}");
        for arguments in [["plan", input], ["plan", &flag]] {
            let output = run(&arguments);
            assert_eq!(code(&output), 2, "{input}");
            assert_eq!(out(&output), "", "{input}");
            let error = err(&output);
            assert!(error.starts_with("error: the sequence of "), "{error}");
            assert!(error.contains("^ expected "), "{error}");
        }
    }
    let error = err(&run(&["plan", "tstp, 120, term, 30, kil"]));
    assert!(
        error.contains("\n  tstp, 120, term, 30, kil\n                       ^ expected"),
        "{error}"
    );
    assert!(error.contains("did you mean `kill`?"), "{error}");
}

#[test]
fn the_plan_for_people() {
    insta::assert_snapshot!(out(&run(&["plan"])), @r#"
    tstp, 120, term, 30, kill   (default)

          0 s  TSTP       quiet: takes no new jobs, goes on with those that run
               wait       120 s, less once every process is idle
        120 s  TERM       shutdown: the jobs that run have T left
               wait       30 s, less once every process has exited
        145 s  push-back  what still runs goes back to its queue (TERM + T)
        150 s  KILL       ends it at once: what is not back yet is lost

      Q           120 s  waits before the first TERM or INT
      W            30 s  from the first TERM or INT to KILL
      T            25 s  Sidekiq's own timeout (-t), assumed
      budget      145 s  Q + min(T, W): how long a job that runs now may go on
    "#);
    insta::assert_snapshot!(out(&run(&["plan", "tstp, 60, term, 30, int, 15, kill", "--timeout=60"])), @r#"
    tstp, 60, term, 30, int, 15, kill   (the command line)

          0 s  TSTP       quiet: takes no new jobs, goes on with those that run
               wait       60 s, less once every process is idle
         60 s  TERM       shutdown: the jobs that run have T left
               wait       30 s, less once every process has exited
         90 s  INT        changes nothing: the shutdown goes on
               wait       15 s, less once every process has exited
        105 s  KILL       ends it at once, before any push-back: what still runs is lost
        120 s  push-back  would be due; KILL does not wait for it

      Q            60 s  waits before the first TERM or INT
      W            45 s  from the first TERM or INT to KILL
      T            60 s  Sidekiq's own timeout (-t), from --timeout
      budget      105 s  Q + min(T, W): how long a job that runs now may go on
    "#);
}

#[test]
fn the_plan_of_an_unusual_sequence() {
    insta::assert_snapshot!(out(&run(&["plan", "tstp, 5, ttin, 10, kill", "--timeout=7.5"])), @r#"
    tstp, 5, ttin, 10, kill   (the command line)

          0 s  TSTP       quiet: takes no new jobs, goes on with those that run
               wait       5 s
          5 s  TTIN       writes the backtrace of every thread to its log
               wait       10 s
         15 s  KILL       ends it at once: what still runs is lost

      Q            none  waits before the first TERM or INT
      W            none  from the first TERM or INT to KILL
      T           7.5 s  Sidekiq's own timeout (-t), from --timeout
      budget       15 s  until KILL, without TERM: how long a job that runs now may go on
    "#);
    insta::assert_snapshot!(out(&run(&["plan", "usr1, 5, term, 27, kill"])), @r#"
    usr1, 5, term, 27, kill   (the command line)

          0 s  USR1       ends or suspends Sidekiq 6 and later at once, and every job with it
               wait       5 s, less once every process is idle
          5 s  TERM       shutdown: the jobs that run have T left
               wait       27 s, less once every process has exited
         30 s  push-back  what still runs goes back to its queue (TERM + T)
         32 s  KILL       less than 5 s after the push-back: what is not back yet is lost

      Q             5 s  waits before the first TERM or INT
      W            27 s  from the first TERM or INT to KILL
      T            25 s  Sidekiq's own timeout (-t), assumed
      budget       30 s  Q + min(T, W): how long a job that runs now may go on
    "#);
    insta::assert_snapshot!(out(&run(&["plan", "tstp"])), @r#"
    tstp   (the command line)

          0 s  TSTP       quiet: takes no new jobs, goes on with those that run

      Q            none  waits before the first TERM or INT
      W            none  from the first TERM or INT to KILL
      T            25 s  Sidekiq's own timeout (-t), assumed
      budget  unlimited  without TERM and KILL: how long a job that runs now may go on
    "#);
}

#[test]
fn a_stated_timeout_carries_its_origin() {
    let plan = plan("tstp, 120, term, 30, kill", &["--timeout", "7.5"]);
    assert_eq!(plan["timeout_s"], 7.5);
    assert_eq!(plan["timeout_from"], "--timeout");
    assert_eq!(plan["budget_s"], 127.5);
}
