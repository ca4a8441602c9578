//! systemd's own clock: a stop that needs longer than `TimeoutStopSec`, with drainboard as the
//! unit's `ExecStop=`. Real systemd, real Sidekiq 7.3. A stop that is given more time needs a systemd
//! that no other test tells to load its files anew: it then forgets that time.

use std::os::unix::net::UnixDatagram;

use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;
use crate::support::scene::Scene;

/// A unit whose stop may take 6 s, and whose drain lets a job go on for a minute.
fn unit(name: &str, sidekiq: &str, kind: &str, more: &str) -> String {
    format!(
        "{kind}\nExecStart={sidekiq} -t 2\n\
         ExecStop=-{} drain --pid=${{MAINPID}} --yes --allow-empty --sequence tstp,60,term,10,kill {more}\n\
         TimeoutStopSec=6\nStateDirectory={name}",
        env!("CARGO_BIN_EXE_drainboard")
    )
}

/// A unit of a systemd of its own, with one job that ends when it is let go, while `systemctl stop`
/// has begun; and the id of the job. Its drain waits so many seconds before TERM.
fn stopping(name: &str, wait: &str) -> (UnitScene, String) {
    let scene = UnitScene::alone();
    let sidekiq = scene.sidekiq_command();
    let short = name.trim_end_matches(".service");
    let text = unit(short, &sidekiq, "Type=notify\nNotifyAccess=exec", "");
    scene.start(name, &text.replace("tstp,60", &format!("tstp,{wait}")));
    let jid = scene.busy_until_released();
    scene.systemd.systemctl(&["stop", "--no-block", name]);
    (scene, jid)
}

/// Waits for the end of the unit: its job is done, and systemd calls the stop a success.
#[track_caller]
fn assert_ended_well(scene: &UnitScene, name: &str, jid: &str) {
    until_true("the unit has ended, well or not", || {
        let state = scene.systemd.property(name, "ActiveState");
        ["inactive", "failed"].contains(&state.as_str())
    });
    let journal = scene.systemd.journal(name);
    assert_eq!(scene.traced("done", jid), 1, "{journal}");
    assert_eq!(
        scene.systemd.property(name, "Result"),
        "success",
        "{journal}"
    );
}

/// A busy host may need longer than `TimeoutStopSec` to read what a drain reads first. Time is asked
/// for before that: here it fails at its configuration already.
#[test]
fn time_is_asked_for_before_anything_is_read() {
    let scene = Scene::new();
    let path = scene.path("notify");
    let systemd = UnixDatagram::bind(&path).expect("a socket");
    systemd.set_nonblocking(true).expect("it does not wait");
    let mut command = scene.drain_command("tstp,60,term,10,kill", &["--config", "/nowhere.yml"]);
    command.env("NOTIFY_SOCKET", &path);
    command.env("SERVICE_RESULT", "success");
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let mut told = [0; 200];
    let length = systemd.recv(&mut told).expect("a message");
    assert_eq!(
        std::str::from_utf8(&told[..length]),
        Ok("EXTEND_TIMEOUT_USEC=15000000\nSTATUS=drainboard looks at what runs here")
    );
}

#[test]
fn a_stop_goes_on_past_its_timeout_while_the_plan_needs_it() {
    let name = "extended.service";
    let (scene, jid) = stopping(name, "60");
    until_true("systemd shows how the drain stands", || {
        let status = scene.systemd.property(name, "StatusText");
        status.starts_with("draining: 1 job runs, ") && status.contains(" the longest, TERM in ")
    });
    let pid = scene.sidekiq_pid();
    // Without more time systemd would have killed it 6 s after the stop began.
    let told = scene.systemd.journal(name).matches("TSTP").count();
    assert!(told >= 1);
    let begun = drainboard::clock::now();
    until_true("nine seconds of the stop have gone by", || {
        drainboard::clock::now().since(begun).as_secs() >= 9
    });
    assert!(scene.runs(pid), "{}", scene.systemd.journal(name));
    assert_eq!(scene.systemd.property(name, "ActiveState"), "deactivating");
    scene.release();
    assert_ended_well(&scene, name, &jid);
}

