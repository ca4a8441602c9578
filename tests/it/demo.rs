//! The demo as somebody starts it: it plays through, every outcome occurs, and no child is left
//! behind, whatever becomes of the program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;

use drainboard::core::fleet::{Job, ProcessKey, State};
use drainboard::core::session::Session;
use drainboard::demo::{self, Script};
use drainboard::host::Scanner;
use drainboard::shell::World;

const PROGRAM: &str = env!("CARGO_BIN_EXE_drainboard");
/// Longer than anything here takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A whole drain, at the first speed that this machine keeps up with: one that stands still for
/// too long holds a drain, and rightly.
fn played(arguments: &[&str]) -> Vec<Value> {
    let mut last = Vec::new();
    for speed in ["8", "4", "2"] {
        let Output { stdout, status, .. } = Command::new(PROGRAM)
            .args(["demo", "--auto", "--json", "--speed", speed])
            .args(arguments)
            .output()
            .unwrap();
        last = String::from_utf8(stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        if status.code() != Some(5) {
            assert!(matches!(status.code(), Some(3 | 4)), "{last:?}");
            break;
        }
    }
    last
}

fn events<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == name).collect()
}

fn fate_of<'a>(lines: &'a [Value], class: &str) -> Vec<&'a str> {
    events(lines, "reconciled")
        .into_iter()
        .filter(|line| line["class"] == class)
        .map(|line| line["fate"].as_str().unwrap())
        .collect()
}

#[test]
fn a_demo_names_no_report_for_it_keeps_no_record() {
    let arguments = [
        "demo",
        "--auto",
        "--speed",
        "20",
        "--sequence",
        "tstp, 2, term",
    ];
    let ended = Command::new(PROGRAM).args(arguments).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains(" after "), "{said}");
    assert!(!said.contains("drainboard report"), "{said}");
}

#[test]
fn a_drain_plays_through_and_every_outcome_occurs() {
    let lines = played(&[]);
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "finished");
    assert_eq!(last["outcome"], "requeued", "{last}");
    let seconds = last["seconds"].as_f64().unwrap();
    assert!((75.0..110.0).contains(&seconds), "{last}");
    let jobs = &last["jobs"];
    assert!(jobs["finished"].as_u64().unwrap() >= 3, "{last}");
    assert_eq!((&jobs["lost"], &jobs["unknown"]), (&0.into(), &0.into()));
    for class in ["ReportBuild", "CatalogImport", "CrmSync", "PriceOptimizer"] {
        assert!(fate_of(&lines, class).contains(&"pushed_back"), "{class}");
    }
    assert!(fate_of(&lines, "CarrierLabel").contains(&"retried"));

    let signals = |name: &str| {
        let sent = events(&lines, "signal_sent");
        sent.iter().filter(|line| line["signal"] == name).count()
    };
    assert_eq!((signals("TSTP"), signals("TERM")), (5, 4));
    assert!((1..=2).contains(&signals("KILL")), "one is stuck");
    let exited = events(&lines, "exited");
    assert_eq!(exited.len(), 5);
    assert!(exited.iter().any(|line| line["clean"] == false));
    assert!(exited.iter().any(|line| line["clean"] == true));
}

#[test]
fn a_kill_that_waits_for_nothing_leaves_the_fate_of_a_job_open_whose_push_back_is_late() {
    let lines = played(&["--kill", "follow"]);
    assert_eq!(lines.last().unwrap()["outcome"], "lost");
    // No log says that it ran to the end.
    assert_eq!(fate_of(&lines, "PriceOptimizer"), ["unknown"]);
    assert_eq!(fate_of(&lines, "CrmSync"), ["pushed_back"]);
}

/// A demo in the middle of a drain.
struct Playing {
    program: Child,
    lines: BufReader<ChildStdout>,
    children: Vec<u32>,
}

