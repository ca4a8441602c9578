//! Which configuration is read, what goes before what, and every error at once.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{code, drainboard, err, out, run};

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
      DIR/drainboard/config.yml:4: redis: not an address of a Redis; expected an address such as redis://127.0.0.1:6379/0, rediss://, unix:/PATH or sentinel://
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
    assert_eq!(code(&output), 0);
    assert!(!err(&output).contains("warning"), "{}", err(&output));
}

#[test]
fn a_configuration_of_two_hundred_thousand_items_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("config.yml");
    let items: Vec<String> = (0..200_000).map(|item| format!("k{item}: 1\n")).collect();
    std::fs::write(&file, items.concat()).expect("a file");
    let mut command = drainboard(&["plan", "--config"]);
    let output = command.arg(&file).output().expect("the binary runs");
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(
        err(&output).contains("larger than 64 KB"),
        "{}",
        err(&output)
    );
}
