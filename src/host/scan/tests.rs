//! Scans of fixture trees laid out as `/proc`.

mod above;
mod again;

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::*;
use crate::core::fleet::{Above, Threads};
use crate::core::sequence::Timeout;

/// A tree that looks like `/proc`.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("self/ns")).unwrap();
        symlink("uts:[1]", place.path().join("self/ns/uts")).unwrap();
        fs::write(place.path().join("uptime"), "1 1").unwrap();
        Self(place)
    }

    fn process(&self, pid: u32, command_line: &[u8]) -> Fixture {
        let fixture = Fixture(self.0.path().join(pid.to_string()));
        fs::create_dir_all(fixture.0.join("ns")).unwrap();
        // A process may be written anew.
        symlink("uts:[1]", fixture.0.join("ns/uts")).ok();
        fixture
            .file("cmdline", command_line)
            .stat(pid, "ruby", 'S', 1, 4000)
            .file("status", format!("Uid:\t33\t33\t33\t33\nNSpid:\t{pid}\nVmRSS:\t 31476 kB\nSigCgt:\t0000000142197e4b\n"))
            .file("cgroup", "0::/system.slice/sidekiq@1.service\n")
            .file("environ", "REDIS_URL=redis://:secret@10.0.0.5/1\0")
    }

    fn scanner(&self) -> Scanner {
        Scanner::of(self.0.path(), "util1").unwrap()
    }
}

/// A process of it.
struct Fixture(PathBuf);

impl Fixture {
    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn stat(self, pid: u32, comm: &str, state: char, parent: u32, start_ticks: u64) -> Self {
        let line = format!(
            "{pid} ({comm}) {state} {parent}{} {start_ticks} 0 0",
            " 0".repeat(17)
        );
        self.file("stat", line)
    }

    fn threads(self, names: &[&str]) -> Self {
        let mut fixture = self;
        for (index, name) in names.iter().enumerate() {
            fixture = fixture.file(&format!("task/{}/comm", index + 1), format!("{name}\n"));
        }
        fixture
    }
}

const TITLE: &[u8] = b"sidekiq 7.3.2 app [2 of 5 busy]\0\0\0";

#[test]
fn a_whole_process() {
    let tree = Tree::new();
    tree.process(4242, TITLE).threads(&[
        "ruby",
        "sidekiq.heartbe",
        "sidekiq.default",
        "sidekiq.default",
    ]);
    let look = tree.scanner().scan(&[]).unwrap();
    assert_eq!(look.hostname, "util1");
    let process = &look.processes[0];
    assert_eq!((process.id.pid, process.id.start_ticks), (4242, 4000));
    assert!(matches!(&process.title, Title::Beating { tag, .. } if tag == "app"));
    assert_eq!(process.run_state, RunState::Alive);
    assert_eq!(process.rss_kb, Some(31476));
    assert!(process.caught.unwrap().has(20));
    let Threads {
        processors,
        heartbeat,
        ..
    } = process.threads.unwrap();
    assert_eq!((processors, heartbeat), (2, true));
    let around = &process.surroundings;
    assert_eq!((around.uid, around.inner_pid), (33, 4242));
    assert_eq!(around.unit_name(), Some("sidekiq@1.service"));
    assert_eq!(around.hostnames, ["util1"]);
    assert_eq!(
        around.redis_url.as_ref().unwrap().expose(),
        "redis://:secret@10.0.0.5/1"
    );
    assert_eq!(around.above, Above::default());
    let expected = look.at.epoch() - look.at.since_boot().as_secs_f64() + 40.0;
    assert!((process.started_at - expected).abs() < 0.001);
}

#[test]
fn only_sidekiqs_and_what_is_asked_for() {
    let tree = Tree::new();
    tree.process(10, b"vim\0sidekiq.rb\0");
    tree.process(11, b"puma 6.4.0 [app]\0");
    tree.process(12, b"").stat(12, "kthreadd", 'S', 0, 1);
    tree.process(13, TITLE)
        .stat(13, "drainboard-demo", 'S', 1, 1);
    tree.process(14, b"bundle\0exec\0sidekiq\0");
    let pids = |wanted: &[u32]| -> Vec<u32> {
        let look = tree.scanner().scan(wanted).unwrap();
        look.processes
            .iter()
            .map(|process| process.id.pid)
            .collect()
    };
    assert_eq!(pids(&[]), [14]);
    assert_eq!(pids(&[11, 12, 13, 99]), [11, 12, 14]);
    let look = tree.scanner().scan(&[12]).unwrap();
    assert_eq!(
        look.processes[0].title,
        Title::Other("[kthreadd]".to_owned())
    );
}

