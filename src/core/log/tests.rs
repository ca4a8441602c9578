//! Lines as Sidekiq 5.2, 6.4, 7.3 and 8.1 write them, lines of other formatters, and dumps.

mod credit;
mod forms;

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Dumps, Entry, LineOrigin, LogLine, Milestone, Told, Witness, is_of_application};
use crate::core::moment::Moment;

const JID: &str = "0123456789abcdef01234567";

fn at(seconds: u64) -> Moment {
    Moment::new(Duration::from_secs(seconds), Timestamp::UNIX_EPOCH)
}

fn line(pid: u32, text: &str) -> LogLine {
    let origin = LineOrigin {
        pid,
        inner_pid: pid,
        shared: false,
    };
    LogLine::new(origin, text, at(10))
}

/// The entries of one thread in a dump of process `pid`.
fn thread(pid: u32, tid: &str, frames: &[&str]) -> Vec<String> {
    let head = format!("2026-11-21T19:00:00.000Z pid={pid} tid=main WARN: ");
    let mut lines = vec![format!("{head}Thread TID-{tid} processor")];
    lines.push(format!("{head}{}", frames[0]));
    lines.extend(frames[1..].iter().map(ToString::to_string));
    lines
}

#[test]
fn the_thread_of_one_job_in_mixed_dumps() {
    let frames = |word: &str| {
        vec![
            "/var/app/shared/bundle/ruby/3.3.0/gems/redis-5.0.1/lib/redis.rb:9:in `call'"
                .to_owned(),
            format!("/var/app/current/app/jobs/{word}.rb:7:in `perform'"),
            "/usr/lib/ruby/3.3.0/monitor.rb:202:in `synchronize'".to_owned(),
            "\tfrom <internal:kernel>:187:in `loop'".to_owned(),
        ]
    };
    let dump = |pid, tid, word: &str| {
        let frames = frames(word);
        let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
        thread(pid, tid, &frames)
    };
    let (one, two) = (dump(1, "aaa", "one"), dump(2, "bbb", "two"));
    let mut dumps = Dumps::default();
    // Both announce before either goes on; entries themselves are written whole.
    for text in [&one[..1], &two[..1], &one[1..], &two[1..]].concat() {
        dumps.take(&line(1, &text));
    }
    let found = dumps.find(1, 1, "aaa", at(0)).unwrap();
    assert!(found.whole && !found.cut);
    assert_eq!(found.sorted(), {
        let mut expected = frames("one");
        expected[3] = "<internal:kernel>:187:in `loop'".to_owned();
        expected.swap(0, 1);
        expected
    });
    assert_eq!(found.application().count(), 1);
    let other = dumps.find(1, 2, "bbb", at(0)).unwrap();
    assert!(!other.whole, "nothing was written behind it");
    assert!(other.frames[1].contains("two.rb"));
    assert!(dumps.find(1, 1, "bbb", at(0)).is_none());
    assert!(dumps.find(1, 1, "aaa", at(11)).is_none());
}

#[test]
fn a_dump_that_was_cut_in_the_middle_and_one_that_never_ends() {
    let mut dumps = Dumps::default();
    let lines = thread(1, "aaa", &["/app/a.rb:1:in `x'", "/app/b.rb:2:in `y'"]);
    dumps.take(&line(1, &lines[0]));
    // The log was rotated away: the rest is gone, a job's line comes first.
    let job = format!("2026-11-21T19:00:00.000Z pid=1 tid=t class=A jid={JID} INFO: start");
    dumps.take(&line(1, &job));
    dumps.take(&line(1, "/app/c.rb:3:in `z'"));
    assert!(dumps.find(1, 1, "aaa", at(0)).is_none());
    for text in &lines {
        dumps.take(&line(1, text));
    }
    for number in 0..1000 {
        dumps.take(&line(1, &format!("/app/d.rb:{number}:in `w'")));
    }
    let found = dumps.find(1, 1, "aaa", at(0)).unwrap();
    assert_eq!((found.frames.len(), found.cut), (400, true));
    for number in 0..3000 {
        for text in thread(1, &format!("t{number}"), &["/app/a.rb:1:in `x'"]) {
            dumps.take(&line(1, &text));
        }
    }
    assert!(dumps.find(1, 1, "t999", at(0)).is_none());
    assert!(dumps.find(1, 1, "t2999", at(0)).is_some());
}

