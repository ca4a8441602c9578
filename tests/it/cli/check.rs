//! `check` on whole applications: the situations it was made for, and what cannot be read.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use super::{code, drainboard, err, out, run};

fn application(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/apps")
        .join(name)
}

/// `check` in the root of an application.
fn check_in(root: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["check"];
    arguments.extend_from_slice(more);
    drainboard(&arguments).current_dir(root).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The rules that spoke, with their severity.
fn findings(output: &Output) -> Vec<String> {
    let row = json(output);
    let findings = row["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            format!("{} {}", text("rule"), text("severity"))
        })
        .collect()
}

fn write(root: &Path, path: &str, text: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn cloud_66_with_the_usual_timeout_is_clean() {
    let output = check_in(&application("cloud66-25"), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    insta::assert_snapshot!(out(&output));
    let output = check_in(&application("cloud66-25"), &["--json"]);
    assert_eq!(findings(&output), ["D17 info"]);
}

#[test]
fn cloud_66_with_a_longer_timeout_loses_jobs() {
    let output = check_in(&application("cloud66-60"), &[]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    insta::assert_snapshot!(out(&output));
    let output = check_in(&application("cloud66-60"), &["--recommend"]);
    let advice = out(&output);
    assert!(
        advice.contains("stop_sequence: tstp, 120, term, 65, kill"),
        "{advice}"
    );
    assert!(advice.starts_with("no drain is recorded here"), "{advice}");
}

#[test]
fn what_past_drains_saw_makes_the_waits_shorter() {
    let state = tempfile::tempdir().unwrap();
    let record = |run: &str, fate: &str, ran: f64| {
        let folder = state.path().join("drains");
        fs::create_dir_all(&folder).unwrap();
        let line = json!({"at": "2026-11-21T19:00:00.000Z", "t_s": 9, "run": run,
            "event": "reconciled", "jid": "ab", "class": "Sync", "fate": fate, "elapsed_s": ran, "pid": 7});
        fs::write(folder.join(format!("{run}.jsonl")), format!("{line}\n")).unwrap();
    };
    let directory = format!("--state-dir={}", state.path().display());
    let advice = |more: &[&str]| {
        let all = [&["--recommend", directory.as_str()], more].concat();
        out(&check_in(&application("cloud66-25"), &all))
    };
    record("20261121T190000Z-7", "finished", 40.0);
    let seen = advice(&[]);
    for words in [
        "the longest job seen in 1 drain: Sync ab, 40 s (drain 20261121T190000Z-7); with a quarter more: 50 s",
        "stop_sequence: tstp, 25, term, 30, kill",
        "saves up to 95 s a deploy",
    ] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    // What is stated goes before what was seen.
    let stated = advice(&["--longest=100"]);
    assert!(
        stated.contains("stop_sequence: tstp, 75, term, 30, kill"),
        "{stated}"
    );
    assert!(!stated.contains("seen in"), "{stated}");
    // One that was cut off after longer has not shown how long it takes: nothing is shortened.
    record("20261122T190000Z-7", "pushed_back", 41.0);
    let cut_off = advice(&[]);
    assert!(
        cut_off.contains("was cut off: Sync ab, after 41 s"),
        "{cut_off}"
    );
    assert!(!cut_off.contains("saves up to"), "{cut_off}");
}

#[test]
fn the_answer_as_json_is_the_contract() {
    let output = check_in(&application("cloud66-60"), &["--json"]);
    assert_eq!(code(&output), 1);
    let row = json(&output);
    assert_eq!(row["sequence"], "tstp, 120, term, 30, kill");
    assert_eq!(
        row["layers"][1],
        json!({"layer": "command_line", "setting": "-t", "scope": "worker", "seconds": 60,
            "value": "60 s", "from": "Procfile:2"})
    );
    let first = &row["findings"][0];
    assert_eq!(
        (&first["rule"], &first["severity"]),
        (&json!("D01"), &json!("error"))
    );
    assert_eq!(first["from"], ".cloud66/manifest.yml:4");
    assert!(first["message"].as_str().unwrap().contains("65"), "{first}");
}

#[test]
fn capistrano_s_third_layer_is_dead() {
    let output = check_in(&application("capistrano"), &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    insta::assert_snapshot!(out(&output));
    let root = application("capistrano");
    let output = run(&[
        "check",
        root.to_str().unwrap(),
        "--deny",
        "warning",
        "--json",
    ]);
    assert_eq!(code(&output), 1);
    assert_eq!(findings(&output), ["D27 warning", "D24 info", "D49 info"]);
}

#[test]
fn what_is_denied_sets_the_exit_code() {
    let root = application("cloud66-25");
    for (deny, expected) in [("error", 0), ("warning", 0), ("info", 1)] {
        assert_eq!(
            code(&check_in(&root, &["--deny", deny])),
            expected,
            "{deny}"
        );
    }
    let output = check_in(&root, &["--deny", "eror"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("did you mean `error`?"),
        "{}",
        err(&output)
    );
    // The budget of a flag goes before what was found.
    let output = check_in(&root, &["--timeout", "40", "--json"]);
    assert_eq!((code(&output), &*findings(&output)[0]), (1, "D01 error"));
}

#[test]
fn rules_are_explained_and_misspelt_ones_named() {
    let output = run(&["check", "--explain", "d03"]);
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert!(
        text.starts_with("D03 (error)") && text.contains("source:"),
        "{text}"
    );
    let output = run(&["check", "--explain", "D3"]);
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("did you mean `D03`?"),
        "{}",
        err(&output)
    );
}

#[test]
fn what_was_looked_at_is_listed_on_request() {
    let root = application("cloud66-25");
    let text = out(&check_in(&root, &["-v"]));
    for line in [
        "  .cloud66/manifest.yml: read\n",
        "  Gemfile.lock: it is not there\n",
        "  D03  no systemd unit is known\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(!out(&check_in(&root, &[])).contains("Gemfile.lock"));
}

#[test]
fn broken_yaml_is_named_with_its_line() {
    let output = check_in(&application("broken-yaml"), &[]);
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert!(
        text.contains("config/sidekiq.yml:2") && text.contains("no valid YAML"),
        "{text}"
    );
    let output = check_in(&application("broken-yaml"), &["--json"]);
    assert!(
        err(&output).contains("config/sidekiq.yml:2"),
        "{}",
        err(&output)
    );
}

#[test]
fn two_manifests_that_differ_are_told_apart() {
    let root = application("two-manifests");
    let [first, second] = ["production.yml", "staging.yml"].map(|file| root.join(file));
    let output = run(&["check", first.to_str().unwrap(), second.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert!(
        text.contains("which of the two holds cannot be known from here"),
        "{text}"
    );
    assert!(text.contains("tstp, 120, term, 30, kill   (") && text.contains("term, 90, kill   ("));
}

#[test]
fn what_is_no_configuration_is_said_and_the_rest_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(root, "Procfile", b"worker: bundle exec sidekiq -t 40\n");
    write(root, "config/sidekiq.yml/file", b"");
    write(root, "config/deploy.yml", &vec![b'#'; 10 << 20]);
    write(root, "config/initializers/sidekiq.rb", &[0xff, 0xfe, 0]);
    let output = check_in(root, &[]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert!(text.contains("40 s from -t at Procfile:1"), "{text}");
    for (why, place) in [
        ("it is a directory", "config/sidekiq.yml"),
        ("it is larger", "config/deploy.yml"),
    ] {
        let finding = text.split(&format!("D51  Not read: {why}")).nth(1);
        let finding = finding.unwrap_or_else(|| panic!("{why}: {text}"));
        assert!(finding.contains(&format!("at {place}\n")), "{text}");
    }
    assert_eq!(code(&check_in(root, &["--deny", "warning"])), 1);
    // Named, it is an error.
    let output = check_in(root, &["config/deploy.yml"]);
    assert_eq!(code(&output), 2);
    assert_eq!(code(&check_in(root, &["nothing.yml"])), 2);
}

/// A user without rights; root reads everything.
const NOBODY: u32 = 65_534;

#[test]
fn what_may_not_be_read_is_said() {
    use std::os::unix::process::CommandExt;
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let root = directory.path();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
    write(root, "Procfile", b"worker: bundle exec sidekiq\n");
    write(root, "config/sidekiq.yml", b":timeout: 60\n");
    let binary = root.join("drainboard");
    // By another process: a child that another test starts meanwhile would hold it open for
    // writing, and then it cannot be run.
    let mut copy = std::process::Command::new("cp");
    copy.arg(env!("CARGO_BIN_EXE_drainboard")).arg(&binary);
    assert!(copy.status().unwrap().success());
    let closed = |path: &str| {
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o000)).unwrap();
    };
    closed("config/sidekiq.yml");
    write(root, "k8s/jobs.yml", b"kind: Pod\n");
    closed("k8s");
    let mut command = std::process::Command::new(&binary);
    command.arg("check").env_clear().current_dir(root);
    if nix::unistd::Uid::effective().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    let text = out(&output);
    assert!(
        text.contains("D51  Not read: Permission denied")
            && text.contains("at config/sidekiq.yml\n"),
        "{text}{}",
        err(&output)
    );
    assert!(text.contains("at k8s/\n"), "{text}");
    // Named, it is an error.
    command.arg("k8s");
    assert_eq!(code(&command.output().unwrap()), 2);
    fs::set_permissions(root.join("k8s"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_unit_that_systemd_does_not_have_is_rejected() {
    let output = check_in(&application("capistrano"), &["--unit", "nosuch-drainboard"]);
    assert_eq!(code(&output), 2);
    let said = err(&output);
    assert!(
        said.contains("--unit nosuch-drainboard.service: "),
        "{said}"
    );
    assert_eq!(code(&check_in(&application("capistrano"), &["--unit="])), 2);
}

/// A systemctl that writes down how it was asked, and answers as systemd 252 does.
fn imitated_systemctl(directory: &Path, answer: &str) {
    let script = format!(
        "#!/bin/sh\necho \"$LC_ALL $*\" >> {0}/asked\ncat <<'END'\n{answer}\nEND\n",
        directory.display()
    );
    let path = directory.join("systemctl");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_systemd_has_loaded_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let answer = "Type=notify\nRestart=always\nTimeoutStopUSec=20s\nKillMode=mixed\nId=shop@1.service\n\
        LoadState=loaded\nNeedDaemonReload=yes\n\
        ExecStart={ path=/usr/bin/bundle ; argv[]=/usr/bin/bundle exec sidekiq -t 30 ; ignore_errors=no }";
    imitated_systemctl(directory.path(), answer);
    let path = format!("{}:/usr/bin:/bin", directory.path().display());
    let empty = tempfile::tempdir().unwrap();
    let root = empty.path().to_str().unwrap();
    let output = drainboard(&["check", root, "--unit", "shop@1", "--json"])
        .env("PATH", &path)
        .output()
        .unwrap();
    assert_eq!(code(&output), 1, "{}", err(&output));
    let found = findings(&output);
    assert!(
        found.contains(&"D03 error".into()) && found.contains(&"D41 warning".into()),
        "{found:?}"
    );
    let asked = fs::read_to_string(directory.path().join("asked")).unwrap();
    assert!(
        asked.starts_with("C show --no-pager --no-ask-password -p Id,")
            && asked.trim_end().ends_with("-- shop@1.service"),
        "{asked}"
    );
    imitated_systemctl(
        directory.path(),
        "TimeoutStopUSec=1min 30s\nMainPID=0\nLoadState=not-found",
    );
    let output = drainboard(&["check", root, "--unit", "shop@1"])
        .env("PATH", &path)
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("not-found"), "{}", err(&output));
}

#[test]
fn the_settings_of_the_readme_fit_together() {
    let readme = include_str!("../../../README.md");
    let section = readme.split("## In your deploy tool").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let blocks = section.split("```").skip(1).step_by(2);
    let mut files = 0;
    for block in blocks {
        let (_, block) = block.split_once('\n').unwrap();
        let (name, text) = block.split_once('\n').unwrap();
        let path = name.strip_prefix("# ").expect("each names its file");
        write(directory.path(), path, text.as_bytes());
        files += 1;
    }
    assert_eq!(files, 9);
    let output = check_in(directory.path(), &["--deny", "warning"]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    let text = out(&output);
    for stop in [
        "systemctl stop sidekiq.service",
        "Kubernetes (sidekiq)",
        "Kamal (job)",
    ] {
        assert!(text.contains(stop), "{stop}: {text}");
    }
}
