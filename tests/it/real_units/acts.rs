//! A drain that acts through systemd: the stop of a unit in TERM's place keeps it down, a plain
//! TERM is a restart, and the record says which one it was.

use serde_json::{Value, json};

use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;

/// A Sidekiq with `-t 2` that systemd always starts again.
pub(super) fn always(name: &str) -> UnitScene {
    always_in(UnitScene::new(), name)
}

/// The same on this stage.
pub(super) fn always_in(scene: UnitScene, name: &str) -> UnitScene {
    let start = format!("{} -t 2", scene.sidekiq_command());
    let service = format!("Type=notify\nRestart=always\nRestartSec=1\nExecStart={start}");
    scene.start(name, &service);
    scene
}

/// The lines of a drain of `unit`, and what it said to people.
fn drain(scene: &UnitScene, unit: &str, more: &[&str]) -> (Vec<Value>, String, Option<i32>) {
    let words = ["drain", "--yes", "--json", "--timeout", "2", "--unit", unit];
    let output = scene
        .drainboard_inside(&[&words, more].concat())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), said, output.status.code())
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// How often systemd has started it again: exact in a systemd that nobody tells to reload.
pub(super) fn restarts(scene: &UnitScene, unit: &str) -> u32 {
    scene.systemd.property(unit, "NRestarts").parse().unwrap()
}

#[test]
fn an_idle_unit_is_stopped_in_place_of_term_and_stays_down() {
    let unit = "acts-idle.service";
    let scene = always(unit);
    let (lines, said, code) = drain(&scene, unit, &["--sequence", "tstp, 60, term, 20, kill"]);
    assert_eq!(code, Some(0), "{lines:#?}\n{said}");
    assert!(
        said.contains("D37") && said.contains("takes TERM's place"),
        "{said}"
    );
    let begun = of(&lines, "unit_stop_begun");
    assert_eq!(begun.len(), 1, "{lines:#?}");
    assert_eq!(begun[0]["unit"], unit);
    assert_eq!(begun[0]["user"], false);
    assert!(begun[0]["systemd_kills_at"].is_string(), "{begun:?}");
    let sent = of(&lines, "signal_sent");
    assert!(sent.iter().all(|line| line["signal"] == "TSTP"), "{sent:?}");
    assert_eq!(scene.systemd.property(unit, "ActiveState"), "inactive");
    assert_eq!(restarts(&scene, unit), 0);
}

#[test]
fn a_busy_unit_gets_its_term_and_is_started_again() {
    let unit = "acts-busy.service";
    let scene = always_in(UnitScene::alone(), unit);
    let jid = scene.push("SleepJob", &json!([60]));
    scene.wait_for_trace("start", &jid);
    let (lines, said, code) = drain(&scene, unit, &["--sequence", "tstp, 13, term, 20, kill"]);
    assert_eq!(code, Some(3), "{lines:#?}\n{said}");
    assert!(of(&lines, "unit_stop_begun").is_empty(), "{lines:#?}");
    let told = of(&lines, "remarked");
    let told = told.iter().map(|line| line["text"].as_str().unwrap());
    assert!(
        told.into_iter()
            .any(|text| text.contains("systemd starts it again")
                && text.contains("systemctl stop acts-busy.service")),
        "{lines:#?}"
    );
    until_true("systemd has started it again", || {
        restarts(&scene, unit) == 1
    });
}

