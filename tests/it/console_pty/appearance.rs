//! What the first screen says, in every look, and what looking may not do.

use std::process::Stdio;

use vt100::Color;

use super::fixture_rows;
use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

/// The console on fixture rows, once all of them are there.
fn on_fixture(scene: &Scene, arguments: &[&str], more: &[(&str, &str)]) -> Terminal {
    of_height(40, scene, arguments, more)
}

fn of_height(rows: u16, scene: &Scene, arguments: &[&str], more: &[(&str, &str)]) -> Terminal {
    fixture_rows(scene);
    let mut terminal = Terminal::start(scene, arguments, more, (120, rows));
    for words in ["ReportBuild", "AmazonEdiPush", "InventorySync", "q quit"] {
        terminal.wait_for(words);
    }
    terminal
}

/// How many cells of the screen are as `wanted`.
fn cells(terminal: &Terminal, wanted: impl Fn(&vt100::Cell) -> bool) -> usize {
    terminal.read(|screen| {
        let all = (0..40).flat_map(|row| (0..120).map(move |column| (row, column)));
        all.filter_map(|(row, column)| screen.cell(row, column))
            .filter(|cell| wanted(cell))
            .count()
    })
}

fn is_coloured(cell: &vt100::Cell) -> bool {
    cell.fgcolor() != Color::Default || cell.bgcolor() != Color::Default
}

#[test]
fn the_first_screen_shows_link_processes_jobs_and_what_would_happen() {
    let scene = Scene::new();
    // Sidekiqs of other tests run on this host: their rows stand above these.
    let terminal = of_height(160, &scene, &[], &[]);
    assert!(terminal.is_raw());
    assert!(terminal.read(|screen| screen.alternate_screen() && screen.hide_cursor()));
    let header = terminal.line_with("UTC");
    for words in ["LIVE", "redis", " ms", "UTC"] {
        assert!(header.contains(words), "{header}");
    }
    // A beat wrote them half a minute after they began.
    assert!(terminal.line_with("ReportBuild").contains("0:3"));
    assert!(
        terminal
            .text()
            .contains("if you do nothing: nothing is sent")
    );
    assert!(terminal.text().contains("nothing has been sent"));
    for pid in [4242, 4243, 4244] {
        let row = terminal.line_with(&format!("util1:{pid}"));
        assert!(row.contains("running") && row.contains("7.3.9"), "{row}");
    }
}

#[test]
fn help_opens_and_closes_on_one_key_each() {
    let scene = Scene::new();
    let mut terminal = on_fixture(&scene, &[], &[]);
    terminal.type_for("?", "Possible now");
    assert!(terminal.text().contains("send nothing until you resume"));
    terminal.type_for("\x1b", "ReportBuild");
    assert!(!terminal.text().contains("Possible now"));
}

#[test]
fn an_arrow_key_that_comes_in_pieces_is_still_one_key() {
    let scene = Scene::new();
    let mut terminal = on_fixture(&scene, &[], &[]);
    terminal.type_for("\t", "ReportBuild");
    let marked = |text: &str, class: &str| {
        text.lines()
            .any(|line| line.contains(class) && line.contains('▸'))
    };
    terminal.send("\x1b[B");
    terminal.wait_until("the selection is on another job", |text| {
        marked(text, "AmazonEdiPush") || marked(text, "InventorySync")
    });
    assert!(!marked(&terminal.text(), "ReportBuild"));
}

#[test]
fn read_only_stands_on_the_screen_and_takes_the_acts_away() {
    let scene = Scene::new();
    let mut terminal = on_fixture(&scene, &["--read-only"], &[]);
    assert!(terminal.line_with("UTC").contains("READ-ONLY"));
    assert!(!terminal.text().contains("a auto"));
    for key in ["a", "n", "K", "v"] {
        terminal.type_for(key, "read-only: nothing can be sent");
        terminal.type_for("j", "q quit");
        terminal.wait_without("nothing can be sent");
    }
    terminal.send("q");
    terminal.end(0);
    assert!(!scene.state_dir().join("drains").exists());
}

#[test]
fn colours_are_there_unless_nobody_wants_them() {
    let scene = Scene::new();
    // Bars and dangers alone are coloured: jobs that are pushed back, a process that hangs.
    let mut coloured = Terminal::console(&scene, &["demo"]);
    coloured.wait_for("pushed back");
    assert!(cells(&coloured, is_coloured) > 0);
    let mut plain = Terminal::console(&scene, &["demo", "--no-color"]);
    plain.wait_for("pushed back");
    assert_eq!(cells(&plain, is_coloured), 0);
    for (arguments, more) in [
        (&["--read-only"][..], &[("NO_COLOR", "1")][..]),
        (&["--read-only", "--no-color"], &[]),
    ] {
        let plain = on_fixture(&scene, arguments, more);
        assert_eq!(cells(&plain, is_coloured), 0);
        // What colour says elsewhere, weight says here.
        assert!(cells(&plain, vt100::Cell::bold) > 0);
    }
}

#[test]
fn ascii_is_ascii_on_every_page() {
    let scene = Scene::new();
    let mut terminal = on_fixture(&scene, &["--ascii"], &[]);
    assert!(terminal.text().is_ascii(), "{}", terminal.text());
    terminal.type_for("?", "Possible now");
    assert!(terminal.text().is_ascii(), "{}", terminal.text());
}

#[test]
fn without_a_terminal_it_names_what_works_there() {
    let scene = Scene::new();
    for into in [Stdio::piped(), Stdio::null()] {
        let output = scene.drainboard(&[]).stdout(into).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("drainboard drain") && said.contains("drainboard ps"),
            "{said}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}

/// A terminal that cannot move its cursor is told what works there, and is left as it was.
#[test]
fn a_dumb_terminal_is_refused_with_what_to_use_in_its_place() {
    let scene = Scene::new();
    let mut terminal = Terminal::start(&scene, &[], &[("TERM", "dumb")], (120, 40));
    terminal.end(2);
    let said = terminal.text();
    for words in ["TERM=dumb", "`drainboard drain`", "`drainboard ps --watch`"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!terminal.read(vt100::Screen::alternate_screen));
}