#[test]
fn what_may_not_be_read_is_unknown() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE);
    for name in ["environ", "cgroup", "ns/uts"] {
        fs::remove_file(process.0.join(name)).unwrap();
    }
    process.file("status", "Uid:\t33\t33\t33\t33\nNSpid:\t4242\n");
    let look = tree.scanner().scan(&[]).unwrap();
    let process = &look.processes[0];
    assert_eq!(
        (process.rss_kb, process.caught, process.threads),
        (None, None, None)
    );
    assert_eq!(process.surroundings.unit, None);
    assert_eq!(process.surroundings.redis_url, None);
    // One pid alone: it counts as we do, so it is in no container.
    assert_eq!(process.surroundings.hostnames, ["util1"]);
}

#[test]
fn a_containers_names_are_its_own() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE);
    fs::remove_file(process.0.join("ns/uts")).unwrap();
    symlink("uts:[2]", process.0.join("ns/uts")).unwrap();
    process
        .file("status", "Uid:\t0\t0\t0\t0\nNSpid:\t4242\t7\n")
        .file("root/etc/hostname", "web-1\n")
        .file("environ", "HOSTNAME=web-1\0DYNO=worker.1\0");
    let look = tree.scanner().scan(&[]).unwrap();
    let around = &look.processes[0].surroundings;
    assert_eq!(around.inner_pid, 7);
    assert_eq!(around.hostnames, ["worker.1", "web-1"]);
}

#[test]
fn children_of_a_swarm() {
    let tree = Tree::new();
    tree.process(20, b"sidekiqswarm, managing 2 processes\0");
    tree.process(21, TITLE).stat(21, "ruby", 'S', 20, 5000);
    tree.process(22, TITLE);
    let look = tree.scanner().scan(&[]).unwrap();
    let swarm: Vec<Option<u32>> = look
        .processes
        .iter()
        .map(|process| process.surroundings.swarm())
        .collect();
    assert_eq!(swarm, [None, Some(20), None]);
    assert_eq!(look.processes[0].title, Title::Swarm);
}

#[test]
fn a_timeout_is_remembered_once_the_title_has_replaced_it() {
    let tree = Tree::new();
    let process = tree.process(4242, b"ruby\0bin/sidekiq\0-t\x0060\0");
    tree.process(30, b"sh\0-c\0bundle exec sidekiq -t 45\0");
    tree.process(31, TITLE).stat(31, "ruby", 'S', 30, 1);
    let mut scanner = tree.scanner();
    let first = scanner.scan(&[]).unwrap();
    process.file("cmdline", TITLE);
    let second = scanner.scan(&[]).unwrap();
    let timeout = |look: &HostLook, pid| {
        let found = look.processes.iter().find(|process| process.id.pid == pid);
        found.unwrap().surroundings.stated_timeout.clone()
    };
    let stated = |seconds, place: &str| Some(Timeout::stated(Duration::from_secs(seconds), place));
    assert_eq!(
        timeout(&first, 4242),
        stated(60, "-t at the command line of pid 4242")
    );
    assert_eq!(timeout(&second, 4242), timeout(&first, 4242));
    assert_eq!(
        timeout(&second, 31),
        stated(45, "-t at the command line of its parent, pid 30")
    );
}

/// Writes a file that is as old as the machine, or new.
fn dated(process: &Fixture, name: &str, content: &str, is_old: bool) {
    let path = process.0.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    if is_old {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    }
}

/// The timeout of the only process of a tree.
fn timeout_of(tree: &Tree) -> Option<(u64, String)> {
    let look = tree.scanner().scan(&[]).unwrap();
    let stated = look.processes[0].surroundings.stated_timeout.clone()?;
    Some((stated.span.as_secs(), stated.origin.text().to_owned()))
}

#[test]
fn a_timeout_is_found_in_the_files_below_the_working_directory() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE);
    let stated = |seconds, origin: &str| Some((seconds, origin.to_owned()));
    assert_eq!(timeout_of(&tree), None);
    let yml = ":concurrency: 5\n:timeout: 60\nstaging:\n  :timeout: 7\n";
    dated(&process, "cwd/config/sidekiq.yml", yml, true);
    assert_eq!(timeout_of(&tree), stated(60, "config/sidekiq.yml:2"));
    let process = process.file("environ", "RAILS_ENV=staging\0WAIT=45\0");
    assert_eq!(
        timeout_of(&tree),
        stated(7, "config/sidekiq.yml:4 (staging)")
    );
    let ruby = "Sidekiq.configure_server do |config|\n  config[:timeout] = ENV.fetch(\"WAIT\", 9).to_i\nend\n";
    dated(
        &process,
        "cwd/config/initializers/my_sidekiq.rb",
        ruby,
        true,
    );
    let place = "config/initializers/my_sidekiq.rb:2";
    assert_eq!(timeout_of(&tree), stated(45, place));
    let process = process.file("environ", "RAILS_ENV=staging\0");
    assert_eq!(
        timeout_of(&tree),
        stated(9, &format!("{place} unless WAIT is set"))
    );
    dated(
        &process,
        "cwd/config/initializers/my_sidekiq.rb",
        "config[:timeout] = 8\n",
        false,
    );
    assert_eq!(
        timeout_of(&tree),
        stated(
            8,
            "config/initializers/my_sidekiq.rb:1, changed since it started"
        )
    );
    let look = tree.scanner().scan(&[]).unwrap();
    let written = &look.processes[0].surroundings.layers;
    assert_eq!(written.len(), 3);
    // The one that holds comes first, and the file that changed is named.
    let told: Vec<(u64, bool, bool)> = written
        .timeouts()
        .iter()
        .map(|stated| (stated.span.unwrap().as_secs(), stated.holds, stated.changed))
        .collect();
    assert_eq!(told[0], (8, true, true), "{told:?}");
    assert!(
        told[1..]
            .iter()
            .all(|(_, holds, changed)| !holds && !changed)
    );
    assert_eq!(written.changed(), ["config/initializers/my_sidekiq.rb"]);
}

