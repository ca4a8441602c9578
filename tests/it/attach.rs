//! A drain that is watched, and driven, from a second terminal.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::console_pty::drains::signals;
use crate::support::drain::Drain;
use crate::support::imitation::{NOBODY, as_root};
use crate::support::scene::Scene;
use crate::support::sidekiq::{TIMEOUT, Version};
use crate::support::terminal::Terminal;

const SEQUENCE: &str = "tstp, 300, term, 14, kill";

/// A terminal that watches the only drain of the scene.
fn attached(scene: &Scene) -> Terminal {
    let mut terminal = Terminal::console(scene, &["attach"]);
    terminal.wait_for("WATCHING");
    terminal.wait_for("drives; Y asks");
    terminal
}

/// The socket of the only drain of the scene.
fn socket(scene: &Scene) -> PathBuf {
    let files = fs::read_dir(scene.state_dir().join("drains")).unwrap();
    let mut paths = files.map(|file| file.unwrap().path());
    paths
        .find(|path| path.extension().is_some_and(|ending| ending == "socket"))
        .unwrap()
}

/// A visitor without a terminal.
struct Guest(BufReader<UnixStream>);

impl Guest {
    fn at(scene: &Scene) -> Self {
        Self(BufReader::new(UnixStream::connect(socket(scene)).unwrap()))
    }

    fn say(&mut self, word: &Value) {
        writeln!(self.0.get_mut(), "{word}").unwrap();
    }

    /// What it is told next; `null` once the other side has hung up.
    fn told(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap_or_default();
        serde_json::from_str(&line).unwrap_or_default()
    }

    /// The other side says nothing more, and hangs up.
    #[track_caller]
    fn assert_shown_out(mut self) {
        let mut rest = String::new();
        // What it said and was not read may end the line less politely.
        self.0.read_to_string(&mut rest).ok();
        assert_eq!(rest, "");
    }
}

#[test]
fn a_drain_of_a_deploy_script_is_held_extended_and_ended_from_a_terminal() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for("quiet_confirmed");
    let socket = socket(&scene);
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut terminal = attached(&scene);
    terminal.wait_for("ReleasedJob");
    terminal.type_for(" ", "another drainboard drives");
    terminal.type_for("Y", "you drive this drain now");
    terminal.wait_for("LIVE");
    terminal.send("+");
    assert_eq!(drain.wait_for("extended")["by_s"], 30);
    let mut beside = attached(&scene);
    terminal.send(" ");
    let why = drain.wait_for("held")["why"].as_str().unwrap().to_owned();
    let visitor = why.strip_prefix("by ").unwrap();
    assert_ne!(visitor, "the operator", "who pressed the key is named");
    // Held is no end, although the drain itself has nobody to ask.
    terminal.wait_for("on hold by you since");
    // Whoever only watches is told who holds.
    let words: Vec<&str> = visitor.split_whitespace().take(3).collect();
    beside.wait_for(&format!("on hold by {}", words.join(" ")));
    beside.send("q");
    beside.end(0);
    terminal.send(" ");
    drain.wait_for("resumed");
    terminal.wait_without("on hold");
    terminal.send(".");
    terminal.answer("Send TERM now?", "y");
    drain.wait_for_signal("TERM");
    let ended = drain.end();
    let told = |line: &&Value| {
        line["text"]
            .as_str()
            .is_some_and(|text| text.ends_with("has the controls"))
    };
    assert!(
        ended.lines.iter().any(|line| told(&line)),
        "{}",
        ended.text()
    );
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
    assert!(!socket.exists());
    sidekiq.wait_for_end();
}

#[test]
fn a_driver_that_is_gone_is_replaced_at_once() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Eight);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for_signal("TSTP");
    let mut first = attached(&scene);
    first.type_for("Y", "you drive this drain now");
    let mut second = Terminal::console(&scene, &["attach"]);
    second.wait_for("WATCHING");
    second.type_for("Y", "asked");
    first.wait_for("asks for the controls: Y gives them");
    first.hang_up();
    second.wait_for("you drive this drain now");
    second.send("q");
    second.end(0);
    scene.release();
    drain.end().assert_outcome(0, "drained");
}

#[test]
fn whoever_sits_at_the_screen_is_asked_and_may_take_them_back() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let by = ["--sequence", SEQUENCE, "--timeout", TIMEOUT];
    let mut here = Terminal::console(&scene, &by);
    here.begin_automatic();
    here.wait_for("quiet 1/1");
    let mut there = attached(&scene);
    there.type_for("Y", "asked");
    here.wait_for("asks for the controls: Y gives them");
    here.type_for("Y", "drives: Y takes the controls back");
    there.wait_for("you drive this drain now");
    there.send(" ");
    here.wait_for("held");
    here.type_for(" ", "drives: Y takes the controls back");
    here.type_for("Y", "the controls are back here");
    there.wait_for("WATCHING");
    here.send(" ");
    scene.release();
    here.wait_for("the process has exited");
    there.wait_for("the process has exited");
    there.send("q");
    there.end(0);
    here.send("q");
    here.end(0);
}

