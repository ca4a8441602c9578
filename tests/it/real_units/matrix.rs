//! What `check` says that a stop will do to a unit, held against what systemd then does: one row
//! a case, each with a real Sidekiq and a job that does not end by itself.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::patience::{until, until_true};
use crate::support::real_unit::UnitScene;

/// How the unit starts Sidekiq.
#[derive(Clone, Copy)]
enum Start {
    /// As its main process.
    Plain,
    /// By a script that becomes Sidekiq.
    ExecScript,
    /// By a script that stays as its parent.
    Script,
    /// By a shell in `ExecStart=` that stays as its parent.
    Shell,
}

impl Start {
    fn line(self, scene: &UnitScene, timeout: u32) -> String {
        let sidekiq = format!("{} -t {timeout}", scene.sidekiq_command());
        match self {
            Self::Plain => sidekiq,
            Self::ExecScript => scene.script("start-worker", &format!("exec {sidekiq}")),
            Self::Script => scene.script("start-worker", &format!("{sidekiq}\necho ended")),
            Self::Shell => format!("/bin/sh -c '{sidekiq}; true'"),
        }
    }
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// `systemctl stop`.
    Stop,
    /// TERM to Sidekiq itself.
    Term,
    /// KILL to Sidekiq itself.
    Kill,
}

/// One row: what the unit is like, what is done, and what `check` must say of it.
struct Case {
    unit: &'static str,
    start: Start,
    /// Sidekiq's own, in seconds.
    timeout: u32,
    service: &'static str,
    act: Act,
    main_process: &'static str,
    /// What becomes of the job when the unit is stopped by systemctl.
    unfinished: &'static str,
    /// Whether the unit is running again after the act.
    again: bool,
    /// Rules of severity error that fire.
    errors: &'static [&'static str],
}

macro_rules! rows {
    ($($name:ident: $unit:literal, $start:ident, -t $timeout:literal, $service:literal, $act:ident
        => $main:literal, $unfinished:literal, again $again:literal, $errors:expr;)*) => {
        $(#[test]
        fn $name() {
            Case {
                unit: $unit,
                start: Start::$start,
                timeout: $timeout,
                service: $service,
                act: Act::$act,
                main_process: $main,
                unfinished: $unfinished,
                again: $again,
                errors: &$errors,
            }
            .compare();
        })*
    };
}

