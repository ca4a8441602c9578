//! The command line from outside: the built binary, a clean environment, exit codes and text.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// The binary with nothing of this environment but what it is given, in an empty directory.
fn drainboard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drainboard"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    drainboard(arguments).output().expect("the binary runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

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
            r#"{"at_s":120,"signal":"TERM"},{"at_s":150,"signal":"KILL"}],"jobs":[]}"#,
            "\n"
        )
    );
}

#[test]
fn the_labelled_sequences_are_planned() {
    // Input, normal form, budget, interrupt, kill; all at the assumed 25 s.
    let cases = [
        (
            "tstp, 120, term, 30, kill",
            "tstp, 120, term, 30, kill",
            json!(145),
            json!(145),
            json!(150),
        ),
        (
            "term, 90, kill",
            "term, 90, kill",
            json!(25),
            json!(25),
            json!(90),
        ),
        (
            "ttin, 120, term, 5, kill",
            "ttin, 120, term, 5, kill",
            json!(125),
            json!(145),
            json!(125),
        ),
        (
            "QUIT,30,TERM,11,KILL",
            "quit, 30, term, 11, kill",
            json!(41),
            json!(55),
            json!(41),
        ),
        (
            ":quit,75,:term,15,:kill",
            "quit, 75, term, 15, kill",
            json!(90),
            json!(100),
            json!(90),
        ),
        (
            "usr1, 120, term, 30, kill",
            "usr1, 120, term, 30, kill",
            json!(145),
            json!(145),
            json!(150),
        ),
        (
            "term, 30, int, 10, kill",
            "term, 30, int, 10, kill",
            json!(25),
            json!(25),
            json!(40),
        ),
        (
            "SIGTSTP,60,SIGTERM,30,SIGKILL",
            "tstp, 60, term, 30, kill",
            json!(85),
            json!(85),
            json!(90),
        ),
        (
            "tstp, 120, kill",
            "tstp, 120, kill",
            json!(120),
            json!(null),
            json!(120),
        ),
        (
            "tstp, 120, term",
            "tstp, 120, term",
            json!(145),
            json!(145),
            json!(null),
        ),
        (
            "term, 0, kill",
            "term, 0, kill",
            json!(0),
            json!(25),
            json!(0),
        ),
        ("term", "term", json!(25), json!(25), json!(null)),
        ("tstp", "tstp", json!(null), json!(null), json!(null)),
    ];
    for (input, normal, budget, interrupt, kill) in cases {
        let plan = plan(input, &[]);
        assert_eq!(plan["sequence"], normal, "{input}");
        assert_eq!(plan["sequence_from"], "the command line");
        assert_eq!(plan["budget_s"], budget, "{input}");
        assert_eq!(plan["interrupt_at_s"], interrupt, "{input}");
        assert_eq!(plan["kill_at_s"], kill, "{input}");
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

#[test]
fn what_is_wrong_with_the_command_line_ends_with_2() {
    for (arguments, words) in [
        (&["plan", "--timeout", "60s"][..], "did you mean `60`?"),
        (&["plan", "--timeout=-5"], "less than nothing"),
        (&["plan", "--timeout="], "nothing stands here"),
        (&["plan", "--bananas"], "--bananas"),
        (&["plan", "term", "--sequence", "term"], "given twice"),
        (&["plan", "--redis", "hunter2"], "expected an address"),
        (&["planet"], "plan"),
        (&["completions", "tcsh"], "bash"),
        (&[], "Usage:"),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
        assert!(
            err(&output).contains(words),
            "{arguments:?}: {}",
            err(&output)
        );
        assert!(!err(&output).contains("hunter2"));
    }
}

#[test]
fn help_mentions_what_works_and_nothing_else() {
    let help = out(&run(&["--help"]));
    for working in [
        "plan",
        "completions",
        "man",
        "--config",
        "--sequence",
        "--timeout",
        "--no-color",
        "EXAMPLES",
    ] {
        assert!(help.contains(working), "{working}");
    }
    for missing in [
        "demo",
        "rehearse",
        "check",
        "report",
        "rescue",
        "resume",
        "backtrace",
        "--process",
    ] {
        assert!(!help.contains(missing), "{missing}:\n{help}");
    }
    for subcommand in ["plan", "completions"] {
        let help = out(&run(&[subcommand, "--help"]));
        assert!(help.contains("EXAMPLES"), "{subcommand}");
        assert!(
            help.lines().all(|line| line.chars().count() <= 100),
            "{help}"
        );
    }
    // Every subcommand that help names can be asked for its own help.
    let commands = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("Options:")
        .next()
        .unwrap();
    for name in commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        assert_eq!(code(&run(&["help", name])), 0, "{name}");
    }
    assert!(out(&run(&["--version"])).starts_with("drainboard "));
}

#[test]
fn completions_and_manual_come_from_the_definitions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(
            out(&output).contains("drainboard") && out(&output).contains("plan"),
            "{shell}"
        );
    }
    let manual = out(&run(&["man"]));
    assert!(
        manual.starts_with(".ie") || manual.starts_with(".TH"),
        "{manual}"
    );
    assert!(manual.contains(".TH drainboard 1"));
    assert!(manual.contains(".SH \"DRAINBOARD PLAN\""));
    assert!(manual.contains("EXAMPLES"));
}

