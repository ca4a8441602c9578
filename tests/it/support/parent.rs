//! A shell above real Sidekiqs that calls itself what the test wants, and starts another one when
//! one exits. All end with its input.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::process::{Child, ChildStdin, Command, Stdio};

use super::patience::{until, until_true};
use super::scene::Scene;
use super::sidekiq::{TIMEOUT, Version};

/// Read by way of `BASH_ENV`: the title must be all of the command line.
const SCRIPT: &str = r#"
unset BASH_ENV
trap 'stopping=1; kill -TERM "${children[@]}" 2>/dev/null' TERM
trap : TSTP
start() {
  "$LAUNCHER" -t "$LIMIT" -c 2 -q default </dev/null >>"$LOG" 2>&1 &
  children+=($!)
}
exec 3<&0
for number in $(seq "$COUNT"); do start; done
while [ ${#children[@]} -gt 0 ]; do
  read -r -t 0.1 line
  [ $? -gt 128 ] || { kill -KILL "${children[@]}"; exit 0; }
  for number in "${!children[@]}"; do
    kill -0 "${children[number]}" 2>/dev/null && continue
    unset "children[number]"
    [ -n "$stopping" ] || start
  done
done"#;

/// The shell.
pub(crate) struct Parent {
    child: Child,
    input: Option<ChildStdin>,
    _script: tempfile::NamedTempFile,
}

impl Parent {
    /// One called `title` above so many Sidekiqs of 7.3, which have all beaten. It starts another
    /// one for each that exits.
    pub(crate) fn start(scene: &Scene, title: &str, count: usize) -> Self {
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(script.path(), SCRIPT).unwrap();
        let mut child = Command::new("bash")
            .args(["-c", r#"export BASH_ENV="$1"; exec -a "$0" bash"#, title])
            .arg(script.path())
            .env("LAUNCHER", Version::Seven.launcher())
            .env("LIMIT", TIMEOUT)
            .env("LOG", scene.path("kept.log"))
            .env("COUNT", count.to_string())
            .env("REDIS_URL", scene.redis.url())
            .env("DRAINBOARD_TRACE", scene.path("trace"))
            .env_remove("REDIS_PROVIDER")
            .env_remove("DYNO")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let parent = Self {
            child,
            input,
            _script: script,
        };
        until_true("all of them have beaten", || {
            scene.identities().len() >= count
        });
        parent
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended.
    pub(crate) fn wait_for_end(&mut self) {
        until("it has ended", || self.child.try_wait().unwrap());
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        // It takes those below it along.
        self.input.take();
        self.child.wait().ok();
    }
}
