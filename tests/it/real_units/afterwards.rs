//! What a drain of a real unit learns from the journal, and what it tells of the process that
//! systemd puts in its place.

use serde_json::json;

use super::acts::always;
use crate::support::drain::Drain;
use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;

#[test]
fn a_unit_that_comes_back_is_told_and_its_journal_is_evidence() {
    let unit = "afterwards-back.service";
    let scene = always(unit);
    // Loaded is the default; the file says something else by now.
    let path = format!("/etc/systemd/system/{unit}");
    let text = scene.systemd.output(&["cat", &path]);
    scene
        .systemd
        .write(&path, &format!("{text}TimeoutStopSec=45\n"));
    let jid = scene.push("SleepJob", &json!([600]));
    scene.wait_for_trace("start", &jid);
    until_true("a beat shows the job", || {
        let output = scene.drainboard_inside(&["ps", "--json"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains(&jid)
    });
    let arguments = [
        "drain",
        "--json",
        "--yes",
        "--unit",
        unit,
        "--sequence=tstp, 8, term, 20, kill",
        "--backtrace-after=1",
        "--successor=60",
        "--despite=D41",
    ];
    let ended = Drain::of(&mut scene.drainboard_inside(&arguments)).end();
    ended
        .assert_outcome(3, "requeued")
        .assert_fate(&jid, "pushed_back");
    let frames = ended.event("backtrace")["frames"].to_string();
    assert!(frames.contains("jobs.rb"), "{frames}");
    let logged = ended.events("logged");
    let logged: Vec<&str> = logged
        .iter()
        .filter_map(|line| line["text"].as_str())
        .collect();
    assert!(
        logged.iter().any(|text| text.starts_with("Pushed 1 jobs")),
        "{logged:?}"
    );
    let told = ended.event("successor");
    assert_eq!(told["found"], true, "{told}");
    assert_eq!(told["unit"], unit, "{told}");
    assert_eq!(told["stop_timeout_s"], 90.0, "{told}");
    assert_eq!(told["stop_timeout_file_s"], 45.0, "{told}");
    assert!(told["first_beat_s"].is_number(), "{told}");
}

#[test]
fn a_unit_that_stays_down_is_told_with_what_starts_it() {
    let unit = "afterwards-down.service";
    let scene = UnitScene::new();
    let sidekiq = scene.sidekiq_command();
    scene.start(unit, &format!("Type=notify\nExecStart={sidekiq} -t 2"));
    let arguments = [
        "drain",
        "--json",
        "--yes",
        "--unit",
        unit,
        "--sequence=tstp, 60, term, 20, kill",
        "--successor=3",
    ];
    let ended = Drain::of(&mut scene.drainboard_inside(&arguments)).end();
    ended.assert_outcome(0, "drained");
    let told = ended.event("successor");
    assert_eq!(told["found"], false, "{told}");
    assert_eq!(told["start"], format!("systemctl start {unit}"), "{told}");
}
