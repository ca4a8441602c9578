//! A log file, followed from its end: a new file under the same name (rotation) is read from
//! its beginning beside the old one, which a process may still write to; one that became shorter
//! (truncation) is read anew.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock;
use crate::core::moment::Moment;

/// Longest line kept; the rest of it is left out.
const LONGEST_LINE: usize = 64 << 10;
/// Bytes read of one file at once.
const PIECE: usize = 256 << 10;
/// Lines given at once.
pub(super) const MOST_LINES: usize = 2000;
/// Bytes before the end that are read when a file is opened.
const BEFORE: u64 = 64 << 10;
/// How long a file that has another successor is still watched after its last line.
const OLD: Duration = Duration::from_mins(1);

/// A followed file, and those that went by its name before.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    open: Vec<OpenLog>,
    waiting: std::collections::VecDeque<String>,
}

#[derive(Debug)]
struct OpenLog {
    file: File,
    /// Device and inode.
    id: (u64, u64),
    position: u64,
    partial: Vec<u8>,
    wrote: Moment,
}

impl Follower {
    /// Opens `path` at its end, and gives the last lines that stand there already.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<String>)> {
        let mut open = OpenLog::new(path)?;
        let before = open.skip_to_end()?;
        let follower = Self {
            path: path.to_owned(),
            open: vec![open],
            waiting: std::collections::VecDeque::new(),
        };
        Ok((follower, before))
    }

    /// Device and inode of the file that it began with.
    pub(super) fn id(&self) -> (u64, u64) {
        self.open.first().map_or((0, 0), |open| open.id)
    }

    /// The lines written since the last call, at most [`MOST_LINES`].
    pub(super) fn read(&mut self) -> Vec<String> {
        if self.waiting.is_empty() {
            // The name first: what it names now may have been made after the last look, and is
            // read only after everything older.
            let newer = self.successor();
            for open in &mut self.open {
                open.read(&mut self.waiting);
            }
            if let Some(mut newer) = newer {
                newer.read(&mut self.waiting);
                self.open.push(newer);
            }
            self.forget();
        }
        let count = self.waiting.len().min(MOST_LINES);
        self.waiting.drain(..count).collect()
    }

    /// The file that the name means now, if it is another one.
    fn successor(&self) -> Option<OpenLog> {
        let newer = std::fs::metadata(&self.path).ok()?;
        let id = (newer.dev(), newer.ino());
        if self.open.iter().any(|open| open.id == id) {
            return None;
        }
        OpenLog::new(&self.path).ok()
    }

    fn forget(&mut self) {
        let now = clock::now();
        let current = self.open.len() - 1;
        let mut index = 0;
        self.open.retain_mut(|open| {
            let stays = index == current || now.since(open.wrote) < OLD;
            index += 1;
            if !stays {
                open.end_line(&mut self.waiting);
            }
            stays
        });
    }
}

