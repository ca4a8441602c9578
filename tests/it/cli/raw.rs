//! What lies in a state directory and is no record: nothing of it holds a command up, and none of its
//! bytes reaches a terminal as they are.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{code, drainboard};
use crate::support::redis_server::RedisServer;

const ESCAPES: &str = "\x1b[31mRED\x07\x1b]0;owned\x07\u{9b}2J\u{202e}";

/// A directory whose drains and payloads somebody has filled with whatever he liked.
fn prepare(state: &Path) {
    let escaped = serde_json::to_string(ESCAPES).expect("a text");
    let text = escaped.trim_matches('"');
    let record = format!(
        r#"{{"at":"2026-11-29T12:00:02.000Z","t_s":0,"run":"r{text}","event":"remarked","text":"{text}"}}"#
    );
    let payload = format!(
        r#"{{"what":"saved","saved_at":"2026-11-29T12:00:00.000Z","jid":"j{text}","class":"Cls{text}","queue":"q{text}","identity":"vm:1:{text}","pid":1,"tid":"t{text}","interrupt_at":null,"timeout_assumed":false,"super_fetch":false,"payload":"{{\"class\":\"A\"}}"}}"#
    );
    for (folder, content) in [("drains", record), ("rescue", payload)] {
        let folder = state.join(folder);
        fs::create_dir(&folder).expect("a folder");
        let named = |name: &str| folder.join(name);
        fs::write(
            named("20261129T120002Z-4.jsonl"),
            format!("{content}\nbad\n"),
        )
        .expect("a file");
        let raw = [
            b"20261129T120003Z\xff\x1b[31m-".as_slice(),
            ESCAPES.as_bytes(),
        ]
        .concat();
        for ending in [".jsonl", ".inputs"] {
            let name = [&raw, ending.as_bytes()].concat();
            fs::write(folder.join(OsStr::from_bytes(&name)), "bad\n").expect("a file");
            let name = format!("20261129T120004Z-{ESCAPES}{ending}");
            fs::write(named(&name), "bad\n").expect("a file");
            let pipe = named(&format!("20261129T120005Z-5{ending}"));
            mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
            let link = named(&format!("20261129T120006Z-6{ending}"));
            std::os::unix::fs::symlink("/dev/zero", &link).expect("a link");
        }
    }
}

#[test]
fn nothing_in_a_state_directory_holds_a_command_up_or_reaches_a_terminal_raw() {
    let server = RedisServer::start();
    let state = tempfile::tempdir().expect("a directory");
    prepare(state.path());
    for (words, expected) in [
        (&["report"][..], 0),
        (&["report", "20261129T120002Z-4"], 0),
        (&["report", "20261129T120005Z-5"], 1),
        (&["rescue"], 4),
        (&["rescue", "20261129T120002Z-4", "--dry-run"], 4),
        (&["rescue", "20261129T120005Z-5"], 1),
        (&["rescue", "20261129T120006Z-6"], 1),
        (&["resume"], 1),
        (&["ps"], 0),
    ] {
        let mut command = drainboard(words);
        command.arg("--state-dir").arg(state.path());
        command.env("REDIS_URL", server.url());
        let output = command.output().expect("it runs");
        let all = [output.stdout.as_slice(), &output.stderr].concat();
        let text = String::from_utf8(all).expect("UTF-8");
        assert_eq!(code(&output), expected, "{words:?}: {text}");
        let hidden = |character: &char| {
            character.is_control() && *character != '\n' || *character == '\u{202e}'
        };
        assert_eq!(text.chars().find(hidden), None, "{words:?}: {text:?}");
        if words == ["rescue"] {
            assert!(
                text.contains("ClsRED") && text.contains("no regular file"),
                "{text}"
            );
        }
    }
}
