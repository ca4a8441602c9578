//! The processes of a past drain: the signals that each was sent, when they were received, when it
//! exited, and what stays true of a process that did not. Read off the journal, nothing else.

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::library::Past;
use crate::core::drain::{Event, Mode, Record};
use crate::core::sequence::Signal;

/// The act in TERM's place where systemd would start the process again.
const UNIT_STOP: &str = "systemctl stop";

/// A signal, or the stop of a unit in TERM's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedSignal {
    /// Which.
    pub signal: String,
    /// Seconds since the drain began.
    pub t_s: f64,
    /// `false` where only the intent is written: the program ended before it could say more.
    pub certain: bool,
    /// For KILL: jobs at stake.
    pub at_stake: Option<u64>,
    /// Whether the operator sent it step by step, or confirmed it; `false`: the drain by itself.
    pub by_operator: bool,
    /// Seconds since the drain began by which it had been received for sure; `None`: nothing shows
    /// that it was. That it was sent says only that the kernel took it.
    pub received_by_t_s: Option<f64>,
    /// Its effect, and when that was seen.
    pub effect: Option<SignalEffect>,
}

/// The effect of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SignalEffect {
    /// `quiet` or `exited`.
    pub what: &'static str,
    /// Seconds since the drain began when it was seen.
    pub t_s: f64,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessEnd {
    /// It left its registry and exited.
    ByItself,
    /// The operator's KILL ended it: sent by hand, or confirmed.
    KilledByOperator,
    /// The KILL of this drain ended it, without a question.
    KilledByDrain,
    /// It died without leaving its registry, and this drain had sent no KILL.
    Died,
    /// It exited; its registry could not be seen.
    NotKnown,
}

/// How the drain stood when a signal was sent.
#[derive(Clone, Copy, Debug, Default)]
struct DrainCourse {
    manual: bool,
    held: bool,
}

impl DrainCourse {
    fn follow(&mut self, event: &Event) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other events leave the course alone"
        )]
        match event {
            Event::Started { mode, .. } | Event::ModeChanged { mode } => {
                self.manual = *mode == Some(Mode::Manual);
            }
            Event::Held { .. } => self.held = true,
            Event::Resumed => self.held = false,
            _ => {}
        }
    }

    /// Whether a signal of this step needs the operator: a KILL out of turn, a step by hand, or
    /// the answer to a question.
    fn needs_operator(self, step: Option<usize>) -> bool {
        step.is_none() || self.manual || self.held
    }
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DrainedProcess {
    /// Its name in Redis.
    pub identity: Option<String>,
    /// Its pid.
    pub pid: Option<u32>,
    /// `util1:4242`, for people.
    pub name: String,
    /// The signals that it was sent.
    pub signals: Vec<ReportedSignal>,
    /// When it was known to be quiet.
    pub quiet_t_s: Option<f64>,
    /// When it exited.
    pub exited_t_s: Option<f64>,
    /// Whether it left in order.
    pub clean: Option<bool>,
    /// How it ended; `None` if it did not exit.
    pub ended: Option<ProcessEnd>,
    /// For a process that was killed: seconds left until Sidekiq itself would have pushed its jobs
    /// back; `None`: it was not told to stop, or they were over.
    pub before_push_back_s: Option<f64>,
    /// Its standing; `None` if it exited.
    pub remains: Option<String>,
    /// When its own log said that it had heard TSTP (`false`), or TERM or INT (`true`).
    #[serde(skip)]
    heard: Vec<(bool, f64)>,
}

impl DrainedProcess {
    /// How it ended, for people.
    pub fn how(&self) -> String {
        let early = self.before_push_back_s.map_or_else(String::new, |left| {
            format!(", {left:.0} s before its push-back")
        });
        match self.ended {
            None => "still there".into(),
            Some(ProcessEnd::ByItself) => "stopped by itself".into(),
            Some(ProcessEnd::KilledByOperator) => format!("killed by the operator{early}"),
            Some(ProcessEnd::KilledByDrain) => format!("killed by this drain{early}"),
            Some(ProcessEnd::Died) => "died (not by us)".into(),
            Some(ProcessEnd::NotKnown) => "exited, how is not known".into(),
        }
    }

