//! The commands that touch a Sidekiq when it is stopped, reloaded or deployed: `ExecStop=`,
//! `ExecReload=`, `preStop`, tasks of a deploy. Each is put on a time line; nothing is judged.

use std::fmt;
use std::time::Duration;

use super::acts::{Receiver, ShellAct, SidekiqContainer, acts, in_containers};
use crate::core::layers::{FilePlace, Layer, LocatedSetting};
use crate::core::sequence::{Sequence, Signal, Version};

/// The place from which a command is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `ExecStartPre=` of this unit, once its own process is gone.
    ExecStartPre(String),
    /// `ExecStopPost=` of this unit, once its own process is gone.
    ExecStopPost(String),
    /// `ExecStop=` of this unit, before its signal.
    ExecStop(String),
    /// `ExecReload=` of this unit.
    ExecReload(String),
    /// `preStop` of this container, before TERM.
    PreStop(String),
    /// A task of the deploy, by its name where it has one.
    Task(Option<String>),
    /// A shell script, by its path.
    Script(String),
    /// A supervisor that watches a Sidekiq from outside (Monit, god).
    Watcher {
        /// Which.
        layer: Layer,
        /// The setting of it: `stop program`.
        setting: &'static str,
        /// The process that it watches.
        scope: String,
    },
}

impl Runner {
    /// The supervisor and the process that it watches.
    pub fn watched(&self) -> Option<(Layer, &str)> {
        match self {
            Self::Watcher { layer, scope, .. } => Some((*layer, scope)),
            Self::ExecStartPre(_)
            | Self::ExecStopPost(_)
            | Self::ExecStop(_)
            | Self::ExecReload(_)
            | Self::PreStop(_)
            | Self::Task(_)
            | Self::Script(_) => None,
        }
    }

    /// Whether everything that it signals without a name is the Sidekiq.
    fn is_about_sidekiq(&self) -> bool {
        match self {
            Self::ExecStop(_) | Self::ExecReload(_) | Self::PreStop(_) | Self::Watcher { .. } => {
                true
            }
            Self::Task(Some(name)) | Self::Script(name) => {
                name.to_ascii_lowercase().contains("sidekiq")
            }
            Self::ExecStartPre(_) | Self::ExecStopPost(_) | Self::Task(None) => false,
        }
    }
}

impl fmt::Display for Runner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExecStartPre(unit) => write!(out, "ExecStartPre of {unit}"),
            Self::ExecStopPost(unit) => write!(out, "ExecStopPost of {unit}"),
            Self::ExecStop(unit) => write!(out, "ExecStop of {unit}"),
            Self::ExecReload(unit) => write!(out, "ExecReload of {unit}"),
            Self::PreStop(container) => write!(out, "preStop of {container}"),
            Self::Task(Some(name)) => write!(out, "the task {name}"),
            Self::Task(None) => out.write_str("a deploy file"),
            Self::Script(file) => write!(out, "the script {file}"),
            Self::Watcher {
                layer,
                setting,
                scope,
            } => write!(out, "{setting} of {scope}, {}", layer.tool().title),
        }
    }
}

/// The commands that one runner runs, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopCommand {
    /// The place from which they are run.
    pub runner: Runner,
    /// Their acts, each with its place.
    acts: Vec<(ShellAct, FilePlace)>,
}

/// A signal that reaches the Sidekiq, on the time line of its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentSignal<'a> {
    /// The signal.
    pub signal: Signal,
    /// How long after the command began; `None` if something of unknown length runs before it.
    pub at: Option<Duration>,
    /// How long after the first TERM or INT of the same command.
    pub after_term: AfterTerm,
    /// Which processes get it; `None` where a tool such as `sidekiqctl` sends it.
    pub to: Option<&'a Receiver>,
    /// As written.
    pub command: &'a str,
    /// Where it is written.
    pub place: &'a FilePlace,
}

/// How long a signal comes after the first TERM or INT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterTerm {
    /// None came before it.
    NoTerm,
    /// So long.
    Known(Duration),
    /// Something of unknown length runs between them.
    Unknown,
}

