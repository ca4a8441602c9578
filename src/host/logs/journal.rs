//! The journal by way of `journalctl -o json`, whose texts have four forms. It is started anew
//! where it ends, behind the last entry that was read, and it ends with this program.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::Logging;
use crate::clock;
use crate::core::log::{LineOrigin, LogLine};
use crate::core::moment::Moment;

/// Older entries that are read at the start.
const BEFORE: &str = "200";
/// Pause before it is started anew.
const PAUSE: Duration = Duration::from_secs(5);

/// An entry (systemd.journal-fields(7), "Journal JSON Format").
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "MESSAGE", default)]
    message: Option<Message>,
    #[serde(rename = "_PID", default)]
    pid: Option<String>,
    #[serde(rename = "__REALTIME_TIMESTAMP", default)]
    microseconds: Option<String>,
    #[serde(rename = "__CURSOR", default)]
    cursor: Option<String>,
}

/// A text; bytes where it is not UTF-8; several values where a field was given twice; `null`
/// where it was too long.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Bytes(Vec<u8>),
    Several(Vec<Message>),
}

impl Message {
    fn lines(&self, lines: &mut Vec<String>) {
        match self {
            Self::Text(text) => lines.extend(text.split('\n').map(str::to_owned)),
            Self::Bytes(bytes) => {
                Self::Text(String::from_utf8_lossy(bytes).into_owned()).lines(lines);
            }
            Self::Several(several) => {
                for message in several {
                    message.lines(lines);
                }
            }
        }
    }
}

/// The last entry that was read, if any.
pub(super) type JournalCursor = Arc<Mutex<Option<String>>>;

/// The journal of some processes.
#[derive(Debug)]
pub(super) struct Journalled {
    /// `journalctl`, or what stands in for it.
    pub(super) program: PathBuf,
    /// The processes whose entries are read.
    pub(super) writers: Vec<Logging>,
    /// Where it goes on.
    pub(super) cursor: JournalCursor,
    /// Where lines go.
    pub(super) lines: mpsc::Sender<LogLine>,
}

impl Journalled {
    /// Follows the lines of these processes until its listener is gone; without a `journalctl`, or
    /// where it fails at once, it gives up and says why.
    pub(super) async fn follow(self) -> String {
        loop {
            if let Err(error) = self.follow_once().await {
                return format!("journalctl cannot be asked: {error}");
            }
            // One that never gave an entry will not do so the next time either.
            if self.cursor().is_none() || self.lines.is_closed() {
                return "journalctl ended and gave nothing of it".into();
            }
            sleep(PAUSE).await;
        }
    }

    fn cursor(&self) -> MutexGuard<'_, Option<String>> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn follow_once(&self) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command
            // Without --all a text of more than 4096 bytes is null (journalctl(1)).
            .args(["--follow", "--all", "--no-pager", "--output=json"])
            .arg("--output-fields=MESSAGE,_PID");
        match &*self.cursor() {
            Some(cursor) => command.arg(format!("--after-cursor={cursor}")),
            None => command.arg(format!("--lines={BEFORE}")),
        };
        // Several matches on one field are alternatives; system and user units alike are in the
        // journals that may be read.
        let pids = self.writers.iter().map(|writer| writer.id.pid);
        command.args(pids.map(|pid| format!("_PID={pid}")));
        let mut child = command
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let Some(output) = child.stdout.take() else {
            return Ok(());
        };
        let mut rows = BufReader::new(output).split(b'\n');
        while let Some(row) = rows.next_segment().await? {
            let Ok(row) = serde_json::from_slice::<Row>(&row) else {
                continue;
            };
            for line in row.lines(&self.writers) {
                if self.lines.send(line).await.is_err() {
                    return Ok(());
                }
            }
            if row.cursor.is_some() {
                *self.cursor() = row.cursor;
            }
        }
        Ok(())
    }
}

/// The lines of one row of `journalctl -o json`, of any bytes, with the time of them all.
#[cfg(any(test, fuzzing))]
pub(in crate::host) fn lines_of_row(row: &[u8]) -> Option<(Vec<String>, Moment)> {
    let row: Row = serde_json::from_slice(row).ok()?;
    let mut texts = Vec::new();
    row.message.as_ref()?.lines(&mut texts);
    Some((texts, row.at()))
}

