//! Backtraces out of a log: after TTIN Sidekiq writes an entry `Thread TID-x name` for each
//! thread, and behind it one entry with the whole backtrace (7.3.9 `cli.rb:202-211`). Dumps of
//! several processes may be mixed, and nothing marks the end; each thread is kept for itself.

use std::collections::{HashMap, VecDeque};

use super::LogLine;
use super::entry::{Entry, Happening};
use crate::core::moment::Moment;

/// Frames kept of one thread.
const MOST_FRAMES: usize = 400;
/// Backtraces kept; the oldest give way.
const MOST_BACKTRACES: usize = 2000;

/// The backtrace of one thread.
#[derive(Clone, Debug)]
pub struct Backtrace {
    /// The process whose log it stood in.
    pub source: u32,
    /// The process that wrote it, if its lines say so.
    pub pid: Option<u32>,
    /// The thread.
    pub tid: String,
    /// The thread's name.
    pub name: String,
    /// When the first line of it was read.
    pub at: Moment,
    /// Its frames as they stood, the innermost first.
    pub frames: Vec<String>,
    /// Whether something was written behind it: else more frames may come.
    pub whole: bool,
    /// Whether frames were left out.
    pub cut: bool,
}

impl Backtrace {
    /// The frames of the application, then all others; each keeps its order.
    pub fn sorted(&self) -> Vec<&str> {
        self.application().chain(self.others()).collect()
    }

    /// The frames of the application.
    pub fn application(&self) -> impl Iterator<Item = &str> {
        let frames = self.frames.iter().map(String::as_str);
        frames.filter(|frame| is_of_application(frame))
    }

    /// The frames of gems and of Ruby itself.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        let frames = self.frames.iter().map(String::as_str);
        frames.filter(|frame| !is_of_application(frame))
    }

    fn is_of(&self, source: u32, inner_pid: u32, tid: &str) -> bool {
        self.tid == tid
            && self.source == source
            && self.pid.is_none_or(|pid| pid == inner_pid || pid == source)
    }
}

/// Whether a frame lies in the application itself: not in a gem, not in Ruby, not in the
/// program that starts Sidekiq.
pub fn is_of_application(frame: &str) -> bool {
    let path = frame.split(".rb:").next().unwrap_or(frame);
    let gem = frame.match_indices("/gems/").any(|(at, found)| {
        // `/gems/NAME-1.2.3/`; a directory of the application may be called `gems` too.
        let name = frame[at + found.len()..].split('/').next().unwrap_or("");
        let version = name.rsplit_once('-').map_or("", |(_, version)| version);
        version.starts_with(|c: char| c.is_ascii_digit()) || frame[..at].ends_with("/bundler")
    });
    let ruby = path.contains("/lib/ruby/")
        || path.contains("/rubygems")
        || frame.starts_with('<')
        || frame.starts_with('(')
        || !frame.contains(':');
    let starter = [
        "/bin/sidekiq",
        "/bin/bundle",
        "/bin/sidekiqswarm",
        "/bin/bundler",
    ]
    .iter()
    .any(|program| {
        frame
            .split(':')
            .next()
            .is_some_and(|file| file.ends_with(program))
    });
    !(gem || ruby || starter)
}

/// The block that a stream's next lines belong to.
#[derive(Clone, Debug, Default)]
struct DumpStream {
    /// The backtrace that lines without a head go on with.
    open: Option<u64>,
    /// By writer: the thread whose backtrace comes next.
    announced: HashMap<Option<u32>, (String, String, Moment)>,
}

/// Backtraces as they come in.
#[derive(Clone, Debug, Default)]
pub struct Dumps {
    streams: HashMap<u32, DumpStream>,
    backtraces: VecDeque<Backtrace>,
    /// The number of the first that is kept.
    first: u64,
}

impl Dumps {
    /// Takes a line in and gives what it says.
    pub fn take(&mut self, line: &LogLine) -> Entry {
        let entry = line.entry.clone();
        let stream = self.streams.entry(line.origin.pid).or_default();
        if entry.happening == Happening::Continued {
            let open = stream.open;
            self.go_on(open, &entry.lines);
            return entry;
        }
        let open = stream.open.take();
        self.close(open);
        let stream = self.streams.entry(line.origin.pid).or_default();
        if let Happening::Thread { tid, name } = &entry.happening {
            let announced = (tid.clone(), name.clone(), line.at);
            stream.announced.insert(entry.pid, announced);
            return entry;
        }
        // A backtrace is text; another thread of the process may have logged in between.
        if looks_like_frames(&entry)
            && let Some((tid, name, at)) = stream.announced.remove(&entry.pid)
        {
            self.open(
                line.origin.pid,
                &entry,
                Backtrace {
                    source: line.origin.pid,
                    pid: entry.pid,
                    tid,
                    name,
                    at,
                    frames: Vec::new(),
                    whole: false,
                    cut: false,
                },
            );
        }
        entry
    }

    fn open(&mut self, source: u32, entry: &Entry, backtrace: Backtrace) {
        if self.backtraces.len() == MOST_BACKTRACES {
            self.backtraces.pop_front();
            self.first += 1;
        }
        let number = self.first + self.backtraces.len() as u64;
        self.backtraces.push_back(backtrace);
        self.streams.entry(source).or_default().open = Some(number);
        self.go_on(Some(number), &entry.lines);
    }

    fn numbered(&mut self, number: Option<u64>) -> Option<&mut Backtrace> {
        let index = number?.checked_sub(self.first)?;
        self.backtraces.get_mut(usize::try_from(index).ok()?)
    }

    fn go_on(&mut self, number: Option<u64>, lines: &[String]) {
        let Some(backtrace) = self.numbered(number) else {
            return;
        };
        for line in lines.iter().filter(|line| !line.trim().is_empty()) {
            if backtrace.frames.len() == MOST_FRAMES {
                backtrace.cut = true;
                return;
            }
            let frame = line.trim();
            // So Ruby writes what follows the first frame of an exception.
            let frame = frame.strip_prefix("from ").unwrap_or(frame);
            backtrace.frames.push(frame.to_owned());
        }
    }

    fn close(&mut self, number: Option<u64>) {
        if let Some(backtrace) = self.numbered(number) {
            backtrace.whole = true;
        }
    }

    /// The backtraces of a process that were begun at or after `since`, as they stand in its log.
    pub fn since(&self, source: u32, inner_pid: u32, since: Moment) -> Vec<&Backtrace> {
        let of = |one: &&Backtrace| one.is_of(source, inner_pid, &one.tid) && one.at >= since;
        self.backtraces.iter().filter(of).collect()
    }

    /// The last backtrace of thread `tid` that stood in the log of process `source`, whose pid
    /// in its own namespace is `inner_pid`, and that was begun at or after `since`.
    pub fn find(
        &self,
        source: u32,
        inner_pid: u32,
        tid: &str,
        since: Moment,
    ) -> Option<&Backtrace> {
        self.backtraces
            .iter()
            .rev()
            .find(|backtrace| backtrace.is_of(source, inner_pid, tid) && backtrace.at >= since)
    }
}

/// Whether an entry may be a backtrace: `FILE:LINE:in …` or `<no backtrace available>`.
fn looks_like_frames(entry: &Entry) -> bool {
    entry.happening == Happening::Text
        && entry.lines.first().is_some_and(|line| {
            line.contains("<no backtrace available>")
                || line.contains(":in ")
                || line
                    .rsplit_once(':')
                    .is_some_and(|(_, number)| number.trim().parse::<u32>().is_ok())
        })
}