impl StopCommand {
    /// Reads the commands of one runner.
    pub fn new<'a>(runner: Runner, lines: impl IntoIterator<Item = &'a LocatedSetting>) -> Self {
        let mut found = Vec::new();
        for located in lines {
            let text = located.value.as_text().unwrap_or_default();
            let done = acts(text).into_iter();
            found.extend(done.map(|act| (act, located.from.clone())));
        }
        Self {
            runner,
            acts: found,
        }
    }

    /// The same, where it may stop these containers by their names.
    pub(super) fn reaching(mut self, containers: &[SidekiqContainer]) -> Self {
        let is_whole_unit = matches!(self.runner, Runner::ExecStop(_) | Runner::ExecReload(_));
        let is_before_or_behind = matches!(
            self.runner,
            Runner::ExecStartPre(_) | Runner::ExecStopPost(_)
        );
        if !is_before_or_behind && !containers.is_empty() {
            let acts = std::mem::take(&mut self.acts).into_iter();
            let reached = acts.flat_map(|(act, place)| {
                let acts = in_containers(act, containers, is_whole_unit).into_iter();
                acts.map(move |act| (act, place.clone()))
            });
            self.acts = reached.collect();
        }
        self
    }

    /// Whether it touches a Sidekiq: a task that signals other programs alone does not.
    pub fn concerns_sidekiq(&self) -> bool {
        let about = self.runner.is_about_sidekiq();
        self.acts.iter().any(|(act, _)| match act {
            ShellAct::Waits(_) | ShellAct::Runs(_) | ShellAct::Drains { .. } => about,
            ShellAct::Sends { .. }
            | ShellAct::Stops { .. }
            | ShellAct::Sidekiqctl { .. }
            | ShellAct::StopsUnit(_)
            | ShellAct::ReloadsUnit(_) => self.touches_sidekiq(act),
        })
    }

    /// Whether an act of this command signals, stops or reloads a Sidekiq.
    pub fn touches_sidekiq(&self, act: &ShellAct) -> bool {
        let about = self.runner.is_about_sidekiq();
        match act {
            ShellAct::Sends { signal, to, .. } => {
                // TSTP to a unit means to quiet: no other program is quieted by it.
                let quiets = *signal == Signal::Tstp && matches!(to, Receiver::Unit { .. });
                quiets || to.is_sidekiq(about)
            }
            ShellAct::Stops { to, .. } => to.is_sidekiq(about),
            ShellAct::Sidekiqctl { .. } => true,
            ShellAct::StopsUnit(command) | ShellAct::ReloadsUnit(command) => {
                Receiver::Named(command.clone()).is_sidekiq(about)
            }
            ShellAct::Waits(_) | ShellAct::Runs(_) | ShellAct::Drains { .. } => false,
        }
    }

    /// Everything that it does, with its place.
    pub fn acts(&self) -> impl Iterator<Item = (&ShellAct, &FilePlace)> {
        self.acts.iter().map(|(act, place)| (act, place))
    }

    /// Where the first of its acts is written.
    pub fn place(&self) -> Option<&FilePlace> {
        self.acts.first().map(|(_, place)| place)
    }

    /// The signals that reach a Sidekiq of this version, in order.
    pub fn signals(&self, version: Option<Version>) -> Vec<SentSignal<'_>> {
        let about = self.runner.is_about_sidekiq();
        let mut line = TimeLine::default();
        let has_sidekiqctl = version.is_some_and(|version| version.major < 6);
        for (act, place) in &self.acts {
            match act {
                ShellAct::Waits(span) => line.wait(Some(*span)),
                ShellAct::Runs(_)
                | ShellAct::Drains { .. }
                | ShellAct::StopsUnit(_)
                | ShellAct::ReloadsUnit(_) => {
                    line.wait(None);
                }
                ShellAct::Sends {
                    signal,
                    to,
                    command,
                } if to.is_sidekiq(about) => line.send(*signal, Some(to), command, place),
                ShellAct::Stops {
                    within,
                    to,
                    command,
                } if to.is_sidekiq(about) => line.stop(*within, Some(to), command, place),
                ShellAct::Sidekiqctl {
                    stops_within: Some(within),
                    command,
                } if has_sidekiqctl => line.stop(*within, None, command, place),
                ShellAct::Sends { .. } | ShellAct::Stops { .. } | ShellAct::Sidekiqctl { .. } => {}
            }
        }
        line.sent
    }

    /// How long it runs, or the first command whose length is not known.
    ///
    /// # Errors
    /// The command of unknown length.
    pub fn length(&self) -> Result<Duration, &str> {
        let mut whole = Duration::ZERO;
        for (act, _) in &self.acts {
            match act {
                ShellAct::Waits(span) => whole = whole.saturating_add(*span),
                ShellAct::Stops { within, .. }
                | ShellAct::Sidekiqctl {
                    stops_within: Some(within),
                    ..
                } => whole = whole.saturating_add(*within),
                ShellAct::Runs(command) | ShellAct::StopsUnit(command) => return Err(command),
                ShellAct::Drains { .. } => return Err("drainboard drain"),
                ShellAct::Sends { .. } | ShellAct::ReloadsUnit(_) | ShellAct::Sidekiqctl { .. } => {
                }
            }
        }
        Ok(whole)
    }

    /// How long it runs before it sends TERM by itself, else its whole length.
    ///
    /// # Errors
    /// The command of unknown length.
    pub fn before_term(&self) -> Result<Duration, &str> {
        let about = self.runner.is_about_sidekiq();
        let mut whole = Duration::ZERO;
        for (act, _) in &self.acts {
            match act {
                ShellAct::Sends { signal, to, .. } if signal.stops() && to.is_sidekiq(about) => {
                    return Ok(whole);
                }
                ShellAct::Stops { .. } | ShellAct::StopsUnit(_) => return Ok(whole),
                ShellAct::Waits(span) => whole = whole.saturating_add(*span),
                ShellAct::Runs(command) => return Err(command),
                ShellAct::Drains { .. } => return Err("drainboard drain"),
                ShellAct::Sends { .. } | ShellAct::ReloadsUnit(_) | ShellAct::Sidekiqctl { .. } => {
                }
            }
        }
        Ok(whole)
    }

    /// The stop sequence that it sends; `None` where something of unknown length runs in it, or it
    /// sends nothing.
    pub fn sequence(&self, version: Option<Version>) -> Option<Sequence> {
        let mut parts: Vec<String> = Vec::new();
        let mut before = Duration::ZERO;
        for sent in self.signals(version) {
            let at = sent.at?;
            if !parts.is_empty() {
                parts.push(at.saturating_sub(before).as_secs().to_string());
            }
            parts.push(sent.signal.to_string());
            before = at;
        }
        parts.join(", ").parse().ok()
    }

    /// Whether the service manager does the stop.
    pub fn stops_a_unit(&self) -> bool {
        let mut acts = self.acts.iter();
        acts.any(|(act, _)| matches!(act, ShellAct::StopsUnit(_)))
    }

    /// Whether it does nothing but send signals, at once.
    pub fn is_instant(&self) -> bool {
        let instant = |(act, _): &(ShellAct, FilePlace)| matches!(act, ShellAct::Sends { .. });
        self.acts.iter().all(instant)
    }
}

