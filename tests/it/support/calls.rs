//! What strace saw (`strace -f -o`): system calls in their order, whole again where another
//! process came between, and the processes that were started on the way.

use std::collections::{BTreeSet, HashMap};

/// One system call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Who called.
    pub(crate) by: u32,
    pub(crate) name: String,
    /// All that follows the opening parenthesis, with what came back.
    pub(crate) rest: String,
}

impl Call {
    /// What came back, where that is a number that is not negative.
    fn answer(&self) -> Option<u32> {
        let (_, answer) = self.rest.rsplit_once(" = ")?;
        answer.split(' ').next()?.parse().ok()
    }

    /// The first argument, where it is a pid.
    fn pid(&self) -> Option<u32> {
        self.rest.split([',', ')']).next()?.parse().ok()
    }
}

/// The calls in `trace`, in the order in which they came back.
pub(crate) fn calls(trace: &str) -> Vec<Call> {
    let mut begun: HashMap<u32, String> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((by, what)) = line.split_once(' ') else {
            continue;
        };
        let (by, what): (u32, _) = (by.parse().expect("a pid"), what.trim_start());
        if let Some(first) = what.strip_suffix("<unfinished ...>") {
            begun.insert(by, first.to_owned());
            continue;
        }
        let whole = match what.split_once(" resumed>") {
            Some((_, rest)) if what.starts_with("<... ") => {
                begun.remove(&by).unwrap_or_default() + rest
            }
            _ => what.to_owned(),
        };
        if let Some((name, rest)) = whole.split_once('(')
            && !name.contains([' ', '-', '+'])
        {
            calls.push(Call {
                by,
                name: name.to_owned(),
                rest: rest.to_owned(),
            });
        }
    }
    calls
}

/// The processes, not the threads, that were started.
pub(crate) fn started(calls: &[Call]) -> BTreeSet<u32> {
    let starts = |call: &&Call| {
        matches!(&*call.name, "fork" | "vfork" | "clone" | "clone3")
            && !call.rest.contains("CLONE_THREAD")
    };
    calls
        .iter()
        .filter(starts)
        .filter_map(Call::answer)
        .collect()
}

/// Calls by which a process is signalled, and those that hold one that was not started in here.
/// A child may be waited for by its pidfd.
pub(crate) fn reached_others(calls: &[Call]) -> Vec<&Call> {
    const SENDS: [&str; 6] = [
        "kill",
        "tkill",
        "tgkill",
        "rt_sigqueueinfo",
        "rt_tgsigqueueinfo",
        "pidfd_send_signal",
    ];
    let children = started(calls);
    let holds_another = |call: &&Call| {
        call.name == "pidfd_open" && call.pid().is_none_or(|pid| !children.contains(&pid))
    };
    let all = calls.iter();
    all.filter(|call| SENDS.contains(&&*call.name) || holds_another(call))
        .collect()
}

#[test]
fn only_a_child_may_be_held() {
    let trace = "\
10 execve(\"/bin/drainboard\", [\"drainboard\"], 0x7ffd /* 9 vars */) = 0
10 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11
11 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f} <unfinished ...>
12 execve(\"/bin/systemctl\", [\"systemctl\", \"kill(9\"], 0x7ffd /* 9 vars */ <unfinished ...>
11 <... clone3 resumed>) = 12
12 <... execve resumed>) = 0
10 pidfd_open(12, 0) = 7
10 --- SIGCHLD {si_signo=SIGCHLD, si_pid=12} ---
12 +++ exited with 0 +++
";
    let all = calls(trace);
    assert_eq!(all.len(), 5, "{all:#?}");
    assert_eq!(started(&all), BTreeSet::from([12]));
    assert_eq!(reached_others(&all), [] as [&Call; 0]);
    for another in [
        "10 pidfd_open(4242, 0) = 8",
        "10 pidfd_open(11, PIDFD_THREAD) = 8",
        "10 pidfd_open(4242,  <unfinished ...>\n10 <... pidfd_open resumed>0) = 8",
        "12 kill(12, SIGTERM) = 0",
        "10 tgkill(10, 11, SIGUSR1) = 0",
        "10 pidfd_send_signal(7, SIGTERM, NULL, 0) = 0",
    ] {
        let all = calls(&format!("{trace}{another}\n"));
        assert_eq!(reached_others(&all).len(), 1, "{another}");
    }
}
