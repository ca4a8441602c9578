//! The tasks that read a file again and again and pass its lines on in pieces. Where nobody
//! takes them they wait: what is not read yet stays in the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::file::{Follower, MOST_LINES};
use crate::clock;
use crate::core::fleet::{LogNews, Observation};
use crate::core::log::{Happening, LineOrigin, LogLine};
use crate::core::moment::Moment;

/// Time between two looks at a file.
const PERIOD: Duration = Duration::from_millis(250);
/// Lines that are given at once: a piece is read in well under a millisecond.
const PIECE: usize = 200;

/// Which lines of a file may be a process's own.
#[derive(Debug)]
pub(super) struct Own {
    origin: LineOrigin,
    shared: Arc<AtomicBool>,
    /// When the process started.
    started: Moment,
    /// Whether the entry before was.
    before: bool,
}

impl Own {
    /// The lines of `origin`; `shared` tells whether others write there too.
    pub(super) fn new(origin: LineOrigin, started: Moment, shared: Arc<AtomicBool>) -> Self {
        Self {
            origin,
            shared,
            started,
            before: true,
        }
    }

    /// The lines that stood there before and are a job's start or end, or a milestone,
    /// and say when they were written: no other tells whether it is of this process at all, for an
    /// earlier one may have had its pid.
    fn before(&mut self, lines: Vec<String>) -> Vec<LogLine> {
        let started = self.started.wall();
        let dated = |line: &LogLine| {
            let entry = &line.entry;
            entry.time.is_some_and(|time| time >= started)
                && matches!(
                    entry.happening,
                    Happening::Start
                        | Happening::Done
                        | Happening::Fail
                        | Happening::Notice(_)
                        | Happening::Milestone(_)
                )
        };
        let own = lines.into_iter().filter_map(|text| self.take(&text));
        own.filter(dated).collect()
    }

    /// The line, unless another Sidekiq says that it wrote it.
    fn take(&mut self, text: &str) -> Option<LogLine> {
        self.origin.shared = self.shared.load(Ordering::Relaxed);
        let line = LogLine::new(self.origin, text, clock::now());
        if self.origin.shared {
            let entry = &line.entry;
            if entry.happening != Happening::Continued {
                self.before = entry.pid.is_none_or(|pid| pid == self.origin.inner_pid);
            }
        } else {
            self.before = true;
        }
        self.before.then_some(line)
    }
}

/// Looks at a file again and again, beside the loop: a disk may be slow.
pub(super) async fn follow(
    (mut follower, before): (Follower, Vec<String>),
    mut own: Own,
    lines: mpsc::Sender<LogLine>,
) {
    for line in own.before(before) {
        if lines.send(line).await.is_err() {
            return;
        }
    }
    loop {
        let reading = tokio::task::spawn_blocking(move || {
            let read = follower.read();
            let more = read.len() == MOST_LINES;
            let kept: Vec<LogLine> = read
                .into_iter()
                .filter_map(|text| own.take(&text))
                .collect();
            (follower, own, kept, more)
        });
        let Ok((same, filter, read, more)) = reading.await else {
            return;
        };
        (follower, own) = (same, filter);
        for line in read {
            if lines.send(line).await.is_err() {
                return;
            }
        }
        if !more {
            sleep(PERIOD).await;
        }
    }
}

/// Passes lines on in pieces, until its listener is gone.
pub(super) async fn pass_on(mut lines: mpsc::Receiver<LogLine>, news: mpsc::Sender<Observation>) {
    let mut piece = Vec::new();
    while lines.recv_many(&mut piece, PIECE).await > 0 {
        let lines = LogNews::Lines(std::mem::take(&mut piece));
        if news.send(Observation::Logged(lines)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::log::{Entry, read};

    #[test]
    fn of_what_stood_there_before_only_what_is_dated_counts() {
        let origin = LineOrigin {
            pid: 7,
            inner_pid: 7,
            shared: false,
        };
        let started = Moment::new(Duration::ZERO, "2026-11-21T18:59:00Z".parse().unwrap());
        let mut own = Own::new(origin, started, Arc::default());
        let dated = "2026-11-21T19:00:00.000Z pid=7 tid=t class=A jid=a elapsed=1.0 INFO: done";
        let lines = [
            "2026-11-21T18:00:00.000Z pid=7 tid=t WARN: Terminating 2 busy threads",
            dated,
            "pid=7 tid=t class=A jid=a elapsed=1.0 INFO: done",
            "0123456789abcdef01234567 done",
            "2026-11-21T19:00:00.000Z pid=7 tid=t WARN: Thread TID-a x",
            "2026-11-21T19:00:00.000Z pid=7 tid=t WARN: /app/a.rb:1:in `x'",
            "/app/b.rb:2:in `y'",
        ];
        let kept = own.before(lines.map(str::to_owned).to_vec());
        let kept: Vec<Entry> = kept.into_iter().map(|line| line.entry).collect();
        assert_eq!(kept, [read(dated)]);
    }

    #[test]
    fn what_another_wrote_is_left_in_a_shared_file() {
        let shared = Arc::new(AtomicBool::new(false));
        let origin = LineOrigin {
            pid: 40,
            inner_pid: 7,
            shared: false,
        };
        let mut own = Own::new(origin, clock::now(), Arc::clone(&shared));
        let line = |pid: u32| format!("2026-11-21T19:00:00.000Z pid={pid} tid=t INFO: Bye!");
        assert!(own.take(&line(8)).is_some_and(|line| !line.origin.shared));
        shared.store(true, Ordering::Relaxed);
        let mut keeps = |text: &str| own.take(text).is_some_and(|line| line.origin.shared);
        assert!(!keeps(&line(8)));
        assert!(!keeps("/app/a.rb:3:in `x'"), "it goes on with that entry");
        assert!(keeps(&line(7)));
        assert!(keeps("/app/a.rb:3:in `x'"));
    }
}
