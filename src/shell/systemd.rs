//! Telling systemd: the checks right before, and what came of it. It runs in tasks of the
//! performer, never in the loop.

use crate::core::drain::{ActOutcome, UnitStop};
use crate::core::layers::Located;
use crate::host::Held;
use crate::host::systemctl::{self, NotDone, Verb};

/// Stops the unit of `held`, if that process is still its main one and `licence` still says so
/// in the last moment.
pub(super) async fn stop_unit(
    held: &Held,
    stop: &UnitStop,
    licence: impl FnOnce() -> bool,
) -> ActOutcome {
    let refused = |why: String| ActOutcome::Failed {
        why,
        may_have_happened: false,
    };
    let unit = &stop.unit;
    let shown = systemctl::show_by(unit.scope, &unit.name).await;
    // Held and alive after the answer: the pid that systemd named is no other process's.
    if held.has_exited() {
        return ActOutcome::Gone;
    }
    let values = match shown {
        Ok(reading) => reading.values,
        Err(error) => return refused(error.to_string()),
    };
    if let Some(why) = changed(&values, held.id().pid) {
        return refused(format!("{unit} was not stopped: {why}"));
    }
    match systemctl::call(Verb::Stop, unit, stop.route, licence).await {
        Ok(()) => ActOutcome::Sent,
        Err(NotDone::Revoked) => ActOutcome::Revoked,
        Err(NotDone::Refused(why)) => refused(why),
        Err(NotDone::Unclear(why)) => ActOutcome::Failed {
            why,
            may_have_happened: true,
        },
    }
}

/// What has changed since the drain was begun, so that the stop would not do what was confirmed.
fn changed(values: &[Located], pid: u32) -> Option<String> {
    let word = |setting: &str| {
        let located = values.iter().find(|located| located.setting == setting);
        located.and_then(|located| located.value.as_text())
    };
    let main = word("MainPID").unwrap_or("unknown");
    if main != pid.to_string() {
        return Some(format!("its main process is {main} now, not pid {pid}"));
    }
    match word("KillSignal") {
        Some("SIGTERM") => None,
        other => Some(format!(
            "it would send {}, not TERM",
            other.unwrap_or("nobody knows what")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::layers::systemd_show;

    #[test]
    fn what_changed_meanwhile_stops_nobody() {
        let changed = |text: &str| {
            let text = format!("Id=s.service\nLoadState=loaded\n{text}");
            changed(&systemd_show::read("s.service", &text).values, 4242)
        };
        assert_eq!(changed("MainPID=4242\nKillSignal=15\n"), None);
        let why = changed("MainPID=4243\nKillSignal=15\n").unwrap();
        assert!(why.contains("4243"), "{why}");
        let why = changed("MainPID=4242\nKillSignal=3\n").unwrap();
        assert!(why.contains("SIGQUIT"), "{why}");
        assert!(changed("KillSignal=15\n").is_some());
        assert!(changed("MainPID=4242\n").is_some());
    }
}
