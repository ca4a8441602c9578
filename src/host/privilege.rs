//! Whether systemctl may change a unit from here, asked before anything is done: root and one's
//! own user's systemd need no leave, else polkit, else `sudo -n`. It asks and never acts,
//! and no password is ever asked for.

use std::process::{Output, Stdio};
use std::time::Duration;

use nix::unistd::Uid;
use tokio::process::Command;

use super::sudoers::{self, Password};
use super::systemctl::{Verb, arguments};
use crate::core::clean::clean;
use crate::core::fleet::{Route, Unit, UnitScope};

/// How long one of them is waited for.
const WITHIN: Duration = Duration::from_secs(3);
/// The question to polkit (org.freedesktop.systemd1(5)). It tells only root how it
/// judges single units, so that a rule for one unit counts as none (`pkcheck --detail`, polkit
/// 122: "Only trusted callers … pass details").
const ACTION: &str = "org.freedesktop.systemd1.manage-units";

/// How `verb` may be done to `unit`.
///
/// # Errors
/// Why it may not be, and what would help.
pub async fn route(verb: Verb, unit: &Unit) -> Result<Route, String> {
    match unit.scope {
        UnitScope::Own => Ok(Route::Plain),
        UnitScope::Other(uid) => Err(format!(
            "it belongs to the systemd of uid {uid}: run as that user"
        )),
        UnitScope::System if Uid::effective().is_root() => Ok(Route::Plain),
        UnitScope::System => AskedService::REAL.route(verb, unit).await,
    }
}

/// The service that is asked.
#[derive(Clone, Copy)]
struct AskedService<'a> {
    pkcheck: &'a str,
    sudo: &'a str,
}

impl AskedService<'_> {
    const REAL: AskedService<'static> = AskedService {
        pkcheck: "pkcheck",
        sudo: "sudo",
    };

    /// How a user other than root may do `verb` to a unit of the system.
    async fn route(self, verb: Verb, unit: &Unit) -> Result<Route, String> {
        if self.polkit_permits().await {
            return Ok(Route::Plain);
        }
        if self.sudo_permits(verb, unit).await {
            return Ok(Route::Sudo);
        }
        Err(format!(
            "it is not permitted to this user: run as root, or permit it in sudoers without a password ({}) or to polkit for all units ({ACTION})",
            clean(&line(verb, unit), 300)
        ))
    }

    /// Whether polkit lets this very process manage units without a question.
    async fn polkit_permits(self) -> bool {
        let own = std::process::id().to_string();
        let mut command = Command::new(self.pkcheck);
        command.args(["--action-id", ACTION, "--process", &own]);
        said(command).await.is_some()
    }

    /// Whether sudo would run exactly this command without a password (`sudo(8)`, `-n -l`).
    async fn sudo_permits(self, verb: Verb, unit: &Unit) -> bool {
        let mut one = self.list();
        one.arg("systemctl").args(arguments(verb, unit));
        let Some(answer) = said(one).await else {
            return false;
        };
        let password = match sudoers::of_one(&answer) {
            Password::Unsaid => match said(self.list()).await {
                Some(list) => sudoers::of_all(&list, answer.trim()),
                None => Password::Needed,
            },
            told @ (Password::NotNeeded | Password::Needed) => told,
        };
        password == Password::NotNeeded
    }

    /// A sudo that lists in its long form and asks for nothing.
    fn list(self) -> Command {
        let mut command = Command::new(self.sudo);
        command.args(["-n", "-l", "-l"]);
        command
    }
}

/// The command as sudoers would name it.
fn line(verb: Verb, unit: &Unit) -> String {
    let words = arguments(verb, unit).collect::<Vec<_>>().join(" ");
    format!("/usr/bin/systemctl {words}")
}

/// The output of a command, if it ended in time and well.
async fn said(mut command: Command) -> Option<String> {
    command
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let answered = tokio::time::timeout(WITHIN, command.output()).await;
    let Output { status, stdout, .. } = answered.ok()?.ok()?;
    let said = String::from_utf8_lossy(&stdout).into_owned();
    status.success().then_some(said)
}

#[cfg(test)]
mod tests;