rows! {
    notify_is_told_by_sidekiq_itself: "notify.service", Plain, -t 4,
        "Type=notify\nTimeoutStopSec=20", Stop => "sidekiq", "pushed_back", again false, [];
    always_stays_down_after_systemctl: "always-stop.service", Plain, -t 4,
        "Restart=always\nTimeoutStopSec=20", Stop => "sidekiq", "pushed_back", again false, [];
    always_comes_back_after_a_bare_term: "always-term.service", Plain, -t 4,
        "Restart=always\nTimeoutStopSec=20", Term => "sidekiq", "pushed_back", again true, [];
    on_failure_stays_down_after_a_bare_term: "failure-term.service", Plain, -t 4,
        "Restart=on-failure\nTimeoutStopSec=20", Term => "sidekiq", "pushed_back", again false, [];
    on_failure_comes_back_after_a_bare_kill: "failure-kill.service", Plain, -t 4,
        "Restart=on-failure\nTimeoutStopSec=20", Kill => "sidekiq", "pushed_back", again true, [];
    no_restart_stays_down_after_a_bare_kill: "no-kill.service", Plain, -t 4,
        "TimeoutStopSec=20", Kill => "sidekiq", "pushed_back", again false, [];
    a_status_that_prevents_a_restart_goes_before_always: "prevented.service", Plain, -t 4,
        "Restart=always\nRestartPreventExitStatus=0\nTimeoutStopSec=20", Term
        => "sidekiq", "pushed_back", again false, [];
    a_status_that_forces_a_restart_goes_before_no: "forced.service", Plain, -t 4,
        "RestartForceExitStatus=SUCCESS\nTimeoutStopSec=20", Term
        => "sidekiq", "pushed_back", again true, [];
    prevention_goes_before_force: "prevented-forced.service", Plain, -t 4,
        "Restart=always\nRestartForceExitStatus=SIGKILL\nRestartPreventExitStatus=3 SIGKILL\nTimeoutStopSec=20", Kill
        => "sidekiq", "pushed_back", again false, [];
    a_kill_that_counts_as_success_is_no_failure: "success.service", Plain, -t 4,
        "Restart=on-failure\nSuccessExitStatus=SIGKILL\nTimeoutStopSec=20", Kill
        => "sidekiq", "pushed_back", again false, [];
    systemd_kills_before_the_timeout_is_over: "short.service", Plain, -t 20,
        "Type=notify\nTimeoutStopSec=1", Stop => "sidekiq", "lost", again false, ["D03"];
    mixed_reaches_a_main_process: "mixed.service", Plain, -t 4,
        "KillMode=mixed\nTimeoutStopSec=20", Stop => "sidekiq", "pushed_back", again false, [];
    mixed_reaches_through_exec: "mixed-exec.service", ExecScript, -t 4,
        "KillMode=mixed\nTimeoutStopSec=40", Stop => "sidekiq", "pushed_back", again false, [];
    mixed_kills_behind_a_script: "mixed-script.service", Script, -t 4,
        "KillMode=mixed\nTimeoutStopSec=40", Stop => "wrapper", "lost", again false, ["D28"];
    mixed_kills_behind_a_shell: "mixed-shell.service", Shell, -t 4,
        "KillMode=mixed\nTimeoutStopSec=20", Stop => "wrapper", "lost", again false, ["D28"];
    the_control_group_reaches_behind_a_shell: "group-shell.service", Shell, -t 4,
        "TimeoutStopSec=20", Stop => "wrapper", "pushed_back", again false, [];
    the_main_process_alone_is_a_script: "process-script.service", Script, -t 4,
        "KillMode=process\nTimeoutStopSec=40", Stop => "wrapper", "left_running", again false, [];
    a_template: "sidekiq@1.service", Plain, -t 4,
        "Type=notify\nTimeoutStopSec=20", Stop => "sidekiq", "pushed_back", again false, [];
    a_hang_up_ends_it: "hangup.service", Plain, -t 4,
        "SendSIGHUP=yes\nTimeoutStopSec=20", Stop => "sidekiq", "lost", again false, ["D32"];
    int_is_as_good_as_term: "int.service", Plain, -t 4,
        "KillSignal=SIGINT\nTimeoutStopSec=20", Stop => "sidekiq", "pushed_back", again false, [];
    tstp_stops_nothing: "tstp.service", Plain, -t 1,
        "KillSignal=SIGTSTP\nTimeoutStopSec=2", Stop => "sidekiq", "lost", again false, ["D34"];
    usr1_ends_it: "usr1.service", Plain, -t 1,
        "KillSignal=SIGUSR1\nTimeoutStopSec=20", Stop => "sidekiq", "lost", again false, ["D34"];
    nothing_is_killed_without_sigkill: "nokill.service", Plain, -t 3,
        "SendSIGKILL=no\nTimeoutStopSec=1", Stop => "sidekiq", "pushed_back", again false, [];
}

/// Ruby writes this where a hang-up met the logger of Sidekiq's main thread, which swallows it. Sidekiq
/// then stops as by TERM alone, and nothing is shown of the hang-up.
const SWALLOWED: &str = "log writing failed. SIGHUP";

impl Case {
    fn compare(&self) {
        let shown = (0..5).any(|_| self.is_shown());
        assert!(shown, "each hang-up met the logger");
    }

    /// Whether the unit was stopped with all of its signals; what then became of it is as `check` said.
    fn is_shown(&self) -> bool {
        // A reload between the order of a restart and its beginning has systemd count it twice.
        let scene = if self.again {
            UnitScene::alone()
        } else {
            UnitScene::new()
        };
        let start = self.start.line(&scene, self.timeout);
        let jid = scene.push("SleepJob", &json!([600]));
        scene.start(self.unit, &format!("ExecStart={start}\n{}", self.service));
        scene.wait_for_trace("start", &jid);
        let pid = scene.sidekiq_pid();
        self.listed(&scene, pid);
        let said = self.said(&scene);
        match self.act {
            Act::Stop => {
                scene.systemd.systemctl(&["stop", "--", self.unit]);
                let journal = scene.systemd.journal(self.unit);
                if journal.contains(SWALLOWED) {
                    return false;
                }
                self.stopped(&scene, pid, &jid, (&said, &journal));
            }
            Act::Term | Act::Kill => self.signalled(&scene, pid, &jid),
        }
        true
    }