/// The signals sent so far, and the time.
#[derive(Default)]
struct TimeLine<'a> {
    sent: Vec<SentSignal<'a>>,
    /// Since the command began; `None` once something of unknown length has run.
    now: Option<Duration>,
    /// Since the first TERM, counted as `now` is.
    after_term: Option<AfterTerm>,
    has_begun: bool,
}

impl<'a> TimeLine<'a> {
    fn now(&self) -> Option<Duration> {
        if self.has_begun {
            self.now
        } else {
            Some(Duration::ZERO)
        }
    }

    fn wait(&mut self, span: Option<Duration>) {
        let now = self.now();
        self.has_begun = true;
        self.now = now.zip(span).map(|(now, span)| now.saturating_add(span));
        self.after_term = self.after_term.map(|after| match (after, span) {
            (AfterTerm::Known(after), Some(span)) => AfterTerm::Known(after.saturating_add(span)),
            (_, _) => AfterTerm::Unknown,
        });
    }

    fn send(
        &mut self,
        signal: Signal,
        to: Option<&'a Receiver>,
        command: &'a str,
        place: &'a FilePlace,
    ) {
        self.sent.push(SentSignal {
            signal,
            at: self.now(),
            after_term: self.after_term.unwrap_or(AfterTerm::NoTerm),
            to,
            command,
            place,
        });
        if signal.stops() {
            self.after_term
                .get_or_insert(AfterTerm::Known(Duration::ZERO));
        }
    }

    /// TERM, a wait, KILL.
    fn stop(
        &mut self,
        within: Duration,
        to: Option<&'a Receiver>,
        command: &'a str,
        place: &'a FilePlace,
    ) {
        self.send(Signal::Term, to, command, place);
        self.wait(Some(within));
        self.send(Signal::Kill, to, command, place);
    }
}

#[cfg(test)]
mod tests;