    /// Whether it was told to stop, or killed.
    pub fn was_stopped(&self) -> bool {
        let stops = ["TERM", "INT", "KILL", UNIT_STOP];
        let stopped = |sent: &ReportedSignal| stops.contains(&sent.signal.as_str());
        self.signals.iter().any(stopped)
    }

    /// Settles how it ended, by its registry and the signals before its exit. `timeout_s` is
    /// Sidekiq's own.
    pub(super) fn settle_end(&mut self, timeout_s: f64) {
        let Some(exited) = self.exited_t_s else {
            return;
        };
        let killed = |sent: &&ReportedSignal| sent.signal == "KILL" && sent.t_s <= exited;
        let kill = self.signals.iter().find(killed);
        self.ended = Some(match (self.clean, kill) {
            (Some(true), _) => ProcessEnd::ByItself,
            (_, Some(kill)) if kill.by_operator => ProcessEnd::KilledByOperator,
            (_, Some(_)) => ProcessEnd::KilledByDrain,
            (Some(false), None) => ProcessEnd::Died,
            (None, None) => ProcessEnd::NotKnown,
        });
        if matches!(
            self.ended,
            Some(ProcessEnd::KilledByOperator | ProcessEnd::KilledByDrain)
        ) {
            let stop = ["TERM", "INT"].into_iter().find_map(|stop| self.sent(stop));
            let left = stop.map(|stop| stop + timeout_s - exited);
            self.before_push_back_s = left.filter(|left| *left > 0.0);
        }
    }

    /// When `signal` was sent to it first.
    pub fn sent(&self, signal: &str) -> Option<f64> {
        let sent = self.signals.iter().find(|sent| sent.signal == signal)?;
        sent.certain.then_some(sent.t_s)
    }

    /// The effect of each signal, as far as quiet and exit show it. Of two that end a process the
    /// last one did; what its log said it had heard, it had; a quiet seen after both TSTP and TERM
    /// may be due to either.
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
    fn send(&mut self, signal: &str, t_s: f64, certain: bool) -> &mut ReportedSignal {
        if certain {
            self.signals.retain(|sent| sent.certain);
        }
        let at = self.signals.len();
        self.signals.push(ReportedSignal {
            signal: signal.to_owned(),
            t_s,
            certain,
            at_stake: None,
            by_operator: false,
            received_by_t_s: None,
            effect: None,
        });
        &mut self.signals[at]
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
            format!("{name} stays quiet until it is restarted: it takes no job")
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
    let mut course = DrainCourse::default();
    for record in past.records.iter().filter(|record| !record.is_later()) {
        course.follow(&record.event);
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
        take(&mut processes[index], record, course);
    }
    for process in &mut processes {
        process.remains = process.remains();
        process.weigh_signals();
    }
    processes
}

fn take(process: &mut DrainedProcess, record: &Record, course: DrainCourse) {
    let t_s = record.t_s();
    let sent = |signal: &Signal| signal.name();
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other events change nothing of how a process stands"
    )]
    match &record.event {
        Event::SignalIntended { signal, .. } => {
            process.send(sent(signal), t_s, false);
        }
        Event::UnitStopIntended { .. } => {
            process.send(UNIT_STOP, t_s, false);
        }
        Event::SignalSent {
            signal,
            step,
            at_stake,
            ..
        } => {
            let sent = process.send(sent(signal), t_s, true);
            sent.at_stake = *at_stake;
            sent.by_operator = course.needs_operator(*step);
        }
        Event::UnitStopBegun { step, at_stake, .. } => {
            let sent = process.send(UNIT_STOP, t_s, true);
            sent.at_stake = *at_stake;
            sent.by_operator = course.needs_operator(*step);
        }
        Event::SignalArrived { signal } => process.heard.push((signal.stops(), t_s)),
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
        Event::Exited { clean, .. } => {
            process.exited_t_s = Some(t_s);
            process.clean = *clean;
            // An exit while a signal was under way: it was gone, or it is the signal's doing.
            process.signals.retain(|sent| sent.certain);
        }
        _ => {}
    }
}
