//! The effect of `systemctl stop` on the Sidekiq of a unit: one reading of `KillSignal=`,
//! `KillMode=`, `SendSIGHUP=`, `SendSIGKILL=`, `TimeoutStopSec=`, `TimeoutStopFailureMode=` and
//! `ExecStop=` for the rules, the forecast of a stop, and the drain that wants to stop a unit.

use std::time::Duration;

use super::stop_command::{AfterTerm, Runner, StopCommand};
use super::unit_facts::{StopLimit, UnitFacts};
use crate::core::layers::{LocatedSetting, Value};
use crate::core::sequence::{Consequence, Signal, Version};

/// The effect of a stop's first signal on Sidekiq 6 and later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSignal {
    /// TERM or INT: Sidekiq's own shutdown begins.
    Stops,
    /// TSTP: Sidekiq takes no more jobs, and goes on with those that run.
    Quiets,
    /// A signal after which Sidekiq goes on as before.
    PassedOver,
    /// A signal that ends or suspends Sidekiq at once.
    Destroys,
    /// A word that names no signal of the set (real-time signals, misspelt names).
    NotKnown,
}

impl FirstSignal {
    /// Reads a signal as unit files, supervisord, Compose and Nomad write it: `SIGTERM`, `TERM`, `15`.
    pub fn read(word: &str) -> Self {
        let signal = match word {
            "15" => Ok(Signal::Term),
            "2" => Ok(Signal::Int),
            name => name.parse::<Signal>(),
        };
        match signal.map(|signal| signal.consequence(None)) {
            Ok(Consequence::Stops) => Self::Stops,
            Ok(Consequence::Quiets) => Self::Quiets,
            Ok(Consequence::Dumps | Consequence::Nothing) => Self::PassedOver,
            Ok(Consequence::Kills | Consequence::Destroys) => Self::Destroys,
            Err(_) => Self::NotKnown,
        }
    }
}

/// Which processes of the unit get the signals of a stop (`KillMode=`, systemd.kill(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// `control-group`, the default: every process gets the signal.
    EveryProcess,
    /// `mixed`: the main process gets the signal, and the rest KILL as soon as it is gone.
    MainThenKill,
    /// `process`: the main process alone.
    MainProcess,
    /// `none`: no process.
    NoProcess,
}

impl Reach {
    fn read(mode: Option<&str>) -> Self {
        match mode {
            Some("mixed") => Self::MainThenKill,
            Some("process") => Self::MainProcess,
            Some("none") => Self::NoProcess,
            Some(_) | None => Self::EveryProcess,
        }
    }

    /// The word of a unit file.
    pub fn word(self) -> &'static str {
        match self {
            Self::EveryProcess => "control-group",
            Self::MainThenKill => "mixed",
            Self::MainProcess => "process",
            Self::NoProcess => "none",
        }
    }
}

/// The effect of `ExecStop=` before the signal of the stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// It takes so long, and Sidekiq goes on meanwhile.
    Waits(Duration),
    /// It sends TERM or INT by itself so long after the stop began.
    Stops(Duration),
    /// It ends Sidekiq so long after the stop began, by this command.
    Kills(Duration, String),
    /// Its effect or its length is not known.
    Unknown,
}

/// The stop of a unit, in the order of systemd.service(5): `ExecStop=`, the signal,
/// HUP, and KILL once the limit is over.
#[derive(Clone, Debug)]
pub struct UnitBehaviour<'a> {
    /// `KillSignal=` as written; `None` where it is not (then it is SIGTERM).
    pub kill_signal: Option<&'a LocatedSetting>,
    /// The effect of that signal.
    pub signal: FirstSignal,
    /// Which processes get it.
    pub reach: Reach,
    /// `SendSIGHUP=yes`: HUP follows the signal at once, and ends Sidekiq.
    pub hangup: Option<&'a LocatedSetting>,
    /// `SendSIGKILL=no`, or a `FinalKillSignal=` that does not end Sidekiq: nothing kills it, whatever
    /// the limit says.
    pub spares: Option<&'a LocatedSetting>,
    /// When KILL comes, counted from the signal.
    pub kill_limit: StopLimit,
    /// `ExecStop=`, where one is set: the last of its lines.
    pub exec_stop: Option<&'a LocatedSetting>,
    /// The acts of all of its lines.
    pub before: StopCommand,
    /// `TimeoutStopFailureMode=kill` or `abort`, where `ExecStop=` is set, too: if that times
    /// out, no signal comes before the end.
    pub skips_signal: Option<&'a LocatedSetting>,
}

