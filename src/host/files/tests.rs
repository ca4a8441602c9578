//! Usual places, broken ones, and the order of units.

use super::units::units_in;
use super::*;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn paths(search: &FileSearch) -> Vec<&str> {
    search.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn the_usual_places_of_an_application() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for (path, text) in [
        (".cloud66/manifest.yml", "procfile_metadata:\n"),
        (
            "Procfile",
            "worker: sidekiq\nlow: sidekiq -C lib/low.yml\nx: sidekiq -C ../../etc/x.yml\n",
        ),
        ("lib/low.yml", ":timeout: 5\n"),
        ("docker-compose.yml", "services:\n"),
        ("config/sidekiq.yml", ":timeout: 60\n"),
        ("config/sidekiq_low.yml.erb", ":timeout: 60\n"),
        ("config/database.yml", "production:\n"),
        ("config/deploy/production.rb", "set :x, 1\n"),
        (
            "config/deploy/templates/sidekiq.service.capistrano.erb",
            "[Service]\n",
        ),
        (
            "config/initializers/sidekiq.rb",
            "Sidekiq.configure_server { |c| c[:timeout] = 5 }\n",
        ),
        ("config/initializers/cors.rb", "Rails.x\n"),
        ("app/jobs/deep/report_job.rb", "class ReportJob\nend\n"),
        ("k8s/worker.yaml", "apiVersion: v1\nkind: Pod\n"),
    ] {
        write(root, path, text);
    }
    let search = find_layers(root);
    assert_eq!(
        paths(&search),
        [
            "Procfile",
            "docker-compose.yml",
            ".cloud66/manifest.yml",
            "app/jobs/deep/report_job.rb",
            "config/sidekiq.yml",
            "config/sidekiq_low.yml.erb",
            "config/deploy/production.rb",
            "config/deploy/templates/sidekiq.service.capistrano.erb",
            "config/initializers/sidekiq.rb",
            "k8s/worker.yaml",
            "lib/low.yml",
        ]
    );
    let became = |path: &str| {
        let found = search.looked_at.iter().find(|(looked, _)| looked == path);
        found.map(|(_, outcome)| outcome.clone())
    };
    assert_eq!(became("app.json"), Some(ReadOutcome::Missing));
    assert_eq!(
        became("config/initializers/cors.rb"),
        Some(ReadOutcome::Unrelated)
    );
    assert_eq!(became("config/database.yml"), None);
}

#[test]
fn what_is_no_file_or_too_large_is_said() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    std::os::unix::fs::symlink(".", root.join("Procfile.link")).unwrap();
    write(root, "Procfile", &"x".repeat(10_000_000));
    write(root, "Gemfile.lock", "a");
    fs::write(root.join("config.yml"), b"\xff\xfe").unwrap();
    let search = find_layers(root);
    assert_eq!(search.looked_at[1].1, ReadOutcome::TooLarge(10_000_000));
    assert_eq!(search.looked_at[2].1, ReadOutcome::NotAFile);
    let named = read_paths(&[
        root.join("config.yml"),
        root.join("none.yml"),
        root.to_path_buf(),
    ]);
    let named = &named[0];
    assert_eq!(named.looked_at[0].1, ReadOutcome::Unrelated);
    assert_eq!(named.looked_at[1].1, ReadOutcome::Missing);
    assert_eq!(named.files.len(), 1);
    assert!(named.files[0].path.ends_with("/Gemfile.lock"));
}

#[test]
fn a_file_of_a_gigabyte_is_said_and_not_read() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let length = 1 << 30;
    let large = File::create(root.join("docker-compose.yml")).unwrap();
    large.set_len(length).unwrap();
    let search = find_layers(root);
    assert!(search.files.is_empty());
    assert_eq!(search.looked_at[0].1, ReadOutcome::TooLarge(length));
}

#[test]
fn a_pipe_and_a_socket_are_no_files_and_hold_nothing_up() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let pipe = root.join("Procfile");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("Procfile.live")).unwrap();
    let search = find_layers(root);
    let became: Vec<&ReadOutcome> = search.looked_at[..2].iter().map(|(_, one)| one).collect();
    assert_eq!(became, [&ReadOutcome::NotAFile; 2]);
}

#[test]
fn many_files_are_read_in_their_order() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for number in 0..300 {
        let text = format!("class J{number}\n  include Sidekiq::Job\nend\n");
        write(root, &format!("app/jobs/j{number:03}_job.rb"), &text);
    }
    let search = find_layers(root);
    let files: Vec<&str> = search.files.iter().map(|file| file.text.as_str()).collect();
    assert_eq!(files.len(), 300);
    for (number, text) in files.iter().enumerate() {
        assert!(
            text.starts_with(&format!("class J{number}\n")),
            "{number}: {text}"
        );
    }
}

#[test]
fn a_folder_that_may_not_be_listed_is_said() {
    let mut search = FileSearch::default();
    search.refused_folder("k8s", &ErrorKind::PermissionDenied.into());
    search.refused_folder("", &ErrorKind::PermissionDenied.into());
    search.refused_folder("gone", &ErrorKind::NotFound.into());
    let shown: Vec<&str> = search
        .looked_at
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(shown, ["k8s/", "./"]);
    let is_refused = |outcome: &ReadOutcome| matches!(outcome, ReadOutcome::Refused(_));
    assert!(
        search
            .looked_at
            .iter()
            .all(|(_, outcome)| is_refused(outcome))
    );
}

#[test]
fn a_file_without_permission_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "Procfile", "worker: sidekiq\n");
    let path = root.path().join("Procfile");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        // Root may read everything.
        return;
    }
    let search = find_layers(root.path());
    assert!(matches!(search.looked_at[0].1, ReadOutcome::Refused(_)));
}

