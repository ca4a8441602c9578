//! A tree of two shells that call themselves a `sidekiqswarm` and its child, and behave so: the
//! parent starts another child when one exits. Both end when their input does.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::patience::until;

const CHILD: &str = "trap 'echo TSTP' TSTP; trap 'echo TERM; exit 0' TERM; echo child $$; \
                     while :; do read -r -t 0.1 line; [ $? -gt 128 ] || exit 0; done";

/// Read by way of `BASH_ENV`: the title must be all of the command line.
const PARENT: &str = r#"
unset BASH_ENV
trap 'stopping=1; kill -TERM $child' TERM
start() { (exec -a 'sidekiq 7.3.2 app [0 of 5 busy]' bash -c "$CHILD" <&3) & child=$!; }
exec 3<&0
start
echo parent $$
while :; do
  read -r -t 0.1 line
  [ $? -gt 128 ] || exit 0
  kill -0 $child 2>/dev/null && continue
  [ -z "$stopping" ] || exit 0
  start
done"#;

/// The tree.
pub(crate) struct Swarm {
    parent: Child,
    _input: ChildStdin,
    said: Arc<Mutex<Vec<String>>>,
    _script: tempfile::NamedTempFile,
}

impl Swarm {
    pub(crate) fn start() -> Self {
        let title = "sidekiqswarm, managing 1 processes";
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(script.path(), PARENT).unwrap();
        let mut parent = Command::new("bash")
            .args(["-c", r#"export BASH_ENV="$1"; exec -a "$0" bash"#, title])
            .arg(script.path())
            .env("CHILD", CHILD)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = parent.stdin.take().unwrap();
        let output = BufReader::new(parent.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                hearing.lock().unwrap().push(line);
            }
        });
        let swarm = Self {
            parent,
            _input: input,
            said,
            _script: script,
        };
        swarm.child(0);
        swarm
    }

    pub(crate) fn parent(&self) -> u32 {
        self.parent.id()
    }

    /// The pid of the child that was started as this one, counted from 0.
    #[track_caller]
    pub(crate) fn child(&self, number: usize) -> u32 {
        until("the swarm's child has started", || {
            let said = self.said.lock().unwrap();
            let mut pids = said.iter().filter_map(|line| line.strip_prefix("child "));
            pids.nth(number).map(|pid| pid.parse().unwrap())
        })
    }

    /// The signals that its children heard.
    pub(crate) fn heard(&self) -> Vec<String> {
        let said = self.said.lock().unwrap();
        let signals = said.iter().filter(|line| !line.contains(' '));
        signals.cloned().collect()
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        // Its child ends with the input.
        self.parent.kill().ok();
        self.parent.wait().ok();
    }
}
