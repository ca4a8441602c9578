//! The processes of a past drain: the signals that each was sent, when they were received, when it
//! exited, and what stays true of a process that did not. Read off the journal, nothing else.

use serde::Serialize;

use super::library::Past;
use crate::core::drain::{Event, Record};
use crate::core::sequence::Signal;

/// What stands in TERM's place where systemd would start the process again.
const UNIT_STOP: &str = "systemctl stop";

/// A signal, or the stop of a unit in TERM's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentSignal {
    /// Which.
    pub signal: String,
    /// Seconds since the drain began.
    pub t_s: f64,
    /// `false` where only the intent is written: the program ended before it could say more.
    pub certain: bool,
    /// For KILL: jobs at stake.
    pub at_stake: Option<u64>,
    /// Seconds since the drain began by which it had been received for sure; `None`: nothing shows
    /// that it was. That it was sent says only that the kernel took it.
    pub received_by_t_s: Option<f64>,
    /// What it brought about, and when that was seen.
    pub effect: Option<SignalEffect>,
}

/// What a signal brought about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SignalEffect {
    /// `quiet` or `exited`.
    pub what: &'static str,
    /// Seconds since the drain began when it was seen.
    pub t_s: f64,
}

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DrainedProcess {
    /// Its name in Redis.
    pub identity: Option<String>,
    /// Its pid.
    pub pid: Option<u32>,
    /// `util1:4242`, for people.
    pub name: String,
    /// What it was sent.
    pub signals: Vec<SentSignal>,
    /// When it was known to be quiet.
    pub quiet_t_s: Option<f64>,
    /// When it exited.
    pub exited_t_s: Option<f64>,
    /// Whether it left in order.
    pub clean: Option<bool>,
    /// What stays true of it; `None` if it exited.
    pub remains: Option<String>,
    /// When its own log said that it had heard TSTP (`false`), or TERM or INT (`true`).
    #[serde(skip)]
    heard: Vec<(bool, f64)>,
}

impl DrainedProcess {
    /// When `signal` was sent to it first.
    pub fn sent(&self, signal: &str) -> Option<f64> {
        let sent = self.signals.iter().find(|sent| sent.signal == signal)?;
        sent.certain.then_some(sent.t_s)
    }

    /// What became of each signal, as far as quiet and exit show it. Of two that end a process the
    /// last one did; what its log said it had heard, it had; a quiet seen after both TSTP and TERM may be due to either.
    fn weigh_signals(&mut self) {
        let at = |signal: &str| {
            let sent = self.signals.iter().find(|sent| sent.signal == signal);
            sent.map(|sent| sent.t_s)
        };
        let (killed, tstp) = (at("KILL"), at("TSTP").or(at("USR1")));
        let (quiet, exited) = (self.quiet_t_s, self.exited_t_s);
        for sent in &mut self.signals {
            let after = |t_s: Option<f64>| t_s.filter(|t_s| *t_s >= sent.t_s);
            let heard = |stops| {
                let heard = self.heard.iter().filter(|(heard, _)| *heard == stops);
                after(heard.map(|(_, t_s)| *t_s).find(|t_s| *t_s >= sent.t_s))
            };
            let ended = match sent.signal.as_str() {
                "KILL" => after(exited),
                "TERM" | "INT" | UNIT_STOP => after(exited).filter(|_| killed.is_none()),
                _ => None,
            };
            let quieted = match sent.signal.as_str() {
                "TSTP" | "USR1" => after(quiet),
                "TERM" | "INT" | UNIT_STOP => after(quiet).filter(|_| tstp.is_none()),
                _ => None,
            };
            let said = match sent.signal.as_str() {
                "TSTP" => heard(false),
                "TERM" | "INT" | UNIT_STOP => heard(true),
                _ => None,
            };
            let is_quiet = |t_s| SignalEffect { what: "quiet", t_s };
            let is_exit = |t_s| SignalEffect {
                what: "exited",
                t_s,
            };
            sent.effect = match sent.signal.as_str() {
                "TSTP" | "USR1" => quieted.map(is_quiet),
                _ => ended.map(is_exit),
            };
            let shown = [said, quieted, ended].into_iter().flatten();
            sent.received_by_t_s = shown.min_by(f64::total_cmp);
        }
    }

