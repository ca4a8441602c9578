//! The table of Sidekiq's own log formatters, and the reader of their heads. A line counts as
//! Sidekiq's own only if it is written exactly as one of these formatters writes it; anything
//! else is text of the application.
//!
//! Sources: 5.2.10 `lib/sidekiq/logging.rb`; 6.4.1, 7.3.2 and 8.1.7 `lib/sidekiq/logger.rb`, and
//! `lib/sidekiq/job_logger.rb` for the order of the context.

use std::time::Duration;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Words of one head that are looked through. Tags may hold blanks.
const MOST_WORDS: usize = 64;
/// Longest value of a head that is kept, in characters.
const LONGEST_VALUE: usize = 200;

const LEVELS: [&str; 6] = ["DEBUG", "INFO", "WARN", "ERROR", "FATAL", "UNKNOWN"];

/// A formatter of Sidekiq.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Its name here.
    pub name: &'static str,
    /// How its lines are built.
    pub(super) shape: Shape,
    /// Whether it writes the time.
    pub(super) dated: bool,
}

/// How a formatter puts a line together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `PID TID-otb ReportBuild JID-0123 INFO: start`.
    Words,
    /// `pid=42 tid=otb class=ReportBuild jid=0123 INFO: start`.
    Pairs,
    /// `INFO  pid=42 tid=otb jid=0123 class=ReportBuild: start`.
    LevelFirst,
    /// `{"ts":…,"pid":42,"tid":"otb","lvl":"INFO","msg":"start","ctx":{"class":…,"jid":…}}`.
    Object,
}

/// Every formatter that is known. `Plain` of Sidekiq 8 differs from its `Pretty` in colours and
/// one blank only, so one row stands for both.
pub(super) static FORMS: [Form; 7] = [
    form("pretty of Sidekiq 4 and 5", Shape::Words, true),
    form("without time of Sidekiq 4 and 5", Shape::Words, false),
    form("pretty of Sidekiq 6 and 7", Shape::Pairs, true),
    form("without time of Sidekiq 6 and 7", Shape::Pairs, false),
    form("pretty of Sidekiq 8", Shape::LevelFirst, true),
    form("without time of Sidekiq 8", Shape::LevelFirst, false),
    form("JSON of Sidekiq 6 and later", Shape::Object, true),
];

const fn form(name: &'static str, shape: Shape, dated: bool) -> Form {
    Form { name, shape, dated }
}

/// The row of the table for a line that is built like `shape`.
pub(super) fn row(shape: Shape, dated: bool) -> Option<&'static Form> {
    FORMS
        .iter()
        .find(|form| form.shape == shape && form.dated == dated)
}

/// The head of a line: everything but the message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) form: &'static Form,
    pub(super) level: String,
    pub(super) time: Option<Timestamp>,
    pub(super) pid: u32,
    pub(super) tid: String,
    pub(super) context: Context,
}

/// Sidekiq's context of the job on the thread that wrote the line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Context {
    pub(super) jid: Option<String>,
    pub(super) class: Option<String>,
    /// Seconds that the job ran. Sidekiq adds it as the last word of the context, once the job has
    /// ended.
    pub(super) elapsed: Option<Duration>,
    /// Whether there is any context at all: threads without a job have none.
    pub(super) given: bool,
}

impl Context {
    /// Whether the line was written on the thread of a job.
    pub(super) fn is_of_job(&self) -> bool {
        self.jid.is_some() && self.class.is_some()
    }
}

/// The head of `text` and the message behind it. `None` if no formatter of the table writes such
/// a line. `text` has no escape sequences any more.
pub(super) fn head(text: &str) -> Option<(Head, &str)> {
    let mut words = Words::of(text.trim_start());
    let mut word = words.next()?;
    let level_first = LEVELS.contains(&word);
    let level = word;
    if level_first {
        word = words.next()?;
    }
    let time = time(word);
    if time.is_some() {
        word = words.next()?;
    }
    let found = if level_first {
        level_first_form(level, word, &mut words)
    } else if word.starts_with("pid=") {
        pairs_form(word, &mut words)
    } else {
        words_form(word, &mut words)
    };
    let (shape, level, pid, tid, context) = found?;
    let head = Head {
        form: row(shape, time.is_some())?,
        level: level.to_owned(),
        time,
        pid,
        tid: tid.to_owned(),
        context,
    };
    Some((head, words.rest))
}

type FormParts<'a> = (Shape, &'a str, u32, &'a str, Context);

