//! Whether systemctl may change a unit from here, asked before anything is done: root and one's
//! own user's systemd need nobody's leave, else polkit, else `sudo -n`. It asks and never acts,
//! and no password is ever asked for.

use std::process::{Output, Stdio};
use std::time::Duration;

use nix::unistd::Uid;
use tokio::process::Command;

use super::systemctl::{Verb, arguments};
use crate::core::clean::clean;
use crate::core::fleet::{Route, Unit, UnitScope};

/// How long one of them is waited for.
const WITHIN: Duration = Duration::from_secs(3);
/// What polkit is asked about (org.freedesktop.systemd1(5)).
const ACTION: &str = "org.freedesktop.systemd1.manage-units";

/// How `verb` may be done to `unit`.
///
/// # Errors
/// Why it may not be, and what would help.
pub async fn route(verb: Verb, unit: &Unit) -> Result<Route, String> {
    match unit.scope {
        UnitScope::Own => return Ok(Route::Plain),
        UnitScope::Other(uid) => {
            return Err(format!(
                "it belongs to the systemd of uid {uid}: run as that user"
            ));
        }
        UnitScope::System if Uid::effective().is_root() => return Ok(Route::Plain),
        UnitScope::System => {}
    }
    if polkit_permits().await {
        return Ok(Route::Plain);
    }
    if sudo_permits(verb, unit).await {
        return Ok(Route::Sudo);
    }
    Err(format!(
        "it is not permitted to this user: run as root, or permit it to polkit ({ACTION}) or in sudoers without a password: {}",
        clean(&line(verb, unit), 300)
    ))
}

/// The command as sudoers would name it.
fn line(verb: Verb, unit: &Unit) -> String {
    let words = arguments(verb, unit).collect::<Vec<_>>().join(" ");
    format!("/usr/bin/systemctl {words}")
}

/// Whether polkit lets this very process manage units without a question.
async fn polkit_permits() -> bool {
    let own = std::process::id().to_string();
    let mut command = Command::new("pkcheck");
    command.args(["--action-id", ACTION, "--process", &own]);
    said(command)
        .await
        .is_some_and(|output| output.status.success())
}

/// Whether sudo would run exactly this command without a password (`sudo(8)`, `-n -l`).
async fn sudo_permits(verb: Verb, unit: &Unit) -> bool {
    let mut command = Command::new("sudo");
    command.args(["-n", "-l", "-l", "systemctl"]);
    command.args(arguments(verb, unit));
    let Some(output) = said(command).await.filter(|output| output.status.success()) else {
        return false;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    // The long form names the entry and, without a password, this option of it. An old sudo
    // prints the command alone; root's own refusal then comes before anything is done.
    !text.contains("Sudoers entry") || text.contains("!authenticate")
}

/// What a command said, if it ended in time.
async fn said(mut command: Command) -> Option<Output> {
    command
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    tokio::time::timeout(WITHIN, command.output())
        .await
        .ok()?
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_line_that_would_help() {
        let line = line(Verb::Stop, &Unit::of_system("sidekiq@1.service"));
        assert_eq!(
            line,
            "/usr/bin/systemctl --no-ask-password --no-block stop -- sidekiq@1.service"
        );
    }

    #[tokio::test]
    async fn the_systemd_of_another_user_is_not_reached() {
        let unit = Unit {
            name: "app.service".into(),
            scope: UnitScope::Other(4_000_000),
        };
        let why = route(Verb::Stop, &unit).await.unwrap_err();
        assert!(why.contains("uid 4000000"), "{why}");
        let own = Unit {
            scope: UnitScope::Own,
            ..unit
        };
        assert_eq!(route(Verb::Restart, &own).await, Ok(Route::Plain));
    }
}
