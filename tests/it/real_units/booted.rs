//! The systemd itself, and that nothing of it reaches the machine.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::json;

use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;
use crate::support::systemd::Systemd;

#[test]
fn it_is_a_systemd_and_can_change_nothing_of_the_machine() {
    let systemd = Systemd::shared();
    assert!(
        systemd
            .output(&["cat", "/proc/1/comm"])
            .starts_with("systemd")
    );
    systemd.unit(
        "lonely.service",
        "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    );
    systemd.systemctl(&["start", "lonely.service"]);
    assert!(!Path::new("/etc/systemd/system/lonely.service").exists());
    for place in [
        "/usr/bin",
        "/etc",
        "/root",
        "/proc/sys/kernel",
        env!("CARGO_MANIFEST_DIR"),
    ] {
        let writable = format!("test -w {place} && echo writable || echo no");
        assert_eq!(systemd.output(&["sh", "-c", &writable]), "no\n", "{place}");
    }
    // Its own /tmp: of the machine's it sees one directory, and the project if that is there.
    let shared = systemd.directory().file_name().unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).strip_prefix("/tmp");
    let project = project.ok().and_then(|path| path.iter().next());
    let mut places: Vec<_> = project.into_iter().chain([shared]).collect();
    places.sort();
    let seen = systemd.output(&["ls", "/tmp"]);
    let mut seen: Vec<_> = seen.lines().map(OsStr::new).collect();
    seen.sort();
    assert_eq!(seen, places);
}

#[test]
fn it_ends_with_its_caller_and_leaves_nothing() {
    let systemd = Systemd::boot();
    let directory = systemd.directory().to_owned();
    assert!(directory.exists());
    let init = systemd.let_go();
    assert!(!directory.exists());
    let init = format!("/proc/{init}");
    until_true("its first process is gone", || !Path::new(&init).exists());
}

#[test]
fn a_unit_of_it_is_a_real_sidekiq() {
    let scene = UnitScene::new();
    let start = scene.sidekiq_command();
    scene.start(
        "booted.service",
        &format!("Type=notify\nExecStart={start} -t 3"),
    );
    let jid = scene.push("SleepJob", &json!([0]));
    scene.wait_for_trace("done", &jid);
    let pid = scene.systemd.property("booted.service", "MainPID");
    assert!(
        scene.identities()[0].contains(&format!(":{pid}:")),
        "{:?}",
        scene.identities()
    );
    scene.systemd.systemctl(&["stop", "booted.service"]);
    until_true("it has left Redis", || scene.identities().is_empty());
    assert!(scene.systemd.journal("booted.service").contains("Bye!"));
    let output = scene.drainboard_inside(&["ps", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
