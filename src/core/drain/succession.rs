//! The process that came up in the place of a process that a drain has ended: its record and its
//! words. Nothing is decided here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sentence::Sentence;

/// A process that has ended, and what came up in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Successor {
    /// The process that has ended: `util1:4242`.
    pub replaces: String,
    /// Whether anything came up.
    pub found: bool,
    /// How long was watched at most, in seconds from the end of the drain.
    pub within_s: f64,
    /// Seconds from the exit to the start of the new process.
    pub after_s: Option<f64>,
    /// Seconds from the exit to its first beat; null: none was seen.
    pub first_beat_s: Option<f64>,
    /// The systemd unit of the one that ended.
    pub unit: Option<String>,
    /// Working directory of the new process: its release.
    pub directory: Option<String>,
    /// That of the one that ended.
    pub directory_before: Option<String>,
    /// Sidekiq's own timeout in the new process.
    pub timeout_s: Option<f64>,
    /// Where that was found.
    pub timeout_from: Option<String>,
    /// That of the one that ended.
    pub timeout_before_s: Option<f64>,
    /// `TimeoutStopSec` as systemd has it loaded; null: not known, or none.
    pub stop_timeout_s: Option<f64>,
    /// `TimeoutStopSec` as the unit's file says it; null: not known, or none.
    pub stop_timeout_file_s: Option<f64>,
    /// The command that starts it; null: nothing here says.
    pub start: Option<String>,
}

/// A span as records have it, in tenths of a second.
pub fn tenths(span: Duration) -> f64 {
    (span.as_secs_f64() * 10.0).round() / 10.0
}

impl Successor {
    /// The replacement, as a sentence around the name of the new process.
    pub fn sentence(&self) -> Sentence {
        let replaces = &self.replaces;
        if !self.found {
            let start = self.start.as_ref().map_or_else(
                || "no unit or Procfile was found that starts it".into(),
                |command| format!("start it: {command}"),
            );
            let within = self.within_s;
            return Sentence::whole(format!(
                "no process came up in the place of {replaces} within {within} s; {start}"
            ));
        }
        let beat = match self.first_beat_s {
            Some(beat) => format!("first heartbeat {beat} s after that exit"),
            None => format!("no heartbeat within {} s", self.within_s),
        };
        let after = self
            .after_s
            .map(|after| format!("{after} s after that exit"));
        let rest = [
            after,
            Some(beat),
            self.release(),
            self.timeout(),
            self.stop_timeout(),
        ];
        let rest: Vec<String> = rest.into_iter().flatten().collect();
        let rest = rest.join("; ");
        Sentence::around("", format!(" came up in the place of {replaces}; {rest}"))
    }

    fn release(&self) -> Option<String> {
        let directory = self.directory.as_ref()?;
        Some(match &self.directory_before {
            Some(before) if before != directory => format!("in {directory} (was {before})"),
            Some(_) => format!("in {directory}, as before"),
            None => format!("in {directory}"),
        })
    }

    fn timeout(&self) -> Option<String> {
        let (seconds, from) = (self.timeout_s?, self.timeout_from.as_deref()?);
        let was = self
            .timeout_before_s
            .filter(|before| differ(*before, seconds));
        let was = was.map_or_else(String::new, |before| format!(", it was {before} s"));
        Some(format!("-t {seconds} s ({from}{was})"))
    }

    fn stop_timeout(&self) -> Option<String> {
        let loaded = self.stop_timeout_s?;
        let file = self
            .stop_timeout_file_s
            .filter(|file| differ(*file, loaded));
        Some(match file {
            Some(file) => format!(
                "TimeoutStopSec {loaded} s loaded, but {file} s in the file: systemctl daemon-reload"
            ),
            None => format!("TimeoutStopSec {loaded} s"),
        })
    }
}

fn differ(one: f64, other: f64) -> bool {
    (one - other).abs() > 0.05
}
