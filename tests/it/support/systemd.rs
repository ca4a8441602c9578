//! A real systemd beside the machine's, in namespaces of its own (`tests/systemd/boot`): one for
//! the whole test program, started by the first test that needs it. It ends with the program,
//! however that ends, because its standard input does.
//!
//! Nothing in it is the machine's but the network and one directory.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Where a command looks for programs in there.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A user without any rights that every Debian has (www-data), and its home.
pub(crate) const USER: u32 = 33;
const HOME: &str = "/var/www";

/// What makes a command one of `user`, by name or number.
pub(crate) fn becomes(user: &str) -> [&str; 6] {
    [
        "setpriv",
        "--reuid",
        user,
        "--regid",
        user,
        "--clear-groups",
    ]
}

/// A running systemd. Every test of the program shares it: a unit's name is the test's own.
pub(crate) struct Systemd {
    /// Its first process, as the machine numbers it.
    init: u32,
    directory: PathBuf,
    /// What started it; it ends with this one's standard input.
    keeper: Child,
}

impl Systemd {
    /// The one of this test program.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Systemd> = OnceLock::new();
        SHARED.get_or_init(Self::boot)
    }

    /// Another one, for the test of its end.
    pub(crate) fn boot() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/systemd/boot");
        let mut keeper = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(keeper.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["booted", init, directory] = words[..] else {
            panic!("no systemd of its own here: root, or sudo without a password, is needed");
        };
        Self {
            init: init.parse().unwrap(),
            directory: PathBuf::from(directory),
            keeper,
        }
    }

    /// Lets go of it, as the end of its caller does, and waits until what started it has ended.
    pub(crate) fn let_go(mut self) -> u32 {
        drop(self.keeper.stdin.take());
        assert!(self.keeper.wait().unwrap().success());
        self.init
    }

    /// The directory that is the same in there and on the machine.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// `words` as a command in there, as root, in `directory`, with nothing but `environment`.
    pub(crate) fn enter(
        &self,
        directory: &Path,
        environment: &[(&str, &str)],
        words: &[&str],
    ) -> Command {
        let mut command = if rustix::process::geteuid().is_root() {
            Command::new("nsenter")
        } else {
            let mut command = Command::new("sudo");
            command.args(["-n", "nsenter"]);
            command
        };
        command
            .args(["--target", &self.init.to_string()])
            .args(["--mount", "--pid", "--uts", "--ipc", "--cgroup", "--"])
            .args(["/usr/bin/env", "--ignore-environment", "--chdir"])
            .arg(directory)
            .args([PATH, "LANG=C.UTF-8"])
            .args(
                environment
                    .iter()
                    .map(|(name, value)| format!("{name}={value}")),
            )
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the systemd of the user [`USER`] as the machine's own would, but without a login,
    /// which would need more services.
    pub(crate) fn start_user(&self) {
        static STARTED: OnceLock<()> = OnceLock::new();
        STARTED.get_or_init(|| {
            self.output(&["sh", "-c", &format!(
                "mkdir -p {HOME} /run/user/{USER} && chown -R {USER}:{USER} {HOME} /run/user/{USER} && chmod 700 /run/user/{USER}"
            )]);
            self.unit(
                "user@.service",
                "[Service]\nType=notify\nUser=%i\nSlice=user-%i.slice\nDelegate=yes\n\
                 ExecStart=/lib/systemd/systemd --user\n\
                 Environment=XDG_RUNTIME_DIR=/run/user/%i SYSTEMD_LOG_TARGET=journal\n",
            );
            self.systemctl(&["start", &format!("user@{USER}.service")]);
        });
    }

    /// `words` as a command in there, as the user [`USER`].
    pub(crate) fn enter_as_user(
        &self,
        directory: &Path,
        environment: &[(&str, &str)],
        words: &[&str],
    ) -> Command {
        let user = USER.to_string();
        let runtime = format!("/run/user/{USER}");
        let own = [("XDG_RUNTIME_DIR", runtime.as_str()), ("HOME", HOME)];
        let words = [&becomes(&user)[..], words].concat();
        self.enter(directory, &[&own, environment].concat(), &words)
    }

    /// What `words` print in there; they must succeed.
    #[track_caller]
    pub(crate) fn output(&self, words: &[&str]) -> String {
        let output = self.enter(&self.directory, &[], words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// `systemctl` with `words`; it must succeed.
    #[track_caller]
    pub(crate) fn systemctl(&self, words: &[&str]) -> String {
        self.output(&[&["systemctl", "--no-pager"], words].concat())
    }

    /// Writes a file in there, with the directories above it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let script = "mkdir -p \"${0%/*}\" && cat >\"$0\"";
        let mut child = self
            .enter(&self.directory, &[], &["sh", "-c", script, path])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success(), "{path} is written");
    }

    /// Gives it a unit, as `/etc/systemd/system/NAME`. What it had of that name is loaded anew.
    pub(crate) fn unit(&self, name: &str, text: &str) {
        self.write(&format!("/etc/systemd/system/{name}"), text);
        self.systemctl(&["daemon-reload"]);
    }

    /// One property of a unit, as `systemctl show` prints it.
    pub(crate) fn property(&self, unit: &str, name: &str) -> String {
        let text = self.systemctl(&["show", "--value", "-p", name, "--", unit]);
        text.trim_end().to_owned()
    }

    /// What systemd and the unit wrote to the journal about it.
    pub(crate) fn journal(&self, unit: &str) -> String {
        self.output(&[
            "journalctl",
            "--no-pager",
            "--quiet",
            "-o",
            "cat",
            "-u",
            unit,
        ])
    }
}
