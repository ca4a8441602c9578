//! Holding, signalling, locking and scanning real processes. Each test starts its own and ends
//! them through its own handle.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use drainboard::clock;
use drainboard::core::fleet::{ExitStatus, LocalId, LocalProcess, Observation, RunState, Title};
use drainboard::core::sequence::Signal;
use drainboard::host::{
    Held, HeldError, HostSource, Lock, LockError, Scanner, SendError, Wanted, exited,
};
use tokio::sync::{mpsc, watch};

/// Longer than anything here takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(20);

const TITLE: &str = "sidekiq 7.3.2 app [2 of 5 busy]";

/// A shell that calls itself a Sidekiq and does what its script says.
struct Imitation {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Imitation {
    /// Starts it and waits until its script has said that it is ready.
    fn start(traps: &str) -> Self {
        Self::start_with(traps, &mut Command::new("bash"))
    }

    fn start_with(traps: &str, command: &mut Command) -> Self {
        let script = format!("{traps}\necho ready\nwhile :; do sleep 0.02; done");
        let mut child = command
            .args(["-c", r#"exec -a "$0" bash -c "$1""#, TITLE, &script])
            .env("REDIS_URL", "redis://:secret@localhost/3")
            .env_remove("REDIS_PROVIDER")
            .env_remove("DYNO")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut imitation = Self { child, said };
        assert_eq!(imitation.hear(), "ready");
        imitation
    }

    /// The next line that it writes.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn look(&self) -> LocalProcess {
        look(self.child.id())
    }

    fn hold(&self) -> Held {
        let process = self.look();
        Held::open(process.id, process.surroundings.uid).unwrap()
    }
}

impl Drop for Imitation {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn look(pid: u32) -> LocalProcess {
    let look = Scanner::new().unwrap().scan(&[pid]).unwrap();
    let found = look
        .processes
        .into_iter()
        .find(|process| process.id.pid == pid);
    found.unwrap()
}

/// Looks again and again until the process is as wanted.
fn wait_until(pid: u32, wanted: impl Fn(&LocalProcess) -> bool) {
    let end = clock::now().after(LIMIT);
    while !wanted(&look(pid)) {
        assert!(clock::now() < end, "{:?}", look(pid));
        std::thread::yield_now();
    }
}

#[test]
fn a_process_is_found_by_its_title() {
    let imitation = Imitation::start("trap 'echo tstp' TSTP");
    let host = Scanner::new().unwrap().scan(&[]).unwrap();
    let pid = imitation.child.id();
    let process = host
        .processes
        .iter()
        .find(|process| process.id.pid == pid)
        .unwrap();
    assert!(
        matches!(&process.title, Title::Beating { version, busy: 2, .. } if version == "7.3.2")
    );
    assert_eq!(process.run_state, RunState::Alive);
    let age = host.at.epoch() - process.started_at;
    assert!((-0.1..20.0).contains(&age), "{age}");
    assert!(process.rss_kb.unwrap() > 0);
    let around = &process.surroundings;
    assert_eq!(around.swarm(), None);
    assert_eq!(around.inner_pid, pid);
    assert_eq!(around.hostnames, [&*host.hostname]);
    assert_eq!(
        around.redis_url.as_ref().unwrap().to_string(),
        "redis://localhost/3"
    );
    let caught = process.caught.unwrap();
    assert!(caught.has(20) && !caught.has(21));
}

#[tokio::test]
async fn signals_are_heard_and_the_exit_is_noticed() {
    let mut imitation = Imitation::start("trap 'echo tstp' TSTP; trap 'exit 7' TERM");
    let held = Arc::new(imitation.hold());
    assert_eq!(held.may_signal(), Ok(()));
    held.send(Signal::Tstp, || true).unwrap();
    assert_eq!(imitation.hear(), "tstp");
    assert!(!held.has_exited());
    let exit = tokio::spawn(exited(Arc::clone(&held)));
    let sent = held.send(Signal::Term, || true).unwrap();
    let exit = tokio::time::timeout(LIMIT, exit)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let Observation::Exited {
        process,
        at,
        status,
    } = exit
    else {
        panic!("{exit:?}");
    };
    assert_eq!((process, status), (held.id(), Some(ExitStatus::Code(7))));
    assert!(at > sent.at);
    assert_eq!(
        held.send(Signal::Kill, || true),
        Err(SendError::Gone(held.id()))
    );
}

#[test]
fn a_process_without_a_handler_gets_no_tstp() {
    for traps in ["", "trap '' TSTP", "trap 'echo ttin' TTIN"] {
        let imitation = Imitation::start(traps);
        let held = imitation.hold();
        let (id, signal) = (held.id(), Signal::Tstp);
        assert_eq!(
            held.send(signal, || true),
            Err(SendError::NoHandler { id, signal }),
            "{traps}"
        );
        assert_eq!(imitation.look().run_state, RunState::Alive);
    }
}

#[test]
fn a_suspended_process_would_not_hear_it() {
    let mut imitation = Imitation::start("trap 'echo tstp' TSTP");
    let held = imitation.hold();
    held.send(Signal::Stop, || true).unwrap();
    wait_until(held.id().pid, |process| {
        process.run_state == RunState::Suspended
    });
    assert_eq!(
        held.send(Signal::Tstp, || true),
        Err(SendError::Suspended(held.id()))
    );
    held.send(Signal::Cont, || true).unwrap();
    wait_until(held.id().pid, |process| {
        process.run_state == RunState::Alive
    });
    held.send(Signal::Tstp, || true).unwrap();
    assert_eq!(imitation.hear(), "tstp");
}

#[test]
fn an_end_that_nobody_has_reaped_is_an_exit() {
    let imitation = Imitation::start("");
    let held = imitation.hold();
    let (id, uid) = (held.id(), held.uid());
    held.send(Signal::Kill, || true).unwrap();
    wait_until(id.pid, |process| process.run_state == RunState::Ended);
    assert!(held.has_exited());
    assert_eq!(held.exit_status(), Some(ExitStatus::Signal(9)));
    assert_eq!(held.may_signal(), Err(SendError::Gone(id)));
    assert_eq!(held.send(Signal::Term, || true), Err(SendError::Gone(id)));
    assert_eq!(Held::open(id, uid).unwrap_err(), HeldError::Gone(id));
}

#[test]
fn another_start_time_is_another_process() {
    let imitation = Imitation::start("");
    let LocalProcess {
        id, surroundings, ..
    } = imitation.look();
    let earlier = LocalId {
        start_ticks: id.start_ticks - 1,
        ..id
    };
    assert_eq!(
        Held::open(earlier, surroundings.uid).unwrap_err(),
        HeldError::Reused(earlier)
    );
}

#[test]
fn a_process_of_another_user_is_shown_and_told_apart() {
    const NOBODY: u32 = 65534;
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let imitation = Imitation::start_with("", Command::new("bash").uid(NOBODY).current_dir("/"));
    let process = imitation.look();
    assert_eq!(process.surroundings.uid, NOBODY);
    assert!(process.threads.is_some() && process.caught.is_some());
    assert!(matches!(
        Held::open(process.id, 0),
        Err(HeldError::OtherUser {
            expected: 0,
            found: NOBODY,
            ..
        })
    ));
    assert_eq!(imitation.hold().may_signal(), Ok(()));
    assert!(Lock::take(process.id, "run", None).is_ok());
}

#[tokio::test]
async fn the_source_reports_scans_and_exits_until_nobody_listens() {
    let imitation = Imitation::start("");
    let held = Arc::new(imitation.hold());
    let id = held.id();
    let (holds, held_by_source) = mpsc::channel(4);
    let (observations, mut seen) = mpsc::channel(4);
    let (_wanted, wanted) = watch::channel(Wanted {
        pids: Vec::new(),
        period: Duration::from_millis(10),
    });
    let source = HostSource {
        scanner: Scanner::new().unwrap(),
        wanted,
        held: held_by_source,
        observations,
        units: watch::Sender::default(),
        logging: watch::channel(Vec::new()).0,
    };
    let task = tokio::spawn(source.run());
    holds.send(Arc::clone(&held)).await.unwrap();
    let lists = |observation: &Observation| {
        matches!(observation, Observation::Host(look)
            if look.processes.iter().any(|process| process.id == id))
    };
    let mut next = async || {
        tokio::time::timeout(LIMIT, seen.recv())
            .await
            .unwrap()
            .unwrap()
    };
    while !lists(&next().await) {}
    held.send(Signal::Kill, || true).unwrap();
    loop {
        if let Observation::Exited {
            process, status, ..
        } = next().await
        {
            assert_eq!((process, status), (id, Some(ExitStatus::Signal(9))));
            break;
        }
    }
    drop(seen);
    tokio::time::timeout(LIMIT, task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

/// `flock(1)` that holds a lock until its input ends.
struct Flock {
    child: Child,
    input: Option<ChildStdin>,
}

impl Flock {
    fn hold(path: &str) -> Self {
        let mut child = Command::new("flock")
            .args([path, "-c", "echo locked; read -r _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        let input = child.stdin.take();
        Self { child, input }
    }

    fn end(mut self) {
        self.input.take().unwrap().write_all(b"\n").unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn two_processes_exclude_each_other_from_a_target() {
    let imitation = Imitation::start("");
    let id = imitation.look().id;
    let path = format!("/proc/{}", id.pid);
    let other = Flock::hold(&path);
    // A program that is no drainboard holds it. Root passes it by, and has no other place to lock.
    let refused = Lock::take(id, "run", None).unwrap_err();
    assert!(
        !matches!(refused, LockError::HeldBy { .. })
            && refused.to_string().contains("no drainboard"),
        "{refused}"
    );
    other.end();
    let lock = Lock::take(id, "run", None).unwrap();
    let try_it = || {
        Command::new("flock")
            .args(["-n", &path, "true"])
            .status()
            .unwrap()
    };
    assert!(!try_it().success());
    drop(lock);
    // A child that another test starts holds the lock's file until it has become its program.
    let freed = Command::new("flock")
        .args(["-w", "30", &path, "true"])
        .status()
        .unwrap();
    assert!(freed.success());
}
