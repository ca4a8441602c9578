//! The head of a line in Sidekiq's own formats:
//!
//! - 5.x: `2026-11-21T19:00:00.000Z 4242 TID-otb ReportBuild JID-0123… INFO: start`
//! - 6 and 7: `2026-11-21T19:00:00.000Z pid=4242 tid=otb class=ReportBuild jid=0123… INFO: start`
//! - 8: `INFO  2026-11-21T19:00:00.000Z pid=4242 tid=otb jid=0123… class=ReportBuild: start`
//!
//! without the time where `DYNO` is set (8.1.7 `lib/sidekiq/logger.rb:28-66`). Text without
//! escape sequences comes in.

use std::time::Duration;

use jiff::Timestamp;

/// What a head says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Header {
    pub(super) pid: Option<u32>,
    pub(super) tid: Option<String>,
    pub(super) jid: Option<String>,
    pub(super) class: Option<String>,
    pub(super) elapsed: Option<Duration>,
    pub(super) time: Option<Timestamp>,
}

const SEVERITIES: [&str; 6] = ["DEBUG", "INFO", "WARN", "ERROR", "FATAL", "UNKNOWN"];

/// Longest head that is looked through, in words.
const MOST_WORDS: usize = 24;

/// The head of `text` and the message behind it; `None` if it begins with no such head.
pub(super) fn header(text: &str) -> Option<(Header, &str)> {
    let mut header = Header::default();
    let mut rest = text.trim_start();
    let mut levelled = false;
    for _ in 0..MOST_WORDS {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let name = word.strip_suffix(':').unwrap_or(word);
        let ends = word.len() > name.len();
        if SEVERITIES.contains(&name) {
            if ends {
                return header.is_filled().then_some((header, behind));
            }
            levelled = true;
        } else if !header.take(name, levelled) {
            return None;
        } else if ends && levelled {
            return header.is_filled().then_some((header, behind));
        }
        rest = behind.trim_start();
    }
    None
}

impl Header {
    fn is_filled(&self) -> bool {
        self.pid.is_some() || self.tid.is_some()
    }

    /// Takes one word in; `false` if it belongs to no head.
    fn take(&mut self, word: &str, levelled: bool) -> bool {
        if let Some((key, value)) = word.split_once('=') {
            match key {
                "pid" => self.pid = value.parse().ok(),
                "tid" => self.tid = Some(cut(value)),
                "jid" => self.jid = Some(cut(value)),
                "class" => self.class = Some(cut(value)),
                "elapsed" => {
                    let seconds = value.parse().ok();
                    self.elapsed =
                        seconds.and_then(|value| Duration::try_from_secs_f64(value).ok());
                }
                // bid, tags, and what an application adds.
                _ => return !key.is_empty(),
            }
            return true;
        }
        if is_time(word) {
            self.time = word.parse().ok();
            return true;
        }
        // What follows is the form of 5.x, which writes the level last.
        if levelled {
            return false;
        }
        if let Some(tid) = word.strip_prefix("TID-") {
            self.tid = Some(cut(tid));
        } else if let Some(jid) = word.strip_prefix("JID-") {
            self.jid = Some(cut(jid));
        } else if self.pid.is_none() {
            self.pid = word.parse().ok();
            return self.pid.is_some();
        } else if self.tid.is_some() && self.class.is_none() {
            self.class = Some(cut(word));
        } else {
            // BID-…, tags.
            return self.class.is_some() && word.contains('-');
        }
        true
    }
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

/// `2026-11-21T19:00:00.000Z`.
fn is_time(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 19
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[10] == b'T'
}