/// The form of Sidekiq 6 and 7, from `pid=` on.
fn pairs_form<'a>(pid: &'a str, words: &mut Words<'a>) -> Option<FormParts<'a>> {
    let (pid, tid) = pid_and_tid(pid, words.next()?)?;
    let mut pairs = Vec::new();
    loop {
        let word = words.next()?;
        if let Some(level) = level_that_ends(word) {
            let context = of_pairs(&pairs)?;
            return Some((Shape::Pairs, level, pid, tid, context));
        }
        pairs.push(word);
    }
}

/// The form of Sidekiq 8, from `pid=` on: the head ends with a colon.
fn level_first_form<'a>(
    level: &'a str,
    pid: &'a str,
    words: &mut Words<'a>,
) -> Option<FormParts<'a>> {
    let word = words.next()?;
    let mut ends = word.ends_with(':');
    let (pid, tid) = pid_and_tid(pid, word.strip_suffix(':').unwrap_or(word))?;
    let mut pairs = Vec::new();
    while !ends {
        let word = words.next()?;
        ends = word.ends_with(':');
        pairs.push(word.strip_suffix(':').unwrap_or(word));
    }
    let context = of_pairs(&pairs)?;
    Some((Shape::LevelFirst, level, pid, tid, context))
}

/// The form of Sidekiq 5, from the pid on.
fn words_form<'a>(pid: &'a str, words: &mut Words<'a>) -> Option<FormParts<'a>> {
    let pid = pid.parse().ok()?;
    let tid = thread_id(words.next()?.strip_prefix("TID-")?)?;
    let mut context = Context::default();
    for place in 0.. {
        let word = words.next()?;
        if let Some(level) = level_that_ends(word) {
            return Some((Shape::Words, level, pid, tid, context));
        }
        context.given = true;
        match place {
            0 => context.class = Some(cut(word)),
            1 => context.jid = word.strip_prefix("JID-").map(cut),
            _ => {}
        }
    }
    None
}

fn pid_and_tid<'a>(pid: &'a str, tid: &'a str) -> Option<(u32, &'a str)> {
    let pid = pid.strip_prefix("pid=")?.parse().ok()?;
    Some((pid, thread_id(tid.strip_prefix("tid=")?)?))
}

/// Sidekiq writes thread ids in base 36.
fn thread_id(text: &str) -> Option<&str> {
    let base_36 = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    (!text.is_empty() && text.bytes().all(base_36)).then_some(text)
}

fn level_that_ends(word: &str) -> Option<&str> {
    word.strip_suffix(':').filter(|name| LEVELS.contains(name))
}

/// The context out of its pairs. Sidekiq puts class and JID there before the job runs (8 the other
/// way round), and `elapsed` behind everything else once it has ended.
fn of_pairs(words: &[&str]) -> Option<Context> {
    if words.first().is_some_and(|word| !word.contains('=')) {
        return None;
    }
    let first = &words[..words.len().min(2)];
    let valued = |key: &str| {
        first
            .iter()
            .find_map(|word| Some(cut(word.strip_prefix(key)?.strip_prefix('=')?)))
    };
    let last = words.get(2..).and_then(<[&str]>::last);
    Some(Context {
        jid: valued("jid"),
        class: valued("class"),
        elapsed: last.and_then(|word| seconds(word.strip_prefix("elapsed=")?)),
        given: !words.is_empty(),
    })
}

/// A number of seconds as Ruby writes it: `1.002`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let number = text.bytes().all(plain).then(|| text.parse().ok())?;
    Duration::try_from_secs_f64(number?).ok()
}

pub(super) fn is_level(word: &str) -> bool {
    LEVELS.contains(&word)
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(LONGEST_VALUE).collect()
}

/// `2026-11-21T19:00:00.000Z`: `Time#iso8601(3)` in UTC.
pub(super) fn time(word: &str) -> Option<Timestamp> {
    let bytes = word.as_bytes();
    let built = bytes.len() == 24 && bytes[10] == b'T' && bytes[19] == b'.' && bytes[23] == b'Z';
    built.then(|| word.parse().ok())?
}

/// The words of a head, one after another; `rest` is what follows them.
struct Words<'a> {
    rest: &'a str,
    left: usize,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text,
            left: MOST_WORDS,
        }
    }

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        // Sidekiq 8 pads the level to five characters.
        self.rest = if LEVELS.contains(&word) {
            rest.trim_start_matches(' ')
        } else {
            rest
        };
        (!word.is_empty()).then_some(word)
    }
}

/// A row of the table is written down by its name.
impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for &'static Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let row = FORMS.iter().find(|form| form.name == name);
        row.ok_or_else(|| D::Error::custom("no formatter that this program knows"))
    }
}