#[test]
fn the_file_that_its_command_names_is_read() {
    let tree = Tree::new();
    let process = tree.process(4242, b"ruby\0bin/sidekiq\0-C\0/etc/low.yml\0-e\0staging\0");
    dated(&process, "cwd/config/sidekiq.yml", ":timeout: 60\n", true);
    dated(
        &process,
        "root/etc/low.yml",
        ":timeout: 5\nstaging:\n  :timeout: 6\n",
        true,
    );
    assert_eq!(
        timeout_of(&tree),
        Some((6, "/etc/low.yml:3 (staging)".to_owned()))
    );
}

#[test]
fn what_is_no_plain_file_says_nothing_and_holds_nobody_up() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE);
    let folder = process.0.join("cwd/config");
    fs::create_dir_all(folder.join("initializers/sidekiq.rb")).unwrap();
    let pipe = folder.join("sidekiq.yml");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        Mode::RWXU,
        0,
    )
    .unwrap();
    let large = format!(":timeout: 9\n{}", "#".repeat(300 * 1024));
    dated(&process, "cwd/config/sidekiq.yml.erb", &large, true);
    dated(&process, "cwd/.cloud66/manifest.yml", "a:\n\tb: [", true);
    assert_eq!(timeout_of(&tree), None);
}

#[test]
fn the_last_title_holds_while_it_is_rewritten_and_after_the_end() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE);
    let mut scanner = tree.scanner();
    let title = scanner.scan(&[]).unwrap().processes[0].title.clone();
    let process = process.file("cmdline", "sidekiq 7.3.2 app [2 of");
    assert_eq!(scanner.scan(&[]).unwrap().processes[0].title, title);
    let process = process.file("cmdline", "").stat(4242, "ruby", 'Z', 1, 4000);
    let look = scanner.scan(&[]).unwrap();
    assert_eq!(look.processes[0].title, title);
    assert_eq!(look.processes[0].run_state, RunState::Ended);
    assert_eq!(look.processes[0].threads, None);
    // The same pid again, another process: nothing is inherited.
    process.stat(4242, "ruby", 'S', 1, 9000);
    assert!(scanner.scan(&[]).unwrap().processes.is_empty());
}

#[test]
fn a_listing_of_threads_that_misses_one_is_no_count() {
    let tree = Tree::new();
    let process = tree
        .process(4242, TITLE)
        .threads(&["sidekiq.heartbe", "sidekiq.default"]);
    let status = |threads: u32| format!("Uid:\t33\nThreads:\t{threads}\n");
    let process = process.file("status", status(3));
    assert_eq!(tree.scanner().scan(&[]).unwrap().processes[0].threads, None);
    process.file("status", status(2));
    let threads = tree.scanner().scan(&[]).unwrap().processes[0].threads;
    assert_eq!(threads.unwrap().processors, 1);
}

#[test]
fn the_threads_of_a_process_that_ends_are_not_counted() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE).threads(&["sidekiq.heartbe"]);
    let status = |pending: &str| format!("Uid:\t33\nThreads:\t1\nSigPnd:\t{pending}\n");
    let process = process.file("status", status("0000000000000000"));
    let counted = || tree.scanner().scan(&[]).unwrap().processes[0].threads;
    assert_eq!(counted().map(|threads| threads.processors), Some(0));
    // Killed, and its other threads have gone already.
    let process = process.file("status", status("0000000000000100"));
    assert_eq!(counted(), None);
    // It is in its exit.
    let process = process.file("status", status("0000000000000000"));
    let flags = format!("{} 4194564{} 4000 0 0", " 0".repeat(4), " 0".repeat(12));
    process.file("stat", format!("4242 (ruby) S 1{flags}"));
    assert_eq!(counted(), None);
}

#[test]
fn the_parts_that_do_not_change_are_read_once() {
    let tree = Tree::new();
    let process = tree.process(4242, TITLE);
    let mut scanner = tree.scanner();
    let first = scanner.scan(&[]).unwrap();
    process.file("environ", "REDIS_URL=redis://other\0");
    let second = scanner.scan(&[]).unwrap();
    assert_eq!(first.processes, second.processes);
    assert!(Scanner::of(&tree.0.path().join("nowhere"), "util1").is_err());
}
