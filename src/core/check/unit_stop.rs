//! The forecast of `systemctl stop`: the fate of a job that does not end by itself, and whether
//! systemd starts Sidekiq again. It is read off the unit's settings; no host is asked.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::behaviour::{Before, FirstSignal, Reach};
use super::effective::effective_timeout;
use super::facts::Facts;
use super::restart::{UnitEnding, starts_again};
use super::unit_facts::{MainProcess, StopLimit, UnitFacts};
use crate::core::moment::Seconds;

/// The fate of a job that is still running when its unit is stopped by `systemctl stop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// Sidekiq pushes it back so long after TERM.
    PushedBack(Duration),
    /// It is killed so long after the stop began.
    Lost(Duration, Loss),
    /// No signal reaches Sidekiq: it runs on, and systemd takes the unit for stopped.
    LeftRunning,
    /// It cannot be told.
    Unknown(String),
}

/// Why systemd takes a job with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// This command of `ExecStop=` kills it.
    StopCommand(String),
    /// `TimeoutStopSec` is over before Sidekiq's own timeout.
    Limit,
    /// `KillMode=mixed` kills what a wrapper leaves behind.
    Wrapper,
    /// `SendSIGHUP=yes`: HUP ends Sidekiq.
    Hangup,
    /// `KillSignal=` is one that ends Sidekiq at once.
    FatalSignal,
    /// `KillSignal=` is one that stops nothing, until `TimeoutStopSec` is over.
    DeafSignal,
}

impl fmt::Display for Loss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::StopCommand(command) => return write!(out, "ExecStop runs `{command}`"),
            Self::Limit => "TimeoutStopSec is over before Sidekiq's own timeout",
            Self::Wrapper => "TERM ends the wrapper, and KillMode=mixed kills what it leaves",
            Self::Hangup => "SendSIGHUP=yes, and HUP ends Sidekiq",
            Self::FatalSignal => "KillSignal is one that ends Sidekiq at once",
            Self::DeafSignal => "KillSignal is one that makes no Sidekiq stop",
        })
    }
}

/// The forecast for one unit.
#[derive(Clone, Debug)]
pub struct UnitForecast {
    /// Its name.
    pub unit: String,
    /// The kind of its main process; `None` if that is not known.
    pub main_process: Option<MainProcess>,
    /// The jobs that do not end by themselves.
    pub unfinished: Unfinished,
    /// Whether systemd starts it again after a TERM that did not come from systemctl; `None` if
    /// `Restart=` cannot be read.
    pub again_after_term: Option<bool>,
    /// The same after a KILL.
    pub again_after_kill: Option<bool>,
}

/// The forecast for every unit that runs a Sidekiq.
pub fn unit_stops(facts: &Facts) -> Vec<UnitForecast> {
    let units = facts.units.iter();
    units.map(|unit| unit_stop(facts, unit)).collect()
}

/// The forecast for one unit.
pub fn unit_stop(facts: &Facts, unit: &UnitFacts) -> UnitForecast {
    let (again_after_term, again_after_kill) = again(unit);
    UnitForecast {
        unit: unit.name.clone(),
        main_process: unit.main_process().ok(),
        unfinished: unfinished(facts, unit),
        again_after_term,
        again_after_kill,
    }
}

