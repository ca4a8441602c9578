//! Drains of real units: by name, behind a wrapper, and as the unit's own `ExecStop=`.

use serde_json::json;

use crate::support::drain::Drain;
use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;

#[test]
fn a_unit_is_drained_by_its_name() {
    let scene = UnitScene::new();
    let sidekiq = scene.sidekiq_command();
    let unit = "worker@2.service";
    scene.start(
        unit,
        &format!("Type=notify\nExecStart={sidekiq} -t 4\nTimeoutStopSec=30"),
    );
    let jid = scene.busy_until_released();
    let arguments = ["drain", "--json", "--yes", "--unit", "worker@2"];
    let sequence = ["--sequence", "tstp, 60, term, 15, kill"];
    let mut command = scene.drainboard_inside(&[&arguments[..], &sequence[..]].concat());
    let mut drain = Drain::of(&mut command);
    drain.wait_for_signal("TSTP");
    scene.release();
    let ended = drain.end();
    ended
        .assert_outcome(0, "drained")
        .assert_jobs("finished", 1);
    ended.assert_signals(&["TSTP", "TERM"]);
    let started = ended.event("started");
    assert_eq!(started["timeout_s"], 4, "{}", ended.text());
    let from = started["timeout_from"].as_str().unwrap();
    assert!(from.contains("worker@.service:"), "{from}");
    assert_eq!(scene.traced("done", &jid), 1);
    until_true("the unit has ended", || {
        scene.systemd.property(unit, "ActiveState") == "inactive"
    });
    assert_eq!(scene.systemd.property(unit, "Result"), "success");
}

/// A job for each thread, so that no thread's job is unknown without a beat after the signal.
fn both_busy(scene: &UnitScene) -> [String; 2] {
    [(), ()].map(|()| scene.busy("SleepJob", &json!([600])))
}

/// Where `systemctl stop` would kill Sidekiq at once, a drain reaches Sidekiq itself.
#[test]
fn behind_a_wrapper_the_process_that_beats_is_drained() {
    let scene = UnitScene::new();
    let sidekiq = scene.sidekiq_command();
    let start = scene.script("start-worker", &format!("{sidekiq} -t 4\necho ended"));
    scene.start(
        "wrapped.service",
        &format!("ExecStart={start}\nKillMode=mixed"),
    );
    let jids = both_busy(&scene);
    let main = scene.systemd.property("wrapped.service", "MainPID");
    assert_ne!(main, scene.sidekiq_pid().to_string());
    let arguments = ["drain", "--json", "--yes", "--unit", "wrapped.service"];
    let sequence = ["--timeout", "4", "--sequence", "term, 15, kill"];
    let mut command = scene.drainboard_inside(&[&arguments[..], &sequence[..]].concat());
    let ended = Drain::of(&mut command).end();
    ended.assert_outcome(3, "requeued");
    for jid in &jids {
        ended.assert_fate(jid, "pushed_back");
        assert_eq!(scene.times_queued("default", jid), 1);
    }
    // The wrapper goes on after Sidekiq, so that the drain may be over before it has said so.
    until_true("the wrapper to go on", || {
        let journal = scene.systemd.journal("wrapped.service");
        journal.lines().any(|line| line.ends_with("ended"))
    });
}

/// The README's `ExecStop=`, with the drainboard under test.
fn exec_stop() -> String {
    let readme = include_str!("../../../README.md");
    let line = readme
        .lines()
        .find(|line| line.starts_with("ExecStop="))
        .unwrap();
    let own = line.replace("/usr/bin/drainboard", env!("CARGO_BIN_EXE_drainboard"));
    assert_ne!(line, own);
    own
}

fn unit_that_drains(name: &str, sidekiq: &str, more: &str) -> String {
    format!(
        "Type=notify\nExecStart={sidekiq} -t 4\n{}{more}\nTimeoutStopSec=180\n\
         Restart=on-failure\nStateDirectory={name}",
        exec_stop()
    )
}

#[test]
fn the_readme_s_exec_stop_lets_a_job_finish() {
    let scene = UnitScene::new();
    let sidekiq = scene.sidekiq_command();
    let unit = "exec-stop.service";
    scene.start(unit, &unit_that_drains("exec-stop", &sidekiq, ""));
    let jid = scene.busy_until_released();
    scene.systemd.systemctl(&["stop", "--no-block", unit]);
    until_true("TSTP is sent", || {
        scene.systemd.journal(unit).contains("TSTP sent")
    });
    scene.release();
    until_true("the unit has ended", || {
        scene.systemd.property(unit, "ActiveState") == "inactive"
    });
    let journal = scene.systemd.journal(unit);
    assert_eq!(scene.traced("done", &jid), 1, "{journal}");
    assert_eq!(scene.traced("shutdown", &jid), 0, "{journal}");
    assert!(journal.contains("drained after"), "{journal}");
    assert!(journal.contains("1 finished, 0 lost"), "{journal}");
    // It ran inside the unit, whose limit it knows.
    assert!(!journal.contains("cannot be written"), "{journal}");
    assert_eq!(
        scene.systemd.property(unit, "Result"),
        "success",
        "{journal}"
    );
}

/// Exit 3 is no failure of the unit: the `-` of the line sees to that, and `on-failure` starts
/// nothing.
#[test]
fn the_readme_s_exec_stop_may_push_back() {
    let scene = UnitScene::new();
    let sidekiq = scene.sidekiq_command();
    let unit = "exec-push.service";
    let short = " --sequence tstp,1,term,15,kill";
    scene.start(unit, &unit_that_drains("exec-push", &sidekiq, short));
    let jids = both_busy(&scene);
    scene.systemd.systemctl(&["stop", unit]);
    let journal = scene.systemd.journal(unit);
    for jid in &jids {
        assert_eq!(scene.times_queued("default", jid), 1, "{journal}");
    }
    assert!(journal.contains("requeued after"), "{journal}");
    assert_eq!(
        scene.systemd.property(unit, "ActiveState"),
        "inactive",
        "{journal}"
    );
    assert_eq!(
        scene.systemd.property(unit, "Result"),
        "success",
        "{journal}"
    );
    assert_eq!(scene.systemd.property(unit, "NRestarts"), "0", "{journal}");
}