    /// `ps` names the unit of the process.
    fn listed(&self, scene: &UnitScene, pid: u32) {
        let output = scene.drainboard_inside(&["ps", "--json"]).output().unwrap();
        let listed = json_of(&output);
        let mut processes = listed["processes"].as_array().unwrap().iter();
        let process = processes.find(|process| process["pid"] == pid).unwrap();
        assert_eq!(process["unit"], self.unit, "{listed}");
    }

    /// What `check` says, which must be what the row says.
    fn said(&self, scene: &UnitScene) -> Value {
        let mut command = scene.drainboard_inside(&["check", "--json", "--unit", self.unit]);
        let output = command.output().unwrap();
        let answer = json_of(&output);
        let unit = &answer["units"][0];
        assert_eq!(answer["units"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(unit["unit"], self.unit, "{answer}");
        assert_eq!(unit["main_process"], self.main_process, "{answer}");
        assert_eq!(unit["unfinished"], self.unfinished, "{answer}");
        let predicted = match self.act {
            Act::Stop => &Value::Bool(false),
            Act::Term => &unit["again_after_term"],
            Act::Kill => &unit["again_after_kill"],
        };
        assert_eq!(predicted, self.again, "{answer}");
        let findings = answer["findings"].as_array().unwrap();
        let errors: Vec<&str> = findings
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect();
        assert_eq!(errors, self.errors, "{answer}");
        assert_eq!(output.status.code(), Some(i32::from(!errors.is_empty())));
        unit.clone()
    }

    /// systemd does it: the job, the process and the unit must be as `check` said.
    fn stopped(&self, scene: &UnitScene, pid: u32, jid: &str, (said, journal): (&Value, &str)) {
        let state = scene.systemd.property(self.unit, "ActiveState");
        assert!(
            matches!(&*state, "inactive" | "failed"),
            "{state}: {journal}"
        );
        if said["unfinished"] == "left_running" {
            assert!(scene.runs(pid), "{journal}");
            assert_eq!(scene.traced("shutdown", jid), 0, "{journal}");
            scene.systemd.output(&["kill", "-KILL", &pid.to_string()]);
            return;
        }
        let lost = said["unfinished"] == "lost";
        if !lost {
            // Without SIGKILL the unit is given up before Sidekiq is through.
            until_true("Sidekiq has ended", || !scene.runs(pid));
        }
        assert!(!scene.runs(pid), "{journal}");
        assert_eq!(
            scene.times_queued("default", jid),
            usize::from(!lost),
            "{journal}"
        );
        assert_eq!(
            scene.traced("shutdown", jid),
            usize::from(!lost),
            "{journal}"
        );
        assert_eq!(
            scene.times_retried(jid) + scene.traced("done", jid),
            0,
            "{journal}"
        );
        let in_time = journal.contains("timed out. Killing");
        let after = said["after_s"].as_f64().unwrap();
        assert_eq!(in_time, lost && after > 0.0, "{said}: {journal}");
    }

    /// Somebody else does it: whether the unit comes back must be as `check` said.
    fn signalled(&self, scene: &UnitScene, pid: u32, jid: &str) {
        let signal = if self.act == Act::Term {
            "-TERM"
        } else {
            "-KILL"
        };
        scene.systemd.output(&["kill", signal, &pid.to_string()]);
        let again = until("the unit is back or has ended", || {
            let state = scene.systemd.property(self.unit, "ActiveState");
            let restarts = scene.systemd.property(self.unit, "NRestarts");
            match (&*state, &*restarts) {
                ("inactive" | "failed", "0") => Some(false),
                (_, "0") => None,
                (_, "1") => Some(true),
                (_, more) => panic!("restarted {more} times by one signal"),
            }
        });
        assert_eq!(again, self.again, "{}", scene.systemd.journal(self.unit));
        let pushed_back = usize::from(self.act == Act::Term);
        assert_eq!(scene.traced("shutdown", jid), pushed_back);
        if again && pushed_back == 1 {
            until_true("the next Sidekiq takes the job", || {
                scene.traced("start", jid) == 2
            });
            assert_eq!(scene.systemd.property(self.unit, "NRestarts"), "1");
        } else {
            assert_eq!(scene.times_queued("default", jid), pushed_back);
        }
    }
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}