/// Follows systemd.kill(5) and systemd.service(5), each way measured on systemd 252.
fn unfinished(facts: &Facts, unit: &UnitFacts) -> Unfinished {
    let behaviour = unit.behaviour();
    let effective = effective_timeout(&facts.sidekiq, Some(&unit.name));
    let before = match behaviour.before_signal(facts.sidekiq.version, effective.timeout.span) {
        Before::Unknown => {
            return Unfinished::Unknown(
                "its ExecStop runs first, and may end Sidekiq itself".into(),
            );
        }
        Before::Kills(at, command) => {
            return Unfinished::Lost(at, Loss::StopCommand(command));
        }
        Before::Stops(at) => {
            return match effective.decided() {
                Ok(timeout) => Unfinished::PushedBack(at.saturating_add(timeout)),
                Err(why) => Unfinished::Unknown(why),
            };
        }
        Before::Waits(span) => span,
    };
    if let Some(reached) = not_reached(unit, behaviour.reach) {
        return reached;
    }
    if behaviour.hangup.is_some() {
        return Unfinished::Lost(before, Loss::Hangup);
    }
    if matches!(
        behaviour.signal,
        FirstSignal::Destroys | FirstSignal::NotKnown
    ) {
        return Unfinished::Lost(before, Loss::FatalSignal);
    }
    if let StopLimit::Unread(_, text) = behaviour.kill_limit {
        return Unfinished::Unknown(format!("TimeoutStopSec is {text}"));
    }
    let after = behaviour.kill_limit.span();
    let goes_on = behaviour.signal != FirstSignal::Stops;
    match (after, goes_on) {
        (Some(after), true) => {
            return Unfinished::Lost(before.saturating_add(after), Loss::DeafSignal);
        }
        (None, true) => return Unfinished::LeftRunning,
        (Some(_) | None, false) => {}
    }
    match (effective.decided(), after) {
        (Err(why), _) => Unfinished::Unknown(why),
        (Ok(timeout), Some(after)) if after < timeout => {
            Unfinished::Lost(before.saturating_add(after), Loss::Limit)
        }
        (Ok(timeout), _) => Unfinished::PushedBack(before.saturating_add(timeout)),
    }
}

/// The consequence where `KillMode=` keeps the signal from Sidekiq; `None` if Sidekiq gets it.
fn not_reached(unit: &UnitFacts, reach: Reach) -> Option<Unfinished> {
    let behind_wrapper = match reach {
        Reach::MainThenKill => Unfinished::Lost(Duration::ZERO, Loss::Wrapper),
        Reach::MainProcess => Unfinished::LeftRunning,
        Reach::NoProcess => return Some(Unfinished::LeftRunning),
        Reach::EveryProcess => return None,
    };
    match unit.main_process() {
        Ok(MainProcess::Sidekiq | MainProcess::Swarm) => None,
        Ok(MainProcess::Wrapper) => Some(behind_wrapper),
        Err(_) => Some(Unfinished::Unknown(format!(
            "with KillMode={} it depends on the main process, which is not known",
            reach.word()
        ))),
    }
}

/// Whether systemd starts the unit again after TERM and after KILL (systemd.service(5),
/// `Restart=`): after TERM Sidekiq exits with 0.
fn again(unit: &UnitFacts) -> (Option<bool>, Option<bool>) {
    let after = |ending| starts_again(unit, ending);
    (after(UnitEnding::Exit(0)), after(UnitEnding::Killed))
}

impl fmt::Display for Unfinished {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PushedBack(after) => write!(
                out,
                "a job that still runs after {} s is pushed back",
                after.as_secs_f64()
            ),
            Self::Lost(Duration::ZERO, loss) => {
                write!(out, "every job that runs is lost at once: {loss}")
            }
            Self::Lost(after, loss) => write!(
                out,
                "a job that still runs after {} s is lost: {loss}",
                after.as_secs_f64()
            ),
            Self::LeftRunning => out.write_str(
                "no signal makes Sidekiq stop: it runs on, though systemd takes the unit for stopped",
            ),
            Self::Unknown(why) => {
                write!(out, "what becomes of a job that still runs is not known: {why}")
            }
        }
    }
}

impl UnitForecast {
    /// Whether a stop gives Sidekiq any time, so that there is a course of it to show.
    pub fn waits_for_sidekiq(&self) -> bool {
        match self.unfinished {
            Unfinished::Lost(after, _) => !after.is_zero(),
            Unfinished::PushedBack(_) | Unfinished::Unknown(_) => true,
            Unfinished::LeftRunning => false,
        }
    }

    /// Whether systemd starts it again, in a sentence.
    pub fn afterwards(&self) -> String {
        let directly = match (self.again_after_term, self.again_after_kill) {
            (Some(true), _) => "a TERM sent to Sidekiq itself would be a restart",
            (Some(false), Some(true)) => {
                "so it does after a TERM sent to Sidekiq itself, but a KILL would be a restart"
            }
            (Some(false), _) => "so it does after a TERM or a KILL sent to Sidekiq itself",
            (None, _) => "what a TERM sent to Sidekiq itself would lead to is not known",
        };
        format!("then it stays down until it is started; {directly}")
    }