#[test]
fn always_stops_a_busy_unit_for_good_and_saves_its_payloads_first() {
    let unit = "acts-always.service";
    let scene = always(unit);
    let jid = scene.push("SleepJob", &json!([60]));
    scene.wait_for_trace("start", &jid);
    until_true("a beat shows the job", || {
        let output = scene.drainboard_inside(&["ps", "--json"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains(&jid)
    });
    let more = [
        "--sequence",
        "tstp, 13, term, 20, kill",
        "--stop-unit",
        "always",
    ];
    let (lines, said, code) = drain(&scene, unit, &more);
    assert_eq!(code, Some(3), "{lines:#?}\n{said}");
    let at = |event: &str| lines.iter().position(|line| line["event"] == event);
    let (saved, begun) = (at("payload_saved"), at("unit_stop_begun"));
    assert!(saved.is_some() && saved < begun, "{lines:#?}");
    assert_eq!(lines[saved.unwrap()]["jid"], *jid);
    assert_eq!(of(&lines, "reconciled")[0]["fate"], "pushed_back");
    assert_eq!(scene.systemd.property(unit, "ActiveState"), "inactive");
    assert_eq!(restarts(&scene, unit), 0);
}

#[test]
fn never_leaves_an_idle_unit_to_its_restart() {
    let unit = "acts-never.service";
    let scene = always_in(UnitScene::alone(), unit);
    let more = [
        "--sequence",
        "tstp, 60, term, 20, kill",
        "--stop-unit=never",
    ];
    let (lines, said, code) = drain(&scene, unit, &more);
    assert_eq!(code, Some(0), "{lines:#?}\n{said}");
    assert!(of(&lines, "unit_stop_begun").is_empty(), "{lines:#?}");
    until_true("systemd has started it again", || {
        restarts(&scene, unit) == 1
    });
}

#[test]
fn a_stop_that_would_end_more_than_the_target_is_not_taken() {
    let unit = "acts-dragged.service";
    let scene = always(unit);
    scene.lay(
        "acts-other.service",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
    );
    let wants = "/etc/systemd/system/acts-other.service.d/requires.conf";
    scene
        .systemd
        .write(wants, "[Unit]\nRequires=acts-dragged.service\n");
    scene.systemd.systemctl(&["daemon-reload"]);
    scene.systemd.systemctl(&["start", "acts-other.service"]);
    let more = [
        "--sequence",
        "tstp, 60, term, 20, kill",
        "--stop-unit=always",
    ];
    let (lines, said, code) = drain(&scene, unit, &more);
    assert_eq!(code, Some(0), "{lines:#?}\n{said}");
    assert!(
        said.contains("it would stop acts-other.service, too"),
        "{said}"
    );
    assert!(of(&lines, "unit_stop_begun").is_empty(), "{lines:#?}");
    assert_eq!(
        scene.systemd.property("acts-other.service", "ActiveState"),
        "active"
    );
}

#[test]
fn what_is_loaded_counts_and_not_what_the_file_says_by_now() {
    let unit = "acts-loaded.service";
    let scene = always_in(UnitScene::alone(), unit);
    // The file forbids the restart; systemd has not read that.
    let file = "/etc/systemd/system/acts-loaded.service";
    let text = scene.systemd.output(&["cat", file]);
    let text = text.replace("Restart=always", "Restart=no");
    scene.systemd.write(file, &text);
    scene.systemd.output(&["touch", "-d", "+1 minute", file]);
    let (lines, said, code) = drain(&scene, unit, &["--sequence", "tstp, 60, term, 20, kill"]);
    assert_eq!(code, Some(0), "{lines:#?}\n{said}");
    assert!(said.contains("D41"), "{said}");
    assert_eq!(of(&lines, "unit_stop_begun").len(), 1, "{lines:#?}");
}

/// Stops a drain after TSTP, as Ctrl-C does; what it said last.
fn stopped_after_quiet(scene: &UnitScene, unit: &str) -> String {
    let words = [
        "drain",
        "--yes",
        "--json",
        "--timeout",
        "2",
        "--unit",
        unit,
        "--sequence",
        "tstp, 300, term, 20, kill",
        "--early=never",
    ];
    // What is spawned is `nsenter`; the drain itself is a child of it, in there.
    let pid = scene.path("drain.pid");
    let starter = [
        "sh",
        "-c",
        "echo $$ >\"$0\"; exec \"$@\"",
        pid.to_str().unwrap(),
    ];
    let child = scene.drainboard_under(&starter, &words).spawn().unwrap();
    until_true("it is quiet", || {
        let words = ["ps", "--json", "--unit", unit];
        let output = scene.drainboard_inside(&words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains("\"state\":\"quiet\"")
    });
    let pid = std::fs::read_to_string(pid).unwrap();
    scene.systemd.output(&["kill", "-INT", pid.trim()]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_command_that_an_abort_names_brings_the_unit_back() {
    let unit = "acts-aborted.service";
    let scene = always(unit);
    let said = stopped_after_quiet(&scene, unit);
    let command = format!("systemctl restart {unit}");
    assert!(said.contains(&command), "{said}");
    let words: Vec<&str> = command.split(' ').collect();
    let before = scene.systemd.property(unit, "MainPID");
    scene.systemd.output(&words);
    assert_ne!(scene.systemd.property(unit, "MainPID"), before);
    until_true("it works again", || {
        let output = scene.drainboard_inside(&["ps", "--json"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains("\"state\":\"running\"")
    });
}

#[test]
fn a_rehearsal_of_a_unit_s_stop_asks_systemd_and_tells_it_nothing() {
    let unit = "acts-rehearsed.service";
    let scene = always(unit);
    let before = scene.systemd.property(unit, "MainPID");
    let trace = scene.path("calls");
    let trace = trace.to_str().unwrap();
    let strace = ["strace", "-f", "-qq", "-s", "4096", "-o", trace];
    let what = ["-e", "trace=execve,kill,tkill,tgkill,pidfd_send_signal"];
    let words = [
        "rehearse",
        "--auto",
        "--json",
        "--timeout",
        "2",
        "--unit",
        unit,
        "--stop-unit=always",
        "--sequence",
        "tstp, 60, term, 20, kill",
    ];
    let output = scene
        .drainboard_under(&[&strace[..], &what].concat(), &words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let lines = String::from_utf8_lossy(&output.stdout);
    assert!(lines.contains("\"event\":\"unit_stop_begun\""), "{lines}");

    let calls = std::fs::read_to_string(trace).unwrap();
    let systemctl = |line: &&str| line.contains("/systemctl\", [");
    let asked: Vec<&str> = calls.lines().filter(systemctl).collect();
    assert!(!asked.is_empty(), "{calls}");
    for line in asked {
        assert!(line.contains("\"show\""), "{line}");
    }
    for call in ["kill(", "pidfd_send_signal("] {
        // Signal 0 and a null signal ask whether a process may be signalled.
        let sent =
            |line: &&str| line.contains(call) && line.contains("SIG") && !line.contains("--- SIG");
        let sent: Vec<&str> = calls.lines().filter(sent).collect();
        assert!(sent.iter().all(|line| !line.contains(&before)), "{sent:?}");
    }
    assert_eq!(scene.systemd.property(unit, "MainPID"), before);
    assert_eq!(scene.systemd.property(unit, "ActiveState"), "active");
    assert!(!scene.systemd.journal(unit).contains("Stopping"));
}

#[test]
fn a_plan_for_a_unit_shows_its_stop_and_when_systemd_kills() {
    let unit = "acts-planned.service";
    let scene = UnitScene::new();
    let start = format!("{} -t 2", scene.sidekiq_command());
    let service = format!("Type=notify\nRestart=always\nTimeoutStopSec=9\nExecStart={start}");
    scene.start(unit, &service);
    let plan = |more: &[&str]| {
        let words = ["plan", "tstp, 60, term, 30, kill", "--unit", unit];
        let words = [&words[..], more].concat();
        let output = scene.drainboard_inside(&words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let always = plan(&["--stop-unit", "always"]);
    for line in [
        "60 s  stop       systemctl stop acts-planned.service in the place of TERM",
        "69 s  systemd    ends it at once: what is not back yet is lost",
        "90 s  KILL       systemd has killed it by then",
        "9 s  from systemctl stop to systemd's KILL",
    ] {
        assert!(always.contains(line), "{line} in\n{always}");
    }
    let row: Value = serde_json::from_str(&plan(&["--stop-unit", "always", "--json"])).unwrap();
    assert_eq!(
        row["unit_stops"],
        json!(["systemctl stop acts-planned.service"])
    );
    assert_eq!(row["timeout_s"], 2);
    assert_eq!(row["interrupt_at_s"], 62);
    assert_eq!(row["kill_at_s"], 69);
    // Nobody ordered it: TERM it is, and the sequence's own KILL.
    let row: Value = serde_json::from_str(&plan(&["--json"])).unwrap();
    assert_eq!(row["unit_stops"], json!([]));
    assert_eq!(row["kill_at_s"], 90);
    assert!(plan(&[]).contains("60 s  TERM"));
}