impl Row {
    /// Its lines, if it is of one of these; what stands there from an earlier process with the
    /// same pid is not.
    fn lines(&self, writers: &[Logging]) -> Vec<LogLine> {
        let pid: Option<u32> = self.pid.as_deref().and_then(|pid| pid.parse().ok());
        let writer = writers.iter().rfind(|writer| Some(writer.id.pid) == pid);
        let (Some(message), Some(writer)) = (&self.message, writer) else {
            return Vec::new();
        };
        let at = self.at();
        if at < writer.started {
            return Vec::new();
        }
        let origin = LineOrigin {
            pid: writer.id.pid,
            inner_pid: writer.inner_pid,
            shared: false,
        };
        let mut texts = Vec::new();
        message.lines(&mut texts);
        let line = |text: &String| LogLine::new(origin, text, at);
        texts.iter().map(line).collect()
    }

    /// When the journal took it, on our clock; never later than now.
    fn at(&self) -> Moment {
        let now = clock::now();
        let taken = self
            .microseconds
            .as_deref()
            .and_then(|text| text.parse::<i64>().ok());
        let ago = taken.map(|taken| now.wall().as_microsecond().saturating_sub(taken));
        let ago = ago.and_then(|ago| u64::try_from(ago).ok()).unwrap_or(0);
        now.before(Duration::from_micros(ago))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fleet::LocalId;

    fn writer(pid: u32, started: Moment) -> Logging {
        Logging {
            id: LocalId {
                pid,
                start_ticks: 1,
            },
            inner_pid: pid,
            started,
        }
    }

    fn texts(row: &str) -> Vec<String> {
        let row: Row = serde_json::from_str(row).unwrap();
        let lines = row.lines(&[writer(7, clock::now().before(PAUSE))]);
        lines
            .into_iter()
            .map(|line| line.entry.lines.concat())
            .collect()
    }

    #[test]
    fn the_four_forms_of_a_text() {
        assert_eq!(texts(r#"{"MESSAGE":"done","_PID":"7"}"#), ["done"]);
        assert_eq!(
            texts(r#"{"MESSAGE":[100,111,255,10,110],"_PID":"7"}"#),
            ["do\u{fffd}", "n"]
        );
        assert_eq!(
            texts(r#"{"MESSAGE":["one",[116,119,111]],"_PID":"7"}"#),
            ["one", "two"]
        );
        assert!(texts(r#"{"MESSAGE":null,"_PID":"7"}"#).is_empty());
        assert!(texts(r#"{"MESSAGE":"nobody's"}"#).is_empty());
        assert!(texts(r#"{"MESSAGE":"another's","_PID":"8"}"#).is_empty());
        let earlier = r#"{"MESSAGE":"Bye!","_PID":"7","__REALTIME_TIMESTAMP":"1"}"#;
        assert!(texts(earlier).is_empty(), "of an earlier process");
    }

    #[tokio::test]
    async fn it_goes_on_behind_the_last_entry() {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("journalctl");
        let asked = place.path().join("asked");
        let stand_in = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/journalctl");
        std::os::unix::fs::symlink(stand_in, &program).unwrap();
        let (sender, mut lines) = mpsc::channel(8);
        let long_ago = Moment::new(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        let mut journal = Journalled {
            program,
            writers: vec![writer(7, long_ago), writer(8, long_ago)],
            cursor: JournalCursor::default(),
            lines: sender,
        };
        for number in 1..3 {
            journal.follow_once().await.unwrap();
            let line = lines.try_recv().unwrap();
            assert_eq!(line.origin.pid, 7);
            assert_eq!(line.entry.lines, [format!("line {number}")]);
            assert!(line.at < clock::now());
        }
        let asked = std::fs::read_to_string(asked).unwrap();
        assert!(asked.starts_with("C --follow"), "{asked}");
        assert!(asked.contains("--lines=200 _PID=7 _PID=8"), "{asked}");
        assert!(asked.contains("--after-cursor=c1 _PID=7"), "{asked}");
        journal.program = PathBuf::from("/nonexistent");
        assert!(journal.follow_once().await.is_err());
        assert!(journal.follow().await.contains("cannot be asked"));
    }
}
