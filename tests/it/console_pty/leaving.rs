//! Leaving, while nothing is drained: by key, by signal, by a cut line, and for a while. The
//! terminal is given back as it was.

use std::path::Path;

use drainboard::clock;

use super::drains::by;
use super::{assert_soon, fixture_rows};
use crate::support::patience::until_true;
use crate::support::scene::Scene;
use crate::support::sidekiq::Version;
use crate::support::signal::Signal;
use crate::support::terminal::Terminal;

fn ready(scene: &Scene) -> Terminal {
    fixture_rows(scene);
    let mut terminal = Terminal::console(scene, &[]);
    terminal.wait_for("ReportBuild");
    assert!(terminal.is_raw());
    terminal
}

#[test]
fn quit_gives_the_terminal_back() {
    let scene = Scene::new();
    for key in ["q", "\x03"] {
        let mut terminal = ready(&scene);
        assert!(terminal.read(vt100::Screen::bracketed_paste));
        terminal.send(key);
        terminal.end(0);
        terminal.assert_restored();
        // Nothing was drained, so there is nothing to tell.
        assert_eq!(terminal.text().trim(), "");
        let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        for sequence in [
            "\x1b[?1049h",
            "\x1b[?1049l",
            "\x1b[?25l",
            "\x1b[?25h",
            "\x1b[?2004l",
        ] {
            assert_eq!(bytes.matches(sequence).count(), 1, "{sequence:?}");
        }
        // The title was kept, and came back.
        assert!(bytes.contains("\x1b[22;2t") && bytes.ends_with("\x1b[23;2t"));
    }
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    let scene = Scene::new();
    for (signal, code) in [
        (Signal::TERM, 5),
        (Signal::QUIT, 5),
        (Signal::HUP, 5),
        (Signal::INT, 0),
    ] {
        let mut terminal = ready(&scene);
        let asked = clock::now();
        terminal.signal(signal);
        terminal.end(code);
        assert_soon(asked);
        terminal.assert_restored();
    }
}

#[test]
fn a_cut_line_ends_it_at_once() {
    let scene = Scene::new();
    let mut terminal = ready(&scene);
    let cut = clock::now();
    terminal.hang_up();
    terminal.end(5);
    assert_soon(cut);
}

#[test]
fn it_stops_for_a_while_and_comes_back_whole() {
    let scene = Scene::new();
    for by_key in [true, false] {
        let mut terminal = ready(&scene);
        if by_key {
            terminal.send("\x1a");
        } else {
            terminal.signal(Signal::TSTP);
        }
        until_true("it is stopped", || terminal.state() == 'T');
        until_true("it has left the screen", || {
            !terminal.read(vt100::Screen::alternate_screen)
        });
        terminal.assert_restored();
        terminal.signal(Signal::CONT);
        // The alternate screen comes back empty: all of this was drawn anew.
        for words in ["LIVE", "ReportBuild", "InventorySync", "q quit"] {
            terminal.wait_for(words);
        }
        assert!(terminal.read(|screen| screen.alternate_screen() && screen.hide_cursor()));
        until_true("keys come one by one again", || terminal.is_raw());
        terminal.type_for("?", "Possible now");
        terminal.send("q");
        terminal.end(0);
        terminal.assert_restored();
    }
}

#[test]
fn a_drain_that_is_stopped_for_a_while_says_what_waits() {
    let scene = Scene::new();
    let _sidekiq = scene.sidekiq(Version::Seven);
    scene.busy_until_released();
    let mut terminal = Terminal::console(&scene, &by("tstp, 300, term, 14, kill"));
    terminal.begin_automatic();
    terminal.wait_for("quiet 1/1");
    terminal.send("\x1a");
    until_true("it is stopped", || terminal.state() == 'T');
    terminal.wait_for("a drain is under way, TERM is due at");
    terminal.wait_for("Nothing is sent while drainboard is stopped; fg goes on.");
    terminal.signal(Signal::CONT);
    terminal.wait_for("TSTP");
    terminal.send("x");
    terminal.wait_for("Stopped before its end");
    terminal.send("q");
    terminal.end(5);
}

#[test]
fn what_somebody_else_wrote_is_painted_over_on_demand() {
    let scene = Scene::new();
    let mut terminal = ready(&scene);
    terminal.scribble("\x1b[5;1Hkernel: something broke\x1b[30;50Hand here");
    assert!(terminal.text().contains("something broke"));
    terminal.send("\x0c");
    terminal.wait_without("something broke");
    terminal.wait_without("and here");
    terminal.wait_for("ReportBuild");
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
}

#[test]
fn a_cut_line_ends_it_where_hang_ups_are_ignored() {
    let scene = Scene::new();
    fixture_rows(&scene);
    // As `nohup` starts it.
    let script = format!("trap '' HUP; exec '{}'", env!("CARGO_BIN_EXE_drainboard"));
    let shell = Path::new("/bin/sh");
    let mut terminal = Terminal::of(shell, &scene, &["-c", &script], &[], (120, 40));
    terminal.wait_for("ReportBuild");
    // A key was read last: then the loop itself waits for the next one.
    terminal.type_for("?", "Possible now");
    terminal.hang_up();
    terminal.end(5);
}
