//! Files of inputs as they are found: of an earlier version, of a newer one, with a hole, cut off, of
//! another user. Those below `tests/cases/recordings` were written by the version that names their
//! folder, in drains of real Sidekiqs; they are read for ever.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Output};
use std::time::Duration;

use drainboard::clock;
use drainboard::core::drain::{ActOutcome, Command, EffectId, Outcome};
use drainboard::core::session::SessionInput;
use drainboard::recorder::{End, Film, Recorder, Recording};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{code, err};
use crate::support::imitation::{NOBODY, as_root};

const RUN: &str = "20261129T135908Z-20";

fn kept(version: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/recordings");
    let entries = fs::read_dir(folder.join(version)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn recorded() -> String {
    fs::read_to_string(&kept("0.1.0")[1]).unwrap()
}

/// The first line, changed.
fn with_head(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let (head, rest) = text.split_once('\n').unwrap();
    let mut head: Value = serde_json::from_str(&head[9..]).unwrap();
    change(&mut head);
    let head = head.to_string();
    format!("{:08x} {head}\n{rest}", crc32fast::hash(head.as_bytes()))
}

/// A state directory with one recording.
fn state_with(text: &str) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    let drains = state.path().join("drains");
    fs::create_dir(&drains).unwrap();
    let file = drains.join(format!("{RUN}.inputs"));
    fs::write(&file, text).unwrap();
    for (path, mode) in [(state.path(), 0o700), (&drains, 0o700), (&file, 0o600)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    state
}

fn on(state: &TempDir, words: &[&str]) -> Output {
    let mut command = crate::cli::drainboard(words);
    command.arg("--state-dir").arg(state.path());
    command.output().unwrap()
}

/// What is said when the film is written as an asciicast, its last screen, and its last second.
fn exported(state: &TempDir) -> (String, String, f64) {
    let cast = state.path().join("drain.cast");
    let output = on(state, &["replay", "--export", cast.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = fs::read_to_string(cast).unwrap();
    let mut parser = vt100::Parser::new(40.try_into().unwrap(), 120.try_into().unwrap(), 0);
    let mut end = 0.0;
    for line in text.lines().skip(1) {
        let frame: Value = serde_json::from_str(line).unwrap();
        end = frame[0].as_f64().unwrap();
        parser.process(frame[2].as_str().unwrap().as_bytes());
    }
    (err(&output), parser.screen().contents(), end)
}

#[track_caller]
fn assert_refused(output: &Output, words: &[&str]) {
    assert_eq!(code(output), 1, "{}", err(output));
    for word in words {
        assert!(err(output).contains(word), "{word}: {}", err(output));
    }
}

#[test]
fn recordings_of_earlier_versions_are_read_to_their_ends() {
    for path in kept("0.1.0") {
        let bytes = fs::read(&path).unwrap();
        let recording = Recording::from_bytes(&bytes, &path).unwrap();
        assert!(recording.len() > 100, "{}", path.display());
        let End::Over { outcome, .. } = recording.end() else {
            panic!("{:?}", recording.end());
        };
        assert_eq!(outcome, "requeued");
        let mut film = Film::of(&recording).unwrap();
        assert_eq!(film.broken(), None, "{}", path.display());
        film.go_to(film.end());
        let run = film.session().run.as_ref().unwrap();
        assert_eq!(run.outcome().map(Outcome::word), Some("requeued"));
    }
}

#[test]
fn one_of_a_newer_version_is_refused_and_says_what_to_use() {
    let state = state_with(&with_head(&recorded(), |head| {
        head["format"] = json!(2);
        head["drainboard"] = json!("9.1.0");
    }));
    let words = ["written by drainboard 9.1.0", "use that version"];
    assert_refused(&on(&state, &["resume", RUN, "--yes"]), &words);
    assert_refused(&on(&state, &["replay", "--export", "/dev/null"]), &words);
    // Without a name it is passed over, and that is said.
    let output = on(&state, &["resume", "--yes"]);
    assert_refused(
        &output,
        &["passed over: ", words[0], "no drain was cut off"],
    );
}

#[test]
fn one_with_a_hole_is_never_resumed_and_its_film_ends_there() {
    let text = recorded();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (said, _, end) = exported(&state_with(&text));
    assert!(!said.contains("no further"), "{said}");
    let hole = [&lines[..70], &lines[71..]].concat().concat();
    let state = state_with(&hole);
    let output = on(&state, &["resume", RUN, "--yes"]);
    assert_refused(&output, &["lead no further", "drainboard report"]);
    let (said, screen, broken) = exported(&state);
    assert!(said.contains("it leads no further: input "), "{said}");
    assert!(screen.contains("REPLAY"), "{screen}");
    assert!(broken < end - 2.0, "{broken} of {end}");
    assert_eq!(
        fs::read_to_string(state.path().join(format!("drains/{RUN}.inputs"))).unwrap(),
        hole
    );
}

#[test]
fn a_film_of_a_drain_that_never_ended_ends_with_its_last_input() {
    let text = recorded();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let torn = [&lines[..80], &[&lines[80][..20]]].concat().concat();
    let (said, screen, end) = exported(&state_with(&torn));
    assert!(!said.contains("no further"), "{said}");
    assert!(
        screen.contains("TSTP") && screen.contains("REPLAY"),
        "{screen}"
    );
    assert!((1.0..16.0).contains(&end), "{end}");
}

#[test]
fn one_that_belongs_to_another_user_is_neither_played_nor_resumed() {
    let state = state_with(&recorded());
    let given_to = |user: u32| {
        let mut command = as_root();
        command
            .args(["chown", "-R", &user.to_string()])
            .arg(state.path());
        assert!(command.status().unwrap().success());
    };
    given_to(NOBODY);
    let words = ["belongs to"];
    let (own, rights) = (rustix::process::geteuid().as_raw(), err);
    for command in [
        &["resume", "--yes"][..],
        &["resume", RUN, "--yes"],
        &["replay", "--export", "/dev/null"],
    ] {
        let output = on(&state, command);
        if own == 0 {
            assert_refused(&output, &words);
        } else {
            // Its directory cannot even be read.
            assert_eq!(code(&output), 1, "{}", rights(&output));
        }
    }
    given_to(own);
}

#[test]
fn an_asciicast_onto_a_full_disk_is_an_error_that_says_so() {
    let state = state_with(&recorded());
    let disk = state.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let map_root = if rustix::process::geteuid().is_root() {
        ""
    } else {
        "--map-root-user"
    };
    let script = format!(
        "unshare --mount {map_root} bash -c 'mount -t tmpfs -o size=16k none {disk} && exec {program} replay \
         --state-dir {state} --export {disk}/drain.cast'",
        disk = disk.display(),
        program = env!("CARGO_BIN_EXE_drainboard"),
        state = state.path().display(),
    );
    let mut command = Program::new("bash");
    command.args(["-c", &script]).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let output = command.output().unwrap();
    assert_refused(&output, &["drain.cast", "No space left"]);
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn row(what: &str, mut spans: Vec<Duration>) {
    spans.sort();
    let (median, worst) = (spans[spans.len() / 2], spans[spans.len() - 1]);
    let ms = |span: Duration| span.as_secs_f64() * 1000.0;
    println!(
        "| {what} | {} | {:.3} ms | {:.3} ms |",
        spans.len(),
        ms(median),
        ms(worst)
    );
}

/// The inputs of a real drain are written once more, each with its time.
#[test]
#[ignore = "a measurement: tests/measure_recorder prints it"]
fn what_the_recorder_adds_to_a_key_and_to_a_signal() {
    const TIMES: usize = 40;
    let path = &kept("0.1.0")[1];
    let recording = Recording::from_bytes(recorded().as_bytes(), path).unwrap();
    let inputs: Vec<_> = recording.inputs().map(Result::unwrap).collect();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let state = tempfile::tempdir_in(place).unwrap();
    let (mut observed, mut commanded, mut marked) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..TIMES {
        let mut recorder = Recorder::new(&recording.outset());
        let now = clock::now();
        let marks = recorder
            .begin(state.path(), &format!("run-{number}"), now)
            .unwrap();
        for (input, at) in &inputs {
            let begun = clock::now();
            recorder.take(input, *at).unwrap();
            observed.push(clock::now().since(begun));
        }
        for second in 0..100 {
            let key = SessionInput::Commanded(Command::Longer(Duration::from_secs(second)));
            let begun = clock::now();
            recorder.take(&key, begun).unwrap();
            commanded.push(clock::now().since(begun));
        }
        for act in 0..5 {
            let begun = clock::now();
            marks.begins(EffectId(act)).unwrap();
            marked.push(clock::now().since(begun));
            marks.ended(EffectId(act), &ActOutcome::Sent).unwrap();
        }
    }
    row("an observation of two Sidekiqs, written down", observed);
    row("a key, written down before it is taken in", commanded);
    row("a signal, marked and on the disk before it leaves", marked);
}
