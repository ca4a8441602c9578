//! `systemctl show`: what systemd has loaded of a unit; and the only place where systemctl is told
//! to change one. Always with a limit, in a plain locale, without a shell, a pager or a question
//! for a password.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::core::clean::clean;
use crate::core::fleet::{Route, Unit, UnitScope};
use crate::core::layers::systemd_show::{self, PROPERTIES};
use crate::core::layers::{Reading, Weight};

/// How long an answer is waited for.
const WITHIN: Duration = Duration::from_secs(5);

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

/// The loaded state of `unit`: by the system's scope, else by that of the user.
pub async fn show(unit: &str) -> Result<Reading, NotShown> {
    match show_by(UnitScope::System, unit).await {
        Err(NotShown::NoSystemctl) => Err(NotShown::NoSystemctl),
        Err(first) => show_by(UnitScope::Own, unit).await.map_err(|_| first),
        shown => shown,
    }
}

/// The loaded state of `unit` in `scope`.
pub async fn show_by(scope: UnitScope, unit: &str) -> Result<Reading, NotShown> {
    let mut command = Command::new("systemctl");
    match scope {
        UnitScope::System => {}
        UnitScope::Own => drop(command.arg("--user")),
        UnitScope::Other(uid) => {
            return Err(NotShown::Failed(format!(
                "only uid {uid} can ask the systemd of uid {uid}"
            )));
        }
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

/// A command to systemctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Stop it, and keep it down.
    Stop,
    /// Stop and start it.
    Restart,
    /// Start it.
    Start,
}

impl Verb {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Start => "start",
        }
    }
}

/// Why systemd was not told, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// Nothing was asked of it: the right to ask was withdrawn.
    #[error("not asked: the run was stopped")]
    Revoked,
    /// It said no, or was never asked: nothing has changed.
    #[error("{0}")]
    Refused(String),
    /// It may have been told.
    #[error("{0}")]
    Unclear(String),
}

/// The arguments of a call that waits for nothing.
pub(super) fn arguments(verb: Verb, unit: &Unit) -> impl Iterator<Item = &str> {
    let user = (unit.scope != UnitScope::System).then_some("--user");
    let words = ["--no-ask-password", "--no-block", verb.word(), "--"];
    user.into_iter().chain(words).chain([unit.name.as_str()])
}

/// Tells systemd to do `verb` to `unit`, if `licence` still says so in the last moment, and
/// returns once it has taken that on; the unit's own stop or start goes on from there.
///
/// # Errors
/// Why not, and whether it may have been told all the same.
pub async fn call(
    verb: Verb,
    unit: &Unit,
    route: Route,
    licence: impl FnOnce() -> bool,
) -> Result<(), NotDone> {
    if !unit.is_sound() {
        let name = clean(&unit.name, 120);
        return Err(NotDone::Refused(format!("`{name}` is no name of a unit")));
    }
    let mut command = command(verb, unit, route);
    if !licence() {
        return Err(NotDone::Revoked);
    }
    let child = command
        .spawn()
        .map_err(|error| NotDone::Refused(format!("systemctl: {error}")))?;
    match tokio::time::timeout(WITHIN, child.wait_with_output()).await {
        Err(_) => Err(NotDone::Unclear(NotShown::Late.to_string())),
        Ok(Err(error)) => Err(NotDone::Unclear(format!("systemctl: {error}"))),
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => Err(refused(output.status.code(), &output.stderr)),
    }
}

/// The call itself, to which no password can be typed.
fn command(verb: Verb, unit: &Unit, route: Route) -> Command {
    let mut command = match route {
        Route::Plain => Command::new("systemctl"),
        Route::Sudo => {
            let mut command = Command::new("sudo");
            command.args(["-n", "systemctl"]);
            command
        }
    };
    command
        .args(arguments(verb, unit))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The meaning of a failure. 4 and 5 are the codes of the LSB for a missing privilege and a unit
/// that is not there (systemctl(1), "Exit status"); a sudo that wants a password has asked no
/// service.
fn refused(code: Option<i32>, said: &[u8]) -> NotDone {
    let why = refusal(said);
    if matches!(code, Some(4 | 5)) || why.starts_with("sudo: ") {
        NotDone::Refused(why)
    } else {
        NotDone::Unclear(why)
    }
}

/// The first line that systemctl said.
pub(super) fn refusal(said: &[u8]) -> String {
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
    fn a_failure_is_sure_only_where_nobody_was_told() {
        let clear =
            |code, said: &str| matches!(refused(code, said.as_bytes()), NotDone::Refused(_));
        assert!(clear(Some(4), "Access denied"));
        assert!(clear(Some(5), "Unit x.service not loaded."));
        assert!(clear(Some(1), "sudo: a password is required"));
        assert!(!clear(Some(1), "Failed to get D-Bus connection: timed out"));
        assert!(!clear(None, ""));
    }

    #[tokio::test]
    async fn without_a_licence_nobody_is_called() {
        let unit = Unit::of_system("sidekiq.service");
        let called = call(Verb::Stop, &unit, Route::Plain, || false).await;
        assert_eq!(called, Err(NotDone::Revoked));
        let called = call(Verb::Stop, &Unit::of_system("--all"), Route::Plain, || true).await;
        assert!(matches!(called, Err(NotDone::Refused(_))), "{called:?}");
    }

    #[test]
    fn it_is_called_by_its_route_and_asks_for_no_password() {
        let words = |unit: &Unit, route| {
            let command = command(Verb::Stop, unit, route);
            let command = command.as_std();
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
            words.join(" ")
        };
        let unit = Unit::of_system("sidekiq@1.service");
        assert_eq!(
            words(&unit, Route::Plain),
            "systemctl --no-ask-password --no-block stop -- sidekiq@1.service"
        );
        assert_eq!(
            words(&unit, Route::Sudo),
            "sudo -n systemctl --no-ask-password --no-block stop -- sidekiq@1.service"
        );
        let own = Unit {
            scope: UnitScope::Own,
            ..unit
        };
        assert_eq!(
            words(&own, Route::Plain),
            "systemctl --user --no-ask-password --no-block stop -- sidekiq@1.service"
        );
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
