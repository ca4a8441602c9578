//! The command line from outside: the built binary, a clean environment, exit codes and text.

mod addresses;
mod check;
mod check_input;
mod check_says;
mod configuration;
mod label_real;
mod local;
mod pipeline;
mod plan;
mod ps;
mod raw;
mod report;
mod rescue;
mod words;

use std::process::{Command, Output, Stdio};

/// The binary with nothing of this environment but what it is given, in an empty directory.
pub(crate) fn drainboard(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drainboard"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("REDIS_URL", "unix:///nonexistent/redis.sock")
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    drainboard(arguments).output().expect("the binary runs")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}
