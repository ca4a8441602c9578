//! Files below `drains/` that are no records of ours, and names that a terminal would act on.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

const LINE: &str =
    r#"{"at":"2026-11-21T19:00:00.000Z","t_s":0,"run":"r","event":"held","why":"x"}"#;

fn folder() -> (tempfile::TempDir, PathBuf, Library) {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join("drains");
    fs::create_dir(&folder).unwrap();
    let library = Library::new(state.path());
    (state, folder, library)
}

#[test]
fn only_a_regular_file_that_others_cannot_write_is_read() {
    let (_state, folder, library) = folder();
    let own = folder.join("own.jsonl");
    fs::write(&own, LINE).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(library.read("own").unwrap().records.len(), 1);
    symlink(&own, folder.join("link.jsonl")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("pipe.jsonl"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from(0o600),
        0,
    )
    .unwrap();
    fs::create_dir(folder.join("folder.jsonl")).unwrap();
    let open = folder.join("open.jsonl");
    fs::write(&open, LINE).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o666)).unwrap();
    for (run, why) in [
        ("link", "symbolic link"),
        ("pipe", "no regular file"),
        ("folder", "no regular file"),
        ("open", "other users may write it"),
    ] {
        let error = library.read(run).unwrap_err().to_string();
        assert!(error.contains(why), "{run}: {error}");
    }
}

#[test]
fn no_name_of_a_file_reaches_a_terminal_as_it_is() {
    let (_state, folder, library) = folder();
    let name = "2026\u{1b}]0;owned\u{7}\u{202e}x";
    fs::write(folder.join(format!("{name}.jsonl")), "no record\n").unwrap();
    fs::write(folder.join("2026.jsonl"), LINE).unwrap();
    let hostile = |text: &str| text.contains(['\u{1b}', '\u{7}', '\u{202e}']);
    for asked in ["2027", "202"] {
        let error = library.choose(asked).unwrap_err().to_string();
        assert!(!hostile(&error), "{error:?}");
    }
    // A whole name is found byte for byte, and shown cleaned.
    let run = library.choose(name).unwrap();
    let report = crate::report::Report::of(&library.read(&run).unwrap());
    assert_eq!(report.summary.run, "2026x");
    assert_eq!(report.faults.len(), 2, "{:?}", report.faults);
    fs::remove_file(folder.join(format!("{name}.jsonl"))).unwrap();
    let error = library.read(&run).unwrap_err().to_string();
    assert!(!hostile(&error), "{error:?}");
}

#[test]
fn texts_of_a_record_are_kept_byte_for_byte_and_shown_cleaned() {
    let line = LINE.replace("\"x\"", r#""a\u001b[2Jb\u202e""#) + "\n" + LINE + "\n";
    let past = Past::from_text("r", line.as_bytes());
    let held = |past: &Past, index: usize| past.records[index].to_string();
    assert_eq!(held(&past, 0), "held: a\u{1b}[2Jb\u{202e}");
    assert_eq!(held(&past.shown(), 0), "held: ab");
    assert_eq!(held(&past.shown(), 1), "held: x");
}

#[test]
fn an_end_is_taken_back_where_the_drain_goes_on() {
    let line = |seconds: u32, event: &str| {
        format!(
            "{{\"at\":\"2026-11-21T19:00:{seconds:02}.000Z\",\"t_s\":{seconds},\"run\":\"r\",{event}}}\n"
        )
    };
    let open = r#""event":"reconciled","jid":"a","class":"A","fate":"FATE","evidence":"x""#;
    let text = [
        line(0, r#""event":"held","why":"hang-up""#),
        line(1, &open.replace("FATE", "unknown")),
        line(
            1,
            r#""event":"finished","outcome":"stopped","seconds":1,"jobs":{}"#,
        ),
        line(9, r#""event":"resumed""#),
        line(9, &open.replace("FATE", "finished")),
    ];
    let past = Past::from_text("r", text.concat().as_bytes());
    let events: Vec<String> = past.records.iter().map(Record::json).collect();
    assert_eq!(events.len(), 3, "{events:?} {}", past.unreadable);
    assert!(
        events[1].contains("resumed") && events[2].contains("\"finished\""),
        "{events:?}"
    );
    let unresumed = Past::from_text("r", text[..3].concat().as_bytes());
    assert_eq!(unresumed.records.len(), 3);
}