#[test]
fn a_stop_that_another_one_began_is_extended_from_a_terminal() {
    let name = "attached.service";
    let (scene, jid) = stopping(name, "30");
    let begun = drainboard::clock::now();
    until_true("systemd shows how the drain stands", || {
        let status = scene.systemd.property(name, "StatusText");
        status.starts_with("draining: 1 job runs, ")
    });
    let pid = scene.sidekiq_pid();
    let mut terminal = scene.console(&["attach", "--state-dir", "/var/lib/attached"]);
    terminal.wait_for("drives; Y asks");
    terminal.type_for("Y", "you drive this drain now");
    terminal.type_for("+", "wait extended by 30 s");
    until_true("TERM would have been sent by now", || {
        drainboard::clock::now().since(begun).as_secs() >= 34
    });
    let journal = scene.systemd.journal(name);
    assert!(
        scene.runs(pid) && !journal.contains("TERM sent"),
        "{journal}"
    );
    scene.release();
    assert_ended_well(&scene, name, &jid);
    terminal.send("q");
    terminal.end(0);
}

/// systemd counts anew from the start of the stop when it loads its files (systemd 252
/// `service_coldplug`; still so in 262): the time that it gave is forgotten, and the stop is over.
#[test]
fn a_reload_of_systemd_ends_a_stop_that_was_given_more_time() {
    let name = "reloaded.service";
    let (scene, jid) = stopping(name, "60");
    let begun = drainboard::clock::now();
    until_true("the stop has taken longer than TimeoutStopSec", || {
        drainboard::clock::now().since(begun).as_secs() >= 7
    });
    assert_eq!(scene.systemd.property(name, "ActiveState"), "deactivating");
    scene.systemd.systemctl(&["daemon-reload"]);
    until_true("the unit has ended, well or not", || {
        scene.systemd.property(name, "ActiveState") == "failed"
    });
    let journal = scene.systemd.journal(name);
    assert_eq!(
        scene.systemd.property(name, "Result"),
        "timeout",
        "{journal}"
    );
    // drainboard sent neither TERM nor KILL, and says how the job stood.
    assert!(journal.contains("held: hang-up"), "{journal}");
    assert!(!journal.contains("TERM sent"), "{journal}");
    assert_eq!(scene.traced("shutdown", &jid), 1, "{journal}");
}

/// What systemd does without more time: it ends the drain after 6 s and stops Sidekiq itself.
fn assert_cut_short(name: &str, kind: &str, more: &str) {
    let scene = UnitScene::new();
    let sidekiq = scene.sidekiq_command();
    let unit_name = format!("{name}.service");
    scene.start(&unit_name, &unit(name, &sidekiq, kind, more));
    let jid = scene.busy_until_released();
    scene.systemd.systemctl(&["stop", &unit_name]);
    let journal = scene.systemd.journal(&unit_name);
    assert!(journal.contains("TSTP sent"), "{journal}");
    // It was warned of before the first signal.
    assert!(journal.contains("TimeoutStopSec=6"), "{journal}");
    assert!(!journal.contains("TERM sent"), "{journal}");
    assert_eq!(scene.traced("shutdown", &jid), 1, "{journal}");
    assert_eq!(
        scene.systemd.property(&unit_name, "Result"),
        "timeout",
        "{journal}"
    );
}

#[test]
fn without_leave_to_extend_systemd_keeps_its_own_clock() {
    assert_cut_short(
        "unextended",
        "Type=notify\nNotifyAccess=exec",
        "--extend-at-most 0",
    );
}

#[test]
fn where_systemd_hears_the_main_process_alone_it_keeps_its_own_clock() {
    assert_cut_short("unheard", "Type=notify", "");
}
