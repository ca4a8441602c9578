//! Usage errors, help, completions, manual, colours and closed streams.

use std::process::Command;

use super::{code, drainboard, err, out, run};

#[test]
fn what_is_wrong_with_the_command_line_ends_with_2() {
    for (arguments, words) in [
        (&["plan", "--timeout", "60s"][..], "did you mean `60`?"),
        (&["plan", "--timeout=-5"], "less than nothing"),
        (&["plan", "--timeout="], "nothing stands here"),
        (&["plan", "--bananas"], "--bananas"),
        (&["plan", "term", "--sequence", "term"], "given twice"),
        (&["plan", "--redis", "hunter2"], "must begin with redis://"),
        (&["planet"], "plan"),
        (&["completions", "tcsh"], "bash"),
        (
            &[],
            "`drainboard drain` to drain and `drainboard ps` to look",
        ),
        (&["--pid=1", "drain", "--yes"], "behind the subcommand"),
        (&["--reason=a", "drain", "--yes"], "behind the subcommand"),
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
        "check",
        "plan",
        "ps",
        "completions",
        "man",
        "--config",
        "--sequence",
        "--timeout",
        "--reason",
        "--no-color",
        "EXAMPLES",
    ] {
        assert!(help.contains(working), "{working}");
    }
    for missing in ["backtrace", "--process"] {
        assert!(!help.contains(missing), "{missing}:\n{help}");
    }
    for subcommand in [
        "check",
        "plan",
        "ps",
        "drain",
        "rehearse",
        "demo",
        "report",
        "rescue",
        "resume",
        "replay",
        "attach",
        "completions",
    ] {
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

/// Runs through a shell, which can close standard output. Gives the code and what stands on
/// standard error, without the note that no Redis answers.
fn shell(line: &str) -> (i32, String) {
    let output = Command::new("/bin/sh")
        .args(["-c", line])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("REDIS_URL", "unix:///nonexistent/redis.sock")
        .env("DRAINBOARD", env!("CARGO_BIN_EXE_drainboard"))
        .output()
        .expect("a shell runs");
    let told = err(&output);
    let lines = told.lines().filter(|line| !line.starts_with("note: "));
    (code(&output), lines.collect())
}

#[test]
fn a_closed_standard_output_is_no_failure() {
    for arguments in ["plan", "plan --json", "man", "--help", "completions bash"] {
        let closed = shell(&format!("\"$DRAINBOARD\" {arguments} >&-"));
        assert_eq!(closed, (0, String::new()), "{arguments}");
        // A pipe whose reader has gone before the first byte is written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let words: Vec<&str> = arguments.split(' ').collect();
        let gone = drainboard(&words).stdout(writer).status().unwrap();
        assert_eq!(gone.code(), Some(0), "{arguments}");
    }
    let (full, told) = shell("\"$DRAINBOARD\" plan --json >/dev/full");
    assert_eq!(full, 1);
    assert!(
        told.starts_with("error: cannot write to standard output"),
        "{told}"
    );
    assert_eq!(shell("\"$DRAINBOARD\" plan kil 2>&-").0, 2);
}
