//! Sidekiq's own lines in each form of the table, and lines that only look like them.

use std::time::Duration;

use super::super::{Entry, Happening, Milestone, Notice, form, read};
use super::JID;

/// The same line in every form of Sidekiq's own: about the job, or about nothing.
fn in_every_form(level: &str, elapsed: Option<&str>, job: bool, message: &str) -> Vec<String> {
    let pairs = |first: &str, second: &str| {
        let mut pairs = String::new();
        if job {
            pairs = format!(" {first} {second} tags=a,b");
        }
        if let Some(elapsed) = elapsed {
            pairs.push_str(" elapsed=");
            pairs.push_str(elapsed);
        }
        pairs
    };
    let (class, jid) = ("class=ReportBuild".to_owned(), format!("jid={JID}"));
    let seven = pairs(&class, &jid);
    let eight = pairs(&jid, &class);
    let words = if job {
        format!(" ReportBuild JID-{JID} BID-b")
    } else {
        String::new()
    };
    let stated = elapsed.map_or(String::new(), |elapsed| format!(": {elapsed} sec"));
    let ending = elapsed.map_or(String::new(), |elapsed| format!(",\"elapsed\":{elapsed}"));
    let context = if job {
        format!(",\"ctx\":{{\"class\":\"ReportBuild\",\"jid\":\"{JID}\"{ending}}}")
    } else {
        String::new()
    };
    let time = "2026-11-21T19:00:00.000Z ";
    let color = format!("\u{1b}[1;34m{level:5}\u{1b}[0m");
    vec![
        format!("{time}4242 TID-otb{words} {level}: {message}{stated}"),
        format!("4242 TID-otb{words} {level}: {message}{stated}"),
        format!("{time}pid=4242 tid=otb{seven} {level}: {message}"),
        format!("pid=4242 tid=otb{seven} {level}: {message}"),
        format!("{color} {time}pid=4242 tid=otb{eight}: {message}"),
        format!("{level} {time}pid=4242 tid=otb{eight}: {message}"),
        format!("{color} pid=4242 tid=otb{eight}: {message}"),
        format!(
            "{{\"ts\":\"{}\",\"pid\":4242,\"tid\":\"otb\",\"lvl\":\"{level}\",\"msg\":\"{message}\"{context}}}",
            time.trim()
        ),
    ]
}

#[test]
fn a_job_starts_and_ends_in_every_form_of_the_table() {
    for (word, elapsed, happening) in [
        ("start", None, Happening::Start),
        ("done", Some("1.002"), Happening::Done),
        ("fail", Some("1.002"), Happening::Fail),
    ] {
        let mut forms = Vec::new();
        for text in in_every_form("INFO", elapsed, true, word) {
            let entry = read(&text);
            assert_eq!(entry.happening, happening, "{text}");
            assert_eq!(entry.jid.as_deref(), Some(JID), "{text}");
            assert_eq!(entry.class.as_deref(), Some("ReportBuild"), "{text}");
            assert_eq!(entry.tid.as_deref(), Some("otb"), "{text}");
            assert_eq!(entry.pid, Some(4242), "{text}");
            let ran = elapsed.map(|_| Duration::from_millis(1002));
            assert_eq!(entry.elapsed, ran, "{text}");
            forms.push(entry.form.expect("a form of the table").name);
        }
        forms.dedup();
        let known: Vec<&str> = form::FORMS.iter().map(|form| form.name).collect();
        forms.sort_unstable();
        forms.dedup();
        assert_eq!(forms.len(), known.len(), "{forms:?}");
    }
}

/// An application that logs through Sidekiq's own logger has the thread, the class and the JID in
/// its line as well. It has no run time there, and its words are other ones or stand elsewhere.
#[test]
fn the_same_words_from_inside_a_job_are_text() {
    for message in ["done", "fail", "Import products: done", "page 1 done"] {
        for text in in_every_form("INFO", None, true, message) {
            assert_eq!(read(&text).happening, Happening::Text, "{text}");
        }
    }
    for text in in_every_form("WARN", Some("1.002"), true, "done") {
        // Another level than Sidekiq's.
        assert_eq!(read(&text).happening, Happening::Text, "{text}");
    }
    for message in [
        "done.",
        "Done",
        "done ",
        "all done",
        "done: 3 sec",
        "start now",
    ] {
        for text in &in_every_form("INFO", Some("1.002"), true, message)[2..] {
            assert_eq!(read(text).happening, Happening::Text, "{text}");
        }
    }
    for message in [
        "Terminating 1 busy threads",
        "Pushed 2 jobs back to Redis",
        "Failed to requeue 1 jobs: no",
        "Shutting down",
        "Received TSTP, no longer accepting new work",
        "Bye!",
    ] {
        for level in ["INFO", "WARN"] {
            for text in in_every_form(level, None, true, message) {
                assert_eq!(read(&text).happening, Happening::Text, "{text}");
            }
        }
    }
}

