//! The initializer lines that `check` prints, on real Sidekiqs: each publishes its own timeout as
//! a label of its first beat.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs;

use super::{drainboard, out};
use crate::support::patience::until;
use crate::support::real_sidekiq::RealSidekiq;
use crate::support::redis_server::RedisServer;

/// The lines that `check` prints where T is only assumed.
fn printed_lines() -> String {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::write(root.join("Procfile"), "worker: bundle exec sidekiq\n").unwrap();
    let output = drainboard(&["check"]).current_dir(root).output().unwrap();
    let text = out(&output);
    let (_, lines) = text
        .split_once("  Sidekiq.configure_server do |config|")
        .unwrap_or_else(|| panic!("no lines: {text}"));
    format!("  Sidekiq.configure_server do |config|{lines}")
}

#[test]
fn the_printed_lines_publish_the_timeout_of_sidekiq_6_7_and_8() {
    let lines = printed_lines();
    let jobs = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sidekiq/jobs.rb");
    for (major, seconds) in [(6, "17"), (7, "18"), (8, "19")] {
        let redis = RedisServer::start();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("labelled.rb");
        fs::write(&file, format!("require {jobs:?}\n{lines}")).unwrap();
        let arguments = ["-r", file.to_str().unwrap(), "-t", seconds];
        let sidekiq = RealSidekiq::start(major, &redis, directory.path(), &arguments);
        let client = redis::Client::open(redis.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let info = until("the first beat", || {
            let identities: Vec<String> = redis::cmd("SMEMBERS")
                .arg("processes")
                .query(&mut connection)
                .unwrap();
            let identity = identities.first()?;
            redis::cmd("HGET")
                .arg(identity)
                .arg("info")
                .query::<Option<String>>(&mut connection)
                .unwrap()
        });
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        let labels = info["labels"].as_array().unwrap();
        assert!(
            labels.contains(&format!("timeout={seconds}").into()),
            "{major}: {info}"
        );
        drop(sidekiq);
    }
}

#[test]
fn where_an_initializer_publishes_it_no_lines_are_printed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::write(root.join("Procfile"), "worker: bundle exec sidekiq\n").unwrap();
    fs::create_dir_all(root.join("config/initializers")).unwrap();
    let initializer = root.join("config/initializers/sidekiq.rb");
    fs::write(&initializer, printed_lines()).unwrap();
    let output = drainboard(&["check"]).current_dir(root).output().unwrap();
    assert!(
        out(&output).contains("Sidekiq's default"),
        "{}",
        out(&output)
    );
    assert!(
        !out(&output).contains("configure_server"),
        "{}",
        out(&output)
    );
    fs::write(&initializer, "Sidekiq.configure_server { |config| }\n").unwrap();
    let output = drainboard(&["check"]).current_dir(root).output().unwrap();
    assert!(
        out(&output).contains("configure_server"),
        "{}",
        out(&output)
    );
}

#[test]
fn an_application_whose_start_is_not_written_is_told_the_lines_too() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::write(
        root.join("Gemfile.lock"),
        "GEM\n  specs:\n    sidekiq (7.3.2)\n",
    )
    .unwrap();
    let output = drainboard(&["check"]).current_dir(root).output().unwrap();
    assert!(
        out(&output).contains("configure_server"),
        "{}",
        out(&output)
    );
}

#[test]
fn where_every_timeout_is_stated_no_lines_are_printed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::write(root.join("Procfile"), "worker: bundle exec sidekiq -t 20\n").unwrap();
    let output = drainboard(&["check"]).current_dir(root).output().unwrap();
    assert!(
        !out(&output).contains("configure_server"),
        "{}",
        out(&output)
    );
}