#[test]
fn colours_are_left_out_where_nobody_wants_them() {
    for arguments in [
        &["--help"][..],
        &["plan", "--bananas"],
        &["plan", "--config=/nonexistent"],
        &["plan"],
    ] {
        let output = drainboard(arguments)
            .env("NO_COLOR", "1")
            .env("TERM", "xterm")
            .output()
            .unwrap();
        assert!(
            !output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b),
            "{arguments:?}"
        );
    }
}

/// Runs through a shell, which can close standard output.
fn shell(line: &str) -> Output {
    Command::new("/bin/sh")
        .args(["-c", line])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("DRAINBOARD", env!("CARGO_BIN_EXE_drainboard"))
        .output()
        .expect("a shell runs")
}

#[test]
fn a_closed_standard_output_is_no_failure() {
    for arguments in ["plan", "plan --json", "man", "--help", "completions bash"] {
        let closed = shell(&format!("\"$DRAINBOARD\" {arguments} >&-"));
        assert_eq!(
            (code(&closed), err(&closed)),
            (0, String::new()),
            "{arguments}"
        );
        // The reader ends before the first byte is written.
        let gone = shell(&format!(
            "{{ sleep 0.2; \"$DRAINBOARD\" {arguments}; echo $? >&2; }} | true"
        ));
        assert_eq!(err(&gone), "0\n", "{arguments}");
    }
    let full = shell("\"$DRAINBOARD\" plan --json >/dev/full");
    assert_eq!(code(&full), 1);
    assert!(
        err(&full).starts_with("error: cannot write to standard output"),
        "{}",
        err(&full)
    );
    let silent = shell("\"$DRAINBOARD\" plan kil 2>&-");
    assert_eq!(code(&silent), 2);
}

/// Writes a configuration where XDG has it and gives the variable's value.
fn configured(directory: &Path, text: &str) -> String {
    let place = directory.join("drainboard");
    fs::create_dir_all(&place).expect("a writable directory");
    fs::write(place.join("config.yml"), text).expect("a writable directory");
    directory.to_str().expect("a writable directory").to_owned()
}

#[test]
fn the_flag_goes_before_the_named_file_and_that_before_the_users() {
    let directory = tempfile::tempdir().unwrap();
    let home = configured(
        directory.path(),
        "ascii: false\nsequence: term, 9, kill\ntimeout: 6\n",
    );
    let other = directory.path().join("other.yml");
    fs::write(&other, "timeout: 7\n").unwrap();
    let plan = |arguments: &[&str]| -> Value {
        let arguments = [&["plan", "--json"], arguments].concat();
        let output = drainboard(&arguments)
            .env("XDG_CONFIG_HOME", &home)
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}", err(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let users = plan(&[]);
    assert_eq!(users["sequence"], "term, 9, kill");
    assert_eq!(
        users["sequence_from"],
        format!("{home}/drainboard/config.yml:2")
    );
    assert_eq!(
        users["timeout_from"],
        format!("{home}/drainboard/config.yml:3")
    );
    let named = plan(&["--config", other.to_str().unwrap()]);
    assert_eq!(named["sequence_from"], "default");
    assert_eq!(named["timeout_s"], 7);
    let flags = plan(&["--sequence", "tstp", "--timeout=8"]);
    assert_eq!(
        (&flags["sequence_from"], &flags["timeout_from"]),
        (&json!("--sequence"), &json!("--timeout"))
    );
    assert_eq!(flags["timeout_s"], 8);
}

