//! A real Sidekiq as `tests/setup` prepares it, with its log in a file. It ends with the test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use drainboard::host::{Held, Scanner};

use super::redis_server::RedisServer;

/// A running Sidekiq.
pub(crate) struct RealSidekiq {
    child: Child,
}

impl RealSidekiq {
    /// Starts that of the major version `major`; its standard output goes to a file in
    /// `directory`.
    pub(crate) fn start(
        major: u8,
        redis: &RedisServer,
        directory: &Path,
        arguments: &[&str],
    ) -> Self {
        let place = std::env::var("DRAINBOARD_SIDEKIQ_DIR")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target/sidekiq").into());
        let output = File::create(directory.join(format!("sidekiq{major}.log"))).unwrap();
        let child = Command::new(format!("{place}/{major}/run"))
            .args(arguments)
            .current_dir(directory)
            .env("REDIS_URL", redis.url())
            .env_remove("REDIS_PROVIDER")
            .env_remove("DYNO")
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .expect("this Sidekiq does not start: run tests/setup");
        Self { child }
    }

    /// Its pid.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Held, to be signalled.
    pub(crate) fn hold(&self) -> Held {
        let pid = self.pid();
        let look = Scanner::new().unwrap().scan(&[pid]).unwrap();
        let found = look
            .processes
            .iter()
            .find(|process| process.id.pid == pid)
            .expect("it runs");
        Held::open(found.id, found.surroundings.uid).unwrap()
    }
}

impl Drop for RealSidekiq {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
