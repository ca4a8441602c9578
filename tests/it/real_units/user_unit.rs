//! A unit of a user's own systemd.

use serde_json::{Value, json};

use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;

const UNIT: &str = "own-worker.service";

#[test]
fn a_user_unit_is_judged_by_its_own_systemd() {
    let scene = UnitScene::for_user();
    let sidekiq = scene.sidekiq_command();
    let jid = scene.push("SleepJob", &json!([600]));
    scene.lay_for_user(
        UNIT,
        &format!("Type=notify\nExecStart={sidekiq} -t 20\nTimeoutStopSec=1\nRestart=always"),
    );
    scene.as_user(&["systemctl", "--user", "start", UNIT]);
    scene.wait_for_trace("start", &jid);
    let pid = scene.sidekiq_pid();

    let listed: Value = serde_json::from_str(&scene.drainboard_as_user(&["ps", "--json"])).unwrap();
    let mut processes = listed["processes"].as_array().unwrap().iter();
    let process = processes.find(|process| process["pid"] == pid).unwrap();
    assert_eq!(process["unit"], UNIT, "{listed}");
    assert_eq!(process["timeout_s"], 20, "{listed}");

    let said = scene.drainboard_as_user(&["check", "--json", "--unit", UNIT]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let unit = &said["units"][0];
    assert_eq!(unit["main_process"], "sidekiq", "{said}");
    assert_eq!(unit["unfinished"], "lost", "{said}");
    assert_eq!(unit["again_after_term"], true, "{said}");
    let findings = said["findings"].as_array().unwrap();
    let has = |rule: &str| findings.iter().any(|finding| finding["rule"] == rule);
    assert!(has("D03") && has("D43"), "{said}");
    let text = scene.drainboard_as_user(&["check", "--unit", UNIT]);
    assert!(
        text.contains("systemctl --user stop own-worker.service"),
        "{text}"
    );

    scene.as_user(&["systemctl", "--user", "stop", UNIT]);
    until_true("Sidekiq has ended", || !scene.runs(pid));
    assert_eq!(scene.times_queued("default", &jid), 0);
    assert_eq!(scene.traced("shutdown", &jid), 0);
    let result = scene.as_user(&["systemctl", "--user", "show", "-p", "Result", UNIT]);
    assert_eq!(result.trim_end(), "Result=timeout");
}