#[test]
fn home_is_found_without_xdg_and_needs_not_be_set() {
    let directory = tempfile::tempdir().unwrap();
    configured(&directory.path().join(".config"), "timeout: 6\n");
    let home = drainboard(&["plan", "--json"])
        .env("HOME", directory.path())
        .output()
        .unwrap();
    assert!(out(&home).contains("\"timeout_s\":6,"));
    let none = drainboard(&["plan", "--json"])
        .env_remove("HOME")
        .output()
        .unwrap();
    assert_eq!(code(&none), 0, "{}", err(&none));
}

#[test]
fn the_working_directory_is_not_looked_into() {
    let directory = tempfile::tempdir().unwrap();
    configured(directory.path(), "timeout: 6\n");
    configured(&directory.path().join(".config"), "timeout: 6\n");
    for name in ["config.yml", "drainboard.yml", ".drainboard.yml"] {
        fs::write(directory.path().join(name), "timeout: 6\n").unwrap();
    }
    for (variable, value) in [
        ("HOME", "."),
        ("XDG_CONFIG_HOME", "."),
        ("XDG_CONFIG_HOME", ""),
        ("HOME", ""),
    ] {
        let output = drainboard(&["plan", "--json"])
            .current_dir(directory.path())
            .env(variable, value)
            .output()
            .unwrap();
        assert!(
            out(&output).contains("\"timeout_from\":\"assumed\""),
            "{variable}={value}"
        );
    }
}

#[test]
fn a_configuration_with_five_errors_shows_all_five() {
    let directory = tempfile::tempdir().unwrap();
    let home = configured(
        directory.path(),
        "timout: 25\nkill: perhaps\ntimeout: 60s\nredis: hunter2@host\n\nread_only: yes\n",
    );
    let output = drainboard(&["plan"])
        .env("XDG_CONFIG_HOME", &home)
        .output()
        .unwrap();
    assert_eq!(code(&output), 1);
    assert_eq!(out(&output), "");
    let shown = err(&output).replace(&home, "DIR");
    assert!(!shown.contains("hunter2"));
    insta::assert_snapshot!(shown, @r#"
    error: the configuration DIR/drainboard/config.yml has 5 errors
      DIR/drainboard/config.yml:1: timout: unknown key: did you mean `timeout`?
      DIR/drainboard/config.yml:2: kill: `perhaps` is not known here; expected ask, wait-for-requeue or follow
      DIR/drainboard/config.yml:3: timeout: `60s` is not a number: did you mean `60`?; expected seconds as a number without a unit, such as 25 or 7.5
      DIR/drainboard/config.yml:4: redis: not an address of a Redis; expected an address such as redis://127.0.0.1:6379/0, rediss:// or unix://
      DIR/drainboard/config.yml:6: read_only: found the text `yes`: did you mean `true`?; expected true or false
    "#);
}

#[test]
fn a_sequence_rejected_in_the_configuration_ends_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let home = configured(directory.path(), "sequence: tstp, term\n");
    let output = drainboard(&["plan"])
        .env("XDG_CONFIG_HOME", home)
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("config.yml:1: sequence: item 2, column 7:"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_configuration_that_cannot_be_read_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let missing = run(&["plan", "--config", "/nonexistent/config.yml"]);
    assert_eq!(code(&missing), 1);
    assert!(
        err(&missing).contains("/nonexistent/config.yml"),
        "{}",
        err(&missing)
    );
    // It exists and is a directory, or no text.
    let place = directory.path().join("drainboard/config.yml");
    fs::create_dir_all(&place).unwrap();
    let run = || {
        drainboard(&["plan"])
            .env("XDG_CONFIG_HOME", directory.path())
            .output()
            .unwrap()
    };
    assert_eq!(code(&run()), 1);
    fs::remove_dir(&place).unwrap();
    fs::write(&place, b"timeout: \xff\n").unwrap();
    assert_eq!(code(&run()), 1);
    assert!(err(&run()).contains("UTF-8"), "{}", err(&run()));
}

#[test]
fn a_list_is_read_and_warned_about() {
    let directory = tempfile::tempdir().unwrap();
    let home = configured(directory.path(), "sequence: [tstp, 120, term, 30, kill]\n");
    let output = drainboard(&["plan", "--json"])
        .env("XDG_CONFIG_HOME", home)
        .output()
        .unwrap();
    assert_eq!(code(&output), 0);
    assert!(err(&output).starts_with("warning: "), "{}", err(&output));
    assert!(out(&output).contains("\"sequence\":\"tstp, 120, term, 30, kill\""));
}

#[test]
fn the_example_configuration_is_one() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.yml");
    let output = run(&["plan", "--json", "--config", example]);
    assert_eq!((code(&output), err(&output)), (0, String::new()));
}