#[test]
fn a_dump_of_a_json_formatter() {
    let mut dumps = Dumps::default();
    let head = r#"{"ts":"2026-11-21T19:00:00.000Z","pid":1,"tid":"main","lvl":"WARN","msg":"#;
    dumps.take(&line(
        1,
        &format!("{head}\"Thread TID-otb sidekiq.default/processor\"}}"),
    ));
    dumps.take(&line(
        1,
        &format!("{head}\"/app/a.rb:1:in `x'\\n/app/b.rb:2:in `y'\"}}"),
    ));
    let found = dumps.find(1, 1, "otb", at(0)).unwrap();
    assert_eq!(found.frames.len(), 2);
    assert_eq!(found.name, "sidekiq.default/processor");
}

#[test]
fn frames_of_the_application() {
    for (frame, own) in [
        ("/app/jobs/sleep_job.rb:40:in `sleep'", true),
        ("/srv/gems/app/jobs/a.rb:4:in `x'", true),
        ("app/jobs/a.rb:4:in 'ReportBuild#perform'", true),
        (
            "/x/gems/sidekiq-6.4.1/lib/sidekiq/processor.rb:196:in `execute_job'",
            false,
        ),
        ("/x/bundler/gems/thing-0123abc/lib/a.rb:1:in `x'", false),
        ("/usr/lib/ruby/vendor_ruby/rubygems.rb:305:in `load'", false),
        ("<internal:kernel>:187:in `loop'", false),
        ("/usr/bin/sidekiq:25:in `<main>'", false),
        ("<no backtrace available>", false),
    ] {
        assert_eq!(is_of_application(frame), own, "{frame}");
    }
}

#[test]
fn a_fail_after_the_time_is_up_is_an_interrupt() {
    let mut witness = Witness::default();
    let mut say = |pid: u32, words: &str| {
        let text = format!("2026-11-21T19:00:00.000Z pid={pid} tid=t {words}");
        witness.take(&line(pid, &text))
    };
    assert_eq!(say(1, "class=A jid=a INFO: start"), None);
    say(1, "class=A jid=b elapsed=0.1 INFO: fail");
    say(1, "class=A jid=c elapsed=2.5 INFO: done");
    let terminating = Some((Milestone::Terminating(1), at(10)));
    assert_eq!(say(1, "WARN: Terminating 1 busy threads"), terminating);
    say(1, "class=A jid=a elapsed=0.1 INFO: fail");
    say(1, "class=A jid=e elapsed=9.1 INFO: done");
    say(2, "class=A jid=d elapsed=9.1 INFO: fail");
    let told = |pid, jid: &str| witness.of(pid, jid).map(|said| (said.what, said.late));
    assert_eq!(told(1, "a"), Some((Told::Interrupted, true)));
    assert_eq!(told(1, "b"), Some((Told::Failed, false)));
    assert_eq!(told(1, "c"), Some((Told::Done, false)));
    assert_eq!(told(1, "e"), Some((Told::Done, true)));
    assert_eq!(told(2, "d"), Some((Told::Failed, false)));
    assert_eq!(
        (told(1, "d"), told(2, "c"), told(1, "f")),
        (None, None, None)
    );
    let done = witness.of(1, "c").unwrap();
    assert_eq!(done.elapsed, Some(Duration::from_millis(2500)));
    assert_eq!(done.tid.as_deref(), Some("t"));
    assert_eq!(witness.milestones(1), [(Milestone::Terminating(1), at(10))]);
    witness.forget(1);
    assert!(witness.milestones(1).is_empty());
}

