//! Telling systemd: the checks right before, and what came of it. It runs in tasks of the
//! performer, never in the loop.

use super::work::not_tried;
use crate::core::check::UnitFacts;
use crate::core::drain::{ActOutcome, CallOutcome, UnitCall, UnitStop, UnitVerb};
use crate::core::fleet::Unit;
use crate::core::layers::{LocatedSetting, Reading};
use crate::host::systemctl::{self, NotDone, NotShown, Verb};
use crate::host::{Held, route};

/// Stops the unit of `held`, if that process is still its main one and `licence` still says so
/// in the last moment.
pub(super) async fn stop_unit(
    held: &Held,
    stop: &UnitStop,
    licence: impl FnOnce() -> bool,
) -> ActOutcome {
    let shown = systemctl::show_by(stop.unit.scope, &stop.unit.name).await;
    let unit = match still_to_be_stopped(held, &stop.unit, shown) {
        Ok(unit) => unit,
        Err(outcome) => return outcome,
    };
    match systemctl::call(Verb::Stop, unit, stop.route, licence).await {
        Ok(()) => ActOutcome::Sent,
        Err(NotDone::Revoked) => ActOutcome::Revoked,
        Err(NotDone::Refused(why)) => not_tried(why),
        Err(NotDone::Unclear(why)) => ActOutcome::Failed {
            why,
            may_have_happened: true,
        },
    }
}

/// The unit that may be stopped by what systemd has just said of it; else what becomes of the act.
fn still_to_be_stopped<'a>(
    held: &Held,
    unit: &'a Unit,
    shown: Result<Reading, NotShown>,
) -> Result<&'a Unit, ActOutcome> {
    // Held and alive after the answer: the pid that systemd named is no other process's.
    if held.has_exited() {
        return Err(ActOutcome::Gone);
    }
    let reading = shown.map_err(|error| not_tried(error.to_string()))?;
    match changed(reading.values, held.id().pid) {
        None => Ok(unit),
        Some(why) => Err(not_tried(format!("{unit} was not stopped: {why}"))),
    }
}

/// Brings a unit back to work; whether that is permitted is found out right before.
pub(super) async fn call_unit(call: &UnitCall) -> CallOutcome {
    let verb = match call.verb {
        UnitVerb::Restart => Verb::Restart,
        UnitVerb::Start => Verb::Start,
    };
    let called = match route(verb, &call.unit).await {
        Ok(route) => systemctl::call(verb, &call.unit, route, || true).await,
        Err(why) => Err(NotDone::Refused(why)),
    };
    match called {
        Ok(()) => CallOutcome::Taken,
        Err(error) => CallOutcome::Failed {
            may_have_happened: matches!(error, NotDone::Unclear(_)),
            why: error.to_string(),
        },
    }
}

/// A change since the drain was begun, so that the stop would not do what was confirmed.
fn changed(values: Vec<LocatedSetting>, pid: u32) -> Option<String> {
    let unit = UnitFacts {
        settings: values,
        ..UnitFacts::default()
    };
    let main = unit.word("MainPID").unwrap_or("unknown");
    if main != pid.to_string() {
        return Some(format!("its main process is {main} now, not pid {pid}"));
    }
    unit.behaviour().differs_from_term()
}

#[cfg(test)]
mod tests {
    //! Each was shown to fail on a mutant: the main process, the signal, an unknown one of either
    //! or the exit not asked for; the answer of systemd not looked at.

    use std::process::{Command, Stdio};

    use rustix::process::getuid;

    use super::*;
    use crate::core::layers::systemd_show;
    use crate::host::Scanner;

    fn shown(text: &str) -> Reading {
        let text = format!("Id=s.service\nLoadState=loaded\n{text}");
        systemd_show::read("s.service", &text)
    }

    #[test]
    fn what_changed_meanwhile_stops_nobody() {
        let changed = |text: &str| changed(shown(text).values, 4242);
        assert_eq!(changed("MainPID=4242\nKillSignal=15\n"), None);
        let why = changed("MainPID=4243\nKillSignal=15\n").unwrap();
        assert!(why.contains("4243") && why.contains("4242"), "{why}");
        let why = changed("MainPID=4242\nKillSignal=3\n").unwrap();
        assert!(why.contains("SIGQUIT"), "{why}");
        let why = changed("KillSignal=15\n").unwrap();
        assert!(why.contains("main process is unknown"), "{why}");
        let why = changed("MainPID=0\nKillSignal=15\n").unwrap();
        assert!(why.contains("main process is 0"), "{why}");
        let why = changed("MainPID=4242\n").unwrap();
        assert!(why.contains("which signal it sends is not known"), "{why}");
        let why = changed("MainPID=4242\nKillSignal=15\nSendSIGHUP=yes\n").unwrap();
        assert!(why.contains("SendSIGHUP"), "{why}");
        // Both at once: the process is named first.
        let why = changed("MainPID=4243\nKillSignal=9\n").unwrap();
        assert!(why.contains("4243"), "{why}");
    }

    #[test]
    fn a_unit_is_stopped_only_while_it_is_what_was_confirmed() {
        // It ends with its input.
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let look = Scanner::new().unwrap().scan(&[pid]).unwrap();
        let process = look.processes.iter().find(|found| found.id.pid == pid);
        let held = Held::open(process.unwrap().id, getuid().as_raw()).unwrap();
        let unit = Unit::of_system("s.service");
        let check = |text: &str| {
            let text = text.replace('@', &pid.to_string());
            still_to_be_stopped(&held, &unit, Ok(shown(&text)))
        };
        let same = "MainPID=@\nKillSignal=15\n";
        assert_eq!(check(same), Ok(&unit));
        let refused = |outcome: Result<&Unit, ActOutcome>, words: &str| {
            let outcome = outcome.unwrap_err();
            assert!(
                matches!(&outcome, ActOutcome::Failed { why, may_have_happened: false } if why.contains(words)),
                "{outcome:?}"
            );
        };
        refused(check("KillSignal=15\n"), "s.service was not stopped");
        let silent = still_to_be_stopped(&held, &unit, Err(NotShown::Late));
        refused(silent, "did not answer");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(check(same), Err(ActOutcome::Gone));
        let silent = still_to_be_stopped(&held, &unit, Err(NotShown::Late));
        assert_eq!(silent, Err(ActOutcome::Gone));
    }
}