/// Lines that the application writes past Sidekiq's logger, or that a formatter of its own writes.
#[test]
fn lines_of_unknown_formatters_prove_nothing_about_a_job() {
    for text in [
        format!("[import {JID}] page 1 done"),
        format!("jid={JID} import: done."),
        format!("[sidekiq] ReportBuild {JID} done"),
        format!("I, worker: JID-{JID} done: 0.3 sec"),
        format!("level=info jid={JID} msg=done elapsed=1.0"),
        format!("level=info pid=1 tid=a class=A jid={JID} elapsed=1.0 msg=\"fail\""),
        format!("pid=1 tid=a class=A jid={JID} elapsed=1.0 done"),
        format!("pid=1 tid=a class=A jid={JID} elapsed=1.0 done INFO"),
        format!("web.1 | pid=1 tid=a class=A jid={JID} elapsed=1.0 INFO: done"),
        format!(
            "{{\"msg\":\"stored\",\"jid\":\"{JID}\",\"order\":{{\"id\":7,\"status\":\"done\"}}}}"
        ),
        format!(
            "{{\"message\":\"done\",\"jid\":\"{JID}\",\"class\":\"A\",\"tid\":\"a\",\"pid\":1,\"duration\":1.0,\"job_status\":\"done\"}}"
        ),
        // Sidekiq's fields, and one more.
        format!(
            "{{\"ts\":\"2026-11-21T19:00:00.000Z\",\"pid\":1,\"tid\":\"a\",\"lvl\":\"INFO\",\"msg\":\"done\",\"host\":\"x\",\"ctx\":{{\"class\":\"A\",\"jid\":\"{JID}\",\"elapsed\":1.0}}}}"
        ),
        "done".into(),
        "Pushed 2 jobs back to Redis".into(),
        "{\"message\":\"Pushed 2 jobs back to Redis\",\"pid\":1}".into(),
        "{\"message\":\"Bye!\",\"pid\":1}".into(),
    ] {
        let entry = read(&text);
        let said = &entry.happening;
        assert!(
            matches!(said, Happening::Text | Happening::Continued),
            "{text}: {said:?}"
        );
        assert_eq!((entry.form, entry.jid), (None, None), "{text}");
    }
    let quieted = "{\"message\":\"Received TSTP, no longer accepting new work\",\"pid\":7}";
    let entry = read(quieted);
    let on_the_way = Happening::Milestone(Milestone::Quieted);
    assert_eq!((entry.happening, entry.pid), (on_the_way, Some(7)));
}

#[test]
fn milestones_of_all_versions() {
    for (message, level, milestone) in [
        (
            "Received TSTP, no longer accepting new work",
            "INFO",
            Milestone::Quieted,
        ),
        ("Shutting down", "INFO", Milestone::ShuttingDown),
        (
            "Pausing to allow workers to finish...",
            "INFO",
            Milestone::Pausing,
        ),
        (
            "Pausing to allow jobs to finish...",
            "INFO",
            Milestone::Pausing,
        ),
        (
            "Terminating 3 busy worker threads",
            "WARN",
            Milestone::Terminating(3),
        ),
        (
            "Terminating 12 busy threads",
            "WARN",
            Milestone::Terminating(12),
        ),
        (
            "Pushed 2 jobs back to Redis",
            "INFO",
            Milestone::PushedBack(2),
        ),
        (
            "Failed to requeue 4 jobs: Connection refused",
            "WARN",
            Milestone::FailedToRequeue(4),
        ),
        (
            "Failed to requeue 4 jobs: NOPERM No permissions to access a key",
            "WARN",
            Milestone::FailedToRequeue(4),
        ),
        (
            "Failed to requeue 4 jobs: READONLY You can't write against a read only replica.",
            "WARN",
            Milestone::RequeueRefused(4),
        ),
        ("Bye!", "INFO", Milestone::Bye),
    ] {
        for text in in_every_form(level, None, false, message) {
            assert_eq!(
                read(&text).happening,
                Happening::Milestone(milestone),
                "{text}"
            );
        }
        for text in in_every_form("ERROR", None, false, message) {
            assert_eq!(read(&text).happening, Happening::Text, "{text}");
        }
    }
    for message in [
        "Terminating quiet threads for default capsule",
        "Pushed 2 jobs back to Redis twice",
        "Pushed some jobs back to Redis",
        "Shutting down the importer",
        "Failed to requeue 4 jobs",
    ] {
        for text in in_every_form("INFO", None, false, message) {
            assert_eq!(read(&text).happening, Happening::Text, "{text}");
        }
    }
}

/// What a line says, as the golden files write it: `done a 0.2`, `terminating 1`, `text`.
fn in_short(entry: &Entry) -> String {
    let job = || entry.jid.as_deref().map_or("?", |jid| &jid[..1]);
    let ended = |word: &str| {
        format!(
            "{word} {} {:?}",
            job(),
            entry.elapsed.unwrap().as_secs_f64()
        )
    };
    match &entry.happening {
        Happening::Start => format!("start {}", job()),
        Happening::Done => ended("done"),
        Happening::Fail => ended("fail"),
        Happening::Notice(Notice::Cancelled) => format!("cancelled {}", job()),
        Happening::Notice(Notice::Interrupting) => format!("interrupting {}", job()),
        Happening::Notice(Notice::BreaksOff) => format!("breaks off {}", job()),
        Happening::Milestone(milestone) => match milestone {
            Milestone::Quieted => "quieted".into(),
            Milestone::ShuttingDown => "shutting down".into(),
            Milestone::Pausing => "pausing".into(),
            Milestone::Terminating(count) => format!("terminating {count}"),
            Milestone::PushedBack(count) => format!("pushed back {count}"),
            Milestone::FailedToRequeue(count) | Milestone::RequeueRefused(count) => {
                format!("failed to requeue {count}")
            }
            Milestone::Bye => "bye".into(),
        },
        Happening::Thread { .. } => "thread".into(),
        Happening::Text => "text".into(),
        Happening::Continued => "no head".into(),
    }
}

/// Lines that Sidekiq 6.4.1, 7.3.2 and 8.1.7 wrote, with their own formatter and as JSON, while
/// jobs of the application logged `done` and `Pushed 2 jobs back to Redis` themselves, and Redis
/// took no writes when the jobs were to be pushed back.
#[test]
fn lines_of_real_sidekiqs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/log");
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let (expected, text) = line.split_once(" | ").unwrap();
            assert_eq!(
                in_short(&read(text)),
                expected,
                "{}: {text}",
                path.display()
            );
        }
        files += 1;
    }
    assert_eq!(files, 6);
}
