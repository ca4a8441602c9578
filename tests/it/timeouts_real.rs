//! The timeout of real Sidekiqs, found in the files below their working directory: it stands in
//! `ps`, decides `--over`, and beats what would only be assumed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::scene::Scene;
use crate::support::sidekiq::{Sidekiq, Version};

/// An application's directory with these files.
fn application(scene: &Scene, files: &[(&str, &str)]) -> PathBuf {
    let root = scene.path("app");
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// The row of `ps --json` of a process.
fn row(scene: &Scene, sidekiq: &Sidekiq) -> Value {
    let output = scene.drainboard(&["ps", "--json"]).output().unwrap();
    let row: Value = serde_json::from_slice(&output.stdout).unwrap();
    let processes = row["processes"].as_array().unwrap();
    let found = processes.iter().find(|one| one["pid"] == sidekiq.pid());
    found.unwrap_or_else(|| panic!("{row}")).clone()
}

fn assert_timeout(scene: &Scene, sidekiq: &Sidekiq, seconds: u64, origin: &str) {
    let row = row(scene, sidekiq);
    assert_eq!(row["timeout_s"], seconds, "{row}");
    assert_eq!(row["timeout_from"], origin, "{row}");
}

fn stays_in(scene: &Scene, root: &Path, environment: &[(&str, &str)]) -> Sidekiq {
    scene.sidekiq_in(root, Version::Seven, environment)
}

#[test]
fn the_yml_is_found_and_marked_once_it_is_changed() {
    let scene = Scene::new();
    let root = application(&scene, &[("config/sidekiq.yml", ":timeout: 7\n")]);
    let sidekiq = stays_in(&scene, &root, &[]);
    assert_timeout(&scene, &sidekiq, 7, "config/sidekiq.yml:1");
    // A job of 6 s is over 80% of 7, and not of the assumed 25.
    let jid = scene.busy("SleepJob", &serde_json::json!([600]));
    let over = |limit: &str| {
        let output = scene.drainboard(&["ps", "--over", limit, "--json"]);
        { output }.output().unwrap().status.code()
    };
    crate::support::patience::until_true("the job is over 80% of -t", || over("80%") == Some(1));
    assert_eq!(over("200%"), Some(0), "{jid}");
    let file = fs::File::options()
        .write(true)
        .open(root.join("config/sidekiq.yml"))
        .unwrap();
    let later = std::time::SystemTime::UNIX_EPOCH
        + std::time::Duration::from_secs_f64(drainboard::clock::now().epoch() + 60.0);
    file.set_modified(later).unwrap();
    let origin = "config/sidekiq.yml:1, changed since it started";
    assert_timeout(&scene, &sidekiq, 7, origin);
}

#[test]
fn the_section_of_its_environment_holds() {
    let scene = Scene::new();
    let yml = ":timeout: 7\nstaging:\n  :timeout: 9\n";
    let root = application(&scene, &[("config/sidekiq.yml", yml)]);
    let sidekiq = stays_in(&scene, &root, &[("RAILS_ENV", "staging")]);
    assert_timeout(&scene, &sidekiq, 9, "config/sidekiq.yml:3 (staging)");
}

#[test]
fn nothing_written_is_assumed() {
    let scene = Scene::new();
    let root = application(&scene, &[("config/other.yml", "")]);
    let sidekiq = stays_in(&scene, &root, &[]);
    assert_timeout(&scene, &sidekiq, 25, "assumed");
}