    /// Notes that a signal left, or (`certain` is `false`) was about to. What is certain takes the
    /// place of what was intended.
    fn send(&mut self, signal: &str, t_s: f64, certain: bool, at_stake: Option<u64>) {
        if certain {
            self.signals.retain(|sent| sent.certain);
        }
        self.signals.push(SentSignal {
            signal: signal.to_owned(),
            t_s,
            certain,
            at_stake,
            received_by_t_s: None,
            effect: None,
        });
    }

    fn remains(&self) -> Option<String> {
        if self.exited_t_s.is_some() {
            return None;
        }
        let name = &self.name;
        let was = |signal: &str| self.signals.iter().any(|sent| sent.signal == signal);
        Some(if was("KILL") {
            format!("{name} was sent KILL; its exit was not seen")
        } else if was("TERM") || was("INT") || was(UNIT_STOP) {
            format!("{name} was told to stop and had not exited when the drain ended")
        } else if was("TSTP") {
            format!("{name} stays quiet until it is restarted: it fetches no job")
        } else if self.signals.is_empty() {
            format!("{name} was sent nothing and goes on working")
        } else {
            format!("{name} had not exited when the drain ended")
        })
    }
}

/// The processes of `past`, in the order in which they appear: its targets. What came up in their
/// place is told after the drain, and is none of them.
pub(super) fn processes(past: &Past) -> Vec<DrainedProcess> {
    let mut processes: Vec<DrainedProcess> = Vec::new();
    for record in past.records.iter().filter(|record| !record.is_later()) {
        let Some(about) = &record.about else {
            continue;
        };
        let known = |process: &DrainedProcess| process.name == about.name;
        let index = processes.iter().position(known).unwrap_or_else(|| {
            processes.push(DrainedProcess {
                identity: about.identity.as_ref().map(ToString::to_string),
                pid: about.pid,
                name: about.name.clone(),
                ..DrainedProcess::default()
            });
            processes.len() - 1
        });
        take(&mut processes[index], record);
    }
    for process in &mut processes {
        process.remains = process.remains();
        process.weigh_signals();
    }
    processes
}

fn take(process: &mut DrainedProcess, record: &Record) {
    let t_s = record.t_s();
    let sent = |signal: &Signal| signal.name();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events change nothing of how a process stands"
    )]
    match &record.event {
        Event::SignalIntended { signal, .. } => process.send(sent(signal), t_s, false, None),
        Event::UnitStopIntended { .. } => process.send(UNIT_STOP, t_s, false, None),
        Event::SignalSent {
            signal, at_stake, ..
        } => process.send(sent(signal), t_s, true, *at_stake),
        Event::UnitStopBegun { at_stake, .. } => process.send(UNIT_STOP, t_s, true, *at_stake),
        Event::SignalFailed {
            may_have_happened, ..
        }
        | Event::UnitStopFailed {
            may_have_happened, ..
        } => {
            process
                .signals
                .retain(|sent| sent.certain || *may_have_happened);
        }
        Event::Logged { text } if text.starts_with("Received TSTP") => {
            process.heard.push((false, t_s));
        }
        Event::Logged { text } if text.starts_with("Shutting down") => {
            process.heard.push((true, t_s));
        }
        Event::QuietConfirmed { .. } => {
            process.quiet_t_s.get_or_insert(t_s);
        }
        Event::Exited { clean } => {
            process.exited_t_s = Some(t_s);
            process.clean = *clean;
            // An exit while a signal was under way: it was gone, or it is the signal's doing.
            process.signals.retain(|sent| sent.certain);
        }
        _ => {}
    }
}
