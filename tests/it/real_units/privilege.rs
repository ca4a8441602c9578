//! Who may stop a unit, asked of the real sudo and the real polkit before a drain: a yes is one
//! that systemd then heeds, and after a no nothing is sent. Each test is another user, and the
//! unit runs as that user, whose process may be signalled in any case.

use std::sync::OnceLock;

use serde_json::Value;

use crate::support::patience::until_true;
use crate::support::real_unit::UnitScene;
use crate::support::systemd::{Systemd, becomes};

/// The README's line for sudoers, for a user and a unit of these tests.
fn line_of_readme(user: &str, unit: &str) -> String {
    let mut lines = include_str!("../../../README.md").lines();
    let line = lines.find(|line| line.starts_with("deploy ALL=")).unwrap();
    let own = line.replace("deploy", user);
    own.replace("sidekiq@1.service", unit) + "\n"
}

/// Who else may run which line without a password; `mail` and `news` may only with one.
const SUDOERS: &str = "\
mail ALL=(root) /usr/bin/systemctl --no-ask-password --no-block stop -- privilege-password.service
news ALL=(root) ALL, NOPASSWD: /bin/true
uucp ALL=(root) NOPASSWD: /usr/bin/systemctl --no-ask-password --no-block stop -- privilege-other.service
proxy ALL=(root) NOPASSWD: /usr/bin/systemctl
";

/// `backup` may, `proxy` may not, `irc` may stop one unit alone.
const POLKIT: &str = r#"
polkit.addRule(function(action, subject) {
  if (action.id != "org.freedesktop.systemd1.manage-units") return;
  if (subject.user == "backup") return polkit.Result.YES;
  if (subject.user == "proxy") return polkit.Result.NO;
  if (subject.user == "irc" && action.lookup("unit") == "privilege-one.service") return polkit.Result.YES;
});
"#;

/// A systemd with a message bus, on which users other than root reach it, and polkit.
fn with_polkit() -> &'static Systemd {
    static SHARED: OnceLock<Systemd> = OnceLock::new();
    SHARED.get_or_init(|| {
        let systemd = Systemd::boot();
        let permitted = line_of_readme("www-data", "privilege-sudo.service");
        systemd.write("/etc/sudoers.d/drainboard", &(permitted + SUDOERS));
        systemd.write("/etc/polkit-1/rules.d/50-drainboard.rules", POLKIT);
        systemd.systemctl(&["start", "dbus.service", "polkit.service"]);
        systemd
    })
}

/// A unit of this user's that systemd always starts again.
struct Owned {
    scene: UnitScene,
    user: &'static str,
    unit: String,
}

/// What became of a drain of it.
struct Drained {
    lines: Vec<Value>,
    said: String,
    code: Option<i32>,
}

impl Owned {
    fn new(user: &'static str, name: &str) -> Self {
        let scene = UnitScene::within(with_polkit());
        scene.open_to_all();
        let start = format!("{} -t 2", scene.sidekiq_command());
        let unit = format!("privilege-{name}.service");
        scene.start(
            &unit,
            &format!("Type=notify\nUser={user}\nRestart=always\nRestartSec=1\nExecStart={start}"),
        );
        Self { scene, user, unit }
    }

    /// Its user drains it, and orders the stop of the unit.
    fn drain(&self, more: &[&str]) -> Drained {
        self.run(&["drain", "--yes"], more)
    }