    /// The same for machines.
    pub fn row(&self) -> UnitStopRow {
        let (unfinished, after) = match &self.unfinished {
            Unfinished::PushedBack(after) => (Some("pushed_back"), Some(*after)),
            Unfinished::Lost(after, _) => (Some("lost"), Some(*after)),
            Unfinished::LeftRunning => (Some("left_running"), None),
            Unfinished::Unknown(_) => (None, None),
        };
        UnitStopRow {
            unit: self.unit.clone(),
            main_process: self.main_process.map(MainProcess::word),
            unfinished,
            after_s: after.map(Seconds),
            why: self.unfinished.to_string(),
            again_after_term: self.again_after_term,
            again_after_kill: self.again_after_kill,
        }
    }
}

/// The forecast of `systemctl stop` for one unit.
#[derive(Clone, Debug, Serialize)]
pub struct UnitStopRow {
    /// Its name.
    pub unit: String,
    /// `sidekiq`, `swarm` or `wrapper`; `null` if it is not known.
    pub main_process: Option<&'static str>,
    /// The fate of jobs that do not end by themselves: `pushed_back`, `lost` or
    /// `left_running`; `null` if it is not known.
    pub unfinished: Option<&'static str>,
    /// How long after the stop began; `null` if it is not known or never.
    pub after_s: Option<Seconds>,
    /// The same as a sentence.
    pub why: String,
    /// Whether systemd starts it again after a TERM sent to Sidekiq itself.
    pub again_after_term: Option<bool>,
    /// The same after a KILL.
    pub again_after_kill: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::check::{Chosen, gather};
    use crate::core::layers::systemd_show;

    fn forecast(properties: &str) -> UnitForecast {
        let text = format!(
            "Id=s.service\nLoadState=loaded\n\
             ExecStart={{ path=/usr/bin/sidekiq ; argv[]=/usr/bin/sidekiq -t 10 ; ignore_errors=no }}\n\
             TimeoutStopUSec=1min 30s\n{properties}"
        );
        let values = systemd_show::read("s.service", &text).values;
        unit_stops(&gather(&values, &Chosen::default())).remove(0)
    }

    // Real stops by systemd stand in `tests/it/real_units`.
    #[test]
    fn what_a_stop_does_follows_from_the_settings() {
        let seconds = Duration::from_secs;
        let cases = [
            (
                "KillMode=control-group",
                Unfinished::PushedBack(seconds(10)),
            ),
            ("KillMode=mixed", Unfinished::PushedBack(seconds(10))),
            ("KillMode=none", Unfinished::LeftRunning),
            ("SendSIGHUP=yes", Unfinished::Lost(seconds(0), Loss::Hangup)),
            (
                "KillSignal=20",
                Unfinished::Lost(seconds(90), Loss::DeafSignal),
            ),
            ("KillSignal=20\nSendSIGKILL=no", Unfinished::LeftRunning),
            (
                "KillSignal=10",
                Unfinished::Lost(seconds(0), Loss::FatalSignal),
            ),
            ("KillSignal=2", Unfinished::PushedBack(seconds(10))),
        ];
        for (properties, expected) in cases {
            assert_eq!(forecast(properties).unfinished, expected, "{properties}");
        }
        let stop = "ExecStop={ path=/usr/bin/drainboard ; argv[]=/usr/bin/drainboard drain ; ignore_errors=yes }";
        let stop = forecast(stop);
        assert!(
            matches!(stop.unfinished, Unfinished::Unknown(_)),
            "{stop:?}"
        );
        assert_eq!(stop.row().unfinished, None);
    }

    #[test]
    fn who_starts_it_again_follows_from_restart() {
        let cases = [
            ("no", Some(false), Some(false)),
            ("on-success", Some(true), Some(false)),
            ("on-failure", Some(false), Some(true)),
            ("on-watchdog", Some(false), Some(false)),
            ("always", Some(true), Some(true)),
            ("whenever", None, None),
        ];
        for (restart, after_term, after_kill) in cases {
            let stop = forecast(&format!("Restart={restart}"));
            let again = (stop.again_after_term, stop.again_after_kill);
            assert_eq!(again, (after_term, after_kill), "{restart}");
        }
    }
}