#[test]
fn a_second_drain_is_told_to_attach_and_a_socket_that_was_left_over_hurts_nothing() {
    let scene = Scene::new();
    let sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for_signal("TSTP");
    let second = Drain::start(&scene, SEQUENCE, &[&sidekiq.chosen()]).end();
    second.assert_outcome(7, "refused");
    assert!(
        second.text().contains("`drainboard attach` shows it"),
        "{}",
        second.text()
    );
    drain.kill();
    // Its socket is still there, and nobody listens.
    let alone = Terminal::console(&scene, &["attach"]).wait_for_end();
    assert_eq!(alone.code(), Some(1));
    let mut resumed = Drain::of(&mut scene.drainboard(&["resume", "--yes", "--json"]));
    resumed.wait_for("resumed");
    let mut terminal = attached(&scene);
    terminal.send("q");
    terminal.end(0);
    scene.release();
    resumed.end().assert_outcome(0, "drained");
    // Without a terminal there is nothing to watch it on.
    let output = scene.drainboard(&["attach"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_drain_goes_on_without_its_terminal_where_that_was_wanted() {
    let scene = Scene::new();
    let mut sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let by = [
        "--sequence",
        SEQUENCE,
        "--timeout",
        TIMEOUT,
        "--on-hangup",
        "continue",
    ];
    let mut gone = Terminal::console(&scene, &by);
    gone.begin_automatic();
    gone.wait_for("quiet 1/1");
    gone.hang_up();
    let mut there = attached(&scene);
    there.wait_for("the terminal is gone");
    // Nobody sits there any more who could be asked.
    there.type_for("Y", "you drive this drain now");
    scene.release();
    there.wait_for("the process has exited");
    gone.end(0);
    sidekiq.wait_for_end();
    assert_eq!(signals(&scene), ["TSTP", "TERM"]);
    there.send("q");
    there.end(0);
}

#[test]
fn whoever_drives_from_outside_saves_nothing() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for("quiet_confirmed");
    let mut terminal = attached(&scene);
    terminal.type_for("s", "another drainboard drives");
    terminal.type_for("Y", "you drive this drain now");
    terminal.type_for(
        "s",
        "only the drainboard that began this drain saves payloads",
    );
    assert!(!terminal.text().contains("Save the"), "{}", terminal.text());
    assert!(!scene.state_dir().join("rescue").exists());
    terminal.send("q");
    terminal.end(0);
    scene.release();
    drain.end().assert_outcome(0, "drained");
}

#[test]
fn what_is_said_over_the_socket_is_bounded_and_moves_nothing_without_the_controls() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for("quiet_confirmed");
    let mut visitor = Guest::at(&scene);
    visitor.say(&json!({"Hello": "x\u{1b}[31m"}));
    assert_eq!(visitor.told()["Drives"]["you"], false);
    visitor.say(&json!({"Commands": "StopHere"}));
    assert_eq!(visitor.told(), json!({"Refused": "you do not drive"}));
    // No word saves payloads, pushes jobs back or cancels one.
    for word in ["Save", "PushBack", "LookForLost", "Cancel", "Begin"] {
        let mut other = Guest::at(&scene);
        other.say(&json!({ word: {} }));
        other.assert_shown_out();
    }
    let mut long = Guest::at(&scene);
    let words = vec![b' '; 70 << 10];
    // It is shown out before all of it was said.
    long.0.get_mut().write_all(&words).ok();
    long.assert_shown_out();
    // Sixteen are enough.
    let mut others: Vec<Guest> = (1..16).map(|_| Guest::at(&scene)).collect();
    for other in &mut others {
        other.say(&json!({"Hello": "y"}));
        assert_eq!(other.told()["Drives"]["you"], false);
    }
    Guest::at(&scene).assert_shown_out();
    // A word that comes in pieces is one word, although something is told in between.
    visitor.0.get_mut().write_all(b"\"As").unwrap();
    for _ in 0..15 {
        visitor.told();
    }
    others[0].say(&json!({"Hello": "z"}));
    assert_eq!(visitor.told()["Drives"]["you"], false);
    visitor.0.get_mut().write_all(b"ks\"\n").unwrap();
    while visitor.told()["Drives"]["you"] != true {}
    visitor.say(&json!({"Commands": "Hold"}));
    drain.wait_for("held");
    visitor.say(&json!({"Commands": "GoOn"}));
    drain.wait_for("resumed");
    scene.release();
    let ended = drain.end();
    ended.assert_outcome(0, "drained");
    assert!(!ended.text().contains('\u{1b}'), "{}", ended.text());
}

/// The directories and the socket are open to all here, as nobody would leave them.
#[test]
fn a_peer_of_another_user_is_shown_out() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut drain = Drain::start(&scene, SEQUENCE, &[]);
    drain.wait_for("quiet_confirmed");
    let (state, socket) = (scene.state_dir(), socket(&scene));
    for path in [&scene.path(""), &state, &state.join("drains"), &socket] {
        fs::set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    }
    let says = r#"s = UNIXSocket.new(ARGV[0]); s.puts '"Asks"' rescue nil; print(s.read) rescue nil; puts "shown out""#;
    let visit = |mut command: Command| {
        command
            .args(["timeout", "20", "ruby", "-rsocket", "-e", says])
            .arg(&socket);
        let output = command.current_dir("/").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mut another = as_root();
    let user = NOBODY.to_string();
    another.args([
        "setpriv",
        "--reuid",
        &user,
        "--regid",
        &user,
        "--clear-groups",
    ]);
    assert_eq!(visit(another), "shown out\n");
    for path in [&scene.path(""), &state, &state.join("drains")] {
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    }
    scene.release();
    let ended = drain.end();
    ended.assert_outcome(0, "drained");
    assert!(
        !ended.text().contains("has the controls"),
        "{}",
        ended.text()
    );
}
