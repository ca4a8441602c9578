//! `systemctl show`: what systemd has loaded of a unit. It only asks, with a limit, in a plain
//! locale and without a pager or a question for a password; it changes nothing.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::core::clean::clean;
use crate::core::layers::systemd_show::{self, PROPERTIES};
use crate::core::layers::{Reading, Weight};

/// How long an answer is waited for.
const WITHIN: Duration = Duration::from_secs(5);

/// Who is asked: the system, or the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of the machine.
    System,
    /// That of the user who runs this program.
    User,
}

/// Why systemd told nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// There is no systemctl.
    #[error("there is no systemctl here")]
    NoSystemctl,
    /// It did not answer in time.
    #[error("systemctl did not answer within {} s", WITHIN.as_secs())]
    Late,
    /// It said no.
    #[error("systemctl: {0}")]
    Failed(String),
    /// It has no such unit. It then prints its defaults, which look like values.
    #[error("{0}")]
    NotLoaded(String),
}

/// The name with its suffix, as systemctl completes it.
pub fn full_name(unit: &str) -> String {
    if unit.contains('.') {
        unit.to_owned()
    } else {
        format!("{unit}.service")
    }
}

/// What is loaded of `unit`: by the system's scope, else by that of the user.
pub async fn show(unit: &str) -> Result<Reading, NotShown> {
    match show_by(Scope::System, unit).await {
        Err(NotShown::NoSystemctl) => Err(NotShown::NoSystemctl),
        Err(first) => show_by(Scope::User, unit).await.map_err(|_| first),
        shown => shown,
    }
}

/// What `scope` has loaded of `unit`.
pub async fn show_by(scope: Scope, unit: &str) -> Result<Reading, NotShown> {
    let mut command = Command::new("systemctl");
    if scope == Scope::User {
        command.arg("--user");
    }
    command
        .args(["show", "--no-pager", "--no-ask-password", "-p"])
        .args([&PROPERTIES.join(","), "--", unit])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let Ok(ended) = tokio::time::timeout(WITHIN, command.output()).await else {
        return Err(NotShown::Late);
    };
    let output = match ended {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(NotShown::NoSystemctl),
        Err(error) => return Err(NotShown::Failed(error.to_string())),
    };
    if !output.status.success() {
        return Err(NotShown::Failed(refusal(&output.stderr)));
    }
    read(unit, &String::from_utf8_lossy(&output.stdout))
}

/// The first line that systemctl said.
fn refusal(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().find(|line| !line.trim().is_empty());
    clean(line.unwrap_or("it failed and said nothing"), 200)
}

/// Reads an answer; one about a unit that is not loaded is none.
fn read(unit: &str, text: &str) -> Result<Reading, NotShown> {
    let reading = systemd_show::read(unit, text);
    if !reading.values.is_empty() {
        return Ok(reading);
    }
    let problem = reading
        .remarks
        .into_iter()
        .find(|remark| remark.weight == Weight::Problem);
    Err(NotShown::NotLoaded(problem.map_or_else(
        || format!("systemd says nothing of {}", clean(unit, 120)),
        |remark| remark.text,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_is_not_loaded_is_rejected() {
        let text = "TimeoutStopUSec=1min 30s\nMainPID=0\nLoadState=not-found\nId=nosuch.service\n";
        let error = read("nosuch", text).unwrap_err();
        assert!(
            error.to_string().contains("nosuch.service") && error.to_string().contains("not-found"),
            "{error}"
        );
        let text = "Id=s.service\nLoadState=loaded\nTimeoutStopUSec=1min 30s\nMainPID=7\n";
        assert_eq!(read("s", text).unwrap().values.len(), 5 - 1);
        assert!(read("s", "").is_err());
    }

    #[test]
    fn what_systemctl_refuses_with_is_told_in_one_line() {
        assert_eq!(
            refusal(b"\nFailed to connect\x1b[0m: x\nmore"),
            "Failed to connect: x"
        );
        assert_eq!(refusal(b""), "it failed and said nothing");
        assert_eq!(full_name("sidekiq@1"), "sidekiq@1.service");
        assert_eq!(full_name("a.scope"), "a.scope");
    }
}