    fn run(&self, command: &[&str], more: &[&str]) -> Drained {
        let words = ["--json", "--timeout", "2", "--unit", &self.unit];
        let sequence = ["--sequence", "tstp, 60, term, 20, kill"];
        let words = [command, &words, &sequence, more].concat();
        let mut drain = self.scene.drainboard_under(&becomes(self.user), &words);
        let output = drain.output().unwrap();
        let lines = String::from_utf8_lossy(&output.stdout);
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        Drained {
            lines: lines.collect(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// Whether sudo has run anything for its user; what it only lists is none of that.
    fn sudo_ran(&self) -> bool {
        let words = ["journalctl", "--no-pager", "-q", "-o", "cat", "-t", "sudo"];
        let journal = self.scene.systemd.output(&words);
        let of_user = |line: &&str| line.trim_start().starts_with(self.user);
        let mut lines = journal.lines().filter(of_user);
        lines.any(|line| line.contains("COMMAND=/usr/bin/systemctl"))
    }

    #[track_caller]
    fn assert_stopped(&self, drained: &Drained) {
        let Drained { lines, said, code } = drained;
        assert_eq!(*code, Some(0), "{lines:#?}\n{said}");
        let begun = lines
            .iter()
            .filter(|line| line["event"] == "unit_stop_begun");
        assert_eq!(begun.count(), 1, "{lines:#?}\n{said}");
        until_true("the unit is down", || {
            self.scene.systemd.property(&self.unit, "ActiveState") == "inactive"
        });
        assert_eq!(self.scene.systemd.property(&self.unit, "NRestarts"), "0");
    }

    /// Refused before anything was sent, with the line that would help.
    #[track_caller]
    fn assert_refused(&self, drained: &Drained, pid: &str) {
        let Drained { lines, said, code } = drained;
        assert_eq!(*code, Some(7), "{lines:#?}\n{said}");
        let line = format!(
            "/usr/bin/systemctl --no-ask-password --no-block stop -- {}",
            self.unit
        );
        for words in [
            "not permitted to this user",
            "org.freedesktop.systemd1.manage-units",
            "--despite D37",
            &line,
        ] {
            assert!(said.contains(words), "{words} in {said}");
        }
        let acts = [
            "signal_intended",
            "signal_sent",
            "unit_stop_intended",
            "unit_stop_begun",
        ];
        for line in lines {
            assert!(!acts.contains(&line["event"].as_str().unwrap()), "{line}");
        }
        assert!(!self.sudo_ran());
        assert_eq!(self.pid(), pid);
        assert_eq!(
            self.scene.systemd.property(&self.unit, "ActiveState"),
            "active"
        );
    }

    fn pid(&self) -> String {
        self.scene.systemd.property(&self.unit, "MainPID")
    }

    #[track_caller]
    fn refuses(&self) {
        let pid = self.pid();
        self.assert_refused(&self.drain(&["--stop-unit", "always"]), &pid);
        let rehearsed = self.run(&["rehearse", "--auto"], &["--stop-unit", "always"]);
        self.assert_refused(&rehearsed, &pid);
    }
}

#[test]
fn a_line_that_sudo_runs_without_a_password_stops_the_unit() {
    let owned = Owned::new("www-data", "sudo");
    let pid = owned.pid();
    let rehearsed = owned.run(&["rehearse", "--auto"], &["--stop-unit", "always"]);
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.said);
    assert_eq!(owned.pid(), pid);
    assert!(!owned.sudo_ran());
    owned.assert_stopped(&owned.drain(&["--stop-unit", "always"]));
    assert!(owned.sudo_ran());
}

#[test]
fn a_line_that_wants_a_password_is_refused_before_anything_is_sent() {
    Owned::new("mail", "password").refuses();
}

/// Of an older sudo the answer about the line is the same as without a password.
#[test]
fn another_line_without_a_password_permits_nothing() {
    Owned::new("news", "mixed").refuses();
}

#[test]
fn another_unit_s_line_permits_nothing() {
    Owned::new("uucp", "mine").refuses();
}

#[test]
fn polkit_s_leave_needs_no_sudo() {
    let owned = Owned::new("backup", "polkit");
    owned.assert_stopped(&owned.drain(&["--stop-unit", "always"]));
    assert!(!owned.sudo_ran());
}

#[test]
fn where_polkit_denies_sudo_may_permit() {
    let owned = Owned::new("proxy", "denied");
    owned.assert_stopped(&owned.drain(&["--stop-unit", "always"]));
    assert!(owned.sudo_ran());
}

/// polkit tells only root how it judges a single unit: nobody knows, so nothing is done.
#[test]
fn a_rule_for_one_unit_cannot_be_asked_about() {
    Owned::new("irc", "one").refuses();
}

#[test]
fn with_neither_nothing_is_done_but_a_plain_term_where_no_stop_was_ordered() {
    let owned = Owned::new("games", "neither");
    owned.refuses();
    let pid = owned.pid();
    let Drained { lines, said, code } = owned.drain(&[]);
    assert_eq!(code, Some(0), "{lines:#?}\n{said}");
    assert!(said.contains("not permitted to this user"), "{said}");
    let begun = lines.iter().any(|line| line["event"] == "unit_stop_begun");
    assert!(!begun, "{lines:#?}");
    until_true("systemd has started it again", || {
        !matches!(&*owned.pid(), "0" | "") && owned.pid() != pid
    });
}
