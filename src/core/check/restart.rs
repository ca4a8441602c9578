//! Whether systemd starts a unit again after its main process has ended by itself, after
//! systemd.service(5): `Restart=`, and the statuses that go before it. Pure.

use super::unit_facts::UnitFacts;

/// How the main process of a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitEnding {
    /// It exited with this code: Sidekiq with 0 after TERM, Ruby with 1 after an exception.
    Exit(u8),
    /// KILL ended it.
    Killed,
}

impl UnitEnding {
    /// Whether a list of statuses names it, in the forms of unit files and of `systemctl show`:
    /// `1 SIGKILL`, `1 KILL`.
    fn is_in(self, list: &str) -> bool {
        list.split_whitespace().any(|status| match self {
            Self::Exit(code) => status.parse() == Ok(code) || code == 0 && status == "SUCCESS",
            Self::Killed => matches!(status, "KILL" | "SIGKILL"),
        })
    }
}

/// Whether systemd starts `unit` again after `ending`; `None` if `Restart=` cannot be read.
///
/// The order is that of systemd 252, `service_shall_restart` in `src/core/service.c`:
/// `RestartPreventExitStatus=`, then `RestartForceExitStatus=`, then `Restart=`.
pub fn starts_again(unit: &UnitFacts, ending: UnitEnding) -> Option<bool> {
    let names = |setting: &str| unit.word(setting).is_some_and(|list| ending.is_in(list));
    if names("RestartPreventExitStatus") {
        return Some(false);
    }
    if names("RestartForceExitStatus") {
        return Some(true);
    }
    let Some(restart) = unit.setting("Restart") else {
        return Some(false);
    };
    let is_clean = ending == UnitEnding::Exit(0) || names("SuccessExitStatus");
    Some(match restart.value.as_text()? {
        "no" | "on-watchdog" => false,
        "always" => true,
        "on-success" => is_clean,
        "on-failure" => !is_clean,
        "on-abnormal" | "on-abort" => !is_clean && ending == UnitEnding::Killed,
        _ => return None,
    })
}

/// `Restart=` in words, with what goes before it for one of `endings`.
pub fn restart_words(unit: &UnitFacts, endings: &[UnitEnding]) -> String {
    let restart = unit.word("Restart").unwrap_or("no").to_owned();
    let names = |list: &str| endings.iter().any(|ending| ending.is_in(list));
    let before = ["RestartPreventExitStatus", "RestartForceExitStatus"]
        .into_iter()
        .find_map(|setting| Some((setting, unit.word(setting).filter(|list| names(list))?)));
    match before {
        Some((setting, list)) => format!("{restart} with {setting}={list}"),
        None => restart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::check::tests::loaded_unit as unit;

    // Held against systemd in `tests/it/real_units/matrix.rs`.
    #[test]
    fn a_status_goes_before_restart_and_prevention_before_force() {
        let cases = [
            (
                "Restart=always\nRestartPreventExitStatus=0",
                [Some(false), Some(true), Some(true)],
            ),
            (
                "Restart=no\nRestartForceExitStatus=0",
                [Some(true), Some(false), Some(false)],
            ),
            (
                "Restart=on-failure\nRestartPreventExitStatus=KILL",
                [Some(false), Some(true), Some(false)],
            ),
            (
                "Restart=no\nRestartForceExitStatus=1 KILL",
                [Some(false), Some(true), Some(true)],
            ),
            (
                "Restart=no\nRestartForceExitStatus=0\nRestartPreventExitStatus=0",
                [Some(false); 3],
            ),
            (
                "Restart=on-failure\nSuccessExitStatus=KILL",
                [Some(false), Some(true), Some(false)],
            ),
            ("Restart=on-success", [Some(true), Some(false), Some(false)]),
            ("Restart=on-abort", [Some(false), Some(false), Some(true)]),
            ("Restart=whenever", [None; 3]),
            (
                "Restart=always\nRestartPreventExitStatus=10 100 SIGABRT",
                [Some(true); 3],
            ),
        ];
        for (properties, expected) in cases {
            let unit = unit(properties);
            let endings = [UnitEnding::Exit(0), UnitEnding::Exit(1), UnitEnding::Killed];
            let said = endings.map(|ending| starts_again(&unit, ending));
            assert_eq!(said, expected, "{properties}");
        }
    }

    #[test]
    fn what_goes_before_restart_is_named() {
        let unit = unit("Restart=no\nRestartForceExitStatus=0");
        let words = restart_words(&unit, &[UnitEnding::Exit(0)]);
        assert_eq!(words, "no with RestartForceExitStatus=0");
        assert_eq!(restart_words(&unit, &[UnitEnding::Killed]), "no");
    }
}
