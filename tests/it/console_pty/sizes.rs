//! The window changes its size at any moment, down to one that is too small to say anything.

use super::fixture_rows;
use crate::support::scene::Scene;
use crate::support::terminal::Terminal;

#[test]
fn every_size_says_what_matters_and_nothing_of_the_last_one_stays() {
    let scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    for extent in [(80, 24), (40, 15), (200, 60), (40, 15), (120, 40)] {
        terminal.resize(extent);
        terminal.wait_until("header, strip, jobs and keys", |text| {
            let lines: Vec<&str> = text.lines().collect();
            let header = lines.first().is_some_and(|line| line.contains("LIVE"));
            // The window of the terminal and what was drawn for the one before may differ for
            // a moment: a clock in the middle of a line is one.
            let whole = lines.iter().filter(|line| line.contains("UTC")).count() == 1;
            let keys = lines.iter().rev().take(2).any(|line| line.contains("help"));
            let strip = text.contains("TSTP");
            header && whole && strip && keys && text.contains("ReportBuild")
        });
    }
}

#[test]
fn a_window_that_is_too_small_says_so_and_comes_back() {
    let scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    for tiny in [(20, 5), (39, 40), (120, 14), (1, 1)] {
        terminal.resize(tiny);
        if tiny.0 > 1 {
            terminal.wait_for("too small");
        }
        assert!(!terminal.text().contains("ReportBuild"));
        terminal.resize((120, 40));
        terminal.wait_for("ReportBuild");
        assert!(!terminal.text().contains("too small"));
    }
    terminal.resize((20, 5));
    terminal.wait_for("too small");
    terminal.send("q");
    terminal.end(0);
    terminal.assert_restored();
}

#[test]
fn many_sizes_in_a_row_do_no_harm() {
    let scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    for step in 1..60 {
        terminal.resize((step * 3, step));
    }
    terminal.resize((120, 40));
    terminal.wait_for("ReportBuild");
    terminal.wait_for("q quit");
    terminal.send("q");
    terminal.end(0);
}

/// Both come together where a window is moved by the keyboard.
#[test]
fn a_key_that_comes_with_a_new_size_is_heard() {
    let scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    for step in 0..20 {
        terminal.resize((120, 41 + step % 2));
        terminal.type_for("?", "Possible now");
        terminal.resize((120, 43 + step % 2));
        terminal.send("\x1b");
        terminal.wait_without("Possible now");
    }
    terminal.send("q");
    terminal.end(0);
}

/// What the other end says may be anything. The frames for so many cells would take more memory than
/// there is.
#[test]
fn a_terminal_of_65535_columns_is_drawn_in_part_and_hears_keys() {
    let scene = Scene::new();
    fixture_rows(&scene);
    let mut terminal = Terminal::console(&scene, &[]);
    terminal.wait_for("ReportBuild");
    for extent in [(65535, 24), (200, 65535), (65535, 65535)] {
        terminal.resize_unseen(extent);
        terminal.send("?");
        terminal.resize((120, 40));
        terminal.wait_for("Possible now");
        terminal.send("\x1b");
        terminal.wait_for("ReportBuild");
    }
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", terminal.pid())).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
    assert!(peak.is_some_and(|peak: u64| peak < 300_000), "{status}");
    terminal.send("q");
    terminal.end(0);
}
