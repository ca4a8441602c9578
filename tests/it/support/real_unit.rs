//! A stage for one test in the real systemd: a private Redis in the directory that is seen in
//! there too, and real Sidekiqs 7.3 as units of it. Units are stopped with the test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::patience::until_true;
use super::scene::Scene;
use super::sidekiq::Version;
use super::systemd::Systemd;
use super::terminal::Terminal;

/// The stage; what it shares with others is that of its [`Scene`].
pub(crate) struct UnitScene {
    pub(crate) systemd: &'static Systemd,
    scene: Scene,
    units: RefCell<Vec<String>>,
}

impl Deref for UnitScene {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl UnitScene {
    /// Sets one up.
    pub(crate) fn new() -> Self {
        Self::within(Systemd::shared())
    }

    /// Sets one up in a systemd that nobody else tells to load its files anew. It ends with the
    /// test program.
    pub(crate) fn alone() -> Self {
        Self::within(Box::leak(Box::new(Systemd::boot())))
    }

    /// Sets one up in this one.
    pub(crate) fn within(systemd: &'static Systemd) -> Self {
        Self {
            systemd,
            scene: Scene::within(systemd.directory()),
            units: RefCell::default(),
        }
    }

    /// Writes a script into this stage's directory, and gives its path.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        let path = self.scene.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A command that becomes a Sidekiq, for `ExecStart=`; further arguments may follow.
    pub(crate) fn sidekiq_command(&self) -> String {
        let launcher = Version::Seven.launcher().canonicalize().unwrap();
        let becomes = format!("exec {} -c 2 -q default \"$@\"", launcher.display());
        self.script("sidekiq", &becomes)
    }

    /// Lays a service `name` whose section `[Service]` has the lines `service`; its Redis, its
    /// trace and its working directory are those of this stage.
    pub(crate) fn lay(&self, name: &str, service: &str) {
        let text = self.text(name, service);
        let template = name
            .split_once('@')
            .map(|(template, _)| format!("{template}@.service"));
        self.systemd
            .unit(template.as_deref().unwrap_or(name), &text);
        self.units.borrow_mut().push(name.to_owned());
    }

    fn text(&self, name: &str, service: &str) -> String {
        format!(
            "[Unit]\nDescription={name}\n\n[Service]\nWorkingDirectory={}\n\
             Environment=REDIS_URL={}\nEnvironment=DRAINBOARD_TRACE={}\n{service}\n",
            self.scene.path("").display(),
            self.scene.redis.url(),
            self.scene.path("trace").display(),
        )
    }

    /// One whose Redis and directory a user without rights may use.
    pub(crate) fn for_user() -> Self {
        let stage = Self::new();
        stage.systemd.start_user();
        stage.open_to_all();
        stage
    }

    /// Lets users without rights use its Redis and its directory.
    pub(crate) fn open_to_all(&self) {
        let url = self.scene.redis.url();
        let socket = Path::new(url.strip_prefix("unix://").unwrap());
        for path in [&self.scene.path(""), socket.parent().unwrap(), socket] {
            fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        }
    }

    /// Lays a service of the user's systemd.
    pub(crate) fn lay_for_user(&self, name: &str, service: &str) {
        let path = format!("/var/www/.config/systemd/user/{name}");
        self.systemd.write(&path, &self.text(name, service));
        self.as_user(&["systemctl", "--user", "daemon-reload"]);
    }

    /// What `words` print for that user; they must succeed.
    #[track_caller]
    pub(crate) fn as_user(&self, words: &[&str]) -> String {
        let directory = self.systemd.directory();
        let output = self
            .systemd
            .enter_as_user(directory, &[], words)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `drainboard` prints for that user.
    pub(crate) fn drainboard_as_user(&self, arguments: &[&str]) -> String {
        let url = self.scene.redis.url();
        let words = [&[env!("CARGO_BIN_EXE_drainboard")], arguments].concat();
        let directory = self.scene.path("");
        let environment = [("REDIS_URL", url.as_str())];
        let mut command = self.systemd.enter_as_user(&directory, &environment, &words);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    /// Lays a service, starts it and waits until its Sidekiq has beaten.
    pub(crate) fn start(&self, name: &str, service: &str) {
        self.lay(name, service);
        self.systemd.systemctl(&["start", "--", name]);
        until_true("the unit's Sidekiq has beaten", || {
            !self.scene.identities().is_empty()
        });
    }

    /// The pid, in there, of the one Sidekiq that this stage's Redis knows.
    #[track_caller]
    pub(crate) fn sidekiq_pid(&self) -> u32 {
        // A job may begin before its process has registered with its first beat.
        until_true("a Sidekiq is registered", || {
            !self.scene.identities().is_empty()
        });
        let identities = self.scene.identities();
        let [identity] = &identities[..] else {
            panic!("not one Sidekiq: {identities:?}");
        };
        identity.split(':').nth(1).unwrap().parse().unwrap()
    }

    /// Whether that process still runs; one that nobody has waited for yet does not.
    pub(crate) fn runs(&self, pid: u32) -> bool {
        let question = format!("grep -q '^State:[[:space:]][^ZX]' /proc/{pid}/status");
        let directory = self.systemd.directory();
        let mut command = self.systemd.enter(directory, &[], &["sh", "-c", &question]);
        command.output().unwrap().status.success()
    }

    /// The console in there, in a terminal of 120 columns by 40 rows.
    pub(crate) fn console(&self, arguments: &[&str]) -> Terminal {
        let command = self.drainboard_inside(arguments);
        let words = command.get_args().map(|word| word.to_str().unwrap());
        let words: Vec<&str> = words.collect();
        let program = Path::new(command.get_program());
        Terminal::of(program, &self.scene, &words, &[], (120, 40))
    }

    /// `drainboard` in there, with this stage's Redis and directories.
    pub(crate) fn drainboard_inside(&self, arguments: &[&str]) -> Command {
        self.drainboard_under(&[], arguments)
    }

    /// The same, started by another command, such as one that traces it.
    pub(crate) fn drainboard_under(&self, starter: &[&str], arguments: &[&str]) -> Command {
        let state = self.scene.state_dir();
        let url = self.scene.redis.url();
        let environment = [
            ("REDIS_URL", url.as_str()),
            ("STATE_DIRECTORY", state.to_str().unwrap()),
            ("TERM", "xterm-256color"),
        ];
        let words = [starter, &[env!("CARGO_BIN_EXE_drainboard")], arguments].concat();
        self.systemd
            .enter(&self.scene.path(""), &environment, &words)
    }
}

impl Drop for UnitScene {
    fn drop(&mut self) {
        for unit in self.units.borrow().iter() {
            if std::thread::panicking() {
                eprintln!("--- {unit}\n{}", self.systemd.journal(unit));
            }
            // At once: nothing of it is wanted any more.
            let end = format!("systemctl kill -s KILL -- {unit}; systemctl stop -- {unit}");
            let mut command =
                self.systemd
                    .enter(self.systemd.directory(), &[], &["sh", "-c", &end]);
            command.output().unwrap();
        }
    }
}
