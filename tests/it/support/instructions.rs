//! Counts the instructions of a whole `drainboard` (valgrind's cachegrind, without its caches): they do
//! not depend on what else the machine does. The program runs forty times slower there: a run in which
//! Redis did not answer in time is taken again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

use std::path::Path;
use std::process::Command;

use super::imitation::as_root;
use super::patience::until;

/// The instructions of `drainboard` with `arguments`, from its start to its end with exit code 0. It
/// sees no other process of this host.
pub(crate) fn instructions_alone(place: &Path, arguments: &[&str]) -> u64 {
    let mut alone = as_root();
    alone.args(["-i", "unshare", "-p", "-f", "-m", "--mount-proc", "env"]);
    instructions_within(alone, place, arguments)
}

/// The same among the processes of this host.
pub(crate) fn instructions(place: &Path, arguments: &[&str]) -> u64 {
    let mut here = Command::new("env");
    here.arg("-i");
    instructions_within(here, place, arguments)
}

fn instructions_within(mut command: Command, place: &Path, arguments: &[&str]) -> u64 {
    let log = place.join("instructions.log");
    command
        .arg("PATH=/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["valgrind", "--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(format!("--log-file={}", log.display()))
        .arg(env!("CARGO_BIN_EXE_drainboard"))
        .args(arguments);
    until("a run in which Redis answered in time", || {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let in_time = output.status.success();
        assert!(in_time || said.contains("no answer in time"), "{said}");
        in_time.then_some(())
    });
    let log = std::fs::read_to_string(&log).unwrap();
    let counted = log.lines().find_map(|line| line.split("I   refs:").nth(1));
    let counted = counted.unwrap_or_else(|| panic!("valgrind counts nothing: {log}"));
    counted.trim().replace(',', "").parse().unwrap()
}