impl Playing {
    fn start() -> Self {
        let mut program = Command::new(PROGRAM)
            .args(["demo", "--auto", "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap());
        let mut playing = Self {
            program,
            lines,
            children: Vec::new(),
        };
        while playing.children.len() < 5 {
            let line = playing.line().expect("it ended before the first signal");
            if line["event"] == "signal_sent" {
                let pid = line["pid"].as_u64().unwrap();
                playing.children.push(u32::try_from(pid).unwrap());
            }
        }
        assert!(playing.children.iter().all(|pid| is_child(*pid)));
        playing
    }

    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).unwrap();
        (read > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    fn signal(&self, number: Signal) {
        signal(Pid::from_child(&self.program), number);
    }

    /// Waits until the program has ended and no child is there any more.
    #[expect(clippy::disallowed_methods, reason = "a deadline for the whole")]
    fn all_end(mut self) -> Option<i32> {
        let status = self.program.wait().unwrap();
        let deadline = Instant::now() + LIMIT;
        while self.children.iter().any(|pid| is_child(*pid)) {
            let left: Vec<_> = self.children.iter().filter(|pid| is_child(**pid)).collect();
            assert!(Instant::now() < deadline, "left behind: {left:?}");
            std::thread::yield_now();
        }
        status.code()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's own child, or a child of that"
)]
fn signal(pid: Pid, number: Signal) {
    let held = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    pidfd_send_signal(held, number).unwrap();
}

/// Whether this is a living child of a demo.
fn is_child(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    stat.contains("(drainboard-demo)") && !stat.contains(") Z ")
}

#[test]
fn no_child_outlives_a_program_that_is_killed() {
    let playing = Playing::start();
    // One that is suspended reads no end of its input.
    signal(
        Pid::from_raw(i32::try_from(playing.children[0]).unwrap()).unwrap(),
        Signal::STOP,
    );
    playing.signal(Signal::KILL);
    assert_eq!(playing.all_end(), None);
}

#[test]
fn no_child_outlives_a_hang_up_or_an_interrupt() {
    for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT] {
        let playing = Playing::start();
        playing.signal(signal);
        assert_eq!(playing.all_end(), Some(5));
    }
}

#[test]
fn the_children_are_no_processes_of_this_host() {
    let playing = Playing::start();
    let look = Scanner::new().unwrap().scan(&playing.children).unwrap();
    let seen: Vec<u32> = look.processes.iter().map(|found| found.id.pid).collect();
    assert!(playing.children.iter().all(|pid| !seen.contains(pid)));
    playing.signal(Signal::INT);
    playing.all_end();
}

#[test]
fn a_child_is_started_by_the_demo_alone() {
    use std::os::unix::process::CommandExt;

    let output = Command::new(PROGRAM)
        .arg0("drainboard-demo")
        .arg("{}")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("only the demo itself starts this"), "{said}");
}

/// Takes observations in until `done`.
async fn watch(world: &mut World, session: &mut Session, done: impl Fn(&Session) -> bool) {
    let observing = async {
        while !done(session) {
            let observation = world.observations.recv().await.unwrap();
            let now = (world.clock)();
            assert!(session.observe(observation, now).is_empty());
        }
    };
    let limit = tokio::time::timeout(LIMIT, observing).await;
    limit.expect("it was not seen in time");
}

#[tokio::test]
async fn the_first_look_shows_work_and_a_drain_brings_the_replacement() {
    let script = Script {
        speed: 10.0,
        program: PROGRAM.into(),
        ..Script::default()
    };
    let mut session = demo::session(&script).unwrap();
    let mut world = demo::world(&script).unwrap();
    watch(&mut world, &mut session, |session| {
        session.fleet.looked.is_some()
    })
    .await;
    let now = (world.clock)();
    let targets = session.default_targets();
    assert_eq!(targets.len(), 5, "the stranger is none of them");
    assert_eq!(session.fleet.processes.len(), 6);
    let targeted = |key: &ProcessKey| targets.contains(key);
    let processes = session.fleet.processes.iter();
    let processes: Vec<_> = processes
        .filter(|(key, _)| targeted(key))
        .map(|(_, process)| process)
        .collect();
    let busy = processes.iter().filter(|process| !process.jobs.is_empty());
    assert_eq!(busy.clone().count(), 5);
    for process in busy {
        let alone = process
            .jobs
            .iter()
            .all(|job| job.work.class == "SupplierFeed");
        let least = if alone { 1 } else { 2 };
        assert!(process.jobs.len() >= least, "{:?}", process.identity);
        assert!(process.beat.as_ref().unwrap().age(now) > Duration::ZERO);
        let elapsed = process.jobs.iter().map(|job| job.elapsed(now).unwrap());
        assert!(elapsed.min().unwrap() >= Duration::from_secs(1));
        assert!(!process.timeout(None).is_assumed());
    }
    let stuck = |job: &Job| job.work.class == "CrmSync";
    assert!(
        processes
            .iter()
            .any(|process| process.jobs.iter().any(stuck))
    );

    world.plugs.begin(&targets, &mut session, now).unwrap();
    let replacement = |session: &Session, wanted: State| {
        let mut others = session.fleet.processes.iter();
        others.any(|(key, process)| {
            let unit = process
                .local
                .as_ref()
                .and_then(|local| local.surroundings.unit_name());
            unit == Some("sidekiq-web@3.service") && session.state(key, process, now) == wanted
        })
    };
    watch(&mut world, &mut session, |session| {
        replacement(session, State::Booting)
    })
    .await;
    watch(&mut world, &mut session, |session| {
        replacement(session, State::Running) && session.default_targets().len() == 6
    })
    .await;
}