impl OpenLog {
    fn new(path: &Path) -> io::Result<Self> {
        let file = std::fs::OpenOptions::new()
            .read(true)
            // A pipe without a writer at its other end would be waited for.
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir()
            || metadata.file_type().is_fifo()
            || metadata.file_type().is_char_device()
        {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok(Self {
            id: (metadata.dev(), metadata.ino()),
            file,
            position: 0,
            partial: Vec::new(),
            wrote: clock::now(),
        })
    }

    /// Goes to the end, or to the line that is being written there; the whole lines before it.
    fn skip_to_end(&mut self) -> io::Result<Vec<String>> {
        let end = self.file.seek(SeekFrom::End(0))?;
        let begin = end.saturating_sub(BEFORE);
        self.file.seek(SeekFrom::Start(begin))?;
        let mut piece = Vec::new();
        (&self.file).take(end - begin).read_to_end(&mut piece)?;
        let Some(last) = piece.iter().rposition(|byte| *byte == b'\n') else {
            self.position = end;
            return Ok(Vec::new());
        };
        self.position = begin + last as u64 + 1;
        let lines = piece[..last].split(|byte| *byte == b'\n').map(text);
        // The first may have begun further up.
        Ok(lines.skip(usize::from(begin > 0)).collect())
    }

    fn read(&mut self, lines: &mut std::collections::VecDeque<String>) {
        if let Ok(metadata) = self.file.metadata()
            && metadata.len() < self.position
        {
            self.end_line(lines);
            self.position = 0;
        }
        let mut piece = vec![0; PIECE];
        let at = SeekFrom::Start(self.position);
        let read = self.file.seek(at).and_then(|_| self.file.read(&mut piece));
        let Ok(count @ 1..) = read else { return };
        self.position += count as u64;
        self.wrote = clock::now();
        for part in piece[..count].split_inclusive(|byte| *byte == b'\n') {
            let (part, ends) = match part.strip_suffix(b"\n") {
                Some(part) => (part, true),
                None => (part, false),
            };
            let room = LONGEST_LINE.saturating_sub(self.partial.len());
            self.partial
                .extend_from_slice(&part[..part.len().min(room)]);
            if ends {
                lines.push_back(text(&self.partial));
                self.partial.clear();
            }
        }
    }

    /// Text that was begun is a line, although its end is missing.
    fn end_line(&mut self, lines: &mut std::collections::VecDeque<String>) {
        if !self.partial.is_empty() {
            lines.push_back(text(&self.partial));
            self.partial.clear();
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs::{OpenOptions, rename, write};
    use std::io::Write;

    use super::*;

    fn append(path: &Path, text: &str) {
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn what_is_written_later_is_read_line_by_line() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("sidekiq.log");
        write(&path, "before\nhalf").unwrap();
        let (mut follower, before) = Follower::open(&path).unwrap();
        assert_eq!(before, ["before"]);
        assert!(follower.read().is_empty());
        append(&path, " a line\r\ntwo\nthr");
        assert_eq!(follower.read(), ["half a line", "two"]);
        append(&path, "ee\n");
        assert_eq!(follower.read(), ["three"]);
        append(&path, &"x".repeat(LONGEST_LINE + 10));
        append(&path, "\nnext\n");
        let lines = follower.read();
        assert_eq!((lines[0].len(), lines[1].as_str()), (LONGEST_LINE, "next"));
        append(&path, &"many\n".repeat(MOST_LINES + 5));
        assert_eq!(follower.read().len(), MOST_LINES);
        assert_eq!(follower.read().len(), 5);
    }

    #[test]
    fn rotation_and_truncation_lose_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("sidekiq.log");
        write(&path, "before\n").unwrap();
        let (mut follower, _) = Follower::open(&path).unwrap();
        let mut writer = OpenOptions::new().append(true).open(&path).unwrap();
        writer.write_all(b"Thread TID-a\nframe 1\n").unwrap();
        rename(&path, place.path().join("sidekiq.log.1")).unwrap();
        write(&path, "").unwrap();
        // Its writer does not know yet.
        writer.write_all(b"frame 2\nfra").unwrap();
        assert_eq!(follower.read(), ["Thread TID-a", "frame 1", "frame 2"]);
        writer.write_all(b"me 3\n").unwrap();
        append(&path, "new\n");
        assert_eq!(follower.read(), ["frame 3", "new"]);
        rename(&path, place.path().join("sidekiq.log.2")).unwrap();
        assert!(follower.read().is_empty());
        write(&path, "third\n").unwrap();
        assert_eq!(follower.read(), ["third"]);
        append(&path, "torn");
        assert!(follower.read().is_empty());
        write(&path, "a\n").unwrap();
        assert_eq!(follower.read(), ["torn", "a"]);
    }

    #[test]
    fn only_the_last_lines_before_are_read() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("sidekiq.log");
        write(&path, "").unwrap();
        assert!(Follower::open(&path).unwrap().1.is_empty());
        write(&path, "123456789\n".repeat(10_000)).unwrap();
        let (mut follower, before) = Follower::open(&path).unwrap();
        assert_eq!(before.len(), 6553);
        assert!(before.iter().all(|line| line == "123456789"));
        assert!(follower.read().is_empty());
        write(&path, "x".repeat(100_000)).unwrap();
        let (mut follower, before) = Follower::open(&path).unwrap();
        assert!(before.is_empty() && follower.read().is_empty());
    }

    #[test]
    fn what_is_no_file_is_said() {
        assert!(Follower::open(Path::new("/dev/null")).is_err());
        assert!(Follower::open(Path::new("/nonexistent")).is_err());
    }
}
