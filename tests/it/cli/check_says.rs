//! The words of `check`: what was recognised, what stops it, and what was not understood.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs;
use std::path::Path;

use super::{drainboard, err, out};

/// The answer on an application of these files.
fn said(files: &[(&str, &str)], more: &[&str]) -> String {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, text).unwrap();
    }
    let arguments = [&["check"], more].concat();
    let output = drainboard(&arguments)
        .current_dir(root.path())
        .output()
        .unwrap();
    format!("{}{}", out(&output), err(&output))
}

#[track_caller]
fn holds(text: &str, words: &str) {
    assert!(text.contains(words), "{words}: {text}");
}

#[track_caller]
fn lacks(text: &str, words: &str) {
    assert!(!text.contains(words), "{words}: {text}");
}

const UNIT: &str = "[Service]\nExecStart=/usr/bin/bundle exec sidekiq\nTimeoutStopSec=40\n";

#[test]
fn rows_and_notes_of_other_programs_are_told_on_request() {
    let files = [
        (
            "compose.yaml",
            "services:\n  jobs:\n    command: bundle exec sidekiq\n    stop_grace_period: 40s\n  cache:\n    command: redis-server\n    stop_grace_period: 3s\n",
        ),
        ("Procfile.dev", "jobs: bundle exec sidekiq\n"),
        ("deploy/notes.yml", "bread: 1\n"),
        ("config/sidekiq.yml", ":timeout: 20\n:timeout: 30\n"),
    ];
    let text = said(&files, &[]);
    holds(&text, "stop_grace_period  jobs");
    lacks(&text, "cache");
    lacks(&text, "Procfile.dev");
    lacks(&text, "only plain lines were read");
    let text = said(&files, &["-v"]);
    for words in [
        "stop_grace_period  cache",
        "  Procfile.dev: for developers: no deploy uses it\n",
        "  deploy/notes.yml: nothing for any reader in it\n",
        "only plain lines were read",
    ] {
        holds(&text, words);
    }
}

#[test]
fn commands_that_stop_it_are_listed_and_pointed_at() {
    let script = "#!/bin/sh\npkill -TERM -f sidekiq\nbundle exec sidekiq -d\n";
    let text = said(&[("bin/renew", script)], &[]);
    holds(
        &text,
        "How it is stopped is not written here, but in the commands below.\n",
    );
    holds(
        &text,
        "  bin/renew:2, the script bin/renew: pkill -TERM -f sidekiq\n",
    );
    let text = said(
        &[("bin/jobs", "#!/bin/sh\nexec bundle exec sidekiq\n")],
        &[],
    );
    holds(&text, "How it is stopped is not written here (systemd?");
}

#[test]
fn a_default_is_told_with_the_file_that_states_none() {
    let unit = ("ops/jobs.service", UNIT);
    let text = said(&[unit, ("config/sidekiq.yml", ":concurrency: 5\n")], &[]);
    holds(&text, "; config/sidekiq.yml was read and states none\n");
    holds(&said(&[unit], &[]), "; no file states one\n");
    holds(
        &text,
        "settings[:labels] << \"timeout=#{settings[:timeout]}\"",
    );
    let stated = said(&[unit, ("config/sidekiq.yml", ":timeout: 30\n")], &[]);
    lacks(&stated, "settings[:labels]");
}

#[test]
fn a_timeout_is_not_known_where_a_file_that_may_state_it_could_not_be_read() {
    let unit = ("ops/jobs.service", UNIT);
    for file in ["config/sidekiq.yml", "config/initializers/sidekiq.rb"] {
        let broken = ":timeout: [\n".to_owned() + &" ".repeat(5_000_000);
        let text = said(&[unit, (file, &broken)], &[]);
        let why =
            format!("not known ({file} could not be read); counted with 25 s, Sidekiq's default");
        holds(&text, &why);
    }
    let text = said(&[unit, ("config/sidekiq.yml", ":timeout: [\n")], &[]);
    holds(
        &text,
        "not known (config/sidekiq.yml could not be read); counted",
    );
    let stated = UNIT.replace("sidekiq\n", "sidekiq -t 30\n");
    let text = said(
        &[
            ("ops/jobs.service", &stated),
            ("config/sidekiq.yml", ":timeout: [\n"),
        ],
        &[],
    );
    lacks(&text, "not known");
}

#[test]
fn the_program_that_runs_a_procfile_is_called_by_its_name() {
    let files = [
        ("Procfile", "jobs: bundle exec sidekiq\n"),
        (
            "compose.yaml",
            "services:\n  all:\n    command: overmind start\n",
        ),
    ];
    let text = said(&files, &[]);
    holds(
        &text,
        "overmind (jobs), --timeout is not set at compose.yaml:3: 5 s, the default",
    );
    lacks(&text, "foreman (");
}

#[test]
fn a_sidekiq_at_the_root_that_belongs_to_none_of_the_applications_is_said() {
    let below = [
        ("api/Gemfile.lock", "GEM\n  specs:\n    sidekiq (7.3.9)\n"),
        ("api/config/sidekiq.yml", ":timeout: 50\n"),
        ("mail/Gemfile.lock", "GEM\n  specs:\n    sidekiq (7.3.9)\n"),
        (
            "compose.yaml",
            "services:\n  jobs:\n    image: bakery\n    command: bundle exec sidekiq\n    stop_grace_period: 40s\n",
        ),
    ];
    let words = "which of the applications below the root jobs runs is not written here, and api/config/sidekiq.yml:1 states 50 s for its own";
    holds(&said(&below, &["--deny", "warning"]), words);
    // With a lock of its own the root is an application itself.
    let own = ("Gemfile.lock", "GEM\n  specs:\n    sidekiq (7.3.9)\n");
    let all: Vec<_> = below.into_iter().chain([own]).collect();
    lacks(&said(&all, &[]), "which of the applications");
}

#[test]
fn an_application_whose_start_is_not_here_is_told_so() {
    let lock = ("Gemfile.lock", "GEM\n  specs:\n    sidekiq (7.3.9)\n");
    let words = "This application has Sidekiq: what starts and stops it is not written here.";
    holds(&said(&[lock], &[]), words);
    lacks(&said(&[lock, ("ops/jobs.service", UNIT)], &[]), words);
    let embedded = (
        "config/puma.rb",
        "Sidekiq.configure_embed { |jobs| jobs.concurrency = 2 }\n",
    );
    let text = said(&[lock, embedded], &[]);
    lacks(&text, words);
    holds(&text, "what starts and stops it was not understood (D51)");
    lacks(&said(&[("Makefile", "bread:\n\tbake\n")], &["."]), words);
}

#[test]
fn heroku_stops_what_stands_in_the_procfile_of_that_very_name() {
    let files = [
        ("app.json", "{\"formation\": {}}"),
        ("Procfile", "jobs: bundle exec sidekiq\n"),
        ("Procfile.live", "jobs: bundle exec sidekiq\n"),
    ];
    let text = said(&files, &[]);
    let (heroku, live) = text.split_once("jobs, Procfile.live:1").unwrap();
    holds(heroku, "Heroku (jobs), KILL 30 s after TERM");
    lacks(
        live.split("where the waits").next().unwrap(),
        "Heroku (jobs)",
    );
    holds(live, "How it is stopped is not written here");
}
