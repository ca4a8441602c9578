//! Inputs without what must not be written down: lines of logs without their texts, addresses
//! without their passwords.

use serde_json::Value;

use crate::core::fleet::LogNews;
use crate::core::log::{Entry, Happening, LogLine, read};
use crate::core::moment::rfc3339;

/// The longest line of a formatter of its own that is kept.
const LONGEST: usize = 300;

/// What logs say, as far as it says how jobs and processes stand.
pub(super) fn news(news: &LogNews) -> LogNews {
    match news {
        LogNews::Lines(lines) => LogNews::Lines(lines.iter().map(line).collect()),
        LogNews::Place { .. } => news.clone(),
    }
}

fn line(line: &LogLine) -> LogLine {
    let entry = read(&line.text);
    let text = written(&entry);
    let same = Entry {
        lines: Vec::new(),
        ..read(&text)
    } == Entry {
        lines: Vec::new(),
        ..entry.clone()
    };
    let text = match entry.happening {
        _ if same => text,
        // A text of the application's own; nothing follows from it.
        Happening::Text | Happening::Continued if entry.jid.is_none() => String::new(),
        Happening::Text
        | Happening::Continued
        | Happening::Start
        | Happening::Done
        | Happening::Fail
        | Happening::Milestone(_)
        | Happening::Thread { .. } => line.text.chars().take(LONGEST).collect(),
    };
    LogLine {
        text,
        ..line.clone()
    }
}

/// The entry as Sidekiq 7 writes it, without any other text.
fn written(entry: &Entry) -> String {
    let mut text = String::new();
    if let Some(time) = entry.time {
        text.push_str(&rfc3339(time));
    }
    let pid = entry.pid.map(|pid| pid.to_string());
    let elapsed = entry
        .elapsed
        .map(|elapsed| elapsed.as_secs_f64().to_string());
    let words = [
        ("pid", &pid),
        ("tid", &entry.tid),
        ("class", &entry.class),
        ("jid", &entry.jid),
        ("elapsed", &elapsed),
    ];
    for (name, value) in words {
        if let Some(value) = value {
            text.extend([" ", name, "=", value]);
        }
    }
    text.push_str(" INFO: ");
    match &entry.happening {
        Happening::Start => text.push_str("start"),
        Happening::Done => text.push_str("done"),
        Happening::Fail => text.push_str("fail"),
        Happening::Milestone(milestone) => text.push_str(&milestone.to_string()),
        Happening::Thread { tid, name } => text.extend(["Thread TID-", tid, " ", name]),
        Happening::Text | Happening::Continued => {}
    }
    text
}

/// Takes user and password out of every address in every text of `value`.
pub(super) fn without_passwords(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(clean) = masked(text) {
                *text = clean;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_passwords),
        Value::Object(members) => members.values_mut().for_each(without_passwords),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `text` with `//user:password@` as `//`; `None` if there is no such thing in it.
fn masked(text: &str) -> Option<String> {
    if !text.contains("://") || !text.contains('@') {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        clean.push_str(before);
        let word = behind
            .split([' ', '\t', '\n', '"', '\''])
            .next()
            .unwrap_or_default();
        rest = match word.rfind('@') {
            Some(end) => &behind[end + 1..],
            None => behind,
        };
    }
    clean.push_str(rest);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::log::Origin;
    use crate::core::moment::Moment;

    fn kept(text: &str) -> String {
        let at = Moment::new(std::time::Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        let origin = Origin {
            pid: 1,
            inner_pid: 1,
            shared: false,
        };
        line(&LogLine {
            origin,
            text: text.into(),
            at,
        })
        .text
    }

    #[test]
    fn a_line_keeps_who_did_what_and_no_text() {
        let head = "2026-11-21T19:00:00.000Z pid=4242 tid=otb class=A jid=0123";
        for said in ["start", "done", "Terminating 3 busy threads"] {
            let text = format!("{head} elapsed=1.5 INFO: {said}");
            let kept = kept(&text);
            assert_eq!(
                Entry {
                    lines: vec![],
                    ..read(&kept)
                },
                Entry {
                    lines: vec![],
                    ..read(&text)
                }
            );
        }
        let kept_text = kept(&format!("{head} WARN: charged card 4111 of alice"));
        assert!(
            !kept_text.contains("alice") && kept_text.contains("jid=0123"),
            "{kept_text}"
        );
        assert_eq!(kept("  {\"args\":[\"secret\"]}"), "");
    }

    #[test]
    fn no_password_stays_in_any_text() {
        let mut value =
            serde_json::json!({"a": ["run redis://u:p@ss@h/1 and https://x", 5], "b": "plain@x"});
        without_passwords(&mut value);
        assert_eq!(
            value,
            serde_json::json!({"a": ["run redis://h/1 and https://x", 5], "b": "plain@x"})
        );
    }
}
