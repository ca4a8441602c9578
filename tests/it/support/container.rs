//! A Sidekiq in a pid namespace of its own, as in a container: it is pid 1 there, under the host
//! name of its scene. It ends with the test: `unshare` takes what it started with it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use super::imitation::as_root;
use super::patience::{until, until_true};
use super::scene::Scene;
use super::sidekiq::{TIMEOUT, Version};

/// The Sidekiq.
pub(crate) struct Container {
    child: Child,
}

/// Whether this user may start one.
pub(crate) fn can_contain() -> bool {
    let mut command = as_root();
    command.args(["unshare", "-p", "-f", "true"]);
    command.status().is_ok_and(|status| status.success())
}

/// The host name of the containers of `scene`. Those of other tests are pid 1 too, so only the name
/// parts them, as it does on a machine with many containers.
fn host_name(scene: &Scene) -> String {
    let directory = scene.path("trace");
    let name = directory.parent().and_then(|path| path.file_name());
    let name = name.unwrap().to_str().unwrap();
    name.trim_start_matches('.').to_owned()
}

impl Container {
    /// Starts one on `scene`, and waits until it has beaten.
    pub(crate) fn start(scene: &Scene, version: Version) -> Self {
        let name = format!("DYNO={}", host_name(scene));
        Self::within(&["env", &name], scene, version)
    }

    /// The same, but its name is told by its own namespace of host names alone.
    pub(crate) fn start_with_its_own_host_name(scene: &Scene, version: Version) -> Self {
        let script = r#"echo "$0" >/proc/sys/kernel/hostname && exec env -u HOSTNAME -u DYNO "$@""#;
        let name = host_name(scene);
        Self::within(
            &["unshare", "-u", "bash", "-c", script, &name],
            scene,
            version,
        )
    }

    fn within(surroundings: &[&str], scene: &Scene, version: Version) -> Self {
        let before = scene.identities().len();
        let log = File::create(scene.path(&format!("contained-{before}.log"))).unwrap();
        let (url, trace) = (scene.redis.url(), scene.path("trace"));
        let child = as_root()
            .args(["unshare", "-p", "-f", "-m", "--mount-proc", "--kill-child"])
            .args(surroundings)
            .args(["env", "-u", "REDIS_PROVIDER"])
            .arg(format!("REDIS_URL={url}"))
            .arg(format!("DRAINBOARD_TRACE={}", trace.display()))
            .arg(version.launcher())
            .args(["-t", TIMEOUT, "-c", "2", "-q", "default"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let container = Self { child };
        until_true("the contained Sidekiq has beaten", || {
            scene.identities().len() > before
        });
        container
    }

    /// Ends it as a container that is killed, and waits until its Sidekiq is gone too.
    pub(crate) fn kill(mut self) {
        let sidekiq = self.sidekiq();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        until_true("the contained Sidekiq is gone", || {
            let stat = fs::read_to_string(format!("/proc/{sidekiq}/stat")).unwrap_or_default();
            let state = stat
                .rsplit(") ")
                .next()
                .and_then(|rest| rest.chars().next());
            state.is_none_or(|state| state == 'Z')
        });
    }

    /// The pid of its Sidekiq outside.
    fn sidekiq(&self) -> String {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        children.trim().to_owned()
    }

    /// A second Sidekiq within it, of another application; it has beaten. It ends with the container.
    pub(crate) fn start_beside(&self, scene: &Scene, version: Version) {
        let url = scene.redis.url();
        let mut command = self.within_it();
        command
            .args(["env", "-u", "REDIS_PROVIDER", "-u", "DYNO"])
            .arg(format!("REDIS_URL={url}"))
            .arg(version.launcher())
            .args(["-t", TIMEOUT, "-c", "2", "-q", "default"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut beside = command.spawn().unwrap();
        std::thread::spawn(move || beside.wait());
        until_true("the second one has beaten", || {
            !scene.identities().is_empty()
        });
    }

    /// `drainboard` within it, without an address.
    pub(crate) fn drainboard(&self, scene: &Scene, arguments: &[&str]) -> Command {
        let mut command = self.within_it();
        scene.surround(&mut command);
        command
            .env_remove("REDIS_URL")
            .arg(env!("CARGO_BIN_EXE_drainboard"))
            .args(arguments)
            .arg("--state-dir")
            .arg(scene.state_dir());
        command
    }

    fn within_it(&self) -> Command {
        let mut command = as_root();
        command.args(["nsenter", "--pid", "--mount", "--target", &self.sidekiq()]);
        command
    }

    /// `drainboard drain` within it, where its Sidekiq is pid 1.
    pub(crate) fn drain_command(&self, scene: &Scene, sequence: &str, more: &[&str]) -> Command {
        let outside = scene.drain_command(sequence, more);
        let mut command = self.within_it();
        scene.surround(&mut command);
        command
            .arg(outside.get_program())
            .args(outside.get_args())
            .args(["--redis", &scene.redis.url(), "--state-dir"])
            .arg(scene.state_dir());
        command
    }

    /// Tells it to stop as the kubelet does: TERM to its first process.
    pub(crate) fn stop(&self) {
        let mut command = as_root();
        command.args(["bash", "-c", "kill -TERM $0", &self.sidekiq()]);
        assert!(command.status().unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait_for_end(&mut self) {
        until("it has ended", || self.child.try_wait().unwrap());
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Its pid 1 goes with it, by KILL: as where a container is killed.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