impl<'a> UnitBehaviour<'a> {
    /// Reads the settings of a unit.
    pub fn of(unit: &'a UnitFacts) -> Self {
        let flag = |name: &str, wanted: bool| {
            unit.setting(name)
                .filter(|located| located.value == Value::Flag(wanted))
        };
        let kill_signal = unit.setting("KillSignal");
        let exec_stop = unit.setting("ExecStop");
        let failure = unit
            .setting("TimeoutStopFailureMode")
            .filter(|located| matches!(located.value.as_text(), Some("kill" | "abort")));
        let last = unit.setting("FinalKillSignal").filter(|located| {
            let signal = located.value.as_text().map(FirstSignal::read);
            let is_survived = |signal| {
                use FirstSignal::{PassedOver, Quiets, Stops};
                matches!(signal, Stops | Quiets | PassedOver)
            };
            signal.is_some_and(is_survived)
        });
        let without_kill = flag("SendSIGKILL", false).or(last);
        Self {
            kill_signal,
            signal: FirstSignal::read(
                kill_signal
                    .and_then(|located| located.value.as_text())
                    .unwrap_or("SIGTERM"),
            ),
            reach: Reach::read(unit.word("KillMode")),
            hangup: flag("SendSIGHUP", true),
            spares: without_kill,
            kill_limit: match without_kill {
                Some(located) => StopLimit::Infinite(located.from.clone()),
                None => unit.stop_limit(),
            },
            exec_stop,
            before: StopCommand::new(
                Runner::ExecStop(unit.name.clone()),
                unit.commands("ExecStop"),
            )
            .reaching(&unit.containers()),
            skips_signal: failure.filter(|_| exec_stop.is_some()),
        }
    }

    /// `ExecStop`, where it does more than send a signal: then it may wait for the drain.
    pub fn waiting_exec_stop(&self) -> Option<&'a LocatedSetting> {
        self.exec_stop.filter(|_| !self.before.is_instant())
    }

    /// The effect of `ExecStop=` by the time at which the signal is due.
    pub fn before_signal(&self, version: Option<Version>, timeout: Duration) -> Before {
        let mut stops = None;
        for sent in self.before.signals(version) {
            let ends = ends_at_once(sent.signal, version);
            let is_over = matches!(sent.after_term, AfterTerm::Known(after) if after >= timeout);
            match sent.at {
                Some(at) if ends && !is_over => return Before::Kills(at, sent.command.to_owned()),
                Some(at) if sent.signal.stops() => stops = stops.or(Some(at)),
                Some(_) => {}
                None if stops.is_some() && !ends => {}
                None => return Before::Unknown,
            }
        }
        if let Some(at) = stops {
            return Before::Stops(at);
        }
        match self.before.length() {
            Ok(length) => {
                // systemd ends each command after the limit.
                let most = self.kill_limit.span().unwrap_or(Duration::MAX);
                Before::Waits(length.min(most))
            }
            Err(_) => Before::Unknown,
        }
    }

    /// Why a stop of the unit would do something else to its main process than one TERM, with
    /// KILL after the limit. `None`: it would not.
    pub fn differs_from_term(&self) -> Option<String> {
        match self.kill_signal.and_then(|located| located.value.as_text()) {
            Some("SIGTERM") => {}
            Some(signal) => return Some(format!("its KillSignal is {signal}, not SIGTERM")),
            None => return Some("which signal it sends is not known".into()),
        }
        if self.hangup.is_some() {
            return Some("SendSIGHUP=yes ends Sidekiq at once".into());
        }
        if self.reach == Reach::NoProcess {
            return Some("KillMode=none sends TERM to no process".into());
        }
        // Harmful whatever the version: nothing is known of it here.
        let sent = self.before.signals(None).into_iter();
        let mut before_term = sent.take_while(|sent| !sent.signal.stops() && sent.at.is_some());
        if let Some(sent) = before_term.find(|sent| ends_at_once(sent.signal, None)) {
            return Some(format!("its ExecStop (`{}`) ends Sidekiq", sent.command));
        }
        let mode = self.skips_signal?.value.as_text()?;
        Some(format!(
            "if its ExecStop times out no TERM comes (TimeoutStopFailureMode={mode})"
        ))
    }
}

