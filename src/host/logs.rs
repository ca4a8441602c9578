//! Where the processes' logs are, and the task that follows them. It reads what others write,
//! from the end on; a log that is not there is no failure, and nothing here is signalled.

mod file;
mod journal;

#[cfg(any(test, fuzzing))]
pub(super) use journal::lines_of_row;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::file::Follower;
use crate::clock;
use crate::core::log::LogLine;

/// Time between two looks at a file.
const PERIOD: Duration = Duration::from_millis(250);

/// Where a process writes its log to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// The file behind its standard output, by way of `/proc/PID/fd/1`.
    Output(PathBuf),
    /// A file that somebody named.
    Named(PathBuf),
    /// The journal, as far as anybody can see from outside.
    Journal,
    /// Nowhere that can be read, and why.
    Nowhere(String),
}

/// Where process `pid` writes its log to; `named` goes before everything else.
pub fn place_of_log(pid: u32, named: Option<&Path>) -> LogPlace {
    if let Some(path) = named {
        return LogPlace::Named(path.to_owned());
    }
    let descriptor = PathBuf::from(format!("/proc/{pid}/fd/1"));
    let target = match fs::read_link(&descriptor) {
        Ok(target) => target,
        Err(error) => {
            return LogPlace::Nowhere(format!("its standard output is not known: {error}"));
        }
    };
    let text = target.to_string_lossy();
    // systemd gives a unit a socket of the journal; a pipe may lead there too (systemd-cat(1)).
    if text.starts_with("socket:") || text.starts_with("pipe:") {
        return LogPlace::Journal;
    }
    match fs::metadata(&descriptor) {
        Ok(metadata) if metadata.is_file() => LogPlace::Output(descriptor),
        Ok(_) => LogPlace::Nowhere(format!("its standard output is {text}")),
        Err(error) => LogPlace::Nowhere(format!("{text}: {error}")),
    }
}

/// Follows the logs of some processes. Files are opened when it is made: what is written from
/// then on is seen.
#[derive(Debug)]
pub struct LogSource {
    files: Vec<Follower>,
    journalled: Vec<u32>,
    journalctl: PathBuf,
    lines: mpsc::Sender<LogLine>,
    /// Why some logs are not followed, by pid.
    pub troubles: Vec<(u32, String)>,
}

impl LogSource {
    /// A source for these logs that sends to `lines`.
    pub fn new(logs: &[(u32, LogPlace)], lines: mpsc::Sender<LogLine>) -> Self {
        let mut source = Self {
            files: Vec::new(),
            journalled: Vec::new(),
            journalctl: PathBuf::from("journalctl"),
            lines,
            troubles: Vec::new(),
        };
        for (pid, place) in logs {
            match place {
                LogPlace::Output(path) | LogPlace::Named(path) => {
                    match Follower::open(*pid, path) {
                        Ok(follower) => source.files.push(follower),
                        Err(error) => {
                            let why = format!("{}: {error}", path.display());
                            source.troubles.push((*pid, why));
                        }
                    }
                }
                LogPlace::Journal => source.journalled.push(*pid),
                LogPlace::Nowhere(why) => source.troubles.push((*pid, why.clone())),
            }
        }
        source
    }

    /// The same with another program instead of `journalctl`.
    #[must_use]
    pub fn with_journalctl(self, journalctl: PathBuf) -> Self {
        Self { journalctl, ..self }
    }

    /// Whether any log is followed.
    pub fn follows_any(&self) -> bool {
        !self.files.is_empty() || !self.journalled.is_empty()
    }

    /// Follows until nobody listens any more. A log that ends being readable is left out.
    pub async fn run(self) {
        let mut tasks = JoinSet::new();
        for follower in self.files {
            tasks.spawn(follow(follower, self.lines.clone()));
        }
        if !self.journalled.is_empty() {
            let (journalctl, lines) = (self.journalctl, self.lines.clone());
            tasks.spawn(async move {
                journal::follow(&journalctl, &self.journalled, &lines).await;
            });
        }
        tokio::select! {
            () = self.lines.closed() => {}
            () = async { while tasks.join_next().await.is_some() {} } => {
                // Nothing is left to follow; whoever listens is not to be told that we ended.
                self.lines.closed().await;
            }
        }
    }
}

/// Looks at a file again and again, beside the loop: a disk may be slow.
async fn follow(mut follower: Follower, lines: mpsc::Sender<LogLine>) {
    loop {
        let reading = tokio::task::spawn_blocking(move || {
            let read = follower.read();
            (follower, read)
        });
        let Ok((returned, read)) = reading.await else {
            return;
        };
        follower = returned;
        let more = read.len() == file::MOST_LINES;
        for text in read {
            let line = LogLine {
                pid: follower.pid(),
                text,
                at: clock::now(),
            };
            if lines.send(line).await.is_err() {
                return;
            }
        }
        if !more {
            sleep(PERIOD).await;
        }
    }
}