#[test]
fn in_a_file_that_several_write_each_line_is_its_writers_own() {
    let mut witness = Witness::default();
    let shared = |pid: u32, inner_pid: u32, text: &str| LogLine {
        origin: LineOrigin {
            pid,
            inner_pid,
            shared: true,
        },
        ..line(pid, text)
    };
    let done = format!("pid=7 tid=t class=A jid={JID} elapsed=1 INFO: done");
    let terminating = "pid=7 tid=t WARN: Terminating 1 busy threads";
    for (pid, inner) in [(40, 7), (41, 8)] {
        let milestone = witness.take(&shared(pid, inner, terminating));
        assert_eq!(milestone.is_some(), inner == 7);
        witness.take(&shared(pid, inner, &done));
        // Its writer cannot be told.
        witness.take(&shared(pid, inner, &format!("{} done", "f".repeat(24))));
    }
    assert_eq!(witness.of(40, JID).unwrap().what, Told::Done);
    assert!(witness.of(41, JID).is_none());
    assert!(witness.of(40, &"f".repeat(24)).is_none());
}

#[test]
fn a_line_tells_when_it_was_written() {
    let mut witness = Witness::default();
    let read_at = Moment::new(
        Duration::from_secs(100),
        "2026-11-21T19:00:03.500Z".parse().unwrap(),
    );
    let mut at = |time: &str| {
        let text = format!("{time} pid=1 tid=t class=A jid=a elapsed=1 INFO: done");
        witness.take(&LogLine {
            at: read_at,
            ..line(1, &text)
        });
        witness.of(1, "a").unwrap().at.since_boot()
    };
    assert_eq!(
        at("2026-11-21T19:00:01.250Z"),
        Duration::from_millis(97_750)
    );
    let read = Duration::from_secs(100);
    assert_eq!(at("2026-11-21T19:00:09.000Z"), read, "later than now");
    assert_eq!(at("2026-11-20T19:00:00.000Z"), read, "another day");
    assert_eq!(at("bad"), read, "no line of Sidekiq's");
}

proptest! {
    #[test]
    fn no_text_does_any_harm(texts in proptest::collection::vec("(?s).{0,200}", 1..20)) {
        let mut dumps = Dumps::default();
        for text in texts {
            let entry = dumps.take(&line(1, &text));
            prop_assert!(entry.lines.iter().all(|line| !line.chars().any(char::is_control)));
        }
    }
}

#[test]
fn a_line_without_text_says_who_did_what_and_keeps_frames_alone() {
    let head = "2026-11-21T19:00:00.000Z pid=1 tid=otb class=A jid=0123";
    let said = [
        format!("{head} elapsed=1.5 INFO: done"),
        format!("{head} WARN: charged card 4111 of alice"),
        "2026-11-21T19:00:00.000Z pid=1 tid=m WARN: Terminating 3 busy threads".into(),
        r#"{"msg":"alice","pid":7}"#.into(),
        "  {\"args\":[\"alice\"]}".into(),
        "app/a.rb:3:in `charge': card 4111 of alice (RuntimeError)".into(),
        format!("{head} WARN: /app/a.rb:3:in 'Integer#times'"),
        "\tfrom /app/b.rb:4:in `block in call'".into(),
    ];
    for text in said {
        let line = line(1, &text);
        let bare = line.without_text();
        let written = serde_json::to_string(&bare).unwrap();
        assert!(!written.contains("alice"), "{written}");
        let again: LogLine = serde_json::from_str(&written).unwrap();
        assert_eq!(again.entry, bare.entry);
        assert_eq!(
            Entry {
                lines: vec![],
                ..bare.entry
            },
            Entry {
                lines: vec![],
                ..line.entry
            }
        );
        if text.contains("times") || text.contains("from ") {
            assert_eq!(again.entry.lines.len(), 1, "{text}");
        }
    }
}