/// Whether a signal ends Sidekiq without a push-back.
fn ends_at_once(signal: Signal, version: Option<Version>) -> bool {
    let consequence = signal.consequence(version);
    matches!(consequence, Consequence::Kills | Consequence::Destroys)
}

impl UnitFacts {
    /// The effect of a stop of the unit.
    pub fn behaviour(&self) -> UnitBehaviour<'_> {
        UnitBehaviour::of(self)
    }
}

#[cfg(test)]
mod tests {
    //! Cases against these slips: a signal read as another kind, a mode as its
    //! neighbour, a setting passed over.

    use super::*;
    use crate::core::check::tests::loaded_unit as unit;

    #[test]
    fn every_signal_is_read_by_what_it_does_to_sidekiq() {
        let cases = [
            ("SIGTERM", FirstSignal::Stops),
            ("TERM", FirstSignal::Stops),
            ("15", FirstSignal::Stops),
            ("SIGINT", FirstSignal::Stops),
            ("2", FirstSignal::Stops),
            ("SIGTSTP", FirstSignal::Quiets),
            ("SIGTTIN", FirstSignal::PassedOver),
            ("SIGCONT", FirstSignal::PassedOver),
            ("SIGWINCH", FirstSignal::PassedOver),
            ("SIGQUIT", FirstSignal::Destroys),
            ("SIGUSR1", FirstSignal::Destroys),
            ("SIGKILL", FirstSignal::Destroys),
            ("SIGRTMIN+3", FirstSignal::NotKnown),
        ];
        for (word, expected) in cases {
            assert_eq!(FirstSignal::read(word), expected, "{word}");
        }
    }

    #[test]
    fn a_stop_that_is_not_one_term_says_why() {
        let cases = [
            ("KillSignal=15", None),
            ("KillSignal=15\nKillMode=mixed", None),
            ("KillSignal=15\nKillMode=process", None),
            ("KillSignal=15\nTimeoutStopFailureMode=kill", None),
            ("", Some("which signal it sends is not known")),
            ("KillSignal=3", Some("its KillSignal is SIGQUIT")),
            ("KillSignal=15\nSendSIGHUP=yes", Some("SendSIGHUP=yes")),
            ("KillSignal=15\nKillMode=none", Some("KillMode=none")),
            (
                "KillSignal=15\nTimeoutStopFailureMode=abort\nExecStop={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no }",
                Some("TimeoutStopFailureMode=abort"),
            ),
        ];
        for (properties, expected) in cases {
            let unit = unit(properties);
            let said = unit.behaviour().differs_from_term();
            match (&said, expected) {
                (None, None) => {}
                (Some(said), Some(words)) if said.contains(words) => {}
                (_, _) => panic!("{properties}: {said:?}"),
            }
        }
    }

    #[test]
    fn without_send_sigkill_no_limit_holds() {
        let spared = unit("TimeoutStopUSec=10s\nSendSIGKILL=no");
        assert!(matches!(
            spared.behaviour().kill_limit,
            StopLimit::Infinite(_)
        ));
        let killed = unit("TimeoutStopUSec=10s\nSendSIGKILL=yes");
        let limit = killed.behaviour().kill_limit;
        assert_eq!(limit.span(), Some(std::time::Duration::from_secs(10)));
    }
}