#[test]
fn stronger_directories_replace_and_drop_ins_follow() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(
        root,
        "etc/sidekiq.service",
        "[Service]\nExecStart=sidekiq\n",
    );
    write(
        root,
        "lib/sidekiq.service",
        "[Service]\nExecStart=sidekiq -t 5\n",
    );
    write(root, "lib/ssh.service", "[Service]\nExecStart=sshd\n");
    write(
        root,
        "lib/sidekiq.service.d/20.conf",
        "[Service]\nTimeoutStopSec=20\n",
    );
    write(
        root,
        "etc/sidekiq.service.d/10.conf",
        "[Service]\nTimeoutStopSec=10\n",
    );
    write(
        root,
        "lib/sidekiq.service.d/10.conf",
        "[Service]\nTimeoutStopSec=11\n",
    );
    let search = units_in(&[root.join("etc"), root.join("lib")], |name, _| {
        name.contains("sidekiq")
    });
    let names: Vec<_> = paths(&search)
        .into_iter()
        .map(|path| {
            path.strip_prefix(root.to_str().unwrap())
                .unwrap()
                .to_string()
        })
        .collect();
    assert_eq!(
        names,
        [
            "/etc/sidekiq.service",
            "/etc/sidekiq.service.d/10.conf",
            "/lib/sidekiq.service.d/20.conf"
        ]
    );
}

#[test]
fn what_circles_and_what_may_not_be_listed_ends_no_walk() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "k8s/a/Procfile", "worker: sidekiq\n");
    std::os::unix::fs::symlink("..", root.join("k8s/a/up")).unwrap();
    std::os::unix::fs::symlink("loop.yml", root.join("k8s/loop.yml")).unwrap();
    let search = find_layers(root);
    let trouble = search
        .looked_at
        .iter()
        .find(|(path, _)| path == "k8s/loop.yml");
    assert!(
        matches!(trouble, Some((_, ReadOutcome::Refused(_)))),
        "{search:?}"
    );
}

#[test]
fn a_file_for_developers_is_nobody_s_deploy() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "Procfile.dev", "worker: sidekiq -t 90\n");
    write(
        root,
        "compose.test.yml",
        "services:\n  x:\n    command: sidekiq\n",
    );
    let search = find_layers(root);
    assert!(search.files.is_empty());
    let all = search.looked_at.iter();
    let all = all.filter(|(_, outcome)| *outcome != ReadOutcome::Missing);
    assert!(
        all.map(|(_, outcome)| outcome)
            .all(|outcome| *outcome == ReadOutcome::ForDevelopment)
    );
    // Named, it is read.
    let named = read_paths(&[root.join("Procfile.dev")]);
    assert_eq!(named[0].files.len(), 1);
}

#[test]
fn applications_below_the_root_are_apart() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "services/api/Gemfile.lock", "GEM\n");
    write(root, "services/api/config/sidekiq.yml", ":timeout: 5\n");
    write(root, "services/shop/Procfile", "web: puma\n");
    write(root, "services/shop/config/sidekiq.yml", ":timeout: 6\n");
    write(root, "docker-compose.yml", "services:\n");
    let all = find_applications(root);
    let folders: Vec<&str> = all.iter().map(|search| search.folder.as_str()).collect();
    assert_eq!(folders, ["", "services/api", "services/shop"]);
    assert_eq!(paths(&all[0]), ["docker-compose.yml"]);
    assert_eq!(
        paths(&all[1]),
        [
            "services/api/Gemfile.lock",
            "services/api/config/sidekiq.yml"
        ]
    );
}

#[test]
fn every_named_folder_is_searched_with_the_applications_below_it() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for app in ["one", "two"] {
        write(root, &format!("{app}/Gemfile.lock"), "GEM\n");
        write(
            root,
            &format!("{app}/engines/mail/Procfile"),
            "mail: sidekiq\n",
        );
    }
    write(root, "infra/jobs.service", "[Service]\n");
    let all = read_paths(&["one", "two", "infra"].map(|folder| root.join(folder)));
    let shown: Vec<(String, Vec<String>)> = all
        .iter()
        .map(|search| {
            let below = |path: &str| {
                let path = Path::new(path).strip_prefix(root);
                path.map_or_else(|_| String::new(), |path| path.display().to_string())
            };
            (
                below(&search.folder),
                paths(search).into_iter().map(below).collect(),
            )
        })
        .collect();
    // What is no application by itself is read with the first one that is.
    assert_eq!(
        shown,
        [
            ("", &["one/Gemfile.lock", "infra/jobs.service"][..]),
            ("one/engines/mail", &["one/engines/mail/Procfile"]),
            ("two", &["two/Gemfile.lock"]),
            ("two/engines/mail", &["two/engines/mail/Procfile"]),
        ]
        .map(|(folder, files)| (
            folder.to_owned(),
            files.iter().map(|file| (*file).to_owned()).collect()
        ))
    );
}

#[test]
fn a_large_file_that_only_lies_beside_scripts_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let large = "x".repeat(2_000_000);
    write(root, "docker/seed.sql", &large);
    write(root, "docker/start.sh", &large);
    let search = find_layers(root);
    let became = |path: &str| {
        let found = search.looked_at.iter().find(|(looked, _)| looked == path);
        found.map(|(_, outcome)| outcome.clone())
    };
    assert_eq!(became("docker/seed.sql"), Some(ReadOutcome::Unrelated));
    assert_eq!(
        became("docker/start.sh"),
        Some(ReadOutcome::TooLarge(2_000_000))
    );
}
